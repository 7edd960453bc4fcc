"""A new store from what can be read of one whose file is damaged; the damaged one is kept beside it. Called by checkup alone.

Rows are read in order of their number; where a page is damaged, from the next one that can be read. What is lost of
articles comes back from the sources, which are asked for everything again, under the ids that it had.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, LargeBinary, Table

from feeds.counted import counted
from feeds.errors import StoreError
from feeds.store import carving, opening, schema, soundness

_MAGIC = b"SQLite format 3\0"  # sqlite.org/fileformat.html#the_database_header
_SHARED_LOCK, _LOCK_LENGTH = 0x40000002, 510  # the bytes that every open connection holds a lock on (unix VFS)
_FARTHEST = 1_000_000  # row numbers beyond the last that could be read, where even the highest can't be asked for
# Tables that a row can be told to be of by the number and kinds of its columns; the rest follows from these.
_CARVED = ("meta", "sources", "articles", "texts", "listings", "article_topics", "snapshots")
_FACTS = {"namespace", "created", "published"}
_TRIES = 100  # with each next number, before steps double
_PASSES = 5  # mending one thing may bring another to light


def recover(url: str, now: datetime) -> list[str]:
    """Put a sound store in the place of the damaged one at *url*; what was done, in lines.

    Raises StoreError where that can't be, or another process has the store open; then all is as it was.
    """
    path = opening.file_of(url)
    assert path is not None
    try:
        with (
            _alone(path) as file,
            tempfile.TemporaryDirectory(prefix=f"{path.name}.mending-", dir=path.parent) as folder,
        ):
            old, new = Path(folder) / "old.db", Path(folder) / "new.db"
            _copy(file, path, old)
            said = _salvage(old, new, now)
            said += _mended(f"sqlite:///{new}", now)
            _sync(new)
            kept = _swap(path, new, now)
        return [*said, f"the damaged file is kept as {kept}"]
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{path} can't be recovered: {error}") from error


@contextmanager
def _alone(path: Path) -> Iterator[IO[bytes]]:
    """The file, while no other process has the store open. Raises StoreError where one has."""
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCK_LENGTH, _SHARED_LOCK)
        except OSError:
            raise StoreError(
                f"{path} is damaged, and another process has it open: end `feeds run` and `feeds serve` first"
            ) from None
        yield file


def _copy(file: IO[bytes], path: Path, to: Path) -> None:
    """The store with its log: reading it would write to it. (Through *file*: to close another would give up the lock.)"""
    with to.open("wb") as copy:
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        copy.write(_MAGIC)  # all of the header that can be told without the rest
    log = _log_of(path)
    if log.exists():
        shutil.copyfile(log, _log_of(to))


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _salvage(old: Path, new: Path, now: datetime) -> list[str]:
    """Copy all rows that can be read into a fresh store; says how many."""
    opening.open_engine(f"sqlite:///{new}", now).dispose()
    with closing(sqlite3.connect(new)) as target:
        fresh = _namespace(target)
        torn = _copy_tables(old, target)
        if torn:
            _carve(old, target, torn)
        # With the namespace alone, articles come back from their sources under the ids that they had.
        if _namespace(target) == fresh and not target.execute("SELECT 1 FROM articles").fetchone():
            raise StoreError(
                "nothing of the damaged file can be read: restore a backup of it, or move it away to begin anew"
            )
        _forget_what_is_made_anew(target)
        target.commit()
        count, listed = (
            target.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("articles", "listings")
        )
    articles = counted(count, "article", "articles")
    return [f"{articles} and {counted(listed, 'listing', 'listings')} of them were read from the damaged file"]


def _namespace(target: sqlite3.Connection) -> Any:
    return target.execute("SELECT value FROM meta WHERE key = 'namespace'").fetchone()


def _copy_tables(old: Path, target: sqlite3.Connection) -> set[str]:
    """Copy what SQLite itself can read; the tables that it could not read to the end."""
    names = {table.name for table in schema.metadata.sorted_tables}
    with closing(sqlite3.connect(old)) as source:
        source.text_factory = lambda found: found.decode("utf-8", "replace")
        try:
            source.execute("PRAGMA writable_schema = ON")  # a file that is too short is read as far as it goes
            there = {row[0] for row in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.DatabaseError:
            return names
        whole = {table.name for table in schema.metadata.sorted_tables
                 if table.name in there and _copy_rows(source, target, table)}  # fmt: skip
    return names - whole


def _carve(old: Path, target: sqlite3.Connection, torn: set[str]) -> None:
    """Copy what the pages hold of these tables, as far as a row's columns tell which table it is of."""
    tables = [table for name in _CARVED if (table := schema.metadata.tables[name]).name in torn]
    for rowid, values in carving.rows(old):
        for table in tables:
            columns = list(table.c)
            if len(columns) != len(values):
                continue
            own = [rowid if column.primary_key and value is None else value
                   for column, value in zip(columns, values, strict=True)]  # fmt: skip
            if all(map(_fits, columns, own)) and (table.name != "meta" or own[0] in _FACTS):
                _insert(target, "IGNORE" if table.name != "meta" else "REPLACE", table, columns, own)


