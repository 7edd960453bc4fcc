"""Which feeds and files there are, and what each is made from: the store's articles, given to render. Called by pipeline."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from feeds import __version__, topics
from feeds.config import Config, Source
from feeds.folders import Archives, archive_path, articles_folder, month_folders
from feeds.health import report
from feeds.keys import key_of
from feeds.model import Batch, Counts, Document, Folder, Month, Selected, SourceState, Stream
from feeds.names import country_name, language_name, month_name
from feeds.opml import feeds_opml, sources_opml
from feeds.publish import spool
from feeds.render import (
    FILES,
    ON_FRONT,
    Navigation,
    OutputFeed,
    Renderer,
    RenderSettings,
    SourceInfo,
    about_page,
    ages,
    all_articles,
    freshness_page,
    front_page,
    looks,
    month_path,
    render_status,
    statistics_page,
    statistics_path,
    subscribe_page,
)
from feeds.render.assets import assets, favicon
from feeds.render.parts import FAVICON, ICON, LOGO
from feeds.store import Selection, Store
from feeds.topics.gazetteer import places

ALL = "all"
_DAYS_COUNTED = 30  # by the statistics


class _Plan(Struct, frozen=True):
    """A feed to publish: its head, and what it shows."""

    feed: OutputFeed
    shown: tuple[Selected, ...]

    @property
    def is_main(self) -> bool:
        """True for a topic's, and for the feed of all; they alone have archives and months."""
        return "/" not in self.feed.path


