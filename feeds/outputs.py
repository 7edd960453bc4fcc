"""Which feeds and files there are, and what each is made from: the store's articles, given to render. Called by pipeline."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from feeds import __version__, topics
from feeds.config import Config, Source
from feeds.health import report
from feeds.model import ArchivePage, Batch, Counts, Document, MonthPage, Selected, SourceState
from feeds.names import country_name, language_name, month_name
from feeds.opml import feeds_opml, sources_opml
from feeds.render import (
    FILES,
    ArchiveEntry,
    Navigation,
    OutputFeed,
    Renderer,
    RenderSettings,
    SourceInfo,
    about_page,
    ages,
    all_articles,
    article_page,
    freshness_page,
    front_page,
    looks,
    month_page,
    month_path,
    render_status,
    statistics_page,
    statistics_path,
    subscribe_page,
)
from feeds.render.assets import assets
from feeds.render.parts import ICON, LOGO
from feeds.store import Selection, Store
from feeds.topics.gazetteer import places

ALL = "all"
_DAYS_COUNTED = 30  # by the statistics
_REMEMBERED_BYTES = 8_000_000  # of entries that other archives may have in common


@dataclass(frozen=True, slots=True)
class _Plan:
    """A feed to publish: its head, what it shows, the pages of its archive and of its months, oldest first."""

    feed: OutputFeed
    shown: tuple[Selected, ...]
    pages: tuple[ArchivePage, ...] = ()
    months: tuple[MonthPage, ...] = ()


def batches(config: Config, store: Store, settings: RenderSettings, now: datetime) -> Iterator[Batch]:
    """Every file under output/, with the key of what it is made from: feeds first, then pages, status/ last."""
    plans = list(_plans(config, store, now, settings))
    publication = _Publication(store, settings)
    yield from publication.archives(plans)
    yield from map(publication.feed, plans)
    if "html" in config.publish.formats:
        yield publication.front_page(plans)
        yield from publication.months(plans)
        yield from publication.statistics(plans, now)
        yield publication.about_page(config)
        yield publication.subscribe_page(plans)
    yield Batch(
        ("feeds.opml",), None, lambda: [feeds_opml(config, [(each.feed.path, each.feed.title) for each in plans])]
    )
    yield Batch((ICON, LOGO), None, lambda: assets(config.image("icon"), config.image("logo")))
    yield Batch(("sources.opml",), None, lambda: [sources_opml(config)])
    rows, days = report(config, store, now)
    if "html" in config.publish.formats:
        yield publication.freshness_page(ages(rows, now))
    yield Batch((), None, lambda: render_status(rows, settings, now, days))


def feeds(config: Config, store: Store, now: datetime) -> list[OutputFeed]:
    """The heads of the feeds there are: every topic and `all`, their languages and countries where there are articles."""
    return [plan.feed for plan in _plans(config, store, now, render_settings(config, store))]


def _plans(config: Config, store: Store, now: datetime, settings: RenderSettings) -> Iterator[_Plan]:
    pages = store.archive_pages() if "atom" in config.publish.formats else {}
    months = store.month_pages() if "html" in config.publish.formats else {}
    there = store.feed_paths()
    for topic in (*config.topics, ALL):
        for path in (topic, *(each for each in there if each.startswith(f"{topic}/"))):
            shown = tuple(store.selected(_selection(config, path, now)))
            if shown or path == topic:
                mine = tuple(pages.get(path, ()))
                head = _head(config, store, path, mine, settings)
                made = tuple(months.get(path, ()))
                if path == topic:
                    head = replace(head, navigation=_navigation(config, path, there, made))
                yield _Plan(head, shown, mine, made)


def _navigation(config: Config, topic: str, there: Sequence[str], months: Sequence[MonthPage]) -> Navigation:
    """Where a topic's page leads: to its languages and countries by name, and to each month's newest articles."""
    language = config.site.language
    parts = [path for path in there if path.startswith(f"{topic}/")]
    named = {"lang": language_name, "country": country_name}
    found = {
        kind: tuple(sorted((name(path.rpartition("/")[2], language), f"{path}/index.html")
                           for path in parts if path.startswith(f"{topic}/{kind}/")))
        for kind, name in named.items()
    }  # fmt: skip
    last = {page.month: page for page in months}
    by_month = tuple(
        (month_name(month, language), month_path(topic, last[month])) for month in sorted(last, reverse=True)
    )
    return Navigation(found["lang"], found["country"], by_month, statistics=statistics_path(topic))


def output_feed(config: Config, store: Store, now: datetime, path: str) -> OutputFeed:
    """The subscription feed at *path*, with its articles: a topic's, or one of its languages' or countries'."""
    pages = tuple(store.archive_pages().get(path, ()))
    head = _head(config, store, path, pages, render_settings(config, store))
    return replace(head, articles=tuple(store.select(_selection(config, path, now))))


