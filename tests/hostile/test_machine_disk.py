"""Disks that are full, read-only, elsewhere or in the way; stores that are locked, newer, or somebody else's."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from feeds.store import opening
from tests.hostile.machine import (
    Machine,
    Rounds,
    can_mount,
    check_consistent,
    check_no_promise_is_broken,
    check_well_again,
    copied,
    files,
    mounted,
    opened,
    read_only,
    slow,
    stored_ids,
)

needs_mount = pytest.mark.skipif(not can_mount(), reason="needs the right to mount (root)")


# Full


@contextmanager
def small_disk(template: Machine, at: Path, left: int) -> Iterator[tuple[Machine, list[str]]]:
    """A copy of the site on a disk that has *left* KB to spare; and how `mount` gives it more."""
    with mounted(at, "-t", "tmpfs", "-o", "size=4m", "none"):
        machine = copied(template, at)
        used = shutil.disk_usage(at).used // 1024
        os.system(f"mount -o remount,size={used + left}k {at}")
        yield machine, ["mount", "-o", "remount,size=16m", str(at)]


@needs_mount
@pytest.mark.parametrize("left", [slow(0), 60, slow(120), slow(300), slow(500)])
def test_full_disk_is_one_line_and_all_goes_on_once_there_is_room(
    template: Machine, rounds: Rounds, tmp_path: Path, left: int
) -> None:
    with small_disk(template, tmp_path, left) as (machine, grow):
        before = machine.files()
        rounds.serve(1)
        done = machine.call("refresh", "--force")
        assert (done.code, "disk is full" in done.line or "No space left" in done.line) == (1, True)
        check_whole_or_before(machine, before)
        with machine.store.open("rb") as file:  # the room that is left goes too
            assert file.read(1)
        fill(tmp_path)
        told = machine.call("check")
        assert told.code == 1
        assert "!!" in told.out
        os.remove(tmp_path / "filler")  # noqa: PTH107
        os.system(" ".join(grow))
        check_well_again(machine, rounds)


def fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass


def check_whole_or_before(machine: Machine, before: dict[str, bytes]) -> None:
    """Each file is as it was, or new and whole."""
    if machine.files() != before:
        check_no_promise_is_broken(machine.output, machine.store)
    assert before.keys() <= machine.files().keys()


@pytest.mark.slow
@needs_mount
def test_first_start_on_a_full_disk_leaves_a_store_that_can_be_used(rounds: Rounds, tmp_path: Path) -> None:
    with mounted(tmp_path, "-t", "tmpfs", "-o", "size=250k", "none"):
        machine = Machine(tmp_path)
        (tmp_path / "config.toml").write_text(rounds.config())
        done = machine.call("refresh")
        assert (done.code, "disk is full" in done.line) == (1, True)
        os.system(f"mount -o remount,size=16m {tmp_path}")
        check_well_again(machine, rounds)


@needs_mount
def test_full_output_disk_keeps_the_articles(machine: Machine, rounds: Rounds) -> None:
    shutil.rmtree(machine.output)
    machine.output.mkdir()
    with mounted(machine.output, "-t", "tmpfs", "-o", "size=40k", "none"):
        rounds.serve(1)
        done = machine.call("refresh", "--force")
        assert (done.code, "No space left on device" in done.line) == (1, True)
        assert machine.titles() == rounds.expected
        os.system(f"mount -o remount,size=16m {machine.output}")
        check_well_again(machine, rounds)


# Read-only


@needs_mount
@pytest.mark.parametrize(
    ("what", "words"),
    [
        (".", "is read-only, and SQLite keeps two files of its own beside feeds.db"),
        slow("feeds.db", "it is read-only"),
        slow("output", "can't be written: Read-only file system"),
    ],
)
def test_what_is_read_only_is_named(machine: Machine, rounds: Rounds, what: str, words: str) -> None:
    before, served = machine.files(), rounds
    rounds.serve(1)
    with read_only(machine.folder / what):
        done = machine.call("refresh", "--force")
        assert (done.code, words in done.line) == (1, True), done.err
        told = machine.call("check")
        assert told.code == 1
        assert any(line.startswith("!!") and "read-only" in line.lower() for line in told.out.splitlines()), told.out
        assert machine.call("check", "--repair").code == 1
    assert machine.files() == before
    check_well_again(machine, served)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_folder_of_another_user(machine: Machine) -> None:
    before = machine.files()
    for folder in (machine.folder, *machine.folder.parents):
        if folder.stat().st_uid == 0 and not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)
    try:
        done = machine.run("refresh", "--force", user=65534, group=65534, extra_groups=[])
    except PermissionError:
        pytest.skip("this Python is for its owner alone")
    assert done.code == 1
    assert "read-only" in done.line or "Permission denied" in done.line
    assert machine.files() == before


# Elsewhere, and in the way


@pytest.mark.slow
@needs_mount
def test_output_on_another_file_system(machine: Machine, rounds: Rounds) -> None:
    shutil.rmtree(machine.output)
    machine.output.mkdir()
    with mounted(machine.output, "-t", "tmpfs", "-o", "size=8m", "none"):
        check_well_again(machine, rounds)


def test_output_that_is_a_link(machine: Machine, rounds: Rounds) -> None:
    machine.output.rename(machine.folder / "elsewhere")
    machine.output.symlink_to("elsewhere")
    check_well_again(machine, rounds)
    assert machine.output.is_symlink()


def test_file_that_is_a_link_is_replaced_and_what_it_led_to_is_not_written(machine: Machine, rounds: Rounds) -> None:
    precious = machine.folder / "precious"
    precious.write_text("precious")
    feed = machine.output / "all/atom.xml"
    feed.unlink()
    feed.symlink_to(precious)
    check_well_again(machine, rounds)
    assert not feed.is_symlink()
    assert precious.read_text() == "precious"


@pytest.mark.parametrize(
    ("path", "make", "words"),
    [
        slow("output", Path.touch, "it is no folder"),
        slow("output", lambda path: path.symlink_to("nowhere"), "it is a link to nowhere, which is not there"),
        ("output/all", Path.touch, "it is no folder"),
        ("output/articles", Path.touch, "it is no folder"),
        slow("output/all/atom.xml", Path.mkdir, "Is a directory"),
    ],
    ids=["file", "dangling link", "file below", "file for a folder of pages", "folder for a file"],
)
def test_what_stands_in_the_way_is_named(machine: Machine, rounds: Rounds, path: str, make: object, words: str) -> None:
    at = machine.folder / path
    at.rename(machine.folder / "aside")
    assert callable(make)
    make(at)
    done = machine.call("refresh", "--force")
    assert (done.code, words in done.line) == (1, True), done.err
    told = machine.call("check")
    assert told.code == 1
    assert path in told.out
    at.rmdir() if at.is_dir() else at.unlink()
    (machine.folder / "aside").rename(at)
    check_well_again(machine, rounds)


@pytest.mark.parametrize("mask", [slow(0o000), 0o077, slow(0o777)])
def test_modes_are_sane_whatever_the_umask(machine: Machine, mask: int) -> None:
    """A web server may read all of output/, and nobody else may write any of it, or of the store."""
    shutil.rmtree(machine.output)
    before = os.umask(mask)
    try:
        assert machine.call("publish").code == 0
        assert machine.call("check").code == 0
    finally:
        os.umask(before)
    for path in (machine.output, *machine.output.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path
    assert not machine.store.stat().st_mode & 0o022


# Stores that can't be had


def test_locked_store_is_one_line(machine: Machine, rounds: Rounds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0.1)
    before = machine.files()
    with opened(machine.store) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        for words in (("refresh", "--force"), ("publish",), ("sources",), ("search", "Mali")):
            done = machine.call(*words)
            assert (done.code, "locked by another process" in done.line) == (1, True), done.err
        told = machine.call("check")
        assert (told.code, "locked by another process" in told.out) == (1, True)
        assert machine.call("check", "--repair").code == 1
    assert machine.files() == before
    check_well_again(machine, rounds)


@pytest.mark.slow
def test_writer_of_a_moment_is_waited_for(machine: Machine, rounds: Rounds) -> None:
    rounds.serve(1)
    with opened(machine.store) as other:
        other.execute("BEGIN IMMEDIATE")
        with machine.start("refresh", "--force", "--json") as waiting:
            assert waiting.stdout is not None
            with pytest.raises(TimeoutError):
                wait_for_end(waiting, 1.0)
            other.execute("ROLLBACK")
            assert waiting.wait(timeout=40) == 0
    assert machine.titles() == rounds.expected


def wait_for_end(process: object, seconds: float) -> None:
    import subprocess

    assert isinstance(process, subprocess.Popen)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise TimeoutError from None


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "written by a newer version of this program (schema 9999)"),
        slow("UPDATE alembic_version SET version_num = '0000'", "no schema has the number '0000'"),
        slow("UPDATE alembic_version SET version_num = 'xyz'", "no schema has the number 'xyz'"),
    ],
)
def test_store_of_another_version_is_left_alone(machine: Machine, rounds: Rounds, statement: str, words: str) -> None:
    before, ids = machine.files(), stored_ids(machine.store)
    with opened(machine.store) as store:
        (number,) = store.execute("SELECT version_num FROM alembic_version").fetchone()
        store.execute(statement)
    for command in (("refresh", "--force"), ("publish",), ("export",)):
        done = machine.call(*command)
        assert (done.code, words in done.line) == (1, True), done.err
    assert machine.call("check").code == 1
    assert machine.call("check", "--repair").code == 1
    assert (machine.files(), stored_ids(machine.store)) == (before, ids)
    assert not list(machine.folder.glob("*broken*"))
    with opened(machine.store) as store:
        store.execute("UPDATE alembic_version SET version_num = ?", [number])
    check_well_again(machine, rounds)


def test_other_programs_database_is_not_written_to(machine: Machine) -> None:
    before = machine.files()
    machine.store.unlink()
    with opened(machine.store) as other:
        other.execute("CREATE TABLE bookmarks (url)")
    for words in (("refresh",), ("check",), ("check", "--repair")):
        done = machine.call(*words)
        assert done.code == 1
        assert "it is another program's database" in done.err + done.out
    with opened(machine.store) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]
    assert machine.files() == before


def test_log_without_its_database_is_kept(machine: Machine, rounds: Rounds) -> None:
    before = machine.files()
    aside, log = machine.folder / "aside", machine.folder / "feeds.db-wal"
    with opened(machine.store) as store:
        store.execute("INSERT INTO meta VALUES ('note', 'written last')")
        shutil.copy(log, machine.folder / "kept")
    machine.store.rename(aside)
    shutil.move(machine.folder / "kept", log)
    held = log.read_bytes()
    done = machine.call("refresh")
    assert (done.code, "feeds.db-wal beside it is not" in done.line) == (1, True)
    assert machine.call("check").code == 1
    assert (log.read_bytes(), machine.files()) == (held, before)
    aside.rename(machine.store)
    check_well_again(machine, rounds)


@pytest.mark.slow
def test_folder_in_the_stores_place(machine: Machine, rounds: Rounds) -> None:
    before = machine.files()
    machine.store.rename(machine.folder / "aside")
    machine.store.mkdir()
    done = machine.call("refresh")
    assert (done.code, "it is a folder" in done.line) == (1, True)
    assert "it is a folder" in machine.call("check").out
    assert machine.files() == before
    machine.store.rmdir()
    (machine.folder / "aside").rename(machine.store)
    check_well_again(machine, rounds)


@pytest.mark.slow
def test_garbage_beside_the_store_as_its_log_is_no_trouble(machine: Machine, rounds: Rounds) -> None:
    (machine.folder / "feeds.db-wal").write_bytes(os.urandom(9000))
    check_well_again(machine, rounds)


# The settings that a power cut is survived by


def test_every_connection_writes_synchronously(machine: Machine) -> None:
    """No test can cut the power; what SQLite promises for these settings is in docs/operating.md."""
    engine = opening.bare_engine(f"sqlite:///{machine.store}")
    for _ in range(3):
        with engine.connect() as connection:
            for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
                assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    engine.dispose()


def test_files_that_were_published_before_are_kept_byte_for_byte(machine: Machine, rounds: Rounds) -> None:
    before = files(machine.output)
    assert machine.call("refresh", "--force").code == 0
    assert files(machine.output) == before
    check_consistent(machine.output, machine.store)
    rounds.serve(0)
