"""What a source's last document held is not read again; what comes of it is as if the whole had been read."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace

from bench import origin
from feeds import reading
from feeds.config import parse as parse_config
from feeds.model import Article, KnownItem, Reading, Response
from feeds.parse import items
from tests.build import NOW, source
from tests.test_parse_plain import rearranged
from tests.web import item, rss

URL = "https://courier.example/feed"


@pytest.fixture(autouse=True)
def _prepared() -> None:
    reading.prepare(parse_config('[topics.sahel]\nuse = "sahel"', Path("config.toml")))


def read(body: bytes, known: Mapping[str, KnownItem] | None = None, **config: str) -> Reading:
    return reading.read(Response(URL, 200, {}, body), source(**config), NOW, known)


def by_identity(articles: tuple[Article, ...]) -> dict[str, Article]:
    return {article.identity: replace(article, position=0) for article in articles}


def check_equal(before: bytes, after: bytes) -> Reading:
    """That *after* comes to the same whether or not *before* is known; what it comes to, where that is known."""
    whole, part = read(after), read(after, read(before).items)
    articles = by_identity(whole.articles)
    assert by_identity(part.articles) == {key: articles[key] for key in articles if key not in part.unchanged}
    assert articles.keys() >= set(part.unchanged)
    assert part.listed == whole.listed
    assert part.feed == whole.feed
    assert part.items == whole.items or not whole.items
    return part


@pytest.mark.parametrize("number", range(10, 50, 10))
@pytest.mark.parametrize("kind", ["rss", "atom", "rdf", "json"])
def test_two_new_items_alone_are_read(kind: str, number: int) -> None:
    part = check_equal(origin.document(number, kind, 0), origin.document(number, kind, 1))
    assert len(part.articles) == origin.NEW
    assert len(part.unchanged) == part.listed - origin.NEW


def test_unusual_items_are_left_out_too() -> None:
    odd = "<media:keywords xmlns:media='http://search.yahoo.com/mrss/'>a</media:keywords>"
    old = [item("a") + odd, item("b")]
    part = check_equal(rss(*old), rss(item("new") + odd, *old))
    assert [article.guid for article in part.articles] == ["new"]


def test_edited_item_is_read_and_those_around_it_are_not() -> None:
    part = check_equal(rss(item("a"), item("b"), item("c")), rss(item("a"), item("b", "Other words"), item("c")))
    assert [article.title for article in part.articles] == ["Other words"]
    assert len(part.unchanged) == 2


def test_item_that_moved_is_not_read() -> None:
    assert check_equal(rss(item("a"), item("b")), rss(item("b"), item("a"))).articles == ()


def test_new_date_in_the_head_changes_nothing() -> None:
    old, new = (f"<lastBuildDate>Tue, 24 Nov 2026 0{hour}:00:00 GMT</lastBuildDate>" for hour in (7, 8))
    assert check_equal(rss(item("a"), head=old), rss(item("a"), head=new)).articles == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b"<description>News", b"<language>ru</language><description>News"),
        lambda body: body.replace(b'version="2.0"', b'version="2.0" xml:lang="ru"'),
        lambda body: body.replace(b'version="2.0"', b'version="2.0" xml:base="https://other.example/"'),
        lambda body: body.replace(b"<channel>", b'<channel xml:lang="ru">'),
    ],
)
def test_head_that_means_something_else_has_all_read_again(change: Callable[[bytes], bytes]) -> None:
    before = rss(item("a"), item("b"))
    assert change(before) != before
    assert len(check_equal(before, change(before)).articles) == 2


def test_other_language_in_the_config_has_all_read_again() -> None:
    body = rss(item("a"))
    assert len(read(body, read(body).items, language="ru").articles) == 1


def test_new_item_with_a_known_guid_has_all_read() -> None:
    old = item("a")
    part = check_equal(rss(old), rss(item("a", "Other words"), old))
    assert [article.title for article in part.articles] == ["Other words"]


def test_new_item_with_a_known_address_has_all_read() -> None:
    old = item("a")
    new = item("b").replace("courier.example/b", "courier.example/a")
    assert [article.url_is_shared for article in check_equal(rss(old), rss(new, old)).articles] == [True, True]


def test_items_that_shared_an_address_are_read_when_one_goes() -> None:
    one, other = item("a"), item("b").replace("courier.example/b", "courier.example/a")
    assert [article.url_is_shared for article in check_equal(rss(one, other), rss(one)).articles] == [False]


@pytest.mark.parametrize("broken", [lambda body: body[:-40], lambda body: body.replace(b"</title>", b"", 1)])
def test_broken_document_is_read_whole(broken: Callable[[bytes], bytes]) -> None:
    before = rss(item("a"), item("b"), item("c"))
    part = read(broken(before), read(before).items)
    assert part.unchanged == ()
    assert part.articles


def test_the_same_item_twice_is_known_once() -> None:
    part = check_equal(rss(item("a")), rss(item("a"), item("a")))
    assert part.listed == 1


def test_json_items_are_told_apart_by_what_they_say() -> None:
    one = {"id": "1", "url": "https://courier.example/1", "title": "One"}
    head = {"version": "https://jsonfeed.org/version/1.1", "title": "Courier"}
    before = json.dumps(head | {"items": [one]}).encode()
    after = json.dumps(
        head | {"items": [one, one | {"id": "2", "url": "https://courier.example/2"}]}, indent=2
    ).encode()
    assert [article.guid for article in check_equal(before, after).articles] == ["2"]


def test_rearranged_feeds_come_to_the_same() -> None:
    chance = random.Random(11)
    left_out = 0
    for _ in range(120):
        number = chance.randrange(9)
        whole = origin.document(number, origin.FORMATS[number], 0)
        before = items.without(whole, (items.spans(whole) or [])[6:])
        after = rearranged(chance, etree.tostring(etree.fromstring(before)))
        left_out += len(check_equal(etree.tostring(etree.fromstring(before)), after).unchanged)
    assert left_out > 100
