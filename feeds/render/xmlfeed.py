"""A feed as Atom 1.0 (RFC 4287) and as RSS 2.0, by feedgen. Called by render_feed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from feeds.render.entry import Entry
from feeds.render.mended import NO_DESCRIPTION, Head, Link, elements, new_feed, written_out
from feeds.render.parts import GENERATOR, ICON, LOGO, MEDIA_TYPES, Frame, OutputFeed, RenderSettings
from feeds.render.values import language_tag, line, web_url
from feeds.urls import public_url

RIGHTS = "Titles, summaries and texts belong to the publishers named in each entry."

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PERIODS = (("hourly", 3600), ("daily", 86_400), ("weekly", 7 * 86_400), ("monthly", 30 * 86_400))


def atom(feed: OutputFeed, changed: datetime, prefixes: Collection[str], settings: RenderSettings) -> Frame:
    """*feed* as Atom, last *changed* then. *prefixes* are the namespaces that its entries need (see `prefixes_in`)."""
    xml: bytes = _feed(feed, changed, prefixes, settings, "atom").atom_str()
    return _frame(xml, b"</feed>")


def rss(feed: OutputFeed, changed: datetime, prefixes: Collection[str], settings: RenderSettings) -> Frame:
    """*feed* as RSS, last *changed* then. *prefixes* are the namespaces that its entries need (see `prefixes_in`)."""
    generator = _feed(feed, changed, prefixes, settings, "rss")
    generator.ttl(max(1, round(settings.interval.total_seconds() / 60)))
    if feed.language:
        generator.language(language_tag(feed.language))
    xml: bytes = generator.rss_str()
    return _frame(xml, b"</channel>")


def _frame(xml: bytes, end: bytes) -> Frame:
    head, end, rest = written_out(xml.rstrip()).partition(end)
    return Frame(head, end + rest + b"\n")


def atom_entries(entries: Sequence[Entry]) -> list[bytes]:
    """Each entry as Atom, one a line: the same in every feed that it is in."""
    generator, made = _no_feed(entries)
    for element, entry in made:
        _fill(element, entry, is_rss=False)
        element.updated(entry.updated)
        element.author([{"name": author} for author in entry.authors])
        if entry.url:
            element.link(href=entry.url)
        if entry.url and entry.text:
            element.summary(entry.text, type="html")
        if entry.content or not entry.url:  # RFC 4287 section 4.1.2: without an alternate link there is content
            element.content(entry.content or entry.text, type="html")
    return elements(generator.atom_str(), b"entry") if entries else []


def rss_entries(entries: Sequence[Entry]) -> list[bytes]:
    """Each entry as an RSS item, one a line: the same in every feed that it is in."""
    generator, made = _no_feed(entries)
    for element, entry in made:
        _fill(element, entry, is_rss=True)
        if entry.url:
            element.link(href=entry.url)
        # feedgen: without a description the content takes its place. The mending leaves it empty again.
        element.description(entry.text or NO_DESCRIPTION)
        if entry.content:
            element.content(entry.content)
        if entry.origin.url:
            element.source(entry.origin.url, entry.origin.title)
    return elements(generator.rss_str(), b"item") if entries else []


def syndication(interval: timedelta) -> tuple[str, int]:
    """sy:updatePeriod and sy:updateFrequency: (“hourly”, 2) for half an hour. RSS 1.0 module syndication."""
    seconds = interval.total_seconds()
    name, period = next(((name, length) for name, length in _PERIODS if seconds <= length), _PERIODS[-1])
    return name, max(1, round(period / seconds))


def _feed(feed: OutputFeed, changed: datetime, prefixes: Collection[str], settings: RenderSettings, kind: str) -> Any:
    """A feedgen feed that is all head: as new as its newest change, whenever it is made."""
    head = replace(_head(feed, changed, settings, kind), prefixes=frozenset(prefixes))
    generator, _ = new_feed(head, ())
    _describe(generator, feed, changed, settings)
    return generator


def _no_feed(entries: Sequence[Entry]) -> tuple[Any, list[tuple[Any, Entry]]]:
    """A feedgen feed that is all entries, its head the least that feedgen writes."""
    head = Head("und", (), "-", _EPOCH, "hourly", 1)
    generator, made = new_feed(head, entries)
    for value in (generator.id, generator.title, generator.subtitle):
        value("-")
    generator.link(href="-")
    return generator, made


def _head(feed: OutputFeed, changed: datetime, settings: RenderSettings, kind: str) -> Head:
    page = web_url(settings.page_url(feed)) or ""
    links = [
        Link("self", web_url(settings.feed_url(feed, kind)) or "", MEDIA_TYPES[kind]),
        Link("alternate", page, "text/html"),
    ]
    hub = web_url(public_url(settings.publish.hub))
    if hub and not feed.is_page:
        links.append(Link("hub", hub))
    links += [Link(rel, web_url(url) or "", MEDIA_TYPES["atom"]) for rel, url in feed.links.items()]
    period, frequency = syndication(settings.interval)
    language = language_tag(feed.language) or settings.site.language
    icon, logo = (web_url(settings.url(path)) for path in (ICON, LOGO))
    return Head(language, tuple(links), page, changed, period, frequency, feed.is_archive, icon, logo)


def _describe(generator: Any, feed: OutputFeed, changed: datetime, settings: RenderSettings) -> None:
    title = line(feed.title) or feed.path
    generator.id(feed.id)
    generator.title(title)
    generator.subtitle(line(feed.description) or title)
    generator.updated(changed)
    generator.author(name=line(settings.site.author) or line(settings.site.title) or title)
    generator.link(href=settings.page_url(feed))
    generator.generator(GENERATOR, settings.version or None)
    generator.rights(RIGHTS)


def _fill(element: Any, entry: Entry, *, is_rss: bool) -> None:
    element.id(entry.id)
    element.title(entry.title)
    element.category(
        [
            # RSS has no place for a term beside its name: there the name is the term, and the same in every language.
            {"term": each.term, "scheme": each.scheme, "label": each.name if is_rss else each.label}
            for each in entry.categories
        ]
    )
    if entry.published is not None:
        element.published(entry.published)
