"""Names that an apostrophe parts are in the full-text index as one word, too.

Revision 0009. Written out, not imported: a migration must mean the same for ever.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Each article comes into the index again with the next searches and refreshes; until then it is found as before.
    op.execute("UPDATE articles SET unindexed = 1 WHERE search_row IS NOT NULL")
