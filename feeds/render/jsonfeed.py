"""A feed as JSON Feed 1.1 (jsonfeed.org/version/1.1). Called by render_feed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from feeds.markup import inert_title
from feeds.render.entry import Entry
from feeds.render.parts import ICON, Frame, OutputFeed, RenderSettings
from feeds.render.values import language_tag, line, rfc3339, web_url
from feeds.urls import public_url

BETWEEN = b",\n"  # items
VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(feed: OutputFeed, settings: RenderSettings) -> Frame:
    """feed.json of *feed*: its head in the first line, then one item a line, as `json_entries` gives them."""
    return Frame(_written(_head(feed, settings))[:-1] + b',"items":[\n', b"\n]}\n")


def json_entries(entries: Iterable[Entry]) -> list[bytes]:
    """Each entry as an item: the same in every feed that it is in."""
    return [_written(_item(entry)) for entry in entries]


def _head(feed: OutputFeed, settings: RenderSettings) -> dict[str, Any]:
    title = line(feed.title) or feed.path
    hub = web_url(public_url(settings.publish.hub))
    return _given(
        version=VERSION,
        title=title,
        home_page_url=web_url(settings.page_url(feed)),
        feed_url=web_url(settings.feed_url(feed, "json")),
        description=line(feed.description),
        icon=web_url(settings.url(ICON)),
        favicon=web_url(settings.url(ICON)),
        authors=[{"name": line(settings.site.author) or line(settings.site.title) or title}],
        language=language_tag(feed.language),
        next_url=web_url(feed.next_url),
        hubs=[{"type": "WebSub", "url": hub}] if hub else None,
        _archive=_given(**{rel.replace("-", "_"): web_url(url) for rel, url in feed.links.items()}),
    )


def _item(entry: Entry) -> dict[str, Any]:
    origin = entry.origin
    return _given(
        id=entry.id,
        url=entry.url,
        title=entry.title,
        content_html=entry.content or entry.text,
        summary=inert_title(entry.summary) if entry.text else None,
        image=entry.image,
        date_published=rfc3339(entry.published) if entry.published else None,
        date_modified=rfc3339(entry.updated),
        authors=[{"name": author} for author in entry.authors],
        tags=list(dict.fromkeys(category.name for category in entry.categories)),
        language=entry.language,
        attachments=[_given(url=file.url, mime_type=file.type, size_in_bytes=file.length) for file in entry.enclosures],
        _source=_given(
            name=origin.name,
            title=origin.title,
            url=origin.url,
            home_page_url=origin.link,
            control=origin.label,
            also=list(entry.also),
        ),
        _geo=_given(latitude=entry.place.latitude, longitude=entry.place.longitude) if entry.place else None,
        _why=[_given(term=each.term, scheme=each.scheme, label=each.label) for each in entry.categories],
    )


def _given(**values: Any) -> dict[str, Any]:
    """What there is: JSON Feed leaves out what is absent."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _written(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
