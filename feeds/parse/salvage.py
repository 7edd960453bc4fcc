"""A broken document → one small document an entry, so that a fault costs only the entry it is in. Pure; called by xmlfeed."""

from __future__ import annotations

import re

_MOST_ENTRIES = 1000  # each costs a millisecond or two
_CDATA = re.compile(rb"<!\[CDATA\[(?:(?!<!\[CDATA\[).)*?\]\]>", re.DOTALL)
_START = re.compile(rb"<((?:\w+:)?(?:item|entry))(?=[\s>])")
_ROOT = re.compile(rb"<((?:\w+:)?(?:rss|rdf|feed))\b", re.IGNORECASE)


def documents(document: bytes) -> list[bytes]:
    """The feed's head alone, then the same with one entry each; empty where there are no entries, or too many."""
    starts = list(_START.finditer(_CDATA.sub(lambda found: b" " * len(found[0]), document)))
    if not starts or len(starts) > _MOST_ENTRIES:
        return []
    head, end = document[: starts[0].start()], _closing(document[: starts[0].start()])
    ends = [start.start() for start in starts[1:]] + [len(document)]
    entries = [_entry(document[start.start() : stop], start[1]) for start, stop in zip(starts, ends, strict=True)]
    return [head + end, *(head + entry + end for entry in entries)]


def _entry(text: bytes, name: bytes) -> bytes:
    """Up to its end tag; to the next entry's beginning where it has none."""
    end = text.rfind(b"</" + name)
    return (text if end < 0 else text[:end]) + b"</" + name + b">"


def _closing(head: bytes) -> bytes:
    """The end tags that *head* lacks."""
    channel = b"</channel>" if b"<channel" in head and b"</channel" not in head else b""
    root = _ROOT.search(head)
    return channel + (b"</" + root[1] + b">" if root else b"")
