"""Reading a body within its limits. Called by fetch."""

from __future__ import annotations

import io
from typing import Any

from urllib3.exceptions import DecodeError, HTTPError
from urllib3.response import HTTPResponse

from feeds.fetch.budget import Share
from feeds.fetch.connection import Exchange, StoppedError

_CHUNK = 65_536
_UNREADABLE = {"br", "zstd", "compress"} - set(HTTPResponse.CONTENT_DECODERS)


def read_body(answer: HTTPResponse, exchange: Exchange, share: Share, max_bytes: int) -> tuple[bytes, bool]:
    """The decompressed body, or what came of it, and whether that is all of it.

    Raises StoppedError where it is larger than *max_bytes*, late, or nothing came of it.
    """
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    if encoding in _UNREADABLE:
        raise StoppedError(f"is encoded as {encoding}, which can't be read here and was not asked for")
    if (answer.length_remaining or 0) > max_bytes:
        raise _too_large(max_bytes)
    body = io.BytesIO()
    try:
        while part := answer.read1(_CHUNK, decode_content=True):
            if body.tell() + len(part) > max_bytes:
                raise _too_large(max_bytes)
            if not share.grow(len(part), exchange.deadline):
                raise exchange.time_is_up()
            body.write(part)
    except (HTTPError, OSError) as error:
        if body.tell() == 0:
            raise StoppedError(_fault(error, encoding)) from error
        return body.getvalue(), False
    return body.getvalue(), _has_ended(answer._decoder)


def _has_ended(decoder: Any) -> bool:
    """False where compressed data stopped in the middle: urllib3 takes that for its end."""
    for inner in getattr(decoder, "_decoders", [decoder]):
        stream: Any = getattr(inner, "_obj", None)
        at_end = stream.is_finished() if hasattr(stream, "is_finished") else getattr(stream, "eof", True)
        if not at_end and not getattr(inner, "_state", 0):  # garbage after a whole gzip member does no harm
            return False
    return True


def _too_large(max_bytes: int) -> StoppedError:
    return StoppedError(f"is larger than {max_bytes:,} bytes ([fetch] max_bytes)")


def _fault(error: Exception, encoding: str) -> str:
    if isinstance(error, DecodeError):
        return f"its {encoding[:40]} encoding is broken"
    return "the connection broke before the content came"
