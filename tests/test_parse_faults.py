"""feedparser's faults, each mended, and documents whose faults must cost only the entry that they are in."""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace

import pytest

from feeds.model import ParsedFeed, Response
from feeds.parse import parse

URL = "https://courier.example/news/feed"
SPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:georss="http://www.georss.org/georss"'
    ' xmlns:gml="http://www.opengis.net/gml"'
)


def read(document: str | bytes) -> ParsedFeed:
    body = document if isinstance(document, bytes) else document.encode()
    return parse(Response(URL, 200, {"content-type": "application/xml"}, body))


def rss(inner: str) -> ParsedFeed:
    return read(f'<rss version="2.0" {SPACES}><channel><title>Courier</title>{inner}</channel></rss>')


def titles(feed: ParsedFeed) -> list[str | None]:
    return [entry.title.value if entry.title else None for entry in feed.entries]


def test_no_machine_reads_with_another_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    def create_parser() -> None:
        raise AssertionError("libxml2's parser was taken because it is there")

    monkeypatch.setitem(sys.modules, "drv_libxml2", SimpleNamespace(create_parser=create_parser))
    assert titles(rss("<item><title>Rain in Mopti</title></item>")) == ["Rain in Mopti"]


def test_title_of_a_picture_is_not_the_title_of_its_item() -> None:
    (entry,) = rss(
        "<item><title>Rain in Mopti</title><link>https://courier.example/1</link><image><title>Logo</title>"
        "<url>https://courier.example/rain.jpg</url><link>https://courier.example/</link></image></item>"
    ).entries
    assert entry.title is not None
    assert entry.title.value == "Rain in Mopti"
    assert (entry.link, entry.image) == ("https://courier.example/1", "https://courier.example/rain.jpg")


def test_picture_left_open_ends_with_its_item() -> None:
    feed = rss("<item><title>One</title><image></item><item><title>Two</title></item>")
    assert titles(feed) == ["One", "Two"]


def test_caption_is_not_the_content() -> None:
    (entry,) = rss(
        "<item><description>The lead.</description><media:description>A camel.</media:description></item>"
    ).entries
    assert entry.summary is not None
    assert (entry.summary.value, entry.content) == ("The lead.", None)


def test_caption_stands_in_for_a_missing_summary() -> None:
    (entry,) = rss("<item><title>Film</title><media:description>A camel.</media:description></item>").entries
    assert entry.summary is not None
    assert entry.summary.value == "A camel."


@pytest.mark.parametrize(
    ("guid", "link"),
    [
        ("https://courier.example/7", "https://courier.example/7"),
        ("article 7", None),
        ("tag:courier.example,2026:7", None),
        ("javascript:alert(7)", None),
    ],
)
def test_guid_is_a_link_only_where_it_is_an_address(guid: str, link: str | None) -> None:
    (entry,) = rss(f"<item><title>x</title><guid>{guid}</guid></item>").entries
    assert (entry.guid, entry.link) == (guid, link)


def test_relative_id_stays_as_given_and_relative_base_counts() -> None:
    (entry,) = read(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/sport/"><title>x</title>'
        '<entry><id>7</id><title>x</title><link href="seven"/></entry></feed>'
    ).entries
    assert (entry.guid, entry.link) == ("7", "https://courier.example/sport/seven")


def test_categories_come_once_and_empty_ones_not_at_all() -> None:
    (entry,) = rss("<item><title>x</title><category>Mali</category><category/><category>Mali</category></item>").entries
    assert entry.categories == ("Mali",)


def test_picture_is_known_by_its_media_type() -> None:
    (entry,) = rss('<item><title>x</title><media:content url="/a.jpg" type="image/jpeg"/></item>').entries
    assert entry.image == "https://courier.example/a.jpg"


@pytest.mark.parametrize(
    "trap", ["<gml:pos>1 2</gml:pos>", "<textInput><title>x</title></textInput>", "<height></height>"]
)
def test_element_that_feedparser_fails_on_costs_at_most_its_entry(trap: str) -> None:
    feed = rss(f"<item><title>One</title></item><item><title>Two</title>{trap}</item><item><title>Three</title></item>")
    assert {"One", "Three"} <= set(titles(feed))


def test_wrong_end_tag_costs_only_its_entry() -> None:
    feed = rss("<item><title>One</title></item><item><title>Two</ttle></item><item><title>Three</title></item>")
    assert (titles(feed)[0], titles(feed)[-1]) == ("One", "Three")
    assert feed.title == "Courier"
    assert feed.problem is not None


def test_open_cdata_costs_only_its_entry() -> None:
    feed = rss(
        "<item><title>One</title></item><item><title>Two</title><description><![CDATA[<p>x</description></item>"
        "<item><title>Three</title><description>y</description></item><item><title>Four</title></item>"
    )
    assert {"One", "Three", "Four"} <= set(titles(feed))


def test_item_named_in_a_text_is_no_item() -> None:
    feed = rss("<item><title>One</title><description><![CDATA[<item>no</item>]]></description></item><item><title>Two")
    assert titles(feed) == ["One"]


def test_entity_that_stands_for_a_bracket_opens_no_tag() -> None:
    (entry,) = rss("<item><title>1 &LT; 2 &a; 3</title></item>").entries
    assert entry.title is not None
    assert entry.title.value.startswith("1 <") or entry.title.value.startswith("1 &lt;")


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("Президент Мали прибыл в Москву на переговоры", "windows-1251", "koi8-r"),
        ("Президент Мали прибыл в Москву на переговоры", "koi8-r", "windows-1251"),
        ("رئيس مالي يصل إلى موسكو لإجراء محادثات", "windows-1256", "windows-1251"),
        ("Une délégation a été reçue à Bamako après la cérémonie", "windows-1252", "windows-1251"),
        ("Uma delegação foi à reunião de cooperação", "windows-1252", "windows-1256"),
    ],
)
def test_declared_encoding_that_makes_no_words_is_not_believed(text: str, encoding: str, declared: str) -> None:
    body = (
        f'<?xml version="1.0" encoding="{declared}"?><rss version="2.0"><channel><title>x</title>'
        f"<item><title>{text}</title></item></channel></rss>"
    )
    assert titles(read(body.encode(encoding))) == [text]


def test_thousands_of_comments_before_a_feed_take_no_time() -> None:
    started = time.process_time()
    assert titles(read("<!--x-->" * 20_000 + "<rss><channel><item><title>x</title></item></channel></rss>")) == ["x"]
    assert time.process_time() - started < 5
