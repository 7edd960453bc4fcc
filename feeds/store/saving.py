"""Articles into the store: new ones, edits, and what retention takes out. Called by Store alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy import Connection, Row, bindparam, delete, exists, select, update

from feeds.edits import is_material, said
from feeds.model import Article, Entry, KnownItem, Outcome, Reading, Saved, SourceState, TopicMatch
from feeds.store import archiving, bulk, listing, membership, months, paging, searching
from feeds.store.listing import Key
from feeds.store.membership import Placed
from feeds.store.polling import log, save_states
from feeds.store.schema import articles, documents_read, listings, snapshots, sources, texts

# "Of undated ones only the ten topmost enter subscription feeds", in the first document of a source added later.
_UNDATED_AT_FIRST = 10
# Of one document at one time: each costs a page and more, and publishing must end in time.
_MOST_NEW = 1000
_MOST_BYTES = 10_000_000  # of documents that are saved together

_FIELDS = Article.__struct_fields__
_COLUMNS = tuple(name for name in _FIELDS if name in articles.c and name not in ("published", "updated"))
_TEXTS = tuple(name for name in _FIELDS if name in texts.c)

_SOURCES = select(
    sources.c.id,
    sources.c.position,
    sources.c.document_at,
    exists().where(listings.c.source_id == sources.c.id).label("has_listings"),
).where(sources.c.id.in_(bindparam("ids", expanding=True)))
_STORED = select(articles.c.id, articles.c.pk).where(articles.c.id.in_(bindparam("ids", expanding=True)))
_STILL_LISTED = (
    update(listings)
    .where(listings.c.source_id == bindparam("source"), listings.c.identity.in_(bindparam("known", expanding=True)))
    .values(last_listed=bindparam("now"))
)
_FORGET = delete(documents_read).where(documents_read.c.source_id == bindparam("source_id"))


class _Document(Struct):
    """What was read of a source. *position* as in sources; *held* are the identities that subscription feeds leave out.

    *known* are the listings of what it listed before, which stand for the articles *taken*; *strangers* are the others.
    """

    state: SourceState
    position: int
    document_at: datetime | None
    reading: Reading
    held: set[str]
    taken: set[int] = field(default_factory=set)
    known: dict[Key, Row[Any]] = field(default_factory=dict)
    strangers: list[Article] = field(default_factory=list)
    left: int = 0

    @property
    def source_id(self) -> int:
        return self.state.id


def save(
    connection: Connection, namespace: uuid.UUID, outcomes: Sequence[Outcome], now: datetime, published: bool
) -> list[Saved]:
    """Keep *outcomes*, one a source. *published* says whether the store has published before: there is someone to flood."""
    saved: dict[int, Saved] = {}
    left: dict[int, SourceState] = {}
    for part in _apart(outcomes):
        documents = _documents(connection, part, published)
        saved |= _save_documents(connection, namespace, documents, now)
        left |= {each.source_id: _unread(each) for each in documents if each.left}
    pairs = [(outcome, saved.get(outcome.state.id, Saved())) for outcome in outcomes]
    save_states(connection, [left.get(outcome.state.id, outcome.state) for outcome in outcomes])
    log(connection, pairs, now)
    return [each for _, each in pairs]


def _apart(outcomes: Iterable[Outcome]) -> Iterator[list[Outcome]]:
    """Those with documents, in parts of which no two have an address or a text in common: one's article may be another's.

    A part is as large as one large document may be, and not larger: its rows are in memory together.
    """
    part: list[Outcome] = []
    keys: set[str | None] = set()
    size = 0
    for outcome in outcomes:
        if outcome.reading is None:
            continue
        articles_of_source = outcome.reading.articles
        mine = {each.url for each in articles_of_source} | {listing.copied_words(each) for each in articles_of_source}
        mine -= {None, ""}
        if part and (size + outcome.size > _MOST_BYTES or not keys.isdisjoint(mine)):
            yield part
            part, keys, size = [], set(), 0
        part.append(outcome)
        keys |= mine
        size += outcome.size
    if part:
        yield part


def _documents(connection: Connection, outcomes: Sequence[Outcome], published: bool) -> list[_Document]:
    """What was read of each source, beside what it already lists."""
    rows: dict[int, Row[Any]] = {}
    for ids in listing.chunks([outcome.state.id for outcome in outcomes]):
        rows |= {row.id: row for row in connection.execute(_SOURCES, {"ids": ids})}
    documents = []
    for outcome in outcomes:
        assert outcome.reading is not None
        source, found = outcome.state.id, outcome.reading.articles
        row = rows.get(source)
        document_at = row.document_at if row else None
        held = _held(found) if document_at is None and published else set()
        document = _Document(outcome.state, row.position if row else 0, document_at, outcome.reading, held)
        if row and row.has_listings:
            document.known = listing.known(connection, source, found)
            found = _set_apart(connection, document)
            document.taken = {row.article for row in document.known.values() if row.article is not None}
            _part(connection, document)
        strangers = [article for article in found if (source, article.identity) not in document.known]
        document.strangers, document.left = strangers[:_MOST_NEW], len(strangers[_MOST_NEW:])
        documents.append(document)
    return documents


def _set_apart(connection: Connection, document: _Document) -> tuple[Article, ...]:
    """The document's articles, each under the identity that it has had since it stood beside another with the same guid."""
    found = document.reading.articles
    apart = listing.set_apart(connection, document.source_id, document.known, found)
    if apart:
        found = tuple(
            replace(each, identity=row.identity) if (row := apart.get(each.identity)) is not None else each
            for each in found
        )
        # Its items are known by the identity that the document alone gives: they are to be read again.
        document.reading = replace(document.reading, articles=found, items={})
        document.known = listing.known(connection, document.source_id, found)
    return found


