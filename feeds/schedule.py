"""When to ask a source again, and what its answer changes in what we know of it. Pure; called by pipeline."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from msgspec.structs import replace

from feeds.config import FetchSettings, Schedule, Source
from feeds.counted import counted
from feeds.errors import FetchError, SourceError
from feeds.model import ParsedFeed, Response, SourceState
from feeds.urls import host_of, public_url

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RETRY_AFTER_CAP = timedelta(days=7)
GONE_PROBE = timedelta(days=7)  # 410: not asked again, but probed weekly
EARLY = 0.15  # of its wait: how much before its time a one-off refresh may ask a source
PATIENCE = timedelta(seconds=4)  # beyond the time that fetching may take, for documents that are slow to read
JITTER = 0.1  # of its wait: how far sources are spread
# A permanent redirect is believed once it was the same in this many fetches over this long.
_LONGEST_TITLE, _LONGEST_ID = 300, 1000  # of a feed's own words, which each of its entries repeats
_MOVES, _MOVED_FOR = 3, timedelta(days=2)


def next_check(
    state: SourceState, source: Source, schedule: Schedule, now: datetime, jitter: float
) -> tuple[datetime, str]:
    """When to ask this source again, in UTC, and why then.

    The longest of the configured interval, its server's hint (ttl, Cache-Control) and the back-off, which doubles per
    failure up to one day; later where a Retry-After or skipHours and skipDays ask for it. *jitter* in [0, 1) spreads
    sources over a tenth of the wait. RFC 9111 section 5.2, RFC 9110 section 10.2.3, RSS 2.0 <ttl>, <skipHours>.
    """
    if state.gone_at is not None:
        return now + GONE_PROBE, "its server said 410 Gone: probed once a week"
    interval: timedelta = max(source.interval or schedule.interval, schedule.min_interval)
    wait, why = interval, "interval"
    hint = min(state.hint or timedelta(0), schedule.max_interval)
    if hint > wait:
        wait, why = hint, "its server asks for it (ttl, Cache-Control)"
    back_off = min(interval * 2 ** min(state.failures - 1, 20), DAY) if state.failures else timedelta(0)
    if back_off > wait:
        wait, why = back_off, f"{counted(state.failures, 'failure', 'failures')} in a row"
    at = now + min(wait * (1 + JITTER * jitter), max(interval, schedule.max_interval))
    if state.retry_until is not None and state.retry_until > at:
        at, why = state.retry_until, "its server asks for it (Retry-After)"
    open_at = _after_skipped(at, state.skip_hours, state.skip_days)
    if open_at > at:  # at the full hour, like all that skip those before it: spread within that hour
        return open_at + HOUR * JITTER * jitter, "it skips the hours before (skipHours, skipDays)"
    return at, why


def _after_skipped(at: datetime, hours: frozenset[int], days: frozenset[int]) -> datetime:
    """The first moment from *at* on that is in no skipped hour or day; *at* itself where all are skipped."""
    moment = at
    for _ in range(7 * 24):
        if moment.hour not in hours and moment.weekday() not in days:
            return moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return at


def planned(state: SourceState, source: Source, schedule: Schedule, now: datetime, jitter: float) -> SourceState:
    """*state* with its next check set."""
    at, why = next_check(state, source, schedule, now, jitter)
    early = at if state.gone_at else _after_skipped(at - (at - now) * EARLY, state.skip_hours, state.skip_days)
    held = state.retry_until if state.retry_until is not None and state.retry_until > now else now
    return replace(state, next_check=at, due_at=max(early, held), wait_reason=why)


def after_outage(state: SourceState, source: Source, schedule: Schedule, now: datetime, jitter: float) -> SourceState:
    """What it changes that this machine's own network was down: the source is asked again after its interval."""
    plan = planned(replace(state, failures=0, hint=None, gone_at=None), source, schedule, now, jitter)
    why = "this machine reached nobody when it was due"
    return replace(state, next_check=plan.next_check, due_at=plan.due_at, wait_reason=why)


def address(state: SourceState, source: Source) -> str:
    """Where to ask: at the configured address, or where a permanent redirect has led to; in turn while they fail."""
    return source.url if state.fetch_url is None or is_fallback(state) else state.fetch_url


def is_fallback(state: SourceState) -> bool:
    """True where a source that has moved is asked at its configured address, as the new one failed the last time."""
    return state.fetch_url is not None and state.failures % 2 == 1


