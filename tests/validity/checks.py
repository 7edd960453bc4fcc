"""What is wrong with a published document, in words: `check_document`. Used on single documents and whole output/."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from html5lib.html5parser import HTMLParser, ParseError
from jsonschema import Draft202012Validator

from tests.validity import feeds_xml, values

_SCHEMA = json.loads(Path(__file__).with_name("jsonfeed.schema.json").read_text("utf-8"))


def check_document(path: str, body: bytes, url: str, now: datetime | None = None) -> list[str]:
    """Every fault of the document at *path*, as it is served at *url*; none of a kind that is not known here.

    *now* is when it is looked at: dates after it are implausible.
    """
    now = now or datetime.now(UTC)
    if path.endswith(".xml"):
        return list(feeds_xml.check(body, url, now))
    if path.endswith("feed.json"):
        return list(_json_feed(body, url))
    if path.endswith(".html"):
        return list(_page(body))
    return []


def _json_feed(body: bytes, url: str) -> Iterator[str]:
    try:
        feed = json.loads(body)
    except ValueError as error:
        yield f"JSON: {error}"
        return
    for fault in Draft202012Validator(_SCHEMA).iter_errors(feed):
        yield f"JSON Feed: {'/'.join(map(str, fault.path))}: {fault.message[:120]}"
    if feed.get("feed_url") != url:
        yield f"feed_url {feed.get('feed_url')} is not {url}"
    ids = [item.get("id") for item in feed.get("items", ())]
    if len(set(ids)) != len(ids):
        yield "JSON Feed: an id comes twice"
    for item in feed.get("items", ()):
        yield from _json_item(item)


def _json_item(item: dict[str, Any]) -> Iterator[str]:
    yield from values.html(item.get("content_html", ""))
    if re.search("<[a-zA-Z/!?]", item.get("title", "")):
        yield f"ContainsHTML: {item['title'][:60]!r}"
    place = item.get("_geo")
    if place is not None:
        yield from values.coordinates("_geo", [json.dumps(place.get(name)) for name in ("latitude", "longitude")])
    for text in (item.get("title", ""), item.get("summary", ""), item.get("content_html", "")):
        yield from values.bad_characters(text)


@lru_cache(maxsize=20_000)
def _page(body: bytes) -> tuple[str, ...]:
    """HTML that parses without an error, runs no script and asks nobody else for anything."""
    return tuple(_faults_of_page(body.decode("utf-8")))


def _faults_of_page(text: str) -> Iterator[str]:
    try:
        tree = HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    except ParseError as error:
        yield f"NotHtml: {error}"
        return
    yield from values.bad_characters(text)
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag in ("script", "iframe", "object", "embed", "base"):
            yield f"SecurityRisk: <{element.tag}>"
        for name, value in element.attrib.items():
            if str(name).startswith("on"):
                yield f"SecurityRiskAttr: {name}"
            if name in ("href", "src", "action") and re.match(r"\s*(javascript|data|vbscript):", value, re.I):
                yield f"SecurityRiskAttr: {name}={value[:40]}"
        if element.get("src") or (element.tag == "link" and element.get("rel") == "stylesheet"):
            yield f"External request: <{element.tag}>"
