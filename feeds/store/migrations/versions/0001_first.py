"""The first schema.

Revision 0001. Written out, not imported: a migration must mean the same for ever.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "documents", Column("path", Text(), nullable=False), PrimaryKeyConstraint("path", name=op.f("pk_documents"))
    )
    op.create_table(
        "leases",
        Column("name", String(), nullable=False),
        Column("owner", String(), nullable=False),
        Column("until", BigInteger(), nullable=False),
        PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "meta",
        Column("key", String(), nullable=False),
        Column("value", Text(), nullable=False),
        PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
    op.create_table(
        "sources",
        Column("id", Integer(), nullable=False),
        Column("url_key", String(), nullable=False),
        Column("url", Text(), nullable=False),
        Column("name", Text(), nullable=False),
        Column("etag", Text(), nullable=True),
        Column("last_modified", Text(), nullable=True),
        Column("body_hash", String(), nullable=True),
        Column("next_check", BigInteger(), nullable=True),
        Column("due_at", BigInteger(), nullable=True),
        Column("wait_reason", Text(), nullable=False),
        Column("retry_until", BigInteger(), nullable=True),
        Column("checked_at", BigInteger(), nullable=True),
        Column("succeeded_at", BigInteger(), nullable=True),
        Column("document_at", BigInteger(), nullable=True),
        Column("failures", Integer(), nullable=False),
        Column("error", Text(), nullable=True),
        Column("problem", Text(), nullable=True),
        Column("hint_seconds", Integer(), nullable=True),
        Column("skip_hours", Text(), nullable=False),
        Column("skip_days", Text(), nullable=False),
        Column("fetch_url", Text(), nullable=True),
        Column("moved_to", Text(), nullable=True),
        Column("moved_since", BigInteger(), nullable=True),
        Column("moved_count", Integer(), nullable=False),
        Column("gone_at", BigInteger(), nullable=True),
        Column("feed_title", Text(), nullable=True),
        Column("feed_link", Text(), nullable=True),
        Column("feed_id", Text(), nullable=True),
        Column("feed_language", String(), nullable=True),
        Column("lease_owner", String(), nullable=True),
        Column("lease_until", BigInteger(), nullable=True),
        PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        UniqueConstraint("name", name=op.f("uq_sources_name")),
        UniqueConstraint("url_key", name=op.f("uq_sources_url_key")),
    )
    op.create_table(
        "topics",
        Column("name", String(), nullable=False),
        Column("digest", String(), nullable=False),
        PrimaryKeyConstraint("name", name=op.f("pk_topics")),
    )
    op.create_table(
        "articles",
        Column("pk", Integer(), nullable=False),
        Column("id", String(length=36), nullable=False),
        Column("source_id", Integer(), nullable=False),
        Column("guid", Text(), nullable=True),
        Column("url", Text(), nullable=True),
        Column("link", Text(), nullable=True),
        Column("title", Text(), nullable=False),
        Column("summary", Text(), nullable=False),
        Column("content", Text(), nullable=False),
        Column("language", String(), nullable=True),
        Column("published", BigInteger(), nullable=True),
        Column("updated", BigInteger(), nullable=False),
        Column("first_seen", BigInteger(), nullable=False),
        Column("date", BigInteger(), nullable=False),
        Column("authors", Text(), nullable=False),
        Column("categories", Text(), nullable=False),
        Column("image", Text(), nullable=True),
        Column("enclosures", Text(), nullable=False),
        Column("words_key", String(), nullable=False),
        Column("entry_key", String(), nullable=False),
        Column("entry", Text(), nullable=False),
        Column("held", Boolean(), nullable=False),
        Column("hidden_at", BigInteger(), nullable=True),
        ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_articles_source_id")),
        PrimaryKeyConstraint("pk", name=op.f("pk_articles")),
        UniqueConstraint("id", name=op.f("uq_articles_id")),
    )
    op.create_index(op.f("ix_articles_date_id"), "articles", ["date", "id"], unique=False)
    op.create_index(op.f("ix_articles_source_id"), "articles", ["source_id"], unique=False)
    op.create_index(op.f("ix_articles_url"), "articles", ["url"], unique=False)
    op.create_table(
        "fetch_log",
        Column("id", Integer(), nullable=False),
        Column("source_id", Integer(), nullable=False),
        Column("at", BigInteger(), nullable=False),
        Column("status", Integer(), nullable=True),
        Column("seconds", Float(), nullable=False),
        Column("size", Integer(), nullable=False),
        Column("entries", Integer(), nullable=True),
        Column("new", Integer(), nullable=False),
        Column("updated", Integer(), nullable=False),
        Column("error", Text(), nullable=True),
        ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_fetch_log_source_id")),
        PrimaryKeyConstraint("id", name=op.f("pk_fetch_log")),
    )
    op.create_index(op.f("ix_fetch_log_at"), "fetch_log", ["at"], unique=False)
    op.create_index(op.f("ix_fetch_log_source_id_at"), "fetch_log", ["source_id", "at"], unique=False)
    op.create_table(
        "article_topics",
        Column("article", Integer(), nullable=False),
        Column("topic", String(), nullable=False),
        Column("score", Float(), nullable=False),
        Column("evidence", Text(), nullable=False),
        ForeignKeyConstraint(["article"], ["articles.pk"], name=op.f("fk_article_topics_article"), ondelete="CASCADE"),
        PrimaryKeyConstraint("article", "topic", name=op.f("pk_article_topics")),
    )
    op.create_table(
        "listings",
        Column("source_id", Integer(), nullable=False),
        Column("identity", Text(), nullable=False),
        Column("article", Integer(), nullable=True),
        Column("url", Text(), nullable=True),
        Column("url_is_shared", Boolean(), nullable=False),
        Column("title_key", String(), nullable=False),
        Column("published", BigInteger(), nullable=True),
        Column("first_listed", BigInteger(), nullable=False),
        Column("last_listed", BigInteger(), nullable=False),
        ForeignKeyConstraint(["article"], ["articles.pk"], name=op.f("fk_listings_article"), ondelete="SET NULL"),
        ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_listings_source_id")),
        PrimaryKeyConstraint("source_id", "identity", name=op.f("pk_listings")),
    )
    op.create_index(op.f("ix_listings_article"), "listings", ["article"], unique=False)
    op.create_index(op.f("ix_listings_url"), "listings", ["url"], unique=False)
    op.create_table(
        "memberships",
        Column("feed", String(), nullable=False),
        Column("article", Integer(), nullable=False),
        Column("date", BigInteger(), nullable=False),
        ForeignKeyConstraint(["article"], ["articles.pk"], name=op.f("fk_memberships_article"), ondelete="CASCADE"),
        PrimaryKeyConstraint("feed", "article", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_article"), "memberships", ["article"], unique=False)
    op.create_index(op.f("ix_memberships_feed_date"), "memberships", ["feed", "date"], unique=False)
