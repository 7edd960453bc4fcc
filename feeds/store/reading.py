"""Articles out of the store. Called by Store alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, or_, select

from feeds.model import Article, Enclosure, Entry, Evidence, SourceRef, StoredArticle, TopicMatch
from feeds.store.listing import chunks
from feeds.store.schema import article_topics, articles, listings, memberships, sources

_PLAIN = tuple(
    field.name
    for field in fields(Article)
    if field.name in articles.c and field.name not in ("authors", "categories", "enclosures", "entry")
)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a feed shows: of those in *feed* (its path under output/) the newest *limit* dated in [since, until]."""

    feed: str
    since: datetime
    until: datetime
    limit: int


def select_articles(connection: Connection, wanted: Selection) -> list[StoredArticle]:
    """Newest first, then by id; hidden and held ones are left out."""
    query = (
        _rows()
        .join(memberships, memberships.c.article == articles.c.pk)
        .where(memberships.c.feed == wanted.feed, memberships.c.date.between(wanted.since, wanted.until))
        .where(articles.c.hidden_at.is_(None), ~articles.c.held)
        .order_by(memberships.c.date.desc(), articles.c.id)
        .limit(wanted.limit)
    )
    return _complete(connection, connection.execute(query).all())


def feed_paths(connection: Connection, since: datetime, until: datetime) -> list[str]:
    """The feeds that have articles to show dated in [since, until], in order."""
    shown = (
        select(memberships.c.feed)
        .join(articles, articles.c.pk == memberships.c.article)
        .where(memberships.c.date.between(since, until), articles.c.hidden_at.is_(None), ~articles.c.held)
    )
    return list(connection.execute(shown.distinct().order_by(memberships.c.feed)).scalars())


def page(connection: Connection, after: int, limit: int, *, hidden: bool) -> tuple[int, list[StoredArticle]]:
    """Up to *limit* articles with keys above *after*, and the last key."""
    query = _rows().where(articles.c.pk > after).order_by(articles.c.pk).limit(limit)
    if not hidden:
        query = query.where(articles.c.hidden_at.is_(None))
    rows = connection.execute(query).all()
    return (rows[-1].pk if rows else after), _complete(connection, rows)


def find(connection: Connection, key: str) -> StoredArticle | None:
    """By id, canonical URL or link; where several have a link, the newest."""
    is_it = or_(articles.c.id == key.removeprefix("urn:uuid:").lower(), articles.c.url == key, articles.c.link == key)
    rows = connection.execute(_rows().where(is_it).order_by(articles.c.date.desc(), articles.c.id).limit(1)).all()
    return _complete(connection, rows)[0] if rows else None


def _rows() -> Select[Any]:
    return select(articles, sources.c.name.label("source_name"), sources.c.url.label("source_url")).join(
        sources, sources.c.id == articles.c.source_id
    )


def _complete(connection: Connection, rows: Sequence[Row[Any]]) -> list[StoredArticle]:
    pks = [row.pk for row in rows]
    also, topics = _also(connection, pks), _topics(connection, pks)
    return [_article(row, also.get(row.pk, ()), topics.get(row.pk, {})) for row in rows]


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
    return StoredArticle(
        **{name: getattr(row, name) for name in _PLAIN},
        id=f"urn:uuid:{row.id}",
        identity="",
        authors=tuple(row.authors),
        categories=tuple(row.categories),
        enclosures=msgspec.convert(row.enclosures, tuple[Enclosure, ...]),
        entry=msgspec.convert(row.entry, Entry),
        first_seen=row.first_seen,
        source=SourceRef(row.source_name, row.source_url),
        also=also,
        topics=topics,
    )
