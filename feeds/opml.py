"""OPML 2.0 (opml.org/spec2.opml): our feeds and sources as lists, and other programs' lists of sources. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from lxml import etree
from msgspec import Struct

from feeds.config import Config, Source
from feeds.errors import UsageError
from feeds.markup import valid
from feeds.model import Document
from feeds.urls import public_url, resolve

_MEDIA_TYPE = "text/x-opml"
# OPML 2.0 names a version for RSS alone: "RSS" for 0.91, 0.92 and 2.0; for Atom there is none.
_FILES: Mapping[str, tuple[str, str | None]] = {
    "atom": ("atom.xml", None),
    "rss": ("rss.xml", "RSS"),
    "json": ("feed.json", None),
}


class Outline(Struct, frozen=True):
    """A feed in a list. *url* is absolute, http or https."""

    url: str
    title: str | None = None
    page: str | None = None
    language: str | None = None


def feeds_opml(config: Config, feeds: Iterable[tuple[str, str]]) -> Document:
    """What we publish (paths under output/, titles), each feed once: a reader's import subscribes to all that it names.

    A group a topic: its own feed, then its languages, then its countries.
    """
    root, body = _document(f"{config.site.title}: feeds")
    groups: dict[str, list[tuple[str, str]]] = {}
    for path, title in feeds:
        groups.setdefault(path.partition("/")[0], []).append((path, title))
    for topic, members in groups.items():
        parent = _outline(body, dict(members).get(topic, topic))
        for path, title in sorted(members, key=_rank):
            _feed_outline(parent, path, title, config)
    return Document("feeds.opml", _MEDIA_TYPE, _bytes(root))


def _rank(feed: tuple[str, str]) -> int:
    """A topic before its parts, languages before countries."""
    kind = feed[0].partition("/")[2].partition("/")[0]
    return ("", "lang", "country").index(kind)


def _feed_outline(parent: etree._Element, path: str, title: str, config: Config) -> None:
    """The feed at *path* in one format: Atom where it is published, else RSS, else JSON Feed."""
    formats = config.publish.formats
    kind = next((kind for kind in _FILES if kind in formats), None)
    if kind is None:
        return
    name, version = _FILES[kind]
    language = path.partition("/lang/")[2]
    address = f"{config.site.base_url}{path}/"
    _outline(
        parent,
        title,
        type="rss",
        xmlUrl=address + name,
        htmlUrl=address if "html" in formats else None,
        language=language,
        version=version,
    )


def sources_opml(config: Config) -> Document:
    """What we follow: the enabled sources, without secrets, in groups by country; those of several stand first."""
    root, body = _document(f"{config.site.title}: sources")
    groups: dict[str, list[Source]] = {}
    for source in config.enabled_sources:
        groups.setdefault(source.countries[0] if len(source.countries) == 1 else "", []).append(source)
    for country in sorted(groups):
        parent = _outline(body, country) if country else body
        for source in groups[country]:
            _outline(parent, source.name, type="rss", xmlUrl=public_url(source.url), language=source.language)
    return Document("sources.opml", _MEDIA_TYPE, _bytes(root))


def read_opml(document: bytes) -> list[Outline]:
    """The feeds that a list names, its groups laid flat, each once. Raises UsageError where it is no OPML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    # A bare & is common in lists, and to recover from it would cut it out of the address.
    escaped = re.sub(rb"&(?!#?\w{1,10};)", b"&amp;", document) if b"\0" not in document else document  # not UTF-16
    try:
        root = etree.fromstring(escaped, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UsageError(f"not OPML: {error}") from error
    if root is None or not isinstance(root.tag, str) or root.tag.lower() != "opml":
        raise UsageError("not OPML: its root is no <opml>")
    feeds: dict[str, Outline] = {}
    for outline in _outlines(root):
        feeds.setdefault(outline.url, outline)
    return list(feeds.values())


def _outlines(root: etree._Element) -> Iterator[Outline]:
    for element in root.iter("{*}outline"):
        said = {str(name).lower(): str(value).strip() for name, value in element.attrib.items()}
        url = resolve("", _web_url(said.get("xmlurl", "")))
        if url:
            title = said.get("title") or said.get("text") or None
            yield Outline(url, title, resolve("", said.get("htmlurl", "")), said.get("language") or None)


def _web_url(url: str) -> str:
    """feed://HOST/… and feed:https://HOST/…, as some readers write, as web addresses."""
    if url.lower().startswith("feed://"):
        return f"http{url[4:]}"
    return url[5:] if url.lower().startswith("feed:") else url


def _document(title: str) -> tuple[etree._Element, etree._Element]:
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = valid(title)
    return root, etree.SubElement(root, "body")


def _outline(parent: etree._Element, title: str, **attributes: str | None) -> etree._Element:
    said = {name: valid(value) for name, value in attributes.items() if value}
    return etree.SubElement(parent, "outline", {"text": valid(title), "title": valid(title)} | said)


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
