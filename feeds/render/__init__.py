"""Articles → Documents: Atom, RSS, JSON Feed and pages. Pure: no clock, no network; called by outputs.

Equal inputs give equal bytes under every locale, time zone and hash seed; only status/ names the time of its making.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from io import BytesIO
from typing import IO, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from feeds.model import Document, Snapshot, StoredArticle, Stream
from feeds.render.entry import Entry, make_entry
from feeds.render.jsonfeed import BETWEEN, json_entries, json_feed
from feeds.render.page import (
    ON_FRONT,
    ON_PAGE,
    about_page,
    all_articles,
    article_page,
    article_path,
    error_page,
    feed_page,
    front_page,
    looks,
    month_page,
    month_path,
    search_page,
    subscribe_page,
)
from feeds.render.parts import (
    FILES,
    MEDIA_TYPES,
    Frame,
    Navigation,
    OutputFeed,
    RenderSettings,
    SourceInfo,
    prefixes_in,
)
from feeds.render.statistics import statistics_page, statistics_path
from feeds.render.status import ages, freshness_page, render_status

__all__ = [
    "FILES",
    "ON_FRONT",
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
    "error_page",
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

_AT_ONCE = 20  # entries that are loaded and written together
_REMEMBERED_BYTES = 8_000_000  # of entries that other feeds may have in common
_READ_BYTES = 100_000

Key = TypeVar("Key", int, str)
Load = Callable[[Sequence[Key]], Mapping[Key, StoredArticle]]


def render_feed(feed: OutputFeed, settings: RenderSettings) -> tuple[Document, ...]:
    """atom.xml, rss.xml, feed.json and index.html of *feed*, those that `[publish] formats` names."""
    articles = {article.id: article for article in feed.articles}
    made = Renderer(settings).feed(feed, list(articles), lambda ids: {each: articles[each] for each in ids})
    return tuple(Document(each.path, each.media_type, b"".join(each.parts)) for each in made)


class _Prepared(Struct):
    """An article as each format writes it, and as an entry without its text, for pages."""

    entry: Entry
    written: dict[str, bytes]


class ArchiveEntry(Struct, frozen=True):
    """An entry of an archive's page, written as Atom."""

    updated: datetime
    xml: bytes


class _Body:
    """The entries of a document whose head is made last: it says when the newest changed, and which namespaces they need."""

    def __init__(self, file: IO[bytes], between: bytes) -> None:
        self._file, self._between = file, between
        self.prefixes: set[str] = set()

    def add(self, element: bytes) -> None:
        if self._between and self._file.tell():
            self._file.write(self._between)
        self._file.write(element)
        self.prefixes |= prefixes_in(element)

    def framed(self, frame: Frame) -> Iterator[bytes]:
        """The whole document."""
        self._file.seek(0)
        yield frame.head
        while part := self._file.read(_READ_BYTES):
            yield part
        yield frame.tail


