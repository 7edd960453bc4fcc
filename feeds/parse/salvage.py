"""A broken document → one small document an entry, so that a fault costs only the entry it is in. Pure; called by xmlfeed."""

from __future__ import annotations

import re
from collections.abc import Callable

_MOST_ENTRIES = 1000  # each costs a millisecond or two
_CDATA = re.compile(rb"<!\[CDATA\[(?:(?!<!\[CDATA\[).)*?\]\]>", re.DOTALL)
_START = re.compile(rb"<((?:\w+:)?(?:item|entry))(?=[\s>])")
_ROOT = re.compile(rb"<((?:\w+:)?(?:rss|rdf|feed))\b", re.IGNORECASE)


def documents(document: bytes) -> list[bytes]:
    """The feed's head alone, then the same with one entry each; empty where there are no entries, or too many."""
    found = _entries(document)
    if not found or len(found) > _MOST_ENTRIES:
        return []
    head, end = document[: found[0][0]], _closing(document[: found[0][0]])
    entries = [_entry(document[start:stop], name) for start, stop, name in found]
    return [head + end, *(head + entry + end for entry in entries)]


def without(document: bytes, is_trap: Callable[[bytes], object]) -> tuple[bytes, int]:
    """*document* without the entries that *is_trap* says to be one, and how many are left."""
    found = _entries(document)
    kept, gone, at = [], 0, 0
    for start, end, name in found:
        whole = document[start:end]
        entry = whole[: (whole.rfind(b"</" + name) + 1 or len(whole) + 1) - 1]
        if is_trap(entry):
            rest = whole[len(entry) :]
            kept += [document[at:start], b"<" + name + b">" if rest else b"", rest]
            gone, at = gone + 1, end
    return b"".join((*kept, document[at:])), len(found) - gone


def without_cdata(document: bytes) -> bytes:
    """*document* with spaces in place of its CDATA sections, which hold no elements; as long as it was."""
    return _CDATA.sub(lambda found: b" " * len(found[0]), document)


def _entries(document: bytes) -> list[tuple[int, int, bytes]]:
    """Where each entry begins, where the next one does (or the document ends), and what its element is called."""
    starts = list(_START.finditer(without_cdata(document)))
    ends = [*(start.start() for start in starts[1:]), len(document)][: len(starts)]
    return [(start.start(), end, start[1]) for start, end in zip(starts, ends, strict=True)]


def _entry(text: bytes, name: bytes) -> bytes:
    """Up to its end tag; to the next entry's beginning where it has none."""
    end = text.rfind(b"</" + name)
    return (text if end < 0 else text[:end]) + b"</" + name + b">"


def _closing(head: bytes) -> bytes:
    """The end tags that *head* lacks."""
    channel = b"</channel>" if b"<channel" in head and b"</channel" not in head else b""
    root = _ROOT.search(head)
    return channel + (b"</" + root[1] + b">" if root else b"")
