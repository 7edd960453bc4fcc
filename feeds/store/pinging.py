"""Feeds whose change the hub has yet to be told of. Called by Store alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, select, update

from feeds.store.listing import chunks
from feeds.store.schema import pings


class Ping(Struct, frozen=True):
    """That the feed at *path* changed, at last at *since*; told *attempts* times in vain."""

    path: str
    since: datetime
    attempts: int


def note(connection: Connection, paths: Sequence[str], now: datetime) -> None:
    """The feeds at *paths* changed. Where the hub is in trouble, they wait until it is asked again."""
    waits = select(func.max(pings.c.next_at), func.max(pings.c.attempts)).where(pings.c.next_at > now)
    until, attempts = connection.execute(waits).one()
    drop(connection, paths)
    if paths:
        rows = [{"path": path, "since": now, "attempts": attempts or 0, "next_at": until or now} for path in paths]
        connection.execute(insert(pings), rows)


def due(connection: Connection, now: datetime) -> list[Ping]:
    """Those whose time has come, the oldest first."""
    query = select(pings).where(pings.c.next_at <= now).order_by(pings.c.since, pings.c.path)
    return [Ping(row.path, row.since, row.attempts) for row in connection.execute(query)]


def drop(connection: Connection, paths: Iterable[str]) -> None:
    for part in chunks(list(paths)):
        connection.execute(delete(pings).where(pings.c.path.in_(part)))


def postpone(connection: Connection, paths: Sequence[str], until: datetime) -> None:
    """Try these again at *until*."""
    for part in chunks(paths):
        values = {"attempts": pings.c.attempts + 1, "next_at": until}
        connection.execute(update(pings).where(pings.c.path.in_(part)).values(values))
