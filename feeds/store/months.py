"""Which articles are on which page of a month: what the site's older pages are made from. Called by Store and its parts.

A month's articles stand on pages of a hundred, counted from the oldest by date and id: a new article changes the newest
page alone, and one that comes late, with an old date, only pages of its own month, from its own on. Of each page its
first article is noted, so that neither counting nor reading begins at the month's. Months are those of UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, or_, select, update

from feeds.digests import digest
from feeds.model import Month, MonthPage
from feeds.order import led_by_dated
from feeds.store.listing import chunks
from feeds.store.schema import articles, memberships, microseconds, moment, months

PAGE_LENGTH = 100


def stale(connection: Connection, pks: Iterable[int]) -> None:
    """Mark the months that the articles are in, to be counted again; before one leaves a feed or is deleted, too."""
    found: dict[tuple[str, str], datetime] = {}
    for part in chunks(list(pks)):
        query = select(memberships.c.feed, memberships.c.date)
        query = query.where(memberships.c.article.in_(part), ~memberships.c.feed.contains("/"))
        for feed, date in connection.execute(query):
            found[feed, f"{date:%Y-%m}"] = min(date, found.get((feed, f"{date:%Y-%m}"), date))
    for (feed, month), date in sorted(found.items()):
        _mark(connection, feed, month, date)


def _mark(connection: Connection, feed: str, month: str, since: datetime) -> None:
    mine = (months.c.feed == feed) & (months.c.month == month)
    row = connection.execute(select(months.c.since).where(mine)).first()
    if row is None:
        new = {"feed": feed, "month": month, "page_count": 0, "pages": (), "unwritten": True, "written": ()}
        connection.execute(insert(months).values(new | {"since": since}))
    elif row.since is None or since < row.since:
        connection.execute(update(months).where(mine).values(since=since))


def count(connection: Connection) -> None:
    """See what the months hold now that are marked."""
    for row in connection.execute(select(months).where(months.c.since.is_not(None))).all():
        held = [page for page in row.pages if _first(page)[0] < row.since]
        kept, start = held[:-1], _first(held[-1]) if held else None  # the last of them may have gained or lost some
        pages = kept + _counted(connection, row.feed, row.month, start)
        mine = (months.c.feed == row.feed) & (months.c.month == row.month)
        values = {"page_count": len(pages), "pages": pages, "since": None, "unwritten": True}
        connection.execute(update(months).where(mine).values(values))
        if len(pages) != row.page_count:
            _mark_neighbours(connection, row.feed, row.month)


def _mark_neighbours(connection: Connection, feed: str, month: str) -> None:
    """Each page leads to the one before and the one after it, which may be another month's."""
    for nearest in (
        select(func.max(months.c.month)).where(months.c.feed == feed, months.c.month < month, months.c.page_count > 0),
        select(func.min(months.c.month)).where(months.c.feed == feed, months.c.month > month, months.c.page_count > 0),
    ):
        mine = (months.c.feed == feed) & (months.c.month == nearest.scalar_subquery())
        connection.execute(update(months).where(mine).values(unwritten=True))


def _counted(connection: Connection, feed: str, month: str, start: tuple[datetime, str] | None = None) -> list[Any]:
    """The pages of a month from *start* on."""
    columns = articles.c.id, articles.c.pk, articles.c.revision, memberships.c.date
    shown = connection.execute(_shown(feed, month, start).with_only_columns(*columns)).all()
    parts = (shown[first : first + PAGE_LENGTH] for first in range(0, len(shown), PAGE_LENGTH))
    return [[_digest(part), microseconds(part[0].date), part[0].id] for part in parts]


def _digest(part: Sequence[Any]) -> str:
    return digest(*(f"{each.pk} {each.revision}" for each in part))


def _first(page: Sequence[Any]) -> tuple[datetime, str]:
    """The date and the id of a page's first article."""
    return moment(page[1]), page[2]


def wrong_pages(connection: Connection) -> list[tuple[str, str]]:
    """The feeds' months that do not hold what is noted of them, or of which nothing is noted."""
    noted = {(row.feed, row.month) for row in connection.execute(select(months.c.feed, months.c.month))}
    dates = connection.execute(select(memberships.c.feed, memberships.c.date).where(~memberships.c.feed.contains("/")))
    missing = {(feed, f"{date:%Y-%m}") for feed, date in dates} - noted
    rows = connection.execute(select(months).where(months.c.since.is_(None))).all()
    return sorted(missing) + [(row.feed, row.month) for row in rows
            if row.page_count != len(row.pages) or row.pages != _counted(connection, row.feed, row.month)]  # fmt: skip


