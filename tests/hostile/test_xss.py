"""Hundreds of vectors the whole way, from hostile feeds to a browser: nothing runs, nothing asks anybody for anything."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape, unescape
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from lxml import etree
from lxml import html as lxml_html

import feeds.render.jsonfeed
import feeds.render.page
import feeds.render.values
from feeds import config as configuration
from feeds import normalise, outcomes, pipeline
from feeds.model import Text
from feeds.reading import prepare
from feeds.serve import Server
from feeds.store import Store
from tests.build import NOW
from tests.hostile.browser import chromium, open_page, read_feeds, read_pages
from tests.hostile.vectors import numbered, vectors
from tests.web import Page, Web, rss

VECTORS = [numbered(vector, number) for number, vector in enumerate(vectors())]
DATE = "Tue, 24 Nov 2026 08:00:00 GMT"
CONFIG = """
[site]
title = "Test"
base_url = "{base}out/"
search = true
[fetch]
timeout = "20s"
allow_private_networks = ["127.0.0.0/8"]
per_host = 8
[publish]
text = "full"
entries = 10000
[topics.sahel]
any_of = ["Courier"]
terms = {{ Courier = "en: Courier" }}
"""
IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


Numbered = Sequence[tuple[int, str]]


# The feeds


def rss_items(found: Numbered, wrap: Callable[[str], str]) -> bytes:
    """Each vector in everything that an RSS item has."""
    items = []
    for number, vector in found:
        if IN_XML.search(vector):
            continue
        text, attribute, link = wrap(vector), quoteattr(vector), f"https://courier.example/{wrap.__name__}/{number}"
        items.append(
            f"<title>{text}</title><link>{link}</link><guid isPermaLink='false'>{link}</guid><pubDate>{DATE}</pubDate>"
            f"<description>{text}</description><content:encoded>{wrap(f'<p>Courier {number}</p>{vector}')}</content:encoded>"
            f"<dc:creator>{text}</dc:creator><author>{text}</author><category domain={attribute}>{text}</category>"
            f"<comments>{text}</comments><source url={attribute}>{text}</source><media:title>{text}</media:title>"
            f"<enclosure url={attribute} type={attribute} length='9'/><media:thumbnail url={attribute}/>"
        )
    names = """ xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:media="http://search.yahoo.com/mrss/" version="2.0\""""
    return rss(*items).replace(b'version="2.0"', names.encode())


def in_cdata(vector: str) -> str:
    return f"<![CDATA[{vector.replace(']]>', ']]]]><![CDATA[>')}]]>"


def atom(found: Numbered, kind: str) -> bytes:
    """Each vector as an Atom text of *kind*; as XHTML what a browser would make of it."""
    entries = []
    for number, vector in found:
        body = as_xhtml(vector) if kind == "xhtml" else escape(vector)
        if IN_XML.search(vector) or body is None:
            continue
        texts = "".join(f'<{name} type="{kind}">{body}</{name}>' for name in ("title", "summary", "content"))
        said, quoted = escape(vector), quoteattr(vector)
        entries.append(
            f"<entry><id>urn:x:{kind}:{number}</id><updated>2026-11-24T08:00:00Z</updated>"
            f"<link href={quoteattr(f'https://courier.example/{kind}/{number}?{vector}')}/>{texts}"
            f"<author><name>{said}</name><uri>{said}</uri></author><category term={quoted} label={quoted} scheme={quoted}/>"
            f"<link rel='enclosure' href={quoted} type={quoted}/><rights>{said}</rights></entry>"
        )
    head = "<id>urn:x:feed</id><title>Courier</title><updated>2026-11-24T08:00:00Z</updated>"
    feed = '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
    return f"{feed}{head}{''.join(entries)}</feed>".encode()


def as_xhtml(vector: str) -> str | None:
    try:
        tree = lxml_html.fragment_fromstring(vector, create_parent="div")
        written = etree.tostring(tree, encoding="unicode").replace(
            "<div", '<div xmlns="http://www.w3.org/1999/xhtml"', 1
        )
        etree.fromstring(written)
    except (etree.Error, ValueError):
        return None
    return written


def json_feed(found: Numbered) -> bytes:
    items = []
    for number, vector in found:
        # NUL and all: JSON can say it.
        items.append({"id": f"j{number}", "url": vector, "external_url": vector, "title": vector,
        "content_html": vector, "content_text": vector,
                      "summary": vector, "image": vector, "banner_image": vector, "language": vector,
                      "date_published": "2026-11-24T08:00:00Z",
                      "authors": [{"name": vector, "url": vector, "avatar": vector}], "tags": [vector],
                      "attachments": [{"url": vector, "mime_type": vector, "title": vector}]})  # fmt: skip
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Courier", "items": items}).encode()


