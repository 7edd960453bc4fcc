"""A site's feed is found: its own URL, what its page names, the usual places."""

from __future__ import annotations

from collections.abc import Iterator
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
    assert "1 sources added, 1 were there already" in feeds(tmp_path, "import", "list.opml").stdout
    assert [each.name for each in load(config).sources] == ["Courier", "Courier (2)"]
    assert feeds(tmp_path, "remove", "Courier").returncode == 0
    assert [each.name for each in load(config).sources] == ["Courier (2)"]
    assert config.read_text().startswith("# Ours\n")


def test_add_says_in_one_line_what_is_wrong(web: Web, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[fetch]\nallow_private_networks = ["127.0.0.0/8"]\n')
    done = feeds(tmp_path, "add", web.url("/absent"))
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "404" in done.stderr