def count_again(connection: Connection) -> None:
    """Have the months of all articles counted again."""
    stale(connection, list(connection.execute(select(articles.c.pk)).scalars()))
    connection.execute(update(months).values(since=datetime(1970, 1, 1, tzinfo=UTC), unwritten=True))


def counts(connection: Connection) -> dict[str, list[Month]]:
    """Each feed's months, oldest first: those that have pages, or whose pages are to be taken away."""
    columns = months.c.feed, months.c.month, months.c.page_count, months.c.unwritten
    there = (months.c.page_count > 0) | months.c.unwritten
    rows = connection.execute(select(*columns).where(there).order_by(months.c.feed, months.c.month))
    found: dict[str, list[Month]] = {}
    for row in rows:
        found.setdefault(row.feed, []).append(Month(*row))
    return found


def digests(connection: Connection, since: str) -> list[tuple[str, str, list[Any]]]:
    """What the months from *since* on hold: equal as long as no article of theirs changed."""
    query = select(months.c.feed, months.c.month, months.c.pages).where(months.c.month >= since)
    return [(row.feed, row.month, row.pages) for row in connection.execute(query.order_by(*query.selected_columns[:2]))]


def pages(connection: Connection, month: Month) -> tuple[list[MonthPage], int]:
    """A month's pages, oldest first, and how many there were when they were written last."""
    row = connection.execute(select(months.c.pages, months.c.written).where(_is(month))).one()
    was = [*row.written, *("" for _ in row.pages[len(row.written) :])]
    found = [MonthPage(number, page[0], _first(page), was[number - 1]) for number, page in enumerate(row.pages, 1)]
    return found, len(row.written)


def written(connection: Connection, month: Month, prints: Sequence[str]) -> None:
    """The month's pages stand as *prints* say."""
    connection.execute(update(months).where(_is(month)).values(unwritten=False, written=prints))


def again(connection: Connection, month: Month, numbers: Collection[int] | None = None) -> None:
    """Have these pages of a month written again, or all."""
    before = connection.execute(select(months.c.written).where(_is(month))).scalar_one()
    left = [was if numbers is not None and number not in numbers else "" for number, was in enumerate(before, 1)]
    connection.execute(update(months).where(_is(month)).values(unwritten=True, written=left))


def again_with(connection: Connection, source_id: int) -> None:
    """Have all months written again in which articles of this source are."""
    there = (
        select(memberships.c.feed, memberships.c.date)
        .join(articles, articles.c.pk == memberships.c.article)
        .where(articles.c.source_id == source_id, ~memberships.c.feed.contains("/"))
    )
    for feed, month in sorted({(feed, f"{date:%Y-%m}") for feed, date in connection.execute(there)}):
        again(connection, Month(feed, month, 0, True))


def keys(connection: Connection, month: Month, page: MonthPage) -> list[int]:
    """The keys of the articles on a page, newest first, but for the first (see `led_by_dated`)."""
    query = _shown(month.feed, month.name, page.first).with_only_columns(articles.c.pk, articles.c.published)
    rows = connection.execute(query.limit(PAGE_LENGTH)).all()[::-1]
    return [row.pk for row in led_by_dated(rows, lambda row: row.published is not None)]


def _is(month: Month) -> ColumnElement[bool]:
    return (months.c.feed == month.feed) & (months.c.month == month.name)


def _shown(feed: str, month: str, start: tuple[datetime, str] | None) -> Select[Any]:
    """A month's articles that are not hidden, oldest first, from *start* on (a date and an id)."""
    first = datetime.strptime(f"{month} +0000", "%Y-%m %z").astimezone(UTC)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    date, id_ = start or (first, "")
    return (
        select(articles.c.pk)
        .join(memberships, memberships.c.article == articles.c.pk)
        .where(memberships.c.feed == feed, memberships.c.date >= date, memberships.c.date < after)
        .where(or_(memberships.c.date > date, articles.c.id >= id_))
        .where(articles.c.hidden_at.is_(None))
        .order_by(memberships.c.date, articles.c.id)
    )