class Publication:
    """Every file under output/, of one state of the store: `archives`, then `batches`, then `folders`."""

    def __init__(self, config: Config, store: Store, now: datetime) -> None:
        self._config, self._store, self._now = config, store, now
        self._states = _states(config, store)
        self._settings = settings = _settings(config, self._states)
        self._renderer = Renderer(settings, partial(spool, config.output_dir))
        self._infos = {state.id: settings.sources[name] for name, state in self._states.items()}
        store.relabel({number: _label(info) for number, info in self._infos.items()})
        self._has_pages = "html" in config.publish.formats
        self._months = store.months() if self._has_pages else {}
        titles = {name: topic.title for name, topic in settings.topics.items()}
        rest = settings.interval, settings.version, settings.places, looks() if self._has_pages else ""
        self._common = key_of(settings.site, settings.publish, titles, *rest)
        self._called = key_of(store.fact("topics"))  # the definitions say what concepts are called, too
        self._plans = list(_plans(config, store, now, settings, self._months))

    def archives(self) -> Iterator[Folder]:
        """The folders of the archives; before the feeds that lead to them."""
        if "atom" in self._config.publish.formats:
            archives = Archives(self._store, self._renderer, self._settings, self._infos)
            yield from (archives.folder(plan.feed, self._common) for plan in self._plans if plan.is_main)

    def folders(self) -> Iterator[Folder]:
        """The folders of months and articles."""
        if not self._has_pages:
            return
        for plan in self._plans:
            mine = self._months.get(plan.feed.path, ())
            yield from month_folders(plan.feed, mine, self._common, self._store, self._settings)
        yield articles_folder(self._store, self._settings)

    def batches(self) -> Iterator[Batch]:
        """All other files, with the key of what each is made from: feeds first, then pages, status/ last."""
        yield from map(self._feed, self._plans)
        titles = [(plan.feed.path, plan.feed.title) for plan in self._plans]
        if self._has_pages:
            yield self._front_page()
            yield from self._statistics()
            yield self._about_page()
            yield self._subscribe_page(titles)
        key = key_of(self._common, titles)
        yield Batch(("feeds.opml",), key, lambda: [feeds_opml(self._config, titles)])
        images = self._config.image("icon"), self._config.image("logo")
        yield Batch((ICON, LOGO, FAVICON), None, lambda: (*assets(*images), favicon(images[0])))
        followed = [
            (each.name, each.url, each.language, each.countries, each.type, each.control, each.topics)
            for each in self._config.enabled_sources
        ]
        key = key_of(self._common, followed)
        yield Batch(("sources.opml",), key, lambda: [sources_opml(self._config)])
        rows, days = report(self._config, self._store, self._now, self._states)
        if self._has_pages:
            yield self._freshness_page(ages(rows, self._now))
        yield Batch((), None, lambda: render_status(rows, self._settings, self._now, days))

    def _feed(self, plan: _Plan) -> Batch:
        """A subscription feed in all its formats."""
        formats = [kind for kind in FILES if kind in self._settings.publish.formats]
        paths = tuple(f"{plan.feed.path}/{FILES[kind]}" for kind in formats)
        return Batch(paths, key_of(self._common, self._called, *self._shown(plan)), partial(self._render, plan))

    def _shown(self, plan: _Plan) -> tuple[OutputFeed, Sequence[Selected], list[SourceInfo]]:
        """What a feed is made from."""
        sources = [self._infos[number] for number in sorted({each.source_id for each in plan.shown})]
        return plan.feed, plan.shown, sources

    def _render(self, plan: _Plan) -> Iterable[Stream]:
        return self._renderer.feed(plan.feed, [each.pk for each in plan.shown], self._store.load_by_key)

    def _front_page(self) -> Batch:
        """index.html at the root."""
        main = [plan for plan in self._plans if plan.is_main]
        key = key_of(self._common, self._called, list(map(self._shown, main)))
        return Batch(("index.html",), key, lambda: [front_page(list(map(self._top, main)), self._settings)])

    def _top(self, plan: _Plan) -> OutputFeed:
        """The feed with those of its articles that the front page shows."""
        found = self._store.load_by_key([each.pk for each in plan.shown[:ON_FRONT]])
        return replace(plan.feed, articles=tuple(found.values()))

    def _statistics(self) -> Iterator[Batch]:
        """The last days of every topic, and of all, in numbers; up to the day of the newest article.

        What the months hold tells whether anything can have changed: nothing is counted until then.
        """
        store, main = self._store, [plan.feed for plan in self._plans if plan.is_main]
        zone = ZoneInfo(self._settings.site.timezone)
        last = (store.newest(self._now) or store.created).astimezone(zone).date()
        days = [last - timedelta(days=back) for back in range(_DAYS_COUNTED - 1, -1, -1)]
        ends = [datetime.combine(day, time.min, zone) for day in (*days, last + timedelta(days=1))]
        held = store.month_digests(f"{ends[0].astimezone(UTC):%Y-%m}")
        names = sorted(each.name for each in self._infos.values())
        counts = cache(lambda: store.counts([feed.path for feed in main], store.feed_paths(), ends))
        for feed in main:
            head = replace(feed, links={}, navigation=Navigation())
            key = key_of(self._common, head, days, held, names)
            yield Batch((statistics_path(head.path),), key, partial(self._render_statistics, head, days, counts))

    def _render_statistics(
        self, head: OutputFeed, days: Sequence[date], counts: Callable[[], Mapping[str, Counts]]
    ) -> Iterable[Document]:
        found = counts()
        topics = {topic.title or path: found[path].days for path, topic in self._settings.topics.items()}
        series = topics if head.path == ALL and topics else {head.title: found[head.path].days}
        return [statistics_page(head, days, found[head.path], series, self._settings)]

    def _freshness_page(self, counts: Mapping[str, int]) -> Batch:
        """status/freshness.html."""
        make = partial(freshness_page, counts, self._settings)
        return Batch(("status/freshness.html",), key_of(self._common, counts), lambda: [make()])

    def _about_page(self) -> Batch:
        """about.html, made again when a topic's definition changes."""
        key = key_of(self._common, self._store.fact("topics"))
        return Batch(("about.html",), key, lambda: [about_page(topics.rules(self._config), self._settings)])

    def _subscribe_page(self, titles: Sequence[tuple[str, str]]) -> Batch:
        """subscribe.html."""
        key = key_of(self._common, titles)
        return Batch(("subscribe.html",), key, lambda: [subscribe_page(titles, self._settings)])


def _label(info: SourceInfo) -> str:
    """What pages say of a source with each of its articles."""
    return key_of(info.name, info.url, info.language, info.control, info.text)


def feeds(config: Config, store: Store, now: datetime) -> list[OutputFeed]:
    """The heads of the feeds there are: every topic and `all`, their languages and countries where there are articles."""
    return [plan.feed for plan in _plans(config, store, now, render_settings(config, store), {})]


