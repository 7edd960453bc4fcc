"""What clients of `feeds serve` do to hurt, over real sockets: nothing is shown, believed or kept waiting by it."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import resource
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from html5lib.html5parser import HTMLParser
from lxml import etree

from feeds.export import row
from feeds.markup import inert_title
from feeds.render import page
from feeds.serve import files, protocol, queries
from tests.build import HOUR, NOW, article
from tests.test_serve import MALI, Site

SECRETS = (b"root:", b"[site]", b"SQLite format 3", b"private!")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2500)), hard))
    made = Site(tmp_path_factory.mktemp("clients"))
    (made.folder / "output-private").mkdir()
    (made.folder / "output-private/a.txt").write_text("private!")
    (made.folder / "output/big.txt").write_bytes(os.urandom(1_500_000).hex().encode())
    yield made
    made.server.stop()


def ask(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    """A request that asks for no other after it."""
    lines = [f"{method} {path} HTTP/{version}", "Host: a", *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def parts(came: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers in small letters and body of the one answer in *came*."""
    head, _, body = came.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    assert len({name.lower() for name, _ in pairs}) == len(pairs), lines
    return int(status.split()[1]), {name.lower(): value for name, value in pairs}, body


def statuses(came: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", came)]


# Traversal

DOTS = ("..", "%2e%2e", ".%2E", "%252e%252e", "%25252e%25252e", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae",
        "%f0%80%80%ae%f0%80%80%ae",
        "%u002e%u002e", "%ef%bc%8e%ef%bc%8e", "..%00", "%00..", "..;a=b", "..%20", "....")  # fmt: skip
SLASHES = (
    "/",
    "//",
    "%2f",
    "%252f",
    "\\",
    "%5c",
    "%255c",
    "%c0%af",
    "%e0%80%af",
    "%c1%9c",
    "%e2%88%95",
    "%u2215",
    "/./",
    ";/",
)
TARGETS = ("config.toml", "feeds.db", "output-private/a.txt")


@pytest.mark.parametrize("dots", DOTS)
@pytest.mark.parametrize("slash", SLASHES)
def test_no_spelling_of_a_way_up_leads_out(site: Site, dots: str, slash: str) -> None:
    hop = dots + slash
    for path in (
        *(f"{start}{hop}{target}" for start, target in product(("/", "/sahel/"), TARGETS)),
        f"/{hop * 9}etc/passwd",
    ):
        came = site.raw(ask(path))
        assert statuses(came)[0] in (400, 404), path
        assert not any(secret in came for secret in SECRETS), path


@pytest.mark.parametrize(
    "path",
    ["{folder}/config.toml", "/{folder}/config.toml", "file://{folder}/config.toml", "http://a{folder}/config.toml",
     "/%2f{folder}/config.toml", "\\{folder}\\config.toml", "C:\\config.toml", "/C:/config.toml", "/proc/self/environ",
     "//a@{folder}/config.toml", "/sahel/atom.xml%00.html", "/sahel/atom.xml%20", "/sahel/atom.xml.",
     "/sahel/atom.xml::$DATA",
     "/SAHEL/ATOM.XML", "/sahel/atom.xml;jsessionid=1", "/sahel%2fatom.xml/..", "/%F0%9F%92%A9", "/%ed%a0%80", "/%",
     "/%zz",
     "/search/../config.toml", "/search/%2e%2e/config.toml", "/api/../feeds.db", "/api/%2e%2e%2ffeeds.db",
     "/.feeds-lock"],
)  # fmt: skip
def test_no_other_name_of_a_file_outside_leads_to_it(site: Site, path: str) -> None:
    came = site.raw(ask(path.replace("{folder}", str(site.folder))))
    assert statuses(came)[0] in (400, 404)
    assert not any(secret in came for secret in SECRETS)


@pytest.mark.parametrize(
    ("target", "asked", "status"),
    [
        ("../config.toml", "", 404),
        ("{folder}/feeds.db", "", 404),
        ("../output-private", "/a.txt", 404),
        ("../output-private/a.txt", "", 404),
        ("/proc/self", "/environ", 404),
        ("/dev/zero", "", 404),
        ("nowhere", "", 404),
        ("hop", "", 404),  # itself
        ("sahel/atom.xml", "", 200),
        ("sahel", "/atom.xml", 200),
    ],
)
def test_link_is_followed_inside_output_alone(site: Site, target: str, asked: str, status: int) -> None:
    hop = site.folder / "output/hop"
    hop.symlink_to(target.replace("{folder}", str(site.folder)))
    try:
        came = site.raw(ask(f"/hop{asked}"))
        assert statuses(came) == [status]
        assert not any(secret in came for secret in SECRETS)
    finally:
        hop.unlink()


def test_file_that_became_a_link_to_outside_is_no_longer_shown(site: Site) -> None:
    place = site.folder / "output/turning.txt"
    place.write_text("ours")
    assert site.get("/turning.txt").body == b"ours"
    place.unlink()
    place.symlink_to("../output-private/a.txt")
    assert site.get("/turning.txt").status == 404


def test_what_is_no_file_is_not_waited_for(site: Site) -> None:
    os.mkfifo(site.folder / "output/pipe.xml")
    with socket.socket(socket.AF_UNIX) as local:
        local.bind(str(site.folder / "output/socket.xml"))
        (site.folder / "output/folder.xml").mkdir()
        for name in ("pipe.xml", "socket.xml", "folder.xml/"):
            assert site.get(f"/{name}").status == 404
    assert site.get("/healthz").status == 200


def test_without_its_guards_the_server_shows_files_outside(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_is_plain", lambda path: True)
    assert statuses(site.raw(ask("/../output-private/a.txt"))) == [404]  # the second guard alone
    monkeypatch.setattr(Path, "is_relative_to", lambda path, root: True)
    assert b"private!" in site.raw(ask("/../output-private/a.txt"))


# Methods, versions, targets

METHODS = ("POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND", "MKCOL", "COPY", "LOCK", "PURGE", "SEARCH",
           "M-SEARCH", "LINK", "SUBSCRIBE")  # fmt: skip
EVERYWHERE = ("/", "/all/atom.xml", "/search", "/search/atom.xml", "/api/articles", "/healthz", "/metrics", "/nothing")


@pytest.mark.parametrize("method", METHODS)
def test_only_get_and_head_are_answered(site: Site, method: str) -> None:
    for path in EVERYWHERE:
        status, headers, body = parts(site.raw(ask(path, "Content-Length: 0", method=method)))
        assert status == 405, path
        assert set(headers["allow"].split(", ")) == {"GET", "HEAD"}
        assert len(body) < 100


@pytest.mark.parametrize("method", ["get", "GeT", "FOO", "GET\t", "G@T", "CONNECT", "PRI", "\x00", "GET" * 5000])
def test_what_is_no_method_is_refused(site: Site, method: str) -> None:
    assert statuses(site.raw(ask("a:443" if method == "CONNECT" else "/", method=method)))[0] in (400, 405, 431)


@pytest.mark.parametrize(
    "version", ["0.8", "1.2", "1.3", "2.0", "3.0", "9.9", "11", "1", "1.1.1", "-1.1", "x", "1.1 x", ""]
)
def test_unknown_version_is_refused(site: Site, version: str) -> None:
    assert statuses(site.raw(ask("/", version=version))) == [400]


def test_older_versions_are_answered_and_the_connection_ends(site: Site) -> None:
    for request in (b"GET /healthz HTTP/1.0\r\n\r\n", b"GET /healthz HTTP/1.0\r\nHost: a\r\n\r\n"):
        assert statuses(site.raw(request)) == [200]
    assert statuses(site.raw(b"GET /healthz\r\n\r\n")) == [400]


@pytest.mark.parametrize(
    ("target", "status"),
    [("*", 400), ("", 400), ("healthz", 400), ("?q=1", 400), ("#", 400), ("http://", 400), ("http://[", 400),
     ("http://a", 400),
     ("http://evil.example/healthz", 200), ("https://u:p@evil.example:9/healthz", 200), ("//evil.example/healthz", 404),
     ("///", 404), ("/healthz#x", 200), ("/healthz/", 404), ("/healthz?%00", 200), ("/\xff", 400), ("/search?q=\xff",
      400),
     ("/search?q=%ff%fe%ed%a0%80", 200), ("/search?%&%=&=&&&q", 200), ("/search?q=a;lang=b", 200),
      ("/search?q[]=a&q=b&q=c", 200),
     ("javascript:alert(1)", 400), ("/search/atom.xml/", 404), ("/search//atom.xml", 404), ("/SEARCH", 404),
      ("/search%2f", 404)],
)  # fmt: skip
def test_odd_target_gets_its_right_status(site: Site, target: str, status: int) -> None:
    method = "OPTIONS" if target == "*" else "GET"
    assert statuses(site.raw(ask(target, method=method))) == [405 if target == "*" else status]


# Two requests in one

SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5, 5",
        "Content-Length: +5", "Content-Length: -5", "Content-Length: 0x5", "Content-Length: 5 5",
        "Content-Length: 5;", "Content-Length:",
        "Content-Length: 99999999999999999999999", "Content-Length: 5.0", "Content-Length: ٥",
        "Content_Length: 5\r\nContent-Length: x",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: \x0bchunked", "Transfer-Encoding: chunked\x00", "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        "Transfer-Encoding\r\n: chunked", " Transfer-Encoding: chunked", "X: a\r\n Transfer-Encoding: chunked",
        "X: a\r\n\tContent-Length: 5", "X: a\nTransfer-Encoding: chunked", "X: a\rTransfer-Encoding: chunked",
        "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked;x=1", "Transfer-Encoding: ch\u00fcnked",
        "Transfer-Encoding:\r\n chunked",
        ": x", "X", "X: a\x00b", "X\x00: a", "X@: a", "(X): a", "Content-Length: 5\r\n\r", "Host: b",
    ],
)  # fmt: skip
def test_request_of_two_readings_is_refused_as_a_whole(site: Site, headers: str) -> None:
    head = f"POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n".encode()
    assert statuses(site.raw(head + b"0\r\n\r\n" + SMUGGLED)) == [400]


