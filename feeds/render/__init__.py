"""Articles → Documents: Atom, RSS, JSON Feed and pages. Pure: no clock, no network; called by outputs.

Equal inputs give equal bytes under every locale, time zone and hash seed; only status/ names the time of its making.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from feeds.model import Document
from feeds.render.entry import Entry, make_entry
from feeds.render.jsonfeed import json_feed
from feeds.render.page import feed_page, front_page
from feeds.render.parts import FILES, MEDIA_TYPES, OutputFeed, RenderSettings, SourceInfo
from feeds.render.status import render_status
from feeds.render.xmlfeed import atom, rss

__all__ = ["OutputFeed", "RenderSettings", "SourceInfo", "front_page", "render_feed", "render_status"]

_Format = Callable[[OutputFeed, Sequence[Entry], RenderSettings], bytes]
_FORMATS: Mapping[str, _Format] = {"atom": atom, "rss": rss, "json": json_feed, "html": feed_page}


def render_feed(feed: OutputFeed, settings: RenderSettings) -> tuple[Document, ...]:
    """atom.xml, rss.xml, feed.json and index.html of *feed*, those that `[publish] formats` names."""
    entries = [make_entry(article, settings) for article in feed.articles]
    return tuple(
        Document(f"{feed.path}/{FILES[kind]}", MEDIA_TYPES[kind], write(feed, entries, settings))
        for kind, write in _FORMATS.items()
        if kind in settings.publish.formats
    )
