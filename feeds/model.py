"""The words of the program as types: what passes from stage to stage. Everybody imports this; it imports nobody.

Source (what we poll) → Response → ParsedFeed, Entry (what the source said) → Article (what we keep) → Document.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct, field


class Request(Struct, frozen=True):
    """What to ask a server for. Validators are byte for byte what the server gave, or None."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: str | None = None  # "user:password"


class Response(Struct, frozen=True):
    """An answer that can be used: a 200 with its body, or a 304 without one.

    *headers* has lower-case names. *body* is decompressed. *complete* is False where the connection ended before the
    announced length: then there are no validators, and *body* is what came.
    *moved_to* is where only permanent redirects (301, 308) led, None where there were none or others among them.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None
    complete: bool = True


class Text(Struct, frozen=True):
    """A text as a source gave it: *html* says whether *value* is markup or plain characters.

    *base* is the URL that relative links in it are resolved against; *language* is its xml:lang, where it has one.
    """

    value: str
    html: bool = False
    base: str = ""
    language: str | None = None


class Enclosure(Struct, frozen=True):
    """A media file of an entry. *url* is absolute, *length* is in bytes."""

    url: str
    type: str | None = None
    length: int | None = None


class Entry(Struct, frozen=True):
    """One item of a feed, as its source said it: nothing cleaned, dates still text, URLs resolved against its base."""

    guid: str | None = None
    link: str | None = None
    original_link: str | None = None  # feedburner:origLink, where a redirector stands in *link*
    title: Text | None = None
    summary: Text | None = None
    content: Text | None = None
    authors: tuple[str, ...] = ()
    published: str | None = None
    updated: str | None = None
    language: str | None = None  # xml:lang or dc:language of the entry itself
    categories: tuple[str, ...] = ()
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()


class ParsedFeed(Struct, frozen=True):
    """A feed document, read. *entries* are in document order. *authors* are those of entries that name none themselves.

    *keys* tell each entry as it stands in the document from all others, where that can be told (else there are none);
    *left_out* are those of entries that are known already, and were not read again. *problem* says what was wrong with
    a document that could still be read in part, in words; None where it was sound. *is_whole* is False where some of it
    may have been lost.
    """

    format: str  # "rss20", "rss10", "rss090" …, "atom10", "atom03", "json11"
    title: str | None = None
    link: str | None = None
    id: str | None = None
    updated: str | None = None
    language: str | None = None
    self_link: str | None = None
    authors: tuple[str, ...] = ()
    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()  # 0–23, UTC
    skip_days: frozenset[int] = frozenset()  # Monday is 0
    entries: tuple[Entry, ...] = ()
    problem: str | None = None
    is_whole: bool = True
    keys: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


class KnownItem(NamedTuple):
    """What an item of a source's document came to, when it was read: its identity and its canonical URL."""

    identity: str
    url: str | None


class Evidence(Struct, frozen=True):
    """One reason for a topic: a concept of its definition, found in an article.

    *where* is "title", "lead", "body", "category" or "prior"; *term* is what stands there; *label* is the concept's
    name in the article's language; *country* is ISO 3166-1 alpha-2, where the concept belongs to one.
    """

    concept: str
    term: str
    where: str
    weight: float
    label: str = ""
    language: str | None = None
    country: str | None = None


class TopicMatch(Struct, frozen=True):
    """That an article is in a topic, and why. A score of 1.0 is the threshold."""

    score: float
    evidence: tuple[Evidence, ...] = ()


class TopicRules(Struct, frozen=True):
    """How a topic is decided, in names that readers know. Of each of *sides* something must be in an article."""

    title: str
    description: str
    sides: tuple[tuple[str, ...], ...]
    enough: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where something lies, in degrees (WGS 84). *is_country*: it is the middle of one, and any town in it says more."""

    latitude: float
    longitude: float
    is_country: bool = False


class Digests(NamedTuple):
    """What an article is known again by, see feeds.digests. *is_telling*: *words* tell it from other sources' articles."""

    title: str
    words: str
    all: str
    is_telling: bool


class Article(Struct, frozen=True, kw_only=True):
    """What we keep of an entry. *identity* tells it from all others of its source.

    *title* and *summary* are plain text, *content* is clean HTML; dates are aware, in UTC, and None where the source
    gave no usable one. *url* is canonical; *url_is_shared* says that its document gave it to several entries, so that
    it identifies nothing. *position* counts from the document's top. *entry* is what the source said, *feed_updated* when
    its feed last changed, as the feed said when it brought the article. *digests* are None where they have not been made
    yet.
    """

    identity: str
    guid: str | None
    url: str | None
    link: str | None
    title: str
    summary: str = ""
    content: str = ""
    language: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    url_is_shared: bool = False
    position: int = 0
    entry: Entry = Entry()
    topics: Mapping[str, TopicMatch] = field(default_factory=dict)
    feed_updated: datetime | None = None
    digests: Digests | None = None


class SourceRef(Struct, frozen=True):
    """A source as an article names it."""

    name: str
    url: str


class StoredArticle(Article, frozen=True, kw_only=True):
    """An article with what the store knows of it: its id for ever, when it first came, and who else carried it.

    *updated* is never None here: it is the last material change, and never before *published*.
    """

    id: str  # urn:uuid:…
    first_seen: datetime
    source: SourceRef
    also: tuple[SourceRef, ...] = ()

    @property
    def date(self) -> datetime:
        """What feeds and windows go by: *published*, or *first_seen* where the source gave no usable date."""
        return self.published or self.first_seen


class Snapshot(Struct, frozen=True):
    """An article as it was when it first entered an archive, and what its source's feed said of itself then."""

    article: StoredArticle
    feed_title: str | None = None
    feed_id: str | None = None
    feed_link: str | None = None


