"""What feeds' texts rest on, and their pictures: from the document to the article. Feeds written for this project."""

from __future__ import annotations

import json

import pytest

from feeds.model import Article, Response
from feeds.normalise import normalise
from feeds.parse import parse
from tests.build import NOW, source

FEED = "https://feeds.syndicator.example/courier.xml"
PAGE = "https://courier.example/2026/dam/"


def read(body: str, url: str = FEED) -> Article:
    (article,) = normalise(parse(Response(url=url, status=200, headers={}, body=body.encode())), source(), NOW)
    return article


def rss(item: str, root: str = "", head: str = "<link>https://courier.example/</link>") -> Article:
    names = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
        'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
    )
    return read(
        f'<?xml version="1.0"?><rss version="2.0" {names} {root}><channel><title>C</title>{head}'
        f"<item><title>Dam</title>{item}</item></channel></rss>"
    )


def atom(entry: str, root: str = "") -> Article:
    return read(
        f'<feed xmlns="http://www.w3.org/2005/Atom" {root}><id>urn:f</id><title>C</title>'
        f"<entry><id>urn:1</id><title>Dam</title>{entry}</entry></feed>"
    )


def described(markup: str) -> str:
    return f"<description><![CDATA[{markup}]]></description>"


RELATIVE = (
    '<a href="next.html">n</a> <a href="/top">t</a> <a href="//cdn.example/x">c</a> '
    "<a href='?p=2'>q</a> <a class=x href=#note>1</a>"
)


def test_addresses_in_rss_rest_on_the_article() -> None:
    said = rss(f"<link>{PAGE}</link>{described(RELATIVE)}").content
    for address in ("next.html", "?p=2", "#note"):
        assert f'href="{PAGE}{address}"' in said
    assert 'href="https://courier.example/top"' in said
    assert 'href="https://cdn.example/x"' in said
    assert "syndicator" not in said


@pytest.mark.parametrize(
    "item",
    [
        f'<guid isPermaLink="true">{PAGE}</guid>',
        f"<link>https://feeds.syndicator.example/~r/1</link><feedburner:origLink>{PAGE}</feedburner:origLink>",
        f"<link>{PAGE}</link><category>odd<b>markup</b></category>",  # read by feedparser
        f"<link>{PAGE}?utm_source=feed</link>",
    ],
)
def test_article_of_rss_is_known_by_all_that_names_its_page(item: str) -> None:
    said = rss(f"{item}{described('<img src=a.jpg> <a href=#note>1</a>')}")
    assert f'src="{PAGE}a.jpg"' in said.content
    assert f'href="{PAGE}#note"' in said.content
    assert said.image == f"{PAGE}a.jpg"


def test_article_of_rss_without_a_page_rests_on_its_site() -> None:
    said = rss(f'<guid isPermaLink="false">1</guid>{described("<img src=/a.jpg> <a href=#note>1</a>")}').content
    assert 'src="https://courier.example/a.jpg"' in said
    assert "#note" not in said


@pytest.mark.parametrize("place", ["root", "element"])
def test_xml_base_in_rss_counts(place: str) -> None:
    base = 'xml:base="https://static.example/b/"'
    opening = f"<content:encoded {base}>" if place == "element" else "<content:encoded>"
    said = rss(
        f"<link>{PAGE}</link>{opening}<![CDATA[<img src=a.jpg>]]></content:encoded>", base if place == "root" else ""
    )
    assert 'src="https://static.example/b/a.jpg"' in said.content


def test_addresses_in_atom_rest_on_the_document_or_xml_base() -> None:
    content = '<content type="html">&lt;img src="a.jpg"&gt; &lt;a href="#note"&gt;1&lt;/a&gt;</content>'
    said = atom(f'<link href="{PAGE}"/>{content}').content
    assert 'src="https://feeds.syndicator.example/a.jpg"' in said
    assert f'href="{PAGE}#note"' in said
    said = atom(f'<link href="{PAGE}"/>{content}', 'xml:base="https://static.example/b/"').content
    assert 'src="https://static.example/b/a.jpg"' in said
    assert f'href="{PAGE}#note"' in said
    assert "#note" not in atom(content).content


def test_addresses_in_json_rest_on_the_article() -> None:
    item = {"id": "1", "url": PAGE, "content_html": '<img src="a.jpg"> <a href="#note">1</a>'}
    said = read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "C", "items": [item]})).content
    assert f'src="{PAGE}a.jpg"' in said
    assert f'href="{PAGE}#note"' in said


