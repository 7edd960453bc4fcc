"""The migrations and the schema say the same, and an old store is brought up to date by itself."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine

import feeds.store
from feeds.model import FetchDay
from feeds.search import parse
from feeds.store import Store, schema
from tests.build import NOW, article, listed

SCRIPTS = Path(feeds.store.__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


def _migrated(path: Path, revision: str = "head") -> Engine:
    engine = create_engine(f"sqlite:///{path}")
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine


def _is_ours(_: object, name: str | None, kind: str, *rest: object) -> bool:
    """The tables that FTS5 makes for its index are its own."""
    return kind != "table" or not str(name).startswith("search")


def test_migrations_lead_to_the_schema(tmp_path: Path) -> None:
    engine = _migrated(tmp_path / "feeds.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _is_ours})
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_schema_names_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(_config()).get_current_head() == schema.HEAD


def test_both_make_the_same_full_text_index(tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path / 'made.db'}", NOW).close()
    _migrated(tmp_path / "migrated.db").dispose()
    made = []
    for name in ("made.db", "migrated.db"):
        with sqlite3.connect(tmp_path / name) as store:
            made.append(store.execute("SELECT sql FROM sqlite_master WHERE name = 'search'").fetchone())
    assert made[0] == made[1]
    assert made[0] is not None


def _with_an_article(store: sqlite3.Connection, summary: str = "", content: str = "", entry: str = "{}") -> None:
    """As the versions before the sixth had it."""
    store.execute(
        "INSERT INTO meta VALUES ('namespace', '4b1c4c2e-5a43-4f0b-8b4e-6a0a6f4a2f11'), ('created', ?)", [str(NOW)]
    )
    store.execute(
        "INSERT INTO sources (id, url_key, url, name, wait_reason, failures, skip_hours, skip_days, moved_count)"
        " VALUES (1, 'k', 'https://courier.example/feed', 'Courier', '', 0, '[]', '[]', 0)"
    )
    store.execute(
        "INSERT INTO articles (pk, id, source_id, title, summary, content, updated, first_seen, date, authors, categories,"
        " enclosures, words_key, entry_key, entry, held) VALUES (7, '00000000-0000-4000-8000-000000000007', 1, 'Gold',"
        " ?, ?, 0, 0, 0, '[]', '[]', '[]', '', '', ?, 0)",
        [summary, content, entry],
    )


def test_store_of_the_first_version_is_archived_and_found_once_it_is_opened(tmp_path: Path) -> None:
    _migrated(tmp_path / "feeds.db", "0001").dispose()
    with sqlite3.connect(tmp_path / "feeds.db") as store:
        _with_an_article(store)
        store.execute("INSERT INTO memberships VALUES ('all', 7, 0)")
    with Store(f"sqlite:///{tmp_path / 'feeds.db'}", NOW) as opened:
        opened.settle()
        opened.index()
        assert opened.archive_numbers("all") == {1}
        assert [len(opened.page_places("all", 1)), *map(len, opened.months().values())] == [1, 1]
        assert [found.title for found in opened.search(parse("gold"), 10)[0]] == ["Gold"]


def test_store_of_the_fifth_version_keeps_its_texts_and_its_log_and_knows_which_pages_are_ours(tmp_path: Path) -> None:
    _migrated(tmp_path / "feeds.db", "0005").dispose()
    pages = ("all/archive/0001.atom.xml", "all/2026/11/1.html", "gone/archive/0001.atom.xml")
    with sqlite3.connect(tmp_path / "feeds.db") as store:
        _with_an_article(store, "Short.", "<p>Long.</p>", '{"guid":"g"}')
        at = int(NOW.timestamp()) * 1_000_000
        for new, error in ((3, None), (0, "timed out")):
            columns = "source_id, at, seconds, size, new, updated, error"
            store.execute(f"INSERT INTO fetch_log ({columns}) VALUES (1, ?, 1, 1, ?, 1, ?)", [at, new, error])
        store.executemany("INSERT INTO documents (path) VALUES (?)", [[path] for path in (*pages, "all/atom.xml")])
    with Store(f"sqlite:///{tmp_path / 'feeds.db'}", NOW) as opened:
        (found,) = opened.articles()
        assert (found.summary, found.content, found.entry.guid) == ("Short.", "<p>Long.</p>", "g")
        assert opened.fetch_days(NOW) == [FetchDay(1, f"{NOW:%Y-%m-%d}", 2, 1, 3, 2)]
        assert set(opened.folders()) == {path.rpartition("/")[0] for path in pages}
        assert set(opened.documents()) == {"all/atom.xml"}


def test_store_of_the_eighth_version_has_its_articles_indexed_anew(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'feeds.db'}"
    with Store(url, NOW) as made:
        listed(made, "Courier", [article("a", title="Accord à N’Djaména", language="fr")])
        made.settle()
        made.index()
    with sqlite3.connect(tmp_path / "feeds.db") as store:
        store.execute("UPDATE search SET forms = 'accord'")  # as the eighth version had it
        store.execute("UPDATE alembic_version SET version_num = '0008'")
    with Store(url, NOW) as opened:
        assert [found.guid for found in opened.search(parse("accord"), 10)[0]] == ["a"]
        assert opened.search(parse("ndjamena"), 10)[0] == []
        opened.index()
        assert [found.guid for found in opened.search(parse("ndjamena"), 10)[0]] == ["a"]