def _part(connection: Connection, document: _Document) -> None:
    """Forget of those entries that stand beside each other now that they were taken for one article."""
    listed = _listed(document)
    for key in listing.no_longer_one(connection, document.source_id, document.known, listed):
        del document.known[key]
        source_id, identity = key
        mine = (listings.c.source_id == source_id) & (listings.c.identity == identity)
        connection.execute(delete(listings).where(mine))


def _listed(document: _Document) -> set[str]:
    """The identities of all entries that the document holds."""
    return {article.identity for article in document.reading.articles}.union(document.reading.unchanged)


def _held(found: Sequence[Article]) -> set[str]:
    undated = sorted((article for article in found if article.published is None), key=lambda each: each.position)
    return {article.identity for article in undated[_UNDATED_AT_FIRST:]}


def _unread(document: _Document) -> SourceState:
    """The source's state, where entries are left for the next time: as if its document had not been read."""
    return replace(
        document.state,
        etag=None,
        last_modified=None,
        body_hash=None,
        document_at=document.document_at,
        problem=f"{document.left} of its entries are left for the next time: more than {_MOST_NEW} at once are too many",
    )


def known_items(connection: Connection, source_id: int) -> dict[str, KnownItem]:
    """What the items of this source's last document came to, by their keys."""
    found = select(documents_read.c.known).where(documents_read.c.source_id == source_id)
    packed = connection.execute(found).scalar()
    return {} if packed is None else msgspec.msgpack.decode(packed, type=dict[str, KnownItem])


def _know(connection: Connection, documents: Iterable[_Document]) -> None:
    """Keep what the documents' items came to; not where some of them are not in the store yet."""
    rows = [
        {"source_id": each.source_id, "known": msgspec.msgpack.encode(each.reading.items)}
        for each in documents
        if each.reading.items and not each.left
    ]
    bulk.run(connection, _FORGET, rows)
    bulk.insert(connection, documents_read, rows)