@pytest.mark.parametrize(
    ("content", "link", "image", "enclosures"),
    [
        (
            '<content src="https://courier.example/1.html" type="text/html"/>',
            "https://courier.example/1.html",
            None,
            [],
        ),
        ('<content src="/1.pdf" type="application/pdf"/>', "https://feeds.syndicator.example/1.pdf", None, []),
        (f'<link href="{PAGE}"/><content src="/1.html" type="text/html"/>', PAGE, None, []),
        ('<content src="/1.png" type="image/png"/>', None, "https://feeds.syndicator.example/1.png", []),
        (
            f'<link href="{PAGE}"/><content src="/1.mp3" type="audio/mpeg"/>',
            PAGE,
            None,
            ["https://feeds.syndicator.example/1.mp3"],
        ),
        ('<content xml:base="https://static.example/" src="1.html"/>', "https://static.example/1.html", None, []),
    ],
)
def test_content_that_is_elsewhere_gives_its_address(
    content: str, link: str | None, image: str | None, enclosures: list[str]
) -> None:
    article = atom(content)
    assert (article.link, article.image) == (link, image)
    assert [each.url for each in article.enclosures] == enclosures


MEDIA = '<media:content url="https://i.example/media.jpg" medium="image"/>'
ITUNES = '<itunes:image href="https://i.example/itunes.jpg"/>'
ENCLOSURE = '<enclosure url="https://i.example/enclosure.jpg" type="image/jpeg" length="9"/>'
NAMED = '<meta content="https://i.example/named.jpg" property="og:image">'
SHOWN = '<p>Text</p><img src="https://i.example/shown.jpg">'


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (f"{ENCLOSURE}{ITUNES}{MEDIA}{described(NAMED + SHOWN)}", "media"),
        (f"{ENCLOSURE}{ITUNES}{described(NAMED + SHOWN)}", "itunes"),
        (f"{ENCLOSURE}{described(NAMED + SHOWN)}", "enclosure"),
        (f"{described(NAMED + SHOWN)}", "named"),
        (f"{described(SHOWN)}", "shown"),
        (f"{described(SHOWN)}<content:encoded>No picture here.</content:encoded>", "shown"),
        ('<media:thumbnail url="https://i.example/blank.gif"/>' + ITUNES, "itunes"),
        ('<media:content url="https://secure.gravatar.com/avatar/1?s=96" medium="image"/>' + ENCLOSURE, "enclosure"),
        ('<media:content url="https://i.example/count.gif" type="image/gif" width="1" height="1"/>' + MEDIA, "media"),
        ('<media:content url="https://i.example/film.mp4" type="video/mp4"/>' + ITUNES, "itunes"),
        ('<media:content url="https://i.example/media.jpg?w=9"/>', "media"),
        ("<image>https://i.example/own.jpg</image>", "own"),
        ("<image><url>https://i.example/own.jpg</url><title>x</title></image>", "own"),
        ('<enclosure url="https://i.example/enclosure.jpg" length="9"/>' + described(SHOWN), "enclosure"),
        ('<enclosure url="https://i.example/talk.mp3" type="audio/mpeg"/>' + described(SHOWN), "shown"),
    ],
)
def test_lead_image_is_found_in_order(item: str, name: str) -> None:
    image = rss(f"<link>{PAGE}</link>{item}").image
    assert image is not None
    assert image.partition("?")[0] == f"https://i.example/{name}.jpg"


def test_bare_ampersand_is_an_ampersand() -> None:
    article = rss(
        "<link>http://x.example/?a=1&b=2&copy=3&amp;c=4</link><description>AT&T &eacute; R&D; &#233; & so</description>"
    )
    assert article.link == "http://x.example/?a=1&b=2&copy=3&c=4"
    assert article.summary == "AT&T é R&D; é & so"


def test_document_with_bare_ampersands_is_well_formed() -> None:
    body = f"<rss><channel><title>A&B</title><item><title>Q&A</title><link>{PAGE}?a&b=1</link></item></channel></rss>"
    feed = parse(Response(url=FEED, status=200, headers={}, body=body.encode()))
    assert feed.problem is None
    assert feed.title == "A&B"


def test_nothing_is_touched_in_cdata() -> None:
    feed = read(
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:f</id><title>C &amp; &eacute;</title><entry><id>urn:1</id>'
        '<title type="text"><![CDATA[&eacute; &unknown; &#1; & &amp;]]></title><link href="http://x.example/?a&amp;b"/>'
        "</entry></feed>"
    )
    assert feed.entry is not None
    assert feed.entry.title is not None
    assert feed.entry.title.value == "&eacute; &unknown; &#1; & &amp;"
    assert feed.link == "http://x.example/?a&b"
