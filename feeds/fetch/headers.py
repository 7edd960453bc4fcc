"""What goes into a request's headers and what is read from an answer's. Pure; called by fetch."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from urllib3.util.request import ACCEPT_ENCODING

from feeds.model import Request

MAX_RETRY_AFTER = timedelta(days=7)
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)


def request_headers(request: Request, user_agent: str, auth: str | None, with_secrets: bool) -> dict[str, str | bytes]:
    """The headers of one request. Its own headers and *auth* ("user:password") are sent only *with_secrets*."""
    headers: dict[str, str | bytes] = {
        "User-Agent": user_agent,
        "Accept": _ACCEPT,
        "Accept-Encoding": ACCEPT_ENCODING.replace(",", ", "),  # br and zstd only where they are installed
        **_validators(request),
    }
    if with_secrets:
        own = {name.title(): value for name, value in request.headers.items()}
        headers.update({"Authorization": basic_auth(auth)} if auth else {})
        headers.update(own)
    return headers


def basic_auth(auth: str) -> str:
    """The Authorization header for "user:password", in UTF-8 (RFC 7617, section 2.1)."""
    pair = auth if ":" in auth else auth + ":"
    return "Basic " + b64encode(pair.encode()).decode()


def _validators(request: Request) -> dict[str, bytes]:
    pairs = (("If-None-Match", request.etag), ("If-Modified-Since", request.last_modified))
    return {name: value.encode("latin-1") for name, value in pairs if value and _can_be_sent(value)}


def _can_be_sent(value: str) -> bool:
    return re.fullmatch(r"[^\x00-\x08\x0a-\x1f\x7f]+", value) is not None and max(value) <= "\xff"


def is_conditional(request: Request) -> bool:
    """True if a validator goes with *request*, so that it can be answered by 304."""
    return bool(_validators(request))


def validator(headers: Mapping[str, str], name: str) -> str | None:
    """The validator in header *name*, each character one byte as received; None where there is none to send back."""
    value = headers.get(name, "").strip(" \t")
    return value if value and _can_be_sent(value) else None


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """How long a Retry-After header asks to wait, at most 7 days; None where it says nothing, or a time gone by."""
    if not value:
        return None
    number = value.strip()
    if re.fullmatch(r"[0-9]+", number):
        wait = timedelta(seconds=int(number)) if len(number) < 10 else MAX_RETRY_AFTER
        return min(wait, MAX_RETRY_AFTER) or None
    try:
        moment = parsedate_to_datetime(value)
        wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(wait, MAX_RETRY_AFTER) if wait > timedelta(0) else None
