"""OPML 2.0 (opml.org/spec2.opml): our feeds and sources as lists, and other programs' lists of sources. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from lxml import etree
from msgspec import Struct
from msgspec.structs import replace

from feeds.config import Config, Source
from feeds.errors import ListError
from feeds.markup import valid
from feeds.model import Document
from feeds.parse.encoding import as_xml, decode
from feeds.urls import public_url, resolve, web_url

Priors = Mapping[str, float | Literal["always"]] | Literal["always"]

_MEDIA_TYPE = "text/x-opml"
# OPML 2.0 names a version for RSS alone: "RSS" for 0.91, 0.92 and 2.0; for Atom there is none.
_FILES: Mapping[str, tuple[str, str | None]] = {
    "atom": ("atom.xml", None),
    "rss": ("rss.xml", "RSS"),
    "json": ("feed.json", None),
}


class Outline(Struct, frozen=True):
    """A feed in a list. *type*, *control*, *countries* and *topics* are as in config.toml, where the list is one of ours."""

    url: str
    title: str | None = None
    page: str | None = None
    language: str | None = None
    type: str | None = None
    control: str | None = None
    countries: tuple[str, ...] = ()
    topics: Priors = {}


def feeds_opml(config: Config, feeds: Iterable[tuple[str, str]]) -> Document:
    """What we publish (paths under output/, titles), each feed once: a reader's import subscribes to all that it names.

    A group a topic: its own feed, then its languages, then its countries.
    """
    root, body = _document(f"{config.site.title}: feeds")
    groups: dict[str, list[tuple[str, str]]] = {}
    for path, title in feeds:
        groups.setdefault(path.partition("/")[0], []).append((path, title))
    for topic, members in groups.items():
        parent = _group(body, dict(members).get(topic, topic))
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
        parent = _group(body, country) if country else body
        for source in groups[country]:
            _outline(
                parent,
                source.name,
                type="rss",
                xmlUrl=public_url(source.url),
                language=source.language,
                category=_categories(source),
            )
    return Document("sources.opml", _MEDIA_TYPE, _bytes(root))


def read_opml(document: bytes) -> list[Outline]:
    """The feeds that a list names and that can be fetched, its groups laid flat, each once.

    Raises ListError where it is no OPML, or so broken that feeds of it are lost.
    """
    feeds: dict[str, Outline] = {}
    for outline in _outlines(_root(document)):
        if url := resolve("", web_url(outline.url)):
            feeds.setdefault(url, replace(outline, url=url))
    return list(feeds.values())


def left_out(document: bytes) -> list[Outline]:
    """What the list names by addresses that nobody here can fetch (gopher:, file:, a path). Raises as `read_opml` does."""
    return [outline for outline in _outlines(_root(document)) if resolve("", web_url(outline.url)) is None]


def _root(document: bytes) -> etree._Element:
    # A bare & is common in lists, and to recover from it would cut it out of the address.
    text = as_xml(re.sub(r"&(?!(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z]\w*);)", "&amp;", decode(document, "")))
    root, error = _parsed(text, recover=False)
    if error:
        # HTML in a name: <outline text="News <b>today</b>" …>
        text = re.sub(rb'=\s*"[^"]*"', lambda value: value[0].replace(b"<", b"&lt;"), text)
        root, error = _parsed(text, recover=True)
    if root is None or _local(root.tag) != "opml":
        raise ListError("not OPML: " + (f"its root is <{root.tag}>" if root is not None else "it is no XML at all"))
    if error and (
        _named_in(text) > len(list(_outlines(root))) or not re.search(rb"</(\w+:)?opml\s*>", text, re.IGNORECASE)
    ):
        raise ListError(f"the list is broken: {error}")
    return root


def _parsed(text: bytes, recover: bool) -> tuple[etree._Element | None, str]:
    """The root, if there is one, and what is wrong with the document; the latter alone where nothing is mended."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=recover, huge_tree=True)
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return None, str(error)
    return root, parser.error_log[0].message if len(parser.error_log) else ""


def _named_in(text: bytes) -> int:
    """How many feeds the document names, whether or not the parser got at them."""
    return len(re.findall(rb"\sxmlurl\s*=", re.sub(rb"<!--.*?(?:-->|\Z)", b"", text, flags=re.DOTALL), re.IGNORECASE))


def _outlines(root: etree._Element) -> Iterator[Outline]:
    """Every outline with an address, as it says it. Case and namespaces are whatever other programs make them."""
    for element in root.iter(etree.Element):
        if _local(element.tag) != "outline":
            continue
        said = {_local(name): str(value).strip() for name, value in sorted(element.attrib.items(), key=_is_plain)}
        url = said.get("xmlurl") or said.get("feedurl") or ""
        if url:
            title = said.get("title") or said.get("text") or None
            page, language = resolve("", said.get("htmlurl", "")), said.get("language") or None
            yield _labelled(Outline(url, title, page, language), said.get("category", ""))


def _local(name: object) -> str:
    """*name* in small letters, without its namespace or the prefix of one that was never declared."""
    return re.sub(r".*[}:]", "", str(name)).lower()


def _is_plain(attribute: tuple[str | bytes, str | bytes]) -> bool:
    """Whether it has no prefix: it goes before one of the same name that has."""
    return not re.search("[}:]", str(attribute[0]))


def _categories(source: Source) -> str:
    """What config.toml says of a source and OPML has no attributes for: /country/ML,/topic/sahel/0.6 (OPML 2.0, category)."""
    priors = {"": source.topics} if isinstance(source.topics, str) else source.topics
    labels = [
        ("type", source.type),
        ("control", source.control if source.control != "unknown" else None),
        *(("country", country) for country in source.countries),
        *(("topic", f"{name}/{prior}".lstrip("/")) for name, prior in priors.items()),
    ]
    return ",".join(f"/{key}/{value}" for key, value in labels if value)


def _labelled(outline: Outline, categories: str) -> Outline:
    """*outline* with what `_categories` wrote; what is none of it is passed over."""
    labels = [category.strip().strip("/").split("/") for category in categories.split(",")]
    words = {label[0]: label[1] for label in labels if len(label) == 2}
    priors: dict[str, float | Literal["always"]] = {
        label[1]: "always" if label[2] == "always" else float(label[2])
        for label in labels
        if len(label) == 3 and label[0] == "topic" and re.fullmatch(r"always|0(\.\d{1,10})?|1(\.0)?", label[2])
    }
    return replace(
        outline,
        type=words.get("type"),
        control=words.get("control"),
        countries=tuple(label[1] for label in labels if len(label) == 2 and label[0] == "country"),
        topics="always" if words.get("topic") == "always" else priors,
    )


def _document(title: str) -> tuple[etree._Element, etree._Element]:
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = valid(title)
    return root, etree.SubElement(root, "body")


def _group(parent: etree._Element, name: str) -> etree._Element:
    """A group has its text alone: with any more the W3C validator wants a type (MissingOutlineType)."""
    return etree.SubElement(parent, "outline", {"text": valid(name)})


def _outline(parent: etree._Element, title: str, **attributes: str | None) -> etree._Element:
    said = {name: valid(value) for name, value in attributes.items() if value}
    return etree.SubElement(parent, "outline", {"text": valid(title), "title": valid(title)} | said)


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
