"""Articles into the store: new ones, edits, and what retention takes out. Called by Store alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from feeds.model import Article, KnownItem, Outcome, Reading, Saved, SourceState, TopicMatch
from feeds.store import archiving, listing, membership, months, paging, searching
from feeds.store.membership import Placed
from feeds.store.polling import save_states
from feeds.store.schema import articles, documents_read, fetch_log, listings, sources

# "Of undated ones only the ten topmost enter subscription feeds", in the first document of a source added later.
_UNDATED_AT_FIRST = 10
# Of one document at one time: each costs a page and more, and publishing must end in time.
_MOST_NEW = 1000

_COLUMNS = tuple(
    field.name for field in fields(Article) if field.name in articles.c and field.name not in ("published", "updated")
)


def save(
    connection: Connection, namespace: uuid.UUID, outcomes: Sequence[Outcome], now: datetime, published: bool
) -> list[Saved]:
    """Keep *outcomes*, one a source. *published* says whether the store has published before: there is someone to flood."""
    saved = [_save_reading(connection, namespace, outcome, now, published) for outcome in outcomes]
    pairs = list(zip(outcomes, saved, strict=True))
    save_states(connection, [_state(connection, outcome.state, each.left) for outcome, each in pairs])
    _log(connection, pairs, now)
    return saved


def _save_reading(
    connection: Connection, namespace: uuid.UUID, outcome: Outcome, now: datetime, published: bool
) -> Saved:
    if outcome.reading is None:
        return Saved()
    is_first = _document_at(connection, outcome.state.id) is None
    held = _held(outcome.reading.articles) if is_first and published else set()
    saved = _save_articles(connection, namespace, outcome.state.id, outcome.reading, held, now)
    if not saved.left:  # else some of them are not in the store yet
        _know(connection, outcome.state.id, outcome.reading.items)
    return saved


def known_items(connection: Connection, source_id: int) -> dict[str, KnownItem]:
    """What the items of this source's last document came to, by their keys."""
    found = select(documents_read.c.known).where(documents_read.c.source_id == source_id)
    packed = connection.execute(found).scalar()
    return {} if packed is None else msgspec.msgpack.decode(packed, type=dict[str, KnownItem])


def _know(connection: Connection, source_id: int, items: Mapping[str, KnownItem]) -> None:
    if items:
        connection.execute(delete(documents_read).where(documents_read.c.source_id == source_id))
        values = {"source_id": source_id, "known": msgspec.msgpack.encode(items)}
        connection.execute(insert(documents_read).values(values))


def _state(connection: Connection, state: SourceState, left: int) -> SourceState:
    """*state*; where entries are left for the next time as if its document had not been read, nor been the first."""
    if not left:
        return state
    return replace(
        state,
        etag=None,
        last_modified=None,
        body_hash=None,
        document_at=_document_at(connection, state.id),
        problem=f"{left} of its entries are left for the next time: more than {_MOST_NEW} at once are too many",
    )


def _document_at(connection: Connection, source_id: int) -> datetime | None:
    return connection.execute(select(sources.c.document_at).where(sources.c.id == source_id)).scalar()


def _held(found: Sequence[Article]) -> set[str]:
    undated = sorted((article for article in found if article.published is None), key=lambda each: each.position)
    return {article.identity for article in undated[_UNDATED_AT_FIRST:]}


def _save_articles(
    connection: Connection,
    namespace: uuid.UUID,
    source_id: int,
    reading: Reading,
    held: set[str],
    now: datetime,
) -> Saved:
    found = reading.articles
    known = listing.known(connection, source_id, found)
    strangers = [article for article in found if article.identity not in known]
    strangers, left = strangers[:_MOST_NEW], len(strangers[_MOST_NEW:])
    listed = {article.identity for article in found}.union(reading.unchanged)
    twins = listing.twins(connection, source_id, strangers, listed)
    new = [article for article in strangers if article.identity not in twins]
    ids = {each.identity: str(uuid.uuid5(namespace, f"{source_id}\n{each.identity}")) for each in new}
    stored = _pks(connection, ids)  # though no listing says so, as after the repair of a damaged store
    new = [article for article in new if article.identity not in stored]
    pks: dict[str, int | None] = {**stored, **_insert(connection, source_id, new, ids, held, now)}
    for article in strangers:
        twin = twins.get(article.identity)
        pks.setdefault(article.identity, twin.article if twin is not None else None)
    archiving.touch(connection, {twin.article for twin in twins.values() if twin.article is not None})
    _list(connection, source_id, strangers, pks, now)
    _still_listed(connection, source_id, [*known, *reading.unchanged], now)
    known |= listing.known(connection, source_id, [article for article in strangers if article.identity in stored])
    updated = sum(_edit(connection, source_id, article, row, now) for article in found
                  if (row := known.get(article.identity) or twins.get(article.identity)) is not None)  # fmt: skip
    return Saved(len(new), updated, left)


def _pks(connection: Connection, ids: Mapping[str, str]) -> dict[str, int]:
    """The keys of those stored articles that have these ids, both by identity."""
    identities = {id_: identity for identity, id_ in ids.items()}
    found: dict[str, int] = {}
    for part in listing.chunks(list(identities)):
        rows = connection.execute(select(articles.c.id, articles.c.pk).where(articles.c.id.in_(part)))
        found |= {identities[row.id]: row.pk for row in rows}
    return found


