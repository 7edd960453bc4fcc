"""The store: sources' state and articles, on SQLite (and PostgreSQL later). One writer; readers never wait for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from types import TracebackType

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from feeds.config import Source
from feeds.errors import StoreError
from feeds.model import Outcome, Saved, SourceState, StoredArticle, TopicMatch
from feeds.store import leasing, listing, opening, polling, reading, saving, schema
from feeds.store.reading import Selection

__all__ = ["Selection", "Store"]


class Store:
    """An open store. Every method is one transaction, and raises StoreError where the database won't have it."""

    def __init__(self, url: str, now: datetime) -> None:
        self._url = url
        self._engine = opening.open_engine(url, now)
        with self._read() as connection:
            facts = {row.key: row.value for row in connection.execute(select(schema.meta))}
        self.namespace = uuid.UUID(facts["namespace"])
        self.created = datetime.fromisoformat(facts["created"])

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
            raise StoreError(f"the store {opening.shown(self._url)}: {opening.reason(error)}") from error

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
            return [saving.save(connection, self.namespace, outcome, now, published) for outcome in outcomes]

    def select(self, selection: Selection) -> list[StoredArticle]:
        """The articles that a feed shows, newest first, then by id."""
        with self._read() as connection:
            return reading.select_articles(connection, selection)

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
            connection.execute(update(schema.articles).where(where).values(hidden_at=at))

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

    def feed_paths(self, since: datetime, until: datetime) -> list[str]:
        """The feeds, by their paths under output/, that have articles to show dated in [since, until]."""
        with self._read() as connection:
            return reading.feed_paths(connection, since, until)

    def rematch(self, matches: Mapping[str, Mapping[str, TopicMatch]]) -> None:
        """Set for each article (by its bare id) which topics it is in, and why."""
        with self._write() as connection:
            saving.rematch(connection, matches)

    # What was published, and who may run

    def topic_digests(self) -> dict[str, str]:
        """The definition, by its digest, that the stored articles were last matched against, by topic."""
        with self._read() as connection:
            return {row.name: row.digest for row in connection.execute(select(schema.topics))}

    def set_topic_digests(self, digests: Mapping[str, str]) -> None:
        """Note what the stored articles have been matched against."""
        with self._write() as connection:
            connection.execute(delete(schema.topics))
            if digests:
                rows = [{"name": name, "digest": digest} for name, digest in digests.items()]
                connection.execute(insert(schema.topics), rows)

    def document_paths(self) -> set[str]:
        """The files that were published last."""
        with self._read() as connection:
            return set(connection.execute(select(schema.documents.c.path)).scalars())

    def set_document_paths(self, paths: set[str], now: datetime) -> None:
        """Note which files are published now; from the first time on, a new source may flood nobody."""
        with self._write() as connection:
            connection.execute(delete(schema.documents))
            connection.execute(insert(schema.documents), [{"path": path} for path in sorted(paths)])
            if listing.fact(connection, "published") is None:
                connection.execute(insert(schema.meta).values(key="published", value=now.isoformat()))

    def fetch_counts(self, since: datetime) -> dict[int, dict[str, int]]:
        """For each source id the fetches, failures and new articles since *since*."""
        with self._read() as connection:
            return polling.fetch_counts(connection, since)

    def acquire(self, name: str, now: datetime, lease: timedelta) -> bool:
        """Take or renew the lease *name* for this process; False while another living process holds it."""
        with self._write() as connection:
            return leasing.acquire(connection, name, now, now + lease)

    def relinquish(self, name: str) -> None:
        """Give the lease *name* back."""
        with self._write() as connection:
            leasing.relinquish(connection, name)
