"""feedparser with its known faults mended, one by one. Called by xmlfeed alone."""

from __future__ import annotations

from typing import Any

import feedparser
from feedparser.mixin import _FeedParserMixin
from feedparser.namespaces._base import Namespace
from feedparser.namespaces.mediarss import Namespace as MediaRss

from feeds.errors import ParseError

_pop = _FeedParserMixin.pop
_start_item = Namespace._start_item
_HOLDERS = {"rss", "rdf:rdf", "channel", "feed", "item", "entry", "media:group", "media:content"}
_TEXTS = {"title", "description", "summary", "content", "subtitle"}
_PARTS = set(
    "title link id guid description summary subtitle tagline content content:encoded abstract updated modified published "
    "pubdate issued created category author dc:title dc:description dc:date dc:creator dc:subject media:title".split()
)


def read(url: str, document: bytes) -> Any:
    """feedparser's result for a UTF-8 document: unsanitised, its embedded links unresolved.

    Raises ParseError where feedparser itself fails, as it does on elements that it did not expect where they stand.
    """
    try:
        return feedparser.parse(
            document,
            response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (MemoryError, RecursionError):  # the pool's to explain
        raise
    except Exception as error:
        raise ParseError(url, f"the document confuses the parser ({type(error).__name__})") from error


def _pop_outside_images(self: Any, element: str, strip_whitespace: int = 1) -> Any:
    """An <image> in an item has a title and a link of its own, which feedparser takes for the item's."""
    if not (self.inentry and self.inimage) or self.insource:
        return _pop(self, element, strip_whitespace)
    entry = self.entries[-1]
    self.entries[-1] = feedparser.FeedParserDict(links=[feedparser.FeedParserDict()])
    output = _pop(self, element, strip_whitespace)
    self.entries[-1] = entry
    if element in ("href", "url", "image") and output:
        entry.setdefault("image", feedparser.FeedParserDict(href=output))
    return output


def _pop_as_said(self: Any, element: str, strip_whitespace: int = 1) -> Any:
    """feedparser decodes a text as UTF-8 once more wherever that can be done: normalise looks whether it was meant so."""
    encoding = self.encoding
    if element in _TEXTS:
        self.encoding = ""
    output = _pop_outside_images(self, element, strip_whitespace)
    self.encoding = encoding
    return output


def _start_item_afresh(self: Any, attributes: Any) -> None:
    """An <image> or <textInput> left open ends with its item."""
    self.inimage = self.intextinput = 0
    _start_item(self, attributes)


def _start_media_description(self: Any, attributes: Any) -> None:
    """The caption of a picture: feedparser takes it for the item's content."""
    self.push("media_description", 1)


def _end_media_description(self: Any) -> None:
    self.pop("media_description")


def _start_guid(self: Any, attributes: Any) -> None:
    """feedparser knows isPermaLink only as "true", and forgets it where a <link> came before, be it an empty one."""
    is_permalink = attributes.get("ispermalink", "true").strip().lower() not in ("false", "no", "0")
    self.guidislink = is_permalink
    context = self._get_context()
    context["is_permalink"], context["says_permalink"] = is_permalink, is_permalink and "ispermalink" in attributes
    self.push("id", 1)


class _Parser(feedparser.api.StrictFeedParser):  # type: ignore[misc]
    """Knows whose parts it meets: feedparser takes the title of an <author> for its entry's, and its link, too."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: list[tuple[str, bool]] = []  # elements, and whether they are parts of something foreign

    def unknown_starttag(self, tag: str, attributes: list[tuple[str, str]]) -> None:
        is_foreign = self._is_foreign(tag)
        self._open.append((tag, is_foreign))
        if is_foreign:
            self.push("foreign", 0)
        else:
            super().unknown_starttag(tag, attributes)

    def unknown_endtag(self, tag: str) -> None:
        _, is_foreign = self._open.pop()
        if is_foreign:
            self.pop("foreign")
        else:
            super().unknown_endtag(tag)

    def _is_foreign(self, tag: str) -> bool:
        """True where *tag* is what entries and feeds have, and the element that it stands in is neither."""
        if tag not in _PARTS or not self._open:
            return False
        holder = self._open[-1][0]
        if holder in _HOLDERS:
            return (holder, tag) == ("media:content", "media:title")
        return not (self.incontent or self.insource or self.inimage or self.intextinput)


def _keep_author_whole(self: Any, key: str = "author") -> None:
    """A name and an address stay together, for normalise to tell apart.

    feedparser does it with a pattern that leaves "ography" of anne@news.photography, and takes the square of a name's length.
    """
    context = self._get_context()
    people, author = dict.get(context, f"{key}s"), dict.get(context, key)
    if people and not people[-1] and author:
        people[-1]["name"] = author


def _start_managing_editor(self: Any, attributes: Any) -> None:
    """Who answers for a channel wrote none of its items: feedparser takes it for the feed's author."""
    self.push("managingeditor", 1)


def _end_managing_editor(self: Any) -> None:
    self.pop("managingeditor")


feedparser.api.StrictFeedParser = _Parser
Namespace._start_guid = Namespace._start_id = _start_guid
_FeedParserMixin._sync_author_detail = _keep_author_whole
Namespace._start_managingeditor, Namespace._end_managingeditor = _start_managing_editor, _end_managing_editor
_FeedParserMixin.pop = _pop_as_said
# An id is compared, never followed: resolved, it would change whenever the feed moves. RFC 4287 section 4.2.6.
_FeedParserMixin.can_be_relative_uri = _FeedParserMixin.can_be_relative_uri - {"id"}
Namespace._start_item = Namespace._start_entry = _start_item_afresh
MediaRss._start_media_description = _start_media_description
MediaRss._end_media_description = _end_media_description
# It looks for a parser that is found nowhere, again for each document; were it found, the same document would be read
# otherwise on that machine. What is left is Python's own, expat.
feedparser.api.PREFERRED_XML_PARSERS.clear()
