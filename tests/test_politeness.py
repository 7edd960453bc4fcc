"""Politeness as server owners see it: by the requests that arrive over several refreshes, and by what `feeds sources` says."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from feeds.health import source_rows
from feeds.store import Store
from tests.build import DAY, HOUR, NOW
from tests.test_cli import feeds
from tests.test_pipeline import Site
from tests.web import Page, Web, item, rss

MINUTE = timedelta(minutes=1)


@pytest.fixture
def site(tmp_path: Path, web: Web) -> Site:
    made = Site(tmp_path, web)
    # What is published is not the point, and takes most of the time.
    made.settings = made.settings.partition("[topics")[0] + '[publish]\nformats = ["json"]\n'
    return made


def row(site: Site, at: datetime, name: str = "courier") -> dict[str, Any]:
    """What `feeds sources` shows of a source."""
    config = site.config()
    with Store(config.store_url, at) as store:
        return next(each for each in source_rows(config, store, at) if each["name"] == name)


def wait(site: Site, at: datetime = NOW) -> timedelta:
    moment: datetime = row(site, at)["next_check"]
    return moment - at


def conditions(web: Web, path: str = "/courier") -> list[tuple[str | None, str | None]]:
    """The validators that each request of *path* came with."""
    return [
        (headers.get("if-none-match"), headers.get("if-modified-since"))
        for asked, headers, _ in web.requests
        if asked == path
    ]


def titles(site: Site) -> set[str]:
    feed = json.loads((site.folder / "output/all/feed.json").read_text())
    return {each["title"] for each in feed["items"]}


# Validators


def test_newest_validators_are_sent_and_none_are_invented(site: Site, web: Web) -> None:
    site.follow("/courier")
    for hour, headers in enumerate(
        ({}, {"ETag": 'W/"1"', "Last-Modified": "some time ago"}, {"ETag": '"2"'}, {"Last-Modified": "later"}, {})
    ):
        web.pages["/courier"] = Page(rss(item(str(hour))), headers=dict(headers))
        site.refresh(NOW + hour * HOUR)
    assert conditions(web) == [
        (None, None), (None, None), ('W/"1"', "some time ago"), ('"2"', None), (None, "later"),
    ]  # fmt: skip


def test_304_with_newer_validators_replaces_the_old_ones(site: Site, web: Web) -> None:
    site.follow("/courier")
    web.pages["/courier"] = Page(rss(item("a")), headers={"ETag": '"1"', "Last-Modified": "then"})
    site.refresh()
    web.pages["/courier"] = Page(b"", 304, {"ETag": '"2"'})
    site.refresh(NOW + HOUR)
    site.refresh(NOW + 2 * HOUR)
    assert conditions(web) == [(None, None), ('"1"', "then"), ('"2"', "then")]


@pytest.mark.parametrize(
    "unusable",
    [
        Page(b"<!doctype html><title>Maintenance</title>", etag='"bad"'),
        Page(b"", etag='"bad"'),
        Page(b"no feed at all", etag='"bad"'),
        Page(rss(item("b"))[:-60], headers={"Content-Length": "9999", "Connection": "close"}, etag='"bad"'),
        Page(b"sorry", 500, {"ETag": '"bad"'}),
        Page(b"\x1f\x8b\x08garbage", headers={"Content-Encoding": "gzip"}, etag='"bad"'),
    ],
    ids=["html", "empty", "no feed", "cut", "500", "no gzip"],
)
def test_validators_of_an_unusable_body_are_never_sent(site: Site, web: Web, unusable: Page) -> None:
    site.follow("/courier")
    web.pages["/courier"] = Page(rss(item("a")), etag='"good"')
    site.refresh()
    web.pages["/courier"] = unusable
    assert len(site.refresh(NOW + HOUR).failed) == 1
    site.refresh(NOW + 3 * HOUR)
    assert [etag for etag, _ in conditions(web)] == [None, '"good"', '"good"']


WHOLE = rss(item("a"), item("b"), item("c"))
IN_PART = {
    "cut, and the connection ended well": WHOLE[: WHOLE.index(b"<title>Title c")],
    "a wrong end tag": WHOLE.replace(b"Title b</title>", b"Title b</titel>"),
    "an open CDATA section": WHOLE.replace(b"<title>Title b", b"<title><![CDATA[Title b"),
    "JSON that stops": b'{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"a","title":"Title a"},{"id":"b","ti',
    "JSON with items that are none": b'{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"a","title":"Title a"},7]}',
}


@pytest.mark.parametrize("fault", IN_PART)
def test_document_that_could_not_be_read_whole_is_read_again_whatever_its_validators(
    site: Site, web: Web, fault: str
) -> None:
    dated = {"Last-Modified": "Tue, 24 Nov 2026 08:00:00 GMT"}
    site.follow("/courier")
    web.pages["/courier"] = Page(IN_PART[fault], headers=dated, etag='"same"')
    assert site.refresh().failed == ()
    assert row(site, NOW)["health"] == "partial"
    assert 30 * MINUTE <= wait(site) <= 33 * MINUTE
    assert site.refresh(NOW + HOUR).unchanged == 0  # the same bytes: another version may read more of them
    web.pages["/courier"] = Page(WHOLE, headers=dated, etag='"same"')
    site.refresh(NOW + 2 * HOUR)
    assert {"Title a", "Title b", "Title c"} <= titles(site)
    assert row(site, NOW + 2 * HOUR)["health"] == "ok"
    assert site.refresh(NOW + 3 * HOUR).unchanged == 1
    assert conditions(web) == [(None, None)] * 3 + [('"same"', dated["Last-Modified"])]


def test_feed_without_any_entry_is_named_with_its_address_and_is_no_failure(site: Site, web: Web) -> None:
    web.pages["/new"] = Page(rss(), etag='"1"')
    web.pages["/courier"] = Page(b"", 302, {"Location": "/new"})
    site.follow("/courier")
    assert site.refresh().failed == ()
    shown = row(site, NOW)
    assert (shown["health"], shown["problem"]) == (
        "partial",
        f"{web.url('/new')} answered with a feed that has no entries",
    )
    assert site.refresh(NOW + HOUR).unchanged == 1


# How often


def test_each_feed_is_asked_once_in_a_refresh_whatever_it_answers(site: Site, web: Web) -> None:
    def hang_up(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")

    web.pages |= {
        "/good": Page(rss(item("a"))), "/error": Page(b"", 500), "/busy": Page(b"", 503, {"Retry-After": "0"}),
        "/html": Page(b"<!doctype html><p>"), "/empty": Page(b""), "/hang-up": hang_up,
        "/cut": Page(rss(item("a")), headers={"Content-Length": "9999", "Connection": "close"}),
    }  # fmt: skip
    paths = [*web.pages, "/absent"]
    site.follow(*paths)
    assert site.refresh(force=False).sources == len(paths)
    assert sorted(asked for asked, *_ in web.requests) == sorted(paths)


def test_refresh_that_comes_too_early_asks_nothing(site: Site, web: Web) -> None:
    web.pages["/courier"] = Page(rss(item("a")))
    site.follow("/courier")
    for minute in range(0, 61, 5):
        site.refresh(NOW + minute * MINUTE, force=False)
    assert len(web.requests) <= 3  # at the start and after about half an hour each


@pytest.mark.parametrize(
    ("headers", "head", "shortest", "why"),
    [
        ({}, "", 30 * MINUTE, "interval"),
        ({"Cache-Control": "max-age=7200"}, "", 2 * HOUR, "its server asks for it (ttl, Cache-Control)"),
        ({"Cache-Control": f"public, max-age={'9' * 40}"}, "", DAY, "its server asks for it (ttl, Cache-Control)"),
        ({"Expires": "Fri, 31 Dec 9999 23:59:59 GMT"}, "", DAY, "its server asks for it (ttl, Cache-Control)"),
        ({"Expires": "Tue, 24 Nov 2026 15:00:00 GMT"}, "", 3 * HOUR, "its server asks for it (ttl, Cache-Control)"),
        ({}, "<ttl>120</ttl>", 2 * HOUR, "its server asks for it (ttl, Cache-Control)"),
        ({}, "<ttl>999999</ttl>", DAY, "its server asks for it (ttl, Cache-Control)"),
        ({}, "<skipHours><hour>12</hour><hour>13</hour></skipHours>", 2 * HOUR,
         "it skips the hours before (skipHours, skipDays)"),
        ({}, "<skipDays><day>Tuesday</day></skipDays>", 12 * HOUR, "it skips the hours before (skipHours, skipDays)"),
    ],
)  # fmt: skip
def test_wait_is_what_the_server_asks_for_within_the_caps_and_its_reason_is_told(
    site: Site, web: Web, headers: dict[str, str], head: str, shortest: timedelta, why: str
) -> None:
    web.pages["/courier"] = Page(rss(item("a"), head=head), headers=headers)
    site.follow("/courier")
    site.refresh()
    assert shortest <= wait(site) <= min(shortest * 1.1 + MINUTE, max(DAY, shortest + 6 * MINUTE))
    assert row(site, NOW)["wait_reason"] == why
    site.refresh(NOW + shortest * 0.8, force=False)
    assert len(web.requests) == 1


@pytest.mark.parametrize(
    ("status", "value", "expected"),
    [
        (429, "7200", 2 * HOUR),
        (503, "1" + "0" * 30, 7 * DAY),
        (429, "Fri, 31 Dec 9999 23:59:59 GMT", 7 * DAY),
        (503, "Tue, 24 Nov 2026 18:00:00 GMT", 6 * HOUR),
    ],
)
def test_retry_after_holds_for_everybody_and_at_most_a_week(
    site: Site, web: Web, status: int, value: str, expected: timedelta
) -> None:
    web.pages["/courier"] = Page(b"busy", status, {"Retry-After": value})
    site.follow("/courier")
    site.refresh()
    assert wait(site) == expected
    assert row(site, NOW)["wait_reason"] == "its server asks for it (Retry-After)"
    site.refresh(NOW + expected - MINUTE, force=True)
    site.refresh(NOW + expected - MINUTE, force=True, only=("courier",))
    assert len(web.requests) == 1
    site.refresh(NOW + expected, force=False)
    assert len(web.requests) == 2


def test_retry_after_that_says_nothing_leaves_the_back_off(site: Site, web: Web) -> None:
    site.follow("/courier")
    at = NOW
    for failures, value in enumerate(["Thu, 01 Jan 1970 00:00:00 GMT", "0", "-1", "soon", "", "0", "0", "0"], 1):
        web.pages["/courier"] = Page(b"busy", 503, {"Retry-After": value})
        site.refresh(at)
        expected = min(30 * MINUTE * 2 ** (failures - 1), DAY)
        assert expected <= wait(site, at) <= min(expected * 1.1, DAY)
        at += DAY
    assert row(site, at)["wait_reason"] == "8 failures in a row"


def test_gone_is_probed_weekly_and_said(site: Site, web: Web) -> None:
    web.pages["/courier"] = Page(b"", 410)
    site.follow("/courier")
    for day in range(16):
        site.refresh(NOW + day * DAY, force=day % 7 != 0)
    assert len(web.requests) == 3  # at first, after a week, after two
    seen = row(site, NOW + 15 * DAY)
    assert (seen["health"], seen["wait_reason"]) == ("gone", "its server said 410 Gone: probed once a week")
    status = json.loads((site.folder / "output/status/status.json").read_text())["sources"][0]
    assert (status["health"], status["error"]) == ("gone", "the server answered 410 Gone")
    web.pages["/courier"] = Page(rss(item("a")))
    site.refresh(NOW + 22 * DAY, force=False)
    assert row(site, NOW + 22 * DAY)["health"] == "ok"


# Where


@pytest.mark.parametrize(
    ("statuses", "is_remembered"),
    [
        ([301, 308, 301], True), ([302, 302, 302], False), ([303, 303, 303], False), ([307, 307, 307], False),
        ([301, 302, 301], False),
    ],
)  # fmt: skip
def test_only_a_permanent_redirect_that_stays_is_remembered(
    site: Site, web: Web, statuses: list[int], is_remembered: bool
) -> None:
    web.pages["/new"] = Page(rss(item("a")), etag='"1"')
    site.follow("/old")
    for day, status in enumerate([*statuses, statuses[-1]]):
        web.pages["/old"] = Page(b"", status, {"Location": "/new"})
        site.refresh(NOW + day * DAY)
    assert len(web.statuses("/old")) == (3 if is_remembered else 4)
    assert web.statuses("/new") == [200, 304, 304, 304]


def test_permanent_redirect_is_not_believed_within_two_days_nor_where_it_leads_elsewhere(site: Site, web: Web) -> None:
    web.pages["/one"] = web.pages["/two"] = Page(rss(item("a")))
    site.follow("/old")
    for hour in range(0, 48, 8):
        web.pages["/old"] = Page(b"", 301, {"Location": "/one"})
        site.refresh(NOW + hour * HOUR)
    web.pages["/old"] = Page(b"", 301, {"Location": "/two"})
    for day in (3, 4):
        site.refresh(NOW + day * DAY)
    assert len(web.statuses("/old")) == 8
    assert row(site, NOW + 4 * DAY, "old")["moved_to"] == web.url("/two")


# How many at once


def test_no_host_has_more_than_two_of_a_refresh_at_once(site: Site, web: Web) -> None:
    lock = threading.Lock()
    running: list[str] = []
    most: list[int] = []

    def slow(request: BaseHTTPRequestHandler) -> None:
        with lock:
            running.append(request.path)
            most.append(len(running))
        time.sleep(0.05)  # long enough for a third to come, were it allowed
        with lock:
            running.remove(request.path)
        body = rss(item(request.path[1:]))
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    site.settings = site.settings.replace("per_host = 8\n", "")
    paths = [f"/slow{number}" for number in range(12)]
    web.pages |= dict.fromkeys(paths, slow)
    site.follow(*paths)
    assert site.refresh().fetched == 12
    assert max(most) == 2


def test_sources_that_were_asked_together_are_not_planned_for_the_same_moment(site: Site, web: Web) -> None:
    """Thirty of one refresh, a third of which skip hours: their next checks spread, and none comes before its time."""
    for number in range(30):
        head = "<skipHours><hour>12</hour></skipHours>" if number % 3 == 0 else ""
        web.pages[f"/{number}"] = Page(rss(item("a"), head=head))
    site.follow(*web.pages)
    site.refresh()
    config = site.config()
    with Store(config.store_url, NOW) as store:
        rows = source_rows(config, store, NOW)
    skipping = [each["next_check"] for each in rows if "skipHours" in each["wait_reason"]]
    others = [each["next_check"] for each in rows if "skipHours" not in each["wait_reason"]]
    assert (len(skipping), len(others)) == (10, 20)
    for moments, first in ((skipping, NOW + HOUR), (others, NOW + 30 * MINUTE)):
        assert len(set(moments)) > len(moments) * 0.8
        assert min(moments) >= first
        assert max(moments) - min(moments) > MINUTE


def test_request_says_who_asks_and_takes_compressed_answers(site: Site, web: Web) -> None:
    web.pages["/courier"] = Page(rss(item("a")))
    site.settings = site.settings.replace('title = "Test"', 'title = "Test"\ncontact = "https://desk.example/bots"')
    site.follow("/courier")
    site.refresh()
    headers = web.requests[0][1]
    name, _, contact = headers["user-agent"].partition(" ")
    assert (name.split("/")[0], contact) == ("feeds", "(+https://desk.example/bots)")
    assert name.split("/")[1][0].isdigit()
    assert "gzip" in headers["accept-encoding"]
    assert not headers.keys() & {"cookie", "referer", "authorization", "range", "if-modified-since", "if-none-match"}


def test_sources_command_tells_the_reason_of_every_wait(tmp_path: Path, web: Web) -> None:
    """By the program's own clock: interval, ttl, Retry-After, 410 and a source that is switched off."""
    web.pages |= {
        "/plain": Page(rss(item("a"))), "/ttl": Page(rss(item("b"), head="<ttl>600</ttl>")),
        "/busy": Page(b"", 503, {"Retry-After": "86400"}), "/gone": Page(b"", 410), "/off": Page(b""),
    }  # fmt: skip
    site = Site(tmp_path, web)
    site.follow("/plain", "/ttl", "/busy", "/gone")
    site.settings += f'[[sources]]\nurl = "{web.url("/off")}"\nname = "off"\nenabled = false\n'
    site.config()
    assert feeds(tmp_path, "refresh").returncode == 0
    lines = {line.split("\t")[0]: line.split("\t") for line in feeds(tmp_path, "sources").stdout.splitlines()}
    assert {name: cells[4] for name, cells in lines.items() if name != "source"} == {
        "plain": "interval", "ttl": "its server asks for it (ttl, Cache-Control)",
        "busy": "its server asks for it (Retry-After)", "gone": "its server said 410 Gone: probed once a week",
        "off": "disabled in the configuration",
    }  # fmt: skip
    assert lines["gone"][1] == "gone"
    assert datetime.fromisoformat(lines["ttl"][3]).replace(tzinfo=UTC) > datetime.now(UTC) + 9 * HOUR
