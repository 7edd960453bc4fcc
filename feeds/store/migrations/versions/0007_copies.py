"""Articles known again by their words, and by source and title; the sources' order in the config.

Revision 0007. Written out, not imported: a migration must mean the same for ever.
"""

from alembic import op
from sqlalchemy import Column, Integer

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sources", Column("position", Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE sources SET position = id")  # until the config says otherwise
    op.create_index("ix_articles_words_key", "articles", ["words_key"], unique=False)
    op.create_index("ix_listings_source_id_title_key", "listings", ["source_id", "title_key"], unique=False)
