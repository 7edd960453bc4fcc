"""The store: sources' state and articles, on SQLite (and PostgreSQL later). One writer; readers never wait for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import update

from feeds.config import Source
from feeds.model import FetchDay, KnownItem, Outcome, Saved, Selected, SourceState, StoredArticle, TopicMatch
from feeds.search import Query
from feeds.store import leasing, listing, opening, polling, reading, saving, schema, searching
from feeds.store.pinging import Ping
from feeds.store.published import Published
from feeds.store.reading import Selection

__all__ = ["Ping", "Selection", "Store"]

_INDEX_STEP = 500


class Store(Published):
    """An open store. Every method is one transaction, and raises StoreError where the database won't have it."""

    # Sources

    def sync_sources(self, sources: Iterable[Source]) -> dict[str, SourceState]:
        """The state of each configured source, by name; new ones are made, renamed or moved ones keep their history."""
        with self._write() as connection:
            return polling.sync(connection, tuple(sources))

    def look_up(self, sources: Iterable[Source]) -> dict[str, SourceState]:
        """What `sync_sources` would give, from reading alone: no writer is waited for. A new source's id is 0."""
        with self._read() as connection:
            return polling.look_up(connection, tuple(sources))

    def states(self) -> dict[str, SourceState]:
        """The state of every source there ever was, by name: articles outlive their source's place in the config."""
        with self._read() as connection:
            return {row.name: polling.state(row) for row in connection.execute(polling.ALL_ROWS)}

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

    def plan(self, states: Sequence[SourceState]) -> None:
        """Keep when to ask sources that were not asked, and give back their leases."""
        with self._write() as connection:
            polling.save_states(connection, states)

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
            return list(
                reading.load(connection, [each.pk for each in reading.selected(connection, selection)]).values()
            )

    def selected(self, selection: Selection) -> list[Selected]:
        """What `select` would give, as far as is needed to tell whether it has changed."""
        with self._read() as connection:
            return reading.selected(connection, selection)

    def load(self, pks: Sequence[int]) -> list[StoredArticle]:
        """The articles with these keys, in this order, without those that are gone meanwhile."""
        found = self.load_by_key(pks)
        return [found[pk] for pk in pks if pk in found]

    def load_by_key(self, pks: Sequence[int]) -> dict[int, StoredArticle]:
        """The articles with these keys, by them, without those that are gone meanwhile."""
        if not pks:
            return {}
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

    def dated_since(self, since: datetime, batch: int = 500) -> Iterator[StoredArticle]:
        """Every article dated since then, hidden ones among them, *batch* in memory at a time."""
        with self._read() as connection:
            pks = reading.keys_since(connection, since)
        for start in range(0, len(pks), batch):
            yield from self.load(pks[start : start + batch])

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
            polling.trim_log(connection, before)

    def index(self, stop: Callable[[], bool] = lambda: False, most: int | None = None) -> None:
        """Bring what changed into the full-text index, in steps, until *stop* says so or *most* articles are done.

        What is left is done by the next.
        """
        done = 0
        while not stop() and (most is None or done < most):
            with self._write() as connection:
                step = searching.index(connection, _INDEX_STEP if most is None else min(_INDEX_STEP, most - done))
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

    def fetch_days(self, since: datetime) -> list[FetchDay]:
        """How each source fared on each day of UTC, from that of *since* on."""
        with self._read() as connection:
            return polling.fetch_sums(connection, since)

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
