"""The quick reading of plain documents is feedparser's own: on the demo, on the benchmark's feeds, on mutations of them.

With a folder of documents in FEEDS_DOCUMENTS the same is held to each of those (`-k documents_of_others`).
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace

from bench import origin
from feeds import demo
from feeds.errors import ParseError
from feeds.model import ParsedFeed, Response
from feeds.parse import items, parse, plainfeed

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "https://courier.example/feed"
NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:own="urn:own" '
    'xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)


def rss(inner: str, head: str = "<title>Courier</title>", root: str = "") -> bytes:
    return f'<rss version="2.0" {NAMESPACES} {root}><channel>{head}{inner}</channel></rss>'.encode()


def atom(entries: str, root: str = "") -> bytes:
    head = "<title>Courier</title><id>urn:courier</id><updated>2026-11-23T08:00:00Z</updated>"
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {root}>{head}{entries}</feed>'.encode()


class Judge:
    """Reads documents both ways, and counts how many were read the quick one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self._quick, self._apart = plainfeed.entries, items.take_apart
        self.quick = 0

    def agrees(self, body: bytes) -> bool:
        return self._read(body, quick=True) == self._read(body, quick=False)

    def _read(self, body: bytes, *, quick: bool) -> ParsedFeed | str:
        self._patch.setattr(plainfeed, "entries", self._counted)
        self._patch.setattr(items, "take_apart", self._apart if quick else lambda *_: None)
        try:
            return replace(parse(Response(URL, 200, {}, body)), keys=())
        except ParseError as error:
            return error.reason

    def _counted(self, url: str, document: bytes) -> list[object] | None:
        found = self._quick(url, document)
        self.quick += found is not None
        return found


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    return Judge(monkeypatch)


def test_feeds_of_the_benchmark(judge: Judge) -> None:
    for number in range(60):
        assert judge.agrees(origin.document(number, origin.FORMATS[number % 10], 0)), number
    assert judge.quick == 54  # all but those in JSON


def test_feeds_of_the_demo(judge: Judge) -> None:
    for path in (Path(demo.__file__).parent / "sources").glob("*.[12].*"):
        name, edition, _ = path.name.split(".")
        body, _ = demo.document(name, int(edition), "http://127.0.0.1:9/", NOW)
        assert judge.agrees(body), path
    assert judge.quick >= 5


