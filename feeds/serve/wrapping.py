"""What holds for every answer: safe headers, ETags, no crash that tells anything. Called by make_app."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
OPEN = {"Access-Control-Allow-Origin": "*"}  # feeds and data are for everybody's programs
_PART = 65_536  # bytes: what a client that is slow to listen costs, however long its answer
_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)


def page_policy(page: bytes) -> str:
    """The Content-Security-Policy under which *page*, one of ours, is whole: its own style, pictures and form, no more."""
    styles = " ".join(sorted({_hashed(style) for style in _STYLE.findall(page)})) or "'none'"
    closed = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
    return f"{closed}; style-src {styles}; img-src 'self'; form-action 'self'"


@lru_cache(64)
def _hashed(style: bytes) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(style).digest()).decode()}'"


def etag(body: bytes) -> str:
    """A strong validator: equal for equal bytes."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def is_known(request_header: str, tag: str) -> bool:
    """True where If-None-Match names *tag* (RFC 9110 section 13.1.2: compared weakly)."""
    given = [each.strip().removeprefix("W/") for each in request_header.split(",")]
    return "*" in given or tag in given


def answer(request: Request, body: bytes, media_type: str, max_age: int, **headers: str) -> Response:
    """*body* with its validator, or 304 where the client has it."""
    tag = etag(body)
    common = {"ETag": tag, "Cache-Control": f"max-age={max_age}", **headers}
    if is_known(",".join(request.headers.getlist("if-none-match")), tag):
        return Response(status_code=304, headers=common)
    return Response(body, media_type=media_type, headers=common)


class Wrapped:
    """The application as the server runs it. *count* hears of every answer: its route, status and seconds."""

    def __init__(self, app: ASGIApp, count: Callable[[str, int, float], None]) -> None:
        self._app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        status = 0

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                names = {name.lower() for name, _ in message["headers"]}
                safe = [(name.encode().lower(), value.encode()) for name, value in SAFE.items()]
                message["headers"] = [*message["headers"], *(each for each in safe if each[0] not in names)]
                await send(message)
            else:
                await _in_parts(message, send)

        try:
            await (_refusal(scope) or self._app)(scope, receive, guarded)
        except Exception:
            logger.exception("a bug, answering %s", scope["path"].encode("unicode_escape").decode())
            if not status:
                await Response("something went wrong here\n", 500, media_type="text/plain")(scope, receive, guarded)
        self._count(scope.get("path", ""), status, time.perf_counter() - started)


async def _in_parts(message: Message, send: Send) -> None:
    """Send a body in parts, each when the one before is on its way: what waits is one part, not the whole."""
    body, goes_on = message.get("body", b""), message.get("more_body", False)
    for start in range(0, max(len(body), 1), _PART):
        end = start + _PART
        await send({"type": message["type"], "body": body[start:end], "more_body": goes_on or end < len(body)})


def _refusal(scope: Scope) -> Response | None:
    """The answer to what no honest client sends, and servers in a row may read each its way; None for all else.

    RFC 9112 section 3.2: a request names one host. Section 2.3: it says HTTP/1.1, or 1.0.
    """
    hosts = [name for name, _ in scope["headers"] if name == b"host"]
    if scope["http_version"] not in ("1.0", "1.1"):
        return Response("HTTP/1.1 is spoken here\n", 400, media_type="text/plain")
    if len(hosts) > 1 or (not hosts and scope["http_version"] != "1.0"):
        return Response("a request names one host\n", 400, media_type="text/plain")
    return None