def of_feed(vector: str, number: int) -> bytes:
    """The vector in everything that a feed says of itself."""
    text = escape(IN_XML.sub("", vector))
    head = "".join(
        f"<{name}>{text}</{name}>"
        for name in ("language", "copyright", "managingEditor", "webMaster", "generator", "docs", "ttl")
    )
    head += f"<image><url>{text}</url><title>{text}</title><link>{text}</link></image><category>{text}</category>"
    body = rss(f"<title>Courier of {number}</title><guid>f{number}</guid><pubDate>{DATE}</pubDate>", head=head).decode()
    return body.replace("<title>Courier</title><link>https://courier.example/</link><description>News</description>",
                        f"<title>{text}</title><link>{text}</link><description>{text}</description>").encode()  # fmt: skip


class Site:
    """The vectors, read and published, at /out/ of a plain web server that says nothing of policies."""

    def __init__(self, folder: Path, web: Web) -> None:
        self.folder, self.web = folder, web
        (folder / "config.toml").write_text(CONFIG.format(base=web.url("/")))

    def follow(self, pages: dict[str, bytes]) -> None:
        self.web.pages.update({f"/{name}": Page(body) for name, body in pages.items()})
        lines = [f'[[sources]]\nurl = "{self.web.url(f"/{name}")}"\nname = "Courier {name}"\n' for name in pages]
        with (self.folder / "config.toml").open("a") as file:
            file.writelines(lines)

    def publish(self) -> None:
        config = configuration.load(self.folder / "config.toml")
        with Store(config.store_url, NOW) as store:
            result = pipeline.refresh(config, store, NOW)
        assert result.failed == ()
        for path in self.files():
            body = (self.folder / "output" / path).read_bytes()
            self.web.pages[f"/out/{path}"] = Page(body, headers={"Content-Type": kind_of(path)})

    def files(self) -> list[str]:
        output = self.folder / "output"
        return sorted(str(path.relative_to(output)) for path in output.rglob("*") if path.is_file())


def kind_of(path: str) -> str:
    return {".html": "text/html; charset=utf-8", ".json": "application/json"}.get(Path(path).suffix, "application/xml")


FEED_FILES = ("atom.xml", "rss.xml", "feed.json")


