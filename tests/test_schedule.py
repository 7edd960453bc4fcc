"""When a source is asked again, and what its answers change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.config import Duration, FetchSettings, Schedule, Source
from feeds.errors import FetchError
from feeds.fetch.headers import retry_after
from feeds.model import ParsedFeed, Response, SourceState
from feeds.schedule import PATIENCE, address, after_answer, after_failure, longest, next_check, planned
from tests.build import DAY, HOUR, NOW, source

MINUTE = timedelta(minutes=1)
STATE = SourceState(id=1, name="Courier", url="https://courier.example/feed")
SCHEDULE = Schedule()
FEED = ParsedFeed("rss20")


def wait(state: SourceState, asked: Source | None = None, jitter: float = 0.0) -> timedelta:
    return next_check(state, asked or source(), SCHEDULE, NOW, jitter)[0] - NOW


def answer(status: int = 200, moved_to: str | None = None, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response("https://courier.example/feed", status, named, b"body", moved_to=moved_to)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (STATE, 30 * MINUTE),
        (replace(STATE, hint=10 * MINUTE), 30 * MINUTE),
        (replace(STATE, hint=2 * HOUR), 2 * HOUR),
        (replace(STATE, hint=10_000 * DAY), DAY),
        (replace(STATE, failures=1), 30 * MINUTE),
        (replace(STATE, failures=2), HOUR),
        (replace(STATE, failures=4), 4 * HOUR),
        (replace(STATE, failures=10_000), DAY),
        (replace(STATE, failures=1, retry_until=NOW + 3 * HOUR), 3 * HOUR),
        (replace(STATE, failures=4, retry_until=NOW + HOUR), 4 * HOUR),
        (replace(STATE, gone_at=NOW - DAY, failures=1), 7 * DAY),
        (replace(STATE, skip_hours=frozenset({12, 13})), 2 * HOUR),
        (replace(STATE, skip_days=frozenset({1})), 12 * HOUR),
    ],
)
def test_next_check_is_the_longest_of_what_is_asked(state: SourceState, expected: timedelta) -> None:
    assert wait(state) == expected


def test_own_interval_holds_but_never_below_the_least() -> None:
    assert wait(STATE, source(interval=Duration(hours=6))) == 6 * HOUR
    assert wait(STATE, source(interval=Duration(seconds=1))) == 10 * MINUTE


def test_jitter_spreads_sources_over_a_tenth_of_the_wait() -> None:
    assert wait(STATE, jitter=0.999) == pytest.approx(33 * MINUTE, abs=2 * MINUTE)
    assert wait(STATE, jitter=0.0) == 30 * MINUTE


def test_reason_for_the_wait_is_said() -> None:
    assert "2 failures" in next_check(replace(STATE, failures=2), source(), SCHEDULE, NOW, 0)[1]
    assert "Retry-After" in next_check(replace(STATE, retry_until=NOW + DAY), source(), SCHEDULE, NOW, 0)[1]


def test_cron_of_the_same_interval_finds_it_due_despite_jitter() -> None:
    state = planned(STATE, source(), SCHEDULE, NOW, 0.99)
    assert state.due_at is not None
    assert state.due_at <= NOW + 30 * MINUTE
    assert state.next_check is not None
    assert state.next_check > NOW + 30 * MINUTE


def test_retry_after_is_never_shortened() -> None:
    state = planned(replace(STATE, failures=1, retry_until=NOW + DAY), source(), SCHEDULE, NOW, 0.5)
    assert state.due_at == NOW + DAY


@pytest.mark.parametrize(
    "skipping", [replace(STATE, skip_hours=frozenset({12, 13})), replace(STATE, skip_days=frozenset({1}))]
)
def test_refresh_that_may_come_early_does_not_come_within_skipped_hours(skipping: SourceState) -> None:
    state = planned(skipping, source(), SCHEDULE, NOW, 0.5)
    assert state.due_at is not None
    assert state.next_check is not None
    assert state.due_at <= state.next_check
    assert state.due_at.hour not in skipping.skip_hours
    assert state.due_at.weekday() not in skipping.skip_days


def test_answer_ends_failures_and_keeps_validators() -> None:
    failing = replace(STATE, failures=3, error="why", retry_until=NOW, gone_at=NOW)
    response = replace(answer(), etag='"1"', last_modified="yesterday")
    state = after_answer(failing, response, FEED, "hash", NOW)
    assert (state.failures, state.error, state.retry_until, state.gone_at) == (0, None, None, None)
    assert (state.etag, state.last_modified, state.body_hash, state.document_at) == ('"1"', "yesterday", "hash", NOW)


def test_304_keeps_old_validators_and_takes_newer_ones() -> None:
    before = replace(STATE, etag='"1"', last_modified="yesterday")
    state = after_answer(before, replace(answer(304), etag='"2"'), None, "hash", NOW)
    assert (state.etag, state.last_modified) == ('"2"', "yesterday")


def test_200_without_validators_drops_the_old_ones() -> None:
    assert after_answer(replace(STATE, etag='"1"'), answer(), FEED, "hash", NOW).etag is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"cache_control": "public, max-age=3600"}, HOUR),
        ({"cache_control": "s-maxage=5, MAX-AGE = 60"}, MINUTE),
        ({"cache_control": "max-age=99999999999999999999"}, timedelta(seconds=999_999_999)),
        ({"expires": "Tue, 24 Nov 2026 13:00:00 GMT"}, HOUR),
        ({"expires": "Tue, 24 Nov 2020 13:00:00 GMT"}, timedelta(0)),
        ({"expires": "Fri, 31 Dec 9999 23:59:59 GMT"}, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - NOW),
        ({"expires": "0"}, None),
        ({"expires": "garbage"}, None),
        ({}, None),
    ],
)
def test_hint_of_the_cache_headers(headers: dict[str, str], expected: timedelta | None) -> None:
    assert after_answer(STATE, answer(200, None, **headers), FEED, "hash", NOW).hint == (expected or None)


def test_ttl_of_the_feed_is_a_hint_too() -> None:
    assert after_answer(STATE, answer(), replace(FEED, ttl=2 * HOUR), "hash", NOW).hint == 2 * HOUR


def test_failure_counts_and_says_why() -> None:
    error = FetchError(STATE.url, "the server answered 503", status=503, retry_after=HOUR)
    state = after_failure(STATE, error, NOW)
    assert (state.failures, state.error, state.retry_until) == (1, "the server answered 503", NOW + HOUR)


def test_retry_after_is_capped_at_seven_days() -> None:
    error = FetchError(STATE.url, "busy", status=429, retry_after=timedelta(days=10**6))
    assert after_failure(STATE, error, NOW).retry_until == NOW + 7 * DAY


def test_410_is_remembered_until_an_answer_comes() -> None:
    gone = after_failure(STATE, FetchError(STATE.url, "gone", status=410), NOW)
    assert gone.gone_at == NOW
    assert after_failure(gone, FetchError(STATE.url, "gone", status=410), NOW + 7 * DAY).gone_at == NOW
    assert after_answer(gone, answer(), FEED, "hash", NOW).gone_at is None


def moved(state: SourceState, target: str | None, at: datetime) -> SourceState:
    return after_answer(state, answer(moved_to=target), FEED, "hash", at)


def test_permanent_redirect_is_remembered_after_three_fetches_over_two_days() -> None:
    state = STATE
    for at in (NOW, NOW + DAY):
        state = moved(state, "https://new.example/feed", at)
        assert state.fetch_url is None
    assert moved(state, "https://new.example/feed", NOW + 2 * DAY).fetch_url == "https://new.example/feed"


def test_permanent_redirect_seen_often_in_a_day_is_not_yet_believed() -> None:
    state = STATE
    for hour in range(10):
        state = moved(state, "https://new.example/feed", NOW + hour * HOUR)
    assert state.fetch_url is None


def test_redirect_that_changes_starts_anew() -> None:
    state = moved(moved(STATE, "https://a.example/", NOW), "https://b.example/", NOW + DAY)
    assert moved(state, "https://b.example/", NOW + 2 * DAY).fetch_url is None


def test_redirect_to_an_address_with_a_secret_is_not_kept() -> None:
    state = moved(STATE, "https://user:pass@new.example/feed", NOW)
    assert state.moved_to is None


def test_remembered_address_survives_failures_and_is_asked_in_turn_with_the_configured_one() -> None:
    state, asked = replace(STATE, fetch_url="https://new.example/feed"), []
    for _ in range(4):
        asked.append(address(state, source()))
        state = after_failure(state, FetchError(STATE.url, "404", status=404), NOW)
    assert asked == ["https://new.example/feed", "https://courier.example/feed"] * 2
    assert state.fetch_url == "https://new.example/feed"


lengths = st.timedeltas(timedelta(0), timedelta(days=36_500))
states = st.builds(
    SourceState, id=st.just(1), name=st.just("Courier"), url=st.just("https://courier.example/feed"),
    failures=st.integers(0, 10**9), hint=st.none() | lengths, gone_at=st.none() | st.just(NOW),
    retry_until=st.none() | st.timedeltas(-7 * DAY, 7 * DAY).map(lambda wait: NOW + wait),
    skip_hours=st.frozensets(st.integers(0, 23)), skip_days=st.frozensets(st.integers(0, 6)),
)  # fmt: skip
intervals = st.none() | st.integers(60, 90 * 86_400).map(lambda seconds: Duration(seconds=seconds))


@settings(derandomize=True, max_examples=300)
@given(states, intervals, st.floats(0, 1, exclude_max=True))
def test_every_wait_lies_within_its_bounds_and_has_a_reason(
    state: SourceState, interval: Duration | None, jitter: float
) -> None:
    asked = source(interval=interval)
    plan = planned(state, asked, SCHEDULE, NOW, jitter)
    own = max(interval or SCHEDULE.interval, SCHEDULE.min_interval)
    longest = max(own, SCHEDULE.max_interval, 7 * DAY)
    skipped = 7 * DAY + HOUR if state.skip_hours or state.skip_days else timedelta(0)
    assert plan.next_check is not None
    assert plan.due_at is not None
    assert (7 * DAY if state.gone_at else own) <= plan.next_check - NOW <= longest + skipped
    assert min(own, 7 * DAY) * 0.85 - MINUTE <= plan.due_at - NOW <= plan.next_check - NOW
    assert plan.due_at >= (state.retry_until or NOW)
    assert plan.wait_reason


header_values = st.text(st.characters(max_codepoint=255), max_size=40) | st.sampled_from(
    [
        "0",
        "-1",
        "9" * 50,
        "max-age=" + "9" * 30,
        "max-age=-5",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
    ]
)
said = st.dictionaries(
    st.sampled_from(["cache-control", "expires", "etag", "last-modified", "age", "date"]), header_values
)


@settings(derandomize=True, max_examples=300)
@given(said, said, header_values)
def test_whatever_headers_say_the_next_check_comes_within_the_caps(
    first: dict[str, str], then: dict[str, str], retry: str
) -> None:
    state = after_answer(STATE, Response(STATE.url, 200, first, b"x"), FEED, "hash", NOW)
    state = after_answer(state, Response(STATE.url, 304, then, b""), None, "hash", NOW)
    assert 30 * MINUTE <= wait(state, jitter=0.999) <= DAY
    error = FetchError(STATE.url, "busy", status=503, retry_after=retry_after(retry, NOW))
    assert 30 * MINUTE <= wait(after_failure(state, error, NOW), jitter=0.999) <= 7 * DAY


@pytest.mark.parametrize(
    ("addresses", "rounds"),
    [
        ([f"http://{number}.example/" for number in range(32)], 1),
        ([f"http://{number}.example/" for number in range(33)], 2),
        ([f"http://one.example/{number}" for number in range(9)], 5),
    ],
)
def test_longest_goes_by_the_hosts_that_are_asked(addresses: list[str], rounds: int) -> None:
    settings = FetchSettings()
    assert longest(settings, addresses) == rounds * settings.timeout + PATIENCE
