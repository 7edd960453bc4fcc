"""When a source's feed last changed, as it said with each article: what atom:source is dated by.

Revision 0008. Written out, not imported: a migration must mean the same for ever.
"""

from alembic import op
from sqlalchemy import BigInteger, Column

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", Column("feed_updated", BigInteger(), nullable=True))