class Renderer:
    """Renders many feeds of one state of the store: an article that is in several is prepared once, as far as room is.

    A feed is written as a stream: of its entries no more than a few are in memory. *spool* makes files for those that
    wait until its head can be made.
    """

    def __init__(self, settings: RenderSettings, spool: Callable[[], IO[bytes]] = BytesIO) -> None:
        self._settings, self._spool = settings, spool
        self._kinds = [kind for kind in FILES if kind in settings.publish.formats]
        self._feeds = [kind for kind in self._kinds if kind != "html"]
        self._prepared: dict[int | str, _Prepared] = {}
        self._bytes = 0

    def feed(self, feed: OutputFeed, keys: Sequence[Key], load: Load[Key]) -> Iterator[Stream]:
        """atom.xml, rss.xml, feed.json and index.html of *feed*, those that `[publish] formats` names.

        Its articles are those of *keys*, in this order, as *load* gives them. Each stream is to be read before the next.
        """
        with ExitStack() as stack:
            bodies: dict[str, _Body] = {kind: self._body(stack, kind) for kind in self._feeds}
            changed: datetime | None = None
            paged: list[Entry] = []
            for start in range(0, len(keys), _AT_ONCE):
                for prepared in self._prepare(keys[start : start + _AT_ONCE], load):
                    changed = max(changed or prepared.entry.updated, prepared.entry.updated)
                    if len(paged) < ON_PAGE:
                        paged.append(prepared.entry)
                    for format_, body in bodies.items():
                        body.add(prepared.written[format_])
            for kind in self._kinds:
                if kind == "html":
                    parts: Iterable[bytes] = [feed_page(feed, paged, self._settings)]
                else:
                    frame = _frame(kind, feed, changed or feed.updated_if_empty, bodies[kind].prefixes, self._settings)
                    parts = bodies[kind].framed(frame)
                yield Stream(f"{feed.path}/{FILES[kind]}", MEDIA_TYPES[kind], parts)

    def archive_entries(self, shown: Sequence[tuple[SourceInfo, Snapshot]]) -> list[ArchiveEntry]:
        """Articles as every page of an archive shows them. With each stands what its source is today."""
        entries = [make_entry(each.article, self._settings, _as_it_was(today, each)) for today, each in shown]
        written = _entries_of("atom")(entries)
        return [ArchiveEntry(entry.updated, xml) for entry, xml in zip(entries, written, strict=True)]

    def archive_page(self, feed: OutputFeed, path: str, entries: Iterable[ArchiveEntry]) -> Iterator[Stream]:
        """A page of *feed*'s archive at *path*, in Atom. It names no version of ours: an update must not change it."""
        settings = replace(self._settings, version="")
        with ExitStack() as stack:
            body = self._body(stack, "atom")
            changed: datetime | None = None
            for entry in entries:
                changed = max(changed or entry.updated, entry.updated)
                body.add(entry.xml)
            frame = _frame("atom", feed, changed or feed.updated_if_empty, body.prefixes, settings)
            yield Stream(path, MEDIA_TYPES["atom"], body.framed(frame))

    def _body(self, stack: ExitStack, kind: str) -> _Body:
        return _Body(stack.enter_context(self._spool()), BETWEEN if kind == "json" else b"")

    def _prepare(self, keys: Sequence[Key], load: Load[Key]) -> list[_Prepared]:
        """The articles of *keys* that are there."""
        if self._bytes > _REMEMBERED_BYTES:
            self._prepared.clear()
            self._bytes = 0
        found = load([key for key in keys if key not in self._prepared])
        entries = [make_entry(article, self._settings) for article in found.values()]
        made = [_entries_of(kind)(entries) for kind in self._feeds]
        for key, entry, *written in zip(found, entries, *made, strict=True):
            by_kind = dict(zip(self._feeds, written, strict=True))
            self._prepared[key] = _Prepared(replace(entry, text="", content=None), by_kind)
            self._bytes += sum(map(len, written))
        return [self._prepared[key] for key in keys if key in self._prepared]


def _entries_of(kind: str) -> Callable[[Sequence[Entry]], list[bytes]]:
    if kind == "json":
        return json_entries
    from feeds.render.xmlfeed import atom_entries, rss_entries  # here, and below: most runs have nothing to write

    return atom_entries if kind == "atom" else rss_entries


def _frame(
    kind: str, feed: OutputFeed, changed: datetime, prefixes: Collection[str], settings: RenderSettings
) -> Frame:
    if kind == "json":
        return json_feed(feed, settings)
    from feeds.render.xmlfeed import atom, rss

    return (atom if kind == "atom" else rss)(feed, changed, prefixes, settings)


def _as_it_was(today: SourceInfo, snapshot: Snapshot) -> SourceInfo:
    """The source with what its feed said of itself when the article came: its later words must not change old pages."""
    said = snapshot.feed_title, snapshot.feed_id, snapshot.feed_link
    return SourceInfo(today.name, today.url, *said, control=today.control, text=today.text)