@pytest.mark.parametrize(
    "body",
    ["-1\r\n\r\n", "zz\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n", "5\r\nhelloXX0\r\n\r\n",
     "5\r\nhello0\r\n\r\n", "5 \r\nhello\r\n",
     "fffffffffffffffffff\r\n", "5;\n\nhello", "0;a=\n\n", "\r\n5\r\nhello\r\n0\r\n\r\n", "0\r\nX : y\r\n\r\n",
     "0\r\n X: y\r\n\r\n",
     "0\r\nHost: b\nX: y\r\n\r\n"],
)  # fmt: skip
def test_chunks_of_two_readings_are_refused_and_nothing_after_them_is_read(site: Site, body: str) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert 200 not in statuses(site.raw(head + body.encode() + SMUGGLED))


def test_sound_body_is_passed_over_and_the_next_request_answered(site: Site) -> None:
    for framing, body in (("Content-Length: 5", b"hello"), ("Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n")):
        head = f"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n".encode()
        assert statuses(site.raw(head + body + SMUGGLED)) == [405, 200]


def test_request_that_says_it_is_the_last_is_the_last(site: Site) -> None:
    assert statuses(site.raw(SMUGGLED + SMUGGLED)) == [200]


@pytest.mark.parametrize(
    "headers",
    ["Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA",
     "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA", "Expect: 200-ok",
     "Connection: close, close, x", "TE: trailers", "Proxy-Connection: keep-alive", "X-Forwarded-For: <script>",
     "X-HTTP-Method-Override: PUT",
     "X-Original-URL: /config.toml", "X-Rewrite-URL: /../config.toml", "Forwarded: host=evil.example",
     "X-Forwarded-Host: evil.example",
     "X-Forwarded-Proto: javascript", "X-Forwarded-Prefix: /evil"],
)  # fmt: skip
def test_headers_that_ask_for_something_else_change_nothing(site: Site, headers: str) -> None:
    plain = parts(site.raw(ask("/search?q=gold")))
    came = parts(site.raw(ask("/search?q=gold", *headers.split("\r\n")), 2))
    assert (came[0], came[2]) == (200, plain[2])
    assert {**came[1], "date": ""} == {**plain[1], "date": ""}


