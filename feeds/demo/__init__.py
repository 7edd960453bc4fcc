"""A small origin on loopback with feeds written for this project, so that everything runs with no network.

To add a source: its table in sources/sources.toml, its document as sources/NAME.1.xml (or .json), and NAME.2.xml if its
second edition differs. Dates are written {{-3h rfc822}}: hours from now, and how the source writes them.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any

_SOURCES = Path(__file__).parent / "sources"
_MSK = timezone(timedelta(hours=3))
_FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_ARABIC = "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر".split()
_RUSSIAN = "янв фев мар апр мая июн июл авг сен окт ноя дек".split()
_TYPES = {".xml": "application/xml", ".json": "application/feed+json"}
_PAGE = b"<!doctype html><html><head><title>Welcome to our new site</title></head><body><p>Hello.</p></body></html>"


@cache
def tables() -> Mapping[str, Mapping[str, Any]]:
    """sources.toml: each source by the path it is served at."""
    with (_SOURCES / "sources.toml").open("rb") as file:
        return tomllib.load(file)


def expected() -> dict[str, frozenset[str]]:
    """Which topics each entry that is on topic belongs to, by its guid, or its link where it has none."""
    return {guid: frozenset(names) for table in tables().values() for guid, names in table.get("topics", {}).items()}


def document(name: str, edition: int, origin: str, now: datetime) -> tuple[bytes, str]:
    """What the source *name* says in its *edition* (1 or 2), with its media type; dates are counted from *now*."""
    path = _path(name, edition)
    text = path.read_text(encoding="utf-8").replace("{{origin}}", origin)
    text = re.sub(r"\{\{([+-]\d+)h (\w+)\}\}", lambda mark: _date(now + timedelta(hours=int(mark[1])), mark[2]), text)
    declared = re.match(r'<\?xml[^>]*encoding="([^"]+)"', text)
    return text.encode(declared[1] if declared else "utf-8"), _TYPES[path.suffix]


def _path(name: str, edition: int) -> Path:
    """Where the source's document is: the first edition, where *edition* has none of its own."""
    return next(path for number in (edition, 1) for path in _SOURCES.glob(f"{name}.{number}.*"))


def _date(moment: datetime, form: str) -> str:
    """*moment* as one of the sources writes it."""
    moscow = moment.astimezone(_MSK)
    return {
        "rfc822": format_datetime(moment),
        "rfc3339": moment.isoformat(timespec="seconds"),
        "msk": f"{moscow.day} {_RUSSIAN[moscow.month - 1]} {moscow:%Y %H:%M:%S} MSK",
        "fr": f"{moment.day} {_FRENCH[moment.month - 1]} {moment:%Y} à {moment:%Hh%M} GMT",
        "ar": f"{moment.day} {_ARABIC[moment.month - 1]} {moment:%Y %H:%M} GMT",
    }[form]


def config_toml(origin: str) -> str:
    """A config.toml that follows every source of the origin at *origin*."""
    head = """# Written by `feeds demo`. Its sources are invented, and served from this machine only while the demo runs.
[site]
title = "Demo"
base_url = "http://127.0.0.1:8000/"
search = true                              # `feeds serve` answers there

[fetch]
timeout = "2s"                             # one source is slow on purpose
allow_private_networks = ["127.0.0.0/8"]   # all sources are on this machine
per_host = 16                              # and so all of one host

[topics.sahel]
title = "Sahel"
use = "sahel"

[topics.russia-africa]
title = "Russia–Africa"
use = "russia-africa"
"""
    return head + "".join(_source_table(path, table, origin) for path, table in tables().items())


def _source_table(path: str, table: Mapping[str, Any], origin: str) -> str:
    lines = ["", "[[sources]]", f'url = "{origin}/{path}"']
    for key in ("name", "language", "country", "type", "control"):
        value = table.get(key)
        if isinstance(value, str):
            lines.append(f'{key} = "{value}"')
        elif value:
            lines.append(f"{key} = [{', '.join(f'{chr(34)}{each}{chr(34)}' for each in value)}]")
    return "\n".join(lines) + "\n"


class Origin:
    """The server: `with Origin(now) as origin:`. *requests* is what it was asked: path, headers, status."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.edition = 1
        self.requests: list[tuple[str, Mapping[str, str], int]] = []
        self._closing = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def advance(self) -> None:
        """Every source comes out with its second edition: edits and new articles."""
        self.edition = 2

    def __enter__(self) -> Origin:
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer *request* as its source does."""
        path = request.path.strip("/")
        table: Mapping[str, Any] | None = tables().get(path)
        if table is None and any(each.get("document") == path for each in tables().values()):
            table = {}  # where a moved source has moved to
        if table is None:
            return self._send(request, 404, b"not here", {})
        match table.get("answers"):
            case "moved":
                return self._send(request, 301, b"", {"Location": f"{self.url}/{table['document']}"})
            case "gone":
                return self._send(request, 410, b"", {})
            case "page":
                return self._send(request, 200, _PAGE, {"Content-Type": "text/html; charset=utf-8"})
            case "slowly":
                return self._drip(request)
        body, media_type = document(path, self.edition, self.url, self.now)
        headers = {"Content-Type": media_type, "Vary": "Accept-Encoding"} | self._validators(path, table, body)
        if table.get("answers") == "cut":
            headers["Content-Length"] = str(len(body) + 1000)
            request.close_connection = True
        if _is_known(request, headers):
            return self._send(request, 304, b"", headers)
        return self._send(request, 200, body, headers)

    def _validators(self, path: str, table: Mapping[str, Any], body: bytes) -> dict[str, str]:
        changed = _path(path, self.edition) != _path(path, 1)
        # Both lie in the past: RFC 9110 section 8.8.2.1 allows no Last-Modified after the answer's Date.
        modified = self.now - timedelta(minutes=1 if changed else 2)
        made = {
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
            "Last-Modified": format_datetime(modified, usegmt=True),
        }
        said = {name: made[name] for name in table.get("validators", ())}
        return said | ({"Cache-Control": table["cache_control"]} if "cache_control" in table else {})

    def _log(self, request: BaseHTTPRequestHandler, status: int) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((request.path, headers, status))

    def _send(self, request: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self._log(request, status)
        said = dict(headers)
        if len(body) > 1000 and "Content-Length" not in said and "gzip" in request.headers.get("Accept-Encoding", ""):
            body, said["Content-Encoding"] = gzip.compress(body, mtime=0), "gzip"
        if status != 304:  # there it would be the length of the 200: RFC 9110 section 8.6
            said.setdefault("Content-Length", str(len(body)))
        request.send_response(status)
        for name, value in said.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def _drip(self, request: BaseHTTPRequestHandler) -> None:
        """A byte at a time, until the client or the demo has had enough."""
        self._log(request, 200)
        request.close_connection = True
        request.send_response(200)
        request.end_headers()
        while not self._closing.wait(0.2):
            request.wfile.write(b" ")


def _is_known(request: BaseHTTPRequestHandler, headers: Mapping[str, str]) -> bool:
    """RFC 9110 section 13.2.2: If-None-Match decides where it is sent."""
    if "If-None-Match" in request.headers:
        return request.headers["If-None-Match"] == headers.get("ETag")
    return "Last-Modified" in headers and request.headers.get("If-Modified-Since") == headers["Last-Modified"]


def _handler(origin: Origin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with suppress(ConnectionError):  # clients leave when they have had enough
                origin.answer(self)

        def log_message(self, *args: Any) -> None:
            return None

    return Handler