ITEMS = [
    "<title>One</title><title>Two</title>",
    "<title></title><title>Two</title>",
    "<title>One</title><media:title>Two</media:title>",
    "<media:title>Two</media:title><title>One</title>",
    "<media:group><media:title>Two</media:title></media:group><title>One</title>",
    "<title type='html'>A &amp;lt;b&amp;gt;</title>",
    "<title>a <b>b</b></title>",
    "<title><![CDATA[a <b>b</b>]]> c</title>",
    "<title>a<!-- b --> c<?d e?> f</title>",
    "<title>  caf\u00c3\u00a9 \u0093quoted\u0094 </title>",
    "<title>caf\u00e9 \u2026</title>",
    "<description>One</description><description>Two</description>",
    "<content:encoded>C</content:encoded><description>One</description>",
    "<description>One</description><content:encoded>C</content:encoded><description>Two</description>",
    "<content:encoded>C</content:encoded><content:encoded>D</content:encoded>",
    "<dc:description>One</dc:description>",
    "<atom:summary>One</atom:summary><description>Two</description>",
    "<atom:content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>x</div></atom:content>",
    "<atom:content type='image/png'>aGk=</atom:content>",
    "<link>https://a.example/1</link><guid>g</guid>",
    "<guid>https://a.example/1</guid>",
    "<guid isPermaLink='false'>https://a.example/1</guid>",
    "<guid ispermalink='TRUE'>https://a.example/1</guid>",
    "<link/><guid>https://a.example/1</guid>",
    "<guid>https://a.example/1</guid><link>https://a.example/2</link>",
    "<link>../relative?a=1&amp;b=2&amp;copy=3</link>",
    "<link>http:////a.example/x</link>",
    "<link>javascript:alert(1)</link>",
    "<link>https://[bad/</link>",
    "<link>  https://a.example/ü?q=é </link>",
    "<atom:link href='/x' rel='self'/><link>https://a.example/1</link>",
    "<atom:link href='/x' rel='ALTERNATE' type='TEXT/HTML'/>",
    "<atom:link rel='enclosure' href='/e.mp3' type='audio/mpeg' length='12'/>",
    "<atom:link href=''/>",
    "<link rel='alternate'>https://a.example/1</link>",
    "<enclosure url='/e.mp3' type='audio/MPEG' length='x'/>",
    "<enclosure href='/e.mp3'/><enclosure url='' href='/f.mp3'/><enclosure/>",
    "<author>a@b.example (Awa Diop)</author><author>Binta &lt;b@c.example&gt;</author>",
    "<author></author><dc:creator>  Awa  Diop </dc:creator>",
    "<atom:author><atom:name>Awa</atom:name><atom:email>a@b.example</atom:email><atom:uri>/awa</atom:uri></atom:author>",
    "<atom:author>text<atom:name>Awa</atom:name></atom:author>",
    "<atom:author/>",
    "<atom:contributor><atom:name>Awa</atom:name></atom:contributor><author>B</author>",
    "<author>A</author><atom:author><atom:name>B</atom:name></atom:author>",
    "<atom:author><atom:name>B</atom:name></atom:author><author>A</author>",
    "<atom:author><atom:name/></atom:author><author></author>",
    "<category>Mali</category><category domain='d'>Niger</category><category>Mali</category><category/>",
    "<category domain='d'/><category>Niger</category>",
    "<category label='L'/><category>Niger</category>",
    "<atom:category term='t' label='L' scheme='s'/><dc:subject>S</dc:subject><media:category>M</media:category>",
    "<pubDate>lundi</pubDate><pubDate></pubDate><dc:date>2026</dc:date><dcterms:modified>2025</dcterms:modified>",
    "<dcterms:created>2024</dcterms:created><dcterms:issued>2023</dcterms:issued>",
    "<dc:language>fr</dc:language><language>ru</language>",
    "<media:content url='i.jpg' medium='image' type='IMAGE/JPEG'><media:description>D</media:description></media:content>",
    "<media:group><media:content url='i.jpg'/><media:content url='j.jpg' fileSize='9'/></media:group>",
    "<media:description>A</media:description><media:group><media:description>B</media:description></media:group>",
    "<media:group><media:description>B</media:description></media:group><media:description>A</media:description>",
    "<media:thumbnail url='t.jpg'/><media:thumbnail>u.jpg</media:thumbnail>",
    "<media:keywords>a, b</media:keywords>",
    "<image><url>i.png</url><title>x</title></image><title>One</title>",
    "<source url='https://o.example/'>Other</source><title>One</title>",
    "<itunes:author xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'>Awa</itunes:author>",
    "<own:thing>x</own:thing><own:other a='b'/><slash:comments>4</slash:comments>",
    "<own:thing><title>inside</title></own:thing>",
    "<title xmlns='urn:other'>not a title</title>",
    "<dc:title xmlns:dc='urn:other'>not a title</dc:title>",
    "<x:title xmlns:x='http://www.w3.org/2005/Atom'>T</x:title>",
    "<x:link xmlns:x='http://search.yahoo.com/mrss/'>T</x:link>",
    "<feedburner:origLink>https://o.example/1</feedburner:origLink>",
    "<feedburner:origLink a='b'>https://o.example/1</feedburner:origLink>",
    "<title xml:lang='fr'>Un</title>",
    "<description xml:base='https://b.example/'>&lt;a href='x'&gt;</description>",
    "<title lang='fr'>Un</title>",
    "<comments>https://c.example/</comments><unknown>x</unknown>",
    "<TITLE>Upper</TITLE><PubDate>x</PubDate>",
    "<item><title>nested</title></item>",
    "<title>&#x93;x&#x94; &hellip; &nbsp;</title>",
    "",
]
ROOTS = ["", "xml:lang='fr_FR'", "xml:base='https://b.example/x/'", "lang='fr'", "xmlns:x='urn:x' x:y='z'"]


@pytest.mark.parametrize("inner", ITEMS)
def test_item_reads_as_feedparser_reads_it(judge: Judge, inner: str) -> None:
    for root in ROOTS:
        assert judge.agrees(rss(f"<item>{inner}</item><item><title>Next</title></item>", root=root))
        assert judge.agrees(rss(f"<item><title>Before</title></item><item>{inner}</item>", root=root))
        entry = inner.replace("atom:", "").replace("<item>", "<entry>").replace("</item>", "</entry>")
        declared = f"{root} {NAMESPACES}"
        assert judge.agrees(atom(f"<entry>{entry}</entry><entry><title>Next</title></entry>", root=declared))


