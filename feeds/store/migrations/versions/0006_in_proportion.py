"""What a refresh and a publishing cost goes by what is new: texts apart, pages marked one by one, the log in sums.

Revision 0006. Written out, not imported: a migration must mean the same for ever.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Text,
    text,
    true,
)

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_DAY = 86_400_000_000  # microseconds
# Pages of archives and months, which have marks of their own from now on.
_PAGES = "path LIKE '%/archive/%.atom.xml' OR path LIKE '%/____/__/%.html'"


def upgrade() -> None:
    op.add_column("sources", Column("label", String(), nullable=True))
    _set_texts_apart()
    _count_months_anew()
    _mark_archive_pages()
    _sum_up_the_log()


def _set_texts_apart() -> None:
    op.create_table(
        "texts",
        Column("article", Integer(), nullable=False),
        Column("summary", Text(), nullable=False),
        Column("content", Text(), nullable=False),
        Column("entry", Text(), nullable=False),
        ForeignKeyConstraint(["article"], ["articles.pk"], name=op.f("fk_texts_article"), ondelete="CASCADE"),
        PrimaryKeyConstraint("article", name=op.f("pk_texts")),
    )
    op.execute("INSERT INTO texts SELECT pk, summary, content, entry FROM articles")
    op.drop_index("ix_articles_url", "articles")
    for name in ("summary", "content", "entry"):
        op.drop_column("articles", name)


def _count_months_anew() -> None:
    op.drop_table("months")
    op.create_table(
        "months",
        Column("feed", String(), nullable=False),
        Column("month", String(7), nullable=False),
        Column("page_count", Integer(), nullable=False),
        Column("pages", Text(), nullable=False),
        Column("since", BigInteger(), nullable=True),
        Column("unwritten", Boolean(), nullable=False),
        Column("written", Text(), nullable=False),
        PrimaryKeyConstraint("feed", "month", name=op.f("pk_months")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "INSERT INTO months SELECT DISTINCT feed, strftime('%Y-%m', date / 1000000, 'unixepoch'), 0, '[]', 0, true, '[]'"
            " FROM memberships WHERE feed NOT LIKE '%/%'"
        )


def _mark_archive_pages() -> None:
    op.drop_column("archive_pages", "sources")
    op.add_column("archive_pages", Column("unwritten", Boolean(), nullable=False, server_default=true()))
    for name in ("stale", "unwritten"):
        op.create_index(
            f"ix_archive_pages_{name}", "archive_pages", [name], unique=False, sqlite_where=text(f"{name} = 1")
        )
    op.create_table(
        "folders",
        Column("path", Text(), nullable=False),
        Column("key", String(), nullable=False),
        Column("stamp", BigInteger(), nullable=True),
        PrimaryKeyConstraint("path", name=op.f("pk_folders")),
    )
    connection = op.get_bind()
    pages = connection.execute(text(f"SELECT path FROM documents WHERE {_PAGES}")).scalars()
    for folder in sorted({path.rpartition("/")[0] for path in pages}):
        connection.execute(text("INSERT INTO folders VALUES (:path, '', NULL)"), {"path": folder})
    connection.execute(text(f"DELETE FROM documents WHERE {_PAGES}"))
    # What the articles' pages rest on was a fact; it is this folder's now.
    connection.execute(
        text("INSERT INTO folders SELECT 'articles', '', NULL FROM meta WHERE key = 'pages' AND value <> ''")
    )
    connection.execute(text("DELETE FROM meta WHERE key = 'pages'"))


def _sum_up_the_log() -> None:
    op.drop_index("ix_fetch_log_source_id_at", "fetch_log")
    op.create_table(
        "fetch_days",
        Column("source_id", Integer(), nullable=False),
        Column("day", Integer(), nullable=False),
        Column("fetches", Integer(), nullable=False),
        Column("failures", Integer(), nullable=False),
        Column("new", Integer(), nullable=False),
        Column("updated", Integer(), nullable=False),
        ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_fetch_days_source_id")),
        PrimaryKeyConstraint("source_id", "day", name=op.f("pk_fetch_days")),
    )
    op.create_index(op.f("ix_fetch_days_day"), "fetch_days", ["day"], unique=False)
    op.execute(
        f"INSERT INTO fetch_days SELECT source_id, at / {_DAY}, count(*), count(error), sum(new), sum(updated)"
        f" FROM fetch_log GROUP BY source_id, at / {_DAY}"
    )
