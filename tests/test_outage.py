"""The machine's own trouble, which no source is blamed for: its network is down, its store can't be written."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from feeds import outcomes
from feeds.errors import StoreError
from feeds.model import Outcome, Saved, SourceState
from feeds.outage import Outage
from feeds.store import Store
from tests.build import HOUR, NOW
from tests.test_cli import feeds
from tests.test_pipeline import Site
from tests.web import Page, Web, item, rss

MINUTE = timedelta(minutes=1)


@pytest.fixture
def site(tmp_path: Path, web: Web) -> Site:
    made = Site(tmp_path, web)
    made.settings = made.settings.partition("[topics")[0] + '[publish]\nformats = ["json"]\n'
    return made


def follow_hosts(site: Site, web: Web, numbers: Sequence[int]) -> None:
    """Follow a feed on each of 127.0.0.*: only on 127.0.0.1 somebody answers."""
    for number in numbers:
        url = web.url("/feed").replace("127.0.0.1", f"127.0.0.{number}")
        site.settings += f'[[sources]]\nurl = "{url}"\nname = "host {number}"\n'


def states(site: Site) -> dict[str, SourceState]:
    with Store(site.config().store_url, NOW) as store:
        return store.states()


def test_outage_counts_against_no_source_and_is_said_once(site: Site, web: Web) -> None:
    web.pages["/feed"] = Page(b"oops", 500)
    follow_hosts(site, web, range(1, 7))
    at = NOW
    for _ in range(4):
        result = site.refresh(at, force=False)
        assert (result.sources, result.unreached) == (6, 5)
        assert result.outage.startswith("5 of 6 hosts can't be reached: this machine's own network seems to be down")
        assert [failure.source for failure in result.failed] == ["host 1"]  # it was reached, and failed itself
        unreached = [state for name, state in states(site).items() if name != "host 1"]
        assert [(state.failures, state.error, state.checked_at) for state in unreached] == [(0, None, None)] * 5
        waits = [state.next_check - at for state in unreached if state.next_check]
        assert len(waits) == 5
        assert all(30 * MINUTE <= wait <= 33 * MINUTE for wait in waits)
        at += 24 * HOUR
    assert states(site)["host 1"].failures == 4
    with Store(site.config().store_url, NOW) as store:
        assert sum(day.fetches for day in store.fetch_days(NOW - HOUR)) == 4  # of the host that was reached


def test_source_that_failed_before_is_asked_again_after_its_interval_with_its_failures_kept(
    site: Site, web: Web
) -> None:
    follow_hosts(site, web, range(2, 7))
    config = site.config()
    with Store(config.store_url, NOW) as store:
        state = store.sync_sources(config.sources)["host 2"]
        store.plan([SourceState(id=state.id, name=state.name, url=state.url, failures=5, error="why", hint=9 * HOUR)])
    assert site.refresh().unreached == 5
    kept = states(site)["host 2"]
    assert (kept.failures, kept.error, kept.hint) == (5, "why", 9 * HOUR)
    assert kept.next_check is not None
    assert kept.next_check - NOW <= 33 * MINUTE


@pytest.mark.parametrize(("reached", "silent"), [(0, 4), (1, 3), (2, 6)])
def test_where_some_are_reached_or_few_are_asked_those_that_are_not_have_failed(
    site: Site, web: Web, reached: int, silent: int
) -> None:
    web.pages["/feed"] = Page(rss(item("a")))
    for name in ("127.0.0.1", "localhost")[:reached]:
        url = web.url("/feed").replace("127.0.0.1", name)
        site.settings += f'[[sources]]\nurl = "{url}"\nname = "reached {name}"\n'
    follow_hosts(site, web, range(2, 2 + silent))
    result = site.refresh()
    assert (result.outage, result.unreached, len(result.failed)) == ("", 0, silent)
    assert sorted(state.failures for state in states(site).values()) == [0] * reached + [1] * silent


def test_names_that_have_no_address_are_an_outage_too(site: Site, web: Web) -> None:
    for number in range(5):
        site.settings += f'[[sources]]\nurl = "http://no-{number}.invalid/feed"\nname = "{number}"\n'
    assert site.refresh().outage.startswith("5 of 5 hosts")


def test_command_says_the_outage_in_one_line_and_that_nothing_could_be_done(site: Site, web: Web) -> None:
    follow_hosts(site, web, range(2, 8))
    site.config()
    done = feeds(site.folder, "refresh")
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert first.startswith("6 of 6 hosts can't be reached: this machine's own network")
    assert second.startswith("6 sources asked")
    assert done.stderr == ""


def outcome(host: str, was_reached: bool | None) -> Outcome:
    return Outcome(state=SourceState(id=1, name=host, url=f"https://{host}/"), host=host, was_reached=was_reached)


def test_what_was_held_back_is_let_go_as_soon_as_enough_hosts_are_reached() -> None:
    outage = Outage([f"{number}.example" for number in range(10)])
    silent = outcome("0.example", False)
    assert outage.certain([silent]) == []
    first, second, third = (outcome(f"{number}.example", True) for number in (1, 2, 3))
    assert outage.certain([first, second]) == [first, second]
    assert outage.certain([third]) == [silent, third]
    assert outage.held() == []


def test_source_that_was_never_asked_says_nothing_of_the_network() -> None:
    outage = Outage([f"{number}.example" for number in range(10)])
    outage.certain([outcome(f"{number}.example", False) for number in range(5)])
    outage.certain([outcome(f"{number}.example", None) for number in range(5, 10)])
    assert outage.in_words().startswith("5 of 5 hosts")


# The store


def fetching_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("fetch-")]


def ended(threads: Sequence[threading.Thread]) -> bool:
    for thread in threads:
        thread.join(timeout=10)
    return not any(thread.is_alive() for thread in threads)


def test_store_that_cannot_be_written_stops_the_asking(site: Site, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on its way is given up; none of the sources whose leases are given back is asked any more."""
    failed = threading.Event()

    def wait_for_failure(request: BaseHTTPRequestHandler) -> None:
        failed.wait(10)
        body = rss(item(request.path[1:]))
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    paths = [f"/{number}" for number in range(40)]
    web.pages |= dict.fromkeys(paths, wait_for_failure)
    web.pages["/0"] = Page(rss(item("a")))
    site.settings = site.settings.replace("[fetch]\n", "[fetch]\nconcurrency = 4\n")
    site.follow(*paths)

    def full(store: Store, found: Sequence[Outcome], now: datetime) -> list[Saved]:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Store, "save", full)
    with pytest.raises(StoreError, match="the disk is full"):
        site.refresh()
    failed.set()
    assert ended(fetching_threads())
    assert 1 <= len(web.requests) <= 5
    assert not any(state.checked_at for state in states(site).values())