def _copy_rows(source: sqlite3.Connection, target: sqlite3.Connection, table: Table) -> bool:
    """Copy a table; False where some of it could not be read."""
    try:
        names = {row[1] for row in source.execute(f"PRAGMA table_info({table.name})")}
    except sqlite3.DatabaseError:
        return False
    columns = [column for column in table.c if column.name in names]
    listed = ", ".join(f'"{column.name}"' for column in columns)
    gaps: list[int] = []
    for row in _rows(source, table.name, listed, gaps):
        if all(map(_fits, columns, row)):
            _insert(target, "REPLACE", table, columns, row)  # a fresh store has a few facts of its own already
    return not gaps


def _insert(
    target: sqlite3.Connection, way: str, table: Table, columns: Sequence[Column[Any]], row: Sequence[Any]
) -> None:
    listed, marks = ", ".join(f'"{column.name}"' for column in columns), ", ".join("?" * len(columns))
    target.execute(f"INSERT OR {way} INTO {table.name} ({listed}) VALUES ({marks})", row)


def _rows(source: sqlite3.Connection, table: str, columns: str, gaps: list[int]) -> Iterator[Sequence[Any]]:
    """All rows that can be read; *gaps* gets the numbers after which some could not."""
    at, end = -1, None
    while end is None or at < end:
        try:
            for row in source.execute(f"SELECT rowid, {columns} FROM {table} WHERE rowid > ? ORDER BY rowid", [at]):
                at = row[0]
                yield row[1:]
            return
        except sqlite3.DatabaseError:
            end = end or _highest(source, table) or at + _FARTHEST
            at += 2 ** (len(gaps) // _TRIES)
            gaps.append(at)


def _highest(source: sqlite3.Connection, table: str) -> int | None:
    with suppress(sqlite3.DatabaseError):
        found: int | None = source.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0]
        return found
    return None


def _fits(column: Column[Any], value: Any) -> bool:
    """False for what only damage can have put there."""
    if value is None:
        return bool(column.nullable)
    kind = getattr(column.type, "impl", column.type)
    if isinstance(kind, Integer | BigInteger | Boolean):
        return isinstance(value, int)
    if isinstance(kind, Float):
        return isinstance(value, int | float)
    return isinstance(value, bytes if isinstance(kind, LargeBinary) else str)


def _forget_what_is_made_anew(target: sqlite3.Connection) -> None:
    target.execute("UPDATE articles SET unindexed = 1, search_row = NULL")
    target.execute("DELETE FROM topics")
    target.execute("DELETE FROM meta WHERE key = 'topics'")


def _mended(url: str, now: datetime) -> list[str]:
    """Set right what the loss left behind; what was wrong. Raises StoreError where something remains."""
    said = []
    for _ in range(_PASSES):
        found = soundness.faults(url, now)
        if not found:
            break
        for fault in found:
            if fault.mend is None:
                raise StoreError(fault.words)
            soundness.mend(url, fault)
            said.append(fault.words)
    else:
        raise StoreError(f"it can't be set right: {found[0].words}")
    soundness.mend(url, soundness.Fault("all is made anew", soundness.begin_again))
    return [f"of these: {words}" for words in said]


def _sync(new: Path) -> None:
    """All of it in one file, and on the disk."""
    with closing(sqlite3.connect(new)) as store:
        store.execute("PRAGMA journal_mode = DELETE")
        store.execute("VACUUM")
    with new.open("rb+") as file:
        os.fsync(file.fileno())


def _swap(path: Path, new: Path, now: datetime) -> str:
    """Put *new* at *path*, and keep what stood there, with its log; says as what."""
    kept = _free(path.with_name(f"{path.name}.broken-{now:%Y%m%d-%H%M%S}"))
    new.chmod(path.stat().st_mode & 0o777)
    with suppress(PermissionError):
        os.chown(new, path.stat().st_uid, path.stat().st_gid)
    os.link(path, kept)
    log = _log_of(path)
    if log.exists():  # it belongs to the damaged file, and would be read into the new one
        log.replace(_log_of(kept))
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return kept.name


def _free(path: Path) -> Path:
    """*path*, with a number behind it where that name is taken."""
    number, free = 2, path
    while free.exists():
        number, free = number + 1, path.with_name(f"{path.name}-{number}")
    return free