def _insert(
    connection: Connection,
    source_id: int,
    new: Sequence[Article],
    ids: Mapping[str, str],
    held: set[str],
    now: datetime,
) -> dict[str, int]:
    """Insert the new articles, whose *ids* are by identity; so are their keys."""
    if not new:
        return {}
    rows = [
        _values(article)
        | {
            "id": ids[article.identity],
            "source_id": source_id,
            "published": article.published,
            "updated": article.updated or article.published or now,
            "first_seen": now,
            "date": article.published or now,
            "held": article.identity in held,
        }
        for article in new
    ]
    connection.execute(insert(articles), rows)  # RETURNING their keys would take twice as long
    pks = _pks(connection, {article.identity: ids[article.identity] for article in new})
    placed = [Placed(pks[each.identity], each.published or now, each.language, each.topics) for each in new]
    membership.place(connection, placed)
    return pks


def _values(article: Article) -> dict[str, Any]:
    values = {name: getattr(article, name) for name in _COLUMNS}
    return values | {"words_key": listing.words_key(article), "entry_key": _entry_key(article)}


def _entry_key(article: Article) -> str:
    """Equal as long as nothing at all changed."""
    return listing.digest(msgspec.json.encode(replace(article, position=0, topics={})).decode())


def _list(
    connection: Connection, source_id: int, strangers: Sequence[Article], pks: dict[str, int | None], now: datetime
) -> None:
    rows = [
        {
            "source_id": source_id,
            "identity": article.identity,
            "article": pks[article.identity],
            "url": article.url,
            "url_is_shared": article.url_is_shared,
            "title_key": listing.title_key(article),
            "published": article.published,
            "first_listed": now,
            "last_listed": now,
        }
        for article in strangers
    ]
    if rows:
        connection.execute(insert(listings), rows)


def _still_listed(connection: Connection, source_id: int, identities: Sequence[str], now: datetime) -> None:
    for part in listing.chunks(identities):
        mine = (listings.c.source_id == source_id) & listings.c.identity.in_(part)
        connection.execute(update(listings).where(mine).values(last_listed=now))


def _edit(connection: Connection, source_id: int, article: Article, row: Row[Any], now: datetime) -> bool:
    """Take over what the article's own source changed; True where the edit was material."""
    told = {"url": article.url, "url_is_shared": article.url_is_shared, "title_key": listing.title_key(article)}
    if any(getattr(row, name) != value for name, value in told.items()):
        mine = (listings.c.source_id == source_id) & (listings.c.identity == article.identity)
        connection.execute(update(listings).where(mine).values(told))
    if row.article is None:
        return False
    if row.article_source_id > source_id and row.article_first_seen == now:
        _take_over(connection, source_id, article, row.article, now)
        return False
    if row.article_source_id != source_id or row.article_entry_key == _entry_key(article) or _is_emptied(article):
        return False
    material: bool = row.article_words_key != listing.words_key(article)
    published = row.article_published or _corrected(article, row)
    values = _values(article) | {
        "published": published,
        "updated": _updated(article, row, published, now) if material else _not_before(row.article_updated, published),
        "date": published or row.article_first_seen,
    }
    connection.execute(update(articles).where(articles.c.pk == row.article).values(values))
    membership.replace(connection, [Placed(row.article, values["date"], article.language, article.topics)])
    return material


def _is_emptied(article: Article) -> bool:
    """An entry that lost title and text both: a fault of its source, and no edit."""
    return article.entry.title is None and not article.content


def _take_over(connection: Connection, source_id: int, article: Article, pk: int, now: datetime) -> None:
    """Of sources that bring one article in one refresh the first of the config owns it, not the quickest."""
    date = article.published or now
    values = _values(article) | {
        "source_id": source_id,
        "published": article.published,
        "updated": article.updated or date,
        "date": date,
    }
    connection.execute(update(articles).where(articles.c.pk == pk).values(values))
    membership.replace(connection, [Placed(pk, date, article.language, article.topics)])


def _corrected(article: Article, row: Row[Any]) -> datetime | None:
    """A date for an article without one, where its source wrote another; None where time alone made it usable."""
    before = row.article_entry.get("published") or row.article_entry.get("updated")
    return article.published if (article.entry.published or article.entry.updated) != before else None


def _updated(article: Article, row: Row[Any], published: datetime | None, now: datetime) -> datetime:
    """When a material edit was made: as its source says, if that is later than what it said before; else now."""
    said = article.updated
    moment = said if said is not None and said > row.article_updated else now
    return _not_before(moment, published)


def _not_before(updated: datetime, published: datetime | None) -> datetime:
    return max(updated, published) if published is not None else updated


def _log(connection: Connection, outcomes: Iterable[tuple[Outcome, Saved]], now: datetime) -> None:
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
    if rows:
        connection.execute(insert(fetch_log), rows)


def retire(connection: Connection, before: datetime, followed: Sequence[int], limit: int) -> int:
    """Delete what is old and no longer in the last document of any source that is still followed."""
    still_listed = exists().where(
        listings.c.article == articles.c.pk,
        listings.c.source_id == sources.c.id,
        sources.c.id.in_(followed),
        listings.c.last_listed >= sources.c.document_at,
    )
    old = select(articles.c.pk).where(articles.c.date < before, ~still_listed).order_by(articles.c.date).limit(limit)
    pks = list(connection.execute(old).scalars())
    archiving.stale(connection, pks)
    months.stale(connection, pks)
    paging.bury(connection, pks)
    searching.remove(connection, searching.row_numbers(connection, pks))
    for part in listing.chunks(pks):
        connection.execute(delete(articles).where(articles.c.pk.in_(part)))
    return len(pks)


def rematch(connection: Connection, matches: Mapping[str, Mapping[str, TopicMatch]]) -> None:
    """Set the topics of each article (by id)."""
    for part in listing.chunks(list(matches)):
        columns = (articles.c.pk, articles.c.id, articles.c.date, articles.c.language)
        rows = connection.execute(select(*columns).where(articles.c.id.in_(part)))
        membership.replace(connection, [Placed(row.pk, row.date, row.language, matches[row.id]) for row in rows])
