"""The whole way, over real HTTP, real child processes and a real store: from config.toml to the files under output/."""

from __future__ import annotations

import errno
import json
import time
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import feedparser
import pytest

from feeds import config as configuration
from feeds import outcomes, pipeline
from feeds.errors import UsageError
from feeds.pipeline import RefreshResult
from feeds.store import Store
from tests.build import DAY, HOUR, NOW
from tests.web import Page, Web, item, rss

CONFIG = """
[site]
title = "Test"
[fetch]
timeout = "2s"
allow_private_networks = ["127.0.0.0/8"]
per_host = 8
[topics.sahel]
use = "sahel"
"""


class Site:
    """A config, a store and an output folder, refreshed at will."""

    def __init__(self, folder: Path, web: Web) -> None:
        self.folder, self.web = folder, web
        self.settings = CONFIG

    def follow(self, *paths: str, **settings: str) -> None:
        lines = "".join(f'{name} = "{value}"\n' for name, value in settings.items())
        for path in paths:
            name = path.strip("/").partition("?")[0]
            self.settings += f'[[sources]]\nurl = "{self.web.url(path)}"\nname = "{name}"\n{lines}'

    def config(self) -> configuration.Config:
        (self.folder / "config.toml").write_text(self.settings)
        return configuration.load(self.folder / "config.toml")

    def refresh(self, at: datetime = NOW, force: bool = True, only: tuple[str, ...] = ()) -> RefreshResult:
        config = self.config()
        with Store(config.store_url, at) as store:
            return pipeline.refresh(config, store, at, force=force, only=only)

    def titles(self, feed: str = "all") -> list[str]:
        read = feedparser.parse((self.folder / "output" / feed / "atom.xml").read_bytes())
        assert not read.bozo
        return [entry.title for entry in read.entries]

    def files(self) -> dict[str, bytes]:
        """Everything published, status/ left out."""
        output = self.folder / "output"
        found = {str(path.relative_to(output)): path.read_bytes() for path in output.rglob("*") if path.is_file()}
        return {name: body for name, body in found.items() if not name.startswith("status/")}


@pytest.fixture
def site(tmp_path: Path, web: Web) -> Site:
    return Site(tmp_path, web)


def test_new_articles_are_published_in_every_format(site: Site, web: Web) -> None:
    web.pages["/courier"] = Page(rss(item("a"), item("b", date="Tue, 24 Nov 2026 09:00:00 GMT")))
    site.follow("/courier")
    result = site.refresh()
    assert (result.sources, result.fetched, result.new, result.failed) == (1, 1, 2, ())
    assert site.titles() == ["Title b", "Title a"]
    assert {"all/atom.xml", "all/rss.xml", "all/feed.json", "all/index.html", "sahel/atom.xml", "index.html", "feeds.opml",
            "sources.opml"} <= set(site.files())  # fmt: skip


def test_second_refresh_finds_nothing_new_and_changes_no_byte(site: Site, web: Web) -> None:
    web.pages["/courier"] = Page(rss(item("a")), etag='"1"')
    web.pages["/plain"] = Page(rss(item("b")))
    site.follow("/courier", "/plain")
    site.refresh()
    before = site.files()
    again = site.refresh(NOW + HOUR)
    assert (again.unchanged, again.new, again.updated, again.published) == (2, 0, 0, ())
    assert web.statuses("/courier") == [200, 304]
    assert site.files() == before


def test_only_what_is_due_is_asked(site: Site, web: Web) -> None:
    web.pages["/courier"] = Page(rss(item("a")))
    site.follow("/courier")
    site.refresh(force=False)
    early = site.refresh(NOW + HOUR / 4, force=False)
    assert (early.sources, early.waiting) == (0, 1)
    assert site.refresh(NOW + HOUR / 2, force=False).sources == 1


