"""Which feeds and files there are: the store's articles, given to render. Called by pipeline."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from feeds import __version__
from feeds.config import Config, Source
from feeds.health import source_rows
from feeds.model import Document, SourceState
from feeds.opml import feeds_opml, sources_opml
from feeds.render import OutputFeed, RenderSettings, SourceInfo, front_page, render_feed, render_status
from feeds.store import Selection, Store

ALL = "all"


def documents(config: Config, store: Store, now: datetime) -> Iterator[Document]:
    """Every file under output/: feeds and pages first, status/ last."""
    settings = render_settings(config, store)
    feeds = [output_feed(config, store, now, path) for path in feed_paths(config, store, now)]
    for feed in feeds:
        yield from render_feed(feed, settings)
    if "html" in config.publish.formats:
        yield front_page([feed for feed in feeds if "/" not in feed.path], settings)
    yield feeds_opml(config, [(feed.path, feed.title) for feed in feeds])
    yield sources_opml(config)
    yield from render_status(source_rows(config, store, now), settings, now)


def feed_paths(config: Config, store: Store, now: datetime) -> list[str]:
    """The feeds to publish: every topic and `all`, and their languages and countries where there are articles."""
    main = [*config.topics, ALL]
    there = store.feed_paths(now - config.publish.window, now)
    return [path for topic in main for path in (topic, *(each for each in there if each.startswith(f"{topic}/")))]


def output_feed(config: Config, store: Store, now: datetime, path: str) -> OutputFeed:
    """The subscription feed at *path*: a topic's, or one of its languages' or countries'."""
    topic, _, part = path.partition("/")
    selection = Selection(path, now - config.publish.window, now, config.publish.entries)
    title, description = _described(config, topic, part)
    return OutputFeed(
        path=path,
        topic=None if topic == ALL else topic,
        id=uuid.uuid5(store.namespace, f"feed\n{path}").urn,
        title=title,
        description=description,
        language=part.removeprefix("lang/") if part.startswith("lang/") else None,
        articles=tuple(store.select(selection)),
        updated_if_empty=store.created,
    )


def _described(config: Config, topic: str, part: str) -> tuple[str, str]:
    """The feed's title and description."""
    kind, _, name = part.partition("/")
    suffix = {"lang": f" ({name})", "country": f" ({name.upper()})"}.get(kind, "")
    if topic == ALL:
        return config.site.title + suffix, config.site.description
    about = config.topics[topic]
    return f"{config.site.title}: {about.title or topic}{suffix}", about.description


def render_settings(config: Config, store: Store) -> RenderSettings:
    """What rendering needs besides the articles; the sources by name, those no longer configured among them."""
    configured = {source.name: source for source in config.sources}
    infos = {name: _source_info(state, configured.get(name)) for name, state in store.states().items()}
    return RenderSettings(
        site=config.site,
        publish=config.publish,
        interval=config.schedule.interval,
        sources=infos,
        topics=config.topics,
        version=__version__,
    )


def _source_info(state: SourceState, source: Source | None) -> SourceInfo:
    return SourceInfo(
        name=state.name,
        url=state.url,
        title=state.feed_title,
        id=state.feed_id,
        link=state.feed_link,
        language=(source.language if source else None) or state.feed_language,
        control=source.control if source else "unknown",
        text=source.text if source else None,
    )
