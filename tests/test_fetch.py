"""What a server's answer becomes: bodies, validators, statuses, redirects, headers."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from feeds.config import FetchSettings
from feeds.errors import FetchError
from feeds.fetch import Fetcher, user_agent
from feeds.fetch.connection import Resolver
from feeds.fetch.headers import retry_after
from feeds.model import Request
from tests.origin import Origin, answer, drip, redirect

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LOOPBACK = FetchSettings(allow_private_networks=("127.0.0.0/8",))
FEED = b"<rss><channel/></rss>"


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(LOOPBACK, "feeds/test (+https://example.org/)") as made:
        yield made


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin({"/feed": answer("200 OK", FEED, ETag='"a"', Last_Modified="yesterday", X_Odd="1")}) as made:
        yield made


def failure(fetcher: Fetcher, url: str) -> FetchError:
    """The error that fetching *url* ends in."""
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(Request(url), NOW)
    return caught.value


def test_answer_carries_body_headers_and_validators(fetcher: Fetcher, origin: Origin) -> None:
    response = fetcher.fetch(Request(origin.url("/feed")), NOW)
    assert (response.url, response.status, response.body) == (origin.url("/feed"), 200, FEED)
    assert (response.etag, response.last_modified, response.complete) == ('"a"', "yesterday", True)
    assert response.headers["x-odd"] == "1"
    assert response.moved_to is None


def test_request_says_who_asks_and_what_is_wanted(fetcher: Fetcher, origin: Origin) -> None:
    fetcher.fetch(Request(origin.url("/feed")), NOW)
    head = origin.heads[0].decode().lower()
    assert "user-agent: feeds/test (+https://example.org/)" in head
    assert "accept: application/atom+xml" in head
    assert "accept-encoding: gzip" in head
    for unwanted in ("cookie:", "referer:", "authorization:", "if-none-match:", "range:"):
        assert unwanted not in head


def test_user_agent_names_program_version_and_contact() -> None:
    assert user_agent("https://example.org/").startswith("feeds/")
    assert user_agent("https://example.org/").endswith(" (+https://example.org/)")


ETAGS = [b'"plain"', b'W/"weak"', b"no-quotes", b'"two" "three"', b'"caf\xc3\xa9"', b"\xa0\xff\x85", b"a,b;c", b'""']


@pytest.mark.parametrize("etag", ETAGS)
def test_etag_goes_back_byte_for_byte(fetcher: Fetcher, origin: Origin, etag: bytes) -> None:
    origin.answers["/odd"] = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nETag: " + etag + b"\r\n\r\nx"
    response = fetcher.fetch(Request(origin.url("/odd")), NOW)
    origin.answers["/odd"] = answer("304 Not Modified")
    again = fetcher.fetch(Request(origin.url("/odd"), etag=response.etag), NOW)
    assert b"\r\nIf-None-Match: " + etag + b"\r\n" in origin.heads[1]
    assert (again.status, again.body, again.etag) == (304, b"", response.etag)


def test_last_modified_goes_back_as_it_came(fetcher: Fetcher, origin: Origin) -> None:
    fetcher.fetch(Request(origin.url("/feed"), last_modified="Tue,  24-Nov-26 (odd)"), NOW)
    assert b"\r\nIf-Modified-Since: Tue,  24-Nov-26 (odd)\r\n" in origin.heads[0]


@pytest.mark.parametrize("etag", ['"a\r\nX-Injected: 1"', '"a\n"', '"\x00"', '"мали"'])
def test_validator_that_no_header_can_carry_is_not_sent(fetcher: Fetcher, origin: Origin, etag: str) -> None:
    fetcher.fetch(Request(origin.url("/feed"), etag=etag), NOW)
    assert b"If-None-Match" not in origin.heads[0]
    assert b"Injected" not in origin.heads[0]


def test_304_without_a_condition_is_an_error(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/304"] = answer("304 Not Modified")
    assert failure(fetcher, origin.url("/304")).status == 304


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("404 Nothing", "the server answered 404 Not Found"),
        ("410 Gone", "the server answered 410 Gone"),
        ("500 Oops", "the server answered 500 Internal Server Error"),
        ("599 <script>", "the server answered 599"),
        ("206 Partial Content", "the server answered 206 Partial Content"),
        ("300 Multiple Choices", "the server answered 300 Multiple Choices"),
        ("204 No Content", "the server answered 204 No Content"),
    ],
)
def test_other_status_is_an_error_that_names_it(fetcher: Fetcher, origin: Origin, status: str, reason: str) -> None:
    origin.answers["/bad"] = answer(status, b"sorry")
    error = failure(fetcher, origin.url("/bad"))
    assert (error.reason, error.status) == (reason, int(status[:3]))


def test_empty_body_is_an_error(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/empty"] = answer("200 OK", ETag='"e"')
    assert failure(fetcher, origin.url("/empty")).reason == "the server sent an empty answer"


def test_203_counts_as_200(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/203"] = answer("203 Non-Authoritative Information", FEED)
    assert fetcher.fetch(Request(origin.url("/203")), NOW).status == 200


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        ("1" + "0" * 30, timedelta(days=7)),
        ("9" * 100_000, timedelta(days=7)),
        ("Tue, 24 Nov 2026 13:00:00 GMT", timedelta(hours=1)),
        ("Tue, 24 Nov 2026 13:00:00", timedelta(hours=1)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=7)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("0", None),
        ("-5", None),
        ("1e30", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_and_bounded(value: str | None, wait: timedelta | None) -> None:
    assert retry_after(value, NOW) == wait


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_refused_request_tells_how_long_to_wait(fetcher: Fetcher, origin: Origin, status: str) -> None:
    origin.answers["/busy"] = answer(status, Retry_After="3600")
    error = failure(fetcher, origin.url("/busy"))
    assert (error.status, error.retry_after) == (int(status[:3]), timedelta(hours=1))


@pytest.mark.parametrize(
    ("statuses", "is_permanent"),
    [
        (["301 Moved"], True),
        (["308 Moved"], True),
        (["301 Moved", "308 Moved"], True),
        (["302 Found"], False),
        (["303 See Other"], False),
        (["307 Temporary"], False),
        (["301 Moved", "302 Found", "301 Moved"], False),
    ],
)
def test_only_permanent_redirects_say_that_a_feed_moved(
    fetcher: Fetcher, origin: Origin, statuses: list[str], is_permanent: bool
) -> None:
    for number, status in enumerate(statuses):
        origin.answers[f"/{number}"] = redirect(f"/{number + 1}", status)
    origin.answers[f"/{len(statuses)}"] = answer("200 OK", FEED)
    response = fetcher.fetch(Request(origin.url("/0")), NOW)
    assert response.url == origin.url(f"/{len(statuses)}")
    assert response.moved_to == (response.url if is_permanent else None)


def test_validators_follow_a_redirect(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers |= {"/old": redirect("/new#part", "301 Moved"), "/new": answer("304 Not Modified")}
    response = fetcher.fetch(Request(origin.url("/old"), etag='"a"'), NOW)
    assert (response.status, response.moved_to) == (304, origin.url("/new"))


def test_sixth_redirect_is_not_followed(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/loop"] = redirect("/loop")
    assert failure(fetcher, origin.url("/loop")).reason == "redirects more than 5 times"
    assert len(origin.heads) == 6


def test_redirect_without_a_target_is_an_error(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/lost"] = answer("302 Found")
    assert "without saying where" in failure(fetcher, origin.url("/lost")).reason


def test_redirect_to_utf8_path_is_followed(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers |= {
        "/ru": b"HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: /" + "мали".encode() + b"\r\n\r\n",
        "/%D0%BC%D0%B0%D0%BB%D0%B8": answer("200 OK", FEED),
    }
    assert fetcher.fetch(Request(origin.url("/ru")), NOW).body == FEED


@pytest.mark.parametrize(
    ("host", "in_ascii"),
    [
        ("faß.example", "xn--fa-hia.example"),
        ("☕.example", "xn--53h.example"),
        ("so_groß.example", "xn--so_gro-gta.example"),
    ],
)
def test_host_in_other_letters_is_asked_for_in_ascii(origin: Origin, host: str, in_ascii: str) -> None:
    names = []

    def getaddrinfo(name: str, port: int, **kinds: int) -> list[object]:
        names.append(name)
        return list(socket.getaddrinfo("127.0.0.1", port, **kinds))

    origin.answers["/moved"] = redirect(origin.url("/feed", host=f"feed.{host}").encode().decode("latin-1"))
    with Fetcher(LOOPBACK, "feeds/test", Resolver(getaddrinfo)) as fetcher:
        response = fetcher.fetch(Request(origin.url("/moved", host=host)), NOW)
    assert names == [in_ascii, f"feed.{in_ascii}"]
    assert f"\r\nhost: {in_ascii}:{origin.port}\r\n".encode() in origin.heads[0].lower()
    assert response.url == origin.url("/feed", host=f"feed.{in_ascii}")


def cookies_sent(origin: Origin) -> list[bytes | None]:
    found = [re.search(rb"\r\nCookie: (.*?)\r\n", head) for head in origin.heads]
    return [each and each[1] for each in found]


def test_cookies_of_a_redirect_are_returned_and_forgotten_with_the_exchange(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers |= {"/in": answer("302 Found", Location="/feed", Set_Cookie="id=1; Path=/")}
    for _ in range(2):
        fetcher.fetch(Request(origin.url("/in")), NOW)
    assert cookies_sent(origin) == [None, b"id=1"] * 2


def test_server_that_leads_to_itself_until_its_cookie_comes_back_is_read(fetcher: Fetcher, origin: Origin) -> None:
    def gate(connection: socket.socket) -> None:
        is_let_in = b"\r\nCookie: pass=42; seen=1\r\n" in origin.heads[-1]
        cookies = "Set-Cookie: pass=42; Path=/; HttpOnly\r\nSet-Cookie: seen=1\r\n"
        back = f"HTTP/1.1 302 Found\r\nLocation: /gate\r\n{cookies}Content-Length: 0\r\n\r\n".encode()
        connection.sendall(answer("200 OK", FEED) if is_let_in else back)

    origin.answers["/gate"] = gate
    assert fetcher.fetch(Request(origin.url("/gate")), NOW).body == FEED
    assert len(origin.heads) == 2


def test_cookies_go_nowhere_else_than_where_they_belong(fetcher: Fetcher, origin: Origin) -> None:
    with Origin({"/feed": answer("200 OK", FEED)}, host="127.0.0.2") as other:
        origin.answers["/in"] = answer("302 Found", Location=other.url("/feed"), Set_Cookie="id=1; Path=/")
        origin.answers["/path"] = answer("302 Found", Location="/feed", Set_Cookie="id=1; Path=/elsewhere")
        origin.answers["/secure"] = answer("302 Found", Location="/feed", Set_Cookie="id=1; Path=/; Secure")
        for path in ("/in", "/path", "/secure"):
            fetcher.fetch(Request(origin.url(path)), NOW)
        assert [*cookies_sent(origin), *cookies_sent(other)] == [None] * 6


def test_own_cookie_of_a_source_is_kept_beside_the_servers(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/in"] = answer("302 Found", Location="/feed", Set_Cookie="id=1; Path=/")
    fetcher.fetch(Request(origin.url("/in"), headers={"cookie": "mine=2"}), NOW)
    assert cookies_sent(origin) == [b"mine=2", b"mine=2; id=1"]


def test_cookies_without_end_are_not_sent_back(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/in"] = answer("302 Found", Location="/feed", Set_Cookie=f"id={'x' * 20_000}; Path=/")
    assert fetcher.fetch(Request(origin.url("/in")), NOW).body == FEED
    assert cookies_sent(origin) == [None, None]


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        ("403 Forbidden", {"cf-mitigated": "challenge"}, b"", "a challenge page of Cloudflare"),
        ("503 Service Unavailable", {}, b"<html><title>Just a moment...</title>", "a challenge page of Cloudflare"),
        ("202 Accepted", {"x-amzn-waf-action": "challenge"}, b"", "a challenge page of AWS WAF"),
        ("403 Forbidden", {}, b'{"url":"https://geo.captcha-delivery.com/x"}', "a challenge page of DataDome"),
        ("403 Forbidden", {}, b"<html><h1>x</h1><script>h-captcha</script>" + b" " * 90_000, "a challenge page, which"),
        ("400 Bad Request", {}, b"<html>The plain HTTP request was sent to HTTPS port", "word that its port speaks TLS"),
        ("401 Unauthorized", {}, b"<html><title>Log in</title><input name=p type='password'>", "a login page"),
    ],
)  # fmt: skip
def test_refusal_is_named_as_what_it_is_with_the_address_that_answered(
    fetcher: Fetcher, origin: Origin, status: str, headers: dict[str, str], body: bytes, said: str
) -> None:
    origin.answers |= {"/feed": redirect("/end"), "/end": answer(status, body, **headers)}
    error = failure(fetcher, origin.url("/feed"))
    assert error.reason.startswith(f"the server answered {status}, with {said}")
    assert error.reason.endswith(f" ({origin.url('/end')})")
    assert error.status == int(status[:3])


def test_plain_refusal_after_a_redirect_says_which_address_it_came_from(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers |= {"/old": redirect("/gone?token=s3cr3t99"), "/gone": answer("404 Not Found", b"<html>no")}
    assert failure(fetcher, origin.url("/old")).reason == f"the server answered 404 Not Found ({origin.url('/gone')})"
    assert failure(fetcher, origin.url("/gone")).reason == "the server answered 404 Not Found"


def test_page_of_an_error_that_never_ends_is_not_waited_for(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/"] = drip(b"HTTP/1.1 503 Busy\r\nRetry-After: 60\r\n\r\n<html>", b"x" * 10_000, 0)
    error = failure(fetcher, origin.url("/"))
    assert (error.reason, error.retry_after) == ("the server answered 503 Service Unavailable", timedelta(minutes=1))


def test_port_that_answers_plain_http_with_a_tls_alert_is_named(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/"] = lambda connection: connection.sendall(b"\x15\x03\x01\x00\x02\x02\x46")
    assert failure(fetcher, origin.url("/")).reason == (
        f"{origin.url('/')} speaks TLS, not HTTP: its address should begin with https://"
    )


def test_connection_is_used_again(fetcher: Fetcher, origin: Origin) -> None:
    for _ in range(3):
        fetcher.fetch(Request(origin.url("/feed")), NOW)
    assert origin.connections == 1


def test_kept_connection_that_the_server_closed_does_not_count(fetcher: Fetcher, origin: Origin) -> None:
    def hang_up_on_the_second(connection: socket.socket) -> None:
        connection.sendall(answer("200 OK", FEED))
        connection.recv(65_536)

    origin.answers["/once"] = hang_up_on_the_second
    for _ in range(2):
        assert fetcher.fetch(Request(origin.url("/once")), NOW).body == FEED
    assert origin.connections == 2


def test_dead_server_is_asked_once(fetcher: Fetcher, origin: Origin) -> None:
    origin.answers["/dead"] = lambda connection: None
    assert failure(fetcher, origin.url("/dead")).reason == "the server closed the connection without an answer"
    assert origin.connections == 1


def test_informational_answers_are_passed_over(fetcher: Fetcher, origin: Origin) -> None:
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    origin.answers["/hints"] = hints + answer("200 OK", FEED)
    assert fetcher.fetch(Request(origin.url("/hints")), NOW).body == FEED


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://no-such-name.invalid/", "the name no-such-name.invalid has no address"),
        ("http://127.0.0.1:99999/", "leads to an address with an impossible port"),
        ("http:///feed", "leads to an address without a host"),
        ("ftp://127.0.0.1/", "leads to a ftp: address; only http and https are followed"),
        ("http://" + "ä" * 64 + ".example/", "its URL is not valid"),
        ("http://[::1/", "its URL is not valid"),
        ("http://*.example/", "its URL is not valid"),
        ("", "leads to a nameless: address; only http and https are followed"),
    ],
)
def test_impossible_url_is_a_clear_error(fetcher: Fetcher, url: str, reason: str) -> None:
    assert failure(fetcher, url).reason == reason


def test_closed_port_is_a_clear_error(fetcher: Fetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert failure(fetcher, f"http://127.0.0.1:{port}/").reason == "127.0.0.1 refuses connections"


@pytest.mark.parametrize(
    "garbage", [b"SSH-2.0-OpenSSH_9.9\r\n", b"\x00\xff\x00\xff\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n"]
)
def test_answer_that_is_not_http_is_a_clear_error(fetcher: Fetcher, origin: Origin, garbage: bytes) -> None:
    origin.answers["/garbage"] = lambda connection: connection.sendall(garbage)
    assert failure(fetcher, origin.url("/garbage")).reason == "the server's answer is not HTTP"


def test_no_more_than_per_host_exchanges_run_at_once(origin: Origin) -> None:
    lock = threading.Lock()
    running: list[int] = []
    most: list[int] = []
    full = threading.Event()

    def slow(connection: socket.socket) -> None:
        with lock:
            running.append(1)
            most.append(len(running))
            if len(running) == 2:
                full.set()
        full.wait(5)
        with lock:
            running.pop()
        connection.sendall(answer("200 OK", FEED, Connection="close"))

    origin.answers["/slow"] = slow
    with Fetcher(LOOPBACK, "test") as fetcher:
        threads = [threading.Thread(target=lambda: fetcher.fetch(Request(origin.url("/slow")), NOW)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(most) == 8
    assert max(most) == 2


def test_wait_for_a_place_does_not_use_up_the_time(origin: Origin) -> None:
    release = threading.Event()

    def slow(connection: socket.socket) -> None:
        release.wait(0.3)
        connection.sendall(answer("200 OK", FEED, Connection="close"))

    origin.answers["/slow"] = slow
    settings = FetchSettings(timeout=timedelta(seconds=0.8), per_host=1, allow_private_networks=True)  # type: ignore[arg-type]
    bodies: list[bytes] = []
    with Fetcher(settings, "test") as fetcher:
        threads = [
            threading.Thread(target=lambda: bodies.append(fetcher.fetch(Request(origin.url("/slow")), NOW).body))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert bodies == [FEED] * 4
