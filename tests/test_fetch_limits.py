"""Servers that are slow, endless, explosive or cut off cost one failed fetch, bounded in time and memory."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import brotli  # type: ignore[import-untyped]
import pytest
from backports import zstd

from feeds.config import Duration, FetchSettings, Size
from feeds.errors import FetchError
from feeds.fetch import Fetcher
from feeds.fetch.budget import Budget
from feeds.fetch.connection import Resolver
from feeds.model import Request
from tests.origin import Answer, Origin, answer, drip, redirect

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SETTINGS = FetchSettings(
    timeout=Duration(seconds=1), max_bytes=Size(1_000_000), allow_private_networks=("127.0.0.0/8",)
)
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(SETTINGS, "test") as made:
        yield made


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as made:
        yield made


def failure(fetcher: Fetcher, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(Request(url), NOW)
    return caught.value


def pour(start: bytes, part: bytes) -> Callable[[socket.socket], None]:
    return drip(start, part * (65_536 // len(part)), 0)


def wait_for_the_end(connection: socket.socket) -> None:
    connection.recv(1)  # until the client is gone


SLOW: dict[str, Answer] = {
    "silent": wait_for_the_end,
    "a byte at a time in the status line": drip(b"", b"H"),
    "a byte at a time in a header": drip(OK + b"X: ", b"x"),
    "headers that never end": drip(OK, b"X: x\r\n"),
    "a byte at a time in the body": drip(OK + b"Content-Length: 100000\r\n\r\n", b"x"),
    "a byte at a time in a body without length": drip(OK + b"\r\n", b"x"),
    "a byte at a time in a chunk": drip(OK + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", b"x"),
    "small chunks for ever": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "trailers that never end": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", b"X: x\r\n"),
    "a flood of 100": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a flood of 103": drip(b"", b"HTTP/1.1 103 Early Hints\r\nX: x\r\n\r\n"),
    "gzip that never yields": drip(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"")),
}


@pytest.mark.parametrize("name", SLOW)
def test_slow_answer_ends_in_time(fetcher: Fetcher, origin: Origin, name: str) -> None:
    origin.answers["/"] = SLOW[name]
    assert failure(fetcher, origin.url()).reason == "timed out after 1 s"


def test_slow_chain_of_redirects_ends_in_time(fetcher: Fetcher, origin: Origin) -> None:
    def slow_redirect(connection: socket.socket) -> None:
        time.sleep(0.4)
        connection.sendall(redirect("/"))

    origin.answers["/"] = slow_redirect
    assert failure(fetcher, origin.url()).reason == "timed out after 1 s"
    assert len(origin.heads) < 5


def test_stalled_tls_handshake_ends_in_time(fetcher: Fetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        assert failure(fetcher, url).reason == "timed out after 1 s"


def test_tls_handshake_a_byte_at_a_time_ends_in_time(fetcher: Fetcher) -> None:
    def trickle(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):  # the client goes away; a handshake record of 16 KB begins
            drip(b"\x16\x03\x03\x40\x00", b"\x02")(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=trickle, args=(listener,), daemon=True).start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        assert failure(fetcher, url).reason == "timed out after 1 s"


def test_stalled_name_lookup_ends_in_time_and_is_not_asked_again() -> None:
    calls: list[str] = []
    release = threading.Event()

    def stalled(host: str, *_: object, **__: object) -> list[object]:
        calls.append(host)
        release.wait()
        raise OSError

    with Fetcher(SETTINGS, "test", Resolver(stalled)) as fetcher:
        for path in ("", "other"):
            late = "no answer to the question for the address of slow.example in time"
            assert failure(fetcher, f"http://slow.example/{path}").reason == late
        release.set()
    assert calls == ["slow.example"]


TOO_MUCH = "sends more than is accepted, headers and all"
TOO_LARGE = "is larger than 1,000,000 bytes ([fetch] max_bytes)"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (pour(OK + b"\r\n", b"x"), TOO_LARGE),
        (pour(OK + b"Content-Length: 99999999999999999999\r\n\r\n", b"x"), TOO_LARGE),
        (pour(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"50\r\n" + b"x" * 80 + b"\r\n"), TOO_LARGE),
        (pour(OK, b"X-Header: " + b"x" * 1000 + b"\r\n"), None),
        (pour(OK + b"X-Header: ", b"x"), None),
        (pour(b"HTTP/1.1 ", b"x"), None),
        (pour(b"", b"HTTP/1.1 100 Continue\r\nX: " + b"x" * 1000 + b"\r\n\r\n"), TOO_MUCH),
        (pour(b"", b"HTTP/1.1 103 Early\r\nX: " + b"x" * 1000 + b"\r\n\r\n"), TOO_MUCH),
    ],
)
def test_endless_answer_is_given_up(fetcher: Fetcher, origin: Origin, sent: Answer, reason: str | None) -> None:
    origin.answers["/"] = sent
    assert failure(fetcher, origin.url()).reason == (reason or "the server's answer is not HTTP")


def test_body_of_exactly_the_limit_is_taken(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/"] = answer("200 OK", b"x" * 1_000_000)
    assert len(fetcher.fetch(Request(origin.url()), NOW).body) == 1_000_000


ZEROS = bytes(20_000_000)
BOMBS = {
    "gzip": gzip.compress(ZEROS),
    "x-gzip": gzip.compress(ZEROS),
    "deflate": zlib.compress(ZEROS),
    "br": brotli.compress(ZEROS, quality=5),
    "zstd": zstd.compress(ZEROS),
    "gzip, gzip": gzip.compress(gzip.compress(ZEROS)),
    "gzip, br": brotli.compress(gzip.compress(ZEROS)),
    "zstd, deflate, gzip": gzip.compress(zlib.compress(zstd.compress(ZEROS))),
}


@pytest.mark.parametrize("encoding", BOMBS)
def test_bomb_is_given_up_within_little_memory(fetcher: Fetcher, origin: Origin, encoding: str) -> None:
    origin.answers["/"] = answer("200 OK", BOMBS[encoding], Content_Encoding=encoding)
    tracemalloc.start()
    try:
        error = failure(fetcher, origin.url())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.reason == TOO_LARGE
    assert peak < 6_000_000


def test_bomb_in_a_redirect_is_never_read(fetcher: Fetcher, origin: Origin) -> None:
    def bomb(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 302 F\r\nLocation: /feed\r\nContent-Encoding: gzip\r\n\r\n")
        connection.sendall(BOMBS["gzip"] * 100)

    origin.answers |= {"/": bomb, "/feed": answer("200 OK", b"feed")}
    assert fetcher.fetch(Request(origin.url()), NOW).body == b"feed"


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "GZIP": gzip.compress,
    "gzip, gzip": lambda body: gzip.compress(gzip.compress(body)),
}
TEXT = " ".join(str(number) for number in range(150_000)).encode()


@pytest.mark.parametrize("encoding", ENCODERS)
def test_encoded_body_is_decoded(fetcher: Fetcher, origin: Origin, encoding: str) -> None:
    origin.answers["/"] = answer("200 OK", ENCODERS[encoding](TEXT), Content_Encoding=encoding, ETag='"e"')
    response = fetcher.fetch(Request(origin.url()), NOW)
    assert (response.body, response.complete, response.etag) == (TEXT, True, '"e"')


@pytest.mark.parametrize("encoding", ENCODERS)
def test_encoded_body_that_stops_in_the_middle_is_incomplete(fetcher: Fetcher, origin: Origin, encoding: str) -> None:
    encoded = ENCODERS[encoding](TEXT)
    origin.answers["/"] = answer("200 OK", encoded[: len(encoded) * 2 // 3], Content_Encoding=encoding, ETag='"e"')
    response = fetcher.fetch(Request(origin.url()), NOW)
    assert (response.complete, response.etag) == (False, None)
    assert TEXT.startswith(response.body)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "gzip in gzip": lambda body: gzip.compress(gzip.compress(body)),
    "two members of gzip": lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:]),
}


@pytest.mark.parametrize("how", PACKED)
def test_body_that_is_compressed_without_a_header_is_unpacked(fetcher: Fetcher, origin: Origin, how: str) -> None:
    """As a file feed.xml.gz is handed out."""
    for headers in ({}, {"Content_Encoding": "identity"}, {"Content_Encoding": "utf-8"}):
        origin.answers["/"] = answer(
            "200 OK", PACKED[how](TEXT), ETag='"e"', Content_Type="application/gzip", **headers
        )
        response = fetcher.fetch(Request(origin.url()), NOW)
        assert (response.body, response.complete, response.etag) == (TEXT, True, '"e"')


@pytest.mark.parametrize("how", ["gzip", "zlib"])
def test_body_compressed_without_a_header_that_stops_in_the_middle_is_incomplete(
    fetcher: Fetcher, origin: Origin, how: str
) -> None:
    packed = PACKED[how](TEXT)
    origin.answers["/"] = answer("200 OK", packed[: len(packed) // 2], ETag='"e"')
    response = fetcher.fetch(Request(origin.url()), NOW)
    assert (response.complete, response.etag) == (False, None)
    assert TEXT.startswith(response.body)
    assert response.body


def test_bomb_without_a_header_is_given_up_within_little_memory(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/"] = answer("200 OK", BOMBS["gzip"])
    tracemalloc.start()
    try:
        error = failure(fetcher, origin.url())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.reason == TOO_LARGE
    assert peak < 6_000_000


def test_what_only_looks_compressed_is_a_clear_error(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/"] = answer("200 OK", b"\x1f\x8b\x08 and then nothing of the kind")
    assert failure(fetcher, origin.url()).reason == "is compressed though no header says so, and broken"


def test_garbage_after_gzip_does_no_harm(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/"] = answer("200 OK", gzip.compress(TEXT) + b"garbage", Content_Encoding="gzip", ETag='"e"')
    response = fetcher.fetch(Request(origin.url()), NOW)
    assert (response.body, response.complete) == (TEXT, True)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_body_that_is_not_encoded_as_announced_is_a_clear_error(
    fetcher: Fetcher, origin: Origin, encoding: str
) -> None:
    origin.answers["/"] = answer("200 OK", b"<rss></rss>" * 100, Content_Encoding=encoding)
    assert failure(fetcher, origin.url()).reason == f"its {encoding} encoding is broken"


def test_unknown_encoding_is_a_clear_error(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/"] = answer("200 OK", b"xyz", Content_Encoding="compress")
    assert failure(fetcher, origin.url()).reason == (
        "is encoded as compress, which can't be read here and was not asked for"
    )


def reset(connection: socket.socket) -> None:
    """Close so that the client gets a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def cut(*parts: bytes, by_reset: bool = False) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(0.05)
        if by_reset:
            reset(connection)

    return send


