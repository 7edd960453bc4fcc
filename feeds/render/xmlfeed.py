"""A feed as Atom 1.0 (RFC 4287) and as RSS 2.0, by feedgen. Called by render_feed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from feeds.render.entry import Entry
from feeds.render.mended import Head, Link, new_feed, written
from feeds.render.parts import GENERATOR, MEDIA_TYPES, OutputFeed, RenderSettings
from feeds.render.values import language_tag, line, web_url

RIGHTS = "Titles, summaries and texts belong to the publishers named in each entry."

_PERIODS = (("hourly", 3600), ("daily", 86_400), ("weekly", 7 * 86_400), ("monthly", 30 * 86_400))


def atom(feed: OutputFeed, entries: Sequence[Entry], settings: RenderSettings) -> bytes:
    """atom.xml of *feed*."""
    generator, made = new_feed(_head(feed, entries, settings, "atom"), entries)
    _describe(generator, feed, entries, settings)
    for element, entry in made:
        _fill(element, entry)
        element.updated(entry.updated)
        element.author([{"name": author} for author in entry.authors])
        if entry.url:
            element.link(href=entry.url)
            element.summary(entry.text, type="html")
        if entry.content or not entry.url:  # RFC 4287 section 4.1.2: without an alternate link there is content
            element.content(entry.content or entry.text, type="html")
    return written(generator.atom_str())


def rss(feed: OutputFeed, entries: Sequence[Entry], settings: RenderSettings) -> bytes:
    """rss.xml of *feed*."""
    generator, made = new_feed(_head(feed, entries, settings, "rss"), entries)
    _describe(generator, feed, entries, settings)
    generator.ttl(max(1, round(settings.interval.total_seconds() / 60)))
    if feed.language:
        generator.language(language_tag(feed.language))
    for element, entry in made:
        _fill(element, entry)
        if entry.url:
            element.link(href=entry.url)
        element.description(entry.text)
        if entry.content:
            element.content(entry.content)
        if entry.origin.url:
            element.source(entry.origin.url, entry.origin.title)
    return written(generator.rss_str())


def syndication(interval: timedelta) -> tuple[str, int]:
    """sy:updatePeriod and sy:updateFrequency: (“hourly”, 2) for half an hour. RSS 1.0 module syndication."""
    seconds = interval.total_seconds()
    name, period = next(((name, length) for name, length in _PERIODS if seconds <= length), _PERIODS[-1])
    return name, max(1, round(period / seconds))


def updated(feed: OutputFeed, entries: Sequence[Entry]) -> datetime:
    """When anything in *feed* last changed: what its entries say, never the time of making."""
    return max((entry.updated for entry in entries), default=feed.updated_if_empty)


def _head(feed: OutputFeed, entries: Sequence[Entry], settings: RenderSettings, kind: str) -> Head:
    page = web_url(settings.page_url(feed)) or ""
    links = [
        Link("self", web_url(settings.feed_url(feed, kind)) or "", MEDIA_TYPES[kind]),
        Link("alternate", page, "text/html"),
    ]
    hub = web_url(settings.publish.hub)
    if hub:
        links.append(Link("hub", hub))
    period, frequency = syndication(settings.interval)
    language = language_tag(feed.language) or settings.site.language
    return Head(language, tuple(links), page, updated(feed, entries), period, frequency)


def _describe(generator: Any, feed: OutputFeed, entries: Sequence[Entry], settings: RenderSettings) -> None:
    title = line(feed.title) or feed.path
    generator.id(feed.id)
    generator.title(title)
    generator.subtitle(line(feed.description) or title)
    generator.updated(updated(feed, entries))
    generator.author(name=line(settings.site.author) or line(settings.site.title) or title)
    generator.link(href=settings.page_url(feed))
    generator.generator(GENERATOR, settings.version or None)
    generator.rights(RIGHTS)


def _fill(element: Any, entry: Entry) -> None:
    element.id(entry.id)
    element.title(entry.title)
    element.category([{"term": each.term, "scheme": each.scheme, "label": each.label} for each in entry.categories])
    if entry.published is not None:
        element.published(entry.published)
