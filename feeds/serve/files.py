"""The files of output/: the right type, ETag, compression, and never one from outside. Called by make_app."""

from __future__ import annotations

import gzip
import os
import re
import stat
from collections import OrderedDict
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from msgspec import Struct, field
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from feeds.serve.refusals import NOT_FOUND, Refusals, plain
from feeds.serve.wrapping import OPEN, etag, is_known, page_policy

MAX_AGE = 60
_REMEMBERED_BYTES = 64_000_000
_LARGEST = 32_000_000
_COMPRESSIBLE_FROM = 1_000  # bytes
_QUICK = 50_000  # bytes: what is larger is read and compressed on a thread, as others wait for an answer meanwhile
_AT_ONCE = 2  # such threads
_TYPES = {
    "atom.xml": "application/atom+xml; charset=utf-8",
    "rss.xml": "application/rss+xml; charset=utf-8",
    "feed.json": "application/feed+json",
    ".json": "application/json",
    ".opml": "text/x-opml; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".xml": "application/xml",
    ".txt": "text/plain; charset=utf-8",
}
_ALLOW = {"Allow": "GET, HEAD"}

Stamp = tuple[int, int, int]


class _File(Struct):
    """A file as it was when its *stamp* (time, size, inode) was read."""

    stamp: Stamp
    body: bytes
    headers: dict[str, str]
    packed: bytes | None = field(default=None)

    @property
    def size(self) -> int:
        """Of all that is kept of it, in bytes."""
        return len(self.body) + len(self.packed or b"")


