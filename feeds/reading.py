"""What a child process does with one document: parse, normalise, match. Called by pipeline, through the pool."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from feeds import __version__
from feeds.answers import address, what_it_is
from feeds.config import Config, Source
from feeds.counted import counted
from feeds.digests import digests_of, shared_identity
from feeds.errors import ParseError
from feeds.model import Article, KnownItem, ParsedFeed, Reading, Response
from feeds.parse import parse
from feeds.topics import load_config
from feeds.urls import public_url

if TYPE_CHECKING:
    from feeds.topics.matching import Topics

_topics: Topics


_HEAD = ("title", "link", "id", "updated", "language", "self_link", "problem")
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Reading)


def prepare(config: Config) -> None:
    """Load the topics, once a process, before its first document."""
    global _topics
    _topics = load_config(config)


def read(
    response: Response,
    source: Source,
    now: datetime,
    known: Mapping[str, KnownItem] | None = None,
    secrets: Sequence[str] = (),
) -> Reading:
    """The document's head and its articles, each with the topics it is in; none of *secrets* in them. Raises ParseError.

    Items that are *known*, by their keys, are not read again where the others leave no doubt that they mean the same.
    """
    from feeds.normalise import normalise  # here, as `load_config` does: the parent process only names this function

    # No secret into what is kept.
    public = replace(response, url=public_url(response.url), body=without(response.body, secrets))
    known = known or {}
    salt = f"{__version__} {public.url} {source.language}"
    faults: list[Exception] = []
    try:
        feed = parse(public, known, salt)
    except ParseError as error:
        raise _named(public, source, secrets, error) from error
    articles = normalise(feed, source, now, failed=faults.append)
    left_out = {key: known[key] for key in feed.left_out}
    if _are_at_odds(articles, left_out.values()):
        feed, left_out, faults = parse(public, (), salt), {}, []
        articles = normalise(feed, source, now, failed=faults.append)
    matched = tuple(_matched(articles, source, faults))
    if faults and not matched:
        raise faults[0]
    problem = feed.problem
    is_whole = problem is None and not faults
    if faults:
        entries = counted(len(faults), "entry", "entries")
        problem = f"{entries} made the program fail ({type(faults[0]).__name__}), a bug"
    elif is_whole and not matched and not left_out:
        problem = f"{public.url} answered with a feed that has no entries"
    return Reading(
        feed=_well_said(replace(feed, entries=(), keys=(), left_out=(), problem=problem, is_whole=is_whole)),
        articles=matched,
        unchanged=tuple({item.identity: None for item in left_out.values()}),
        items=left_out | _items(feed, matched),
    )


def _named(response: Response, source: Source, secrets: Sequence[str], error: ParseError) -> ParseError:
    """*error*, saying what came in place of a feed, where that is known, and which address it came from."""
    what = what_it_is(response.url, response.status, response.headers, response.body)
    came_from = address(response.url, secrets)
    if what is not None:
        return ParseError(error.url, f"no feed but {what} ({came_from})")
    return error if response.url == public_url(source.url) else ParseError(error.url, f"{error.reason} ({came_from})")


def read_packed(
    response: Response,
    source: Source,
    now: datetime,
    known: Mapping[str, KnownItem] | None = None,
    secrets: Sequence[str] = (),
) -> bytes:
    """What `read` gives, in half the time that pickling takes to bring it to another process: see `unpacked`."""
    return _encoder.encode(read(response, source, now, known, secrets))


def unpacked(packed: bytes) -> Reading:
    """The reading that `read_packed` packed."""
    return _decoder.decode(packed)


def _well_said(feed: ParsedFeed) -> ParsedFeed:
    """The document's head without half surrogate pairs, which no text can hold (entries with them are left out)."""
    said = {name: getattr(feed, name) for name in _HEAD}
    return replace(feed, **{name: text and text.encode("utf-8", "replace").decode() for name, text in said.items()})


def _matched(articles: Iterable[Article], source: Source, faults: list[Exception]) -> Iterator[Article]:
    """Those that can be kept, with their topics; *faults* takes what others raise, a bug that must cost only its entry."""
    for article in articles:
        try:
            yield replace(article, digests=digests_of(article), topics=_topics.match(article, source))
        except UnicodeEncodeError:
            continue  # text that is none (half a surrogate pair): no store takes it
        except Exception as error:
            faults.append(error)


def _are_at_odds(articles: Iterable[Article], left_out: Collection[KnownItem]) -> bool:
    """True where a new entry has the guid or the address of one that was left out: which counts depends on both."""
    identities, urls = {shared_identity(item.identity) for item in left_out}, {item.url for item in left_out} - {None}
    return any(shared_identity(article.identity) in identities or article.url in urls for article in articles)


def _items(feed: ParsedFeed, articles: Iterable[Article]) -> dict[str, KnownItem]:
    """What to know of the entries read; those whose address others share depend on those, and are always read."""
    if not feed.keys:
        return {}
    return {
        feed.keys[article.position]: KnownItem(article.identity, article.url)
        for article in articles
        if not article.url_is_shared
    }


def without(body: bytes, secrets: Sequence[str]) -> bytes:
    """*body* without *secrets*, plain or in Base64: some servers repeat what they were asked with."""
    for secret in secrets:
        in_base64 = b64encode(secret.encode()).decode().rstrip("=")
        for form in {secret, quote(secret, safe=""), escape(secret), secret.replace("/", "\\/"), in_base64}:
            for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                body = body.replace(form.encode(encoding), b"")
    return body
