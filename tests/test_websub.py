"""A real hub is told of changed feeds, once each; whatever it does, no refresh fails of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from lxml import etree

from feeds import config as configuration
from feeds import pipeline
from feeds.errors import ConfigError, PublishError
from feeds.pipeline import RefreshResult
from feeds.store import Store
from feeds.websub import next_wait
from tests.archive_reader import ATOM, link
from tests.build import HOUR, NOW
from tests.web import Page, Web, item, rss

MINUTE = timedelta(minutes=1)
CONFIG = """
[site]
base_url = "{base_url}"
[fetch]
timeout = "2s"
allow_private_networks = {networks}
[publish]
hub = "{hub}"
[[sources]]
url = "{source}"
name = "Courier"
language = "en"
"""
FEEDS = [f"all/{name}" for name in ("atom.xml", "rss.xml", "feed.json")]
ALL_FEEDS = [*FEEDS, *(path.replace("all/", "all/lang/en/") for path in FEEDS)]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        return None


class Subscriber(BaseHTTPRequestHandler):
    """Confirms every subscription, and puts what is delivered into *delivered*."""

    delivered: Queue[tuple[bytes, dict[str, str]]]

    def do_GET(self) -> None:
        self._answer(parse_qs(urlsplit(self.path).query)["hub.challenge"][0].encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(b"")
        self.delivered.put((body, dict(self.headers)))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        return None


@pytest.fixture
def hub() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-m", "tests.hub"], stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
        process.kill()


def served(handler: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def output_url(tmp_path: Path) -> Iterator[str]:
    yield from served(partial(_Quiet, directory=str(tmp_path / "output")))


@pytest.fixture
def delivered() -> Queue[tuple[bytes, dict[str, str]]]:
    return Queue()


@pytest.fixture
def callback(delivered: Queue[tuple[bytes, dict[str, str]]]) -> Iterator[str]:
    yield from served(type("Listening", (Subscriber,), {"delivered": delivered}))


class Site:
    """A source, a config with a hub, and what they publish."""

    def __init__(self, folder: Path, web: Web, hub: str, base_url: str = "https://feeds.example/") -> None:
        self.folder, self.web = folder, web
        self.base_url = base_url
        self.configure(hub)
        self.serve("a")

    def configure(self, hub: str, networks: str = '["127.0.0.0/8"]') -> None:
        source = self.web.url("/feed")
        text = CONFIG.format(base_url=self.base_url, hub=hub, source=source, networks=networks)
        (self.folder / "config.toml").write_text(text)

    def serve(self, *keys: str) -> None:
        self.web.pages["/feed"] = Page(rss(*(item(key) for key in keys)))

    def refresh(self, at: Any = NOW) -> RefreshResult:
        config = configuration.load(self.folder / "config.toml")
        with Store(config.store_url, at) as store:
            result = pipeline.refresh(config, store, at, force=True)
        assert result.failed == ()
        return result

    def pending(self) -> list[str]:
        config = configuration.load(self.folder / "config.toml")
        with Store(config.store_url, NOW) as store:
            return [ping.path for ping in store.due_pings(NOW + timedelta(days=30))]


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


def told(hub: str) -> list[str]:
    """The topics that *hub* was told of, in order."""
    return [each["form"]["hub.url"] for each in log(hub) if each["form"]["hub.mode"] == "publish"]


def log(hub: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(hub + "log") as answer:
        return list(json.load(answer))


def set_mood(hub: str, status: int, **headers: str) -> None:
    urllib.request.urlopen(hub + "mood", json.dumps([status, headers]).encode()).close()


def test_subscriber_gets_the_changed_feed_pushed(
    tmp_path: Path, web: Web, hub: str, output_url: str, callback: str, delivered: Queue[tuple[bytes, dict[str, str]]]
) -> None:
    site = Site(tmp_path, web, hub, output_url)
    site.refresh()
    feed = etree.fromstring(urllib.request.urlopen(f"{output_url}all/atom.xml").read())
    asked = {"hub.mode": "subscribe", "hub.topic": link(feed, "self"), "hub.callback": callback, "hub.secret": "s3cret"}
    urllib.request.urlopen(str(link(feed, "hub")), urlencode(asked).encode()).close()
    site.serve("a", "b")
    deadline = time.monotonic() + 10
    while delivered.empty() and time.monotonic() < deadline:  # until the hub has taken the subscription
        site.serve("a", f"b{time.monotonic()}")
        site.refresh(NOW + HOUR)
    body, headers = delivered.get(timeout=10)
    assert len(list(etree.fromstring(body).iter(f"{ATOM}entry"))) > 1
    assert f'<{output_url}all/atom.xml>; rel="self"' in headers["Link"]
    assert headers["X-Hub-Signature"] == "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()


def test_each_changed_feed_is_told_once_and_an_unchanged_one_never(tmp_path: Path, web: Web, hub: str) -> None:
    site = Site(tmp_path, web, hub)
    site.refresh()
    assert sorted(told(hub)) == sorted(site.base_url + path for path in ALL_FEEDS)
    site.refresh(NOW + HOUR)
    assert len(told(hub)) == len(ALL_FEEDS)
    site.serve("a", "b")
    site.refresh(NOW + 2 * HOUR)
    assert len(told(hub)) == 2 * len(ALL_FEEDS)
    assert {each["form"]["hub.topic"] for each in log(hub)} == {each["form"]["hub.url"] for each in log(hub)}


def test_hub_that_is_down_fails_nothing_and_is_told_once_it_is_back(
    tmp_path: Path, web: Web, hub: str, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        site = Site(tmp_path, web, f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert site.refresh().published
    assert "refuses connections; told again in 0:01:00" in caplog.text
    assert len(caplog.records) == 1
    assert sorted(site.pending()) == sorted(ALL_FEEDS)
    site.configure(hub)
    site.refresh(NOW + MINUTE / 2)
    assert told(hub) == []
    site.refresh(NOW + MINUTE)
    assert len(told(hub)) == len(ALL_FEEDS)
    assert site.pending() == []


def test_retry_after_holds_for_all_feeds_and_for_new_changes(tmp_path: Path, web: Web, hub: str) -> None:
    site = Site(tmp_path, web, hub)
    set_mood(hub, 503, Retry_After="7200")
    site.refresh()
    asked = len(told(hub))
    assert asked <= 2  # as many as are told at once
    set_mood(hub, 202)
    site.serve("a", "b")
    site.refresh(NOW + HOUR)
    assert len(told(hub)) == asked
    site.refresh(NOW + 2 * HOUR)
    assert len(told(hub)) == asked + len(ALL_FEEDS)


def test_hub_in_trouble_is_let_be_after_a_day(tmp_path: Path, web: Web, hub: str) -> None:
    site = Site(tmp_path, web, hub)
    set_mood(hub, 500)
    for hour in range(0, 31, 6):
        site.refresh(NOW + hour * HOUR)
    assert site.pending() == []


def test_feed_that_the_hub_refuses_is_not_told_again(
    tmp_path: Path, web: Web, hub: str, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(tmp_path, web, hub)
    set_mood(hub, 403)
    site.refresh()
    assert "does not take" in caplog.text
    assert f"(and {len(ALL_FEEDS) - 1} more): the server answered 403 Forbidden" in caplog.text
    assert site.pending() == []


@pytest.mark.parametrize("status", [307, 308])
def test_redirect_that_keeps_the_method_is_followed(tmp_path: Path, web: Web, hub: str, status: int) -> None:
    site = Site(tmp_path, web, hub + "old")
    set_mood(hub, status, Location="http://127.0.0.1:1/")
    site.refresh()
    assert len(site.pending()) == len(ALL_FEEDS)  # it went there, and nobody answered


@pytest.mark.parametrize("status", [301, 302, 303])
def test_redirect_that_turns_it_into_a_get_is_refused(tmp_path: Path, web: Web, hub: str, status: int) -> None:
    site = Site(tmp_path, web, hub)
    set_mood(hub, status, Location="http://127.0.0.1:1/")
    site.refresh()
    assert site.pending() == []
    assert len(told(hub)) == len(ALL_FEEDS)


def test_private_hub_is_not_told_unless_that_is_permitted(
    tmp_path: Path, web: Web, hub: str, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(tmp_path, web, hub)
    site.configure(hub.replace("127.0.0.1", "127.0.0.2"), networks='["127.0.0.1/32"]')
    site.refresh()
    assert "is no public address" in caplog.text
    assert told(hub) == []


def test_credentials_reach_the_hub_and_nobody_else(
    tmp_path: Path, web: Web, hub: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site = Site(tmp_path, web, hub.replace("http://", "http://me:s3cret@"))
    site.refresh()
    assert {each["headers"]["Authorization"] for each in log(hub)} == {"Basic bWU6czNjcmV0"}
    set_mood(hub, 503)
    site.serve("a", "b")
    site.refresh(NOW + HOUR)
    assert "s3cret" not in caplog.text
    assert not [path for path in (tmp_path / "output").rglob("*.*") if b"s3cret" in path.read_bytes()]
    assert hub.encode() in (tmp_path / "output/all/atom.xml").read_bytes()


def test_hub_that_answers_a_byte_a_second_costs_one_short_wait(tmp_path: Path, web: Web) -> None:
    told_all, over = threading.Event(), threading.Event()

    def crawl(handler: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):  # until the other side has had enough
            for byte in b"HTTP/1.1 202 Accepted\r\n":
                handler.wfile.write(bytes([byte]))
                over.wait(1)
            told_all.set()

    handler = type("Slow", (Subscriber,), {"do_POST": crawl})
    pending = []
    for slow in served(handler):
        site = Site(tmp_path, web, slow)
        site.refresh()
        pending.append(len(site.pending()))
        assert not told_all.is_set()
        over.set()
    assert pending == [len(ALL_FEEDS)]


def test_publishing_that_fails_midway_loses_no_ping(tmp_path: Path, web: Web, hub: str) -> None:
    """What was replaced before the fault is told at once, the rest when it could be written."""
    site = Site(tmp_path, web, hub)
    site.refresh()
    before = len(told(hub))
    in_the_way = tmp_path / "output/all/lang/en/rss.xml"
    in_the_way.unlink()
    in_the_way.mkdir()
    site.serve("a", "b")
    with pytest.raises(PublishError):
        site.refresh(NOW + HOUR)
    replaced = [f"{site.base_url}{path}" for path in (*FEEDS, "all/lang/en/atom.xml")]
    assert set(replaced) <= set(told(hub)[before:])
    in_the_way.rmdir()
    site.refresh(NOW + 2 * HOUR)
    assert sorted(set(told(hub)[before:])) == sorted(site.base_url + path for path in ALL_FEEDS)


@pytest.mark.parametrize("failing", ["a hub in trouble", "a killed process"])
def test_change_that_was_not_told_yet_is_told_the_next_time(
    tmp_path: Path, web: Web, hub: str, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path, web, hub)
    if failing == "a killed process":

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(Store, "set_documents", die)
        with pytest.raises(KeyboardInterrupt):
            site.refresh()
        monkeypatch.undo()
    else:
        set_mood(hub, 503)
        site.refresh()
        set_mood(hub, 202)
    assert sorted(site.pending()) == sorted(ALL_FEEDS)
    site.refresh(NOW + HOUR)
    assert sorted(set(told(hub))) == sorted(site.base_url + path for path in ALL_FEEDS)
    assert site.pending() == []


def test_without_a_hub_nothing_is_noted(tmp_path: Path, web: Web) -> None:
    site = Site(tmp_path, web, "")
    site.refresh()
    assert site.pending() == []


@pytest.mark.parametrize(
    ("attempts", "asked", "minutes"), [(0, None, 1), (3, None, 8), (30, None, 360), (5, timedelta(hours=40), 2400)]
)
def test_waits_double_up_to_six_hours_unless_the_hub_names_one(attempts: int, asked: Any, minutes: int) -> None:
    assert next_wait(attempts, asked) == minutes * MINUTE


@pytest.mark.parametrize("hub", ["ftp://hub.example/", "hub.example", "https://"])
def test_hub_must_be_a_web_address(tmp_path: Path, hub: str) -> None:
    (tmp_path / "config.toml").write_text(f'[publish]\nhub = "{hub}"\n')
    with pytest.raises(ConfigError, match="key hub: expected an http or https URL"):
        configuration.load(tmp_path / "config.toml")
