"""Archives (RFC 5005 section 4): on which page of a feed an article stands, and how it looked then. Called by Store alone.

An article gets its place in a feed's archive when it is first published there, and keeps it. What the page shows is a
snapshot of that moment: later edits do not reach it. Whatever touches an article (an edit, a new topic, a takedown) sets
articles.touched; `settle` gives places to what is new and marks the pages stale that may have changed, and
`count_pages` looks at those again.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import count, groupby
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from feeds.digests import digest
from feeds.model import ArchivePage, Snapshot, StoredArticle
from feeds.store import bulk, months
from feeds.store.listing import chunks, next_key, use_up_keys
from feeds.store.reading import complete_articles, rows_of_articles
from feeds.store.schema import archive_pages, archive_places, archives, articles, memberships, snapshots, sources

PAGE_LENGTH = 200

_encoder = msgspec.msgpack.Encoder()
# Fields that StoredArticle gets later need a default: old snapshots lack them.
_decoder = msgspec.msgpack.Decoder(Snapshot)


def touch(connection: Connection, pks: Iterable[int]) -> None:
    """Note that the articles changed in a way that readers could see."""
    for part in chunks(sorted(pks)):
        connection.execute(update(articles).where(articles.c.pk.in_(part)).values(touched=True))


def touched(connection: Connection) -> list[int]:
    """The keys of the touched articles, oldest first: in this order new ones enter the archives."""
    query = select(articles.c.pk).where(articles.c.touched).order_by(articles.c.date, articles.c.id)
    return list(connection.execute(query).scalars())


def settle(connection: Connection, pks: Sequence[int]) -> None:
    """Give *pks*, in their order, places where they have none, and mark the pages stale that they stand on."""
    ours = _clear(connection, pks)  # another process may have settled some meanwhile
    pks = [pk for pk in pks if pk in ours]
    stale(connection, pks)
    months.stale(connection, pks)
    new = list(_without_place(connection, pks))
    if new:
        _enter(connection, new)


def _clear(connection: Connection, pks: Sequence[int]) -> set[int]:
    """Those that were touched still; from now on they are not."""
    cleared: set[int] = set()
    values = {"touched": False, "unindexed": True, "unpaged": True, "revision": articles.c.revision + 1}
    for part in chunks(pks):
        statement = update(articles).where(articles.c.pk.in_(part), articles.c.touched).values(values)
        cleared |= set(connection.execute(statement.returning(articles.c.pk)).scalars())
    return cleared


def _without_place(connection: Connection, pks: Sequence[int]) -> Iterator[tuple[int, str]]:
    """The articles that may be seen and the feeds whose archives they are still to enter, in order of *pks*."""
    missing: dict[int, list[str]] = {}
    for part in chunks(pks):
        same = and_(archive_places.c.article == memberships.c.article, archive_places.c.feed == memberships.c.feed)
        query = (
            select(memberships.c.article, memberships.c.feed)
            .join(articles, articles.c.pk == memberships.c.article)
            .outerjoin(archive_places, same)
            .where(memberships.c.article.in_(part), ~memberships.c.feed.contains("/"))
            .where(articles.c.hidden_at.is_(None), archive_places.c.position.is_(None))
            .order_by(memberships.c.feed)
        )
        for pk, feed in connection.execute(query):
            missing.setdefault(pk, []).append(feed)
    return ((pk, feed) for pk in pks for feed in missing.get(pk, ()))


def _enter(connection: Connection, new: Sequence[tuple[int, str]]) -> None:
    taken = _take_snapshots(connection, list(dict.fromkeys(pk for pk, _ in new)))
    last = {row.feed: row.last for row in connection.execute(select(archives))}
    before = dict(last)
    places = []
    for pk, feed in new:
        last[feed] = last.get(feed, 0) + 1
        places.append({"feed": feed, "position": last[feed], "article": pk, "snapshot": taken[pk]})
    bulk.insert(connection, archive_places, places)
    _write_last(connection, before, last)
    # A page that is full is closed by the one after it, which stands from then on, empty at first.
    wanted = {(place["feed"], page_of(place["position"] + step)) for place in places for step in (0, 1)}
    _mark(connection, wanted)


def _take_snapshots(connection: Connection, pks: Sequence[int]) -> dict[int, int]:
    """Keep the articles as they are; the snapshots' keys by the articles'."""
    rows: list[Row[Any]] = []
    for part in chunks(pks):
        query = rows_of_articles().add_columns(sources.c.feed_title, sources.c.feed_id, sources.c.feed_link)
        rows += connection.execute(query.where(articles.c.pk.in_(part))).all()
    first = next_key(connection, snapshots.c.id)
    bodies = [
        {"id": key, "article": row.pk, "body": _packed(article, row)}
        for key, row, article in zip(count(first), rows, complete_articles(connection, rows), strict=False)
    ]
    bulk.insert(connection, snapshots, bodies, together=20)
    return {body["article"]: body["id"] for body in bodies}


def _packed(article: StoredArticle, row: Row[Any]) -> bytes:
    return zlib.compress(_encoder.encode(Snapshot(article, row.feed_title, row.feed_id, row.feed_link)), 1)


def _write_last(connection: Connection, before: dict[str, int], after: dict[str, int]) -> None:
    for feed, last in after.items():
        if feed not in before:
            connection.execute(insert(archives).values(feed=feed, last=last))
        elif before[feed] != last:
            connection.execute(update(archives).where(archives.c.feed == feed).values(last=last))


def page_of(position: int) -> int:
    """The number of the page that a place is on, from 1."""
    return (position - 1) // PAGE_LENGTH + 1


def stale(connection: Connection, pks: Iterable[int]) -> None:
    """Mark the pages that the articles stand on, to be looked at again; before an article is deleted, too."""
    found: set[tuple[str, int]] = set()
    for part in chunks(list(pks)):
        query = select(archive_places.c.feed, archive_places.c.position).where(archive_places.c.article.in_(part))
        found |= {(feed, page_of(position)) for feed, position in connection.execute(query)}
    _mark(connection, found)


def _mark(connection: Connection, pages: Iterable[tuple[str, int]]) -> None:
    for feed, found in groupby(sorted(pages), key=lambda each: each[0]):
        numbers = [page for _, page in found]
        for part in chunks(numbers):
            mine = (archive_pages.c.feed == feed) & archive_pages.c.page.in_(part)
            there = set(connection.execute(select(archive_pages.c.page).where(mine)).scalars())
            connection.execute(update(archive_pages).where(mine).values(stale=True))
            fresh = [
                {"feed": feed, "page": page, "entries": 0, "digest": "", "stale": True}
                for page in part
                if page not in there
            ]
            if fresh:
                connection.execute(insert(archive_pages), fresh)


def count_pages(connection: Connection) -> None:
    """See what the stale pages hold now; mark those to be written that changed, or have another neighbour."""
    stale = select(archive_pages).where(archive_pages.c.stale).order_by(archive_pages.c.feed, archive_pages.c.page)
    for row in connection.execute(stale).all():
        values = _counted(connection, row.feed, row.page)
        mine = (archive_pages.c.feed == row.feed) & (archive_pages.c.page == row.page)
        values |= {"stale": False} if values["digest"] == row.digest else {"stale": False, "unwritten": True}
        connection.execute(update(archive_pages).where(mine).values(values))
        if not row.digest or (row.entries > 0) != (values["entries"] > 0):
            # The one right before, too: it has no file any more if it is empty, and was the last.
            again(connection, row.feed, [row.page - 1, *neighbours(connection, row.feed, row.page)])


def neighbours(connection: Connection, feed: str, page: int) -> tuple[int | None, int | None]:
    """The pages that are published before and after this one: those with entries, and the last."""
    number, last = archive_pages.c.page, last_page(connection, feed)
    before = select(func.max(number)).where(archive_pages.c.feed == feed, number < page, archive_pages.c.entries > 0)
    after = select(func.min(number)).where(
        archive_pages.c.feed == feed, number > page, (archive_pages.c.entries > 0) | (number == last)
    )
    return connection.execute(before).scalar(), connection.execute(after).scalar()


def last_page(connection: Connection, feed: str) -> int | None:
    """The page that grows; None where nothing has entered the archive."""
    return connection.execute(select(func.max(archive_pages.c.page)).where(archive_pages.c.feed == feed)).scalar()


def marked(connection: Connection, feed: str, limit: int) -> list[ArchivePage]:
    """Up to *limit* pages whose files are not as they should be, oldest first; those without entries have none."""
    query = select(archive_pages).where(archive_pages.c.feed == feed, archive_pages.c.unwritten)
    rows = connection.execute(query.order_by(archive_pages.c.page).limit(limit)).all()
    last = last_page(connection, feed)
    return [ArchivePage(row.page, row.entries > 0 or row.page == last, *neighbours(connection, feed, row.page))
            for row in rows]  # fmt: skip


def written(connection: Connection, feed: str, pages: Iterable[ArchivePage]) -> None:
    """The files of these pages stand as they should."""
    for page in pages:
        mine = (archive_pages.c.feed == feed) & (archive_pages.c.page == page.number)
        connection.execute(update(archive_pages).where(mine).values(unwritten=False))


def again(connection: Connection, feed: str, numbers: Collection[int | None] | None = None) -> None:
    """Have the files of these pages of a feed written again, or of all."""
    mine = archive_pages.c.feed == feed
    if numbers is None:
        connection.execute(update(archive_pages).where(mine).values(unwritten=True))
    for part in chunks(list(numbers or ())):
        connection.execute(update(archive_pages).where(mine, archive_pages.c.page.in_(part)).values(unwritten=True))


def again_with(connection: Connection, source_id: int) -> None:
    """Have all pages written again that show articles of this source."""
    on = select(archive_places.c.feed, archive_places.c.position)
    on = on.join(articles, articles.c.pk == archive_places.c.article).where(articles.c.source_id == source_id)
    found: dict[str, set[int]] = {}
    for feed, position in connection.execute(on):
        found.setdefault(feed, set()).add(page_of(position))
    for feed, numbers in found.items():
        again(connection, feed, numbers)


def numbers(connection: Connection, feed: str) -> set[int]:
    """All pages that are published."""
    shown = (archive_pages.c.entries > 0) | (archive_pages.c.page == last_page(connection, feed))
    query = select(archive_pages.c.page).where(archive_pages.c.feed == feed, shown)
    return set(connection.execute(query).scalars())


def _counted(connection: Connection, feed: str, page: int) -> dict[str, Any]:
    shown = connection.execute(_shown(feed, page)).all()
    return {
        "entries": len(shown),
        "digest": digest(*(f"{each.position} {each.snapshot}" for each in shown)),
    }


def wrong_pages(connection: Connection) -> list[tuple[str, int]]:
    """The pages that do not hold what is noted of them, or of which nothing is noted."""
    rows = connection.execute(select(archive_pages)).all()
    held = connection.execute(select(archive_places.c.feed, archive_places.c.position)).all()
    missing = {(feed, page_of(position)) for feed, position in held} - {(row.feed, row.page) for row in rows}
    keys = "entries", "digest"
    wrong = [(row.feed, row.page) for row in rows if not row.stale
             and {key: getattr(row, key) for key in keys} != _counted(connection, row.feed, row.page)]  # fmt: skip
    return sorted(missing) + wrong


def count_again(connection: Connection) -> None:
    """Have all pages looked at again."""
    held = connection.execute(select(archive_places.c.feed, archive_places.c.position)).all()
    _mark(connection, {(feed, page_of(position)) for feed, position in held})
    connection.execute(update(archive_pages).values(stale=True))


def count_on(connection: Connection, tops: Mapping[str, int]) -> None:
    """The next places of these feeds come after their highest."""
    known = {row.feed: row.last for row in connection.execute(select(archives))}
    _write_last(connection, known, dict(tops))


def homeless(connection: Connection) -> list[int]:
    """The articles that should have entered archives, and have not, though nothing says that they still will."""
    pks = list(connection.execute(select(articles.c.pk).where(~articles.c.touched)).scalars())
    return list(dict.fromkeys(pk for pk, _ in _without_place(connection, pks)))


def take_again(connection: Connection, keys: Sequence[int]) -> None:
    """Keep the articles of these snapshots as they are now, in the places that they have."""
    use_up_keys(connection, snapshots.c.id)
    for part in chunks(keys):
        pairs = connection.execute(select(snapshots.c.id, snapshots.c.article).where(snapshots.c.id.in_(part))).all()
        taken = _take_snapshots(connection, list(dict.fromkeys(pk for _, pk in pairs)))
        for key, pk in pairs:
            mine = archive_places.c.snapshot == key
            connection.execute(update(archive_places).where(mine).values(snapshot=taken[pk]))
        stale(connection, list(taken))
        connection.execute(delete(snapshots).where(snapshots.c.id.in_(part)))


def _shown(feed: str, page: int) -> Any:
    """What a page shows: those of its articles that are in the feed and not hidden."""
    first = (page - 1) * PAGE_LENGTH + 1
    belongs = and_(memberships.c.feed == archive_places.c.feed, memberships.c.article == archive_places.c.article)
    return (
        select(archive_places.c.position, archive_places.c.snapshot, articles.c.source_id)
        .join(articles, articles.c.pk == archive_places.c.article)
        .join(memberships, belongs)
        .where(archive_places.c.feed == feed, archive_places.c.position.between(first, first + PAGE_LENGTH - 1))
        .where(articles.c.hidden_at.is_(None))
        .order_by(archive_places.c.position.desc())
    )


def page_places(connection: Connection, feed: str, page: int) -> list[tuple[int, int]]:
    """What a page shows, the last to enter first: the keys of snapshots, and of their sources."""
    return [(row.snapshot, row.source_id) for row in connection.execute(_shown(feed, page))]


def load_snapshots(connection: Connection, keys: Sequence[int]) -> dict[int, Snapshot]:
    """Snapshots by their keys."""
    found: dict[int, Snapshot] = {}
    for part in chunks(keys):
        for key, body in connection.execute(select(snapshots.c.id, snapshots.c.body).where(snapshots.c.id.in_(part))):
            found[key] = unpacked(body)
    return found


def unpacked(body: bytes) -> Snapshot:
    """The snapshot that a body holds."""
    return _decoder.decode(zlib.decompress(body))
