"""A server at socket level for tests: it sends exactly the bytes it is told to, well-formed or not."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

Answer = bytes | Callable[[socket.socket], None]


def answer(status: str, body: bytes = b"", **headers: str) -> bytes:
    """A sound HTTP answer: *status* is like "200 OK"; of header names, _ stands for a hyphen."""
    lines = [f"HTTP/1.1 {status}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if status[:3] != "304":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(status, Location=location)


def drip(start: bytes, part: bytes, pause: float = 0.05) -> Callable[[socket.socket], None]:
    """Sends *start*, then *part* again and again, until the client is gone."""

    def send(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in itertools.count():
            connection.sendall(part)
            time.sleep(pause)

    return send


class Origin:
    """Listens on *host* for as long as its `with` block; *answers* are by path.

    Bytes are sent and the connection kept; a function is called with the connection, which is closed after. *heads*
    are the requests' heads as received, *connections* says how many there were, also without a request.
    """

    def __init__(
        self,
        answers: Mapping[str, Answer] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answers = dict(answers or {})
        self.heads: list[bytes] = []
        self.connections = 0
        self._host = host
        self._tls = tls
        self._open: list[socket.socket] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=128)

    def url(self, path: str = "/", host: str | None = None) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host or self._host}:{self.port}{path}"

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Origin:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A thread in accept() keeps a listener open that is only closed.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection:
                while self._answer_one(connection):
                    pass
        except OSError:
            pass  # the client went away, which is what some tests are about

    def _answer_one(self, connection: socket.socket) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(65_536)
            if not byte:
                return False
            head += byte
        self.heads.append(head)
        path = head.split(b" ", 2)[1].decode()
        found = self.answers.get(path, answer("404 Not Found"))
        if isinstance(found, bytes):
            connection.sendall(found)
            return True
        found(connection)
        return False