class Files:
    """An ASGI application over the folder that *root* gives."""

    def __init__(self, root: Callable[[], Path], refusals: Refusals) -> None:
        self._root = root
        self._refusals = refusals
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._bytes = 0
        self._threads = CapacityLimiter(_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self.answer(scope["method"], scope["path"], Headers(scope=scope))
        await answer(scope, receive, send)

    async def answer(self, method: str, path: str, headers: Headers) -> Response:
        """What is at *path*, decoded once."""
        if method not in ("GET", "HEAD"):
            return plain(405, "only GET and HEAD are answered here", _ALLOW)
        if not _is_plain(path):
            return await self._refusals.answer(404, NOT_FOUND, path, headers)
        name = self._name(path)
        if name is None:
            return Response(status_code=308, headers={"Location": quote(path.rsplit("/", 1)[1]) + "/"})
        file = await self._file(name)
        if file is None:
            return await self._refusals.answer(404, NOT_FOUND, path, headers)
        packs = "Vary" in file.headers and _takes_gzip(",".join(headers.getlist("accept-encoding")))
        response = _unchanged(file, headers, packs)
        if response is None and packs:
            await self._pack(name, file)
        return response or _whole(file, packs)

    def _name(self, path: str) -> str | None:
        """The file under the root that *path* stands for; None for a folder without its slash."""
        name = path[1:]
        if not name or name.endswith("/"):
            return f"{name}index.html"
        return None if os.path.isdir(self._root() / name) else name  # noqa: PTH112

    async def _file(self, name: str) -> _File | None:
        path = self._root() / name
        try:
            facts = os.stat(path)  # noqa: PTH116
            if (known := self._known(name, facts)) is not None:
                return known
            if not stat.S_ISREG(facts.st_mode):
                file = None
            elif facts.st_size <= _QUICK:
                file = _read(path, self._root())
            else:
                async with self._threads:
                    if (known := self._known(name, facts)) is not None:  # another request had it read meanwhile
                        return known
                    file = await to_thread.run_sync(_read, path, self._root())
                if (known := self._known(name, facts)) is not None:
                    return known
        except (OSError, ValueError):
            file = None
        self._forget(name)
        if file is not None:
            self._remember(name, file)
        return file

    async def _pack(self, name: str, file: _File) -> None:
        """Have *file* compressed, unless it is, and keep that beside it."""
        if file.packed is not None:
            return
        if len(file.body) <= _QUICK:
            file.packed = _packed(file.body)
        else:
            async with self._threads:
                if file.packed is not None:
                    return
                file.packed = await to_thread.run_sync(_packed, file.body)
        if self._files.get(name) is file:
            self._bytes += len(file.packed)
            self._make_room()

    def _known(self, name: str, facts: os.stat_result) -> _File | None:
        """What is remembered of the file, where it is as it was then."""
        known = self._files.get(name)
        if known is None or known.stamp != (facts.st_mtime_ns, facts.st_size, facts.st_ino):
            return None
        self._files.move_to_end(name)
        return known

    def _remember(self, name: str, file: _File) -> None:
        self._files[name] = file
        self._bytes += file.size
        self._make_room()

    def _make_room(self) -> None:
        while self._bytes > _REMEMBERED_BYTES and len(self._files) > 1:
            self._forget(next(iter(self._files)))

    def _forget(self, name: str) -> None:
        gone = self._files.pop(name, None)
        if gone is not None:
            self._bytes -= gone.size


def _is_plain(path: str) -> bool:
    """False for whatever could lead elsewhere, or to a file that is nobody's business."""
    parts = path.split("/")
    return (
        path.startswith("/")
        and path.isprintable()
        and "\\" not in path
        and not any(part.startswith(".") for part in parts)
        and "" not in parts[1:-1]
        and len(path) < 1000
    )


def _read(path: Path, root: Path) -> _File | None:
    """The whole file, of one moment: it is replaced by renaming, so what is open stays what it was."""
    if not path.resolve(strict=True).is_relative_to(root.resolve()):
        return None
    with path.open("rb") as file:
        facts = os.fstat(file.fileno())
        if facts.st_size > _LARGEST:
            return None
        body = file.read()
    media_type = next((kind for end, kind in _TYPES.items() if path.name.endswith(end)), "application/octet-stream")
    headers = {
        "Content-Type": media_type,
        "ETag": etag(body),
        "Last-Modified": formatdate(facts.st_mtime, usegmt=True),
        "Cache-Control": f"max-age={MAX_AGE}",
    }
    if media_type.startswith("text/html"):
        headers["Content-Security-Policy"] = page_policy(body)
    else:
        headers |= OPEN
    if _is_compressible(media_type, body):
        headers["Vary"] = "Accept-Encoding"
    return _File((facts.st_mtime_ns, facts.st_size, facts.st_ino), body, headers)


def _is_compressible(media_type: str, body: bytes) -> bool:
    return (
        len(body) >= _COMPRESSIBLE_FROM
        and media_type.startswith(("text/", "application/"))
        and "octet" not in media_type
    )


def _unchanged(file: _File, asked: Headers, packs: bool) -> Response | None:
    """The answer to who has *file* already; None where it is to be sent."""
    tags = file.headers["ETag"], _packed_tag(file)
    known = ",".join(asked.getlist("if-none-match"))
    is_old = not known and asked.get("if-modified-since") == file.headers["Last-Modified"]
    if not is_old and not any(is_known(known, tag) for tag in tags):
        return None
    names = "Last-Modified", "Cache-Control", "Vary", "Content-Security-Policy", "Access-Control-Allow-Origin"
    kept = {name: file.headers[name] for name in names if name in file.headers}
    return Response(status_code=304, headers={"ETag": tags[packs]} | kept)


def _whole(file: _File, packs: bool) -> Response:
    if not packs:
        return Response(file.body, headers=file.headers)
    return Response(file.packed, headers=file.headers | {"ETag": _packed_tag(file), "Content-Encoding": "gzip"})


def _packed_tag(file: _File) -> str:
    """Its ETag when it is sent compressed: other bytes have another."""
    return file.headers["ETag"][:-1] + '-gz"'


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)


def _takes_gzip(accepted: str) -> bool:
    """True where Accept-Encoding names gzip, or else *, with a weight that is not nought. RFC 9110 section 12.5.3."""
    weights = {}
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        weights[coding.strip()] = weight.replace(" ", "")
    weight = weights.get("gzip", weights.get("*", "q=0"))
    return re.fullmatch(r"q=0?\.?0*", weight) is None
