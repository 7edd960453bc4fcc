"""A web server for tests: real sockets on loopback, pages that can be changed, every request written down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass
class Page:
    """What a path answers. *etag*, where set, is checked against If-None-Match."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None


class Web:
    """`with Web() as web: web.pages["/feed"] = Page(b"…"); web.url("/feed")`."""

    def __init__(self) -> None:
        self.pages: dict[str, Page | Callable[[BaseHTTPRequestHandler], None]] = {}
        self.requests: list[tuple[str, Mapping[str, str], int]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def statuses(self, path: str) -> list[int]:
        """What *path* answered, in order."""
        return [status for asked, _, status in self.requests if asked == path]

    def __enter__(self) -> Web:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                page = web.pages.get(self.path, Page(b"not here", 404))
                if callable(page):
                    web.requests.append((self.path, _lower(self.headers), 0))
                    self.close_connection = True
                    page(self)
                    return
                status = page.status
                if page.etag and self.headers.get("If-None-Match") == page.etag:
                    status = 304
                web.requests.append((self.path, _lower(self.headers), status))
                self.send_response(status)
                body = b"" if status == 304 else page.body
                headers = {"Content-Length": str(len(body))} | page.headers | ({"ETag": page.etag} if page.etag else {})
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                return None

        return Handler


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def rss(*items: str, head: str = "") -> bytes:
    """An RSS document of <item> bodies."""
    joined = "".join(f"<item>{item}</item>" for item in items)
    return (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>Courier</title><link>https://courier.example/</link>'
        f"<description>News</description>{head}{joined}</channel></rss>"
    ).encode()


def item(key: str, title: str = "", date: str = "Tue, 24 Nov 2026 08:00:00 GMT", **more: str) -> str:
    """The body of an <item> known by *key*."""
    rest = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    return (
        f"<title>{title or 'Title ' + key}</title><link>https://courier.example/{key}</link>"
        f'<guid isPermaLink="false">{key}</guid>{dated}{rest}'
    )
