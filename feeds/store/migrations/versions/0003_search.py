"""The full-text index.

Revision 0003. Written out, not imported: a migration must mean the same for ever.
"""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, text, true

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", Column("unindexed", Boolean(), nullable=False, server_default=true()))
    op.add_column("articles", Column("search_row", BigInteger(), nullable=True))
    op.create_index(
        "ix_articles_unindexed", "articles", ["unindexed"], unique=False, sqlite_where=text("unindexed = 1")
    )
    op.create_index(op.f("ix_articles_search_row"), "articles", ["search_row"], unique=True)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search USING fts5(title, body, forms, facets, columnsize = 0,"
            " tokenize = \"unicode61 remove_diacritics 0 tokenchars '_'\")"
        )
