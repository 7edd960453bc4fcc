"""The items of a plain document, as feedparser would give them, in a tenth of its time. Called by xmlfeed alone.

feedparser is the judge: what is known here is what it makes of the elements that feeds are full of, no more. Anything
else in a document (an element or attribute that is not listed here, markup within a text, a namespace that hides behind
another's prefix) leaves its items to feedparser, which reads every feed's head besides. tests/test_parse_plain.py holds
the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from feedparser.html import _cp1252
from feedparser.mixin import _FeedParserMixin
from feedparser.urls import _urljoin, make_safe_absolute_uri
from lxml import etree

_PREFIXES: dict[str, str] = {uri.lower(): prefix for uri, prefix in _FeedParserMixin.namespaces.items()}
_CANONICAL = frozenset(_PREFIXES.values()) - {""}
_XML = "{http://www.w3.org/XML/1998/namespace}"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_ROOTS = {"rss", "feed", "rdf:rdf"}
_DECLARED = re.compile(rb"\bxmlns(?::([\w.-]+))?\s*=\s*[\"']([^\"']*)[\"']")
_MOST_DECLARED = 5000
_WHOLE = re.compile(
    r"https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9_~%:@+,=-]+)*/?(?:[A-Za-z0-9_~%-]+\.[A-Za-z0-9]+)?(?:\?[A-Za-z0-9_~%&=.+-]+)?"
)

_C1 = re.compile("[\x80-\x9f]")

_PLAIN = {
    "pubdate": "published", "published": "published", "issued": "published", "dcterms:issued": "published",
    "updated": "updated", "modified": "updated", "dc:date": "updated", "dcterms:modified": "updated",
    "created": "created", "dcterms:created": "created", "language": "language", "dc:language": "language",
}  # fmt: skip
_TEXTS = {"title", "description", "subtitle", "tagline", "summary", "abstract", "content", "content:encoded", "rights",
          "copyright", "info", "body", "dc:title", "dc:description", "dc:rights", "media:title", "link",
          "id", "guid"}  # fmt: skip
_UNREAD = {"comments", "rights", "copyright", "dc:rights", "dc:publisher", "dc:identifier", "dc:source", "dc:format",
           "dc:type", "dc:relation", "dc:coverage", "media:credit", "media:rating", "media:copyright"}  # fmt: skip
_UNREAD_SPACES = {"slash", "wfw", "thr", "sy", "admin", "trackback", "pingback", "feedburner", "geo", "prism"}
_TYPES = {None: None, "text": "text/plain", "plain": "text/plain", "html": "text/html", "text/plain": "text/plain",
          "text/html": "text/html"}  # fmt: skip


class _UnusualError(Exception):
    """Something that is left to feedparser."""


def entries(url: str, document: bytes) -> list[Any] | None:
    """The entries of a document that `items.take_apart` took, as feedparser would give them; None: left to feedparser."""
    try:
        root = etree.fromstring(
            document, etree.XMLParser(resolve_entities=False, remove_comments=True, remove_pis=True)
        )
        language = _checked(root, document)
        base = document_base(url)
        return [_Item(base, language).read(item) for item in _items(root)]
    except (_UnusualError, etree.XMLSyntaxError, ValueError):
        return None


def _checked(root: etree._Element, document: bytes) -> str | None:
    """The language that the root declares. Raises _UnusualError for what could change the meaning of names."""
    if _name(root) not in _ROOTS or any(str(key).startswith("{") and key != f"{_XML}lang" for key in root.attrib):
        raise _UnusualError
    declared = set(_DECLARED.findall(document)) if document.count(b"xmlns") < _MOST_DECLARED else {(b"", b"")}
    for prefix, uri in declared:
        meant = _PREFIXES.get(uri.decode().lower())
        if not prefix and uri.decode() != (root.nsmap.get(None) or ""):
            raise _UnusualError
        if prefix.decode() in _CANONICAL and meant != prefix.decode():
            raise _UnusualError
    if {"lang", "base", f"{_XML}base"} & {key.lower() for key in root.attrib}:
        raise _UnusualError
    return (root.get(f"{_XML}lang") or "").replace("_", "-") or None


def _items(root: etree._Element) -> list[etree._Element]:
    """In document order. Raises _UnusualError where the head leaves feedparser in a state that items would meet."""
    channels = [child for child in root if _name(child) == "channel"]
    if len(channels) != (_name(root) != "feed") or any(set(channel.keys()) - {_ABOUT} for channel in channels):
        raise _UnusualError
    children = [child for holder in (*channels, root) for child in holder]
    found = [child for child in children if _name(child) in ("item", "entry")]
    for child in children:
        if _name(child) not in ("item", "entry", "channel"):
            _check_head(child)
    return found


def _check_head(element: etree._Element) -> None:
    for each in element.iter():
        if len(each) and _name(each) in _TEXTS:
            raise _UnusualError


@lru_cache(4)
def document_base(url: str) -> str:
    """What feedparser makes of the document's address on its way down to an item's child."""
    for _ in range(4):
        url = make_safe_absolute_uri(url, url) or url
    return url


def _name(element: etree._Element) -> str:
    """As feedparser calls it: "title", "dc:creator"."""
    return _named(element.tag, element.prefix)


@lru_cache(2048)
def _named(tag: str, given: str | None) -> str:
    uri, _, local = tag[1:].rpartition("}") if tag.startswith("{") else ("", "", tag)
    if "backend.userland.com/rss" in uri.lower():
        uri = "http://backend.userland.com/rss"
    prefix = _PREFIXES.get(uri.lower(), given or "")
    if uri.lower() not in _PREFIXES and (not prefix or prefix.lower() in _CANONICAL):
        raise _UnusualError
    return f"{prefix.lower()}:{local.lower()}" if prefix else local.lower()


class _Item:
    """An item on its way to what feedparser would give for it: *found*, by feedparser's own names."""

    def __init__(self, base: str, language: str | None) -> None:
        self._base, self._language = base, language
        self.found: dict[str, Any] = {}
        self._is_titled = False
        self._caption_depth = 9
        self._author_forms: set[bool] = set()

    def read(self, item: etree._Element) -> dict[str, Any]:
        """*found*. Raises _UnusualError."""
        for key, value in item.items():
            if key != _ABOUT:
                raise _UnusualError
            self.found["id"] = value
        for child in item:
            self._read(child, 0)
        return self.found

    def _read(self, element: etree._Element, depth: int) -> None:
        name = _name(element)
        key = _PLAIN.get(name)
        if key is not None:
            self.found[key] = _said(element)
        elif (handle := _HANDLERS.get(name)) is not None:
            handle(self, element, depth)
        elif name in _UNREAD or name.partition(":")[0] in _UNREAD_SPACES or not _is_known(name):
            _leaf(element)
        else:
            raise _UnusualError

    def title(self, element: etree._Element, depth: int) -> None:
        if not self._is_titled:
            self.found["title_detail"] = detail = self._content(element, "text/plain")
            self._is_titled = bool(detail["value"])

    def media_title(self, element: etree._Element, depth: int) -> None:
        if not self._is_titled:
            raise _UnusualError

    def description(self, element: etree._Element, depth: int) -> None:
        self._summary(element, "text/html")

    def summary(self, element: etree._Element, depth: int) -> None:
        self._summary(element, "text/plain")

    def _summary(self, element: etree._Element, usual: str) -> None:
        if "summary_detail" in self.found and "content" not in self.found:
            raise _UnusualError  # feedparser takes a second one for the content
        self.found["summary_detail"] = self._content(element, usual)

    def content(self, element: etree._Element, depth: int) -> None:
        self.found.setdefault("content", []).append(self._content(element, "text/plain"))

    def encoded(self, element: etree._Element, depth: int) -> None:
        self.found.setdefault("content", []).append(self._content(element, "text/html"))

    def _content(self, element: etree._Element, usual: str) -> dict[str, Any]:
        attributes = element.attrib
        kind = usual
        if attributes:
            if not set(attributes) <= {"type", "mode"} or attributes.get("mode", "escaped") != "escaped":
                raise _UnusualError
            said = attributes.get("type")
            if said is not None and (said := said.lower()) not in _TYPES:
                raise _UnusualError
            kind = _TYPES[said] or usual
        return {
            "value": _without_c1(_text(element).strip()),
            "type": kind,
            "language": self._language,
            "base": self._base,
        }

    def link(self, element: etree._Element, depth: int) -> None:
        links = self.found.setdefault("links", [])
        if element.get("href") is not None:
            _leaf(element)
            links.append(self._linked(_attributes(element)))
            return
        if element.attrib:
            raise _UnusualError
        value = _mended(_text(element).strip())
        href = _joined(self._base, value) if value else ""
        if "&" in href:
            href = re.sub("&([A-Za-z0-9_]+);", r"&\g<1>", href.replace("&amp;", "&"))
        links.append({"rel": "alternate", "type": "text/html", **({"href": href} if href else {})})

    def _linked(self, attributes: dict[str, str]) -> dict[str, str]:
        attributes.setdefault("rel", "alternate")
        attributes.setdefault("type", "application/atom+xml" if attributes["rel"] == "self" else "text/html")
        if "url" in attributes or "uri" in attributes:
            raise _UnusualError
        attributes["href"] = _joined(self._base, attributes["href"]) if attributes["href"] else self._base
        return attributes

    def guid(self, element: etree._Element, depth: int) -> None:
        attributes = _attributes(element)
        is_link = attributes.get("ispermalink", "true").strip().lower() not in ("false", "no", "0")
        self.found["is_permalink"], self.found["says_permalink"] = is_link, is_link and "ispermalink" in attributes
        self.found["id"] = _said(element)

    def author(self, element: etree._Element, depth: int) -> None:
        people = self.found.setdefault("authors", [])
        self._author_forms.add(len(element) > 0)
        if len(self._author_forms) > 1:
            raise _UnusualError  # feedparser lets the one write over the other
        if not len(element):
            self.found["author"] = value = _said(element)
            people.append({"name": value} if value else {})
            return
        person = {}
        for child in element:
            name = _name(child)
            if name not in ("name", "email", "uri", "url"):
                raise _UnusualError
            if name in ("name", "email"):
                person[name] = _text(child).strip()
        if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
            raise _UnusualError
        people.append(person)
        self.found["author"] = ""

    def contributor(self, element: etree._Element, depth: int) -> None:
        for child in element:
            if _name(child) not in ("name", "email", "uri", "url"):
                raise _UnusualError
            _leaf(child)

    def category(self, element: etree._Element, depth: int) -> None:
        tags = self.found.setdefault("tags", [])
        attributes = _attributes(element)
        term, label = attributes.get("term"), attributes.get("label")
        scheme = attributes.get("scheme", attributes.get("domain"))
        if term or label or scheme:
            _add(tags, {"term": term, "scheme": scheme, "label": label})
        value = _said(element)
        if value and tags and not tags[-1]["term"]:
            tags[-1]["term"] = value
        elif value:
            _add(tags, {"term": value, "scheme": None, "label": None})

    def enclosure(self, element: etree._Element, depth: int) -> None:
        _leaf(element)
        attributes = _attributes(element)
        href = attributes.pop("url", None) or attributes.pop("uri", None) or attributes.get("href")
        if "uri" in attributes:
            raise _UnusualError
        self.found.setdefault("links", []).append(
            {**attributes, **({"href": href} if href else {}), "rel": "enclosure"}
        )

    def media_content(self, element: etree._Element, depth: int) -> None:
        self.found.setdefault("media_content", []).append(_attributes(element))
        self.media_group(element, depth)

    def media_group(self, element: etree._Element, depth: int) -> None:
        for child in element:
            if not _name(child).startswith("media:"):
                raise _UnusualError
            self._read(child, depth + 1)

    def media_thumbnail(self, element: etree._Element, depth: int) -> None:
        if _text(element).strip():
            raise _UnusualError
        self.found.setdefault("media_thumbnail", []).append(_attributes(element))

    def media_description(self, element: etree._Element, depth: int) -> None:
        if depth <= self._caption_depth:
            self._caption_depth = depth
            self.found["media_description"] = _said(element)

    def origin(self, element: etree._Element, depth: int) -> None:
        if element.attrib:
            raise _UnusualError
        self.found["feedburner_origlink"] = _said(element)


