"""feedgen, its faults mended: all that this program asks of the library goes through here. Called by xmlfeed.

Each fault of feedgen 1.0.0 has a test that fails on plain feedgen (tests/test_render_feedgen.py). What its extension
mechanism reaches is mended there; the element trees are rewritten after feedgen has filled them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import feedgen.entry
import feedgen.feed
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree
from msgspec import Struct

from feeds.model import Enclosure
from feeds.render.entry import Entry
from feeds.render.parts import PREFIXES
from feeds.render.values import rfc822, rfc3339, stands_in_enclosure

NO_DESCRIPTION = "-"

ATOM, DC, GEORSS, MEDIA = (PREFIXES[prefix] for prefix in ("atom", "dc", "georss", "media"))
_FH = "http://purl.org/syndication/history/1.0"
_SY = "http://purl.org/rss/1.0/modules/syndication/"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

# "Â" or "Ã" before a character that would be the second byte of one in UTF-8.
_DOUBTFUL = re.compile(rb"(\xc3[\x82\x83])\xc2([\x80-\xbf])")

# It switches the whole process to the C locale and back for every date: no thread is safe from that, and a locale
# that can be read but not set again makes it raise.
feedgen.feed.formatRFC2822 = feedgen.entry.formatRFC2822 = rfc822


class Link(Struct, frozen=True):
    """A link of a feed or an entry, with all that feedgen would lose."""

    rel: str
    href: str
    type: str | None = None
    length: int | None = None

    @property
    def attributes(self) -> dict[str, str]:
        given = {"rel": self.rel, "type": self.type, "href": self.href}
        if self.length is not None:
            given["length"] = str(self.length)
        return {name: value for name, value in given.items() if value is not None}


class Head(Struct, frozen=True):
    """What feedgen can't say of a feed, or says wrongly. *period* and *frequency* are sy:'s.

    *is_archive* marks a page that no longer grows (RFC 5005 section 4). *prefixes* are the namespaces that the entries
    need, which the head has to declare beside its own. *icon* is square, *logo* twice as wide as high
    and at most 144 pixels wide, as RSS wants it.
    """

    language: str
    links: tuple[Link, ...]
    page: str
    updated: datetime
    period: str
    frequency: int
    is_archive: bool = False
    icon: str | None = None
    logo: str | None = None
    prefixes: frozenset[str] = frozenset(PREFIXES)


class FeedMending(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """The feed's own links, language, dates, pictures and syndication hints. Set *head* before writing."""

    head: Head

    def extend_ns(self) -> dict[str, str]:
        """All that may be needed; what is not goes again (feedgen asks before it knows)."""
        return {name: uri for name, uri in PREFIXES.items() if name not in ("atom", "content")} | {"sy": _SY, "fh": _FH}

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        feed.set(_LANG, self.head.language)
        _set_text(feed, "updated", rfc3339(self.head.updated))
        _replace(feed, "link", [_element("link", link.attributes) for link in self.head.links])
        for name, url in (("icon", self.head.icon), ("logo", self.head.logo)):
            if url:
                etree.SubElement(feed, name).text = url
        if self.head.is_archive:
            etree.SubElement(feed, f"{{{_FH}}}archive")
        else:
            self._add_hints(feed)
        etree.cleanup_namespaces(feed, keep_ns_prefixes=list(self.head.prefixes))
        return _one_a_line(feed)

    def extend_rss(self, rss: etree._Element) -> etree._Element:
        channel = rss[0]
        rss.set(_LANG, self.head.language)
        _set_text(channel, "link", self.head.page)  # feedgen: the last link added
        _set_text(channel, "lastBuildDate", rfc822(self.head.updated))
        tag = f"{{{ATOM}}}link"
        _replace(channel, tag, [_element(tag, link.attributes) for link in self.head.links])
        self._add_image(channel)
        self._add_hints(channel)
        etree.cleanup_namespaces(rss, keep_ns_prefixes=list(self.head.prefixes))
        rss.text = "\n"
        return _one_a_line(channel)

    def _add_image(self, channel: etree._Element) -> None:
        """RSS <image>: its title and link are the channel's."""
        if self.head.logo:
            image = etree.SubElement(channel, "image")
            etree.SubElement(image, "url").text = self.head.logo
            for name in ("title", "link"):
                etree.SubElement(image, name).text = channel.findtext(name)

    def _add_hints(self, parent: etree._Element) -> None:
        etree.SubElement(parent, f"{{{_SY}}}updatePeriod").text = self.head.period
        etree.SubElement(parent, f"{{{_SY}}}updateFrequency").text = str(self.head.frequency)


