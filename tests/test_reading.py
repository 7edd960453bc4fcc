"""What a child process does with one document."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feeds import reading
from feeds.config import Source, secrets_of
from feeds.config import parse as parse_config
from feeds.model import Article, Entry, ParsedFeed, Response, Text, TopicMatch
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


def test_secret_of_the_address_is_cut_out_of_the_document_and_a_section_s_number_is_not() -> None:
    link = "https://courier.example/a?sid=5&amp;token=s3cr3t99&amp;id=1"
    body = rss(f"<title>T</title><guid>{link}</guid><link>{link}</link>")
    asked = source(url="https://courier.example/feed?sid=5&token=s3cr3t99")
    answer = Response("https://courier.example/feed", 200, {}, body)
    (article,) = reading.read(answer, asked, NOW, None, secrets_of(asked)).articles
    assert "s3cr3t99" not in repr(article)
    assert "sid=5" in (article.link or "")


def test_bug_that_one_entry_brings_out_costs_only_that_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(article: Article, source: Source) -> dict[str, TopicMatch]:
        if article.guid == "bad":
            raise TypeError
        return {}

    monkeypatch.setattr(reading._topics, "match", failing)
    found = reading.read(
        Response("https://courier.example/feed", 200, {}, rss(item("bad"), item("good"))), source(), NOW
    )
    assert [article.guid for article in found.articles] == ["good"]
    assert found.feed.problem == "1 entry made the program fail (TypeError), a bug"
