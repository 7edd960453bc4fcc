"""Connections that go only where they may, and end when the time is up. Called by fetch.

requests and urllib3 time each read, never the whole. Here every call on a socket is given what is left of its
exchange's time, so that nothing outlasts it: no look-up, handshake, flood of headers or trickle of a body.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import certifi
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager
from urllib3.util.ssl_ import create_urllib3_context

from feeds.fetch.addresses import Allowed, is_permitted

GetAddrInfo = Callable[..., list[Any]]


class StoppedError(Exception):
    """Why an exchange can't go on, in words. No OSError, so that urllib3 and requests let it pass."""


class Resolver:
    """Looks names up, each once in its life, within a time that getaddrinfo itself does not know."""

    def __init__(self, getaddrinfo: GetAddrInfo = socket.getaddrinfo) -> None:
        self._getaddrinfo = getaddrinfo
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, int], Future[list[Any]]] = {}

    def addresses(self, host: str, port: int, deadline: float) -> list[Any]:
        """What getaddrinfo gives for *host*. Raises OSError, or StoppedError at *deadline* (monotonic)."""
        with self._lock:
            answer = self._answers.get((host, port))
            if answer is None:
                answer = self._answers[host, port] = Future()
                threading.Thread(target=self._look_up, args=(host, port, answer), daemon=True).start()
        try:
            return answer.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            raise StoppedError(f"no answer to the question for the address of {host} in time") from None

    def _look_up(self, host: str, port: int, answer: Future[list[Any]]) -> None:
        try:
            answer.set_result(self._getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label longer than 63 letters
            answer.set_exception(error)


@dataclass(slots=True)
class Exchange:
    """One fetch as its sockets see it: *deadline* is monotonic, *room* is how many bytes may still come."""

    resolver: Resolver
    allowed: Allowed
    seconds: float
    room: int
    deadline: float = field(init=False)
    received: int = 0
    connections: int = 0

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.seconds

    def remaining(self) -> float:
        """Seconds left. Raises StoppedError when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise self.time_is_up()
        return left

    def time_is_up(self) -> StoppedError:
        return StoppedError(f"timed out after {self.seconds:g} s")

    def count(self, size: int) -> None:
        """Note that *size* bytes came. Raises StoppedError when it was too many."""
        self.received += size
        if self.received > self.room:
            raise StoppedError("sends more than is accepted, headers and all")

    def connect(self, host: str, port: int, checked: bool) -> socket.socket:
        """A connection to the first address of *host* that answers; only to permitted ones if *checked*."""
        error: OSError | None = None
        for family, kind, protocol, _, address in self.addresses(host, port, checked):
            try:
                return self._dial(family, kind, protocol, address)
            except OSError as failed:
                error = failed
        raise StoppedError(_connect_fault(host, error))

    def addresses(self, host: str, port: int, checked: bool) -> list[Any]:
        """The addresses of *host*. Raises StoppedError if it has none, or, if *checked*, one that is not permitted."""
        try:
            found = self.resolver.addresses(host, port, self.deadline)
        except (OSError, UnicodeError):
            raise StoppedError(f"the name {host} has no address") from None
        for *_, address in found:
            if checked and not is_permitted(address[0], self.allowed):
                raise StoppedError(
                    f"{host} leads to {address[0]}, which is no public address ([fetch] allow_private_networks permits it)"
                )
        return found

    def _dial(self, family: int, kind: int, protocol: int, address: Any) -> socket.socket:
        sock = _TimedSocket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(address)
        except BaseException:
            sock.close()
            raise
        self.connections += 1
        return sock


current: ContextVar[Exchange] = ContextVar("exchange")


class _Timed(socket.socket):
    """A socket whose every call is bounded by the exchange of the calling thread."""

    def connect(self, address: Any) -> None:
        self._bounded(super().connect, address)

    def do_handshake(self, *args: Any) -> None:
        # The C code holds this timeout for the whole handshake, not for each read of it.
        self._bounded(super().do_handshake, *args)  # type: ignore[misc]

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


class _TimedTLSSocket(_Timed, ssl.SSLSocket):  # type: ignore[misc]
    pass


class _Answer(http.client.HTTPResponse):
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
        self._context = _tls_context()
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

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leaves the certificates to our context: requests would read them from disk again for every connection."""
        conn.cert_reqs = "CERT_REQUIRED"

    def ask(self, request: PreparedRequest, proxy: str) -> Any:
        """The urllib3 response to *request*, its body unread. To be closed by the caller."""
        proxies = {"http": proxy, "https": proxy} if proxy else {}
        return self.send(request, stream=True, proxies=proxies).raw


def _tls_context() -> ssl.SSLContext:
    """Verifies against the system's authorities, to which operators add their own, and certifi's."""
    context = create_urllib3_context()
    context.load_default_certs()
    context.load_verify_locations(certifi.where())
    context.sslsocket_class = _TimedTLSSocket
    return context


def _connect_fault(host: str, error: OSError | None) -> str:
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refuses connections"
    return f"{host} can't be reached: {error.strerror if error else 'it has no address'}"
