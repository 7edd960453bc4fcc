"""A store that is damaged, in every way we could think of: `check` names it, `--repair` mends it, and nothing is lost."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeds.store import Store, recovering, soundness
from tests.hostile.machine import (
    Machine,
    Rounds,
    cases,
    check_consistent,
    check_well_again,
    opened,
    stored_ids,
)

Damage = Callable[[Path], None]
NOW = datetime.now(UTC).replace(microsecond=0)
PAGE = 4096


def overwritten(start: int, length: int, what: Callable[[int], bytes] = bytes) -> Damage:
    """*length* bytes from *start* on are not what they were."""

    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(start)
            file.write(what(length))

    return damage


def page_of(table: str, page: int = 0) -> Damage:
    """The *page*th page of *table* is zeroed; the first is its root."""

    def damage(path: Path) -> None:
        with opened(path) as store:
            query = "SELECT pageno FROM dbstat WHERE name = ? ORDER BY path"
            try:
                pages = [row[0] for row in store.execute(query, [table])]
            except sqlite3.OperationalError:
                pytest.skip("this SQLite has no dbstat")
        overwritten((pages[min(page, len(pages) - 1)] - 1) * PAGE, PAGE)(path)

    return damage


def cut_to(share: float) -> Damage:
    return lambda path: os.truncate(path, int(path.stat().st_size * share))


def sql(*statements: str) -> Damage:
    """The store is changed behind the program's back."""

    def damage(path: Path) -> None:
        with opened(path) as store:
            store.execute("PRAGMA writable_schema = ON")
            for statement in statements:
                store.execute(statement)

    return damage


FILE = {
    "magic": overwritten(0, 16, lambda length: b"X" * length),
    "page size": overwritten(16, 2, lambda length: b"\x00\x03"),
    "schema": overwritten(100, PAGE - 100),
    "schema, random": overwritten(100, PAGE - 100, os.urandom),
    "root of articles": page_of("articles"),
    "leaf of articles": page_of("articles", 2),
    "root of listings": page_of("listings"),
    "root of memberships": page_of("memberships"),
    "root of sources": page_of("sources"),
    "root of snapshots": page_of("snapshots"),
    "root of documents": page_of("documents"),
    "root of texts": page_of("texts"),
    "leaf of texts": page_of("texts", 2),
    "root of an index": page_of("ix_articles_source_id"),
    "root of the search index": page_of("search_data"),
    "last fifth cut off": cut_to(0.8),
    "half cut off": cut_to(0.5),
}


@pytest.mark.parametrize("what", cases(FILE, ("schema", "leaf of articles", "root of sources")))
def test_damaged_file_is_named_and_made_anew_from_what_can_be_read(machine: Machine, rounds: Rounds, what: str) -> None:
    before, ids = machine.files(), stored_ids(machine.store)
    FILE[what](machine.store)
    damaged = machine.store.read_bytes()
    named = machine.call("check")
    assert named.code == 1
    assert re.search(r"^!!  the store feeds.db: .*`feeds check --repair` mends it$", named.out, re.MULTILINE)
    assert machine.files() == before
    mended = machine.call("check", "--repair")
    assert (mended.code, mended.err) == (0, ""), mended.out
    (kept,) = machine.folder.glob("feeds.db.broken-*")
    assert kept.name in mended.out
    assert kept.read_bytes() == damaged
    assert sorted(path.name for path in machine.folder.iterdir()) == sorted(
        ["config.toml", "feeds.db", kept.name, "output"]
    )
    check_well_again(machine, rounds)
    assert ids <= stored_ids(machine.store)  # what was lost came back under its own id