class ArchivePage(NamedTuple):
    """A page of a feed's archive, numbered from 1, and the numbers of those published *before* and *after* it.

    Not *is_shown* is one that no file stands for: nothing of it is left to show, and it is not the last.
    """

    number: int
    is_shown: bool
    before: int | None
    after: int | None


class Month(NamedTuple):
    """A feed's articles of a month, "2026-11" in UTC, on *page_count* pages; *is_marked*: some of them are to be written."""

    feed: str
    name: str
    page_count: int
    is_marked: bool


class MonthPage(NamedTuple):
    """A page of a month, numbered from 1, the oldest. *digest* changes with what it shows.

    *first* are the date and the bare id of its first article; *written* is what its file was made from.
    """

    number: int
    digest: str
    first: tuple[datetime, str]
    written: str


class PageTask(NamedTuple):
    """An article whose own page is to be written, or, if *is_hidden*, taken away. *id* is the bare UUID."""

    pk: int
    id: str
    is_hidden: bool


class Selected(Struct, frozen=True):
    """An article that a feed shows, as far as is needed to tell whether the feed changed. *revision* counts its changes.

    *date* is when it was published, or first seen where it is not *is_dated*.
    """

    pk: int
    revision: int
    date: datetime
    source_id: int
    is_dated: bool


class Counts(Struct, frozen=True):
    """How many articles a feed had in a span: a day, oldest first; by its parts' paths; and by the outlets' names."""

    days: tuple[int, ...]
    parts: Mapping[str, int]
    outlets: Mapping[str, int]


class FetchDay(Struct, frozen=True):
    """How a source fared on a day of UTC ("2026-11-24")."""

    source_id: int
    day: str
    fetches: int
    failures: int
    new: int
    updated: int


class Reading(Struct, frozen=True):
    """What one document came to: the feed's own head (its entries left out) and its articles, matched to topics.

    *unchanged* are the identities of what it lists as it did before; *items* is what to know of all when it comes again.
    """

    feed: ParsedFeed
    articles: tuple[Article, ...] = ()
    unchanged: tuple[str, ...] = ()
    items: Mapping[str, KnownItem] = field(default_factory=dict)

    @property
    def listed(self) -> int:
        """How many articles the document lists."""
        return len(self.articles) + len(self.unchanged)


class SourceState(Struct, frozen=True, kw_only=True):
    """What the store knows of a source. Dates are aware, in UTC; None where it has not happened.

    *due_at* is *next_check* less what a one-off refresh may come early (15 % of the wait, a Retry-After excepted).
    *retry_until* is the end of a server's Retry-After. *fetch_url* replaces the configured URL once a permanent
    redirect has proved itself; until then *moved_to*, *moved_since* and *moved_count* watch it. *document_at* is when
    the last document was read whose entries count as still listed. *control* and *text* are as the config last had them.
    """

    id: int
    name: str
    url: str  # public: without secrets
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    next_check: datetime | None = None
    due_at: datetime | None = None
    wait_reason: str = ""
    retry_until: datetime | None = None
    checked_at: datetime | None = None
    succeeded_at: datetime | None = None
    document_at: datetime | None = None
    failures: int = 0
    error: str | None = None
    problem: str | None = None
    hint: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    fetch_url: str | None = None
    moved_to: str | None = None
    moved_since: datetime | None = None
    moved_count: int = 0
    gone_at: datetime | None = None
    feed_title: str | None = None
    feed_link: str | None = None
    feed_id: str | None = None
    feed_language: str | None = None
    control: str | None = None
    text: str | None = None


class Outcome(Struct, frozen=True, kw_only=True):
    """How one source's turn went: its state from now on, what was read of it (None: nothing), and the log line.

    *status* is the HTTP status, None where no answer came; *error* is why it failed, in words. *host* is who was asked:
    *was_reached* is False where no connection could be had, None where none was tried.
    """

    state: SourceState
    reading: Reading | None = None
    status: int | None = None
    error: str | None = None
    seconds: float = 0.0
    size: int = 0
    host: str = ""
    was_reached: bool | None = True


class Saved(Struct, frozen=True):
    """How many articles came new, how many were updated, and how many new ones are left for the next time."""

    new: int = 0
    updated: int = 0
    left: int = 0


class Document(Struct, frozen=True):
    """A file to publish. *path* is relative to the output directory, with / between its parts."""

    path: str
    media_type: str
    body: bytes


class Stream(Struct, frozen=True):
    """A file to publish that may be too long to hold: its bytes come in *parts*, once, while its maker waits."""

    path: str
    media_type: str
    parts: Iterable[bytes]


class Batch(Struct, frozen=True):
    """Files that are made together, by *make*, from what *key* tells apart; without a key they are made each time."""

    paths: tuple[str, ...]
    key: str | None
    make: Callable[[], Iterable[Document | Stream]]


class Step(NamedTuple):
    """Some pages of a folder: what is to be written, the names of files to be taken away, and whom to tell when done."""

    documents: Iterable[Document | Stream]
    gone: Collection[str]
    done: Callable[[], None]


class Folder(Struct, frozen=True):
    """A folder of pages, each of which is marked in the store when what it shows changes. *path* is under output/.

    *key* tells what all of them rest on besides. *steps* makes what is marked, *names* says which files belong there,
    *again* marks these, or all. Where not *is_marked*, nothing is marked yet.
    """

    path: str
    key: str
    steps: Callable[[], Iterable[Step]]
    names: Callable[[], set[str]]
    again: Callable[[Collection[str] | None], None]
    is_marked: bool = True


class Standing(Struct, frozen=True):
    """A published file as it was left: *key* tells what it was made from, None where it is made anew each time."""

    key: str | None
    size: int | None
    mtime_ns: int | None