def test_edit_reaches_the_feeds(site: Site, web: Web) -> None:
    web.pages["/courier"] = Page(rss(item("a", "First words")))
    site.follow("/courier")
    site.refresh()
    web.pages["/courier"] = Page(rss(item("a", "Corrected words")))
    assert site.refresh(NOW + HOUR).updated == 1
    assert site.titles() == ["Corrected words"]


def test_one_failing_source_costs_only_itself(site: Site, web: Web) -> None:
    web.pages["/good"] = Page(rss(item("a")))
    web.pages["/html"] = Page(b"<!doctype html><title>Welcome</title><p>Hello")
    web.pages["/empty"] = Page(b"")
    site.follow("/good", "/html", "/empty", "/absent")
    result = site.refresh()
    reasons = {failure.source: failure.error for failure in result.failed}
    assert "an HTML page, titled “Welcome”" in reasons["html"]
    assert "empty" in reasons["empty"]
    assert "404" in reasons["absent"]
    assert site.titles() == ["Title a"]


def test_slow_and_endless_sources_end_with_the_deadline(site: Site, web: Web) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            time.sleep(0.1)
            request.wfile.write(b" ")

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(b"<rss>" * 20_000)

    def quietly(write: object) -> object:
        def run(request: BaseHTTPRequestHandler) -> None:
            with suppress(OSError):  # the client has had enough
                write(request)  # type: ignore[operator]

        return run

    web.pages |= {"/drip": quietly(drip), "/endless": quietly(endless), "/good": Page(rss(item("a")))}  # type: ignore[dict-item]
    site.follow("/drip", "/endless", "/good")
    reasons = {failure.source: failure.error for failure in site.refresh().failed}
    assert reasons.keys() == {"drip", "endless"}
    assert "broke off" in reasons["drip"] or "timed out" in reasons["drip"]
    assert "is larger than" in reasons["endless"]
    assert site.titles() == ["Title a"]


def test_document_that_makes_the_parser_spin_costs_only_itself(
    site: Site, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "PARSE_SECONDS", 2.0)
    nested = "<div>" * 60_000
    attributes = " ".join(f'a{number}="1"' for number in range(9_000))
    web.pages["/spin"] = Page(
        rss(*(f"<title>x</title><description>{nested}</description><a {attributes}/>" for _ in range(9)))
    )
    web.pages["/good"] = Page(rss(item("a")))
    site.follow("/spin", "/good")
    assert [failure.source for failure in site.refresh().failed] == ["spin"]
    assert site.titles() == ["Title a"]


def test_body_that_breaks_off_is_read_as_far_as_it_came_and_asked_for_again(site: Site, web: Web) -> None:
    whole = rss(item("a"), item("b"))
    cut = Page(
        whole[: whole.index(b"<title>Title b")],
        headers={"Content-Length": str(len(whole)), "Connection": "close"},
        etag='"1"',
    )
    web.pages["/courier"] = cut
    site.follow("/courier")
    result = site.refresh()
    assert "broke off" in result.failed[0].error
    assert site.titles()[0] == "Title a"
    web.pages["/courier"] = Page(whole, etag='"1"')
    assert site.refresh(NOW + HOUR).failed == ()
    assert web.statuses("/courier") == [200, 200]
    assert {"Title a", "Title b"} <= set(site.titles())


def test_gone_source_is_not_asked_by_force_but_by_name(site: Site, web: Web) -> None:
    web.pages["/courier"] = Page(b"", 410)
    site.follow("/courier")
    assert "410" in site.refresh().failed[0].error
    assert site.refresh(NOW + HOUR).sources == 0
    assert site.refresh(NOW + HOUR, only=("courier",)).sources == 1
    assert site.refresh(NOW + 8 * DAY, force=False).sources == 1


def test_retry_after_is_honoured_by_force(site: Site, web: Web) -> None:
    web.pages["/courier"] = Page(b"busy", 503, {"Retry-After": "7200"})
    site.follow("/courier")
    site.refresh()
    assert site.refresh(NOW + HOUR).sources == 0
    assert site.refresh(NOW + 3 * HOUR).sources == 1


