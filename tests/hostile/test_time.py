"""Time: servers that trickle, stall, flood and lead round and round cost one timeout, and nobody else waits for them."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable
from pathlib import Path

from tests.hostile.judge import Case, check, ok
from tests.origin import Answer, drip, redirect
from tests.web import item, rss

HEAD = b"HTTP/1.1 200 OK\r\n"
TIMED_OUT = "timed out after 2 s"


def silent(connection: socket.socket) -> None:
    connection.recv(1)  # until the client is gone


def stop_after(sent: bytes) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        connection.sendall(sent)
        silent(connection)

    return send


def late(body: bytes, seconds: float) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        time.sleep(seconds)
        connection.sendall(body)

    return send


SLOW: dict[str, Answer] = {
    "no answer at all": silent,
    "a byte at a time in the status line": drip(b"", b"H"),
    "a byte at a time in a header": drip(HEAD + b"X: ", b"x"),
    "a header at a time": drip(HEAD, b"X: x\r\n"),
    "a folded header that never ends": drip(HEAD + b"X: x\r\n", b" x\r\n"),
    "stops after the status line": stop_after(HEAD),
    "stops after the head": stop_after(HEAD + b"Content-Length: 9\r\n\r\n"),
    "a byte at a time in the body": drip(HEAD + b"Content-Length: 100000\r\n\r\n", b"x"),
    "a byte at a time without a length": drip(HEAD + b"\r\n", b" "),
    "a byte at a time in a chunk": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", b"x"),
    "a byte at a time in a chunk's size": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "a chunk's extension that never ends": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;x=", b"x"),
    "small chunks for ever": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "trailers that never end": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", b"X: x\r\n"),
    "100 Continue again and again": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "102 Processing again and again": drip(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "103 Early Hints again and again": drip(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "gzip that never yields": drip(HEAD + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"")),
    "a redirect's head that never ends": drip(b"HTTP/1.1 302 Found\r\nLocation: /\r\n", b"X: x\r\n"),
    "an error's head that never ends": drip(b"HTTP/1.1 500 Oops\r\n", b"X: x\r\n"),
}
FLOODS = {
    f"a flood of {status}": drip(b"", (b"HTTP/1.1 " + status.encode() + b"\r\n\r\n") * 1000, 0)
    for status in ("100 Continue", "103 Early Hints")
}
FEED = ok(rss(item("late", "Late but in time")))

CASES = [
    *(Case(name, sent, reason=f"{TIMED_OUT}|broke off") for name, sent in SLOW.items()),
    *(Case(name, sent, reason=f"{TIMED_OUT}|more than is accepted") for name, sent in FLOODS.items()),
    Case(
        "redirects that take their time",
        late(redirect("/redirects-that-take-their-time"), 0.5),
        requests=6,
        reason=TIMED_OUT,
    ),
    Case("an answer just in time", late(FEED, 1.0), keeps=("Late but in time",)),
    Case(
        "a name that nobody answers for",
        url="http://stalled.example/feed",
        reason="no answer to the question for the address",
    ),
    Case("a handshake that stalls", silent, url="https://@ORIGIN/a-handshake-that-stalls", reason=TIMED_OUT),
]
# A host has two places, and those who were led to it wait for one in their own time: not seventeen times as long.
LED = [
    Case(
        f"leads to the slow host {number}",
        redirect(f"http://@SHARED/leads-to-the-slow-host-{number}/end"),
        reason=TIMED_OUT,
        requests=2,
        more={"/end": silent},
    )
    for number in range(34)
]


def test_time(tmp_path: Path) -> None:
    check(tmp_path, [*CASES, *LED], timeout='"2s"', concurrency="128", names={"stalled.example": [["stall"]]})
