"""What the renderer is told: the feeds to write, the sources they quote, and how. Made by outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct, field

from feeds.config import Control, Publish, Site, TextPolicy, Topic
from feeds.model import Place, StoredArticle

GENERATOR = "feeds"

ICON, LOGO, FAVICON = "assets/icon.png", "assets/logo.png", "favicon.ico"

FILES = {"atom": "atom.xml", "rss": "rss.xml", "json": "feed.json", "html": "index.html"}
MEDIA_TYPES = {
    "atom": "application/atom+xml",
    "rss": "application/rss+xml",
    "json": "application/feed+json",
    "html": "text/html",
}


# The namespaces that entries can need, by the prefixes that they have in all our feeds.
PREFIXES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "georss": "http://www.georss.org/georss",
    "media": "http://search.yahoo.com/mrss/",
}


def prefixes_in(entry: bytes) -> set[str]:
    """Those that an *entry* as it was written needs. (No text has a `<` in it, so tags alone match.)"""
    return {prefix for prefix in PREFIXES if b"<%s:" % prefix.encode() in entry}


class Frame(NamedTuple):
    """What stands before a document's entries, and after them."""

    head: bytes
    tail: bytes


class SourceInfo(Struct, frozen=True):
    """A source as an entry names it. *url* is public, without secrets; *id* and *link* are what its feed says."""

    name: str
    url: str
    title: str | None = None
    id: str | None = None
    link: str | None = None
    language: str | None = None
    control: Control = "unknown"
    text: TextPolicy | None = None


class Navigation(Struct, frozen=True):
    """Where a page leads: names and paths under output/. *older* and *newer* are neighbours, "" for none."""

    languages: tuple[tuple[str, str], ...] = ()
    countries: tuple[tuple[str, str], ...] = ()
    months: tuple[tuple[str, str], ...] = ()
    older: str = ""
    newer: str = ""
    statistics: str = ""


class OutputFeed(Struct, frozen=True, kw_only=True):
    """A feed to write under *path*: its articles are chosen already, newest first.

    *id* is a urn:uuid: that stays whatever becomes of base_url. *language* is None where entries are in several.
    *topic* is the topic it belongs to, None where it holds every article. *links* are other documents of it by their
    relation: absolute URLs of Atom (RFC 5005). *next_url* is where a JSON Feed goes on.
    *urls* are its own addresses by kind where they do not follow from *path*. A page of its archive (*is_page*) is in
    Atom alone, and complete (*is_archive*) unless it is the last. *name* is what our pages call it, where the site is
    plain: its title without the site's; *navigation* is for its page.
    """

    path: str
    id: str
    title: str
    updated_if_empty: datetime
    description: str = ""
    language: str | None = None
    topic: str | None = None
    articles: tuple[StoredArticle, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    next_url: str | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    is_page: bool = False
    is_archive: bool = False
    name: str = ""
    navigation: Navigation = Navigation()


class RenderSettings(Struct, frozen=True, kw_only=True):
    """What all feeds have in common. *sources* and *topics* are by name.

    *interval* is how often the sources are asked: what the feeds tell their readers to expect. *version* is ours, in
    the generator's place of every feed. *places* say where concepts lie, and *names* what they are called in the language
    of our pages, by their ids.
    """

    site: Site = field(default_factory=Site)
    publish: Publish = field(default_factory=Publish)
    interval: timedelta = timedelta(minutes=30)
    version: str = ""
    sources: Mapping[str, SourceInfo] = field(default_factory=dict)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    names: Callable[[], Mapping[str, str]] = dict

    def url(self, path: str = "") -> str:
        """Where *path*, relative to output/, is reachable."""
        return self.site.base_url.rstrip("/") + "/" + path

    def text_of(self, source: str) -> TextPolicy:
        """How much may be republished of what *source*, by its name, brought."""
        info = self.sources.get(source)
        return (info.text if info else None) or self.publish.text

    def feed_url(self, feed: OutputFeed, kind: str) -> str:
        """Where *feed* is reachable as "atom", "rss" or "json"."""
        return feed.urls.get(kind) or self.url(f"{feed.path}/{FILES[kind]}")

    def page_url(self, feed: OutputFeed) -> str:
        """The page of *feed*, or of the site where no pages are published."""
        own = self.url(f"{feed.path}/") if "html" in self.publish.formats else self.url()
        return feed.urls.get("html", own)
