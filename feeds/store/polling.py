"""Sources' state: matched to the config, claimed when due, counted. Called by Store alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

from msgspec.structs import replace
from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    delete,
    func,
    insert,
    null,
    select,
    update,
)

from feeds.config import Source
from feeds.model import FetchDay, Outcome, Saved, SourceState
from feeds.store import archiving, bulk
from feeds.store.leasing import is_held, this_process
from feeds.store.schema import articles, fetch_days, fetch_log, listings, sources
from feeds.urls import public_url

# A source whose last check lies further ahead than this was checked under a wrong clock, and is due.
_CLOCK_SLACK = timedelta(minutes=5)
# Who comes once a day, in that very hour, asks all the same in the end.
_LONGEST_SKIP = timedelta(days=3)
_FIRST_DAY = date(1970, 1, 1)
_CLEARED = {
    "etag": None, "last_modified": None, "body_hash": None, "due_at": None, "next_check": None, "retry_until": None,
    "fetch_url": None, "moved_to": None, "moved_since": None, "moved_count": 0, "gone_at": None, "failures": 0,
    "error": None, "problem": None, "wait_reason": "", "hint_seconds": None, "skip_hours": (), "skip_days": (),
}  # fmt: skip
_KNOWN = tuple(name for name in SourceState.__struct_fields__ if name not in ("hint", "skip_hours", "skip_days"))
# In this order: a thousand rows are read by place in a third of the time that it takes by name.
ALL_ROWS = select(*(sources.c[name] for name in _KNOWN), *(each for each in sources.c if each.name not in _KNOWN))
_SAVED = tuple(name for name in _KNOWN if name not in ("id", "name", "url", "control", "text"))
_saved = attrgetter(*_SAVED)
_NEW = tuple(f"new_{name}" for name in _SAVED)
_SAVE = (
    update(sources)
    .where(sources.c.id == bindparam("key"))
    .values({name: bindparam(f"new_{name}") for name in (*_SAVED, "skip_hours", "skip_days", "hint_seconds")})
    .values(lease_owner=null(), lease_until=null())
)


def url_key(url: str) -> str:
    """The SHA-256 of a configured URL, by which the store knows it."""
    return hashlib.sha256(url.encode()).hexdigest()


def sync(connection: Connection, wanted: tuple[Source, ...]) -> dict[str, SourceState]:
    """Bring the table in line with the config, and give each source's state."""
    rows = connection.execute(ALL_ROWS).all()
    keys = {source.name: url_key(source.url) for source in wanted}
    kept = _matched(rows, wanted, keys)
    taken = {row.id for row in kept.values()}
    if not all(_is_noted(*each, keys[each[1].name], kept.get(each[1].name)) for each in enumerate(wanted)):
        _rename(connection, wanted, kept)
        _add(connection, [source for source in wanted if source.name not in kept], taken)
        _keep_terms(connection, wanted)
        rows = connection.execute(ALL_ROWS).all()
    return {row.name: state(row) for row in rows if row.name in keys}


def look_up(connection: Connection, wanted: tuple[Source, ...]) -> dict[str, SourceState]:
    """What `sync` would give, from reading alone; a new source's id is 0."""
    keys = {source.name: url_key(source.url) for source in wanted}
    kept = _matched(connection.execute(ALL_ROWS).all(), wanted, keys)
    return {source.name: _expected(source, kept.get(source.name), keys[source.name]) for source in wanted}


def _expected(source: Source, row: Row[Any] | None, key: str) -> SourceState:
    """The state of *source* once `sync` has seen to it that *row* is its own."""
    configured: dict[str, Any] = {"name": source.name, "control": source.control, "text": source.text}
    if row is not None and row.url_key == key:
        return replace(state(row), **configured)
    kept = {} if row is None else {name: getattr(row, name) for name in _KNOWN if name not in _CLEARED}
    return SourceState(**({"id": 0} | kept | configured | {"url": public_url(source.url)}))