def after_answer(
    state: SourceState, response: Response, feed: ParsedFeed | None, body_hash: str, now: datetime
) -> SourceState:
    """What a usable answer changes; *feed* is what was read of it, None where the body was known already (or a 304).

    Of a document that could not be read whole nothing is kept by which it would be known again: a repaired one may have
    the same validators, and would never be read.
    """
    is_whole = _is_whole(response, feed)
    etag, last_modified = response.etag, response.last_modified
    if response.status == 304:
        etag, last_modified = etag or state.etag, last_modified or state.last_modified
    state = replace(
        _after_redirects(state, response, now),
        etag=etag if is_whole else None,
        last_modified=last_modified if is_whole else None,
        body_hash=body_hash if is_whole else None,
        checked_at=now,
        succeeded_at=now,
        failures=0,
        error=None,
        retry_until=None,
        gone_at=None,
    )
    cache = _max_age(response.headers, now)
    if feed is None:
        return replace(state, hint=max(filter(None, (state.hint, cache)), default=None))
    return replace(
        state,
        document_at=now,
        problem=feed.problem,
        hint=max(filter(None, (feed.ttl, cache)), default=None),
        skip_hours=feed.skip_hours if len(feed.skip_hours) < 24 else frozenset(),
        skip_days=feed.skip_days if len(feed.skip_days) < 7 else frozenset(),
        feed_title=feed.title and feed.title[:_LONGEST_TITLE],
        feed_link=feed.link and public_url(feed.link),  # some feeds repeat the address they were asked at
        feed_id=_feed_id(feed.id),
        feed_language=feed.language and feed.language[:35],
    )


def _is_whole(response: Response, feed: ParsedFeed | None) -> bool:
    return response.complete and (feed is None or feed.is_whole)


def _feed_id(said: str | None) -> str | None:
    """The feed's own id, without secrets; None where it is too long to stand in every entry."""
    if said is None or len(said) > _LONGEST_ID:
        return None
    return public_url(said) if "://" in said else said


def after_failure(state: SourceState, error: SourceError, now: datetime) -> SourceState:
    """What a failed turn changes: one more failure, and how long the server asked to be left alone."""
    status = error.status if isinstance(error, FetchError) else None
    retry_after = error.retry_after if isinstance(error, FetchError) else None
    may_be_elsewhere = state.fetch_url is not None and state.failures == 0  # its other address is asked next
    return replace(
        state,
        checked_at=now,
        failures=state.failures + 1,
        error=error.reason,
        retry_until=None if retry_after is None else now + min(retry_after, RETRY_AFTER_CAP),
        gone_at=(state.gone_at or now) if status == 410 and not may_be_elsewhere else state.gone_at,
    )


def _after_redirects(state: SourceState, response: Response, now: datetime) -> SourceState:
    """Remember a permanent redirect (301, 308) once it was the same in three fetches over two days."""
    if is_fallback(state):
        if response.url == state.fetch_url:
            return state
        state = replace(state, fetch_url=None)  # the configured address has a feed, or leads to another now
    target = response.moved_to
    if target is None or public_url(target) != target:  # an address with a secret is not kept
        return replace(state, moved_to=None, moved_since=None, moved_count=0)
    if target != state.moved_to or state.moved_since is None:
        return replace(state, moved_to=target, moved_since=now, moved_count=1)
    count = state.moved_count + 1
    proven = count >= _MOVES and now - state.moved_since >= _MOVED_FOR
    if proven:
        return replace(state, fetch_url=target, moved_to=None, moved_since=None, moved_count=0)
    return replace(state, moved_count=count)


def _max_age(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the answer stays fresh by Cache-Control max-age, or by Expires where that is absent; None if unsaid."""
    found = re.search(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", headers.get("cache-control", ""), re.IGNORECASE)
    if found:
        return timedelta(seconds=int(found[1]))
    if "expires" not in headers:
        return None
    try:
        expires = parsedate_to_datetime(headers["expires"])
    except (ValueError, OverflowError):
        return None
    expires = expires if expires.tzinfo else expires.replace(tzinfo=UTC)
    return max(expires - now, timedelta(0))


def longest(fetch: FetchSettings, addresses: Sequence[str]) -> timedelta:
    """How long asking sources at *addresses* can take at the very most, and reading what they answer."""
    hosts = Counter(host_of(address) for address in addresses)
    rounds = max(
        math.ceil(len(addresses) / fetch.concurrency),
        math.ceil(max(hosts.values(), default=0) / fetch.per_host),
    )
    return rounds * fetch.timeout + PATIENCE
