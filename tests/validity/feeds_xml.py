"""The W3C Feed Validator's rules on Atom 1.0 and RSS 2.0, each message under its name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from lxml import etree

from tests.validity import values

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
GEORSS_POINT = "{http://www.georss.org/georss}point"
MEDIA = "{http://search.yahoo.com/mrss/}"
SY = "{http://purl.org/rss/1.0/modules/syndication/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_PREFIXES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "fh": "http://purl.org/syndication/history/1.0",
    "georss": "http://www.georss.org/georss",
    "media": "http://search.yahoo.com/mrss/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
_RELATIONS = frozenset(
    "alternate current describedby edit edit-media enclosure first hub last license next next-archive payment"
    " prev-archive previous related replies search self service up via".split(" ")
)
_PAGING = frozenset(("current", "first", "last", "next", "next-archive", "prev-archive", "previous"))
_ONCE_IN_CHANNEL = "title link description image language copyright lastBuildDate pubDate ttl generator docs".split(" ")
_ONCE_IN_ITEM = "title link description guid pubDate author comments source".split(" ")

_SCHEMA = Path(__file__).with_name("atom.rng")


def check(body: bytes, url: str, now: datetime) -> Iterator[str]:
    """What is wrong with an Atom or RSS document served at *url*."""
    if len(body) > 5_000_000:
        yield "ValidatorLimit: over 5,000,000 bytes"
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, huge_tree=True))
    except etree.XMLSyntaxError as error:
        yield f"SAXError: {error}"
        return
    if not body.startswith(b"<?xml") or b"UTF-8" not in body[:60].upper():
        yield "MissingEncoding: no XML declaration with UTF-8"
    lines = [b"", *body.split(b"\n")]
    yield from _everywhere(root)
    if root.tag == f"{ATOM}feed":
        yield from _schema_faults(root)
        yield from _atom(root, url, now, lines)
    elif root.tag == "rss" and len(root) == 1 and root[0].tag == "channel":
        yield from _rss(root, url, now, lines)
    else:
        yield f"UndefinedElement: {root.tag}"


def _everywhere(root: etree._Element) -> Iterator[str]:
    for prefix, namespace in root.nsmap.items():
        if prefix is None:
            continue
        if prefix == "atom" and root.tag == f"{ATOM}feed":
            yield "AvoidNamespacePrefix: atom"
        if _PREFIXES.get(prefix) != namespace:
            yield f"UnknownNamespace or ReservedPrefix: {prefix}={namespace}"
    for element in root.iter(etree.Element):
        for text in (element.text or "", *(str(value) for value in element.attrib.values())):
            yield from values.bad_characters(text)
        if LANG in element.attrib:
            yield from values.language(element.get(LANG))


def _schema_faults(root: etree._Element) -> Iterator[str]:
    schema = etree.RelaxNG(etree.parse(str(_SCHEMA)))
    if not schema.validate(root):
        yield from (f"RELAX NG: {entry.message} (line {entry.line})" for entry in schema.error_log)


def _atom(feed: etree._Element, url: str, now: datetime, lines: list[bytes]) -> Iterator[str]:
    entries = feed.findall(f"{ATOM}entry")
    seen_entry = False
    for child in feed:
        seen_entry = seen_entry or child.tag == f"{ATOM}entry"
        if seen_entry and child.tag != f"{ATOM}entry":
            yield f"MisplacedMetadata: {child.tag}"
    yield from _atom_head(feed, "feed", now, lines)
    for name in ("icon", "logo"):
        if feed.find(f"{ATOM}{name}") is not None:
            yield from values.full_link(name, feed.findtext(f"{ATOM}{name}"))
    yield from _self_link(feed, url, "application/atom+xml")
    if feed.find(f"{ATOM}author") is None and any(entry.find(f"{ATOM}author") is None for entry in entries):
        yield "MissingElement: author"
    yield from _repeated("DuplicateEntries", (entry.findtext(f"{ATOM}id") for entry in entries))
    for entry in entries:
        yield from _atom_entry(entry, now, lines)


def _atom_head(head: etree._Element, name: str, now: datetime, lines: list[bytes]) -> Iterator[str]:
    """What a feed and an atom:source have in common."""
    for needed in ("title", "id", "updated"):
        if len(head.findall(f"{ATOM}{needed}")) != 1:
            yield f"MissingElement: {name} has no {needed} or several"
    yield from values.canonical(f"{name}/id", head.findtext(f"{ATOM}id"))
    yield from values.rfc3339_date(f"{name}/updated", head.findtext(f"{ATOM}updated"), now)
    yield from _texts(head, lines)
    yield from _links(head, head.tag)
    if not any(link.get("rel") == "self" for link in head.findall(f"{ATOM}link")):
        yield f"MissingSelf: {name}"
    keys = [_link_key(link) for link in head.findall(f"{ATOM}link")]
    yield from _repeated("DuplicateAtomLink", keys)


def _atom_entry(entry: etree._Element, now: datetime, lines: list[bytes]) -> Iterator[str]:
    for needed in ("title", "id", "updated"):
        if len(entry.findall(f"{ATOM}{needed}")) != 1:
            yield f"MissingElement: entry has no {needed} or several"
    yield from values.canonical("entry/id", entry.findtext(f"{ATOM}id"))
    yield from values.rfc3339_date("entry/updated", entry.findtext(f"{ATOM}updated"), now)
    if entry.find(f"{ATOM}published") is not None:
        yield from values.rfc3339_date("entry/published", entry.findtext(f"{ATOM}published"), now)
    alternates = [link for link in entry.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"]
    content = entry.find(f"{ATOM}content")
    if content is None and entry.find(f"{ATOM}summary") is None:
        yield "MissingTextualContent"
    if content is None and not alternates:
        yield "MissingContentOrAlternate"
    yield from _repeated("DuplicateAtomLink", [_link_key(link) for link in alternates])
    enclosures = [link.get("href") for link in entry.findall(f"{ATOM}link") if link.get("rel") == "enclosure"]
    yield from _repeated("DuplicateEnclosure", enclosures)
    yield from _texts(entry, lines)
    yield from _links(entry, entry.tag)
    yield from _media(entry)
    yield from _point(entry)
    source = entry.find(f"{ATOM}source")
    if source is None:
        yield "MissingSourceElement"
    else:
        yield from _atom_head(source, "source", now, lines)
    for category in entry.findall(f"{ATOM}category"):
        yield from values.not_blank("category/term", category.get("term"))
        if "scheme" in category.attrib:
            yield from values.full_link("category/scheme", category.get("scheme"))
        yield from values.plain(category.get("label", ""), _raw(category, lines))


def _texts(parent: etree._Element, lines: list[bytes]) -> Iterator[str]:
    for name in ("title", "subtitle", "rights", "summary", "content"):
        element = parent.find(f"{ATOM}{name}")
        if element is None:
            continue
        yield from values.not_blank(name, element.text)
        if element.get("type") == "html":
            yield from values.html(element.text or "")
        else:
            yield from values.plain(element.text or "", _raw(element, lines))
    for person in parent.findall(f"{ATOM}author"):
        yield from values.not_blank("author/name", person.findtext(f"{ATOM}name"))
        yield from values.plain(person.findtext(f"{ATOM}name") or "", _raw(person, lines))


def _links(parent: etree._Element, holder: str) -> Iterator[str]:
    for link in parent.findall(f"{ATOM}link"):
        rel = link.get("rel", "alternate")
        if rel not in _RELATIONS:
            yield f"UnregisteredAtomLinkRel: {rel}"
        if rel in _PAGING and holder == f"{ATOM}entry":
            yield f"FeedHistoryRelInEntry: {rel}"
        yield from values.full_link(f"link {rel}", link.get("href"))
        if "type" in link.attrib:
            yield from values.media_type(link.get("type"))
        if "length" in link.attrib:
            yield from values.non_negative("link length", link.get("length"))
        if (link.text or "").strip() or len(link):
            yield "AtomLinkNotEmpty"


def _link_key(link: etree._Element) -> str:
    return f"{link.get('rel', 'alternate')} {link.get('type', '')} {link.get('hreflang', '')}"


def _self_link(parent: etree._Element, url: str, kind: str) -> Iterator[str]:
    found = [link for link in parent.findall(f"{ATOM}link") if link.get("rel") == "self"]
    if len(found) != 1:
        yield "MissingSelf" if parent.tag == f"{ATOM}feed" else "MissingAtomSelfLink"
        return
    if found[0].get("href") != url:
        yield f"SelfDoesntMatchLocation: {found[0].get('href')} at {url}"
    if found[0].get("type", kind) != kind:
        yield "SelfNotAtom"


def _rss(rss: etree._Element, url: str, now: datetime, lines: list[bytes]) -> Iterator[str]:
    channel = rss[0]
    if rss.get("version") != "2.0":
        yield f"InvalidRSSVersion: {rss.get('version')}"
    items = channel.findall("item")
    seen_item = False
    for child in channel:
        seen_item = seen_item or child.tag == "item"
        if seen_item and child.tag != "item":
            yield f"MisplacedItem: {child.tag} after an item"
    for name in ("title", "link", "description"):
        yield from values.not_blank(f"channel/{name}", channel.findtext(name))
    for name in ("title", "description", "copyright"):
        yield from values.plain(channel.findtext(name) or "", _raw(channel.find(name), lines))
    yield from (f"DuplicateElement: {name}" for name in _ONCE_IN_CHANNEL if len(channel.findall(name)) > 1)
    yield from values.full_link("channel/link", channel.findtext("link"))
    if channel.find("language") is not None:
        yield from values.language(channel.findtext("language"))
    yield from values.rfc822_date("lastBuildDate", channel.findtext("lastBuildDate"), now)
    yield from values.positive("ttl", channel.findtext("ttl"))
    yield from _image(channel)
    yield from _hints(channel)
    yield from _links(channel, channel.tag)
    yield from _self_link(channel, url, "application/rss+xml")
    yield from _repeated("DuplicateValue: guid", (item.findtext("guid") for item in items))
    for item in items:
        yield from _rss_item(item, now, lines)


def _image(channel: etree._Element) -> Iterator[str]:
    for image in channel.findall("image"):
        yield from values.full_link("image/url", image.findtext("url"))
        for name in ("title", "link"):
            if image.findtext(name) != channel.findtext(name):
                yield f"Image{name.capitalize()}DoesntMatch: {image.findtext(name)}"


def _hints(channel: etree._Element) -> Iterator[str]:
    if channel.findtext(f"{SY}updatePeriod", "daily") not in ("hourly", "daily", "weekly", "monthly", "yearly"):
        yield "InvalidUpdatePeriod"
    yield from values.positive("sy:updateFrequency", channel.findtext(f"{SY}updateFrequency", "1"))
    for name in ("UpdatePeriod", "UpdateFrequency", "UpdateBase"):
        if channel.find(f"{SY}{name}") is not None:
            yield f"UndefinedElement: sy:{name}"


def _rss_item(item: etree._Element, now: datetime, lines: list[bytes]) -> Iterator[str]:
    if item.find("title") is None and item.find("description") is None:
        yield "ItemMustContainTitleOrDescription"
    yield from (f"DuplicateElement: {name}" for name in _ONCE_IN_ITEM if len(item.findall(name)) > 1)
    yield from values.not_blank("item/title", item.findtext("title", "-"))
    for name in ("title", "source"):
        yield from values.plain(item.findtext(name) or "", _raw(item.find(name), lines))
    yield from values.html(item.findtext("description") or "")
    yield from values.html(item.findtext(CONTENT) or "")
    order = [str(child.tag) for child in item]
    if CONTENT in order and "description" not in order[: order.index(CONTENT)]:
        yield "NeedDescriptionBeforeContent"
    if item.find("link") is not None:
        yield from values.full_link("item/link", item.findtext("link"))
    if item.find("pubDate") is not None:
        yield from values.rfc822_date("pubDate", item.findtext("pubDate"), now)
    if item.find(f"{ATOM}updated") is not None:
        yield from values.rfc3339_date("atom:updated", item.findtext(f"{ATOM}updated"), now)
    yield from _guid(item.find("guid"))
    if item.find("author") is not None and item.find(f"{DC}creator") is not None:
        yield "DuplicateItemSemantics: author and dc:creator"
    for category in item.findall("category"):
        yield from values.not_blank("category", category.text)
        yield from values.plain(category.text or "", _raw(category, lines))
    for source in item.findall("source"):
        yield from values.full_link("source/url", source.get("url"))
        yield from values.not_blank("source", source.text)
    yield from _enclosures(item)
    yield from _media(item)
    yield from _point(item)


def _guid(guid: etree._Element | None) -> Iterator[str]:
    if guid is None:
        yield "MissingGuid"
        return
    yield from values.not_blank("guid", guid.text)
    if guid.get("isPermaLink") not in ("true", "false", None):
        yield "InvalidBooleanAttribute: isPermaLink"
    if guid.get("isPermaLink") != "false" and re.match("tag:|urn:uuid:", guid.text or ""):
        yield "InvalidPermalink"
    if re.fullmatch(r"\d{1,8}", guid.text or ""):
        yield "NotSufficientlyUnique"


def _enclosures(item: etree._Element) -> Iterator[str]:
    if len(item.findall("enclosure")) > 1:
        yield "DuplicateEnclosure"
    for enclosure in item.findall("enclosure"):
        yield from values.enclosure_url(enclosure.get("url"))
        yield from values.media_type(enclosure.get("type"))
        yield from values.non_negative("enclosure length", enclosure.get("length"))


def _media(parent: etree._Element) -> Iterator[str]:
    for content in parent.iter(f"{MEDIA}content", f"{MEDIA}thumbnail"):
        yield from values.full_link(content.tag, content.get("url"))
        if "type" in content.attrib:
            yield from values.media_type(content.get("type"))
        if "fileSize" in content.attrib:
            yield from values.positive("media:content fileSize", content.get("fileSize"))
        if content.get("medium", "image") not in ("image", "audio", "video", "document", "executable"):
            yield f"InvalidMediaMedium: {content.get('medium')}"


def _point(parent: etree._Element) -> Iterator[str]:
    points = parent.findall(GEORSS_POINT)
    if len(points) > 1:
        yield "DuplicateElement: georss:point"
    for point in points:
        yield from values.coordinates("georss:point", (point.text or "").split(" "))


def _repeated(message: str, found: Iterable[str | None]) -> Iterator[str]:
    yield from (f"{message}: {value}" for value, count in Counter(found).items() if value and count > 1)


def _raw(element: etree._Element | None, lines: list[bytes]) -> bytes:
    """The line of the file that *element* stands in."""
    number = element.sourceline if element is not None else None
    return lines[number] if isinstance(number, int) else b""