def _save_documents(
    connection: Connection, namespace: uuid.UUID, documents: Sequence[_Document], now: datetime
) -> dict[int, Saved]:
    """Keep what stands in *documents*, which have no address in common; what came of each, by its source."""
    strangers = [(each.source_id, article) for each in documents for article in each.strangers]
    listed = {each.source_id: _listed(each) for each in documents}
    taken = {(each.source_id, pk) for each in documents for pk in each.taken}
    twins = listing.twins(connection, strangers, listed, taken)
    ids = {}
    for source, each in strangers:
        if (source, each.identity) not in twins:
            ids[source, each.identity] = str(uuid.uuid5(namespace, f"{source}\n{each.identity}"))
    stored = _stored(connection, ids)  # though no listing says so, as after the repair of a damaged store
    new = [
        (source, each) for source, each in strangers if (key := (source, each.identity)) in ids and key not in stored
    ]
    held = {(each.source_id, identity) for each in documents for identity in each.held}
    pks: dict[Key, int | None] = {**stored, **_insert(connection, new, ids, held, now)}
    for key, twin in twins.items():
        pks[key] = twin.article
    archiving.touch(connection, {twin.article for twin in twins.values() if twin.article is not None})
    _list(connection, strangers, pks, now)
    _still_listed(connection, documents, now)
    updated = {each.source_id: _edit_all(connection, each, twins, stored, now) for each in documents}
    _know(connection, documents)
    count = dict.fromkeys(updated, 0)
    for source, _ in new:
        count[source] += 1
    return {each.source_id: Saved(count[each.source_id], updated[each.source_id], each.left) for each in documents}


def _stored(connection: Connection, ids: Mapping[Key, str]) -> dict[Key, int]:
    """The keys of those stored articles that have these ids."""
    keys = {id_: key for key, id_ in ids.items()}
    found: dict[Key, int] = {}
    for part in listing.chunks(list(keys)):
        found |= {keys[row.id]: row.pk for row in connection.execute(_STORED, {"ids": part})}
    return found


def _insert(
    connection: Connection,
    new: Sequence[tuple[int, Article]],
    ids: Mapping[Key, str],
    held: set[Key],
    now: datetime,
) -> dict[Key, int]:
    """Insert the new articles of these sources; their keys in the store."""
    if not new:
        return {}
    first = listing.next_key(connection, articles.c.pk)
    pks = {(source, article.identity): pk for pk, (source, article) in enumerate(new, first)}
    rows = [
        _values(article)
        | {
            "pk": pks[source, article.identity],
            "id": ids[source, article.identity],
            "source_id": source,
            "published": article.published,
            "updated": article.updated or article.published or now,
            "first_seen": now,
            "date": article.published or now,
            "held": (source, article.identity) in held,
        }
        for source, article in new
    ]
    bulk.insert(connection, articles, rows)
    said = [_texts(article) | {"article": pk} for pk, (_, article) in enumerate(new, first)]
    bulk.insert(connection, texts, said, together=4)
    placed = [Placed(pk, each.published or now, each.language, each.topics) for pk, (_, each) in enumerate(new, first)]
    membership.place(connection, placed)
    return pks


def _values(article: Article) -> dict[str, Any]:
    values = {name: getattr(article, name) for name in _COLUMNS}
    digests = listing.known_by(article)
    return values | {"words_key": digests.words, "entry_key": digests.all}


def _texts(article: Article) -> dict[str, Any]:
    return {name: getattr(article, name) for name in _TEXTS}


def _list(
    connection: Connection, strangers: Iterable[tuple[int, Article]], pks: Mapping[Key, int | None], now: datetime
) -> None:
    rows = [
        {
            "source_id": source,
            "identity": article.identity,
            "article": pks[source, article.identity],
            "url": article.url,
            "url_is_shared": article.url_is_shared,
            "title_key": listing.known_by(article).title,
            "published": article.published,
            "first_listed": now,
            "last_listed": now,
        }
        for source, article in strangers
    ]
    bulk.insert(connection, listings, rows)


def _still_listed(connection: Connection, documents: Iterable[_Document], now: datetime) -> None:
    for document in documents:
        identities = [*(identity for _, identity in document.known), *document.reading.unchanged]
        for part in listing.chunks(identities):
            connection.execute(_STILL_LISTED, {"source": document.source_id, "known": part, "now": now})


def _edit_all(
    connection: Connection,
    document: _Document,
    twins: Mapping[Key, Row[Any]],
    stored: Mapping[Key, int],
    now: datetime,
) -> int:
    """Take over what the source changed of articles that were there before; how many of the edits were material."""
    source = document.source_id
    again = [article for article in document.strangers if (source, article.identity) in stored]
    known = document.known | (listing.known(connection, source, again) if again else {})
    edited = 0
    for article in document.reading.articles:
        key = (source, article.identity)
        row = known.get(key) or twins.get(key)
        if row is not None:
            edited += _edit(connection, document, article, row, now)
    return edited


