"""The folders of pages that are made one by one: a feed's archive, its months, the articles. Called by outputs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from msgspec.structs import replace

from feeds.keys import key_of
from feeds.model import ArchivePage, Document, Folder, Month, MonthPage, Step, StoredArticle, Stream
from feeds.render import (
    ArchiveEntry,
    Navigation,
    OutputFeed,
    Renderer,
    RenderSettings,
    SourceInfo,
    article_page,
    looks,
    month_page,
    month_path,
)
from feeds.store import Store

ARTICLES = "articles"
_PAGES = 20  # of an archive, for each step
_TASKS = 500  # pages of articles, for each step
_AT_ONCE = 20  # articles that are in memory together
_REMEMBERED_BYTES = 8_000_000  # of entries that other archives may have in common


class Archives:
    """The archives of feeds (RFC 5005 section 4). What a source's feed says of itself is in the snapshots that pages show."""

    def __init__(
        self, store: Store, renderer: Renderer, settings: RenderSettings, infos: Mapping[int, SourceInfo]
    ) -> None:
        self._store, self._renderer, self._settings, self._infos = store, renderer, settings, infos
        self._archived: dict[int, ArchiveEntry] = {}
        self._archived_bytes = 0

    def folder(self, feed: OutputFeed, common: str) -> Folder:
        """The pages of the archive of *feed*; *common* tells what all rest on."""
        # Names and ways are for our own pages: a new month is none of theirs.
        head = replace(feed, links={}, urls={}, navigation=Navigation(), name="")
        path = archive_folder(feed.path)
        steps = partial(self._steps, feed, head)
        names = partial(self._names, feed.path)
        return Folder(path, key_of(common, head), steps, names, partial(self._again, feed.path))

    def _steps(self, feed: OutputFeed, head: OutputFeed) -> Iterator[Step]:
        while pages := self._store.archive_marked(feed.path, _PAGES):
            documents = chain.from_iterable(self._render(feed, head, page) for page in pages if page.is_shown)
            gone = [_archive_name(page.number) for page in pages if not page.is_shown]
            yield Step(documents, gone, partial(self._store.archive_written, feed.path, pages))

    def _names(self, feed: str) -> set[str]:
        return set(map(_archive_name, self._store.archive_numbers(feed)))

    def _again(self, feed: str, names: Collection[str] | None) -> None:
        self._store.archive_again(feed, None if names is None else [int(name.split(".")[0]) for name in names])

    def _render(self, feed: OutputFeed, head: OutputFeed, page: ArchivePage) -> Iterator[Stream]:
        entries = self._entries(self._store.page_places(feed.path, page.number))
        return self._renderer.archive_page(self._head(feed, head, page), archive_path(feed.path, page.number), entries)

    def _entries(self, places: Sequence[tuple[int, int]]) -> Iterator[ArchiveEntry]:
        """The entries of a page; *places* are the keys of their snapshots and of their sources."""
        for start in range(0, len(places), _AT_ONCE):
            part = places[start : start + _AT_ONCE]
            if self._archived_bytes > _REMEMBERED_BYTES:
                self._archived.clear()
                self._archived_bytes = 0
            new = {key: source for key, source in part if key not in self._archived}
            found = self._store.load_snapshots(list(new))
            made = self._renderer.archive_entries([(self._infos[new[key]], each) for key, each in found.items()])
            self._archived |= zip(found, made, strict=True)
            self._archived_bytes += sum(len(each.xml) for each in made)
            yield from (self._archived[key] for key, _ in part if key in self._archived)

    def _head(self, feed: OutputFeed, head: OutputFeed, page: ArchivePage) -> OutputFeed:
        """The head of a page: the feed's own but for its links. All but the last are complete."""
        near = {"prev-archive": page.before, "next-archive": page.after}
        url, path = self._settings.url, feed.path
        links = {"current": self._settings.feed_url(feed, "atom")}
        links |= {rel: url(archive_path(path, number)) for rel, number in near.items() if number is not None}
        own = {"atom": url(archive_path(path, page.number))}
        return replace(head, links=links, urls=own, is_page=True, is_archive=page.after is not None)


def archive_folder(feed: str) -> str:
    """Where the archive of the feed at this path is, under output/."""
    return f"{feed}/archive"


