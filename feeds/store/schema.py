"""The tables. What has landed changes only by a migration (see migrations/); a test compares the two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    text,
    true,
)

HEAD = "0009"  # the newest migration

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """*moment* as it is kept: whole microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """What is kept so, as an aware moment in UTC."""
    return _EPOCH + timedelta(0, 0, microseconds)


class Timestamp(TypeDecorator[datetime]):
    """An aware datetime, kept as whole microseconds since 1970 in UTC: exact, ordered and alike on every database.

    The conversions are given directly, as it has many values a row: SQLAlchemy's way to a process_… takes twice as long.
    """

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:
        return lambda value: None if value is None else microseconds(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], datetime | None]:
        return lambda value: None if value is None else moment(value)


class Json(TypeDecorator[Any]):
    """A value of ours as JSON text."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        return lambda value: msgspec.json.encode(value).decode()

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:
        return lambda value: None if value is None else msgspec.json.decode(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Single facts of the store itself: "namespace" (UUID of all our ids), "created", "published" (when first), "topics" (the
# fingerprint of all definitions that the articles were last matched against),
# "clock" (a moment that a person said the clock was right at), "last articles" and "last snapshots" (the highest keys that
# rows of theirs had when some were deleted: none is used again).
meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", Text, nullable=False))

# Who alone may do a thing, for how long: "daemon".
leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("until", Timestamp, nullable=False),
)

# url_key is the SHA-256 of the configured URL: the URL itself may hold a secret, and the store holds none. control and
# text are the config's, kept for a source that leaves it: its articles stay labelled, and no longer than it allowed.
# label tells what pages say of the source with each of its articles, as of the last publishing. position is its place among
# the config's sources, from 0: the first of those that bring an article together owns it.
sources = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url_key", String, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("name", Text, nullable=False, unique=True),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String),
    Column("next_check", Timestamp),
    Column("due_at", Timestamp),
    Column("wait_reason", Text, nullable=False, default=""),
    Column("retry_until", Timestamp),
    Column("checked_at", Timestamp),
    Column("succeeded_at", Timestamp),
    Column("document_at", Timestamp),
    Column("failures", Integer, nullable=False, default=0),
    Column("error", Text),
    Column("problem", Text),
    Column("hint_seconds", Integer),
    Column("skip_hours", Json, nullable=False, default=()),
    Column("skip_days", Json, nullable=False, default=()),
    Column("fetch_url", Text),
    Column("moved_to", Text),
    Column("moved_since", Timestamp),
    Column("moved_count", Integer, nullable=False, default=0),
    Column("gone_at", Timestamp),
    Column("feed_title", Text),
    Column("feed_link", Text),
    Column("feed_id", Text),
    Column("feed_language", String),
    Column("control", String),
    Column("text", String),
    Column("lease_owner", String),
    Column("lease_until", Timestamp),
    Column("label", String),
    Column("position", Integer, nullable=False, server_default="0"),
)

# date is published, or first_seen where there is none; held keeps an undated flood out of subscription feeds.
# words_key is a hash of the words of title and text, and changes when an edit is material; entry_key changes with any
# edit. touched is set by whatever changes how an article is shown or in which feeds;
# publishing takes note of it, adds one to revision, sets unindexed, and clears it. feed_updated is what the source's feed
# said of its own last change when it brought the article. search_row is the article's row in the
# full-text index, once it has one; unindexed says that what stands there is missing or old.
articles = Table(
    "articles",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("source_id", ForeignKey("sources.id"), nullable=False),
    Column("guid", Text),
    Column("url", Text),
    Column("link", Text),
    Column("title", Text, nullable=False),
    Column("language", String),
    Column("published", Timestamp),
    Column("updated", Timestamp, nullable=False),
    Column("feed_updated", Timestamp),
    Column("first_seen", Timestamp, nullable=False),
    Column("date", Timestamp, nullable=False),
    Column("authors", Json, nullable=False),
    Column("categories", Json, nullable=False),
    Column("image", Text),
    Column("enclosures", Json, nullable=False),
    Column("words_key", String, nullable=False),
    Column("entry_key", String, nullable=False),
    Column("held", Boolean, nullable=False, default=False),
    Column("hidden_at", Timestamp),
    Column("touched", Boolean, nullable=False, server_default=true()),
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("unindexed", Boolean, nullable=False, server_default=true()),
    Column("search_row", BigInteger),
    Column("unpaged", Boolean, nullable=False, server_default=true()),
    Index(None, "date", "id"),
    Index(None, "source_id"),
    Index(None, "words_key"),
    Index("ix_articles_touched", "touched", sqlite_where=text("touched = 1")),
    Index("ix_articles_unindexed", "unindexed", sqlite_where=text("unindexed = 1")),
    Index(None, "search_row", unique=True),
    Index("ix_articles_unpaged", "unpaged", sqlite_where=text("unpaged = 1")),
)

# What articles say, apart from the rest: a mark on an article must not write its text again. entry is what the source said.
texts = Table(
    "texts",
    metadata,
    Column("article", ForeignKey("articles.pk", ondelete="CASCADE"), primary_key=True),
    Column("summary", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("entry", Json, nullable=False),
)

# The articles that retention deleted and whose pages are still to be taken away.
dead_pages = Table("dead_pages", metadata, Column("id", String(36), primary_key=True))

# A topic's (or all's) articles of a month of UTC, "2026-11", as pages: each one's digest, and the date and the id of its
# first article; oldest first. since is the date from which on they are to be counted again, null where they are right.
# written are the pages as they were published last, see feeds.pages. See feeds.store.months.
months = Table(
    "months",
    metadata,
    Column("feed", String, primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("page_count", Integer, nullable=False),
    Column("pages", Json, nullable=False),
    Column("since", Timestamp),
    Column("unwritten", Boolean, nullable=False),
    Column("written", Json, nullable=False),
)

# What a source listed, by its identity there. article is null once retention has deleted it: the row stays as the
# tombstone that keeps it from coming back as new.
listings = Table(
    "listings",
    metadata,
    Column("source_id", ForeignKey("sources.id"), primary_key=True),
    Column("identity", Text, primary_key=True),
    Column("article", ForeignKey("articles.pk", ondelete="SET NULL")),
    Column("url", Text),
    Column("url_is_shared", Boolean, nullable=False),
    Column("title_key", String, nullable=False),
    Column("published", Timestamp),
    Column("first_listed", Timestamp, nullable=False),
    Column("last_listed", Timestamp, nullable=False),
    Index(None, "url"),
    Index(None, "article"),
    Index(None, "source_id", "title_key"),
)

# The items of a source's last document, by the key of what stood there: what they came to (see feeds.reading).
documents_read = Table(
    "documents_read",
    metadata,
    Column("source_id", ForeignKey("sources.id"), primary_key=True),
    Column("known", LargeBinary, nullable=False),
)

# Why an article is in a topic.
article_topics = Table(
    "article_topics",
    metadata,
    Column("article", ForeignKey("articles.pk", ondelete="CASCADE"), primary_key=True),
    Column("topic", String, primary_key=True),
    Column("score", Float, nullable=False),
    Column("evidence", Json, nullable=False),
)

# Which feeds an article is in, by their paths under output/ ("all", "sahel", "sahel/lang/fr", "sahel/country/ml").
# date repeats the article's, so that a feed's newest are found by one index.
memberships = Table(
    "memberships",
    metadata,
    Column("feed", String, primary_key=True),
    Column("article", ForeignKey("articles.pk", ondelete="CASCADE"), primary_key=True),
    Column("date", Timestamp, nullable=False),
    Index(None, "feed", "date"),
    Index(None, "article"),
)

fetch_log = Table(
    "fetch_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source_id", ForeignKey("sources.id"), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("status", Integer),
    Column("seconds", Float, nullable=False),
    Column("size", Integer, nullable=False),
    Column("entries", Integer),
    Column("new", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("error", Text),
    Index(None, "at"),
)

# The log in sums: how each source fared on each day of UTC, counted from 1970.
fetch_days = Table(
    "fetch_days",
    metadata,
    Column("source_id", ForeignKey("sources.id"), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("fetches", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Index(None, "day"),
)

# An article as it was when it first entered an archive: what the pages show for ever. See feeds.store.archiving.
snapshots = Table(
    "snapshots",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article", ForeignKey("articles.pk", ondelete="CASCADE"), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "article"),
)

# The place of an article in a feed's archive, from 1; the feed's highest so far stands in archives.last.
archive_places = Table(
    "archive_places",
    metadata,
    Column("feed", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("article", ForeignKey("articles.pk", ondelete="CASCADE"), nullable=False),
    Column("snapshot", ForeignKey("snapshots.id", ondelete="CASCADE"), nullable=False),
    UniqueConstraint("article", "feed"),
    Index(None, "snapshot"),
)
archives = Table(
    "archives",
    metadata,
    Column("feed", String, primary_key=True),
    Column("last", Integer, nullable=False),
)

# What a page of an archive holds now: how many entries, and a digest that tells its states apart.
# stale: an article of it was touched or went, and that has not been taken note of yet. unwritten: its file is not as it
# should be.
archive_pages = Table(
    "archive_pages",
    metadata,
    Column("feed", String, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("entries", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Column("stale", Boolean, nullable=False),
    Column("unwritten", Boolean, nullable=False, server_default=true()),
    Index("ix_archive_pages_stale", "stale", sqlite_where=text("stale = 1")),
    Index("ix_archive_pages_unwritten", "unwritten", sqlite_where=text("unwritten = 1")),
)

# Which files we wrote, so that what is no longer made is taken away again. key tells what a file was made from, size and
# mtime_ns how it was left: where all three stand, it need not be made again.
documents = Table(
    "documents",
    metadata,
    Column("path", Text, primary_key=True),
    Column("key", String),
    Column("size", BigInteger),
    Column("mtime_ns", BigInteger),
)

# Folders of pages that are written one by one as they are marked: key tells what all of them rest on besides, stamp
# (st_mtime_ns) how the folder was left, null while it is being written. See feeds.pages.
folders = Table(
    "folders",
    metadata,
    Column("path", Text, primary_key=True),
    Column("key", String, nullable=False),
    Column("stamp", BigInteger),
)

# The feeds whose change the hub has not been told of yet (WebSub), by their paths under output/.
pings = Table(
    "pings",
    metadata,
    Column("path", Text, primary_key=True),
    Column("since", Timestamp, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Timestamp, nullable=False),
)

# How far the stored articles have been matched against each definition: its digest.
topics = Table(
    "topics",
    metadata,
    Column("name", String, primary_key=True),
    Column("digest", String, nullable=False),
)

# The full-text index; see feeds.store.searching.
MAKE_SEARCH = (
    "CREATE VIRTUAL TABLE search USING fts5(title, body, forms, facets, columnsize = 0,"
    " tokenize = \"unicode61 remove_diacritics 0 tokenchars '_'\")"
)
event.listen(
    metadata,
    "after_create",
    DDL(MAKE_SEARCH).execute_if(dialect="sqlite"),  # type: ignore[no-untyped-call]
)