ROWS = {
    "index out of step": sql(
        "UPDATE sqlite_master SET sql = 'CREATE INDEX ix_articles_source_id ON articles (title)'"
        " WHERE name = 'ix_articles_source_id'"
    ),
    "index missing": sql("DROP INDEX ix_listings_url"),
    "table missing": sql("DROP TABLE memberships"),
    "small table missing": sql("DROP TABLE pings"),
    "full-text index missing": sql("DROP TABLE search"),
    "full-text index damaged": sql("DELETE FROM search_data WHERE id > 10"),
    "full-text index out of step": sql("DELETE FROM search WHERE rowid IN (SELECT rowid FROM search LIMIT 3)"),
    "full-text index with strangers": sql("UPDATE articles SET search_row = NULL, unindexed = 1 WHERE pk = 2"),
    "article never indexed": sql("UPDATE articles SET search_row = NULL WHERE pk = 2", "DELETE FROM search"),
    "sources gone": sql("DELETE FROM sources WHERE name = 'S1'"),
    "articles gone": sql("DELETE FROM articles WHERE pk < 4"),
    "namespace gone": sql("DELETE FROM meta WHERE key = 'created'"),
    "schema's number gone": sql("DELETE FROM alembic_version"),
    "JSON unreadable": sql(
        "UPDATE articles SET authors = '[\"x' WHERE pk = 3", "UPDATE texts SET entry = '' WHERE article = 3"
    ),
    "texts gone": sql("DELETE FROM texts WHERE article < 4"),
    "snapshots unreadable": sql("UPDATE snapshots SET body = x'00' WHERE id < 4"),
    "archive counted wrong": sql("UPDATE archives SET last = 2 WHERE feed = 'all'"),
    "archive without places": sql("DELETE FROM archive_places WHERE article < 5"),
    "archive page noted wrong": sql("UPDATE archive_pages SET digest = 'x', entries = 3"),
    "archive page not noted": sql("DELETE FROM archive_pages WHERE feed = 'all'"),
    "month noted wrong": sql("UPDATE months SET pages = '[]'"),
    "months not noted": sql("DELETE FROM months"),
    "articles in no feed": sql("DELETE FROM memberships WHERE article < 5"),
    "dates ahead": sql(
        "UPDATE articles SET published = NULL, first_seen = 4070908800000000, date = 4070908800000000 WHERE pk < 4",
        "UPDATE memberships SET date = 4070908800000000 WHERE article < 4",
    ),
}


QUICK = ("index out of step", "full-text index damaged", "articles gone", "dates ahead")


@pytest.mark.parametrize("what", cases(ROWS, QUICK))
def test_store_that_says_what_is_not_so_is_named_and_mended_in_its_place(
    machine: Machine, rounds: Rounds, what: str
) -> None:
    ids = stored_ids(machine.store)
    ROWS[what](machine.store)
    named = machine.call("check")
    assert named.code == 1, named.out
    assert "`feeds check --repair` mends it" in named.out
    mended = machine.call("check", "--repair")
    assert (mended.code, mended.err) == (0, ""), mended.out
    assert "mended: " in mended.out
    check_well_again(machine, rounds)
    assert ids <= stored_ids(machine.store)
    assert machine.call("search", "Mali", "--limit", "100", "--json").json["articles"]


def test_repair_of_what_is_well_changes_nothing(machine: Machine) -> None:
    before = machine.files()
    done = machine.call("check", "--repair")
    assert (done.code, done.err) == (0, "")
    assert "nothing to mend" in done.out
    assert machine.files() == before
    assert not list(machine.folder.glob("*broken*"))


def test_repair_writes_again_what_rotted_on_the_disk_and_sweeps_up(machine: Machine) -> None:
    before = machine.files()
    rotten = machine.output / "all/rss.xml"
    times = rotten.stat().st_atime_ns, rotten.stat().st_mtime_ns
    rotten.write_bytes(b"\0" * rotten.stat().st_size)
    os.utime(rotten, ns=times)  # size and time are as they were: no publishing would notice
    page = next((machine.output / "articles").iterdir())
    page.write_text("")
    (machine.output / "sahel/.feeds-left").write_text("half")
    (machine.output / ".feeds-at-work").touch()
    assert "sweeps up 2 files" in machine.call("check").out
    done = machine.call("check", "--repair")
    assert done.code == 0
    assert "2 files of a killed process were swept up" in done.out
    assert machine.files() == before
    check_consistent(machine.output, machine.store)


