"""Where the items of a document stand, found without reading it: so that known ones can be left out. Pure; called by parse."""

from __future__ import annotations

import re

_TOKENS = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(/?)(?:[\w.-]+:)?(?:item|entry)(?=[\s/>])(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>",
    re.DOTALL,
)


def spans(document: bytes) -> list[tuple[int, int]] | None:
    """The start and end of each <item> or <entry>, in order; None where they are not one beside the other.

    *document* is to be well-formed: what this says of another has no meaning.
    """
    found: list[tuple[int, int]] = []
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


def without(document: bytes, left_out: list[tuple[int, int]]) -> bytes:
    """*document* without these spans, which are in order."""
    kept, last = [], 0
    for start, end in left_out:
        kept.append(document[last:start])
        last = end
    return b"".join([*kept, document[last:]])
