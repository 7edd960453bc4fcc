"""What one connection may cost: uvicorn's protocol with limits on time, size and number. Called by Server."""

from __future__ import annotations

import asyncio
import resource
from functools import cache

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0  # for a request to come whole, and between two of them
ANSWER_SECONDS = 60.0  # for an answer to be taken
HEAD_BYTES = 32_000
_KEPT_BACK = 40  # file descriptors for everything else
_MOST = 2000
_MOST_ASKED = 50  # requests that a connection may send before it has heard the answer to the first


@cache
def most_connections() -> int:
    """How many may be open at once: as many as there are descriptors for."""
    return max(8, min(_MOST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _KEPT_BACK))


class LimitedProtocol(HttpToolsProtocol):
    """Ends connections that are slow to ask or to listen, and refuses heads that are too long and what is too many."""

    _timer: asyncio.TimerHandle | None = None
    _head = 0
    _answering = 0
    _is_asking = True  # a head, or nothing yet, is what comes next; else a body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.abort()
            return
        transport.set_write_buffer_limits(0)
        self._within(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._within(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_last_asked:
            return
        self._head += len(data)
        if self._head > HEAD_BYTES and (self._is_asking or not self._answering):
            self._refuse()
            return
        super().data_received(data)

    def eof_received(self) -> bool:  # type: ignore[override]
        """True, which keeps the connection, while an answer is on its way: its client may only be done with asking."""
        cycle = self.cycle
        is_on_its_way = cycle is not None and cycle.response_started and not cycle.response_complete
        if is_on_its_way:
            cycle.keep_alive = False
        return is_on_its_way

    def _refuse(self) -> None:
        """Say that the head is too long, unless that would be an answer too many; and end the connection."""
        if self._answering or not self._is_asking:
            self.transport.abort()
            return
        self.transport.write(
            b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        self.transport.close()

    @property
    def _is_last_asked(self) -> bool:
        """True where the connection ends with the request that came last: nothing after it is read."""
        return self.cycle is not None and not self.cycle.keep_alive

    def on_headers_complete(self) -> None:
        if self._is_last_asked:
            return
        self._head = 0
        self._is_asking = False
        self._answering += 1
        self._within(ANSWER_SECONDS)
        super().on_headers_complete()
        if self._answering > _MOST_ASKED:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._head = 0
        self._is_asking = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._head = 0
        self._answering -= 1
        if not self._answering:
            is_taken = not self.transport.get_write_buffer_size()
            self._within(HEAD_SECONDS if is_taken else ANSWER_SECONDS)
        super().on_response_complete()

    def _within(self, seconds: float | None) -> None:
        """End the connection after *seconds*, unless this is called again before."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)
