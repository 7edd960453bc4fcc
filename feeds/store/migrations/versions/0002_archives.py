"""Archives, WebSub pings, and what is needed to publish only what changed.

Revision 0002. Written out, not imported: a migration must mean the same for ever.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    text,
    true,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sources", Column("control", String(), nullable=True))
    op.add_column("sources", Column("text", String(), nullable=True))
    op.add_column("articles", Column("touched", Boolean(), nullable=False, server_default=true()))
    op.add_column("articles", Column("revision", Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_articles_touched",
        "articles",
        ["touched"],
        unique=False,
        sqlite_where=text("touched = 1"),
    )
    op.add_column("documents", Column("key", String(), nullable=True))
    op.add_column("documents", Column("size", BigInteger(), nullable=True))
    op.add_column("documents", Column("mtime_ns", BigInteger(), nullable=True))
    op.create_table(
        "snapshots",
        Column("id", Integer(), nullable=False),
        Column("article", Integer(), nullable=False),
        Column("body", LargeBinary(), nullable=False),
        ForeignKeyConstraint(["article"], ["articles.pk"], name=op.f("fk_snapshots_article"), ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
    )
    op.create_index(op.f("ix_snapshots_article"), "snapshots", ["article"], unique=False)
    op.create_table(
        "archive_places",
        Column("feed", String(), nullable=False),
        Column("position", Integer(), nullable=False),
        Column("article", Integer(), nullable=False),
        Column("snapshot", Integer(), nullable=False),
        ForeignKeyConstraint(["article"], ["articles.pk"], name=op.f("fk_archive_places_article"), ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["snapshot"], ["snapshots.id"], name=op.f("fk_archive_places_snapshot"), ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("feed", "position", name=op.f("pk_archive_places")),
        UniqueConstraint("article", "feed", name=op.f("uq_archive_places_article_feed")),
    )
    op.create_index(op.f("ix_archive_places_snapshot"), "archive_places", ["snapshot"], unique=False)
    op.create_table(
        "archives",
        Column("feed", String(), nullable=False),
        Column("last", Integer(), nullable=False),
        PrimaryKeyConstraint("feed", name=op.f("pk_archives")),
    )
    op.create_table(
        "archive_pages",
        Column("feed", String(), nullable=False),
        Column("page", Integer(), nullable=False),
        Column("entries", Integer(), nullable=False),
        Column("sources", Text(), nullable=False),
        Column("digest", String(), nullable=False),
        Column("stale", Boolean(), nullable=False),
        PrimaryKeyConstraint("feed", "page", name=op.f("pk_archive_pages")),
    )
    op.create_table(
        "pings",
        Column("path", Text(), nullable=False),
        Column("since", BigInteger(), nullable=False),
        Column("attempts", Integer(), nullable=False),
        Column("next_at", BigInteger(), nullable=False),
        PrimaryKeyConstraint("path", name=op.f("pk_pings")),
    )