def test_bytes_of_an_answer_that_could_not_be_read_are_given_back(
    site: Site, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else those who wait for room to fetch would wait for ever."""
    paths = [f"/{number}" for number in range(20)]
    web.pages |= dict.fromkeys(paths, Page(rss(item("a"))))
    site.follow(*paths)

    def locked(store: Store, source_id: int) -> None:
        raise StoreError("it is locked by another process")

    monkeypatch.setattr(Store, "known_items", locked)
    monkeypatch.setattr(outcomes, "WAITING_BYTES", 1)
    with pytest.raises(StoreError, match="locked"):
        site.refresh()
    assert ended(fetching_threads())


# Addresses old and new


def test_new_address_survives_failures_and_is_tried_in_turn_with_the_old_one(site: Site, web: Web) -> None:
    web.pages["/new"] = Page(rss(item("a")))
    web.pages["/old"] = Page(b"", 301, {"Location": "/new"})
    site.follow("/old")
    for day in range(3):
        site.refresh(NOW + day * 24 * HOUR)
    web.requests.clear()
    web.pages["/new"] = web.pages["/old"] = Page(b"", 500)
    for day in range(4, 11):
        site.refresh(NOW + day * 24 * HOUR)
    assert [path for path, *_ in web.requests] == ["/new", "/old"] * 3 + ["/new"]
    web.pages["/new"] = Page(rss(item("a"), item("b")))
    for day in range(11, 14):
        site.refresh(NOW + day * 24 * HOUR)
    assert [path for path, *_ in web.requests][7:] == ["/old", "/new", "/new"]
    assert states(site)["old"].fetch_url == web.url("/new")


def test_old_address_that_still_leads_to_the_new_one_leaves_it_remembered(site: Site, web: Web) -> None:
    web.pages["/new"] = Page(rss(item("a")))
    web.pages["/old"] = Page(b"", 301, {"Location": "/new"})
    site.follow("/old")
    for day in range(3):
        site.refresh(NOW + day * 24 * HOUR)
    web.pages["/new"] = Page(b"", 500)
    site.refresh(NOW + 4 * 24 * HOUR)
    web.pages["/new"] = Page(rss(item("a"), item("b")))
    web.requests.clear()
    for day in range(5, 7):
        site.refresh(NOW + day * 24 * HOUR)
    assert [path for path, *_ in web.requests] == ["/old", "/new", "/new"]


def test_old_address_that_has_the_feed_again_is_the_address_again(site: Site, web: Web) -> None:
    web.pages["/new"] = Page(rss(item("a")), etag='"new"')
    web.pages["/old"] = Page(b"", 301, {"Location": "/new"})
    site.follow("/old")
    for day in range(3):
        site.refresh(NOW + day * 24 * HOUR)
    web.pages["/new"] = Page(b"", 404)
    web.pages["/old"] = Page(rss(item("a"), item("b")), etag='"new"')
    web.requests.clear()
    for day in range(4, 7):
        site.refresh(NOW + day * 24 * HOUR)
    # The first time without conditions: the validators are the other address's.
    assert [(path, status) for path, _, status in web.requests] == [("/new", 404), ("/old", 200), ("/old", 304)]


def test_address_that_is_gone_is_no_end_before_the_other_one_is_gone_too(site: Site, web: Web) -> None:
    web.pages["/new"] = Page(rss(item("a")))
    web.pages["/old"] = Page(b"", 301, {"Location": "/new"})
    site.follow("/old")
    for day in range(3):
        site.refresh(NOW + day * 24 * HOUR)
    web.pages["/new"] = web.pages["/old"] = Page(b"", 410)
    site.refresh(NOW + 4 * 24 * HOUR)
    assert states(site)["old"].gone_at is None
    site.refresh(NOW + 5 * 24 * HOUR)
    assert states(site)["old"].gone_at is not None