def _edit(connection: Connection, document: _Document, article: Article, row: Row[Any], now: datetime) -> bool:
    """Take over what the article's own source changed; True where the edit was material."""
    source_id = document.source_id
    digests = listing.known_by(article)
    told = {"url": article.url, "url_is_shared": article.url_is_shared, "title_key": digests.title}
    if any(getattr(row, name) != value for name, value in told.items()):
        mine = (listings.c.source_id == source_id) & (listings.c.identity == article.identity)
        connection.execute(update(listings).where(mine).values(told))
    if row.article is None:
        return False
    if row.article_position > document.position and row.article_first_seen == now:
        _take_over(connection, source_id, article, row.article, now)
        return False
    if row.article_source_id != source_id or row.article_entry_key == digests.all or _is_emptied(article):
        return False
    material = row.article_words_key != digests.words and _is_material(connection, article, row.article)
    published = row.article_published or _corrected(connection, article, row)
    values = _values(article) | {
        "published": published,
        "updated": _updated(article, row, published, now) if material else _not_before(row.article_updated, published),
        "date": published or row.article_first_seen,
    }
    _write_over(connection, row.article, article, values)
    membership.replace(connection, [Placed(row.article, values["date"], article.language, article.topics)])
    return material


def _is_material(connection: Connection, article: Article, pk: int) -> bool:
    """True where the words of *article* differ from the stored ones in more than counters and the like."""
    columns = (articles.c.title, texts.c.summary, texts.c.content, texts.c.entry)
    stored = connection.execute(select(*columns).join(texts).where(articles.c.pk == pk)).first()
    if stored is None:  # a damaged store has lost its text
        return True
    before = said(msgspec.convert(stored.entry, Entry))
    if any(before) and before == said(article.entry):
        return False  # this version of the program makes something else of the same words
    return is_material(
        (stored.title, stored.content or stored.summary), (article.title, article.content or article.summary)
    )


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
    _write_over(connection, pk, article, values)
    membership.replace(connection, [Placed(pk, date, article.language, article.topics)])


def _write_over(connection: Connection, pk: int, article: Article, values: Mapping[str, Any]) -> None:
    connection.execute(update(articles).where(articles.c.pk == pk).values(values))
    connection.execute(update(texts).where(texts.c.article == pk).values(_texts(article)))


def _corrected(connection: Connection, article: Article, row: Row[Any]) -> datetime | None:
    """A date for an article without one, where its source wrote another; None where time alone made it usable."""
    if article.published is None:
        return None
    entry = connection.execute(select(texts.c.entry).where(texts.c.article == row.article)).scalar() or {}
    before = entry.get("published") or entry.get("updated")
    return article.published if (article.entry.published or article.entry.updated) != before else None


def _updated(article: Article, row: Row[Any], published: datetime | None, now: datetime) -> datetime:
    """When a material edit was made: as its source says, if that is later than what it said before; else now."""
    said = article.updated
    moment = said if said is not None and said > row.article_updated else now
    return _not_before(moment, published)


def _not_before(updated: datetime, published: datetime | None) -> datetime:
    return max(updated, published) if published is not None else updated


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
    if not pks:
        return 0
    archiving.stale(connection, pks)
    months.stale(connection, pks)
    paging.bury(connection, pks)
    searching.remove(connection, searching.row_numbers(connection, pks))
    listing.use_up_keys(connection, articles.c.pk)
    listing.use_up_keys(connection, snapshots.c.id)
    for part in listing.chunks(pks):
        connection.execute(delete(articles).where(articles.c.pk.in_(part)))
    return len(pks)


def rematch(connection: Connection, matches: Mapping[str, Mapping[str, TopicMatch]]) -> None:
    """Set the topics of each article (by id)."""
    for part in listing.chunks(list(matches)):
        columns = (articles.c.pk, articles.c.id, articles.c.date, articles.c.language)
        rows = connection.execute(select(*columns).where(articles.c.id.in_(part)))
        membership.replace(connection, [Placed(row.pk, row.date, row.language, matches[row.id]) for row in rows])
