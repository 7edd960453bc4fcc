"""URL → Response: conditional, polite, bounded. The only place that sends requests. Called by pipeline and discover."""

from __future__ import annotations

import importlib.util
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from ipaddress import ip_network
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions
from requests.cookies import RequestsCookieJar

from feeds import __version__
from feeds.config import FetchSettings
from feeds.errors import FetchError
from feeds.fetch.connection import (
    DeadlinePassed,
    Exchange,
    Gate,
    GatedAdapter,
    Lookup,
    RefusedAddress,
    Resolver,
    TooMuchData,
    current,
)
from feeds.model import Request, Response
from feeds.urls import host_of

_MOST_REDIRECTS = 5
_CHUNK = 64 * 1024
_HEADER_BYTES = 1_000_000  # all that headers and framing may add to a body
_IN_FLIGHT = 128_000_000  # bytes of bodies being read at once, over all threads
_RETRY_AFTER_CAP = timedelta(days=7)
_FIRST = 1_000_000  # bytes set aside for every body at first; most need no more
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8"
_REDIRECTS = {301, 302, 303, 307, 308}
_PERMANENT = {301, 308}


def user_agent(contact: str) -> str:
    """What servers are told: name, version and where to complain."""
    return f"feeds/{__version__} (+{contact})".encode("ascii", "ignore").decode()


class Fetcher:
    """Asks servers, from many threads at once. *lookup* stands in for socket.getaddrinfo."""

    def __init__(self, settings: FetchSettings, agent: str, lookup: Lookup = socket.getaddrinfo) -> None:
        self._settings = settings
        allowed = settings.allow_private_networks
        networks = allowed if isinstance(allowed, bool) else tuple(ip_network(network) for network in allowed)
        self._gate = Gate(networks, Resolver(lookup))
        self._headers = {"User-Agent": agent, "Accept": _ACCEPT, "Accept-Encoding": _encodings()}
        self._sessions: list[requests.Session] = []
        self._of_thread = threading.local()
        self._budget = _Budget(max(_IN_FLIGHT, 2 * settings.max_bytes))

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connections that are kept."""
        for session in self._sessions:
            session.close()

    def fetch(self, request: Request, now: datetime) -> Response:
        """A 200 with its body, or a 304. Raises FetchError for everything else; *now* is what Retry-After counts from.

        The time-out covers the whole exchange: look-up, connection, redirects, headers and body.
        """
        deadline = time.monotonic() + self._settings.timeout.total_seconds()
        current.exchange = Exchange(deadline, self._settings.max_bytes + _HEADER_BYTES)
        try:
            return self._follow(request, now)
        except FetchError:
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError) as error:
            raise FetchError(request.url, self._in_words(error)) from None

    def _follow(self, request: Request, now: datetime) -> Response:
        url, headers, auth = request.url, _conditional(request), request.auth
        permanent = True
        for hop in range(_MOST_REDIRECTS + 1):
            with self._answer(url, headers, auth) as answer:
                location = answer.headers.get("location")
                if answer.status_code not in _REDIRECTS or not location:
                    moved_to = url if hop and permanent else None
                    return self._response(request, answer, url, moved_to, now)
                permanent = permanent and answer.status_code in _PERMANENT
            target = urljoin(url, _as_text(location))
            if urlsplit(target).scheme not in ("http", "https") or not host_of(target):
                raise FetchError(request.url, "it redirects to something that is no web address")
            if _origin(target) != _origin(url):
                headers = {
                    name: value for name, value in headers.items() if name in ("If-None-Match", "If-Modified-Since")
                }
                auth = None
            url = target
        raise FetchError(request.url, f"it redirects more than {_MOST_REDIRECTS} times")

    @contextmanager
    def _answer(self, url: str, headers: Mapping[str, str], auth: str | None) -> Iterator[requests.Response]:
        user, _, password = (auth or "").partition(":")
        if self._settings.proxy:
            self._refuse_private(url)
        answer = self._session().get(
            url,
            headers=headers,
            auth=(user.encode(), password.encode()) if auth else None,
            stream=True,
            allow_redirects=False,
            timeout=current.exchange.seconds_left(),
        )
        try:
            yield answer
        finally:
            answer.close()

    def _session(self) -> requests.Session:
        """One a thread: requests promises nothing for a shared one, and it costs less so."""
        session: requests.Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False  # ~/.netrc is nobody's business
            session.headers.update(self._headers)
            session.cookies = _NoCookies()
            session.proxies = (
                {"http": self._settings.proxy, "https": self._settings.proxy} if self._settings.proxy else {}
            )
            for scheme in ("http://", "https://"):
                session.mount(scheme, GatedAdapter(self._gate, self._settings.per_host))
            self._of_thread.session = session
            self._sessions.append(session)
        return session

    def _refuse_private(self, url: str) -> None:
        """Behind a proxy the address can't be checked as it is connected: what is seen to be private is refused."""
        from feeds.fetch.addresses import is_permitted

        try:
            found = self._gate.resolver.addresses(host_of(url), 80, current.exchange)
        except socket.gaierror:
            return  # a name that only the proxy knows
        if not all(is_permitted(str(info[4][0]), self._gate.allowed) for info in found):
            raise RefusedAddress(f"it leads to {found[0][4][0]}")

    def _response(
        self, request: Request, answer: requests.Response, url: str, moved_to: str | None, now: datetime
    ) -> Response:
        status = answer.status_code
        headers = {name.lower(): _as_text(value) for name, value in answer.headers.items()}
        validators = _validators(answer)
        if status == 304 and (request.etag or request.last_modified):
            return Response(url, 304, headers, b"", *validators, moved_to)
        if status != 200:
            retry_after = _retry_after(headers.get("retry-after"), now) if status in (429, 503) else None
            raise FetchError(request.url, _refusal(status, answer.reason), status=status, retry_after=retry_after)
        body, complete = self._body(request, answer)
        etag, last_modified = validators if complete else (None, None)
        return Response(url, 200, headers, body, etag, last_modified, moved_to, complete)

    def _body(self, request: Request, answer: requests.Response) -> tuple[bytes, bool]:
        """The body, decompressed, and whether all of it came. Redirects' bodies are never read."""
        limit, taken, body = self._settings.max_bytes, _FIRST, bytearray()
        self._budget.take(taken)
        try:
            complete = True
            try:
                while chunk := answer.raw.read(_CHUNK, decode_content=True):
                    body += chunk
                    current.exchange.seconds_left()
                    if len(body) > limit:
                        raise FetchError(request.url, f"the answer is larger than {_shown(limit)}", status=200)
                    if len(body) > taken:
                        self._budget.take(limit - taken)
                        taken = limit
            except (urllib3.exceptions.IncompleteRead, urllib3.exceptions.ProtocolError, HTTPException) as error:
                if isinstance(_root(error), DeadlinePassed | TimeoutError | TooMuchData) or not body:
                    raise
                complete = False
            if not body.strip():
                raise FetchError(request.url, "the answer is empty", status=200)
            taken -= len(body)  # the rest is given back by free()
            return bytes(body), complete
        finally:
            self._budget.give(taken)

    def free(self, response: Response) -> None:
        """Say that *response* has been worked on, so that its body no longer counts among those in memory."""
        self._budget.give(len(response.body))

    def _in_words(self, error: BaseException) -> str:
        """Why an exchange failed, in words a person understands and without a secret."""
        cause = _root(error)
        if isinstance(cause, RefusedAddress):
            return f"refused: {cause}, a private or special address (see [fetch] allow_private_networks)"
        if isinstance(cause, TooMuchData):
            return f"the answer is larger than {_shown(self._settings.max_bytes)}"
        if isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError):
            return f"no complete answer within {self._settings.timeout.total_seconds():g} s"
        if isinstance(cause, socket.gaierror):
            return "its host name is unknown"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate can't be trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "the encrypted connection could not be made"
        if isinstance(cause, ConnectionRefusedError):
            return "its server refused the connection"
        if isinstance(cause, urllib3.exceptions.DecodeError):
            return "the answer's compression is broken"
        if isinstance(cause, ConnectionError | HTTPException | urllib3.exceptions.ProtocolError):
            return "the connection broke off"
        if isinstance(cause, OSError) and cause.strerror:
            return f"no connection: {cause.strerror.lower()}"
        return f"the request failed: {type(cause).__name__}"


