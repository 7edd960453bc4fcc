"""Open a database: engine, settings, schema version. Called by Store alone."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from feeds.errors import StoreError
from feeds.store import schema

_LEAST_ROOM = 65_536  # bytes: SQLite's file of locks takes half as much

PATIENCE = 30.0  # seconds that another writer is waited for


def open_engine(url: str, now: datetime) -> Engine:
    """An engine on a database that has the newest schema. Raises StoreError where it can't be opened or is newer."""
    try:
        path = file_of(url)
        if path is not None and (fault := fault_of_place(path)):
            raise StoreError(f"the store {shown(url)} can't be opened: {fault}")
        engine = bare_engine(url)
        _bring_up_to_date(engine, url, now)
    except (SQLAlchemyError, ModuleNotFoundError, ValueError) as error:
        raise StoreError(f"the store {shown(url)} can't be opened: {reason(url, error)}") from error
    return engine


def bare_engine(url: str) -> Engine:
    """An engine with our settings, on whatever is there."""
    engine = create_engine(make_url(url), connect_args={"timeout": PATIENCE} if url.startswith("sqlite") else {})
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    return engine


def file_of(url: str) -> Path | None:
    """The file that an SQLite store is in; None for other databases, and for one in memory."""
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):  # whoever opens it says what is wrong
        return None
    is_file = parsed.drivername.startswith("sqlite") and parsed.database not in (None, "", ":memory:")
    return Path(str(parsed.database)) if is_file else None


def fault_of_place(path: Path) -> str | None:
    """Why no database can be at *path*; None where nothing speaks against it."""
    if path.is_dir():
        return "it is a folder"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    log = path.with_name(f"{path.name}-wal")
    if is_empty(path) and not is_empty(log):  # SQLite would take the log away, and with it what was written last
        return f"it is gone, but {log.name} beside it is not: put it back, or remove {log.name} too, to begin anew"
    return None


def is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def shown(url: str) -> str:
    """The store's URL as it may be shown: a file's path, or a server's without its password."""
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):
        return url.partition("://")[0]
    # What stands behind a ? may be a password too.
    return parsed.database or "" if parsed.drivername.startswith("sqlite") else parsed.set(query={}).render_as_string()


def reason(url: str, error: BaseException) -> str:
    """Why the store at *url* failed: the database's own words in one line, without SQL, or plainer ones."""
    path = file_of(url)
    if path is not None and "unable to open" in str(error) and not os.access(path.parent, os.W_OK):
        return f"{path.parent} is read-only, and SQLite keeps two files of its own beside {path.name}"
    if path is not None and "disk I/O error" in str(error) and shutil.disk_usage(path.parent).free < _LEAST_ROOM:
        return "the disk is full"
    words = str(getattr(error, "orig", None) or error).strip().splitlines()
    line = words[0] if words else type(error).__name__
    return {
        "database is locked": "it is locked by another process",
        "file is not a database": "the file is damaged or no SQLite database",
        "database disk image is malformed": "the file is damaged",
        "attempt to write a readonly database": "it is read-only",
        "database or disk is full": "the disk is full",
        "disk I/O error": "the disk fails to read or to write (disk I/O error)",
    }.get(line, line)


@contextmanager
def time_limit(connection: Connection, seconds: float | None) -> Iterator[None]:
    """Interrupt what *connection* does after so many *seconds*; on SQLite alone."""
    if seconds is None or connection.dialect.name != "sqlite":
        yield
        return
    until = time.monotonic() + seconds
    driver: Any = connection.connection.dbapi_connection
    driver.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def _prepare_sqlite(engine: Engine) -> None:
    """WAL so that readers never wait; FULL so that what was committed survives a power cut (sqlite.org/pragma.html)."""

    @event.listens_for(engine, "connect")
    def settings(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, see below
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE, or two writers that read first could both wait for the other (sqlite.org/lang_transaction.html).
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _bring_up_to_date(engine: Engine, url: str, now: datetime) -> None:
    with engine.connect() as connection:
        version = _version(connection)
        tables = inspect(connection).get_table_names() if version is None else []
    if tables:
        known = "its schema's number is missing" if "alembic_version" in tables else "it is another program's database"
        raise StoreError(f"the store {shown(url)} can't be used: {known}")
    if version is None:
        _create(engine, now)
    elif not re.fullmatch(r"\d{4}", version) or version < "0001":
        raise StoreError(f"the store {shown(url)} is damaged: no schema has the number {version!r}")
    elif version > schema.HEAD:
        raise StoreError(f"the store {shown(url)} was written by a newer version of this program (schema {version})")
    elif version < schema.HEAD:
        _migrate(engine)


def _version(connection: Connection) -> str | None:
    """The schema's version, None for an empty database. Asked by SQL: importing Alembic takes 0.3 s."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _create(engine: Engine, now: datetime) -> None:
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if _version(connection) is not None:  # another process was faster
            return
        schema.metadata.create_all(connection)
        facts = {"namespace": str(uuid.uuid4()), "created": now.isoformat(timespec="seconds")}
        connection.execute(insert(schema.meta), [{"key": key, "value": value} for key, value in facts.items()])
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": schema.HEAD})


def _migrate(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