def test_client_that_waits_to_be_told_is_told(site: Site) -> None:
    came = site.raw(ask("/search?q=gold", "Expect: 100-continue", "Content-Length: 0"))
    assert statuses(came) in ([100, 200], [200])


def test_no_answer_is_sent_that_nobody_asked_for(site: Site) -> None:
    """A second one, to a body that goes on after the answer, would be taken for the answer to the next request."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
        came = client.recv(65536)
        with suppress(OSError):
            for _ in range(50):
                client.sendall(b"x" * 10_000)
            while part := client.recv(65536):
                came += part
    assert statuses(came) == [405]


# Host


@pytest.mark.parametrize(
    "host",
    ["[", "[::1", "a?x=1", "a#", "a/../b", "u:p@evil.example", "evil.example:99999999", "a:b:c",
     "<script>alert(1)</script>", "'\"", "\xff\xfe",
     "a b", "", ",", "127.0.0.1:1, evil.example", "evil.example%0d%0aX-Injected:1", "x" * 8000,
     "localhost\\@evil.example", "a\tb"],
)  # fmt: skip
def test_host_has_no_say_in_the_answer(site: Site, host: str) -> None:
    for path in (
        "/search?q=gold",
        "/search/atom.xml?q=gold",
        "/search/feed.json?q=gold&limit=5",
        "/api/articles?q=gold",
        "/sahel",
        "/",
    ):
        request = ask(path).replace(b"Host: a", b"Host: " + host.encode("latin-1"))
        came = parts(site.raw(request))
        if came[0] != 400:
            assert (came[0], came[2]) == parts(site.raw(ask(path)))[::2]
        assert b"evil" not in came[2]
        assert "evil" not in str(came[1])


def test_request_names_one_host(site: Site) -> None:
    assert statuses(site.raw(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")) == [400]
    assert statuses(site.raw(b"GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n")) == [400]


# What comes back

MARKUP = (
    "<script>mark()</script>", "\"><img src=x onerror=mark()>", '" onmouseover=mark() x="', "' onmouseover=mark() x='",
    "</title><script>mark()</script>",
    "</style><script>mark()</script>", "</script><svg onload=mark()>", "<!--", "-->", "]]><script>mark()</script>",
    "&lt;script&gt;mark()&lt;/script&gt;",
    "{{7*7}}", "{% include 'x' %}", "${7*7}", "%(x)s", "javascript:mark()", "\u2028mark()\u2029", "\ufeff<script>",
    "+ADw-script+AD4-",
    "\u202e<script>\u2066", "<\u0000script>", "＜script＞mark()＜/script＞", "`mark()`", "\\u003cscript\\u003e",
    "<?xml version='1.0'?><!DOCTYPE x>",
)  # fmt: skip
PARAMETERS = ("q", "source", "lang", "topic", "country", "since", "until", "limit", "before", "x")
PLACES = ("/search?", "/api/articles?", "/search/atom.xml?", "/search/rss.xml?", "/search/feed.json?")


@pytest.mark.parametrize("said", MARKUP)
def test_nothing_that_is_asked_comes_back_as_markup_or_code(site: Site, said: str) -> None:
    for place, name in (*product(PLACES[:2], PARAMETERS), *product(PLACES[2:], PARAMETERS[:2])):
        check_inert(site, f"{place}{name}={quote(said)}")
    for path in (
        f"/{quote(said)}",
        f"/sahel/{quote(said)}",
        f"/search/{quote(said)}",
        f"/api/{quote(said)}",
        f"/search?{quote(said)}=x",
    ):
        check_inert(site, path)


def check_inert(site: Site, path: str) -> None:
    answer = site.get(path)
    assert answer.status in (200, 400, 404), path
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "'unsafe" not in answer.headers["Content-Security-Policy"]
    kind = answer.headers["Content-Type"].partition(";")[0]
    text = answer.body.decode()
    assert "mark()</script" not in text, path
    assert "49" not in text.replace("2049", "") or "7*7" not in path, path
    if kind == "text/html":
        check_page(text)
    elif kind.endswith("json"):
        value = json.loads(text)
        assert answer.status == 200 or "<" not in text, path
        assert inert_title(value.get("title", "")) == value.get("title", "") or "articles" in value, path
    elif kind.endswith("+xml"):
        title = etree.fromstring(answer.body).find(".//{*}title")
        assert title is not None
        assert inert_title(title.text or "") == title.text, path
    else:
        assert (kind, answer.status) in (("text/plain", 400), ("text/plain", 404))
        assert not re.search("<[a-zA-Z!/?]", text), path


def check_page(text: str) -> None:
    """Its elements and attributes are those of our templates, and its style is the one that the policy names."""
    tree = HTMLParser(namespaceHTMLElements=False).parse(text)
    elements = [each for each in tree.iter() if isinstance(each.tag, str)]
    assert not {each.tag for each in elements} & {"script", "img", "svg", "iframe", "object", "base"}
    assert Counter(each.tag for each in elements)["style"] == 1
    names = {str(name) for each in elements for name in each.attrib}
    assert not {name for name in names if name.startswith("on") or name in ("style", "src", "srcdoc", "formaction")}
    for each in elements:
        assert not re.match(r"\W*(javascript|data|vbscript)", each.get("href") or "", re.I)


def test_without_escaping_the_page_has_what_was_asked_in_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    careless = page._environment.__wrapped__("en")
    careless.autoescape = False
    monkeypatch.setattr(page, "_environment", lambda language: careless)
    with pytest.raises(AssertionError):
        check_inert(site, f"/search?q={quote(MARKUP[2])}")


def test_without_inert_errors_markup_comes_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_INERT", {})
    for place in ("/search?", "/api/articles?"):
        with pytest.raises(AssertionError):
            check_inert(site, f"{place}lang={quote(MARKUP[0])}")


INJECTED = ("%0d%0aX-Injected: 1", "%0aX-Injected: 1", "%0dX-Injected: 1", "%0d%0a%0d%0a<script>",
            "%E5%98%8A%E5%98%8DX-Injected: 1", "%00", "%250d%250aX-Injected: 1",
            "%u000aX-Injected: 1", "\u0085X-Injected: 1", "%e2%80%a8X-Injected: 1")  # fmt: skip


@pytest.mark.parametrize("said", INJECTED)
def test_no_header_is_put_into_an_answer(site: Site, said: str) -> None:
    said = quote(said, safe="%")
    for path in (f"/{said}", f"/sahel{said}", f"/sahel/{said}", f"/search?q=gold{said}",
                 f"/search/atom.xml?q=gold{said}",
                 f"/api/articles?before={said}", f"/search?source={said}", f"/sahel/..{said}/sahel"):  # fmt: skip
        status, headers, _ = parts(site.raw(ask(path)))
        assert status in (200, 400, 404), path
        assert "x-injected" not in headers
        assert set(headers) <= {"date", "content-type", "content-length", "etag", "cache-control", "connection",
                                "vary", "location",
                                "last-modified", "access-control-allow-origin", "retry-after", *SAFE_HEADERS}  # fmt: skip


SAFE_HEADERS = ("x-content-type-options", "referrer-policy", "content-security-policy")


# Conditions, ranges, encodings


@pytest.mark.parametrize(
    "header",
    ["Range: bytes=0-0", "Range: bytes=-1", "Range: bytes=5-2", "Range: bytes=0-,0-,0-" + ",0-" * 1000,
     "Range: bytes=99999999999999999999-",
     "Range: x=1", "If-Range: \"x\"", "If-Match: \"x\"", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
     "If-None-Match: x",
     "If-None-Match: \"\"", "If-None-Match: W/", "If-None-Match: " + ", ".join(f'"{n}"' for n in range(3000)),
     "If-None-Match: \"*\"",
     "If-Modified-Since: never", "If-Modified-Since: Thu, 99 Foo 99999 99:99:99 GMT", "If-Modified-Since: 0",
     "If-Modified-Since: \xff",
     "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT", "Cache-Control: no-cache, max-age=-1", "Pragma: x",
     "Accept: text/nothing", "Accept-Charset: utf-7",
     "Accept-Language: <script>", "Cookie: " + "a=b; " * 2000, "Authorization: Basic ////",
     "Origin: https://evil.example", "Origin: null"],
)  # fmt: skip
def test_odd_condition_gets_the_whole_document(site: Site, header: str) -> None:
    for path in ("/all/atom.xml", "/search/atom.xml?q=gold", "/"):
        status, headers, body = parts(site.raw(ask(path, header)))
        assert (status, body) == parts(site.raw(ask(path)))[::2]
        assert int(headers["content-length"]) == len(body)


@pytest.mark.parametrize(
    "path", ["/all/atom.xml", "/", "/search?q=gold", "/search/rss.xml?q=gold", "/api/openapi.json", "/assets/icon.png"]
)
def test_client_that_has_it_is_told_so_however_it_says_it(site: Site, path: str) -> None:
    tag = site.get(path).headers["ETag"]
    for header in (f"If-None-Match: {tag}", f"If-None-Match: W/{tag}", f"If-None-Match:  \"a\" ,W/\"b\",{tag}",
                   "If-None-Match: *",
                   f"If-None-Match: \"a\"\r\nIf-None-Match: {tag}", f"If-None-Match: {tag}\r\nRange: bytes=0-1"):  # fmt: skip
        status, headers, body = parts(site.raw(ask(path, *header.split("\r\n"))))
        assert (status, body) == (304, b"")
        assert headers["etag"] == tag
        assert "content-length" not in headers
        assert "content-security-policy" in headers


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True), ("GZIP", True), ("br, gzip", True), ("*", True), ("gzip;q=0.001", True),
         ("identity;q=0, gzip", True),
        ("*;q=0, gzip", True), ("*;q=0, gzip;q=1", True), ("gzip ; q=1", True), ("identity;q=0, *", True),
         ("gzip;q=0.5, gzip", True),
        ("", False), ("identity", False), ("gzip;q=0", False), ("gzip;q=0.0000", False), ("gzip;q=0.", False),
         ("gzip; Q=0", False),
        ("*, gzip;q=0", False), ("gzip;q=0, *", False), ("gzip;q=0,*;q=1", False), ("*;q=0", False), ("identity;q=0",
         False), ("br;q=1", False),
        ("xgzip", False), ("gzipped", False), (",,,;;;===", False), ("deflate, zstd", False), ("gzip\x7f", False),
    ],
)  # fmt: skip
def test_compressed_only_where_the_client_takes_it(site: Site, accepted: str, is_packed: bool) -> None:
    came = site.raw(ask("/all/atom.xml", f"Accept-Encoding: {accepted}"))
    if accepted.endswith("\x7f") and statuses(came) == [400]:
        return
    status, headers, body = parts(came)
    assert status == 200
    assert headers["vary"] == "Accept-Encoding"
    assert (headers.get("content-encoding") == "gzip") is is_packed
    plain = (site.folder / "output/all/atom.xml").read_bytes()
    assert (gzip.decompress(body) if is_packed else body) == plain


def test_encodings_named_in_two_headers_are_one_list(site: Site) -> None:
    came = parts(site.raw(ask("/all/atom.xml", "Accept-Encoding: br", "Accept-Encoding: gzip")))
    assert came[1]["content-encoding"] == "gzip"


HEADED = ("/", "/sahel/", "/sahel", "/all/atom.xml", "/all/feed.json", "/assets/icon.png", "/nothing", "/../x",
          "/search", "/search?q=gold",
          "/search/atom.xml?q=gold", "/search/x", "/api/articles?q=gold", "/api/articles?limit=0",
          "/api/openapi.json", "/healthz", "/big.txt")  # fmt: skip


@pytest.mark.parametrize("path", HEADED)
def test_head_is_get_without_its_body(site: Site, path: str) -> None:
    for header in ("X: y", "Accept-Encoding: gzip", "If-None-Match: *"):
        get, head = (parts(site.raw(ask(path, header, method=method), 10)) for method in ("GET", "HEAD"))
        assert head[2] == b""
        assert (head[0], {**head[1], "date": ""}) == (get[0], {**get[1], "date": ""})


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "<script>", "https://evil.example\tx"]
)
def test_other_origins_may_read_feeds_and_data_and_no_more(site: Site, origin: str) -> None:
    for path in (*EVERYWHERE, "/all/feed.json"):
        for method in ("GET", "OPTIONS"):
            asked = ask(
                path,
                f"Origin: {origin}",
                "Access-Control-Request-Method: PUT",
                "Access-Control-Request-Headers: x",
                method=method,
            )
            status, headers, _ = parts(site.raw(asked))
            assert status == (405 if method == "OPTIONS" else 404 if path == "/nothing" else 200)
            assert headers.get("access-control-allow-origin") in ("*", None)
            assert not {name for name in headers if name.startswith("access-control-")} - {
                "access-control-allow-origin"
            }
            assert "evil" not in str(headers)


# Size and number


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("/healthz HTTP/1.1\r\nHost: a\r\nX: " + "x" * 31_000, 200),
        ("/healthz HTTP/1.1\r\nHost: a\r\nX: " + "x" * 33_000, 431),
        ("/healthz HTTP/1.1\r\nHost: a\r\n" + "A: b\r\n" * 5_000 + "B: c", 200),
        ("/healthz HTTP/1.1\r\nHost: a\r\n" + "A: b\r\n" * 6_000 + "B: c", 431),
        ("/search?q=" + "x" * 400 + " HTTP/1.1\r\nHost: a", 200),
        ("/search?q=" + "x" * 401 + " HTTP/1.1\r\nHost: a", 400),
        ("/search?q=" + "x" * 31_000 + " HTTP/1.1\r\nHost: a", 400),
        ("/search?q=" + "%00" * 10_000 + " HTTP/1.1\r\nHost: a", 400),
        ("/search?q=" + "a+" * 200 + " HTTP/1.1\r\nHost: a", 400),
        ("/search?q=" + "%22a" * 100 + " HTTP/1.1\r\nHost: a", 400),
        ("/search?q=" + "-" * 400 + " HTTP/1.1\r\nHost: a", 400),
        ("/search?q=" + "(" * 400 + " HTTP/1.1\r\nHost: a", 200),
        ("/search?q=" + "*" * 400 + " HTTP/1.1\r\nHost: a", 400),
        ("/search?q=" + "lang:fr+" * 50 + " HTTP/1.1\r\nHost: a", 200),
        ("/search?source=" + "x" * 20_000 + " HTTP/1.1\r\nHost: a", 400),
        ("/search?since=" + "9" * 20_000 + " HTTP/1.1\r\nHost: a", 400),
        ("/search?before=" + "9" * 20_000 + " HTTP/1.1\r\nHost: a", 400),
        ("/search?limit=" + "9" * 20_000 + " HTTP/1.1\r\nHost: a", 400),
        ("/search?" + "&".join(f"a{n}=b" for n in range(3_000)) + " HTTP/1.1\r\nHost: a", 200),
        ("/search?" + "&" * 30_000 + " HTTP/1.1\r\nHost: a", 200),
        ("/search?" + "q=gold&" * 4_000 + " HTTP/1.1\r\nHost: a", 200),
        ("/" + "a/" * 15_000 + " HTTP/1.1\r\nHost: a", 404),
        ("/" + "%2e%2e%2f" * 3_000 + " HTTP/1.1\r\nHost: a", 404),
        ("/" + "a" * 33_000 + " HTTP/1.1\r\nHost: a", 431),
    ],
    ids=lambda value: value[:24].strip() + f"…{len(value)}" if isinstance(value, str) else str(value),
)  # fmt: skip
def test_size_has_a_limit_and_what_is_within_is_answered(site: Site, head: str, status: int) -> None:
    came = site.raw(f"GET {head}\r\nConnection: close\r\n\r\n".encode())
    assert statuses(came) == [status]
    if status == 400:
        assert len(came) < 30_000  # no more than was sent


def test_pipelined_requests_are_answered_in_order(site: Site) -> None:
    paths = [f"/search/atom.xml?q=gold+{number}" if number % 2 else f"/nothing-{number}" for number in range(40)]
    requests = b"".join(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for path in paths) + SMUGGLED
    assert statuses(site.raw(requests, 20)) == [404, 200] * 20 + [200]


def test_pipeline_without_end_is_answered_as_far_as_is_reasonable(site: Site) -> None:
    requests = b"GET /big.txt HTTP/1.1\r\nHost: a\r\n\r\n" + b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 700
    came = site.raw(requests, 20)
    assert 50 <= len(statuses(came)) <= 60
    assert came.endswith(b"ok\n")
    assert came.count(b"connection: close") == 1


def test_endless_head_behind_an_answer_that_nobody_takes_ends_the_connection(site: Site) -> None:
    with small_client(site) as client:
        client.sendall(b"GET /big.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: unsent(site) > 0)
        client.settimeout(10)
        with pytest.raises(OSError, match=r"reset|Broken|timed out") as ended:
            client.sendall(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000_000)
        assert not isinstance(ended.value, TimeoutError)


# Slow clients


def small_client(site: Site, room: int = 4096) -> socket.socket:
    """A client with little *room* for what it does not read."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    client.connect(("127.0.0.1", site.port))
    return client


