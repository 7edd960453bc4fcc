"""Reading a body within its limits. Called by fetch."""

from __future__ import annotations

import io
import time
import zlib
from typing import Any

from urllib3.exceptions import DecodeError, HTTPError
from urllib3.response import HTTPResponse

from feeds.fetch.budget import Share
from feeds.fetch.connection import Exchange, StoppedError

_CHUNK = 65_536
_START, _START_SECONDS = 65_536, 3.0  # how much of an error's body is read, and for how long
_LAYERS = 3  # of compression
_PACKED = (b"\x1f\x8b\x08", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")  # RFC 1952, RFC 1950
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
        complete = False
    else:
        complete = _has_ended(answer._decoder)
    if answer._decoder is not None:  # what its header says has been undone, and that is all
        return body.getvalue(), complete
    found, is_whole = _unpacked(body.getvalue(), exchange, share, max_bytes)
    return found, complete and is_whole


def read_start(answer: HTTPResponse, exchange: Exchange) -> bytes:
    """The start of a body that says why there is no other, as much as comes soon; its faults are nobody's business."""
    exchange.deadline = min(exchange.deadline, time.monotonic() + _START_SECONDS)
    body = b""
    try:
        while len(body) < _START and (part := answer.read1(_CHUNK, decode_content=True)):
            body += part
    except (HTTPError, OSError, StoppedError):
        pass
    return body


def _unpacked(packed: bytes, exchange: Exchange, share: Share, max_bytes: int) -> tuple[bytes, bool]:
    """*packed*, if it is compressed (gzip, zlib) though no header said so, as what it holds, and whether that is all of it.

    Some servers hand out a file as it lies there, feed.xml.gz. Raises StoppedError as `read_body` does.
    """
    body, complete = packed, True
    for _ in range(_LAYERS):
        if not body.startswith(_PACKED):
            break
        body, is_whole = _inflated(body, exchange, share, max_bytes)
        complete = complete and is_whole
    return body, complete


def _inflated(packed: bytes, exchange: Exchange, share: Share, max_bytes: int) -> tuple[bytes, bool]:
    body = io.BytesIO()
    while packed.startswith(_PACKED):  # gzip may come in several members, one after the other
        decoder = zlib.decompressobj(wbits=47)  # 32 + 15: either kind
        while not decoder.eof:
            exchange.remaining()
            try:
                part = decoder.decompress(packed, _CHUNK)
            except zlib.error as error:
                if body.tell() == 0:
                    raise StoppedError("is compressed though no header says so, and broken") from error
                return body.getvalue(), False
            if not part and not decoder.eof:
                return body.getvalue(), False
            if body.tell() + len(part) > max_bytes:
                raise _too_large(max_bytes)
            if not share.grow(len(part), exchange.deadline):
                raise exchange.time_is_up()
            body.write(part)
            packed = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    return body.getvalue(), True


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