_HANDLERS: dict[str, Callable[[_Item, etree._Element, int], None]] = {
    "title": _Item.title, "dc:title": _Item.title, "media:title": _Item.media_title,
    "description": _Item.description, "dc:description": _Item.description, "summary": _Item.summary,
    "content": _Item.content, "content:encoded": _Item.encoded,
    "link": _Item.link, "guid": _Item.guid, "id": _Item.guid,
    "author": _Item.author, "dc:creator": _Item.author, "dc:author": _Item.author, "contributor": _Item.contributor,
    "category": _Item.category, "dc:subject": _Item.category,
    "enclosure": _Item.enclosure, "media:content": _Item.media_content, "media:group": _Item.media_group,
    "media:thumbnail": _Item.media_thumbnail, "media:description": _Item.media_description,
    "feedburner:origlink": _Item.origin,
}  # fmt: skip


@lru_cache(2048)
def _is_known(name: str) -> bool:
    """False for elements of namespaces that feedparser does not know: it keeps their text under names nobody reads."""
    return ":" not in name or name.partition(":")[0] in _CANONICAL


def _leaf(element: etree._Element) -> None:
    if len(element):
        raise _UnusualError


def _text(element: etree._Element) -> str:
    _leaf(element)
    return element.text or ""


def _said(element: etree._Element) -> str:
    return _mended(_text(element).strip())


def _mended(text: str) -> str:
    """What feedparser does to every text: UTF-8 read as Latin-1 is put right, and so are Windows' own characters."""
    if text.isascii():
        return text
    with suppress(UnicodeEncodeError, UnicodeDecodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return _without_c1(text)


def _without_c1(text: str) -> str:
    return text.translate(_cp1252) if _C1.search(text) else text


def _attributes(element: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in element.items():
        name, value = str(key).lower(), str(value)
        if name.startswith("{") or name in ("lang", "base", "xmlns"):
            raise _UnusualError
        found[name] = value.lower() if name in ("rel", "type") else value
    return found


def _add(tags: list[dict[str, str | None]], tag: dict[str, str | None]) -> None:
    if tag not in tags:
        tags.append(tag)


@lru_cache(4096)
def _joined(base: str, href: str) -> str:
    if _WHOLE.fullmatch(href) and "/." not in href:
        return href
    return str(_urljoin(base, href))