def connections(site: Site) -> list[Any]:
    return list(site.server._server.server_state.connections)


def unsent(site: Site) -> int:
    """The bytes that wait in the process for clients to take what came before."""
    return sum(each.transport.get_write_buffer_size() for each in connections(site))


def until(is_so: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


SLOW = {
    "half a line": b"GE",
    "half a head": b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
    "empty lines": b"\r\n\r\n\r\n",
    "no body": b"POST /search HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n",
    "half a chunk": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello",
    "unread file": b"GET /big.txt HTTP/1.1\r\nHost: a\r\n\r\n",
    "unread search": b"GET /search/feed.json?q=gold&limit=200 HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("kind", SLOW)
def test_five_hundred_slow_clients_keep_nobody_waiting(site: Site, kind: str) -> None:
    with ExitStack() as stack:
        for _ in range(500):
            stack.enter_context(small_client(site)).sendall(SLOW[kind])
        until(lambda: len(connections(site)) >= 400)
        seconds = []
        for path in ("/all/atom.xml", "/", "/healthz") * 5:
            started = time.monotonic()
            assert site.get(path).status == 200
            seconds.append(time.monotonic() - started)
        assert sorted(seconds)[7] < 1
        assert unsent(site) <= 500 * 2 * 65_536
    until(lambda: len(connections(site)) < 50)


def test_answer_may_be_taken_slowly(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time to ask the next thing begins when the answer is taken, not when it is given."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    with small_client(site, 65_536) as client:
        client.settimeout(10)
        client.sendall(ask("/big.txt"))
        time.sleep(1.5)
        came = b""
        while part := client.recv(1_000_000):
            came += part
    assert parts(came)[2] == (site.folder / "output/big.txt").read_bytes()


def test_client_that_is_done_with_asking_gets_its_answer_whole(site: Site) -> None:
    with small_client(site, 65_536) as client:
        client.settimeout(10)
        client.sendall(b"GET /big.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        came = b""
        while part := client.recv(1_000_000):
            came += part
    assert parts(came)[2] == (site.folder / "output/big.txt").read_bytes()


def test_answer_that_nobody_takes_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "ANSWER_SECONDS", 0.5)
    with small_client(site) as client:
        client.sendall(ask("/big.txt"))
        until(lambda: unsent(site) > 0)
        until(lambda: unsent(site) == 0)


def test_too_many_searches_at_once_are_told_to_come_again(site: Site) -> None:
    with ThreadPoolExecutor(200) as threads:
        asked = [
            threads.submit(site.raw, ask(f"/search/atom.xml?q=gold&limit=200&until=2027-{1 + n % 12:02}"), 60)
            for n in range(200)
        ]
        started = time.monotonic()
        assert site.get("/all/atom.xml").status == 200
        assert time.monotonic() - started < 5
        came = [parts(each.result()) for each in asked]
    found = Counter(status for status, _, _ in came)
    assert set(found) == {200, 503}
    assert found[200] >= queries._AT_ONCE
    assert all(headers["retry-after"] == "5" for status, headers, _ in came if status == 503)
    assert site.get("/search?q=gold").status == 200


def test_searches_of_clients_that_left_are_not_made(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    find = queries.Queries._find

    def slowly(self: Any, asked: Any) -> Any:
        made.append(asked.text)
        time.sleep(0.2)
        return find(self, asked)

    monkeypatch.setattr(queries.Queries, "_find", slowly)
    for number in range(40):
        with small_client(site) as client:
            client.sendall(ask(f"/search/atom.xml?q=left{number}"))
    until(lambda: len(connections(site)) < 50)
    assert site.get("/search?q=gold").status == 200
    assert "gold" in made[-4:]  # up to four are at work at once
    assert len(made) < 20


def test_answers_that_nobody_takes_are_counted_and_forgotten(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_MOST_UNSENT", 1)
    monkeypatch.setattr(protocol, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(queries, "_row", lambda each, settings: row(each))  # as under text = "full"
    site.keep([article(f"long{n}", title=f"Long {n}", content=f"<p>{'word ' * 20_000}</p>", topics={"sahel": MALI},
    published=NOW - n * HOUR)
               for n in range(20)])  # fmt: skip
    with small_client(site) as client:
        client.sendall(ask("/api/articles?q=long"))
        until(lambda: unsent(site) > 0)
        assert site.get("/search?q=gold").status == 503
        assert site.get("/all/atom.xml").status == 200
    until(lambda: site.get("/search?q=gold").status == 200)


def test_long_articles_come_a_few_at_a_time_and_all_of_them(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.keep([article(f"vast{n}", title=f"Vast {n}", content=f"<p>{'word ' * 20_000}</p>", topics={"sahel": MALI},
    published=NOW - n * HOUR)
               for n in range(7)])  # fmt: skip
    monkeypatch.setattr(queries, "_MOST_TEXT", 250_000)
    seen: list[list[str]] = []
    path = "/api/articles?q=vast&limit=200"
    while path:
        answer = json.loads(site.get(path).body)
        seen.append([each["title"] for each in answer["articles"]])
        path = "/" + answer["next"].removeprefix(site.server.url) if answer["next"] else ""
    assert seen == [["Vast 0", "Vast 1"], ["Vast 2", "Vast 3"], ["Vast 4", "Vast 5"], ["Vast 6"]]
    monkeypatch.setattr(queries, "_MOST_TEXT", 1)
    assert len(json.loads(site.get("/search/feed.json?q=vast&limit=200").body)["items"]) == 1


# Whole documents


def test_every_document_is_whole_while_a_refresh_publishes(site: Site) -> None:
    """Under one ETag there are always the same bytes, and each parses."""
    ended, seen = threading.Event(), dict[str, str]()

    def refresh() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            site.keep(
                [
                    article(
                        f"new{number}",
                        title=f"Fresh gold in Mali {number}",
                        topics={"sahel": MALI},
                        published=NOW - HOUR / number,
                    )
                ]
            )

    writer = threading.Thread(target=refresh)
    writer.start()
    try:
        for turn in range(60):
            for path in (
                "/all/atom.xml",
                "/sahel/rss.xml",
                "/all/feed.json",
                "/",
                "/sahel/",
                "/search/atom.xml?q=fresh",
                "/feeds.opml",
            ):
                status, headers, body = parts(
                    site.raw(ask(path, f"Accept-Encoding: {'gzip' if turn % 2 else 'identity'}"), 20)
                )
                assert (status, len(body)) == (200, int(headers["content-length"]))
                digest = hashlib.sha256(body).hexdigest()
                assert seen.setdefault(path + headers["etag"], digest) == digest
                parse(gzip.decompress(body) if "content-encoding" in headers else body, headers["content-type"])
    finally:
        ended.set()
        writer.join()
    assert len(seen) > 20  # it did change


def parse(body: bytes, kind: str) -> None:
    if "json" in kind:
        json.loads(body)
    elif "html" in kind:
        assert body.endswith(b"</html>\n")
    else:
        etree.fromstring(body)


@contextmanager
def half_written(place: Path) -> Iterator[None]:
    """*place* rewritten as a careless program would."""
    whole = place.read_bytes()
    place.write_bytes(whole[: len(whole) // 2])
    yield
    place.write_bytes(whole)


def test_half_a_document_would_be_noticed(site: Site) -> None:
    with half_written(site.folder / "output/all/atom.xml"), pytest.raises(etree.XMLSyntaxError):
        parse(site.get("/all/atom.xml").body, "application/atom+xml")
