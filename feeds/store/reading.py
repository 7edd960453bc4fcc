"""Articles out of the store. Called by Store alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, or_, select

from feeds.model import Article, Enclosure, Entry, Evidence, Selected, SourceRef, StoredArticle, TopicMatch
from feeds.order import led_by_dated
from feeds.store.listing import chunks
from feeds.store.schema import article_topics, articles, listings, memberships, sources, texts
from feeds.urls import canonical_url

# All but what the source said, which nothing that is shown needs, and which costs a third of the reading.
_COLUMNS = (*articles.c, texts.c.summary, texts.c.content)
_PLAIN = tuple(
    name
    for name in Article.__struct_fields__
    if name in {column.name for column in _COLUMNS} - {"authors", "categories", "enclosures"}
)


_NO_ENTRY = Entry()


class Selection(Struct, frozen=True):
    """What a feed shows: of those in *feed* (its path under output/) the newest *limit* dated in [since, until]."""

    feed: str
    since: datetime
    until: datetime
    limit: int


def selected(connection: Connection, wanted: Selection) -> list[Selected]:
    """Newest first, then by id, but for the first (see `led_by_dated`); hidden and held ones are left out."""
    is_dated = articles.c.published.is_not(None).label("is_dated")
    query = (
        select(articles.c.pk, articles.c.revision, memberships.c.date, articles.c.source_id, is_dated)
        .join(memberships, memberships.c.article == articles.c.pk)
        .where(memberships.c.feed == wanted.feed, memberships.c.date.between(wanted.since, wanted.until))
        .where(articles.c.hidden_at.is_(None), ~articles.c.held)
        .order_by(memberships.c.date.desc(), articles.c.id)
        .limit(wanted.limit)
    )
    return led_by_dated([Selected(*row) for row in connection.execute(query)], lambda each: each.is_dated)


def load(connection: Connection, pks: Sequence[int]) -> dict[int, StoredArticle]:
    """The articles with these keys, in this order; those that are gone meanwhile are left out."""
    rows: dict[int, Row[Any]] = {}
    for part in chunks(pks):
        rows |= {row.pk: row for row in connection.execute(_LOAD, {"pks": part})}
    there = [pk for pk in pks if pk in rows]
    return dict(zip(there, complete_articles(connection, [rows[pk] for pk in there]), strict=True))


def keys_since(connection: Connection, since: datetime) -> list[int]:
    """The keys of all articles dated since then, oldest first."""
    query = select(articles.c.pk).where(articles.c.date >= since).order_by(articles.c.date, articles.c.id)
    return list(connection.execute(query).scalars())


def feed_paths(connection: Connection) -> list[str]:
    """The feeds that have or had articles, in order: one step through the index for each (a loose index scan)."""
    found = select(func.min(memberships.c.feed).label("feed")).cte("found", recursive=True)
    next_one = select(func.min(memberships.c.feed)).where(memberships.c.feed > found.c.feed).scalar_subquery()
    found = found.union_all(select(next_one).where(found.c.feed.is_not(None)))
    return list(connection.execute(select(found.c.feed).where(found.c.feed.is_not(None))).scalars())


def page(connection: Connection, after: int, limit: int, *, hidden: bool) -> tuple[int, list[StoredArticle]]:
    """Up to *limit* articles with keys above *after*, and the last key."""
    query = rows_of_articles(texts.c.entry).where(articles.c.pk > after).order_by(articles.c.pk).limit(limit)
    if not hidden:
        query = query.where(articles.c.hidden_at.is_(None))
    rows = connection.execute(query).all()
    return (rows[-1].pk if rows else after), complete_articles(connection, rows)


def find(connection: Connection, key: str) -> StoredArticle | None:
    """By id, canonical URL or link; where several have a link, the newest."""
    by_id = articles.c.id == key.removeprefix("urn:uuid:").lower()
    listed = select(listings.c.article).where(listings.c.url.in_({key, canonical_url(key) or key}))
    # Last what no index tells, such as a link that leads to the article by way of another host.
    for is_it in (by_id, articles.c.pk.in_(listed), or_(articles.c.url == key, articles.c.link == key)):
        newest = rows_of_articles().where(is_it).order_by(articles.c.date.desc(), articles.c.id).limit(1)
        if rows := connection.execute(newest).all():
            return complete_articles(connection, rows)[0]
    return None


def rows_of_articles(*more: ColumnElement[Any]) -> Select[Any]:
    """Articles with their sources' names and URLs, as `complete_articles` wants them."""
    names = sources.c.name.label("source_name"), sources.c.url.label("source_url")
    own = select(*_COLUMNS, *names, *more).join(texts, texts.c.article == articles.c.pk)
    return own.join(sources, sources.c.id == articles.c.source_id)


_LOAD = rows_of_articles().where(articles.c.pk.in_(bindparam("pks", expanding=True)))


def complete_articles(connection: Connection, rows: Sequence[Row[Any]]) -> list[StoredArticle]:
    """Rows of articles, each with its source's name and URL, as the program's type."""
    pks = [row.pk for row in rows]
    also, topics = _also(connection, pks), _topics(connection, pks)
    return [_article(row, also.get(pk, ()), topics.get(pk, {})) for pk, row in zip(pks, rows, strict=True)]


def _also(connection: Connection, pks: Sequence[int]) -> dict[int, tuple[SourceRef, ...]]:
    """The other sources that carried each article, in order of their first listing it."""
    also: dict[int, tuple[SourceRef, ...]] = {}
    for part in chunks(pks):
        query = (
            select(listings.c.article, sources.c.name, sources.c.url)
            .join(sources, sources.c.id == listings.c.source_id)
            .join(articles, articles.c.pk == listings.c.article)
            .where(listings.c.article.in_(part), listings.c.source_id != articles.c.source_id)
            .order_by(listings.c.first_listed, sources.c.name)
        )
        for pk, name, url in connection.execute(query):
            source = SourceRef(name, url)
            if source not in also.get(pk, ()):
                also[pk] = (*also.get(pk, ()), source)
    return also


def _topics(connection: Connection, pks: Sequence[int]) -> dict[int, dict[str, TopicMatch]]:
    topics: dict[int, dict[str, TopicMatch]] = {}
    for part in chunks(pks):
        query = select(article_topics).where(article_topics.c.article.in_(part)).order_by(article_topics.c.topic)
        for row in connection.execute(query):
            evidence = msgspec.convert(row.evidence, tuple[Evidence, ...])
            topics.setdefault(row.article, {})[row.topic] = TopicMatch(row.score, evidence)
    return topics


def _article(row: Row[Any], also: tuple[SourceRef, ...], topics: dict[str, TopicMatch]) -> StoredArticle:
    found = row._mapping
    return StoredArticle(
        **{name: found[name] for name in _PLAIN},
        id=f"urn:uuid:{found['id']}",
        identity="",
        authors=tuple(found["authors"]),
        categories=tuple(found["categories"]),
        enclosures=msgspec.convert(found["enclosures"], tuple[Enclosure, ...]) if found["enclosures"] else (),
        entry=msgspec.convert(found["entry"], Entry) if "entry" in found else _NO_ENTRY,
        first_seen=found["first_seen"],
        source=SourceRef(found["source_name"], found["source_url"]),
        also=also,
        topics=topics,
    )
