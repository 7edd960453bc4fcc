"""Where a fetch may lead, and what it never gives away."""

from __future__ import annotations

import base64
import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feeds.config import FetchSettings
from feeds.errors import FetchError
from feeds.fetch import Fetcher
from feeds.fetch.connection import Resolver
from feeds.model import Request
from tests.origin import Origin, answer, redirect

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FEED = answer("200 OK", b"feed", ETag='"a"')
# 127.0.0.1 may be asked, 127.0.0.2 may not: the canary listens there.
SETTINGS = FetchSettings(allow_private_networks=("127.0.0.1/32",))
SECRET = "s3cr3t"  # noqa: S105


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin({"/": FEED}) as made:
        yield made


@pytest.fixture
def canary() -> Iterator[Origin]:
    """A server that nobody may reach: every test that uses it sees that it was not even connected."""
    with Origin({"/": FEED}, host="127.0.0.2") as made:
        yield made
        assert made.connections == 0


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(SETTINGS, "test") as made:
        yield made


def failure(fetcher: Fetcher, request: Request) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(request, NOW)
    return caught.value


def answers_of(*addresses: str) -> Any:
    """A getaddrinfo that gives the next of *addresses* at every call, the last one for ever."""
    left = list(addresses)

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        address = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    return getaddrinfo


def test_private_address_is_refused_unless_allowed(canary: Origin, fetcher: Fetcher) -> None:
    error = failure(fetcher, Request(canary.url()))
    assert error.reason == "127.0.0.2 is no public address ([fetch] allow_private_networks can permit it)"


def test_nothing_private_is_allowed_by_default(origin: Origin) -> None:
    with Fetcher(FetchSettings(), "test") as fetcher:
        failure(fetcher, Request(origin.url()))
    assert origin.connections == 0


def test_everything_private_can_be_allowed(origin: Origin) -> None:
    with Fetcher(FetchSettings(allow_private_networks=True), "test") as fetcher:
        assert fetcher.fetch(Request(origin.url()), NOW).body == b"feed"


def test_redirect_to_a_private_address_is_refused(canary: Origin, origin: Origin, fetcher: Fetcher) -> None:
    origin.answers["/out"] = redirect(canary.url())
    assert "127.0.0.2 is no public address" in failure(fetcher, Request(origin.url("/out"))).reason


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://0/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fec0::1]/",
        "//10.0.0.1/",
        "https://192.168.1.1/",
    ],
)
def test_redirect_to_a_special_address_is_refused(origin: Origin, fetcher: Fetcher, target: str) -> None:
    origin.answers["/out"] = redirect(target)
    assert "no public address" in failure(fetcher, Request(origin.url("/out"))).reason


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "data:text/xml,x"])
def test_redirect_to_another_scheme_is_refused(origin: Origin, fetcher: Fetcher, target: str) -> None:
    origin.answers["/out"] = redirect(target)
    assert "only http and https are followed" in failure(fetcher, Request(origin.url("/out"))).reason


def test_name_that_leads_to_a_private_address_is_refused(canary: Origin) -> None:
    with Fetcher(SETTINGS, "test", Resolver(answers_of("127.0.0.2"))) as fetcher:
        error = failure(fetcher, Request(canary.url(host="news.example")))
    assert "news.example leads to 127.0.0.2, which is no public address" in error.reason


def test_name_that_answers_differently_the_second_time_gains_nothing(canary: Origin) -> None:
    """What is connected is the address that was checked; a second look-up never happens."""
    with (
        Origin(host="127.0.0.1") as origin,
        Fetcher(SETTINGS, "test", Resolver(answers_of("127.0.0.1", "127.0.0.2"))) as fetcher,
    ):
        origin.answers["/"] = lambda connection: connection.sendall(answer("200 OK", b"feed", Connection="close"))
        for _ in range(2):
            assert fetcher.fetch(Request(origin.url(host="news.example")), NOW).body == b"feed"
        assert origin.connections == 2


def test_next_address_is_tried_when_one_refuses(origin: Origin) -> None:
    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.9", "127.0.0.1")]

    settings = FetchSettings(allow_private_networks=True)
    with Fetcher(settings, "test", Resolver(getaddrinfo)) as fetcher:
        assert fetcher.fetch(Request(origin.url(host="news.example")), NOW).body == b"feed"


