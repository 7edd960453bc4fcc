"""Dates as feeds write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.dates import parse_date, usable
from tests.build import NOW

DAY = "2026-02-03T00:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # RFC 822, 2822, 850, asctime
        ("Tue, 03 Feb 2026 14:05:06 +0000", "2026-02-03T14:05:06"),
        ("Tue, 3 Feb 2026 14:05:06 GMT", "2026-02-03T14:05:06"),
        ("Mon, 03 Feb 2026 14:05:06 GMT", "2026-02-03T14:05:06"),  # the wrong weekday
        ("03 Feb 2026 14:05 EST", "2026-02-03T19:05"),
        ("03 Feb 26 14:05 EST", "2026-02-03T19:05"),
        ("Tue, 03 Feb 1998 14:05:06 -0800", "1998-02-03T22:05:06"),
        ("Tuesday, 03-Feb-26 14:05:06 GMT", "2026-02-03T14:05:06"),
        ("Tue Feb  3 14:05:06 2026", "2026-02-03T14:05:06"),
        ("Tue Feb 03 14:05:06 UTC 2026", "2026-02-03T14:05:06"),
        ("Tue, 03 Feb 2026 14:05:06 -800", "2026-02-03T22:05:06"),
        ("Tue, 03 Feb 2026 14:05:06 +3", "2026-02-03T11:05:06"),
        ("Tue, 03 Feb 2026 14:05:06 +05:30", "2026-02-03T08:35:06"),
        ("Tue, 03 Feb 2026 14:05:06 GMT+1", "2026-02-03T13:05:06"),
        ("Tue, 03 Feb 2026 14:05:06 UTC-05:00", "2026-02-03T19:05:06"),
        ("Tue, 03 Feb 2026 14:05:06 AEST", "2026-02-03T04:05:06"),
        ("Tue, 03 Feb 2026 14:05:06 BST", "2026-02-03T13:05:06"),
        ("Tue, 03 Feb 2026 14:05:06 MSK", "2026-02-03T11:05:06"),
        ("Tue, 03 Feb 2026 14:05:06 WAT", "2026-02-03T13:05:06"),
        ("Tue, 03 Feb 2026 14:05:06 CEST", "2026-02-03T12:05:06"),
        ("Tue, 03 Feb 2026 14:05:06 Z", "2026-02-03T14:05:06"),
        ("Tue, 03 Feb 2026 14:05:60 +0000", "2026-02-03T14:06"),
        ("Tue, 03 Feb 2026 24:00:00 +0000", "2026-02-04T00:00"),
        ("Tue, 03 Feb 2026", DAY),
        # RFC 3339, ISO 8601, W3CDTF
        ("2026-02-03T14:05:06Z", "2026-02-03T14:05:06"),
        ("2026-02-03T14:05:06.789Z", "2026-02-03T14:05:06"),
        ("2026-02-03T14:05:06+03:00", "2026-02-03T11:05:06"),
        ("2026-02-03T14:05+0300", "2026-02-03T11:05"),
        ("2026-02-03t14:05:06z", "2026-02-03T14:05:06"),
        ("2026-02-03 14:05:06", "2026-02-03T14:05:06"),
        ("2026-02-03", DAY),
        ("2026-02", "2026-02-01T00:00"),
        ("20260203T140506Z", "2026-02-03T14:05:06"),
        ("20260203", DAY),
        ("2026-02-03T14:05:06 EST", "2026-02-03T19:05:06"),
        ("2011/10/02 12:01:24", "2011-10-02T12:01:24"),
        ("2026/2/3", DAY),
        ("2026.02.03 14:05", "2026-02-03T14:05"),
        # by hand
        ("3 février 2026", DAY),
        ("mar, 03 fév 2026 14:05:06 +0100", "2026-02-03T13:05:06"),
        ("mardi 3 février 2026 à 14h05", "2026-02-03T14:05"),
        ("1er août 2026", "2026-08-01T00:00"),
        ("lun., 03 août 2026 14:05:06 +0000", "2026-08-03T14:05:06"),
        ("Вт, 03 фев 2026 14:05:06 +0300", "2026-02-03T11:05:06"),
        ("3 февраля 2026 г., 14:05", "2026-02-03T14:05"),
        ("3 февраля 2026 года в 14:05 мск", "2026-02-03T11:05"),
        ("3 мая 2026", "2026-05-03T00:00"),
        ("3 فبراير 2026", DAY),
        ("الثلاثاء، ٣ شباط ٢٠٢٦", DAY),
        ("3 كانون الثاني 2026 14:05", "2026-01-03T14:05"),
        ("3 تشرين الأول 2026", "2026-10-03T00:00"),
        ("03 جانفي 2026", "2026-01-03T00:00"),
        ("3 أغسطس 2026 2:05 م", "2026-08-03T14:05"),
        ("ter, 3 de fevereiro de 2026 14:05", "2026-02-03T14:05"),
        ("3 de março de 2026 às 14h05", "2026-03-03T14:05"),
        ("martes, 3 de febrero de 2026", DAY),
        ("3. März 2026, 14:05 Uhr", "2026-03-03T14:05"),
        ("Di, 3. Februar 2026 um 14:05", "2026-02-03T14:05"),
        ("February 3, 2026", DAY),
        ("Feb. 3rd, 2026 at 2:05 PM", "2026-02-03T14:05"),
        ("February 3, 2026 12:05 AM", "2026-02-03T00:05"),
        ("03.02.2026 14:05", "2026-02-03T14:05"),
        ("03/02/2026", DAY),
        ("02/03/2026 2:05 PM", "2026-02-03T14:05"),
        ("02/13/2026", "2026-02-13T00:00"),
        ("3-2-26", DAY),
        ("Mon, 01 Jan 0001 00:00:00 +0000", "0001-01-01T00:00"),
        ("1770127506", "2026-02-03T14:05:06"),
        ("1770127506000", "2026-02-03T14:05:06"),
        ("\u200eTue,\u00a003 Feb 2026 14:05:06\u00a0GMT", "2026-02-03T14:05:06"),
        ("  Tue, 03 Feb 2026 14:05:06 GMT (posted)", "2026-02-03T14:05:06"),
    ],
)
def test_date_is_read(text: str, expected: str) -> None:
    assert parse_date(text) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "il y a 3 heures", "00:00", "32 Feb 2026", "2026-13-01", "2026-02-30", "0000-00-00 00:00:00",
     "Tue, 03 Foo 2026 14:05:06 GMT", "9" * 100, "1" * 1_000_000, "25:99", "2026-02-03T25:00:00Z", "+" * 119],
)  # fmt: skip
def test_what_names_no_moment_is_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-03 14:05 Europe/Paris", "2026-07-03T12:05"),
        ("Tue, 03 Feb 2026 14:05:06 Europe/Paris", "2026-02-03T13:05:06"),
        ("Tue, 03 Feb 2026 14:05:06 (Africa/Porto-Novo)", "2026-02-03T13:05:06"),
        ("2026-02-03T14:05:06[America/Argentina/Buenos_Aires]", "2026-02-03T17:05:06"),
        ("2026-02-03T14:05:06+03:00[Europe/Paris]", "2026-02-03T11:05:06"),
        ("3 juillet 2026 à 14h05 europe/paris", "2026-07-03T12:05"),
        ("03.07.2026 14:05 Europe/Moscow", "2026-07-03T11:05"),
        ("20260203T140506 US/Eastern", "2026-02-03T19:05:06"),
        ("Jul 3, 2026 2:05 PM Eastern Daylight Time", "2026-07-03T18:05"),
        ("Tue Feb 03 2026 14:05:06 GMT+0300 (Central European Standard Time)", "2026-02-03T11:05:06"),
        ("2026-02-03 14:05 Nowhere/Island", "2026-02-03T14:05"),
        ("03/02/2026", DAY),
    ],
)
def test_zone_may_be_named_in_full(text: str, expected: str) -> None:
    assert parse_date(text) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_missing_zone_is_the_sources_own() -> None:
    zone = ZoneInfo("Europe/Moscow")
    assert parse_date("03.02.2026 14:05", zone=zone) == datetime(2026, 2, 3, 11, 5, tzinfo=UTC)
    assert parse_date("2026-02-03T14:05:06Z", zone=zone) == datetime(2026, 2, 3, 14, 5, 6, tzinfo=UTC)


def test_month_comes_first_in_american_english() -> None:
    assert parse_date("02/03/2026", languages=["en-US"]) == datetime(2026, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (NOW, True),
        (NOW + timedelta(seconds=1), False),
        (datetime(1990, 1, 1, tzinfo=UTC), True),
        (datetime(1989, 12, 31, tzinfo=UTC), False),
    ],
)
def test_usable_dates_are_from_1990_to_now(date: datetime, expected: bool) -> None:
    assert usable(date, NOW) is expected


moments = st.datetimes(
    min_value=datetime(1971, 1, 1), max_value=datetime(2068, 1, 1), timezones=st.sampled_from(  # noqa: DTZ001 – hypothesis wants them so
        [UTC, timezone(timedelta(hours=3)), timezone(timedelta(hours=-9, minutes=-30))]
    )
).map(lambda moment: moment.replace(microsecond=0))  # fmt: skip


@given(moments)
def test_standard_forms_come_back(moment: datetime) -> None:
    assert parse_date(moment.isoformat()) == moment
    assert parse_date(format_datetime(moment)) == moment


@given(st.text(max_size=130) | st.text("0123456789-/:.,+ TZapm", max_size=40))
def test_nothing_raises(text: str) -> None:
    found = parse_date(text)
    assert found is None or found.tzinfo is UTC