def _plans(
    config: Config, store: Store, now: datetime, settings: RenderSettings, months: Mapping[str, Sequence[Month]]
) -> Iterator[_Plan]:
    there = store.feed_paths()
    for topic in (*config.topics, ALL):
        for path in (topic, *(each for each in there if each.startswith(f"{topic}/"))):
            shown = tuple(store.selected(_selection(config, path, now)))
            if shown or path == topic:
                head = _head(config, store, path, settings)
                if path == topic:
                    head = replace(head, navigation=_navigation(config, path, there, months.get(path, ())))
                yield _Plan(head, shown)


def _navigation(config: Config, topic: str, there: Sequence[str], months: Sequence[Month]) -> Navigation:
    """Where a topic's page leads: to its languages and countries by name, and to each month's newest articles."""
    language = config.site.language
    parts = [path for path in there if path.startswith(f"{topic}/")]
    named = {"lang": language_name, "country": country_name}
    found = {
        kind: tuple(sorted((name(path.rpartition("/")[2], language), f"{path}/index.html")
                           for path in parts if path.startswith(f"{topic}/{kind}/")))
        for kind, name in named.items()
    }  # fmt: skip
    by_month = tuple(
        (month_name(month.name, language), month_path(topic, month.name, month.page_count))
        for month in reversed(months)
        if month.page_count
    )
    return Navigation(found["lang"], found["country"], by_month, statistics=statistics_path(topic))


def output_feed(config: Config, store: Store, now: datetime, path: str) -> OutputFeed:
    """The subscription feed at *path*, with its articles: a topic's, or one of its languages' or countries'."""
    head = _head(config, store, path, render_settings(config, store))
    return replace(head, articles=tuple(store.select(_selection(config, path, now))))


def _selection(config: Config, path: str, now: datetime) -> Selection:
    return Selection(path, now - config.publish.window, now, config.publish.entries)


def _head(config: Config, store: Store, path: str, settings: RenderSettings) -> OutputFeed:
    topic, _, part = path.partition("/")
    name, title, description = _described(config, topic, part)
    last = store.archive_last(path) if not part and "atom" in config.publish.formats else None
    return OutputFeed(
        path=path,
        topic=None if topic == ALL else topic,
        id=uuid.uuid5(store.namespace, f"feed\n{path}").urn,
        title=title,
        name=name,
        description=description,
        language=part.removeprefix("lang/") if part.startswith("lang/") else None,
        updated_if_empty=store.created,
        links={"prev-archive": settings.url(archive_path(path, last))} if last is not None else {},
    )


def _described(config: Config, topic: str, part: str) -> tuple[str, str, str]:
    """The feed's name on our pages, its title and its description."""
    kind, _, name = part.partition("/")
    called = {"lang": language_name, "country": country_name}.get(kind)
    suffix = f" ({called(name, config.site.language)})" if called else ""
    if topic == ALL:
        return all_articles(config.site) + suffix, config.site.title + suffix, config.site.description
    about = config.topics[topic]
    own = (about.title or topic) + suffix
    return own, f"{config.site.title}: {own}", about.description


def _states(config: Config, store: Store) -> dict[str, SourceState]:
    """Of all sources there ever were, and all that are configured, by name."""
    states = store.states()
    if all(source.name in states for source in config.sources):
        return states
    store.sync_sources(config.sources)
    return store.states()


def render_settings(config: Config, store: Store) -> RenderSettings:
    """What rendering needs besides the articles; the sources by name, those no longer configured among them."""
    return _settings(config, store.states())


def _settings(config: Config, states: Mapping[str, SourceState]) -> RenderSettings:
    configured = {source.name: source for source in config.sources}
    infos = {name: _source_info(state, configured.get(name)) for name, state in states.items()}
    return RenderSettings(
        site=config.site,
        publish=config.publish,
        interval=config.schedule.interval,
        sources=infos,
        topics=config.topics,
        version=__version__,
        places=places(),
        names=cache(partial(topics.names, config)),
    )


def _source_info(state: SourceState, source: Source | None) -> SourceInfo:
    """A source that has left the config keeps the label and the text policy that it had there."""
    kept: Any = source or state
    return SourceInfo(
        name=state.name,
        url=state.url,
        title=state.feed_title,
        id=state.feed_id,
        link=state.feed_link,
        language=(source.language if source else None) or state.feed_language,
        control=kept.control or "unknown",
        text=kept.text,
    )
