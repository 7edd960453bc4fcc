"""URL → Response: conditional, polite, bounded. All that goes out goes through here. Called by pipeline."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from http.client import BadStatusLine, RemoteDisconnected
from resource import RLIMIT_NOFILE, getrlimit
from types import TracebackType
from typing import NoReturn
from urllib.parse import SplitResult, unquote, urlencode, urljoin, urlsplit, urlunsplit

import msgspec
import requests
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from feeds.answers import SPEAKS_NO_TLS, SPEAKS_TLS, address, what_it_is
from feeds.config import Config, FetchSettings
from feeds.errors import FetchError
from feeds.fetch.addresses import allowed_networks
from feeds.fetch.body import read_body, read_start
from feeds.fetch.budget import Budget
from feeds.fetch.connection import Adapter, Exchange, Resolver, StoppedError, UnreachedError, current, speaks_tls
from feeds.fetch.cookies import Cookies
from feeds.fetch.headers import is_conditional, request_headers, retry_after, validator
from feeds.model import Request, Response
from feeds.urls import DEFAULT_PORTS, ascii_host, public_url, secrets_in

BODIES_BYTES = 72_000_000
SMALL_BODY = 500_000  # bytes, nearly every feed's
MAX_REDIRECTS = 5
_HEADERS_BYTES = 1_000_000
_REDIRECTS = {301, 302, 303, 307, 308}
_PERMANENT = {301, 308}
_SAME_METHOD = {307, 308}
# What OpenSSL calls the first bytes of an answer that is not TLS.
_NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG",
           "RECORD_LAYER_FAILURE"}  # fmt: skip
_TLS_ALERT = "\x15\x03"  # RFC 8446 section 5.1


# It warns of odd headers with the whole URL, which may hold a token.
logging.getLogger("urllib3").setLevel(logging.ERROR)


def user_agent(contact: str) -> str:
    """What we call ourselves: name, version and who can be asked."""
    from importlib.metadata import version  # here: costs 10 ms that other commands need not pay

    return f"feeds/{version('feeds')} (+{contact})"


class Fetcher:
    """Asks servers, from many threads at once; a context manager. A name's addresses are looked up once in its life.

    Time, size and addresses are bounded as *settings* say. At most `per_host` exchanges with one host name run at once;
    waiting for the first place does not use up the exchange's time. No netrc, proxy or cookie comes from the environment.
    With a proxy in the settings it is the proxy that connects: then a name whose addresses, as seen from here, are
    not public is refused before it is asked, and one that is unknown here is left to the proxy's own rules.
    """

    def __init__(self, settings: FetchSettings, user_agent: str, resolver: Resolver | None = None) -> None:
        self._settings = settings
        self._user_agent = user_agent
        self._resolver = resolver or Resolver()
        self._allowed = allowed_networks(settings.allow_private_networks)
        self._adapter = Adapter(_idle_hosts(settings.concurrency, settings.per_host), settings.per_host)
        self._budget = Budget(BODIES_BYTES, settings.max_bytes, SMALL_BODY)
        self._places: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(settings.per_host))
        self._places_lock = threading.Lock()

    @classmethod
    def of(cls, config: Config, timeout: timedelta | None = None) -> Fetcher:
        """A fetcher as *config* wants it; *timeout* in place of its own, where that is longer."""
        settings = config.fetch
        if timeout is not None and timeout < settings.timeout:
            settings = msgspec.structs.replace(settings, timeout=timeout)
        return cls(settings, settings.user_agent or user_agent(config.site.contact or config.site.base_url))

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections that wait to be used again."""
        self._adapter.close()

    def fetch(self, request: Request, now: datetime, hold: ExitStack | None = None) -> Response:
        """The server's answer to *request*. Raises FetchError where there is none that can be used.

        All bodies together may take so much memory: this one until *hold* is closed, else until it is read.
        *now* is what a Retry-After date is counted from. Validators go along every redirect, the request's own headers
        and credentials only to the host they were meant for.
        """
        with self._exchange(request.url) as exchange:
            return self._follow(request, exchange, now, hold)

    def post(self, url: str, form: Mapping[str, str], now: datetime) -> None:
        """Send *form* to *url*. Raises FetchError where it was not taken (2xx).

        Credentials in *url* go to its server alone. Redirects are followed as they ask for the same once more (307, 308).
        """
        with self._exchange(url) as exchange:
            self._send(url, urlencode(form).encode(), exchange, now)

    @contextmanager
    def _exchange(self, url: str) -> Iterator[Exchange]:
        """One exchange with its limits; whatever goes wrong in it is a FetchError of *url*."""
        exchange = Exchange(
            self._resolver,
            self._allowed,
            self._settings.timeout.total_seconds(),
            _HEADERS_BYTES,
        )
        token = current.set(exchange)
        try:
            yield exchange
        except UnreachedError as stop:
            raise FetchError(public_url(url), str(stop), was_reached=exchange.was_reached or False) from stop
        except StoppedError as stop:
            raise FetchError(public_url(url), str(stop), was_reached=exchange.was_reached) from stop
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise FetchError(
                public_url(url), _in_words(error, exchange.url), was_reached=exchange.was_reached
            ) from error
        finally:
            current.reset(token)

    def _follow(self, request: Request, exchange: Exchange, now: datetime, hold: ExitStack | None) -> Response:
        first, auth = _without_credentials(request.url, request.auth)
        url = first
        with_secrets = permanent = True
        cookies: Cookies | None = None
        for _ in range(MAX_REDIRECTS + 1):
            parts = _checked_url(url)
            headers = request_headers(request, self._user_agent, auth, with_secrets)
            if cookies is not None and (kept := cookies.header(url)):
                headers["Cookie"] = f"{own}; {kept}" if isinstance(own := headers.get("Cookie"), str) else kept
            with (
                self._place(parts.hostname or "", exchange, url == first),
                self._asked(url, headers, exchange) as answer,
            ):
                if answer.status not in _REDIRECTS:
                    may_move = permanent and url != first and _may_move(request, auth, with_secrets, url)
                    moved_to = url if may_move else None
                    return self._response(request, url, answer, moved_to, exchange, now, hold)
                permanent = permanent and answer.status in _PERMANENT
                target = _target(url, answer)
                # Some servers lead to the same address again until their cookie comes back.
                if said := answer.headers.getlist("set-cookie"):
                    cookies = cookies or Cookies()
                    cookies.keep(url, said)
            with_secrets = with_secrets and _is_same_server(parts, _checked_url(target))
            url = target
        raise StoppedError(f"redirects more than {MAX_REDIRECTS} times")

    def _send(self, address: str, body: bytes, exchange: Exchange, now: datetime) -> None:
        first, auth = _without_credentials(address, None)
        url = first
        for _ in range(MAX_REDIRECTS + 1):
            parts = _checked_url(url)
            secret = auth if _is_same_server(_split(first), parts) else None
            headers = request_headers(Request(url), self._user_agent, secret, with_secrets=True)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            with (
                self._place(parts.hostname or "", exchange, url == first),
                self._asked(url, headers, exchange, body) as answer,
            ):
                if 200 <= answer.status < 300:
                    return
                if answer.status not in _SAME_METHOD:
                    fields = {name.lower(): value for name, value in answer.headers.items()}
                    _refuse(address, answer.status, fields, now)
                url = _target(url, answer)
        raise StoppedError(f"redirects more than {MAX_REDIRECTS} times")

    @contextmanager
    def _place(self, host: str, exchange: Exchange, is_first: bool) -> Iterator[None]:
        """One of the host's places. Whoever was led there waits in its own time: else many would, one after the other."""
        with self._places_lock:
            place = self._places[host.rstrip(".")]
        started = time.monotonic()
        if not place.acquire(timeout=None if is_first else exchange.remaining()):
            raise exchange.time_is_up()
        try:
            if is_first:
                exchange.deadline += time.monotonic() - started
            yield
        finally:
            place.release()

    def _asked(
        self, url: str, headers: Mapping[str, str | bytes], exchange: Exchange, form: bytes | None = None
    ) -> AbstractContextManager[HTTPResponse]:
        """The answer, its body unread, to be closed: a redirect's body is nobody's business and may be endless."""
        prepared = requests.PreparedRequest()
        prepared.prepare(method="GET" if form is None else "POST", url=url, headers=headers, data=form)
        self._check_before_proxy(prepared.url or "", exchange)
        exchange.url = url
        while True:
            connections, received = exchange.connections, exchange.received
            try:
                return closing(self._adapter.ask(prepared, self._settings.proxy))
            except requests.ConnectionError as error:
                # A kept connection that the server had closed meanwhile says nothing about the server.
                if exchange.connections > connections or exchange.received > received:
                    if exchange.received == received and self._may_want_tls(url, error) and speaks_tls(url, exchange):
                        raise StoppedError(f"{public_url(url)} {SPEAKS_TLS}") from error
                    raise

    def _may_want_tls(self, url: str, error: requests.ConnectionError) -> bool:
        """True where the request was refused unread, as servers for TLS refuse plain HTTP."""
        causes = [cause for cause in _causes(error) if not isinstance(cause, RemoteDisconnected)]  # an end, no reset
        was_reset = any(isinstance(cause, ConnectionResetError | BrokenPipeError) for cause in causes)
        return was_reset and url.startswith("http:") and not self._settings.proxy

    def _check_before_proxy(self, url: str, exchange: Exchange) -> None:
        if not self._settings.proxy:
            return
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")  # "127.0.0.1." is a name here, and may be the address to the proxy
        if self._resolver.has_address(host, parts.port or DEFAULT_PORTS[parts.scheme], exchange.deadline):
            exchange.addresses(host, parts.port or DEFAULT_PORTS[parts.scheme], checked=True)

    def _response(
        self,
        request: Request,
        url: str,
        answer: HTTPResponse,
        moved_to: str | None,
        exchange: Exchange,
        now: datetime,
        hold: ExitStack | None,
    ) -> Response:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if "link" in headers:  # often several; of all else the last one holds
            headers["link"] = ", ".join(answer.headers.getlist("link"))
        if answer.status == 304 and is_conditional(request):
            answer.drain_conn()
            # It may bring newer validators (RFC 9111, section 4.3.4).
            etag = validator(headers, "etag") or request.etag
            last_modified = validator(headers, "last-modified") or request.last_modified
            return Response(url, 304, headers, b"", etag, last_modified, moved_to)
        if answer.status not in (200, 203):  # 203: a proxy on the way changed the content
            where = _where(request, url, read_start(answer, exchange), answer.status, headers)
            _refuse(request.url, answer.status, headers, now, where)
        exchange.room = exchange.received + self._settings.max_bytes + _HEADERS_BYTES  # chunks have heads too
        with ExitStack() as until_read:
            share = (hold or until_read).enter_context(self._budget.share())
            body, complete = read_body(answer, exchange, share, self._settings.max_bytes)
        if not body:
            raise FetchError(public_url(request.url), "the server sent an empty answer", status=200)
        etag, last_modified = (validator(headers, name) if complete else None for name in ("etag", "last-modified"))
        return Response(url, 200, headers, body, etag, last_modified, moved_to, complete)


