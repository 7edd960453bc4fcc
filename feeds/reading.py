"""What a child process does with one document: parse, normalise, match. Called by pipeline, through the pool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import msgspec

from feeds.config import Config, Source, resolve_secret
from feeds.model import Article, Reading, Response
from feeds.normalise import normalise
from feeds.parse import parse
from feeds.topics import load_config
from feeds.topics.matching import Topics
from feeds.urls import looks_random, public_url, secrets_in

_topics: Topics


def prepare(config: Config) -> None:
    """Load the topics, once a process, before its first document."""
    global _topics
    _topics = load_config(config)


def read(response: Response, source: Source, now: datetime) -> Reading:
    """The document's head and its articles, each with the topics it is in. Raises ParseError."""
    # No secret into what is kept: neither from the address, nor where the document repeats it.
    feed = parse(replace(response, url=public_url(response.url), body=_without_secrets(response, source)))
    faults: list[Exception] = []
    matched = []
    for article in normalise(feed, source, now, failed=faults.append):
        try:
            matched += [replace(article, topics=_topics.match(article, source))] if _can_be_kept(article) else []
        except Exception as error:  # a bug, which must cost only its entry
            faults.append(error)
    if faults and not matched:
        raise faults[0]
    problem = f"{len(faults)} entries made the program fail ({type(faults[0]).__name__}), a bug" if faults else None
    return Reading(replace(feed, entries=(), problem=problem or feed.problem), tuple(matched))


def _without_secrets(response: Response, source: Source) -> bytes:
    """The body without what was secret in the addresses and headers that it was asked for with."""
    body = response.body
    for secret in {*secrets_in(source.url), *secrets_in(response.url), *filter(looks_random, _credentials(source))}:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            body = body.replace(secret.encode(encoding), b"")
    return body


def _credentials(source: Source) -> Iterator[str]:
    for value in (source.auth.partition(":")[2], *source.headers.values()):
        with suppress(KeyError):  # the fetch has told that it is not set
            yield resolve_secret(value)


def _can_be_kept(article: Article) -> bool:
    """False for text that is none (half a surrogate pair): no store takes it, and it must cost only its entry."""
    try:
        msgspec.json.encode(article)
    except UnicodeEncodeError:
        return False
    return True
