"""A real server on a real port: files as they are, live queries as valid feeds, and nothing a client sends hurts."""

from __future__ import annotations

import gzip
import json
import random
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import feedparser
import jsonschema
import pytest
from lxml import etree, html

from feeds import config as configuration
from feeds import pipeline
from feeds.errors import ServeError
from feeds.model import Evidence, TopicMatch
from feeds.serve import Server, files, protocol
from feeds.serve.live import Live
from feeds.serve.openapi import DESCRIPTION
from feeds.serve.queries import _row
from feeds.serve.vitals import Vitals, overdue
from feeds.store import Store
from tests.archive_reader import ATOM, link
from tests.build import HOUR, NOW, article, listed
from tests.validity import samples
from tests.validity.checks import check_document

MALI = TopicMatch(1.5, (Evidence("mali", "Mali", "title", 1.0, label="Mali", country="ML"),))
XSS = '"><script>alert(1)</script>'
CONFIG = """
[site]
title = "Test"
base_url = "{base}"
[topics.sahel]
any_of = ["Mali"]
terms = {{ Mali = "en: Mali" }}
[[sources]]
url = "https://courier.example/feed"
name = "Courier"
"""


class Site:
    """A published store, served."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "config.toml"
        self.path.write_text(CONFIG.format(base="http://127.0.0.1:1/"))
        self.server = Server(self.path, "127.0.0.1", 0)
        self.path.write_text(CONFIG.format(base=self.server.url))
        self.server.start()
        self.port = int(urlsplit(self.server.url).port or 0)
        self.keep([article(f"{number:03}", title=f"Gold in Mali {number}", topics={"sahel": MALI}, language="en",
                           published=NOW - number * HOUR) for number in range(120)])  # fmt: skip

    def keep(self, found: list[Any]) -> None:
        config = configuration.load(self.path)
        with Store(config.store_url, NOW) as store:
            listed(store, "Courier", found)
            pipeline.publish_all(config, store, NOW)

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        asked = urllib.request.Request(self.server.url.rstrip("/") + path, method=method)
        for name, value in headers.items():
            asked.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def raw(self, request: bytes, seconds: float = 5) -> bytes:
        """What comes back for these bytes, until the server closes or *seconds* are over."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as client:
            came = b""
            with suppress(OSError):
                client.sendall(request)
                while part := client.recv(65536):
                    came += part
            return came


class Answer:
    def __init__(self, status: int, headers: Message, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("serve"))
    yield made
    made.server.stop()


