"""A feed as a page, and the front page: HTML without scripts or requests to others. Called by render and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feeds.model import Document
from feeds.render.entry import Entry, make_entry
from feeds.render.parts import FILES, MEDIA_TYPES, OutputFeed, RenderSettings
from feeds.render.values import line, rfc3339
from feeds.render.words import shown_date, words

_NAMES = {"atom": "Atom", "rss": "RSS", "json": "JSON Feed"}


def feed_page(feed: OutputFeed, entries: Sequence[Entry], settings: RenderSettings) -> bytes:
    """index.html of *feed*."""
    return filled(
        "feed.html",
        settings,
        title=line(feed.title) or feed.path,
        description=line(feed.description),
        links=_links(settings),
        home="../" * (feed.path.count("/") + 1) + "index.html",
        entries=[_shown(entry, settings) for entry in entries],
    )


def search_page(
    feed: OutputFeed,
    settings: RenderSettings,
    text: str,
    filters: Mapping[str, str | None],
    query: str,
    further: str,
) -> bytes:
    """What a search found. *query* is its query string, which its feeds have too; *further* leads to older ones."""
    formats = [kind for kind in _NAMES if query]
    return filled(
        "search.html",
        settings,
        title=line(feed.title),
        description="",
        links=[
            {"name": _NAMES[kind], "type": MEDIA_TYPES[kind], "href": f"search/{FILES[kind]}?{query}"}
            for kind in formats
        ],
        home="index.html",
        entries=[_shown(make_entry(article, settings), settings) for article in feed.articles],
        action="search",
        text=line(text),
        filters=[(name, line(value)) for name, value in filters.items() if value],
        further=further,
    )


def front_page(feeds: Sequence[OutputFeed], settings: RenderSettings) -> Document:
    """index.html at the root of output/: every feed, how to subscribe, and what else there is."""
    body = filled(
        "front.html",
        settings,
        title=line(settings.site.title),
        description=line(settings.site.description),
        feeds=[_listed(feed, settings) for feed in feeds],
    )
    return Document("index.html", MEDIA_TYPES["html"], body)


def filled(template: str, settings: RenderSettings, **values: Any) -> bytes:
    """The page that *template* and *values* make."""
    site = settings.site
    common = {"language": site.language, "site": line(site.title), "words": words(site), "css": _css()}
    return _environment().get_template(template).render(**common, **values).encode()


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("feeds", "site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _css() -> Markup:
    loader = _environment().loader
    assert loader is not None
    return Markup(loader.get_source(_environment(), "style.css")[0])  # our own file, in <style>


def _links(settings: RenderSettings, folder: str = "") -> list[dict[str, str]]:
    """The formats one can subscribe to, relative to the page that names them."""
    return [
        {"name": name, "type": MEDIA_TYPES[kind], "href": folder + FILES[kind]}
        for kind, name in _NAMES.items()
        if kind in settings.publish.formats
    ]


def _shown(entry: Entry, settings: RenderSettings) -> dict[str, Any]:
    date = entry.published or entry.updated
    return {
        "language": entry.language or "",
        "direction": entry.direction,
        "url": entry.url,
        "title": entry.title,
        "source": entry.origin.name,
        "label": words(settings.site)[entry.origin.label] if entry.origin.label else "",
        "datetime": rfc3339(date),
        "date": shown_date(date, settings.site),
        "also": entry.also,
        "summary": entry.summary if entry.summary != entry.title else "",
        "why": [category.label for category in entry.categories],
    }


def _listed(feed: OutputFeed, settings: RenderSettings) -> dict[str, Any]:
    newest = max((article.date for article in feed.articles), default=None)
    return {
        "title": line(feed.title) or feed.path,
        "description": line(feed.description),
        "page": f"{feed.path}/index.html",
        "links": _links(settings, f"{feed.path}/"),
        "count": len(feed.articles),
        "datetime": rfc3339(newest) if newest else "",
        "date": shown_date(newest, settings.site) if newest else "",
    }
