"""Connections that go only where they may, and end when the time is up. Called by fetch.

requests and urllib3 time each read, never the whole. Here every call on a socket is given what is left of its
exchange's time, so that nothing outlasts it: no look-up, handshake, flood of headers or trickle of a body.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi
from msgspec import Struct
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager
from urllib3.util.ssl_ import create_urllib3_context

from feeds.fetch.addresses import Allowed, is_permitted

GetAddrInfo = Callable[..., list[Any]]


_PROBE_SECONDS = 3.0
_ADDRESS = re.compile(r"[\d.]+|[\da-fA-F:.]*:[\da-fA-F:.]*")


class StoppedError(Exception):
    """Why an exchange can't go on, in words. No OSError, so that urllib3 and requests let it pass."""


class UnreachedError(StoppedError):
    """No connection could be had: the name has no address, or nobody answers there."""


class Resolver:
    """Looks names up, each once in its life, within a time that getaddrinfo itself does not know."""

    def __init__(self, getaddrinfo: GetAddrInfo = socket.getaddrinfo) -> None:
        self._getaddrinfo = getaddrinfo
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, int], Future[list[Any]]] = {}

    def addresses(self, host: str, port: int, deadline: float) -> list[Any]:
        """What getaddrinfo gives for *host*. Raises OSError, or UnreachedError at *deadline* (monotonic)."""
        with self._lock:
            is_known = (host, port) in self._answers
            answer = self._answers.setdefault((host, port), Future())
        if not is_known:
            self._ask(host, port, answer)
        try:
            return answer.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            raise UnreachedError(f"no answer to the question for the address of {host} in time") from None

    def has_address(self, host: str, port: int, deadline: float) -> bool:
        """True if *host* has an address as seen from here."""
        try:
            return bool(self.addresses(host, port, deadline))
        except (OSError, UnicodeError):
            return False

    def _ask(self, host: str, port: int, answer: Future[list[Any]]) -> None:
        """On a thread of its own, which may be left behind; an address itself is nothing to wait for."""
        if _ADDRESS.fullmatch(host):
            self._look_up(host, port, answer)
        else:
            threading.Thread(target=self._look_up, args=(host, port, answer), daemon=True).start()

    def _look_up(self, host: str, port: int, answer: Future[list[Any]]) -> None:
        try:
            answer.set_result(self._getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label longer than 63 letters
            answer.set_exception(error)


class Exchange(Struct):
    """One fetch as its sockets see it: *deadline* is monotonic, *room* is how many bytes may still come, *url* is asked now."""

    resolver: Resolver
    allowed: Allowed
    seconds: float
    room: int
    deadline: float = 0.0
    received: int = 0
    connections: int = 0
    url: str = ""

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.seconds

    def remaining(self) -> float:
        """Seconds left. Raises StoppedError when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise self.time_is_up()
        return left

    def time_is_up(self) -> StoppedError:
        return StoppedError(self._late())

    def _late(self) -> str:
        return f"timed out after {self.seconds:g} s"

    @property
    def was_reached(self) -> bool | None:
        """True once a server was connected or heard of, None before."""
        return True if self.connections or self.received else None

    def count(self, size: int) -> None:
        """Note that *size* bytes came. Raises StoppedError when it was too many."""
        self.received += size
        if self.received > self.room:
            raise StoppedError("sends more than is accepted, headers and all")

    def connect(self, host: str, port: int, checked: bool) -> socket.socket:
        """A connection to the first address of *host* that answers; only to permitted ones if *checked*."""
        found = self.addresses(host, port, checked)
        error: OSError | None = None
        for number, (family, kind, protocol, _, address) in enumerate(found):
            try:
                return self._dial(
                    _TimedSocket(family, kind, protocol), address, self.remaining() / (len(found) - number)
                )
            except OSError as failed:
                error = failed
        raise UnreachedError(_connect_fault(host, error) if time.monotonic() < self.deadline else self._late())

    def addresses(self, host: str, port: int, checked: bool) -> list[Any]:
        """The addresses of *host*, if *checked* only the permitted ones. Raises StoppedError where there are none."""
        try:
            found = self.resolver.addresses(host, port, self.deadline)
        except (OSError, UnicodeError) as error:
            raise UnreachedError(_name_fault(host, error)) from None
        permitted = [each for each in found if not checked or is_permitted(each[4][0], self.allowed)]
        if found and not permitted:
            raise StoppedError(_refusal(host, found[0][4][0]))
        return permitted

    def _dial(self, sock: socket.socket, address: Any, seconds: float) -> socket.socket:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(seconds)
            sock.connect(address)
        except BaseException:
            sock.close()
            raise
        self.connections += 1
        return sock


def speaks_tls(url: str, exchange: Exchange) -> bool:
    """True if a TLS handshake succeeds where *url* leads, with any certificate, or is refused as TLS refuses one."""
    parts = urlsplit(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    exchange.deadline = min(exchange.deadline, time.monotonic() + _PROBE_SECONDS)
    try:
        with exchange.connect(parts.hostname or "", parts.port or 80, checked=True) as sock:
            sock.settimeout(exchange.remaining())
            context.wrap_socket(sock, server_hostname=parts.hostname).close()
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    except (OSError, ValueError, StoppedError):
        return False
    return True


current: ContextVar[Exchange] = ContextVar("exchange")


class _Timed(socket.socket):
    """A socket whose every call is bounded by the exchange of the calling thread."""

    def do_handshake(self, *args: Any) -> None:
        # The C code holds this timeout for the whole handshake, not for each read of it.
        try:
            self._bounded(super().do_handshake, *args)  # type: ignore[misc]
        except StoppedError:
            self.close()  # ssl does so for an OSError
            raise

    def send(self, *args: Any) -> int:
        return int(self._bounded(super().send, *args))

    def recv(self, *args: Any) -> bytes:
        data: bytes = self._bounded(super().recv, *args)
        current.get().count(len(data))
        return data

    def recv_into(self, *args: Any) -> int:
        size = int(self._bounded(super().recv_into, *args))
        current.get().count(size)
        return size

    def _bounded(self, call: Callable[..., Any], *args: Any) -> Any:
        exchange = current.get()
        self.settimeout(exchange.remaining())
        try:
            return call(*args)
        except TimeoutError:
            if exchange.deadline - time.monotonic() > 0.001:
                raise  # the kernel's own ETIMEDOUT
            raise exchange.time_is_up() from None


class _TimedSocket(_Timed):
    def sendall(self, *args: Any) -> None:
        self._bounded(super().sendall, *args)


class _TimedTLSSocket(_Timed, ssl.SSLSocket):
    pass


class _Answer(http.client.HTTPResponse):
    def begin(self) -> None:
        """Reads the head. Raises HTTPException where it gives two lengths, before anything depends on one of them."""
        super().begin()
        lengths = ",".join(self.msg.get_all("content-length", [])).split(",")
        if len({length.strip() for length in lengths}) > 1:
            raise http.client.HTTPException("two lengths")

    def _read_status(self) -> tuple[str, int, str]:
        """The status line, after all informational answers but 100, which http.client skips itself (RFC 9110, 15.2)."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 < status < 200:
                return version, status, reason
            http.client.parse_headers(self.fp)


class _Connection(HTTPConnection):
    response_class = _Answer

    def _new_conn(self) -> socket.socket:
        return current.get().connect(self._dns_host, self.port or 80, self.proxy is None)


class _TLSConnection(HTTPSConnection):
    response_class = _Answer

    def _new_conn(self) -> socket.socket:
        return current.get().connect(self._dns_host, self.port or 443, self.proxy is None)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


_POOLS = {"http": _Pool, "https": _TLSPool}


class Adapter(HTTPAdapter):
    """requests' adapter with our connections. Reused connections wait in it, up to *per_host* for each of *hosts*."""

    def __init__(self, hosts: int, per_host: int) -> None:
        self._context = _tls_context(_authorities())
        super().__init__(pool_connections=hosts, pool_maxsize=per_host)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        self.poolmanager = PoolManager(
            num_pools=connections, maxsize=maxsize, block=block, ssl_context=self._context, **kwargs
        )
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """The bare answer: cookies are neither read nor kept."""
        response = Response()
        response.raw = resp
        return response

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leaves the certificates to our context: requests would read them from disk again for every connection."""
        conn.cert_reqs = "CERT_REQUIRED"

    def ask(self, request: PreparedRequest, proxy: str) -> Any:
        """The urllib3 response to *request*, its body unread. To be closed by the caller."""
        proxies = {"http": proxy, "https": proxy} if proxy else {}
        return self.send(request, stream=True, proxies=proxies).raw


def _authorities() -> tuple[tuple[str, float], ...]:
    """Where the certificates of authorities lie, and when each place was changed."""
    paths = ssl.get_default_verify_paths()
    places = [Path(path) for path in (paths.cafile, paths.capath, certifi.where()) if path]
    return tuple((str(place), place.stat().st_mtime) for place in places if place.exists())


@lru_cache(maxsize=1)
def _tls_context(authorities: tuple[tuple[str, float], ...]) -> ssl.SSLContext:
    """Verifies against the system's authorities, to which operators add their own, and certifi's.

    Loading them takes 70 ms, so a daemon does it again only where *authorities* have changed.
    """
    context = create_urllib3_context()
    context.load_default_certs()
    context.load_verify_locations(certifi.where())
    context.sslsocket_class = _TimedTLSSocket
    return context


def _name_fault(host: str, error: Exception) -> str:
    lasting = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None))
    if isinstance(error, socket.gaierror) and error.errno not in lasting:
        return f"the address of {host} can't be looked up at present"
    return f"the name {host[:100]} has no address"


def _refusal(host: str, address: str) -> str:
    subject = f"{host} is" if host == address else f"{host} leads to {address}, which is"
    return f"{subject} no public address ([fetch] allow_private_networks can permit it)"


def _connect_fault(host: str, error: OSError | None) -> str:
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refuses connections"
    if isinstance(error, TimeoutError):
        return f"{host} does not answer"
    return f"{host} can't be reached: {error.strerror if error else 'it has no address'}"