# Files


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/sahel/", "text/html; charset=utf-8"),
        ("/sahel/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/sahel/archive/0001.atom.xml", "application/atom+xml; charset=utf-8"),
        ("/all/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/all/feed.json", "application/feed+json"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
        ("/status/status.json", "application/json"),
        ("/assets/icon.png", "image/png"),
        ("/favicon.ico", "image/vnd.microsoft.icon"),
    ],
)
def test_file_comes_whole_with_its_type_and_safe_headers(site: Site, path: str, kind: str) -> None:
    answer = site.get(path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert (
        answer.body
        == (site.folder / "output" / (path[1:] + "index.html" if path.endswith("/") else path[1:])).read_bytes()
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "server" not in {name.lower() for name in answer.headers}


def test_page_may_use_its_own_style_and_no_other(site: Site) -> None:
    policy = site.get("/").headers["Content-Security-Policy"]
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/=]{44}'", policy)
    assert "unsafe" not in policy


def test_client_that_has_the_file_gets_304(site: Site) -> None:
    first = site.get("/all/atom.xml")
    for condition in ({"If_None_Match": first.headers["ETag"]}, {"If_None_Match": f'"x", W/{first.headers["ETag"]}'},
                      {"If_Modified_Since": first.headers["Last-Modified"]}):  # fmt: skip
        again = site.get("/all/atom.xml", **condition)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
    assert site.get("/all/atom.xml", If_None_Match='"other"').status == 200
    stale = site.get("/all/atom.xml", If_None_Match='"other"', If_Modified_Since=first.headers["Last-Modified"])
    assert stale.status == 200  # RFC 9110 section 13.1.3: the tag goes first


def test_compressed_where_the_client_takes_it(site: Site) -> None:
    plain, packed = site.get("/all/atom.xml"), site.get("/all/atom.xml", Accept_Encoding="br, gzip;q=0.5")
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert site.get("/all/atom.xml", Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"]).status == 304
    assert site.get("/all/atom.xml", Accept_Encoding="gzip;q=0").headers["Content-Encoding"] is None


def test_head_is_get_without_a_body(site: Site) -> None:
    get, head = site.get("/all/atom.xml"), site.get("/all/atom.xml", "HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(get.body)))


def test_folder_without_its_slash_leads_to_it(site: Site) -> None:
    assert b"HTTP/1.1 308" in (came := site.raw(b"GET /sahel HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
    assert b"\r\nlocation: sahel/\r\n" in came
    assert site.get("/sahel").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../config.toml", "/..%2fconfig.toml", "/%2e%2e/config.toml", "/%2e%2e%2fconfig.toml", "/sahel/../../config.toml",
        "/..%5cconfig.toml", "/%252e%252e/config.toml", "//etc/passwd", "///etc/passwd", "/sahel//atom.xml", "/%00", "/a%00b",
        "/.git/config", "/.feeds-at-work", "/sahel/.feeds-x", "/~root", "/%ff%fe", "/file:///etc/passwd", "/etc/passwd",
        "/..;/config.toml", "/sahel/atom.xml/", "/%c0%ae%c0%ae/config.toml", "/link/passwd", "/" + "a" * 3000,
    ],
)  # fmt: skip
def test_nothing_outside_output_is_ever_shown(site: Site, path: str) -> None:
    escape = site.folder / "output/link"
    if not escape.exists():
        escape.symlink_to("/etc")
    came = site.raw(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert came.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")), came[:100]
    assert b"root:" not in came
    assert b"[site]" not in came


def test_files_are_whole_while_they_are_replaced(site: Site) -> None:
    target = site.folder / "output/swap.json"
    ended = threading.Event()

    def replace() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            (fresh := target.with_suffix(".new")).write_bytes(json.dumps([number] * 20_000).encode())
            fresh.replace(target)

    target.write_text("[0]")
    threading.Thread(target=replace, daemon=True).start()
    try:
        for _ in range(200):
            answer = site.get("/swap.json")
            assert len(set(json.loads(answer.body))) == 1
            assert len(answer.body) == int(answer.headers["Content-Length"])
    finally:
        ended.set()


# Live queries


@pytest.mark.parametrize(
    "query", ["q=gold", "q=gold&lang=en&topic=sahel&country=ml&since=2026-11-20", "q=nothing", "source=Courier"]
)
@pytest.mark.parametrize("file", ["atom.xml", "rss.xml", "feed.json"])
def test_search_is_a_valid_feed(site: Site, file: str, query: str) -> None:
    path = f"/search/{file}?{query}"
    answer = site.get(path)
    assert answer.status == 200
    assert check_document(file, answer.body, site.server.url + path[1:], datetime.now(UTC)) == []
    assert not feedparser.parse(answer.body).bozo or file == "feed.json"
    assert site.get(path, If_None_Match=answer.headers["ETag"]).status == 304


def test_search_feed_has_a_stable_id_however_it_is_asked_for(site: Site) -> None:
    ids = {
        etree.fromstring(site.get(f"/search/atom.xml?{query}").body).findtext(f"{ATOM}id")
        for query in ("q=mali+gold", "q=gold%20%20MALI", "q=gold+mali&limit=5", "lang=&q=gold+mali")
    }
    assert len(ids) == 1


def test_search_is_paged_in_every_format(site: Site) -> None:
    seen, url = [], f"{site.server.url}search/atom.xml?q=gold"
    while url:
        document = etree.fromstring(urllib.request.urlopen(url).read())
        seen += [entry.findtext(f"{ATOM}title") for entry in document.iter(f"{ATOM}entry")]
        assert link(document, "self") == url
        url = link(document, "next") or ""
    assert seen == [f"Gold in Mali {number}" for number in range(120)]
    titles, url = [], f"{site.server.url}search/feed.json?q=gold&limit=100"
    while url:
        feed = json.loads(urllib.request.urlopen(url).read())
        titles += [each["title"] for each in feed["items"]]
        url = feed.get("next_url", "")
    assert titles == seen


def test_page_shows_what_was_found_and_where_to_subscribe(site: Site) -> None:
    answer = site.get("/search?q=gold&topic=sahel")
    page = answer.body.decode()
    assert (
        check_document("search.html", answer.body, site.server.url + "search?q=gold&topic=sahel", datetime.now(UTC))
        == []
    )
    assert 'href="search/atom.xml?q=gold&amp;topic=sahel"' in page
    assert "Gold in Mali 0" in page
    assert 'rel="next"' in page
    assert "form" in site.get("/search").body.decode()


@pytest.mark.parametrize(
    ("text", "summary", "content"), [("full", "Said", "<p>Said</p>"), ("summary", "Said", None), ("link", None, None)]
)
def test_api_gives_no_more_text_than_may_be_republished(text: str, summary: str | None, content: str | None) -> None:
    said = samples.article(1, summary="Said", content="<p>Said</p>")
    given = _row(said, samples.settings(text=text))
    assert (given["summary"], given["content"]) == (summary, content)


def test_api_gives_articles_with_cursors_as_it_describes_itself(site: Site) -> None:
    schema = DESCRIPTION["paths"]["/api/articles"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    seen, url = [], f"{site.server.url}api/articles?q=gold&limit=50"
    while url:
        value = json.loads(urllib.request.urlopen(url).read())
        jsonschema.validate(value, schema | {"components": DESCRIPTION["components"]})
        seen += [each["guid"] for each in value["articles"]]
        url = value["next"]
    assert seen == [f"{number:03}" for number in range(120)]
    assert json.loads(site.get("/api/openapi.json").body) == DESCRIPTION


@pytest.mark.parametrize(
    "query", ["q=%22", "q=-x", "q=" + "x" * 401, "since=never", "limit=0", "limit=201", "limit=x", "limit=²", "before=x",
              "before=" + "9" * 40, "topic=oil", "source=nobody", "lang=french"],
)  # fmt: skip
def test_query_that_can_not_be_is_a_clear_400(site: Site, query: str) -> None:
    query = quote(query, safe="=%&")
    for path in ("/search", "/search/atom.xml", "/api/articles"):
        answer = site.get(f"{path}?{query}")
        assert answer.status == 400, path
        assert len(answer.body) < 300
    assert json.loads(answer.body)["status"] == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_nothing_that_is_asked_comes_back_as_markup(site: Site) -> None:
    for path in (f"/search?q={quote(XSS)}", f"/search?q=gold&lang={quote(XSS)}", f"/search?q=x&source={quote(XSS)}",
                 f"/{quote(XSS)}", f"/search/{quote(XSS)}", f"/api/articles?before={quote(XSS)}",
                 f"/search/atom.xml?q={quote(XSS)}"):  # fmt: skip
        answer = site.get(path)
        assert answer.status in (200, 400, 404)
        assert b"<script" not in answer.body
        if answer.status != 200:
            assert not answer.headers["Content-Type"].startswith("text/html")


def test_changed_config_is_taken_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    site = Site(tmp_path)
    try:
        site.path.write_text(site.path.read_text().replace('title = "Test"', 'title = "Renamed"'))
        deadline = time.monotonic() + 15
        while b"Renamed" not in site.get("/search").body:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        site.path.write_text("broken")
        while "can't be used" not in caplog.text and "stays in force" not in caplog.text:
            assert site.get("/search?q=gold").status == 200
            assert time.monotonic() < deadline + 15
        assert b"Renamed" in site.get("/search").body
    finally:
        site.server.stop()


# Vitals


def test_health_and_metrics(site: Site) -> None:
    assert (site.get("/healthz").status, site.get("/healthz").body) == (200, b"ok\n")
    text = site.get("/metrics").body.decode()
    assert "feeds_articles 120\n" in text
    assert 'feeds_http_answers_total{route="healthz",status="200"}' in text
    for line in text.splitlines():
        assert line.startswith("# TYPE ") or re.fullmatch(
            r'[a-z_0-9]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.]+', line
        ), line


def test_metrics_wait_for_no_writer(site: Site) -> None:
    config = site.path.read_text()
    site.path.write_text(config + '[[sources]]\nurl = "https://new.example/feed"\nname = "New"\n')
    live = Live(site.path)
    with sqlite3.connect(site.folder / "feeds.db") as writer:
        writer.execute("BEGIN IMMEDIATE")  # waited for, it would be an error after half a minute
        text = Vitals(live)._of_sources()
        writer.rollback()
    site.path.write_text(config)
    live.close()
    assert "feeds_store_up 1\n" in text
    assert 'feeds_sources{health="new"} 1\n' in text


def test_health_says_when_nobody_asks_the_sources() -> None:
    assert overdue(None, HOUR, NOW) == overdue(NOW - HOUR, HOUR, NOW) == overdue(NOW + HOUR, HOUR, NOW) == ""
    assert "no source has been asked though one was due at 2026-11-24 10:00" in overdue(NOW - 2 * HOUR, HOUR, NOW)


# Large files


class Gate:
    """Takes a function's place: counts its calls with something large, and keeps those waiting until it is opened."""

    def __init__(self, function: Callable[..., Any], size: Callable[..., int]) -> None:
        self._function, self._size = function, size
        self.reached, self.is_open = threading.Event(), threading.Event()
        self.calls = 0

    def __call__(self, *arguments: Any) -> Any:
        if self._size(*arguments) > 1_000_000:
            self.calls += 1
            self.reached.set()
            assert self.is_open.wait(20)
        return self._function(*arguments)


@pytest.mark.parametrize(
    ("name", "size"),
    [("_read", lambda path, root: path.stat().st_size), ("_packed", len)],
    ids=["read", "compressed"],
)
def test_others_are_answered_while_a_large_file_is(
    site: Site, monkeypatch: pytest.MonkeyPatch, name: str, size: Callable[..., int]
) -> None:
    gate = Gate(getattr(files, name), size)
    monkeypatch.setattr(files, name, gate)
    large = site.folder / f"output/large{name}.txt"
    large.write_bytes(b"Rain in Mopti. " * 100_000)
    answers: list[Answer] = []

    def get() -> None:
        answers.append(site.get(f"/{large.name}", Accept_Encoding="gzip"))

    asking = [threading.Thread(target=get) for _ in range(3)]
    for thread in asking:
        thread.start()
    assert gate.reached.wait(20)
    assert site.get("/healthz").status == 200
    assert site.get("/assets/icon.png").status == 200
    gate.is_open.set()
    for thread in asking:
        thread.join(20)
    assert [gzip.decompress(answer.body) for answer in answers] == [large.read_bytes()] * 3
    calls = gate.calls
    assert calls <= files._AT_ONCE  # the third found what the first had made
    get()
    assert gate.calls == calls
    assert answers[-1].headers["Content-Encoding"] == "gzip"
    large.unlink()


# Hostile clients


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_are_refused(site: Site, method: str) -> None:
    for path in (b"/all/atom.xml", b"/search?q=x"):
        came = site.raw(b"%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % (method.encode(), path))
        assert came.startswith(b"HTTP/1.1 405"), came[:80]
        assert b"\r\nallow: " in came.lower()


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET /\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"FOO BAR BAZ QUX\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\nTransfer-Encoding: xchunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\nX\x00: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    ],
)
def test_what_is_no_sound_request_is_refused_and_never_two(site: Site, request_: bytes) -> None:
    came = site.raw(request_, 1)
    assert came.count(b"HTTP/1.1 2") <= 1
    assert b"HTTP/1.1 5" not in came
    assert site.get("/healthz").status == 200


def test_huge_heads_are_refused(site: Site) -> None:
    assert site.raw(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 200_000).startswith(b"HTTP/1.1 431")
    assert site.raw(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000).startswith(b"HTTP/1.1 431")
    assert site.raw(b"GET /" + b"x" * 100_000).startswith(b"HTTP/1.1 431")


def test_body_of_a_get_costs_nothing(site: Site) -> None:
    came = site.raw(
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\nConnection: close\r\n\r\n" + b"x" * 10_000, 2
    )
    assert came.startswith(b"HTTP/1.1 200")


def test_slow_clients_do_not_keep_others_waiting(site: Site) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2000)), hard))
    with ExitStack() as stack:
        for number in range(500):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            slow.sendall(b"GET /all/atom.xml HTTP/1.1\r\nHost: a\r\n" + (b"\r\n" * 1 if number % 2 else b"X: "))
        for _ in range(20):
            assert site.get("/all/atom.xml").status == 200  # or a timeout: the slow ones stay as they are


def _is_let_go(client: socket.socket) -> bool:
    """True once the server has ended the connection, though a byte comes every tenth of a second."""
    for _ in range(200):
        try:
            client.sendall(b"a")
            if client.recv(1) == b"":
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False


def test_client_that_asks_too_slowly_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.5)
    site = Site(tmp_path)
    try:
        with socket.create_connection(("127.0.0.1", site.port), timeout=0.1) as client:
            client.sendall(b"GET / HTTP/1.1\r\nX-Endless: ")
            assert _is_let_go(client)
    finally:
        site.server.stop()