def _matched(rows: Sequence[Row[Any]], wanted: Sequence[Source], keys: Mapping[str, str]) -> dict[str, Row[Any]]:
    """Each source's row, by its name: matched by URL first, then by name: history follows whichever stayed."""
    by_url = {row.url_key: row for row in rows}
    by_name = {row.name: row for row in rows}
    kept = {source.name: row for source in wanted if (row := by_url.get(keys[source.name]))}
    taken = {row.id for row in kept.values()}
    for source in wanted:
        row = by_name.get(source.name)
        if source.name not in kept and row is not None and row.id not in taken:
            kept[source.name] = row
            taken.add(row.id)
    return kept


def _is_noted(position: int, source: Source, key: str, row: Row[Any] | None) -> bool:
    noted = None if row is None else (row.position, row.url_key, row.name, row.control, row.text)
    return noted == (position, key, source.name, source.control, source.text)


def _add(connection: Connection, new: Sequence[Source], taken: set[int]) -> None:
    if new:
        _free_names(connection, [source.name for source in new], taken)
        connection.execute(
            insert(sources),
            [{"url_key": url_key(each.url), "url": public_url(each.url), "name": each.name} for each in new],
        )


def _keep_terms(connection: Connection, wanted: tuple[Source, ...]) -> None:
    """Note each source's place, and its control and text policy, which hold for its articles after it has left the config."""
    noted = {row.name: (row.position, row.control, row.text) for row in connection.execute(select(sources))}
    for place, source in enumerate(wanted):
        if noted[source.name] != (place, source.control, source.text):
            values = {"position": place, "control": source.control, "text": source.text}
            connection.execute(update(sources).where(sources.c.name == source.name).values(values))


def _rename(connection: Connection, wanted: tuple[Source, ...], kept: dict[str, Row[Any]]) -> None:
    changed = [
        (source, row)
        for source in wanted
        if (row := kept.get(source.name)) and (row.name != source.name or row.url_key != url_key(source.url))
    ]
    _free_names(connection, [source.name for source, _ in changed], set())
    for source, row in changed:
        values: dict[str, Any] = {"name": source.name}
        if row.url_key != url_key(source.url):
            values |= {"url_key": url_key(source.url), "url": public_url(source.url)} | _CLEARED
        carried = select(listings.c.article).where(listings.c.source_id == row.id, listings.c.article.is_not(None))
        archiving.touch(connection, set(connection.execute(carried).scalars()))
        connection.execute(update(sources).where(sources.c.id == row.id).values(values))


def _free_names(connection: Connection, names: Sequence[str], keep: set[int]) -> None:
    """Move *names* off sources that lose them (two may have swapped theirs; a removed one's name may be used anew)."""
    if not names:
        return
    for row in connection.execute(select(sources.c.id, sources.c.name).where(sources.c.name.in_(names))).all():
        if row.id not in keep:
            connection.execute(
                update(sources).where(sources.c.id == row.id).values(name=f"{row.name} (until {row.id})")
            )


def last_check(connection: Connection) -> datetime | None:
    found: datetime | None = connection.execute(select(func.max(sources.c.checked_at))).scalar()
    return found


def claim(
    connection: Connection, ids: Sequence[int], now: datetime, lease: timedelta, *, early: bool, force: bool
) -> list[SourceState]:
    wanted = set(ids)
    rows = [row for row in connection.execute(ALL_ROWS) if row.id in wanted]
    due = [
        row
        for row in rows
        if not is_held(row.lease_owner, row.lease_until, now) and _is_due(row, now, early=early, force=force)
    ]
    due.sort(key=lambda row: (row.next_check is not None, row.next_check, row.id))
    values = {"lease_owner": this_process(), "lease_until": now + lease}
    for start in range(0, len(due), 500):
        part = [row.id for row in due[start : start + 500]]
        connection.execute(update(sources).where(sources.c.id.in_(part)).values(values))
    return [state(row) for row in due]


