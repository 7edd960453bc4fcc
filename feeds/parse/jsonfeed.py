"""JSON Feed 1.0 and 1.1 (jsonfeed.org), read item by item: one that is wrong costs only itself. Called by parse."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Iterator
from contextlib import suppress
from typing import Any

from feeds.errors import ParseError
from feeds.model import Enclosure, Entry, ParsedFeed, Response, Text
from feeds.parse.encoding import decode
from feeds.urls import as_given, resolve

_MOST_ITEMS = 50_000
_MOST_FAULTS = 100  # of objects that can't be read: each costs a look at what follows


def parse_json(response: Response, known: Container[str] = (), salt: str = "") -> ParsedFeed:
    """What the document says, items with *known* keys left out.

    Raises ParseError where it is no JSON, or JSON that is no feed.
    """
    text = decode(response.body, response.headers.get("content-type", ""))
    problem = None
    try:
        document = json.loads(text, strict=False, parse_int=_number)
    except (ValueError, RecursionError) as error:
        problem = f"the document is no JSON that can be read: {error}"[:200]
        document = _salvaged(text)
        if document is None:
            raise ParseError(response.url, problem) from error
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise ParseError(response.url, "the document is JSON, but no JSON Feed: it has no list of items")
    if len(document["items"]) > _MOST_ITEMS:
        raise ParseError(response.url, f"the document has more than {_MOST_ITEMS} items; no honest feed does")
    version = _string(document, "version") or ""
    base = _string(document, "home_page_url") or response.url
    items = [item for item in document["items"] if isinstance(item, dict)]
    skipped = len(document["items"]) - len(items)
    keys = _keys(items, salt, base, str(_string(document, "language")))
    new = [(key, item) for key, item in zip(keys, items, strict=True) if key not in known]
    return ParsedFeed(
        format="json10" if version.rstrip("/").endswith("/1") else "json11",
        title=_string(document, "title"),
        link=resolve(response.url, _string(document, "home_page_url") or ""),
        id=_string(document, "feed_url"),
        language=_string(document, "language"),
        self_link=resolve(response.url, _string(document, "feed_url") or ""),
        entries=tuple(_entry(item, base) for _, item in new),
        problem=problem or (f"{skipped} items are no objects" if skipped else None),
        keys=tuple(key for key, _ in new),
        left_out=tuple(key for key in keys if key in known),
    )


def _keys(items: list[dict[str, Any]], *context: str) -> list[str]:
    """A key for each item, equal for equal items in an equal *context*."""
    start = hashlib.blake2b("\0".join(context).encode("utf-8", "surrogatepass")).digest()
    packed = (json.dumps(item).encode() for item in items)
    return [hashlib.blake2b(each, digest_size=16, key=start).hexdigest() for each in packed]


def _number(digits: str) -> Any:
    """A whole number; as text where it has more digits than any number that is meant as one."""
    return int(digits) if len(digits) <= 20 else digits


def _salvaged(text: str) -> dict[str, Any] | None:
    """The head, and the items that can be read one by one, of a document that can't be read whole; None without items."""
    start = re.search(r'"items"\s*:\s*\[', text)
    decoder = json.JSONDecoder(strict=False, parse_int=_number)
    items: list[Any] = []
    faults = 0
    at = text.find("{", start.end()) if start else -1
    while at >= 0 and faults < _MOST_FAULTS:
        try:
            item, at = decoder.raw_decode(text, at)
            items += [item] if "id" in item else []  # others are parts of an item that can't be read
        except (ValueError, RecursionError):
            faults, at = faults + 1, at + 1
        at = text.find("{", at)
    if start is None or not items:
        return None
    head = {}
    with suppress(ValueError, RecursionError):
        head = decoder.decode(text[: start.start()] + '"items":[]}')
    return {**head, "items": items}


def _entry(item: dict[str, Any], base: str) -> Entry:
    markup, plain = _string(item, "content_html"), _string(item, "content_text")
    summary = _string(item, "summary")
    link = as_given(base, _string(item, "url") or "") or as_given(base, _string(item, "external_url") or "")
    content = Text(markup, True, link or base) if markup else Text(plain, False, link or base) if plain else None
    title = _string(item, "title")
    return Entry(
        guid=_identifier(item),
        link=link,
        title=Text(title) if title else None,
        summary=Text(summary) if summary else None,
        content=content,
        authors=tuple(_authors(item)),
        published=_string(item, "date_published"),
        updated=_string(item, "date_modified"),
        language=_string(item, "language"),
        categories=tuple(_whole(tag) for tag in _list(item, "tags") if isinstance(tag, str)),
        image=resolve(base, _string(item, "image") or _string(item, "banner_image") or ""),
        enclosures=tuple(_attachments(item, base)),
    )


def _string(holder: dict[str, Any], key: str) -> str | None:
    value = holder.get(key)
    if not isinstance(value, str) or not value.strip():
        return None
    return _whole(value).strip()


def _whole(text: str) -> str:
    """*text* without half surrogate pairs, which are characters to JSON and to nobody else."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _identifier(item: dict[str, Any]) -> str | None:
    """The id; a number, which is wrong but common, as text."""
    value = item.get("id")
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else _string(item, "id")


def _list(item: dict[str, Any], key: str) -> list[Any]:
    value = item.get(key)
    return value if isinstance(value, list) else []


def _authors(item: dict[str, Any]) -> Iterator[str]:
    """Version 1.1 has a list, 1.0 one."""
    for author in [*_list(item, "authors"), item.get("author")]:
        if isinstance(author, dict) and (name := _string(author, "name")):
            yield name


def _attachments(item: dict[str, Any], base: str) -> Iterator[Enclosure]:
    for attachment in _list(item, "attachments"):
        if isinstance(attachment, dict) and (url := resolve(base, _string(attachment, "url") or "")):
            size = attachment.get("size_in_bytes")
            length = int(size) if isinstance(size, int | float) and 0 <= size < 2**53 else None
            yield Enclosure(url, _string(attachment, "mime_type"), length)