class EntryMending(BaseEntryExtension):  # type: ignore[misc]
    """An entry's links, dates, language, source, media and place. Set *entry* before writing."""

    entry: Entry

    def extend_atom(self, element: etree._Element) -> etree._Element:
        entry = self.entry
        element.set(_LANG, entry.language or "und")
        _set_text(element, "updated", rfc3339(entry.updated))
        if entry.published is not None:
            _set_text(element, "published", rfc3339(entry.published))
        _replace(element, "link", [_element("link", link.attributes) for link in _entry_links(entry)])
        _replace(element, "source", [self._source()])
        self._add_pictures(element)
        self._add_point(element)
        element.tail = "\n"
        return element

    def extend_rss(self, item: etree._Element) -> etree._Element:
        entry = self.entry
        item.set(_LANG, entry.language or "und")
        if not entry.text:  # the content says it all; but the RSS profile wants a description before it
            _set_text(item, "description", None)
        etree.SubElement(item, f"{{{ATOM}}}updated").text = rfc3339(entry.updated)
        for author in entry.authors:
            etree.SubElement(item, f"{{{DC}}}creator").text = author
        first = next((file for file in entry.enclosures if stands_in_enclosure(file.url)), None)
        if first:
            attributes = {"url": first.url, "length": str(first.length or 0), "type": first.type or ""}
            etree.SubElement(item, "enclosure", attributes)
        for file in entry.enclosures:
            if file is not first:
                _add_media(item, file)
        self._add_pictures(item)
        self._add_point(item)
        item.tail = "\n"
        return item

    def _source(self) -> etree._Element:
        """atom:source as RFC 4287 section 4.2.11 wants it: what the feed said of itself when it brought the entry."""
        origin = self.entry.origin
        source = _element("source", {})
        for name, text in (("id", origin.id), ("title", origin.title), ("updated", rfc3339(self.entry.source_updated))):
            etree.SubElement(source, name).text = text
        if origin.url:
            source.append(_element("link", Link("self", origin.url).attributes))
        if origin.link:
            source.append(_element("link", Link("alternate", origin.link).attributes))
        return source

    def _add_pictures(self, parent: etree._Element) -> None:
        """What the article shows: no enclosures, which readers offer for download."""
        for picture in self.entry.pictures:
            _add_media(parent, picture, medium="image")
        if self.entry.image:
            etree.SubElement(parent, f"{{{MEDIA}}}thumbnail", {"url": self.entry.image})

    def _add_point(self, parent: etree._Element) -> None:
        place = self.entry.place
        if place:
            point = f"{place.latitude:.2f} {place.longitude:.2f}"
            etree.SubElement(parent, f"{{{GEORSS}}}point").text = point


def new_feed(head: Head, entries: Iterable[Entry]) -> tuple[Any, list[tuple[Any, Entry]]]:
    """A feedgen feed with the mending in it, and each of its entries in the order given, beside the one it is for."""
    generator = feedgen.feed.FeedGenerator()
    generator.register_extension("mending", FeedMending, EntryMending)
    generator.mending.head = head
    made = []
    for entry in entries:
        element = generator.add_entry(order="append")  # feedgen: prepends
        element.mending.entry = entry
        made.append((element, entry))
    return generator, made


def elements(xml: bytes, tag: bytes) -> list[bytes]:
    """Each entry of the document that feedgen wrote, as its own line. (No text has a `<` in it, so tags alone match.)"""
    end = b"</%s>\n" % tag
    body = xml[xml.index(b"<%s " % tag) : xml.rindex(end)]
    return [written_out(element) + end for element in body.split(end)]


def written_out(xml: bytes) -> bytes:
    """The bytes that feedgen wrote, each & of a text as the RSS profile recommends.

    Where a title has &amp; in it, the validator suspects markup (ContainsHTML) unless it stands as &#x26;.
    https://www.rssboard.org/rss-profile#data-types-characterdata

    It takes “Ã©” for a wrong encoding (BadCharacters), though an article may well speak of that; not as “Ã&#xA9;”.
    """
    xml = xml.replace(b"&amp;", b"&#x26;")
    if b"\xc3\x82" in xml or b"\xc3\x83" in xml:
        xml = _DOUBTFUL.sub(lambda found: b"%s&#x%X;" % (found[1], found[2][0]), xml)
    return xml


def _entry_links(entry: Entry) -> list[Link]:
    links = [Link("alternate", entry.url, "text/html")] if entry.url else []
    return links + [Link("enclosure", file.url, file.type, file.length) for file in entry.enclosures]


def _add_media(parent: etree._Element, file: Enclosure, **more: str) -> None:
    """media:content (rssboard.org/media-rss)."""
    size = {"fileSize": str(file.length)} if file.length else {}
    etree.SubElement(parent, f"{{{MEDIA}}}content", {"url": file.url, "type": file.type or ""} | size | more)


def _element(tag: str, attributes: dict[str, str]) -> etree._Element:
    return etree.Element(tag, attributes)


def _set_text(parent: etree._Element, tag: str, text: str | None) -> None:
    child = parent.find(tag)
    if child is None:
        child = etree.SubElement(parent, tag)
    child.text = text


def _replace(parent: etree._Element, tag: str, children: Iterable[etree._Element]) -> None:
    """The children called *tag* are these from now on, where the first of them stood."""
    old = parent.findall(tag)
    place = parent.index(old[0]) if old else len(parent)
    for child in old:
        parent.remove(child)
    for number, child in enumerate(children):
        parent.insert(place + number, child)


def _one_a_line(parent: etree._Element) -> etree._Element:
    parent.text = "\n"
    for child in parent:
        child.tail = "\n"
    return parent
