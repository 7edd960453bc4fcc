"""Response → ParsedFeed. Runs in a child process (see `pool`), because a document can be made to cost minutes."""

from __future__ import annotations

from collections.abc import Container

from feeds.model import ParsedFeed, Response


def parse(response: Response, known: Container[str] = (), salt: str = "") -> ParsedFeed:
    """What the document says, whatever its format and encoding. Raises ParseError where it is no feed.

    Entries whose keys are *known* are not read again, only named (`left_out`). *salt* is what else their meaning rests on.
    """
    if _is_json(response.body):
        from feeds.parse.jsonfeed import parse_json

        return parse_json(response, known, salt)
    from feeds.parse.xmlfeed import parse_xml

    return parse_xml(response, known, salt)


def _is_json(body: bytes) -> bool:
    """By its first character: feeds come under any media type."""
    return body[:200].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith((b"{", b"["))