def _is_due(row: Row[Any], now: datetime, *, early: bool, force: bool) -> bool:
    if row.checked_at is not None and row.checked_at > now + _CLOCK_SLACK:
        return True
    if row.retry_until is not None and row.retry_until > now:
        return False
    at: datetime | None = row.due_at if early else row.next_check
    if force or at is None:
        return True
    return at <= now and not (_is_skipped(row, now) and now - at < _LONGEST_SKIP)


def _is_skipped(row: Row[Any], now: datetime) -> bool:
    """True in an hour or on a day that its feed asks to be left alone: it may have been due before, and nobody came."""
    return now.hour in row.skip_hours or now.weekday() in row.skip_days


def release(connection: Connection) -> None:
    mine = sources.c.lease_owner == this_process()
    connection.execute(update(sources).where(mine).values(lease_owner=None, lease_until=None))


def state(row: Row[Any]) -> SourceState:
    """A row of ALL_ROWS as the program's type."""
    return SourceState(
        **dict(zip(_KNOWN, row, strict=False)),
        hint=None if row.hint_seconds is None else timedelta(seconds=row.hint_seconds),
        skip_hours=frozenset(row.skip_hours),
        skip_days=frozenset(row.skip_days),
    )


def save_states(connection: Connection, states: Sequence[SourceState]) -> None:
    """Write sources' states, and give their leases back."""
    bulk.run(connection, _SAVE, [_values(state) for state in states])


def _values(state: SourceState) -> dict[str, Any]:
    values = dict(zip(_NEW, _saved(state), strict=True))
    values |= {"new_skip_hours": sorted(state.skip_hours), "new_skip_days": sorted(state.skip_days)}
    return values | {"key": state.id, "new_hint_seconds": state.hint and int(state.hint.total_seconds())}


def log(connection: Connection, outcomes: Sequence[tuple[Outcome, Saved]], now: datetime) -> None:
    """Note how each source's turn went, and add it to the sums of the day."""
    rows = [
        {
            "source_id": outcome.state.id,
            "at": now,
            "status": outcome.status,
            "seconds": round(outcome.seconds, 3),
            "size": outcome.size,
            "entries": None if outcome.reading is None else outcome.reading.listed,
            "new": saved.new,
            "updated": saved.updated,
            "error": outcome.error,
        }
        for outcome, saved in outcomes
    ]
    bulk.insert(connection, fetch_log, rows)
    sums = [
        {
            "source_id": row["source_id"],
            "day": _day(now),
            "fetches": 1,
            "failures": int(row["error"] is not None),
            "new": row["new"],
            "updated": row["updated"],
        }
        for row in rows
    ]
    bulk.add(connection, fetch_days, sums)


def trim_log(connection: Connection, before: datetime) -> None:
    """Forget fetches before *before*."""
    connection.execute(delete(fetch_log).where(fetch_log.c.at < before))
    connection.execute(delete(fetch_days).where(fetch_days.c.day < _day(before)))


def fetch_sums(connection: Connection, since: datetime) -> list[FetchDay]:
    """How each source fared on each day of UTC from that of *since* on, the newest first."""
    query = select(fetch_days).where(fetch_days.c.day >= _day(since))
    rows = connection.execute(query.order_by(fetch_days.c.day.desc(), fetch_days.c.source_id))
    return [FetchDay(row[0], str(_FIRST_DAY + timedelta(days=row[1])), *row[2:]) for row in rows]


def _day(at: datetime) -> int:
    return (at.date() - _FIRST_DAY).days


def article_counts(connection: Connection) -> dict[int, int]:
    """How many articles there are of each source."""
    totals = select(articles.c.source_id, func.count()).group_by(articles.c.source_id)
    return {row[0]: row[1] for row in connection.execute(totals)}