def _idle_hosts(concurrency: int, per_host: int) -> int:
    """For how many hosts connections are kept, *per_host* for each: as many as there are descriptors for, up to 500."""
    spare = getrlimit(RLIMIT_NOFILE)[0] - 2 * concurrency - 128
    return max(1, min(500, spare // per_host))


def _without_credentials(url: str, auth: str | None) -> tuple[str, str | None]:
    """*url* without "user:password@", its host in ASCII; and the credentials: *auth*, or else those of the URL."""
    parts = _split(url)._replace(fragment="")
    userinfo, _, host = parts.netloc.rpartition("@")
    if not host.isascii():  # here, as requests refuses underscores and emoji in such a name
        name, colon, port = host.partition(":")
        host = ascii_host(name) + colon + port
    return urlunsplit(parts._replace(netloc=host)), auth or unquote(userinfo) or None


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise StoppedError("its URL is not valid") from None


def _checked_url(url: str) -> SplitResult:
    parts = _split(url)
    if parts.scheme not in DEFAULT_PORTS:
        raise StoppedError(f"leads to a {parts.scheme or 'nameless'}: address; only http and https are followed")
    try:
        if not parts.hostname or parts.port == 0:
            raise StoppedError("leads to an address without a host")
    except ValueError:
        raise StoppedError("leads to an address with an impossible port") from None
    if "%" in parts.hostname and ":" not in parts.hostname:  # only IPv6 addresses have a zone
        raise StoppedError("its URL is not valid")
    return parts


def _target(url: str, answer: HTTPResponse) -> str:
    """Where a redirect leads, absolute, without fragment and credentials."""
    location = answer.headers.get("location", "").strip()
    if not location:
        raise StoppedError(f"the server answered {_status(answer.status)} without saying where to")
    text = location.encode("latin-1", "replace").decode("utf-8", "replace")
    _split(text)
    return _without_credentials(urljoin(url, text), None)[0]


def _is_same_server(old: SplitResult, new: SplitResult) -> bool:
    """True if secrets for *old* may go to *new*: the same place, or the same host gone from http to https."""
    if old.hostname != new.hostname:
        return False
    ports = [parts.port or DEFAULT_PORTS.get(parts.scheme) for parts in (old, new)]
    return (old.scheme == new.scheme and ports[0] == ports[1]) or (
        (old.scheme, new.scheme) == ("http", "https") and ports == [80, 443]
    )


def _may_move(request: Request, auth: str | None, with_secrets: bool, url: str) -> bool:
    """False where remembering the new address, *url*, would lose the secrets, tell one, or send them to a stranger."""
    if any(secret in url for secret in secrets_in(request.url)):
        return False
    has_credentials_in_url = auth is not None and request.auth is None
    return not has_credentials_in_url and (with_secrets or not (auth or request.headers))


def _where(request: Request, url: str, body: bytes, status: int, headers: Mapping[str, str]) -> str:
    """What else to say of an answer that was refused: what it is, and which address it came from, if not the one asked."""
    what = what_it_is(url, status, headers, body)
    came_from = address(url, (*secrets_in(request.url), request.auth or "", *request.headers.values()))
    if what is not None:
        return f", with {what} ({came_from})"
    return "" if url == _without_credentials(request.url, None)[0] else f" ({came_from})"


def _refuse(url: str, status: int, headers: Mapping[str, str], now: datetime, where: str = "") -> NoReturn:
    reason = f"the server answered {_status(status)}{where}"
    if status == 304:
        reason += " to a request without conditions"
    raise FetchError(public_url(url), reason, status=status, retry_after=retry_after(headers.get("retry-after"), now))


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _in_words(error: BaseException, url: str) -> str:
    """Why no answer came from *url*; never the library's own text, which may hold the URL with its secrets."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate can't be trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError) and cause.reason in _NO_TLS:
            return f"no secure connection: {public_url(url)} {SPEAKS_NO_TLS}"
        if isinstance(cause, ssl.SSLError):
            return f"no secure connection: {(cause.reason or 'TLS fault').replace('_', ' ').lower()}"
        if isinstance(cause, BadStatusLine) and str(cause).startswith(_TLS_ALERT):
            return f"{public_url(url)} {SPEAKS_TLS}"
    if any(isinstance(cause, requests.exceptions.InvalidURL | UnicodeError) for cause in causes):
        return "its URL is not valid"
    if any(isinstance(cause, requests.exceptions.InvalidHeader) for cause in causes):
        return "a header of the request or the answer is not valid"
    if any(isinstance(cause, requests.exceptions.ProxyError) for cause in causes):
        return "the proxy can't be used"
    if any(isinstance(cause, ConnectionError) for cause in causes):
        return "the server closed the connection without an answer"
    return "the server's answer is not HTTP"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """*error* and everything that it wraps."""
    inner = [error.__cause__, error.__context__, getattr(error, "reason", None), *error.args]
    yield error
    for cause in inner:
        if isinstance(cause, BaseException):
            yield from _causes(cause)