def test_odd_documents_read_as_feedparser_reads_them(judge: Judge) -> None:
    for body in (
        rss("<item><title>a</title></item>", head="<title>A</title><item/>"),
        rss("<item rdf:about='x'><title>a</title></item>"),
        rss("<item a='b'><title>a</title></item>"),
        rss("<item><title>a</title></item></channel><item><title>outside</title></item><channel>"),
        rss("<item><title>a</title></item>").replace(b"channel>", b"description>"),
        rss("<item><title>a</title><link>x</link></item>", head="<description>a <b>c</b></description>"),
        rss("<item><title>a</title><link>x</link></item>", head="<image><title>a <title>c</title></title></image>"),
        rss("<items><item><title>a</title></item></items>"),
        rss("<item><title>a</title></item><title>Late title</title>"),
        rss("<item><title>a</title></item>").replace(b"<channel>", b"<channel xml:lang='fr'>"),
        rss("<item><title>a</title></item>") + b"<junk>",
        rss("<item><title>a</title>"),
        rss("<!-- <item> --><item><title>a</title></item><![CDATA[<item>]]>"),
        rss("<item><title>a</title></item>").replace(b"<rss", b"<?xml-stylesheet href='<item>'?><rss"),
        b"<rss:rss xmlns:rss='http://purl.org/rss/1.0/'><rss:item><rss:title>a</rss:title></rss:item></rss:rss>",
        atom("<entry><title>a</title><source><title>s</title><link href='/s'/></source></entry>"),
        b"<feed xmlns='http://purl.org/atom/ns#' version='0.3'><entry><title mode='escaped' type='text/html'>a</title>"
        b"<issued>2026-11-23T08:00:00Z</issued><content mode='xml' type='application/xhtml+xml'><p>x</p></content>"
        b"</entry></feed>",
    ):
        assert judge.agrees(body), body


def mutations(chance: random.Random, body: bytes) -> Iterator[bytes]:
    """*body* with pieces doubled, dropped, swapped and moved, as bytes and as tags."""
    tags = re.findall(rb"<[^<>]*>|[^<>]+", body)
    for _ in range(12):
        parts = list(tags)
        for _ in range(chance.randint(1, 4)):
            at, other = chance.randrange(len(parts)), chance.randrange(len(parts))
            match chance.randrange(5):
                case 0:
                    parts[at] = parts[other]
                case 1:
                    parts[at] = b""
                case 2:
                    parts[at], parts[other] = parts[other], parts[at]
                case 3:
                    parts.insert(at, parts[other])
                case _:
                    cut = chance.randrange(len(parts[at]) + 1)
                    parts[at] = parts[at][:cut] + bytes([chance.randrange(256)])
        yield b"".join(parts)


def combined(chance: random.Random, pieces: int) -> bytes:
    return rss("".join(f"<item>{''.join(chance.choices(ITEMS, k=pieces))}</item>" for _ in range(3)))


def test_combined_items_read_as_feedparser_reads_them(judge: Judge) -> None:
    chance = random.Random(9)
    for _ in range(500):
        body = combined(chance, chance.randint(1, 3))
        assert judge.agrees(body), body
    assert judge.quick > 20


def test_mutated_documents_read_as_feedparser_reads_them(judge: Judge) -> None:
    chance = random.Random(8)
    for _ in range(120):
        for body in mutations(chance, combined(chance, 2)):
            assert judge.agrees(body), body


def rearranged(chance: random.Random, body: bytes) -> bytes:
    """*body*, well-formed still: elements of its items moved, doubled, renamed; attributes and texts changed for others."""
    root = etree.fromstring(body)
    inner = [each for each in root.iter() if isinstance(each.tag, str) and each.getparent() is not None
             and each.tag not in ("channel", "item", f"{ATOM}entry")]  # fmt: skip
    for _ in range(chance.randint(1, 6)):
        one, other = chance.choice(inner), chance.choice(inner)
        match chance.randrange(6):
            case 0:
                one.tag = other.tag
            case 1:
                one.text, other.text = other.text, one.text
            case 2:
                one.attrib.update(other.attrib)
            case 3:
                one.set(chance.choice(["type", "href", "url", "rel", "term", "isPermaLink"]), chance.choice(VALUES))
            case 4:
                one.text = (one.text or "") + chance.choice(VALUES)
            case _:
                other.addnext(deepcopy(one))
    return etree.tostring(root)


ATOM = "{http://www.w3.org/2005/Atom}"
VALUES = ["html", "text", "xhtml", "self", "alternate", "/x", "false", "", " a@b.example (A B)", "\u00c3\u00a9", "\u0093",
          "<b>x</b> &amp;", "https://a.example/?a=1&b=2", "http:////x", "\n  \t", "é", "[", "2026-11-24T08:00:00Z"]  # fmt: skip


def test_rearranged_feeds_read_as_feedparser_reads_them(judge: Judge) -> None:
    chance = random.Random(10)
    for _ in range(250):
        number = chance.randrange(9)  # the tenth is JSON
        whole = origin.document(number, origin.FORMATS[number], 0)
        body = rearranged(chance, items.without(whole, (items.spans(whole) or [])[4:]))
        assert judge.agrees(body), body
    assert judge.quick > 60


@pytest.mark.skipif("FEEDS_DOCUMENTS" not in os.environ, reason="FEEDS_DOCUMENTS names no folder of documents")
def test_documents_of_others_read_as_feedparser_reads_them(judge: Judge) -> None:
    paths = [path for path in sorted(Path(os.environ["FEEDS_DOCUMENTS"]).rglob("*")) if path.is_file()]
    assert [path.name for path in paths if not judge.agrees(path.read_bytes())] == []
    assert judge.quick > len(paths) // 4