CHUNKED = OK + b'ETag: "e"\r\nTransfer-Encoding: chunked\r\n\r\n'
CUT: dict[str, Answer] = {
    "shorter than announced": cut(OK + b'ETag: "e"\r\nContent-Length: 1000\r\n\r\n<rss>'),
    "reset in the body": cut(OK + b'ETag: "e"\r\nContent-Length: 1000\r\n\r\n', b"<rss>", by_reset=True),
    "chunks that stop": cut(CHUNKED + b"5\r\n<rss>\r\n"),
    "a chunk cut short": cut(CHUNKED + b"ff\r\n<rss>"),
    "a chunk of no size": cut(CHUNKED + b"5\r\n<rss>\r\nzz\r\n"),
    "a chunk of negative size": cut(CHUNKED + b"5\r\n<rss>\r\n-5\r\n<rss>\r\n"),
}


@pytest.mark.parametrize("name", CUT)
def test_body_cut_short_is_incomplete_and_has_no_validators(fetcher: Fetcher, origin: Origin, name: str) -> None:
    origin.answers["/"] = CUT[name]
    response = fetcher.fetch(Request(origin.url()), NOW)
    assert response.body.startswith(b"<rss>")
    assert not response.complete
    assert (response.etag, response.last_modified) == (None, None)


