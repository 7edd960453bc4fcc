"""Size: endless and explosive answers, wrong lengths, bodies cut short, broken chunks; and large honest-looking feeds."""

from __future__ import annotations

import gzip
import socket
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
from backports import zstd

from tests.hostile.judge import Case, Scene, check, ok, report
from tests.origin import Answer, answer
from tests.web import item, rss

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b'ETag: "cut"\r\nTransfer-Encoding: chunked\r\n\r\n'
TOO_LARGE = "is larger than [0-9,]+ bytes"
TOO_MUCH = "more than is accepted|not HTTP|is larger than|broke before the content"
FEED = rss(item("1", "Good one"), item("2", "Good two"))
GOOD = ("Good one", "Good two")


def pour(start: bytes, part: bytes) -> Callable[[socket.socket], None]:
    """Sends *start*, then *part* as fast as it can, until the client is gone."""
    block = part * (65_536 // len(part) + 1)

    def send(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(block)

    return send


def closing(sent: bytes, by_reset: bool = False) -> Callable[[socket.socket], None]:
    """Sends *sent* and hangs up."""

    def send(connection: socket.socket) -> None:
        connection.sendall(sent)
        if by_reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return send


@cache
def bomb(encoding: str) -> bytes:
    """A feed's beginning and thirty megabytes of spaces, packed as *encoding*."""
    pack: dict[str, Callable[[bytes], bytes]] = {
        "gzip": lambda data: gzip.compress(data, 1),
        "deflate": lambda data: zlib.compress(data, 1),
        "br": lambda data: bytes(brotli.compress(data, quality=1)),
        "zstd": lambda data: zstd.compress(data, 1),
    }
    body = FEED[:-20] + b" " * 30_000_000
    for each in encoding.split(", "):
        body = pack[each](body)
    return body


def packed_feed(times: int) -> bytes:
    body = FEED
    for _ in range(times):
        body = gzip.compress(body)
    return body


def large(key: str, texts: int, size: int) -> bytes:
    words = "Words without end, and more of them. " * (size // 37)
    return rss(*(item(f"{key}{number}", f"Large {key} {number}", description=words) for number in range(texts)))


ENDLESS: dict[str, Answer] = {
    "an endless body": pour(HEAD + b"\r\n", b"x"),
    "an endless feed": pour(HEAD + b"\r\n" + FEED[:-20], b"<item><title>x</title></item>"),
    "an endless body with a length": pour(HEAD + b"Content-Length: 99999999999999999999\r\n\r\n", b"x"),
    "endless chunks": pour(CHUNKED, b"8\r\nxxxxxxxx\r\n"),
    "an endless chunk": pour(CHUNKED + b"ffffffffffffffff\r\n", b"x"),
    "an endless chunk extension": pour(CHUNKED + b"5;x=", b"x"),
    "an endless chunk size": pour(CHUNKED, b"0"),
    "endless trailers": pour(CHUNKED + b"1\r\nx\r\n0\r\n", b"X-Trailer: x\r\n"),
    "endless headers": pour(HEAD, b"X-Header: " + b"x" * 1000 + b"\r\n"),
    "an endless header": pour(HEAD + b"X-Header: ", b"x"),
    "an endless folded header": pour(HEAD + b"X-Header: x\r\n", b" " + b"x" * 1000 + b"\r\n"),
    "an endless status line": pour(b"HTTP/1.1 ", b"x"),
    "endless 100 Continue": pour(b"", b"HTTP/1.1 100 Continue\r\nX: " + b"x" * 900 + b"\r\n\r\n"),
    "endless 103 Early Hints": pour(b"", b"HTTP/1.1 103 Early\r\nX: " + b"x" * 900 + b"\r\n\r\n"),
    "an endless line of nothing": pour(b"", b"\0"),
    "an endless redirect": pour(b"HTTP/1.1 302 Found\r\nLocation: /", b"x"),
}
BOMBS = ["gzip", "deflate", "br", "zstd", "gzip, gzip", "gzip, br", "zstd, gzip"]
CUT: dict[str, Answer] = {
    "shorter than announced": closing(HEAD + b'ETag: "cut"\r\nContent-Length: 9000\r\n\r\n' + FEED[:-60]),
    "reset in the body": closing(HEAD + b'ETag: "cut"\r\nContent-Length: 9000\r\n\r\n' + FEED[:-60], by_reset=True),
    "chunks that stop": closing(CHUNKED + b"%x\r\n%s\r\n" % (len(FEED), FEED)),
    "a chunk cut short": closing(CHUNKED + b"ffff\r\n" + FEED),
    "a chunk of no size": closing(CHUNKED + b"%x\r\n%s\r\nzz\r\n" % (len(FEED), FEED)),
    "a chunk of negative size": closing(CHUNKED + b"%x\r\n%s\r\n-5\r\nxxxxx\r\n" % (len(FEED), FEED)),
    "gzip that stops": closing(
        answer("200 OK", gzip.compress(FEED + b"<!-- more -->")[:-12], Content_Encoding="gzip", ETag='"cut"')
    ),
}
LENGTHS = {
    "letters": b"abc",
    "less than nothing": b"-1",
    "nothing": b"",
    "twice the same": b"%d, %d" % (len(FEED), len(FEED)),
    "a plus": b"+%d" % len(FEED),
    "hexadecimal": b"0x10",
    "with a space": b"%d 5" % len(FEED),
}

CASES = [
    *(Case(name, sent, reason=TOO_MUCH) for name, sent in ENDLESS.items()),
    *(
        Case(f"a bomb in {name}", answer("200 OK", bomb(name), Content_Encoding=name), reason=TOO_LARGE)
        for name in BOMBS
    ),
    Case(
        "a bomb in a redirect",
        closing(
            b"HTTP/1.1 302 Found\r\nLocation: /a-bomb-in-a-redirect/feed\r\nContent-Encoding: gzip\r\n\r\n"
            + bomb("gzip")
        ),
        requests=2,
        more={"/feed": ok(FEED)},
        keeps=GOOD,
    ),
    Case(
        "a bomb in an error",
        closing(answer("500 Oops", bomb("gzip"), Content_Encoding="gzip")),
        reason="500 Internal Server Error",
    ),
    Case(
        "six times gzip",
        answer("200 OK", packed_feed(6), Content_Encoding=", ".join(["gzip"] * 6)),
        reason="encoding is broken",
    ),
    Case(
        "a hundred times gzip",
        answer("200 OK", packed_feed(3), Content_Encoding=", ".join(["gzip"] * 100)),
        reason="encoding is broken",
    ),
    Case("twice gzip, said once", answer("200 OK", packed_feed(2), Content_Encoding="gzip"), reason="no feed"),
    Case(
        "an encoding with colours",
        answer("200 OK", b"x" * 50, Content_Encoding="gzip, \x1b[31mred"),
        reason="encoding is broken",
    ),
    Case(
        "an encoding on two lines",
        HEAD + b"Content-Length: 9\r\nContent-Encoding: gzip,\r\n feeds: all is well\r\n\r\nxxxxxxxxx",
        reason="encoding is broken",
    ),
    Case("an encoding that nobody knows", answer("200 OK", FEED, Content_Encoding="rot13"), keeps=GOOD),
    Case("garbage after gzip", ok(gzip.compress(FEED) + b"garbage" * 500, Content_Encoding="gzip"), keeps=GOOD),
    Case("gzip of nothing", ok(gzip.compress(b""), Content_Encoding="gzip"), reason="empty"),
    *(Case(name, sent, reason="broke off", keeps=GOOD[:1]) for name, sent in CUT.items()),
    Case("reset before anything", closing(b"", by_reset=True), reason="closed the connection|broke"),
    Case("reset in the head", closing(HEAD, by_reset=True), reason="closed the connection|not HTTP|broke|empty"),
    Case("hangs up after the head", closing(HEAD + b"Content-Length: 50\r\n\r\n"), reason="broke before the content"),
    Case("chunks that are none", closing(CHUNKED + b"zz\r\n" + FEED), reason="broke before the content"),
    Case("a chunked body that is not chunked", closing(CHUNKED + FEED), reason="broke before the content"),
    Case(
        "more than announced",
        HEAD + b"Content-Length: %d\r\n\r\n" % len(FEED) + FEED + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        keeps=GOOD,
    ),
    Case(
        "chunk extensions",
        closing(CHUNKED + b"%x;name=value;x\r\n%s\r\n0;end\r\nETag: evil\r\n\r\n" % (len(FEED), FEED)),
        keeps=GOOD,
    ),
    *(
        Case(f"a length of {name}", closing(HEAD + b"Content-Length: " + length + b"\r\n\r\n" + FEED), keeps=GOOD)
        for name, length in LENGTHS.items()
    ),
    Case("two lengths", closing(HEAD + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\n" + FEED), reason="not HTTP"),
    Case(
        "a length and chunks",
        closing(
            HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(FEED), FEED)
        ),
        keeps=GOOD,
    ),
]
LARGE = [
    *(
        Case(
            f"large feed {number}",
            ok(large(f"feed{number}", 9, 1_000_000)),
            keeps=(f"Large feed{number} 0", f"Large feed{number} 8"),
        )
        for number in range(3)
    ),
    Case("one entry of 20 MB", ok(large("twenty", 1, 20_000_000)), reason=TOO_LARGE),
    Case("one entry of 9 MB", ok(large("nine", 1, 9_000_000)), keeps=("Large nine 0",)),
]


def test_size(tmp_path: Path) -> None:
    check(tmp_path, CASES, timeout='"20s"', max_bytes='"1MB"')


@pytest.mark.slow
def test_forty_large_feeds_at_once(tmp_path: Path) -> None:
    """More than can be read in time: what could not is told so, the honest ones are read, and memory stays bounded."""
    bodies = [ok(large(f"many{number}", 45, 200_000)) for number in range(4)]
    cases = [Case(f"one of forty {number}", bodies[number % 4]) for number in range(40)]
    with Scene(tmp_path, cases, timeout='"20s"') as scene:
        run = scene.refresh()
        faults = [*run.faults_of_the_run(), *(fault for case in scene.cases[:5] for fault in run.faults_of(case))]
        assert not faults, "\n".join(faults)
    report([run], len(cases))


def test_large_feeds(tmp_path: Path) -> None:
    check(tmp_path, LARGE, timeout='"20s"')