def test_moved_source_is_followed_and_in_time_remembered(site: Site, web: Web) -> None:
    web.pages["/new"] = Page(rss(item("a")))
    web.pages["/old"] = Page(b"", 301, {"Location": web.url("/new")})
    site.follow("/old")
    for day in range(4):
        site.refresh(NOW + day * DAY)
    assert web.statuses("/old") == [301, 301, 301]
    assert web.statuses("/new") == [200] * 4


def test_source_is_named_or_refused(site: Site, web: Web) -> None:
    web.pages["/a"] = web.pages["/b"] = Page(rss(item("a")))
    site.follow("/a", "/b")
    assert site.refresh(only=(web.url("/a"),)).sources == 1
    with pytest.raises(UsageError, match='no source is called "nobody"'):
        site.refresh(only=("nobody",))


def test_missing_secret_costs_only_its_source(site: Site, web: Web) -> None:
    web.pages["/a"] = web.pages["/b"] = Page(rss(item("a")))
    site.follow("/a", auth="env:NO_SUCH_VARIABLE_HERE")
    site.follow("/b")
    assert [failure.error for failure in site.refresh().failed] == [
        "the environment variable NO_SUCH_VARIABLE_HERE is not set"
    ]


def test_secrets_reach_their_server_and_no_file(site: Site, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURIER_LOGIN", "awa:hunter2")
    web.pages["/a?token=s3cr3t99"] = Page(rss(item("a")))
    site.follow("/a?token=s3cr3t99", auth="env:COURIER_LOGIN")
    assert site.refresh().failed == ()
    assert web.requests[0][1]["authorization"] == "Basic YXdhOmh1bnRlcjI="
    site.refresh(NOW + HOUR)
    for path in site.folder.rglob("*"):
        if path.is_file() and path.name != "config.toml":
            body = path.read_bytes()
            assert b"s3cr3t99" not in body, path
            assert b"hunter2" not in body, path


def test_topic_that_leaves_the_config_takes_its_files_along(site: Site, web: Web) -> None:
    web.pages["/a"] = Page(rss(item("a")))
    site.follow("/a")
    site.refresh()
    site.settings = site.settings.replace('[topics.sahel]\nuse = "sahel"\n', "")
    site.refresh(NOW + HOUR)
    assert not (site.folder / "output/sahel").exists()
    assert (site.folder / "output/all/atom.xml").exists()


def test_deleted_output_is_written_again_alike(site: Site, web: Web) -> None:
    web.pages["/a"] = Page(rss(item("a"), item("b")))
    site.follow("/a")
    site.refresh()
    before = site.files()
    for path in sorted((site.folder / "output").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    site.refresh(NOW + HOUR)
    assert site.files() == before


def test_status_says_how_each_source_fares(site: Site, web: Web) -> None:
    web.pages["/a"] = Page(rss(item("a")))
    site.follow("/a", "/absent")
    site.refresh()
    rows = json.loads((site.folder / "output/status/status.json").read_text())["sources"]
    assert [(row["name"], row["health"]) for row in rows] == [("a", "ok"), ("absent", "failing")]


def test_disabled_source_is_never_asked(site: Site, web: Web) -> None:
    web.pages["/a"] = Page(rss(item("a")))
    site.settings += f'[[sources]]\nurl = "{web.url("/a")}"\nname = "a"\nenabled = false\n'
    assert site.refresh().sources == 0
    with pytest.raises(UsageError, match="disabled"):
        site.refresh(only=("a",))


def test_topic_that_is_added_later_has_the_stored_articles_and_one_that_goes_leaves_none(site: Site, web: Web) -> None:
    web.pages["/a"] = Page(rss(item("a", "Mali and Niger reopen their border")))
    site.settings = site.settings.replace('[topics.sahel]\nuse = "sahel"\n', "")
    site.follow("/a")
    site.refresh()
    without = site.settings
    site.settings += '[topics.sahel]\nuse = "sahel"\n'
    site.refresh(NOW + HOUR)
    assert site.titles("sahel") == ["Mali and Niger reopen their border"]
    site.settings = without
    site.refresh(NOW + 2 * HOUR)
    with Store(site.config().store_url, NOW) as store:
        assert [dict(article.topics) for article in store.articles()] == [{}]


def test_definition_that_changes_while_an_article_is_hidden_counts_when_it_comes_back(site: Site, web: Web) -> None:
    web.pages["/a"] = Page(rss(item("a", "Mali and Niger reopen their border")))
    site.follow("/a")
    site.refresh()
    with Store(site.config().store_url, NOW) as store:
        (article,) = store.articles()
        store.hide(article.id, NOW)
    site.refresh(NOW + HOUR)
    assert not (site.folder / "output/sahel/country").exists()
    site.settings = site.settings.replace('use = "sahel"', 'any_of = ["Cardiff"]')
    site.refresh(NOW + 2 * HOUR)
    with Store(site.config().store_url, NOW) as store:
        store.hide(article.id, None)
    site.refresh(NOW + 3 * HOUR)
    assert (site.titles("sahel"), site.titles()) == ([], ["Mali and Niger reopen their border"])


@pytest.mark.slow
def test_many_documents_that_are_slow_to_read_do_not_stretch_the_refresh(site: Site, web: Web) -> None:
    slow = Page(rss(*(f"<title>{number}</title>{'<odd>1</odd>' * 60}" for number in range(1500))))
    for number in range(10):
        web.pages[f"/slow{number}"] = slow
    web.pages["/good"] = Page(rss(item("a")))
    site.follow(*(f"/slow{number}" for number in range(10)), "/good")
    started = time.monotonic()
    result = site.refresh()
    assert time.monotonic() - started < 2 * 2 + 4 + 25  # two rounds of 2 s, the patience, a busy machine; unbounded: 50
    assert result.failed
    assert "good" not in {failure.source for failure in result.failed}


def test_secret_that_a_feed_repeats_is_not_published(site: Site, web: Web) -> None:
    body = rss(item("a")).replace(b"https://courier.example/</link>", b"https://courier.example/?token=s3cr3t99</link>")
    web.pages["/a"] = Page(body)
    site.follow("/a")
    site.refresh()
    assert not [name for name, file in site.files().items() if b"s3cr3t99" in file]


def test_what_a_document_still_lists_unchanged_is_kept_though_it_is_not_read_again(site: Site, web: Web) -> None:
    site.follow("/courier")
    site.settings += '[retention]\narticles = "5d"\n[publish]\nwindow = "900d"\n'
    old = [item(key) for key in "abc"]
    web.pages["/courier"] = Page(rss(*old))
    assert site.refresh().new == 3
    web.pages["/courier"] = Page(rss(item("d"), item("b", "Title b, corrected"), old[0]))
    later = site.refresh(NOW + 10 * DAY)
    assert (later.new, later.updated) == (1, 1)
    assert sorted(site.titles()) == ["Title a", "Title b, corrected", "Title d"]  # c is no longer listed
    with Store(site.config().store_url, NOW) as store:
        (state,) = store.states().values()
        known = {item.identity for item in store.known_items(state.id).values()}
    assert known == {"guid:a", "guid:b", "guid:d"}


def test_entry_whose_guid_changes_is_the_same_article_among_unchanged_ones(site: Site, web: Web) -> None:
    site.follow("/courier")
    web.pages["/courier"] = Page(rss(item("a"), item("b")))
    site.refresh()
    web.pages["/courier"] = Page(rss(item("a").replace(">a<", ">a2<"), item("b")))
    assert site.refresh(NOW + HOUR).new == 0
    assert sorted(site.titles()) == ["Title a", "Title b"]


def test_machine_that_has_no_more_files_to_give_is_said_and_is_no_bug(
    site: Site, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    site.follow("/courier")
    monkeypatch.setattr("feeds.fetch.Fetcher.fetch", refuse)
    (failure,) = site.refresh().failed
    assert failure.error == "this machine is too small: Too many open files"