def test_hidden_and_retired_articles_stay_away_through_a_recovery(machine: Machine, rounds: Rounds) -> None:
    machine.call("hide", "https://courier.example/0-1")
    with Store(f"sqlite:///{machine.store}", NOW) as store:
        store.retire(NOW + timedelta(days=1), [], 1)
    (retired,) = rounds.expected.keys() - machine.titles().keys()
    machine.call("publish")
    page_of("snapshots")(machine.store)
    assert machine.call("check", "--repair").code == 0
    assert machine.call("refresh", "--force").code == 0
    published = b"".join(machine.files().values())
    assert b"Mali report 0-1<" not in published
    assert f"Mali report {retired}<".encode() not in published
    for key in rounds.expected.keys() - {"0-1", retired}:
        assert f"Mali report {key}<".encode() in published


def test_open_store_is_not_swapped_under_another_process(machine: Machine) -> None:
    page_of("articles", 2)(machine.store)
    before = machine.store.read_bytes()
    with machine.start("run") as daemon:
        try:
            wait_for_open(daemon.pid, machine.store)
            done = machine.run("check", "--repair")
        finally:
            daemon.terminate()
    assert done.code == 1
    assert "another process has it open: end `feeds run` and `feeds serve` first" in done.out
    assert not list(machine.folder.glob("*broken*"))
    assert len(machine.store.read_bytes()) >= len(before)


def wait_for_open(pid: int, path: Path) -> None:
    from time import monotonic, sleep

    until = monotonic() + 20
    while monotonic() < until:
        links = [link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
        if path.with_name("feeds.db-wal") in links:
            return
        sleep(0.05)
    raise AssertionError("the daemon did not open its store")


def test_failed_recovery_leaves_all_as_it_was(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    page_of("articles", 2)(machine.store)
    before = machine.store.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recovering, "_sync", full)
    done = machine.call("check", "--repair")
    assert done.code == 1
    assert "No space left on device" in done.out
    assert machine.store.read_bytes() == before
    assert sorted(path.name for path in machine.folder.iterdir()) == ["config.toml", "feeds.db", "output"]


@pytest.mark.parametrize(
    "what", [b"", b"hello\n", b"\0" * 8192, os.urandom(50_000)], ids=["-", "text", "zeros", "random"]
)
def test_file_that_holds_nothing_is_left_to_the_operator(machine: Machine, rounds: Rounds, what: bytes) -> None:
    shutil.copy(machine.store, machine.folder / "backup")
    before = machine.files()
    machine.store.write_bytes(what)
    if not what:  # as an interrupted first start leaves it: begun anew
        assert machine.call("check").code == 0
        return
    assert machine.call("refresh").code == 1
    done = machine.call("check", "--repair")
    assert done.code == 1
    assert "restore a backup" in done.out
    assert machine.store.read_bytes() == what
    assert machine.files() == before
    shutil.copy(machine.folder / "backup", machine.store)
    check_well_again(machine, rounds)


def test_without_its_look_at_the_rows_a_fault_goes_unseen(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: it is soundness that sees, not chance."""
    ROWS["archive counted wrong"](machine.store)
    monkeypatch.setattr(soundness, "_of_the_rows", lambda *_: iter(()))
    assert machine.call("check").code == 0
    monkeypatch.undo()
    assert machine.call("check").code == 1


def test_daemon_of_a_clock_far_ahead_holds_no_lease(machine: Machine) -> None:
    ahead = int((NOW + timedelta(days=20_000)).timestamp() * 1_000_000)
    sql(f"INSERT INTO leases VALUES ('daemon', 'elsewhere:1', {ahead})",
        f"UPDATE sources SET lease_owner = 'elsewhere:1', lease_until = {ahead}, next_check = {ahead}, due_at = {ahead},"
        f" checked_at = {ahead}")(machine.store)  # fmt: skip
    done = machine.call("refresh", "--json")
    assert (done.code, done.json["sources"]) == (0, 3)
