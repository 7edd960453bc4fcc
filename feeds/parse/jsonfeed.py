"""JSON Feed 1.0 and 1.1 (jsonfeed.org), read item by item: one that is wrong costs only itself. Called by parse."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Iterator
from contextlib import suppress
from typing import Any, TypeGuard

from feeds.counted import counted
from feeds.errors import ParseError
from feeds.markup import without_cdata_marks
from feeds.model import Enclosure, Entry, ParsedFeed, Response, Text
from feeds.parse import titles
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
    keys = _keys(items, salt, base, str(_string(document, "language")), *_authors(document))
    new = [(key, item) for key, item in zip(keys, items, strict=True) if key not in known]
    entries = tuple(_entry(item, base) for _, item in new)
    if titles.escape_twice((title, False) for item in items if (title := _string(item, "title"))):
        entries = tuple(map(titles.decoded, entries))
    return ParsedFeed(
        format="json10" if version.rstrip("/").endswith("/1") else "json11",
        title=_string(document, "title"),
        link=resolve(response.url, _string(document, "home_page_url") or ""),
        id=_string(document, "feed_url"),
        language=_string(document, "language"),
        self_link=resolve(response.url, _string(document, "feed_url") or ""),
        authors=tuple(_authors(document)),
        entries=entries,
        problem=problem or (counted(skipped, "item is no object", "items are no objects") if skipped else None),
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
    markup, plain, summary = (
        value and without_cdata_marks(value)
        for value in (_string(item, key) for key in ("content_html", "content_text", "summary"))
    )
    link = as_given(base, _address(item, "url")) or as_given(base, _address(item, "external_url"))
    content = Text(markup, True, link or base) if markup else Text(plain, False, link or base) if plain else None
    title = _string(item, "title")
    return Entry(
        guid=_identifier(item),
        link=link,
        title=Text(title) if title else None,
        summary=Text(summary) if summary else None,
        content=content,
        authors=tuple(_authors(item)),
        published=_date(item, "date_published"),
        updated=_date(item, "date_modified"),
        language=_string(item, "language"),
        categories=tuple(_whole(tag) for tag in _list(item, "tags") if isinstance(tag, str)),
        image=resolve(base, _address(item, "image") or _address(item, "banner_image")),
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
    return str(value) if _is_number(value) else _string(item, "id")


def _list(item: dict[str, Any], key: str) -> list[Any]:
    """The list under *key*; what stands there alone, which is wrong but common, as a list of one."""
    value = item.get(key)
    return value if isinstance(value, list) else [] if value is None else [value]


def _authors(holder: dict[str, Any]) -> Iterator[str]:
    """Version 1.1 has a list of objects, 1.0 one object; names alone are common, too."""
    for author in [*_list(holder, "authors"), *_list(holder, "author")]:
        if name := _string(author if isinstance(author, dict) else {"name": author}, "name"):
            yield name


def _address(item: dict[str, Any], key: str) -> str:
    """The URL under *key*, also of an object or a list that holds it; "" where there is none."""
    for value in _list(item, key):
        if found := _string(value if isinstance(value, dict) else {"url": value}, "url"):
            return found
    return ""


def _attachments(item: dict[str, Any], base: str) -> Iterator[Enclosure]:
    for attachment in _list(item, "attachments"):
        said = attachment if isinstance(attachment, dict) else {"url": attachment}
        if url := resolve(base, _string(said, "url") or ""):
            yield Enclosure(url, _string(said, "mime_type"), _size(said.get("size_in_bytes")))


def _size(value: Any) -> int | None:
    """A number of bytes, also as text; None where it is none that a file can have."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,15}(?:\.0*)?\s*", value):
        return int(float(value))
    return int(value) if _is_number(value) and 0 <= value < 2**53 else None


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _date(item: dict[str, Any], key: str) -> str | None:
    """A date as text; seconds or milliseconds since 1970, which are wrong but plain, as their digits."""
    value = item.get(key)
    return str(int(value)) if _is_number(value) and 0 <= value < 2**53 else _string(item, key)