@pytest.mark.parametrize("rounds", [400, pytest.param(10_000, marks=pytest.mark.slow)])
def test_random_queries_and_paths_never_break_it(site: Site, rounds: int) -> None:
    chance = random.Random(7)
    alphabet = "abc/.%:?&=\"'<>*-+()[]{}\\ \tmaliéжم\u202e²½٣" + "".join(map(chr, range(0x21, 0x7F)))
    for number in range(rounds):
        text = quote("".join(chance.choices(alphabet, k=chance.randrange(1, 30))), safe="/%?&=" if number % 3 else "")
        path = ["/", "/search?q=", "/search/atom.xml?q=", "/api/articles?q=", "/search/", "/search?lang="][number % 6]
        came = site.raw(f"GET {path}{text} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        assert re.match(rb"HTTP/1.1 (200|304|308|400|404) ", came), (path + text, came[:100])
        head, _, body = came.partition(b"\r\n\r\n")
        said = unquote(text)
        assert not re.search(r"<[a-z!/?]", said) or said.encode() not in body, path + text
        if path.startswith("/search/atom.xml") and b"200 OK" in head:
            faults = check_document("search/atom.xml", body, f"{site.server.url}search/atom.xml", datetime.now(UTC))
            assert [fault for fault in faults if not fault.startswith("SelfDoesntMatch")] == [], text


# The commands


def test_port_that_is_taken_is_one_clear_line(site: Site, tmp_path: Path) -> None:
    with pytest.raises(ServeError, match=f"port {site.port} can't be served on: Address already in use"):
        Server(site.path, "127.0.0.1", site.port)


@pytest.mark.parametrize("words", [["serve"], ["run", "--serve"]])
def test_command_serves_until_it_is_told_to_end(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "config.toml").write_text(
        CONFIG.format(base="http://127.0.0.1:1/").replace("https://courier", "https://127.0.0.1")
    )
    command = [sys.executable, "-m", "feeds", *words, "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env={"LC_ALL": "C"}) as process:
        assert process.stderr
        line = process.stderr.readline()
        found = re.fullmatch(r"serving (http://127\.0\.0\.1:\d+/)\n", line)
        assert found, line
        with urllib.request.urlopen(found[1] + "search", timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


# Errors, for people and for programs

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("path", "accept", "status", "title"),
    [
        ("/nothing", BROWSER, 404, "There is nothing here"),
        ("/sahel/nothing/at-all.html", "text/html", 404, "There is nothing here"),
        ("/sahel/nothing.xml", BROWSER, 404, "There is nothing here"),
        ("/.git/config", BROWSER, 404, "There is nothing here"),
        ("/search/nothing.xml", BROWSER, 404, "There is nothing here"),
        ("/search?q=site:x", BROWSER, 400, "This can’t be understood"),
        ("/search?q=gold+OR", BROWSER, 400, "This can’t be understood"),
        ("/search/atom.xml?q=lang:", BROWSER, 400, "This can’t be understood"),
        ("/search?topic=oil", BROWSER, 400, "This can’t be understood"),
    ],
)
def test_error_is_a_page_for_people(site: Site, path: str, accept: str, status: int, title: str) -> None:
    answer = site.get(path, Accept=accept)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    page = html.document_fromstring(answer.body.decode())
    assert page.findtext(".//h1") == title
    home = urljoin(site.server.url.rstrip("/") + path, str(page.xpath("string(//p[@class='home']/a/@href)")))
    assert home == f"{site.server.url}index.html"


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/nothing", "*/*", "text/plain"),
        ("/nothing", "application/atom+xml", "text/plain"),
        ("/search?q=site:x", "*/*", "text/plain"),
        ("/sahel/nothing.xml", "*/*", "text/plain"),
        ("/search/atom.xml?q=site:x", "*/*", "text/plain"),
        ("/search/atom.xml?q=site:x", "application/atom+xml, application/rss+xml;q=0.9", "text/plain"),
        ("/api/articles?q=site:x", BROWSER, "application/problem+json"),
        ("/" + "a/" * 300, BROWSER, "text/plain"),
    ],
)
def test_error_is_a_line_for_programs(site: Site, path: str, accept: str, kind: str) -> None:
    answer = site.get(path, Accept=accept)
    assert answer.headers.get_content_type() == kind
    assert len(answer.body.splitlines()) == 1


def test_page_of_an_error_keeps_the_query_to_be_mended_and_says_what_is_wrong(site: Site) -> None:
    asked = quote('gold site:x "<b>"')
    page = html.document_fromstring(site.get(f"/search?q={asked}", Accept=BROWSER).body.decode())
    assert page.xpath("string(//input[@name='q']/@value)") == 'gold site:x "‹b›"'
    assert "there is no filter" in str(page.xpath("string(//main/p[@lang='en'])"))


@pytest.mark.parametrize(
    "path", ["/search?q={}", "/search?lang={}", "/search?q=x&source={}", "/{}", "/search/{}", "/a/{}.html"]
)
def test_nothing_comes_back_as_markup_in_the_page_of_an_error(site: Site, path: str) -> None:
    answer = site.get(path.format(quote(XSS)), Accept=BROWSER)
    assert answer.headers["Content-Type"].startswith("text/html")
    page = html.document_fromstring(answer.body.decode())
    assert not page.xpath("//script")
    assert b"alert(1)</" not in answer.body


def test_fields_of_the_form_that_were_left_empty_say_nothing(site: Site) -> None:
    assert site.get("/search?q=gold&topic=&lang=&country=&source=&since=&until=").status == 200
