"""Which feeds an article is in: every topic's, and of each its language's and its countries'. Called by saving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, delete, select, update

from feeds.language import base_language, language_tag
from feeds.model import TopicMatch
from feeds.store import bulk, months
from feeds.store.archiving import touch
from feeds.store.listing import chunks
from feeds.store.schema import article_topics, articles, memberships

ALL = "all"


class Placed(Struct, frozen=True):
    """A stored article, as far as its place in feeds goes."""

    pk: int
    date: datetime
    language: str | None
    topics: Mapping[str, TopicMatch]


def feed_paths(language: str | None, topics: Mapping[str, TopicMatch]) -> set[str]:
    """The paths under output/ of the feeds that an article in *language* and *topics* belongs to."""
    paths = set()
    tag = language_tag(language)  # older versions stored "us", too
    for topic in (ALL, *topics):
        paths.add(topic)
        if tag:
            paths.add(f"{topic}/lang/{base_language(tag)}")
        paths |= {f"{topic}/country/{country.lower()}" for country in countries(topics)}
    return paths


def countries(topics: Mapping[str, TopicMatch]) -> set[str]:
    """The countries that an article is about (ISO 3166-1): those whose names, towns or people stand in headline or lead."""
    evidence = (each for match in topics.values() for each in match.evidence)
    return {each.country for each in evidence if each.country and each.where in ("title", "lead")}


def place(connection: Connection, found: Sequence[Placed]) -> None:
    """Write the topics and feeds of articles that have none in the store."""
    topics = [
        {"article": each.pk, "topic": topic, "score": match.score, "evidence": match.evidence}
        for each in found
        for topic, match in each.topics.items()
    ]
    feeds = [
        {"feed": path, "article": each.pk, "date": each.date}
        for each in found
        for path in sorted(feed_paths(each.language, each.topics))
    ]
    bulk.insert(connection, article_topics, topics)
    bulk.insert(connection, memberships, feeds)


def replace(connection: Connection, found: Sequence[Placed]) -> None:
    """Write the topics and feeds of articles anew."""
    months.stale(connection, [each.pk for each in found])  # those that they leave
    for part in chunks([each.pk for each in found]):
        connection.execute(delete(article_topics).where(article_topics.c.article.in_(part)))
        connection.execute(delete(memberships).where(memberships.c.article.in_(part)))
    place(connection, found)
    touch(connection, [each.pk for each in found])


def date_anew(connection: Connection, pks: Sequence[int], now: datetime) -> None:
    """Bring back to *now* what was dated later: a date that was in the future is none."""
    months.stale(connection, pks)
    known = articles.c
    for part in chunks(pks):
        for row in connection.execute(
            select(known.pk, known.published, known.first_seen, known.updated).where(known.pk.in_(part))
        ).all():
            published = row.published if row.published is not None and row.published <= now else None
            first_seen = min(row.first_seen, now)
            date = published or first_seen
            values = {"published": published, "first_seen": first_seen, "updated": min(row.updated, now), "date": date}
            connection.execute(update(articles).where(known.pk == row.pk).values(values))
            connection.execute(update(memberships).where(memberships.c.article == row.pk).values(date=date))
    touch(connection, pks)