def test_environment_is_not_read(origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login user password {SECRET}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1/")
    with Fetcher(SETTINGS, "test") as fetcher:
        assert fetcher.fetch(Request(origin.url()), NOW).body == b"feed"
    assert b"Authorization" not in origin.heads[0]


def authorization(user: str, password: str) -> bytes:
    return b"Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode())


def test_auth_and_headers_are_sent(origin: Origin, fetcher: Fetcher) -> None:
    fetcher.fetch(Request(origin.url(), auth="user:пароль:x", headers={"X-Key": SECRET, "accept": "x/y"}), NOW)
    assert authorization("user", "пароль:x") in origin.heads[0]
    assert f"X-Key: {SECRET}".encode() in origin.heads[0]
    assert b"Accept: x/y" in origin.heads[0]


def test_credentials_in_the_url_are_sent_but_not_told(origin: Origin, fetcher: Fetcher) -> None:
    url = origin.url().replace("://", f"://user:{SECRET}%40@")
    response = fetcher.fetch(Request(url), NOW)
    assert authorization("user", f"{SECRET}@") in origin.heads[0]
    assert response.url == origin.url()


@pytest.mark.parametrize("name", ["X-Key", "Authorization", "Cookie"])
def test_secrets_stay_on_their_server(origin: Origin, fetcher: Fetcher, name: str) -> None:
    with Origin({"/": FEED}) as other:
        origin.answers |= {"/here": redirect("/there"), "/there": redirect(other.url())}
        fetcher.fetch(Request(origin.url("/here"), headers={name: SECRET}, auth=f"user:{SECRET}"), NOW)
        assert all(SECRET.encode() in head and b"Authorization" in head for head in origin.heads)
        assert len(origin.heads) == 2
        assert SECRET.encode() not in other.heads[0]
        assert b"Authorization" not in other.heads[0]
        assert b"Referer" not in other.heads[0]


def test_secrets_do_not_come_back_after_a_detour(origin: Origin, fetcher: Fetcher) -> None:
    with Origin() as other:
        origin.answers["/out"] = redirect(other.url())
        other.answers["/"] = redirect(origin.url())
        fetcher.fetch(Request(origin.url("/out"), auth=f"user:{SECRET}"), NOW)
    assert b"Authorization" not in origin.heads[1]


def test_credentials_that_a_redirect_names_are_not_sent(origin: Origin, fetcher: Fetcher) -> None:
    origin.answers["/out"] = redirect(origin.url().replace("://", "://evil:evil@"))
    fetcher.fetch(Request(origin.url("/out")), NOW)
    assert b"Authorization" not in origin.heads[1]


def test_move_to_another_server_is_not_remembered_where_secrets_would_follow(origin: Origin, fetcher: Fetcher) -> None:
    with Origin({"/": FEED}) as other:
        origin.answers["/old"] = redirect(other.url(), "301 Moved")
        assert fetcher.fetch(Request(origin.url("/old"), auth="user:x"), NOW).moved_to is None
        assert fetcher.fetch(Request(origin.url("/old")), NOW).moved_to == other.url()


def test_move_is_not_remembered_where_it_would_lose_the_url_s_credentials(origin: Origin, fetcher: Fetcher) -> None:
    origin.answers["/old"] = redirect("/", "301 Moved")
    url = origin.url("/old").replace("://", "://user:x@")
    assert fetcher.fetch(Request(url), NOW).moved_to is None


def test_move_to_an_address_that_has_the_token_elsewhere_is_not_remembered(origin: Origin, fetcher: Fetcher) -> None:
    """A token is known by its parameter's name; in a path nobody would know it again."""
    origin.answers |= {
        "/old?token=abc12345": redirect("/abc12345/feed", "301 Moved"), "/abc12345/feed": FEED,
        "/other?token=abc12345": redirect("/feed", "301 Moved"), "/feed": FEED,
    }  # fmt: skip
    assert fetcher.fetch(Request(origin.url("/old?token=abc12345")), NOW).moved_to is None
    assert fetcher.fetch(Request(origin.url("/other?token=abc12345")), NOW).moved_to == origin.url("/feed")


@pytest.mark.parametrize(
    "sent",
    [
        answer("500 Oops"),
        answer("200 OK"),
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad header\r\nContent-Length: 1, 2\r\n\r\n",
        redirect(f"http://user:{SECRET}@10.0.0.1/?token={SECRET}"),
        redirect(f"ftp://user:{SECRET}@127.0.0.1/?token={SECRET}"),
    ],
)
def test_no_error_or_log_line_shows_a_secret(
    origin: Origin, fetcher: Fetcher, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    caplog.set_level(logging.INFO)
    origin.answers[f"/?token={SECRET}"] = lambda connection: connection.sendall(sent)
    url = origin.url(f"/?token={SECRET}").replace("://", f"://user:{SECRET}@")
    error = failure(fetcher, Request(url, headers={"X-Key": SECRET}, auth=f"user:{SECRET}"))
    assert SECRET not in f"{error} {error.url} {error.reason} {error!r}"
    assert SECRET not in caplog.text


def test_header_with_a_line_break_is_not_sent(origin: Origin, fetcher: Fetcher) -> None:
    error = failure(fetcher, Request(origin.url(), headers={"X-Key": f"{SECRET}\r\nX-Injected: 1"}))
    assert error.reason == "a header of the request or the answer is not valid"
    assert SECRET not in str(error)
    assert origin.heads == []


def all_but_the_proxy(getaddrinfo: Any) -> Any:
    """A getaddrinfo that is *getaddrinfo* for names, and the real one for 127.0.0.1, where the proxy is."""
    return lambda host, port, **_: (socket.getaddrinfo if host == "127.0.0.1" else getaddrinfo)(host, port)


def test_proxy_is_asked_for_public_names(origin: Origin) -> None:
    settings = FetchSettings(proxy=origin.url(), allow_private_networks=False)
    origin.answers["http://news.example/feed"] = FEED
    with Fetcher(settings, "test", Resolver(all_but_the_proxy(answers_of("93.184.216.34")))) as fetcher:
        assert fetcher.fetch(Request("http://news.example/feed"), NOW).body == b"feed"


def test_proxy_is_asked_for_names_unknown_here(origin: Origin) -> None:
    def unknown(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    origin.answers["http://news.example/feed"] = FEED
    with Fetcher(FetchSettings(proxy=origin.url()), "test", Resolver(all_but_the_proxy(unknown))) as fetcher:
        assert fetcher.fetch(Request("http://news.example/feed"), NOW).body == b"feed"


def test_proxy_is_not_asked_for_private_addresses(origin: Origin) -> None:
    with Fetcher(FetchSettings(proxy=origin.url()), "test") as fetcher:
        assert "no public address" in failure(fetcher, Request("http://127.1/")).reason
        assert "no public address" in failure(fetcher, Request("https://10.0.0.1/")).reason
    assert origin.connections == 0