def archive_path(feed: str, number: int) -> str:
    """Where page *number* of the archive of the feed at this path is, under output/."""
    return f"{archive_folder(feed)}/{_archive_name(number)}"


def _archive_name(number: int) -> str:
    return f"{number:04}.atom.xml"


def month_folders(
    feed: OutputFeed, months: Sequence[Month], common: str, store: Store, settings: RenderSettings
) -> Iterator[Folder]:
    """The pages of each month of *feed*; *common* tells what all rest on."""
    head = replace(feed, links={}, navigation=Navigation())
    key = key_of(common, head)
    firsts = [month_path(feed.path, month.name, 1) if month.page_count else "" for month in months]
    lasts = [month_path(feed.path, month.name, month.page_count) if month.page_count else "" for month in months]
    for place, month in enumerate(months):
        ends = next(filter(None, lasts[:place][::-1]), ""), next(filter(None, firsts[place + 1 :]), "")
        steps = partial(_month_steps, head, month, ends, store, settings)
        folder = month_path(feed.path, month.name, 1).rpartition("/")[0]
        names = partial(_month_names, month)
        yield Folder(folder, key, steps, names, partial(_month_again, store, month), is_marked=month.is_marked)


def _month_steps(
    head: OutputFeed, month: Month, ends: tuple[str, str], store: Store, settings: RenderSettings
) -> Iterator[Step]:
    """All pages that differ from what was written of them, as one step. *ends* are the pages before and after them."""
    pages, formerly = store.month_pages(month)
    paths = [ends[0], *(month_path(head.path, month.name, page.number) for page in pages), ends[1]]
    ways = [Navigation(older=older, newer=newer) for older, newer in zip(paths, paths[2:], strict=False)]
    prints = [key_of(page.digest, way) for page, way in zip(pages, ways, strict=True)]
    documents = (
        _month_page(replace(head, navigation=way), month, page, store, settings)
        for page, way, made_from in zip(pages, ways, prints, strict=True)
        if page.written != made_from
    )
    gone = [_month_name(number) for number in range(len(pages) + 1, formerly + 1)]
    yield Step(documents, gone, partial(store.month_written, month, prints))


def _month_page(feed: OutputFeed, month: Month, page: MonthPage, store: Store, settings: RenderSettings) -> Document:
    articles = tuple(store.month_articles(month, page))
    return month_page(replace(feed, articles=articles), month.name, page.number, settings)


def _month_names(month: Month) -> set[str]:
    return {_month_name(number) for number in range(1, month.page_count + 1)}


def _month_name(number: int) -> str:
    return f"{number}.html"


def _month_again(store: Store, month: Month, names: Collection[str] | None) -> None:
    store.month_again(month, None if names is None else [int(name.split(".")[0]) for name in names])


def articles_folder(store: Store, settings: RenderSettings) -> Folder:
    """articles/ID.html, a page for every article."""
    titles = {name: topic.title for name, topic in settings.topics.items()}
    site = settings.site
    look = site.title, site.language, site.timezone, site.search
    key = key_of(look, settings.publish.text, titles, settings.version, looks())
    names = partial(_article_names, store)
    return Folder(ARTICLES, key, partial(_article_steps, store, settings), names, partial(_articles_again, store))


def _article_steps(store: Store, settings: RenderSettings) -> Iterator[Step]:
    while tasks := store.page_tasks(_TASKS):
        hidden = [_article_name(each.id) for each in tasks if each.is_hidden]
        shown = _loaded([each.pk for each in tasks if not each.is_hidden], store)
        yield Step((article_page(each, settings) for each in shown), hidden, partial(store.pages_done, tasks))
    if gone := store.dead_pages():
        yield Step((), list(map(_article_name, gone)), partial(store.forget_dead_pages, gone))


def _article_names(store: Store) -> set[str]:
    return set(map(_article_name, store.paged_ids()))


def _loaded(pks: Sequence[int], store: Store) -> Iterator[StoredArticle]:
    for start in range(0, len(pks), _AT_ONCE):
        yield from store.load(pks[start : start + _AT_ONCE])


def _articles_again(store: Store, names: Collection[str] | None) -> None:
    store.pages_again(None if names is None else [name.removesuffix(".html") for name in names])


def _article_name(id_: str) -> str:
    return f"{id_}.html"
