"""What of the store was published: archives, pages, files, and what they were made from. A part of Store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import delete, insert, select, update

from feeds.model import ArchivePage, Counts, Month, MonthPage, PageTask, Snapshot, Standing, StoredArticle
from feeds.store import archiving, counting, labelling, listing, months, paging, pinging, reading, schema
from feeds.store.database import Database
from feeds.store.pinging import Ping

_SETTLE_STEP = 1000  # articles
_LABEL_STEP = 20  # sources


class Published(Database):
    """The store, as publishing sees it. Every method is one transaction."""

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
        """A single fact, None before it is noted: "published" (when first), "topics" (the fingerprint matched against)."""
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

    def relabel(self, labels: Mapping[int, str]) -> None:
        """Note what pages say of each source with its articles, by its id; those that say else now are made again."""
        with self._read() as connection:
            changed = list(labelling.changed(connection, labels).items())
        for start in range(0, len(changed), _LABEL_STEP):  # in steps, so that no other writer waits for long
            with self._write() as connection:
                labelling.relabel(connection, dict(changed[start : start + _LABEL_STEP]))

    def archive_last(self, feed: str) -> int | None:
        """The page of *feed*'s archive that still grows; None where nothing has entered it."""
        with self._read() as connection:
            return archiving.last_page(connection, feed)

    def archive_marked(self, feed: str, limit: int) -> list[ArchivePage]:
        """Up to *limit* pages of *feed*'s archive whose files are not as they should be, oldest first."""
        with self._read() as connection:
            return archiving.marked(connection, feed, limit)

    def archive_written(self, feed: str, pages: Sequence[ArchivePage]) -> None:
        """The files of these pages stand as they should."""
        with self._write() as connection:
            archiving.written(connection, feed, pages)

    def archive_again(self, feed: str, numbers: Collection[int] | None = None) -> None:
        """The files of these pages of *feed*'s archive, or of all, are to be written again."""
        with self._write() as connection:
            archiving.again(connection, feed, numbers)

    def archive_numbers(self, feed: str) -> set[int]:
        """The pages of *feed*'s archive that are published."""
        with self._read() as connection:
            return archiving.numbers(connection, feed)

    def page_places(self, feed: str, page: int) -> list[tuple[int, int]]:
        """What a page of *feed*'s archive shows, the last to enter first: keys of snapshots, and of their sources."""
        with self._read() as connection:
            return archiving.page_places(connection, feed, page)

    def load_snapshots(self, keys: Sequence[int]) -> dict[int, Snapshot]:
        """Articles as they entered the archives, by the keys that `page_places` gives."""
        with self._read() as connection:
            return archiving.load_snapshots(connection, keys)

    def months(self) -> dict[str, list[Month]]:
        """The months of each topic, and of all, oldest first."""
        with self._read() as connection:
            return months.counts(connection)

    def month_digests(self, since: str) -> list[tuple[str, str, list[Any]]]:
        """What the months from *since* on ("2026-11") hold; equal as long as no article in them changed."""
        with self._read() as connection:
            return months.digests(connection, since)

    def month_pages(self, month: Month) -> tuple[list[MonthPage], int]:
        """The pages of a month, oldest first, and how many of it were written last."""
        with self._read() as connection:
            return months.pages(connection, month)

    def month_articles(self, month: Month, page: MonthPage) -> list[StoredArticle]:
        """The articles on a page of a month, newest first."""
        with self._read() as connection:
            return list(reading.load(connection, months.keys(connection, month, page)).values())

    def month_written(self, month: Month, prints: Sequence[str]) -> None:
        """The month's files stand; *prints* tell what each was made from."""
        with self._write() as connection:
            months.written(connection, month, prints)

    def month_again(self, month: Month, numbers: Collection[int] | None = None) -> None:
        """The files of these pages of a month, or of all, are to be written again."""
        with self._write() as connection:
            months.again(connection, month, numbers)

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

    def folders(self) -> dict[str, tuple[str, int | None]]:
        """The folders of pages that were published last: what their pages rested on, and how they were left."""
        with self._read() as connection:
            return {row.path: (row.key, row.stamp) for row in connection.execute(select(schema.folders))}

    def set_folder(self, path: str, key: str, stamp: int | None) -> None:
        """Note what the pages in a folder rest on, and how it was left: None while they are written."""
        with self._write() as connection:
            connection.execute(delete(schema.folders).where(schema.folders.c.path == path))
            connection.execute(insert(schema.folders).values(path=path, key=key, stamp=stamp))

    def forget_folder(self, path: str) -> None:
        """Its pages are taken away."""
        with self._write() as connection:
            connection.execute(delete(schema.folders).where(schema.folders.c.path == path))

    def documents(self) -> dict[str, Standing]:
        """The files that were published last, by path."""
        with self._read() as connection:
            rows = connection.execute(select(schema.documents))
            return {row.path: Standing(row.key, row.size, row.mtime_ns) for row in rows}

    def publish_again(self) -> None:
        """Have every file made again at the next publishing, whatever it was made from."""
        with self._write() as connection:
            connection.execute(update(schema.documents).values(key=None))
            connection.execute(update(schema.folders).values(key=""))

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