class _NoCookies(RequestsCookieJar):
    """Keeps none."""

    def set_cookie(self, cookie: object, *args: object, **kwargs: object) -> None:
        return None

    def extract_cookies(self, response: object, request: object) -> None:
        return None


class _Budget:
    """Bytes that may be in memory at once: who wants more waits until others have given theirs back."""

    def __init__(self, total: int) -> None:
        self._left = total
        self._changed = threading.Condition()

    def take(self, amount: int) -> None:
        """Set *amount* bytes aside. The time that this waits is no fault of the server's, and added to its deadline."""
        started = time.monotonic()
        with self._changed:
            self._changed.wait_for(lambda: self._left >= amount)
            self._left -= amount
        current.exchange.deadline += time.monotonic() - started

    def give(self, amount: int) -> None:
        with self._changed:
            self._left += amount
            self._changed.notify_all()


def _encodings() -> str:
    """What urllib3 can decompress here."""
    wanted = {"br": ("brotli", "brotlicffi"), "zstd": ("compression.zstd", "zstandard")}
    found = [name for name, modules in wanted.items() if any(_is_installed(module) for module in modules)]
    return ", ".join(["gzip", "deflate", *found])


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _conditional(request: Request) -> dict[str, str]:
    """The source's own headers, and its validators byte for byte."""
    headers = dict(request.headers)
    for name, value in (("If-None-Match", request.etag), ("If-Modified-Since", request.last_modified)):
        if value and "\n" not in value and "\r" not in value:
            headers[name] = value
    return headers


def _validators(answer: requests.Response) -> tuple[str | None, str | None]:
    """As http.client reads and writes them, byte for character: Latin-1."""
    return answer.headers.get("etag") or None, answer.headers.get("last-modified") or None


def _as_text(value: str) -> str:
    """A header's value: http.client reads its bytes as Latin-1, and they are UTF-8 where they can be."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port


def _retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Seconds or a date (RFC 9110 section 10.2.3), from none to seven days; None where it says nothing."""
    if value is None:
        return None
    if re.fullmatch(r"\s*\d+\s*", value):
        return min(timedelta(seconds=int(value[:12])), _RETRY_AFTER_CAP)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), _RETRY_AFTER_CAP)


def _refusal(status: int, reason: str | None) -> str:
    if status == 410:
        return "its server says that it is gone for good (410)"
    said = re.sub(r"[^\x20-\x7e]", "", reason or "")[:60]
    return f"its server answered {status}{f' {said}' if said else ''}"


def _shown(size: int) -> str:
    return f"{size / 1_000_000:g} MB"


def _root(error: BaseException) -> BaseException:
    """What an exception of requests or urllib3 is really about: the innermost it carries."""
    for _ in range(10):
        inner = error.__cause__ or error.__context__ or getattr(error, "reason", None)
        if inner is None and error.args:
            inner = next((part for part in error.args if isinstance(part, BaseException)), None)
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error
