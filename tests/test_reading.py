"""What a child process does with one document."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feeds import reading
from feeds.config import parse as parse_config
from feeds.model import Entry, ParsedFeed, Response, Text
from tests.build import NOW, source
from tests.web import item, rss


@pytest.fixture(autouse=True)
def _prepared() -> None:
    reading.prepare(parse_config('[topics.sahel]\nuse = "sahel"', Path("config.toml")))


def test_articles_come_with_their_topics_and_without_secrets() -> None:
    body = rss(item("a", "Mali and Niger reopen their border"), item("b", "Rain in Cardiff"))
    found = reading.read(
        Response("https://courier.example/feed?token=s3cr3t99", 200, {}, body), source(), NOW + timedelta(days=1)
    )
    assert [(article.guid, list(article.topics)) for article in found.articles] == [("a", ["sahel"]), ("b", [])]
    assert found.feed.entries == ()
    assert "s3cr3t99" not in repr(found)


def test_entry_that_no_store_takes_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = (Entry(guid="bad", title=Text("T"), categories=("\ud800",)), Entry(guid="good", title=Text("T")))
    monkeypatch.setattr(reading, "parse", lambda *_: ParsedFeed("rss20", entries=entries))
    found = reading.read(Response("https://courier.example/feed", 200, {}, b""), source(), NOW)
    assert [article.guid for article in found.articles] == ["good"]
