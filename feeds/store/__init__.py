"""The store: sources' state and articles, on SQLite (and PostgreSQL later). One writer; readers never wait for it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from types import TracebackType

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from feeds.config import Source
from feeds.errors import StoreError
from feeds.model import (
    ArchivePage,
    Counts,
    FetchDay,
    KnownItem,
    MonthPage,
    Outcome,
    PageTask,
    Saved,
    Selected,
    Snapshot,
    SourceState,
    Standing,
    StoredArticle,
    TopicMatch,
)
from feeds.search import Query
from feeds.store import (
    archiving,
    counting,
    leasing,
    listing,
    months,
    opening,
    paging,
    pinging,
    polling,
    reading,
    saving,
    schema,
    searching,
)
from feeds.store.pinging import Ping
from feeds.store.reading import Selection

__all__ = ["Ping", "Selection", "Store"]

_SETTLE_STEP = 1000  # articles
_INDEX_STEP = 500


class Store:
    """An open store. Every method is one transaction, and raises StoreError where the database won't have it."""

    def __init__(self, url: str, now: datetime) -> None:
        self._url = url
        self._engine = opening.open_engine(url, now)
        with self._read() as connection:
            facts = {row.key: row.value for row in connection.execute(select(schema.meta))}
        try:
            self.namespace = uuid.UUID(facts["namespace"])
            self.created = datetime.fromisoformat(facts["created"])
        except (KeyError, ValueError):
            self.close()
            raise StoreError(f"the store {opening.shown(url)} is damaged: it has lost what all ids rest on") from None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _connect(self, writes: bool) -> Iterator[Connection]:
        try:
            with self._engine.connect().execution_options(writes=writes) as connection, connection.begin():
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(f"the store {opening.shown(self._url)}: {opening.reason(self._url, error)}") from error

    def _read(self) -> AbstractContextManager[Connection]:
        return self._connect(writes=False)

    def _write(self) -> AbstractContextManager[Connection]:
        return self._connect(writes=True)

    # Sources

    def sync_sources(self, sources: Iterable[Source]) -> dict[str, SourceState]:
        """The state of each configured source, by name; new ones are made, renamed or moved ones keep their history."""
        with self._write() as connection:
            return polling.sync(connection, tuple(sources))

    def states(self) -> dict[str, SourceState]:
        """The state of every source there ever was, by name: articles outlive their source's place in the config."""
        with self._read() as connection:
            return {row.name: polling.state(row) for row in connection.execute(select(schema.sources))}

    @property
    def last_check(self) -> datetime | None:
        """When a source was last asked."""
        with self._read() as connection:
            return polling.last_check(connection)

    def claim(
        self, ids: Sequence[int], now: datetime, lease: timedelta, *, early: bool = False, force: bool = False
    ) -> list[SourceState]:
        """Those of *ids* whose time has come, leased to this process so that no other fetches them meanwhile.

        *early* takes those due within 15 % of their wait, *force* takes all that are not leased or told to wait by
        their server (Retry-After). The longest overdue come first.
        """
        with self._write() as connection:
            return polling.claim(connection, ids, now, lease, early=early, force=force)

    def release(self) -> None:
        """Give back every source this process has leased."""
        with self._write() as connection:
            polling.release(connection)

    # Articles

    def save(self, outcomes: Sequence[Outcome], now: datetime) -> list[Saved]:
        """Keep what was read, with the sources' new state and the log, all or nothing; in order of *outcomes*."""
        with self._write() as connection:
            published = listing.fact(connection, "published") is not None
            return saving.save(connection, self.namespace, outcomes, now, published)

    def known_items(self, source_id: int) -> dict[str, KnownItem]:
        """What the items of this source's last document came to, by their keys. May be called from any thread."""
        with self._read() as connection:
            return saving.known_items(connection, source_id)

    def select(self, selection: Selection) -> list[StoredArticle]:
        """The articles that a feed shows, newest first, then by id."""
        with self._read() as connection:
            return reading.load(connection, [each.pk for each in reading.selected(connection, selection)])

    def selected(self, selection: Selection) -> list[Selected]:
        """What `select` would give, as far as is needed to tell whether it has changed."""
        with self._read() as connection:
            return reading.selected(connection, selection)

    def load(self, pks: Sequence[int]) -> list[StoredArticle]:
        """The articles with these keys, in this order, without those that are gone meanwhile."""
        with self._read() as connection:
            return reading.load(connection, pks)

    def articles(self, *, hidden: bool = False, batch: int = 500) -> Iterator[StoredArticle]:
        """Every article, *hidden* ones only if asked, in order of first coming, *batch* in memory at a time."""
        after = 0
        while True:
            with self._read() as connection:
                after, found = reading.page(connection, after, batch, hidden=hidden)
            yield from found
            if not found:
                return

    def find(self, key: str) -> StoredArticle | None:
        """The article with this id (urn:uuid: or bare), URL or link, hidden or not; None where there is none."""
        with self._read() as connection:
            return reading.find(connection, key)

    def hide(self, article_id: str, at: datetime | None) -> None:
        """Take an article out of every output from now on; None brings it back."""
        with self._write() as connection:
            where = schema.articles.c.id == article_id.removeprefix("urn:uuid:")
            connection.execute(update(schema.articles).where(where).values(hidden_at=at, touched=True))

    def retire(self, before: datetime, followed: Sequence[int], limit: int = 1000) -> int:
        """Delete up to *limit* articles dated before *before* that no *followed* source lists; says how many.

        Their identities stay, so that they never come back as new.
        """
        with self._write() as connection:
            return saving.retire(connection, before, followed, limit)

    def trim_log(self, before: datetime) -> None:
        """Forget fetches before *before*."""
        with self._write() as connection:
            connection.execute(delete(schema.fetch_log).where(schema.fetch_log.c.at < before))

    def index(self, stop: Callable[[], bool] = lambda: False, most: int | None = None) -> None:
        """Bring what changed into the full-text index, in steps, until *stop* says so or *most* articles are done.

        What is left is done by the next.
        """
        done = 0
        while not stop() and (most is None or done < most):
            with self._write() as connection:
                step = searching.index(connection, _INDEX_STEP)
            if not step:
                return
            done += step

    def search(
        self, query: Query, limit: int, before: int | None = None, seconds: float | None = None, size: int | None = None
    ) -> tuple[list[StoredArticle], int | None]:
        """The newest *limit* articles that *query* asks for, and what to give as *before* for the next ones, if any.

        Fewer where they have more than *size* characters in all. Raises UsageError for a source that there is not,
        StoreError ("interrupted") where it takes more than *seconds*.
        """
        with self._read() as connection, opening.time_limit(connection, seconds):
            return searching.find(connection, query, before, limit, size)

    def feed_paths(self) -> list[str]:
        """The feeds, by their paths under output/, that articles were ever in."""
        with self._read() as connection:
            return reading.feed_paths(connection)

    def rematch(self, matches: Mapping[str, Mapping[str, TopicMatch]]) -> None:
        """Set for each article (by its bare id) which topics it is in, and why."""
        with self._write() as connection:
            saving.rematch(connection, matches)

    # What was published, and who may run

    def topic_digests(self) -> dict[str, str]:
        """The definition, by its digest, that the stored articles were last matched against, by topic."""
        with self._read() as connection:
            return {row.name: row.digest for row in connection.execute(select(schema.topics))}

    def set_topic_digests(self, digests: Mapping[str, str], fingerprint: str) -> None:
        """Note what the stored articles have been matched against; *fingerprint* tells all definitions together apart."""
        with self._write() as connection:
            connection.execute(delete(schema.topics))
            if digests:
                rows = [{"name": name, "digest": digest} for name, digest in digests.items()]
                connection.execute(insert(schema.topics), rows)
            listing.set_fact(connection, "topics", fingerprint)

    def fact(self, key: str) -> str | None:
        """A single fact, None before it is noted: "published" (when first), "topics" (the fingerprint matched against),
        "pages" (what the articles' pages rest on)."""
        with self._read() as connection:
            return listing.fact(connection, key)

    def set_fact(self, key: str, value: str) -> None:
        """Note a single fact."""
        with self._write() as connection:
            listing.set_fact(connection, key, value)

    def settle(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Take note of all that changed since the last time, before publishing: new articles enter the archives.

        In steps, so that no other writer waits for long, until *stop* says so; what is left is done by the next.
        """
        with self._read() as connection:
            pks = archiving.touched(connection)
        for start in range(0, len(pks), _SETTLE_STEP):
            if stop():
                return
            with self._write() as connection:
                archiving.settle(connection, pks[start : start + _SETTLE_STEP])
        with self._write() as connection:
            archiving.count_pages(connection)
            months.count(connection)

    def archive_pages(self) -> dict[str, list[ArchivePage]]:
        """The pages of each feed's archive that there are to publish, oldest first; the last one still grows."""
        with self._read() as connection:
            return archiving.pages(connection)

    def page_places(self, feed: str, page: int) -> list[tuple[int, int]]:
        """What a page of *feed*'s archive shows, the last to enter first: keys of snapshots, and of their sources."""
        with self._read() as connection:
            return archiving.page_places(connection, feed, page)

    def load_snapshots(self, keys: Sequence[int]) -> dict[int, Snapshot]:
        """Articles as they entered the archives, by the keys that `page_places` gives."""
        with self._read() as connection:
            return archiving.load_snapshots(connection, keys)

    def month_pages(self) -> dict[str, list[MonthPage]]:
        """The pages of each topic's months, and of all's, oldest first."""
        with self._read() as connection:
            return months.pages(connection)

    def month_keys(self, feed: str, month: str) -> list[list[int]]:
        """The keys of the articles on each page of a month, newest first; the oldest page first."""
        with self._read() as connection:
            return months.keys(connection, feed, month)

    def newest(self, until: datetime) -> datetime | None:
        """The date of the newest article that is not newer than *until*."""
        with self._read() as connection:
            return counting.newest(connection, until)

    def counts(self, feeds: Sequence[str], parts: Sequence[str], ends: Sequence[datetime]) -> dict[str, Counts]:
        """How many articles *feeds* had in the days between *ends*, by day, by those of *parts*, and by outlet."""
        with self._read() as connection:
            return counting.counts(connection, feeds, parts, ends)

    def page_tasks(self, limit: int) -> list[PageTask]:
        """Up to *limit* articles whose own pages are not as they should be."""
        with self._read() as connection:
            return paging.tasks(connection, limit)

    def pages_done(self, tasks: Sequence[PageTask]) -> None:
        """The pages of these articles stand as they should."""
        with self._write() as connection:
            paging.done(connection, [task.pk for task in tasks])

    def pages_again(self, ids: Sequence[str] | None = None) -> None:
        """The pages of the articles with these bare ids, or of all, are to be written again."""
        with self._write() as connection:
            paging.again(connection, ids)

    def paged_ids(self) -> set[str]:
        """The bare ids of all articles that are to have a page."""
        with self._read() as connection:
            return paging.ids(connection)

    def dead_pages(self) -> list[str]:
        """The bare ids of articles that retention deleted and whose pages are to be taken away."""
        with self._read() as connection:
            return paging.dead(connection)

    def forget_dead_pages(self, ids: Sequence[str]) -> None:
        """The pages of these are taken away."""
        with self._write() as connection:
            paging.forget(connection, ids)

    def documents(self) -> dict[str, Standing]:
        """The files that were published last, by path."""
        with self._read() as connection:
            rows = connection.execute(select(schema.documents))
            return {row.path: Standing(row.key, row.size, row.mtime_ns) for row in rows}

    def publish_again(self) -> None:
        """Have every file made again at the next publishing, whatever it was made from."""
        with self._write() as connection:
            connection.execute(update(schema.documents).values(key=None))
            paging.again(connection)

    def expect_documents(self, paths: Sequence[str]) -> dict[str, Standing]:
        """Note that files at *paths* are about to be written, so that even those of a killed process are known.

        Gives all that are known, by path.
        """
        known = self.documents()
        new = [path for path in paths if path not in known]
        if new:
            with self._write() as connection:
                connection.execute(insert(schema.documents), [{"path": path} for path in new])
        return known | dict.fromkeys(new, Standing(None, None, None))

    def set_documents(self, standing: Mapping[str, Standing], now: datetime) -> None:
        """Note which files are published now; from the first time on, a new source may flood nobody."""
        before = self.documents()
        changed = [path for path, each in standing.items() if before.get(path) != each]
        with self._write() as connection:
            for part in listing.chunks([*changed, *(before.keys() - standing.keys())]):
                connection.execute(delete(schema.documents).where(schema.documents.c.path.in_(part)))
            if changed:
                rows = [{"path": path} | asdict(standing[path]) for path in changed]
                connection.execute(insert(schema.documents), rows)
            if listing.fact(connection, "published") is None:
                connection.execute(insert(schema.meta).values(key="published", value=now.isoformat()))

    def note_pings(self, paths: Sequence[str], now: datetime) -> None:
        """The hub is to be told that the feeds at *paths* changed."""
        with self._write() as connection:
            pinging.note(connection, paths, now)

    def due_pings(self, now: datetime) -> list[Ping]:
        """The feeds that the hub is to be told of now."""
        with self._read() as connection:
            return pinging.due(connection, now)

    def drop_pings(self, paths: Sequence[str]) -> None:
        """The hub need not be told of these any more."""
        with self._write() as connection:
            pinging.drop(connection, paths)

    def postpone_pings(self, paths: Sequence[str], until: datetime) -> None:
        """The hub could not be told of these; try again at *until*."""
        with self._write() as connection:
            pinging.postpone(connection, paths, until)

    def fetch_days(self, since: datetime) -> list[FetchDay]:
        """How each source fared on each day since then."""
        with self._read() as connection:
            return polling.fetch_days(connection, since)

    def article_counts(self) -> dict[int, int]:
        """How many articles there are of each source, by its id."""
        with self._read() as connection:
            return polling.article_counts(connection)

    def acquire(self, name: str, now: datetime, lease: timedelta) -> bool:
        """Take or renew the lease *name* for this process; False while another living process holds it."""
        with self._write() as connection:
            return leasing.acquire(connection, name, now, now + lease)

    def relinquish(self, name: str) -> None:
        """Give the lease *name* back."""
        with self._write() as connection:
            leasing.relinquish(connection, name)
