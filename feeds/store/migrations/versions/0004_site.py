"""The site: which articles' pages are to be written, and the pages of each month.

Revision 0004. Written out, not imported: a migration must mean the same for ever.
"""

from alembic import op
from sqlalchemy import Boolean, Column, PrimaryKeyConstraint, String, Text, text, true

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", Column("unpaged", Boolean(), nullable=False, server_default=true()))
    op.create_index("ix_articles_unpaged", "articles", ["unpaged"], unique=False, sqlite_where=text("unpaged = 1"))
    op.create_table(
        "dead_pages", Column("id", String(36), nullable=False), PrimaryKeyConstraint("id", name="pk_dead_pages")
    )
    op.create_table(
        "months",
        Column("feed", String(), nullable=False),
        Column("month", String(7), nullable=False),
        Column("pages", Text(), nullable=False),
        Column("stale", Boolean(), nullable=False),
        PrimaryKeyConstraint("feed", "month", name="pk_months"),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "INSERT INTO months SELECT DISTINCT feed, strftime('%Y-%m', date / 1000000, 'unixepoch'), '[]', 1"
            " FROM memberships WHERE feed NOT LIKE '%/%'"
        )
