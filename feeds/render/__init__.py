"""Articles → Documents: Atom, RSS, JSON Feed and pages. Pure: no clock, no network; called by outputs.

Equal inputs give equal bytes under every locale, time zone and hash seed; only status/ names the time of its making.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from feeds.model import Document, Snapshot, StoredArticle
from feeds.render.entry import Entry, make_entry
from feeds.render.jsonfeed import json_entries, json_feed
from feeds.render.page import (
    about_page,
    all_articles,
    article_page,
    article_path,
    feed_page,
    front_page,
    looks,
    month_page,
    month_path,
    search_page,
    subscribe_page,
)
from feeds.render.parts import FILES, MEDIA_TYPES, Navigation, OutputFeed, RenderSettings, SourceInfo
from feeds.render.statistics import statistics_page, statistics_path
from feeds.render.status import ages, freshness_page, render_status

__all__ = [
    "FILES",
    "ArchiveEntry",
    "Navigation",
    "OutputFeed",
    "RenderSettings",
    "Renderer",
    "SourceInfo",
    "about_page",
    "ages",
    "all_articles",
    "article_page",
    "article_path",
    "freshness_page",
    "front_page",
    "looks",
    "month_page",
    "month_path",
    "render_feed",
    "render_status",
    "search_page",
    "statistics_page",
    "statistics_path",
    "subscribe_page",
]

_REMEMBERED_BYTES = 32_000_000


def render_feed(feed: OutputFeed, settings: RenderSettings) -> tuple[Document, ...]:
    """atom.xml, rss.xml, feed.json and index.html of *feed*, those that `[publish] formats` names."""
    return Renderer(settings).feed(feed)


class _Prepared(Struct):
    """An article as an entry, and that entry as each format writes it."""

    entry: Entry
    written: dict[str, bytes] = field(default_factory=dict)


class ArchiveEntry(Struct, frozen=True):
    """An entry of an archive's page, written as Atom."""

    updated: datetime
    xml: bytes


class Renderer:
    """Renders many feeds of one state of the store: an article that is in several is prepared once."""

    def __init__(self, settings: RenderSettings) -> None:
        self._settings = settings
        self._prepared: dict[str, _Prepared] = {}
        self._bytes = 0

    def feed(self, feed: OutputFeed) -> tuple[Document, ...]:
        """atom.xml, rss.xml, feed.json and index.html of *feed*, those that `[publish] formats` names."""
        prepared = self._prepare(feed.articles)
        return tuple(
            Document(f"{feed.path}/{FILES[kind]}", MEDIA_TYPES[kind], self._write(kind, feed, prepared))
            for kind in FILES
            if kind in self._settings.publish.formats
        )

    def archive_entries(self, shown: Sequence[tuple[SourceInfo, Snapshot]]) -> list[ArchiveEntry]:
        """Articles as every page of an archive shows them. With each stands what its source is today."""
        from feeds.render.xmlfeed import atom_entries

        entries = [make_entry(each.article, self._settings, _as_it_was(today, each)) for today, each in shown]
        return [ArchiveEntry(entry.updated, xml) for entry, xml in zip(entries, atom_entries(entries), strict=True)]

    def archive_page(self, feed: OutputFeed, path: str, entries: Sequence[ArchiveEntry]) -> Document:
        """A page of *feed*'s archive at *path*, in Atom. It names no version of ours: an update must not change it."""
        from feeds.render.xmlfeed import atom

        settings = replace(self._settings, version="")
        changed = max((entry.updated for entry in entries), default=feed.updated_if_empty)
        return Document(path, MEDIA_TYPES["atom"], atom(feed, changed, [entry.xml for entry in entries], settings))

    def _prepare(self, articles: Iterable[StoredArticle]) -> list[_Prepared]:
        if self._bytes > _REMEMBERED_BYTES:
            self._prepared.clear()
            self._bytes = 0
        for article in articles:
            if article.id not in self._prepared:
                self._prepared[article.id] = _Prepared(make_entry(article, self._settings))
        return [self._prepared[article.id] for article in articles]

    def _write(self, kind: str, feed: OutputFeed, prepared: Sequence[_Prepared]) -> bytes:
        entries = [each.entry for each in prepared]
        if kind == "html":
            return feed_page(feed, entries, self._settings)
        new = [each for each in prepared if kind not in each.written]
        for each, element in zip(new, _entries_of(kind)([each.entry for each in new]), strict=True):
            each.written[kind] = element
            self._bytes += len(element)
        written = [each.written[kind] for each in prepared]
        if kind == "json":
            return json_feed(feed, written, self._settings)
        changed = max((entry.updated for entry in entries), default=feed.updated_if_empty)
        from feeds.render.xmlfeed import atom, rss

        return (atom if kind == "atom" else rss)(feed, changed, written, self._settings)


def _entries_of(kind: str) -> Callable[[Sequence[Entry]], list[bytes]]:
    if kind == "json":
        return json_entries
    from feeds.render.xmlfeed import atom_entries, rss_entries  # here, and above: most runs have nothing to write

    return atom_entries if kind == "atom" else rss_entries


def _as_it_was(today: SourceInfo, snapshot: Snapshot) -> SourceInfo:
    """The source with what its feed said of itself when the article came: its later words must not change old pages."""
    said = snapshot.feed_title, snapshot.feed_id, snapshot.feed_link
    return SourceInfo(today.name, today.url, *said, control=today.control, text=today.text)
