"""Small values for tests: articles, outcomes, sources. Everything not named in a call is plain and the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from feeds.config import Source
from feeds.model import Article, Entry, Outcome, ParsedFeed, Reading, SourceState, TopicMatch
from feeds.store import Selection, Store

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def source(name: str = "Courier", **values: Any) -> Source:
    """A source that is known by *name*."""
    return Source(url=values.pop("url", f"https://{name.lower()}.example/feed"), name=name, **values)


def article(key: str = "a", **values: Any) -> Article:
    """An article that is known by *key*: its guid, its URL and its title all carry it."""
    url = values.pop("url", f"https://courier.example/{key}")
    defaults: dict[str, Any] = {
        "identity": f"guid:{key}",
        "guid": key,
        "url": url,
        "link": url,
        "title": f"Title {key}",
        "content": f"<p>Text of {key}</p>",
        "published": NOW - HOUR,
        "entry": Entry(guid=key, published="an hour ago"),
    }
    return Article(**(defaults | values))


def in_topic(found: Article, topic: str = "sahel") -> Article:
    return replace(found, topics={topic: TopicMatch(1.5)})


def outcome(state: SourceState, articles: Sequence[Article], at: datetime = NOW) -> Outcome:
    """That *state*'s source listed *articles* at *at*."""
    numbered = tuple(replace(found, position=number) for number, found in enumerate(articles))
    state = replace(state, checked_at=at, succeeded_at=at, document_at=at, failures=0, error=None)
    return Outcome(state=state, reading=Reading(ParsedFeed("rss20"), numbered), status=200)


def listed(store: Store, name: str, articles: Sequence[Article], at: datetime = NOW) -> tuple[int, int]:
    """Save that source *name* listed *articles* at *at*; how many were new and how many updated."""
    state = store.sync_sources([source(name)])[name]
    (saved,) = store.save([outcome(state, articles, at)], at)
    return saved.new, saved.updated


def everything(until: datetime = NOW + 365 * DAY, feed: str = "all") -> Selection:
    """All that feeds may show."""
    return Selection(feed, NOW - 3650 * DAY, until, 10_000)