def article_documents(settings: RenderSettings, store: Store, pks: Sequence[int]) -> Iterator[Document]:
    """The pages of the articles with these keys."""
    return (article_page(article, settings) for article in store.load(pks))


def article_pages_key(settings: RenderSettings) -> str:
    """What all articles' pages rest on beside the articles: when it changes, all are made again."""
    titles = {name: topic.title for name, topic in settings.topics.items()}
    labels = sorted((each.name, each.language, each.control, each.text) for each in settings.sources.values())
    site = settings.site
    look = site.title, site.language, site.timezone, site.search
    return _key(look, settings.publish.text, titles, labels, settings.version, looks())


def _selection(config: Config, path: str, now: datetime) -> Selection:
    return Selection(path, now - config.publish.window, now, config.publish.entries)


def _head(
    config: Config, store: Store, path: str, pages: tuple[ArchivePage, ...], settings: RenderSettings
) -> OutputFeed:
    topic, _, part = path.partition("/")
    name, title, description = _described(config, topic, part)
    ends = {"first": pages[0], "prev-archive": pages[-1]} if pages else {}
    return OutputFeed(
        path=path,
        topic=None if topic == ALL else topic,
        id=uuid.uuid5(store.namespace, f"feed\n{path}").urn,
        title=title,
        name=name,
        description=description,
        language=part.removeprefix("lang/") if part.startswith("lang/") else None,
        updated_if_empty=store.created,
        links={rel: settings.url(archive_path(path, page.number)) for rel, page in ends.items()},
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


def archive_path(path: str, number: int) -> str:
    """Where page *number* of the archive of the feed at *path* is, under output/."""
    return f"{path}/archive/{number:04}.atom.xml"


class _Publication:
    """The batches of one state of the store, and what their keys rest on."""

    def __init__(self, store: Store, settings: RenderSettings) -> None:
        self._store = store
        self._settings = settings
        self._renderer = Renderer(settings)
        self._infos = {state.id: settings.sources[name] for name, state in store.states().items()}
        self._archived: dict[int, ArchiveEntry] = {}
        self._archived_bytes = 0
        self._month = ("", "")
        self._month_keys: list[list[int]] = []
        titles = {name: topic.title for name, topic in settings.topics.items()}
        rest = (
            settings.interval,
            settings.version,
            settings.places,
            looks() if "html" in settings.publish.formats else "",
        )
        self._common = _key(settings.site, settings.publish, titles, *rest)

    def feed(self, plan: _Plan) -> Batch:
        """A subscription feed in all its formats."""
        formats = [kind for kind in FILES if kind in self._settings.publish.formats]
        paths = tuple(f"{plan.feed.path}/{FILES[kind]}" for kind in formats)
        sources = [self._infos[number] for number in sorted({each.source_id for each in plan.shown})]
        return Batch(paths, _key(self._common, plan.feed, plan.shown, sources), partial(self._render, plan))

    def _render(self, plan: _Plan) -> Iterable[Document]:
        return self._renderer.feed(self._whole(plan))

    def _whole(self, plan: _Plan) -> OutputFeed:
        return replace(plan.feed, articles=tuple(self._store.load([each.pk for each in plan.shown])))

    def front_page(self, plans: Iterable[_Plan]) -> Batch:
        """index.html at the root."""
        main = [plan for plan in plans if "/" not in plan.feed.path]
        key = _key(self._common, [(plan.feed, plan.shown) for plan in main])
        return Batch(("index.html",), key, lambda: [front_page([self._whole(plan) for plan in main], self._settings)])

    def months(self, plans: Iterable[_Plan]) -> Iterator[Batch]:
        """The pages of every topic's months, each a file."""
        labels = sorted((each.name, each.control, each.text) for each in self._infos.values())
        for plan in plans:
            paths = ["", *(month_path(plan.feed.path, page) for page in plan.months), ""]
            for number, page in enumerate(plan.months):
                ends = Navigation(older=paths[number], newer=paths[number + 2])
                feed = replace(plan.feed, links={}, navigation=ends)
                key = _key(self._common, feed, page.digest, labels)
                yield Batch((paths[number + 1],), key, partial(self._render_month, feed, page))

    def _render_month(self, feed: OutputFeed, page: MonthPage) -> Iterable[Document]:
        if self._month != (
            feed.path,
            page.month,
        ):  # asked for once, not for each of its pages: that would sort it again
            self._month = feed.path, page.month
            self._month_keys = self._store.month_keys(*self._month)
        found = self._month_keys[page.number - 1 :][:1]
        articles = tuple(self._store.load(found[0])) if found else ()
        return [month_page(replace(feed, articles=articles), page, self._settings)]

    def statistics(self, plans: Iterable[_Plan], now: datetime) -> Iterator[Batch]:
        """The last days of every topic, and of all, in numbers; up to the day of the newest article.

        What the months' pages hold tells whether anything can have changed: nothing is counted until then.
        """
        main = [plan for plan in plans if "/" not in plan.feed.path]
        zone = ZoneInfo(self._settings.site.timezone)
        last = (self._store.newest(now) or self._store.created).astimezone(zone).date()
        days = [last - timedelta(days=back) for back in range(_DAYS_COUNTED - 1, -1, -1)]
        ends = [datetime.combine(day, time.min, zone) for day in (*days, last + timedelta(days=1))]
        since = f"{ends[0].astimezone(UTC):%Y-%m}"
        held = [(plan.feed.path, page) for plan in main for page in plan.months if page.month >= since]
        names = sorted(each.name for each in self._infos.values())
        counts = cache(lambda: self._store.counts([plan.feed.path for plan in main], self._store.feed_paths(), ends))
        for plan in main:
            head = replace(plan.feed, links={}, navigation=Navigation())
            key = _key(self._common, head, days, held, names)
            yield Batch((statistics_path(head.path),), key, partial(self._render_statistics, head, days, counts))

    def _render_statistics(
        self, head: OutputFeed, days: Sequence[date], counts: Callable[[], Mapping[str, Counts]]
    ) -> Iterable[Document]:
        found = counts()
        topics = {topic.title or path: found[path].days for path, topic in self._settings.topics.items()}
        series = topics if head.path == ALL and topics else {head.title: found[head.path].days}
        return [statistics_page(head, days, found[head.path], series, self._settings)]

    def freshness_page(self, counts: Mapping[str, int]) -> Batch:
        """status/freshness.html."""
        make = partial(freshness_page, counts, self._settings)
        return Batch(("status/freshness.html",), _key(self._common, counts), partial(_one, make))

    def about_page(self, config: Config) -> Batch:
        """about.html, made again when a topic's definition changes."""
        key = _key(self._common, self._store.fact("topics"))
        return Batch(("about.html",), key, lambda: [about_page(topics.rules(config), self._settings)])

    def subscribe_page(self, plans: Iterable[_Plan]) -> Batch:
        """subscribe.html."""
        feeds = [(plan.feed.path, plan.feed.title) for plan in plans]
        key = _key(self._common, feeds)
        return Batch(("subscribe.html",), key, lambda: [subscribe_page(feeds, self._settings)])

    def archives(self, plans: Iterable[_Plan]) -> Iterator[Batch]:
        """The pages of all archives, each a file; those of one time together, as they have articles in common."""
        pages = [(place / len(plan.pages), plan, place) for plan in plans for place in range(len(plan.pages))]
        for _, plan, place in sorted(pages, key=lambda each: each[0]):
            page, feed = plan.pages[place], self._archive_head(plan, place)
            # What a source's feed says of itself is in the snapshots; what the config says of it holds for all time.
            sources = [
                (each.name, each.url, each.control, each.text) for each in map(self._infos.__getitem__, page.sources)
            ]
            path = archive_path(feed.path, page.number)
            key = _key(self._common, feed, page.digest, sources)
            yield Batch((path,), key, partial(self._render_page, feed, path, page.number))

    def _render_page(self, feed: OutputFeed, path: str, number: int) -> Iterable[Document]:
        places = self._store.page_places(feed.path, number)
        if self._archived_bytes > _REMEMBERED_BYTES:
            self._archived.clear()
            self._archived_bytes = 0
        new = {key: source for key, source in places if key not in self._archived}
        found = self._store.load_snapshots(list(new))
        made = self._renderer.archive_entries([(self._infos[new[key]], each) for key, each in found.items()])
        self._archived |= zip(found, made, strict=True)
        self._archived_bytes += sum(len(each.xml) for each in made)
        entries = [self._archived[key] for key, _ in places if key in self._archived]
        return [self._renderer.archive_page(feed, path, entries)]

    def _archive_head(self, plan: _Plan, place: int) -> OutputFeed:
        """The head of a page: the feed's own but for its links. All but the last are complete."""
        before, after = plan.pages[:place][-1:], plan.pages[place + 1 :][:1]
        near = {"prev-archive": before, "next-archive": after}
        url, path = self._settings.url, plan.feed.path
        links = {"current": self._settings.feed_url(plan.feed, "atom")}
        links |= {rel: url(archive_path(path, page.number)) for rel, pages in near.items() for page in pages}
        own = {"atom": url(archive_path(path, plan.pages[place].number))}
        head = replace(plan.feed, navigation=Navigation(), name="")  # those are for pages: a new month is none of its
        return replace(head, links=links, urls=own, is_page=True, is_archive=bool(after))


def _one(make: Callable[[], Document]) -> list[Document]:
    return [make()]


def _key(*facts: Any) -> str:
    """Equal for equal facts."""
    packed = msgspec.msgpack.encode(facts, enc_hook=str, order="deterministic")
    return hashlib.blake2b(packed, digest_size=16).hexdigest()


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
        places=places(),
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