@pytest.fixture(scope="module", params=[8, pytest.param(1, marks=pytest.mark.slow)])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Every other vector in RSS, and one in so many in each of the other kinds; or every one in all."""
    chromium()
    found, share = list(enumerate(VECTORS)), request.param
    some = [found[start % share :: share] for start in (1, 3, 5, 7, 0)]
    with Web() as web:
        made = Site(tmp_path_factory.mktemp("xss"), web)
        made.follow({"escaped": rss_items(found[:: 1 + (share > 1)], escape), "cdata": rss_items(some[0], in_cdata)})
        made.follow({"html": atom(some[1], "html"), "text": atom(some[2], "text"), "json": json_feed(some[3])})
        made.follow({"xhtml": atom(some[4], "xhtml")})
        made.follow({f"feed{number}": of_feed(vector, number) for number, vector in found[::29]})
        made.publish()
        yield made


def test_there_are_enough_vectors() -> None:
    assert len(VECTORS) == len(set(VECTORS)) > 700


def test_everything_arrived(site: Site) -> None:
    assert len(json.loads((site.folder / "output/all/feed.json").read_bytes())["items"]) > len(VECTORS)


# Readers


def test_nothing_runs_in_a_reader_that_takes_every_word_for_markup(site: Site) -> None:
    seen = read_feeds(site.web, [f"/out/all/{name}" for name in FEED_FILES])
    assert seen.report["values"] > len(VECTORS)
    assert (seen.marks, seen.report["banned"]) == (set(), [])
    assert seen.report["images"] > 100
    assert seen.report["referred"] == 0
    assert [url for url, referer in seen.asked if "canary" in url or referer] == []
    assert [line for line in seen.console if not is_harmless(line)] == []


def is_harmless(line: str) -> bool:
    """True for what the console says of pictures that are not there (they are links to their origin) and of odd layouts."""
    return "Failed to load resource" in line or "is not supported correctly" in line


def test_nothing_runs_in_our_pages_and_they_ask_for_nothing(site: Site) -> None:
    pages = [path for path in site.files() if path.endswith(".html")]
    kinds = {
        re.sub(r"[0-9a-f-]{36}|\d+\.html", "", path): path for path in pages if path != "all/index.html"
    }  # vast here
    shown = [*kinds.values(), *[path for path in pages if path.startswith("articles/")][::40]]
    before = len(site.web.requests)
    seen = read_pages(site.web, [f"/out/{path}" for path in shown])
    assert (seen.marks, seen.asked, seen.console) == (set(), [], [])
    assert {path for path, _, _ in site.web.requests[before:]} <= {f"/out/{path}" for path in shown} | READERS_OWN
    check_pages(site.folder / "output" / path for path in pages)


READERS_OWN = {"/reader.html", "/task", "/report", "/favicon.ico", "/out/search?q="}  # the last by our form
OURS = frozenset(
    "html head meta title link style body header main footer nav section article figure figcaption h1 h2 h3 p div span a bdi ul"
    " select option li time table thead tbody tr th td form label input button details summary svg defs g rect"
    " path circle desc text".split()
)
NEVER = ("src", "srcset", "srcdoc", "formaction", "background", "poster", "ping", "http-equiv")


def check_pages(paths: Iterable[Path]) -> None:
    for path in paths:
        check_page(path.read_text())


def check_page(text: str) -> None:
    """Its elements are of our templates, and every address in it is a web address or relative."""
    tree = lxml_html.document_fromstring(text.encode(), parser=lxml_html.HTMLParser(encoding="utf-8"))
    for element in tree.iter(etree.Element):
        assert element.tag in OURS, element.tag
        for name, value in ((str(name), str(value)) for name, value in element.attrib.items()):
            assert not name.startswith("on"), name
            assert name not in NEVER, name
            if name in ("href", "action", "xlink:href"):
                assert re.match(r"https?://[^/]|[\w./-]*(\?|$)|#main$", value), value
        assert element.tag != "form" or (element.get("action") or "").endswith("search")


def test_nothing_runs_in_search_pages(site: Site) -> None:
    """As they are, under their policy; and without it, in the reader."""
    server = Server(site.folder / "config.toml", "127.0.0.1", 0)
    server.start()
    try:
        query, number = "?q=courier&limit=200", 0
        while query:
            with urllib.request.urlopen(f"{server.url}search{query}") as answer:
                body = answer.read()
            check_page(body.decode())
            site.web.pages[f"/search-{number}"] = Page(body, headers={"Content-Type": "text/html; charset=utf-8"})
            following = re.search(rb'rel="next" href="([^"]+)"', body)
            query, number = unescape(following[1].decode()) if following else "", number + 1
        assert number > 3
        seen = read_pages(site.web, [f"/search-{each}" for each in range(number)])
        assert (seen.marks, seen.asked, seen.console) == (set(), [], [])
        became, asked, console = open_page(f"{server.url}search?q=courier&limit=200")
        assert became.count("<article") == 200
        assert (asked, console) == ([], [])
    finally:
        server.stop()


# Without the guards


def test_the_browser_tells_whom_a_page_asks_and_what_goes_wrong() -> None:
    page = b"<script>console.error('said')</script><img src=http://evil.example/canary-0>"
    policy = {"Content-Type": "text/html", "Content-Security-Policy": "style-src 'none'"}
    with Web() as web:
        web.pages["/"] = Page(page + b"<p style=color:red>", headers=policy)
        _, asked, console = open_page(web.url("/"))
    assert asked == [("http://evil.example/canary-0", web.url("/"))]
    assert "said" in str(console)
    assert "Content Security Policy" in str(console)


class InThisProcess:
    """Stands in for the pool of child processes, which would not know of a guard that is off here."""

    def __init__(self, *_: Any) -> None:
        return None

    def __enter__(self) -> InThisProcess:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def run(self, url: str, job: Callable[..., Any], *args: Any) -> Any:
        return job(*args)


@pytest.fixture(params=[8, pytest.param(1, marks=pytest.mark.slow)])
def careless(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """One vector in so many, with the cleaner, the plain titles and the inert ones switched off."""

    def as_it_is(text: Text, **_: object) -> str:
        return text.value

    for name in ("clean_html", "plain_title", "plain_text"):
        monkeypatch.setattr(normalise, name, as_it_is)
    monkeypatch.setattr(feeds.render.values, "inert_title", str)
    monkeypatch.setattr(feeds.render.jsonfeed, "inert_title", str)
    monkeypatch.setattr(outcomes, "Pool", InThisProcess)
    feeds.render.values.line.cache_clear()
    with Web() as web:
        made = Site(tmp_path, web)
        made.follow({"escaped": rss_items(list(enumerate(VECTORS))[:: request.param], escape)})
        prepare(configuration.load(tmp_path / "config.toml"))
        yield made
    feeds.render.values.line.cache_clear()


def test_without_the_cleaner_and_without_escaping_vectors_run(careless: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    chromium()
    pages = feeds.render.page._environment.__wrapped__("en")
    pages.autoescape = False
    monkeypatch.setattr(feeds.render.page, "_environment", lambda language: pages)
    careless.publish()
    seen = read_feeds(careless.web, ["/out/all/rss.xml"], alone=True)
    print(len(seen.marks), "vectors run")
    # The others are inert in this browser, or text until they are decoded once more.
    assert len(seen.marks) > 0.4 * len(list((careless.folder / "output/articles").iterdir()))
    assert len(seen.report["banned"]) == 20
    assert [url for url, _ in seen.asked if "canary" in url]
    assert seen.report["referred"] > 0
    articles = [path for path in careless.files() if path.startswith("articles/")]
    with pytest.raises(AssertionError):
        check_pages(careless.folder / "output" / path for path in articles)
    # A vector that leads its page elsewhere takes those after it along, so each has a page of its own.
    assert len(read_pages(careless.web, [f"/out/{path}" for path in articles[:50]]).marks) > 5
