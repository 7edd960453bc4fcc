"""What a child process does with one document: parse, normalise, match. Called by pipeline, through the pool."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from html import escape
from urllib.parse import quote

import msgspec

from feeds.config import Config, Source
from feeds.model import Article, Reading, Response
from feeds.normalise import normalise
from feeds.parse import parse
from feeds.topics import load_config
from feeds.topics.matching import Topics
from feeds.urls import public_url

_topics: Topics


def prepare(config: Config) -> None:
    """Load the topics, once a process, before its first document."""
    global _topics
    _topics = load_config(config)


def read(response: Response, source: Source, now: datetime, secrets: Sequence[str] = ()) -> Reading:
    """The document's head and its articles, each with the topics it is in; none of *secrets* in them. Raises ParseError."""
    body = without(response.body, secrets)
    feed = parse(replace(response, url=public_url(response.url), body=body))  # no secret into what is kept
    articles = (article for article in normalise(feed, source, now) if _can_be_kept(article))
    matched = tuple(replace(article, topics=_topics.match(article, source)) for article in articles)
    return Reading(replace(feed, entries=()), matched)


def without(body: bytes, secrets: Sequence[str]) -> bytes:
    """*body* without *secrets*, plain or in Base64: some servers repeat what they were asked with."""
    for secret in secrets:
        in_base64 = b64encode(secret.encode()).decode().rstrip("=")
        for form in {secret, quote(secret, safe=""), escape(secret), secret.replace("/", "\\/"), in_base64}:
            for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                body = body.replace(form.encode(encoding), b"")
    return body


def _can_be_kept(article: Article) -> bool:
    """False for text that is none (half a surrogate pair): no store takes it, and it must cost only its entry."""
    try:
        msgspec.json.encode(article)
    except UnicodeEncodeError:
        return False
    return True