@pytest.mark.parametrize(
    "sent",
    [
        cut(OK + b"Content-Length: 1000\r\n\r\n"),
        cut(CHUNKED),
        cut(CHUNKED + b"zz\r\n"),
        cut(OK + b"Content-Length: 10\r\n\r\n", by_reset=True),
    ],
)
def test_body_that_never_began_is_a_clear_error(fetcher: Fetcher, origin: Origin, sent: Answer) -> None:
    origin.answers["/"] = sent
    assert failure(fetcher, origin.url()).reason == "the connection broke before the content came"


def test_more_than_announced_is_left_alone(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/"] = OK + b"Content-Length: 5\r\n\r\n<rss>HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    for _ in range(2):
        assert fetcher.fetch(Request(origin.url()), NOW).body == b"<rss>"


@pytest.mark.parametrize("length", [b"abc", b"-1", b"", b"5, 5"])
def test_odd_length_does_not_lose_the_body(fetcher: Fetcher, origin: Origin, length: bytes) -> None:
    origin.answers["/"] = cut(OK + b"Content-Length: " + length + b"\r\n\r\n<rss>")
    assert fetcher.fetch(Request(origin.url()), NOW).body == b"<rss>"


def test_contradicting_lengths_are_a_clear_error(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/"] = cut(OK + b"Content-Length: 5, 6\r\n\r\n<rss>")
    assert failure(fetcher, origin.url()).reason == "the server's answer is not HTTP"


def test_bodies_wait_for_room_and_all_arrive() -> None:
    budget = Budget(total=100, largest=60)
    taken: list[int] = []
    most: list[int] = []
    lock = threading.Lock()

    def read() -> None:
        with budget.share() as share:
            for _ in range(6):
                assert share.grow(10, time.monotonic() + 20)
                with lock:
                    taken.append(10)
                    most.append(sum(taken))
            with lock:
                taken.append(-60)

    threads = [threading.Thread(target=read) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 72
    assert max(most) <= 100


def test_small_body_waits_for_no_large_one() -> None:
    budget = Budget(total=100, largest=60, free=5)
    with budget.share() as first, budget.share() as second, budget.share() as small:
        assert first.grow(40, time.monotonic())
        assert second.grow(60, time.monotonic())
        assert small.grow(3, time.monotonic())
        assert small.grow(2, time.monotonic())
        assert not small.grow(1, time.monotonic() + 0.01)


def test_body_that_finds_no_room_in_time_is_told_so() -> None:
    budget = Budget(total=100, largest=60)
    with budget.share() as first, budget.share() as second, budget.share() as third:
        assert first.grow(40, time.monotonic())
        assert second.grow(60, time.monotonic())
        assert not third.grow(1, time.monotonic() + 0.01)
    with budget.share() as fourth, budget.share() as fifth:
        assert fourth.grow(40, time.monotonic())
        assert fifth.grow(60, time.monotonic())


def test_one_body_larger_than_the_budget_has_its_turn() -> None:
    budget = Budget(total=100, largest=500)
    with budget.share() as share:
        assert share.grow(500, time.monotonic())
