"""Where the items of a document stand, found without reading it: so that known ones can be left out. Called by xmlfeed."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from xml.parsers import expat

from msgspec import Struct

from feeds.parse import mended

Span = tuple[int, int]

_TOKENS = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(/?)(?:[\w.-]+:)?(?:item|entry)(?=[\s/>])(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>",
    re.DOTALL,
)


_OPENING = re.compile(rb"<[A-Za-z][^<>]*>")


def spans(document: bytes) -> list[Span] | None:
    """The start and end of each <item> or <entry>, in order; None where they are not one beside the other.

    *document* is to be well-formed: what this says of another has no meaning.
    """
    found: list[Span] = []
    start = -1
    for token in _TOKENS.finditer(document):
        if token[1] is None:
            continue
        if token[1]:
            if start < 0:
                return None
            found.append((start, token.end()))
            start = -1
        elif start >= 0 or token[0].endswith(b"/>"):
            return None
        else:
            start = token.start()
    return found if start < 0 else None


def without(document: bytes, left_out: list[Span]) -> bytes:
    """*document* without these spans, which are in order."""
    kept, last = [], 0
    for start, end in left_out:
        kept.append(document[last:start])
        last = end
    return b"".join([*kept, document[last:]])


class Apart(Struct, frozen=True):
    """A document taken apart: feedparser's result for its head, and where its items stand."""

    document: bytes
    head: Any
    spans: list[Span]

    def keys(self, salt: str) -> list[str]:
        """A key for each item, equal for equal bytes under an equal head; *salt* tells apart what else counts."""
        openings = _OPENING.findall(self.document[: self.spans[0][0]])[:2] if self.spans else []
        of_feed = (str(dict.get(self.head.feed, key)) for key in ("language", "authors", "link"))
        facts = [salt, str(self.head.version), *of_feed, *map(repr, openings)]
        context = hashlib.blake2b("\0".join(facts).encode()).digest()
        parts = (self.document[start:end] for start, end in self.spans)
        return [hashlib.blake2b(part, digest_size=16, key=context).hexdigest() for part in parts]


def take_apart(url: str, document: bytes) -> Apart | None:
    """None where the document is not well-formed, or its head could mean something else without the items."""
    if not _is_well_formed(document):
        return None
    found = spans(document)
    if not found:
        return None
    rest = without(document, found)
    if b"title" in rest[found[0][0] :]:  # the feed's own, behind its items: which one counts depends on them
        return None
    head = mended.read(url, rest)
    return None if head.get("bozo_exception") is not None or head.entries else Apart(document, head, found)


def _is_well_formed(document: bytes) -> bool:
    try:
        expat.ParserCreate("utf-8", "}").Parse(document, True)
    except expat.ExpatError:
        return False
    return True
