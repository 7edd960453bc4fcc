"""Which articles are on which page of a month: what the site's older pages are made from. Called by Store and its parts.

A month's articles stand on pages of a hundred, counted from the oldest by date and id: a new article changes the newest
page alone, and one that comes late, with an old date, only pages of its own month. Months are those of UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby

from sqlalchemy import Connection, Select, insert, select, update

from feeds.model import MonthPage
from feeds.store.listing import chunks, digest
from feeds.store.schema import articles, memberships, months

PAGE_LENGTH = 100


def stale(connection: Connection, pks: Iterable[int]) -> None:
    """Mark the months that the articles are in, to be looked at again; before one leaves a feed or is deleted, too."""
    found: set[tuple[str, str]] = set()
    for part in chunks(list(pks)):
        query = select(memberships.c.feed, memberships.c.date)
        query = query.where(memberships.c.article.in_(part), ~memberships.c.feed.contains("/"))
        found |= {(feed, f"{date:%Y-%m}") for feed, date in connection.execute(query)}
    for feed, mine in groupby(sorted(found), key=lambda each: each[0]):
        names = [month for _, month in mine]
        where = (months.c.feed == feed) & months.c.month.in_(names)
        there = set(connection.execute(select(months.c.month).where(where)).scalars())
        connection.execute(update(months).where(where).values(stale=True))
        new = [{"feed": feed, "month": name, "pages": [], "stale": True} for name in names if name not in there]
        if new:
            connection.execute(insert(months), new)


def count(connection: Connection) -> None:
    """See what the stale months hold now."""
    for row in connection.execute(select(months).where(months.c.stale)).all():
        values = {"pages": _counted(connection, row.feed, row.month), "stale": False}
        mine = (months.c.feed == row.feed) & (months.c.month == row.month)
        connection.execute(update(months).where(mine).values(values))


def _counted(connection: Connection, feed: str, month: str) -> list[str]:
    shown = connection.execute(_shown(feed, month)).all()
    parts = (shown[start : start + PAGE_LENGTH] for start in range(0, len(shown), PAGE_LENGTH))
    return [digest(*(f"{each.pk} {each.revision}" for each in part)) for part in parts]


def wrong_pages(connection: Connection) -> list[tuple[str, str]]:
    """The feeds' months that do not hold what is noted of them, or of which nothing is noted."""
    noted = {(row.feed, row.month) for row in connection.execute(select(months.c.feed, months.c.month))}
    dates = connection.execute(select(memberships.c.feed, memberships.c.date).where(~memberships.c.feed.contains("/")))
    missing = {(feed, f"{date:%Y-%m}") for feed, date in dates} - noted
    return sorted(missing) + [(row.feed, row.month) for row in connection.execute(select(months).where(~months.c.stale)).all()
            if list(row.pages) != _counted(connection, row.feed, row.month)]  # fmt: skip


def count_again(connection: Connection) -> None:
    """Have the months of all articles looked at again."""
    stale(connection, list(connection.execute(select(articles.c.pk)).scalars()))
    connection.execute(update(months).values(stale=True))


def pages(connection: Connection) -> dict[str, list[MonthPage]]:
    """Each feed's pages, oldest first."""
    rows = connection.execute(select(months).order_by(months.c.feed, months.c.month))
    found: dict[str, list[MonthPage]] = {}
    for row in rows:
        mine = (MonthPage(row.month, number, each) for number, each in enumerate(row.pages, 1))
        found.setdefault(row.feed, []).extend(mine)
    return found


def keys(connection: Connection, feed: str, month: str) -> list[list[int]]:
    """The keys of the articles on each page of a month, newest first; the oldest page first."""
    found = [row.pk for row in connection.execute(_shown(feed, month))]
    return [found[start : start + PAGE_LENGTH][::-1] for start in range(0, len(found), PAGE_LENGTH)]


def _shown(feed: str, month: str) -> Select[tuple[int, int]]:
    """A month's articles that are not hidden, oldest first."""
    first = datetime.strptime(f"{month} +0000", "%Y-%m %z").astimezone(UTC)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return (
        select(articles.c.pk, articles.c.revision)
        .join(memberships, memberships.c.article == articles.c.pk)
        .where(memberships.c.feed == feed, memberships.c.date >= first, memberships.c.date < after)
        .where(articles.c.hidden_at.is_(None))
        .order_by(memberships.c.date, articles.c.id)
    )
