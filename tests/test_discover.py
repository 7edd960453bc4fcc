"""A site's feed is found: its own URL, what its page names, the usual places."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from feeds.config import FetchSettings, load
from feeds.discover import Discovered, candidates, discover
from feeds.errors import SourceError
from feeds.fetch import Fetcher
from tests.build import NOW
from tests.test_cli import feeds
from tests.web import Page, Web, item, rss

FEED = rss(item("a"), head="<language>fr</language>")


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


def found(web: Web, path: str) -> Discovered:
    with Fetcher(FetchSettings(allow_private_networks=True), "test") as fetcher:
        return discover(web.url(path), lambda request: fetcher.fetch(request, NOW))


def page(body: str) -> Page:
    return Page(f"<!doctype html><html><head><title>Courier</title></head><body>{body}</body></html>".encode())


def test_feed_is_taken_as_it_is(web: Web) -> None:
    web.pages["/feed"] = Page(FEED)
    assert found(web, "/feed") == Discovered(web.url("/feed"), "Courier", "fr", 1)


def test_feed_that_the_page_declares_is_found_and_comments_come_last(web: Web) -> None:
    web.pages["/comments"] = web.pages["/news.xml"] = Page(FEED)
    web.pages["/"] = page(
        '<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments">'
        '<link rel="alternate" type="application/rss+xml" href="news.xml">'
    )
    assert found(web, "/").url == web.url("/news.xml")


def test_feed_that_the_page_links_to_is_found(web: Web) -> None:
    web.pages["/en/rss"] = Page(FEED)
    web.pages["/"] = page('<a href="/broken-feed.xml">x</a><a href="/en/rss">RSS</a>')
    assert found(web, "/").url == web.url("/en/rss")


def test_address_is_relative_to_the_base_that_the_page_declares(web: Web) -> None:
    web.pages["/paper/news.xml"] = Page(FEED)
    link = '<link rel="alternate" type="Application/RSS+XML; charset=utf-8" href="news.xml">'
    web.pages["/"] = page(f'<base href="/paper/">{link}')
    assert found(web, "/").url == web.url("/paper/news.xml")


def test_feed_that_has_moved_is_named_by_its_new_address(web: Web) -> None:
    web.pages["/new"] = Page(FEED)
    web.pages["/old"] = Page(b"", 301, {"Location": "/new"})
    web.pages["/"] = page('<link rel="alternate" type="application/rss+xml" href="/old">')
    assert found(web, "/old").url == found(web, "/").url == web.url("/new")


def test_page_full_of_dead_links_leaves_room_for_the_usual_places(web: Web) -> None:
    web.pages["/"] = page("".join(f'<a href="/{number}/feed">x</a>' for number in range(50)))
    web.pages["/rss.xml"] = Page(FEED)
    assert found(web, "/").url == web.url("/rss.xml")


@pytest.mark.parametrize(
    "body", [b"", b"\x89PNG\r\n\x1a\n\0\0", b"<a href='http://[::1/feed'>x</a>", b"<div>" * 100_000]
)
def test_page_that_is_none_has_the_usual_places_alone(body: bytes) -> None:
    assert list(candidates(body, "https://a.example/"))[:2] == ["https://a.example/feed/", "https://a.example/rss.xml"]


def test_usual_places_are_tried(web: Web) -> None:
    web.pages["/"] = page("Hello")
    web.pages["/atom.xml"] = Page(FEED)
    assert found(web, "/").url == web.url("/atom.xml")


def test_site_without_a_feed_is_said(web: Web) -> None:
    web.pages["/"] = page("Hello")
    with pytest.raises(SourceError, match="no feed was found"):
        found(web, "/")
    assert len(web.requests) < 20


def test_candidates_are_safe_addresses_and_each_there_once() -> None:
    body = b'<link rel=alternate type="application/rss+xml" href="javascript:x"><a href="/feed/">a</a><a href="/feed/">b</a>'
    urls = list(candidates(body, "https://a.example/x"))
    assert urls[0] == "https://a.example/feed/"
    assert len(urls) == len(set(urls))


@pytest.mark.parametrize(
    "link",
    [
        '<{}>; rel="alternate"; type="application/atom+xml"',
        '</style.css>; rel=preload; as=style, <{}>; title="News; all, of it"; rel="alternate home"; type=application/rss+xml',
        "<{}>;rel=feed",
    ],
)
def test_feed_that_the_header_names_is_found(web: Web, link: str) -> None:
    web.pages["/syn/all"] = Page(FEED)
    web.pages["/paper/"] = Page(b"<base href='/elsewhere/'><p>Hello", headers={"Link": link.format("../syn/all")})
    assert found(web, "/paper/").url == web.url("/syn/all")


def test_feed_is_found_among_several_headers(web: Web) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for link in ('</syn/all>; rel="alternate"; title="RSS"', "</wp-json/>; rel=api", "</style.css>; rel=preload"):
            handler.send_header("Link", link)
        handler.end_headers()
        handler.wfile.write(b"<p>Hello")

    web.pages["/"] = answer
    web.pages["/syn/all"] = Page(FEED)
    assert found(web, "/").url == web.url("/syn/all")


@pytest.mark.parametrize(
    "markup",
    [
        '<link rel="feed" href="/syn/all">',
        '<noscript><link rel="feed" href="/syn/all"></noscript>',
        "<link rel=feed href=/syn/all>",
        '<LINK HREF="/syn/all" TYPE="text/xml" REL="ALTERNATE">',
        '<link rel="alternate" title="RSS" href="/syn/all">',
        '<link rel="alternate" type="application/x-rss+xml" href="/syn/all">',
        '<link rel="alternate" type="application/rss+xml" href="feed:HTTP_HERE/syn/all">',
        '<a rel="feed" href="/syn/all">News</a>',
        '<a type="application/rss+xml" href="/syn/all">News</a>',
        '<a href="/syn/all">Subscribe by RSS2</a>',
        '<a href="/syn/all">Лента</a>',
        '<a href="/syn/all">Flux des articles</a>',
        '<a href="/syn/all">خلاصات الموقع</a>',
        '<a href="/syn/all" title="Web feed"><b>*</b></a>',
        '<a href="/syn/all" aria-label="Atom">*</a>',
        '<a href="/syn/all"><img src="/i/orange.png" alt="RSS"></a>',
        '<a href="/syn/all"><img src="/i/rss.png"></a>',
        '<a href="/syn/all"><i class="fa fa-rss"></i></a>',
        '<a href="/syn/all"><svg><title>Feed</title><use xlink:href="#x"/></svg></a>',
    ],
)
def test_feed_is_found_however_the_page_says_it(web: Web, markup: str) -> None:
    web.pages["/syn/all"] = Page(FEED)
    web.pages["/"] = page(markup.replace("HTTP_HERE", web.url("")))
    assert found(web, "/").url == web.url("/syn/all")


@pytest.mark.parametrize("word", ["Feedback", "Atomic power plant", "Syndicats", "Платформа", "Newsletter"])
def test_words_that_only_begin_alike_name_no_feed(word: str) -> None:
    assert "https://a.example/x" not in list(candidates(f'<a href="/x">{word}</a>'.encode(), "https://a.example/"))


def test_words_are_read_in_the_encoding_that_the_page_has() -> None:
    text = '<a href="/x">Лента новостей</a>'
    bodies = [text.encode("utf-8"), text.encode("utf-16"), f'<meta charset="windows-1251">{text}'.encode("cp1251")]
    assert [next(candidates(body, "https://a.example/")) for body in bodies] == ["https://a.example/x"] * 3
    headers = {"content-type": "text/html; charset=koi8-r"}
    assert next(candidates(text.encode("koi8-r"), "https://a.example/", headers)) == "https://a.example/x"


def test_markup_in_scripts_and_comments_names_nothing(web: Web) -> None:
    web.pages["/good"] = web.pages["/bad"] = Page(FEED)
    web.pages["/"] = page(
        '<script>var x = "<link rel=feed href=/bad>"</script>'
        '<!-- <link rel="feed" href="/bad"> --><link rel="feed" href="/good">'
    )
    assert found(web, "/").url == web.url("/good")


def test_feed_that_the_manifest_names_is_found(web: Web) -> None:
    web.pages["/syn/all"] = Page(FEED)
    web.pages["/app/m.json"] = Page(
        b'{"name": "Courier", "start_url": "/", "icons": [{"src": "/feed-icon.png", "type": "image/png"}],'
        b' "shortcuts": [{"name": "Sport", "url": "/sport"}, {"name": "RSS", "url": "../syn/all"}]}'
    )
    web.pages["/"] = page('<link rel="manifest" href="/app/m.json">')
    assert found(web, "/").url == web.url("/syn/all")
    assert "/feed-icon.png" not in [path for path, _, _ in web.requests]


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'{"feeds": 1}', b'"feed"', b"\xff\xfe"])
def test_manifest_that_is_none_hides_nothing(web: Web, body: bytes) -> None:
    web.pages["/m.json"] = Page(body)
    web.pages["/feed.xml"] = Page(FEED)
    web.pages["/"] = page('<link rel="manifest" href="/m.json">')
    assert found(web, "/").url == web.url("/feed.xml")


def test_manifest_is_not_asked_for_where_the_page_itself_names_a_feed(web: Web) -> None:
    web.pages["/news.xml"] = Page(FEED)
    web.pages["/"] = page('<link rel="manifest" href="/m.json"><link rel="feed" href="/news.xml">')
    assert found(web, "/").url == web.url("/news.xml")
    assert "/m.json" not in [path for path, _, _ in web.requests]


def test_dead_links_and_pages_that_are_no_feeds_are_passed_over(web: Web) -> None:
    web.pages["/page"] = page("no feed")
    web.pages["/good"] = Page(FEED)
    web.pages["/"] = page('<link rel="feed" href="/gone"><link rel="feed" href="/page"><a href="/good">RSS</a>')
    assert found(web, "/").url == web.url("/good")


def test_page_that_lists_the_feeds_is_read(web: Web) -> None:
    web.pages["/services"] = page(
        '<h1>Our feeds</h1><a href="/syn/all">RSS: all news</a><a href="/syn/sport">RSS: sport</a>'
    )
    web.pages["/syn/all"] = web.pages["/syn/sport"] = Page(FEED)
    web.pages["/"] = page('<a href="/services">RSS</a>')
    assert found(web, "/").url == web.url("/syn/all")


def test_feed_of_comments_comes_after_the_usual_places_but_is_found(web: Web) -> None:
    web.pages["/post/feed/"] = web.pages["/feed/"] = Page(FEED)
    comments = '<link rel="alternate" type="application/rss+xml" title="A post: Comments Feed" href="/post/feed/">'
    web.pages["/post/"] = page(comments)
    assert found(web, "/post/").url == web.url("/feed/")
    del web.pages["/feed/"]
    assert found(web, "/post/").url == web.url("/post/feed/")


def test_add_takes_an_address_that_other_readers_understand(web: Web, tmp_path: Path) -> None:
    web.pages["/feed"] = Page(FEED)
    (tmp_path / "config.toml").write_text('[fetch]\nallow_private_networks = ["127.0.0.0/8"]\n')
    done = feeds(tmp_path, "add", web.url("/feed").replace("http:", "feed:"))
    assert (done.returncode, load(tmp_path / "config.toml").sources[0].url) == (0, web.url("/feed")), done.stderr


def test_add_remove_and_import_edit_the_config(web: Web, tmp_path: Path) -> None:
    web.pages["/feed"] = Page(FEED)
    config = tmp_path / "config.toml"
    config.write_text('# Ours\n[fetch]\nallow_private_networks = ["127.0.0.0/8"]\n')
    assert feeds(tmp_path, "add", web.url("/feed"), "--country", "ML", "--type", "newspaper").returncode == 0
    (source,) = load(config).sources
    assert (source.name, source.language, source.countries, source.type) == ("Courier", "fr", ("ML",), "newspaper")
    again = feeds(tmp_path, "add", web.url("/feed"))
    assert (again.returncode, again.stderr) == (2, f"feeds: {web.url('/feed')} is there already\n")
    (tmp_path / "list.opml").write_text(
        f'<opml version="2.0"><body><outline text="Courier" xmlUrl="https://b.example/feed"/>'
        f'<outline text="x" xmlUrl="{web.url("/feed")}"/></body></opml>'
    )
    assert "1 source added, 1 was there already" in feeds(tmp_path, "import", "list.opml").stdout
    assert [each.name for each in load(config).sources] == ["Courier", "Courier (2)"]
    assert feeds(tmp_path, "remove", "Courier").returncode == 0
    assert [each.name for each in load(config).sources] == ["Courier (2)"]
    assert config.read_text().startswith("# Ours\n")


def test_add_says_in_one_line_what_is_wrong(web: Web, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[fetch]\nallow_private_networks = ["127.0.0.0/8"]\n')
    done = feeds(tmp_path, "add", web.url("/absent"))
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "404" in done.stderr
