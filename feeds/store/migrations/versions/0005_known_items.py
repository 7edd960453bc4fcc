"""Items that are known need not be read again: what those of each source's last document came to.

Revision 0005. Written out, not imported: a migration must mean the same for ever.
"""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, Integer, LargeBinary, PrimaryKeyConstraint

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "documents_read",
        Column("source_id", Integer(), nullable=False),
        Column("known", LargeBinary(), nullable=False),
        ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_documents_read_source_id_sources"),
        PrimaryKeyConstraint("source_id", name="pk_documents_read"),
    )
