"""How many articles feeds had in a span of days: what the site's charts show. Called by Store alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import ColumnElement, Connection, func, select

from feeds.model import Counts
from feeds.store.membership import ALL
from feeds.store.schema import articles, memberships, sources


def newest(connection: Connection, until: datetime) -> datetime | None:
    """The date of the newest article of all that is not newer than *until*."""
    mine = (memberships.c.feed == ALL) & (memberships.c.date <= until)
    found: datetime | None = connection.execute(select(func.max(memberships.c.date)).where(mine)).scalar()
    return found


def counts(
    connection: Connection, feeds: Sequence[str], parts: Sequence[str], ends: Sequence[datetime]
) -> dict[str, Counts]:
    """For each of *feeds*, the days between *ends*, those of its *parts* that have articles then, and its outlets."""
    first, last = ends[0], ends[-1]
    hidden = list(_hidden(connection, first, last))
    found: dict[str, Counts] = {}
    for feed in feeds:
        mine = {part: _count(connection, hidden, part, first, last) for part in parts if part.startswith(f"{feed}/")}
        days = tuple(_count(connection, hidden, feed, start, end) for start, end in pairwise(ends))
        shown = {part: number for part, number in mine.items() if number}
        found[feed] = Counts(days, shown, _outlets(connection, feed, first, last))
    return found


def _count(
    connection: Connection, hidden: Sequence[tuple[str, datetime]], feed: str, start: datetime, end: datetime
) -> int:
    """By the index alone, and so without a look at each article; the few hidden ones are taken off."""
    query = select(func.count()).select_from(memberships).where(_within(feed, start, end))
    taken = Counter(each == feed and start <= date < end for each, date in hidden)[True]
    return connection.execute(query).scalar_one() - taken


def _hidden(connection: Connection, start: datetime, end: datetime) -> Iterator[tuple[str, datetime]]:
    """The feeds and dates of hidden articles."""
    query = select(memberships.c.feed, memberships.c.date).join(articles, articles.c.pk == memberships.c.article)
    query = query.where(articles.c.hidden_at.is_not(None), articles.c.date >= start, articles.c.date < end)
    return ((row.feed, row.date) for row in connection.execute(query))


def _outlets(connection: Connection, feed: str, start: datetime, end: datetime) -> dict[str, int]:
    query = (
        select(sources.c.name, func.count())
        .select_from(memberships)
        .join(articles, articles.c.pk == memberships.c.article)
        .join(sources, sources.c.id == articles.c.source_id)
        .where(_within(feed, start, end), articles.c.hidden_at.is_(None))
        .group_by(sources.c.name)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _within(feed: str, start: datetime, end: datetime) -> ColumnElement[bool]:
    return (memberships.c.feed == feed) & (memberships.c.date >= start) & (memberships.c.date < end)
