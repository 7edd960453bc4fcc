"""Every date a feed can carry, in its language. Pure; called by normalise.

feedparser's own dates are not used: it gives None for month names that are not English, takes the current month for
`2011/10/02 12:01:24`, and gets AEST, BST and -800 wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LONGEST = 120  # characters; what is longer is no date

# Month names and their abbreviations in en, fr, es, pt, de, ru (nominative, genitive, short) and ar (Gregorian,
# Levantine and Maghreb names). CLDR 46, and what feeds write. Folded as by _folded().
_MONTHS = {
    1: "january jan janvier janv enero ene janeiro januar jaenner jan январь января янв يناير جانفي كانون_الثاني",
    2: "february feb fevrier fevr febrero fevereiro fev februar февраль февраля фев февр فبراير فيفري شباط",
    3: "march mar mars marzo marco maerz mrz март марта мар مارس آذار",
    4: "april apr avril avr abril abr апрель апреля апр ابريل افريل نيسان",
    5: "may mai mayo maio май мая مايو ماي ايار",
    6: "june jun juin junio junho juni июнь июня июн يونيو جوان حزيران",
    7: "july jul juillet juil julio julho juli июль июля июл يوليو جويلية تموز",
    8: "august aug aout aou agosto ago август августа авг اغسطس اوت آب",
    9: "september sep sept septembre septiembre setiembre set setembro сентябрь сентября сен сент سبتمبر ايلول",
    10: "october oct octobre octubre outubro out oktober okt октябрь октября окт اكتوبر تشرين_الاول",
    11: "november nov novembre noviembre novembro ноябрь ноября ноя нояб نوفمبر تشرين_الثاني",
    12: "december dec decembre diciembre dic dezembro dez dezember декабрь декабря дек ديسمبر كانون_الاول",
}

# Minutes from UTC. Letters shared by several zones take the one that news feeds mean.
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "bst": 60, "ist": 330, "cet": 60, "cest": 120, "met": 60,
    "mest": 120, "mez": 60, "mesz": 120, "eet": 120, "eest": 180, "msk": 180, "мск": 180, "msd": 240, "wat": 60,
    "cat": 120, "eat": 180, "sast": 120, "trt": 180, "ast": -240, "adt": -180, "est": -300, "edt": -240, "cst": -360,
    "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600,
    "brt": -180, "art": -180, "gst": 240, "pkt": 300, "sgt": 480, "hkt": 480, "awst": 480, "jst": 540, "kst": 540,
    "acst": 570, "acdt": 630, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
}  # fmt: skip

# What zones are called in English, and where such a clock hangs.
_LONG_ZONES = {
    "greenwich mean time": "Etc/UTC", "coordinated universal time": "Etc/UTC", "british summer time": "Europe/London",
    "western european": "Europe/Lisbon", "central european": "Europe/Paris", "eastern european": "Europe/Athens",
    "moscow": "Europe/Moscow", "eastern": "America/New_York", "central": "America/Chicago", "mountain": "America/Denver",
    "pacific": "America/Los_Angeles", "atlantic": "America/Halifax", "west africa": "Africa/Lagos",
    "central africa": "Africa/Maputo", "east africa": "Africa/Nairobi", "eastern africa": "Africa/Nairobi",
    "south africa": "Africa/Johannesburg", "arabian": "Asia/Riyadh", "gulf": "Asia/Dubai", "india": "Asia/Kolkata",
    "china": "Asia/Shanghai", "japan": "Asia/Tokyo", "korean": "Asia/Seoul",
}  # fmt: skip


def _folded(text: str) -> str:
    """Lower case; the accents and letter variants that month names are written with or without, made one."""
    return text.lower().translate(_FOLDS).replace("ä", "ae")


_FOLDS = str.maketrans(
    {
        **dict(zip("éèêëûüçáíóúàأإآٱى", "eeeeuucaiouaااااي", strict=True)),
        **{chr(0x0660 + digit): str(digit) for digit in range(10)},
        **{chr(0x06F0 + digit): str(digit) for digit in range(10)},
        **dict.fromkeys("\u00a0\u202f\u2009", " "),
        **dict.fromkeys("\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u0640"),
        **dict.fromkeys("‐‑‒–−", "-"),
        "،": ",",
    }
)
_MONTH_OF = {
    _folded(name).replace("_", " "): number for number, names in _MONTHS.items() for name in names.split()
}  # fmt: skip
_TIME = r"(?P<hour>\d{1,2})\s?[:h.]\s?(?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,:](?P<fraction>\d{1,9}))?)?"
_HALF = r"(?:\s?(?P<half>[ap])\.?m\b\.?|\s?(?P<arabic_half>[صم])(?:\b|$))?"
_ZONE = r"(?:\s*\(?(?P<zone>(?:utc|gmt)?\s?[+-]\s?\d{1,2}(?::?\d{2})?\b|(?:z|[a-zмск]{2,4})\b))?"
_CLOCK = rf"(?:{_TIME}{_HALF}{_ZONE})?"
_NAME = "|".join(sorted(map(re.escape, _MONTH_OF), key=len, reverse=True))

_ISO = re.compile(
    rf"(?P<year>\d{{4}})(?P<dash>[-/.])(?P<month>\d{{2}})(?:(?P=dash)(?P<day>\d{{2}}))?(?:[t\s_,-]+|$)(?:{_TIME}{_HALF}{_ZONE})?"
)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:t?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?)?"
    rf"(?:\.\d+)?{_ZONE}$"
)
_YEAR_FIRST_SLASH = re.compile(rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})\b[\st,]*{_CLOCK}")
_NAMED = re.compile(
    rf"(?P<day>\d{{1,2}})(?:er|st|nd|rd|th|º|o)?\.?[\s,-]*(?:de\s|of\s)?\s*(?P<name>{_NAME})\.?[\s,/-]*(?:de\s|del\s)?"
    r"\s*(?P<year>\d{4}|\d{2}(?!\d?\s?[:h]))\b\s*(?:года|г\.?)?"
    rf"(?:\s*(?:[,t-]|as|a las|at|a|um|в|الساعة)\s*)?\s*{_CLOCK}"
)
_NAME_FIRST = re.compile(
    rf"(?P<name>{_NAME})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?:(?P<year>\d{{4}})\b,?(?:\s*(?:at|-)\s*)?\s*{_CLOCK}"
    r"|(?P<hour2>\d{2}):(?P<minute2>\d{2}):(?P<second2>\d{2})(?:\s+(?P<zone2>[a-z]{3,4}))?\s+(?P<year2>\d{4}))"
)
_NUMBERS = re.compile(
    rf"(?P<first>\d{{1,2}})(?P<dash>[/.-])(?P<other>\d{{1,2}})(?P=dash)(?P<year>\d{{4}}|\d{{2}})\b[\s,t-]*{_CLOCK}"
)
_ZONE_NAME = re.compile(
    r"[\s\[(]*\b(?P<name>[a-z][a-z_+-]*(?:/[a-z0-9_+-]+){1,2}|[a-z]{3,12}(?: [a-z]{3,12}){1,3})[\s\])]*$"
)
_UNIX = re.compile(r"(\d{9,10})(\d{3})?(?:\.\d+)?$")


def usable(date: datetime, now: datetime) -> bool:
    """True where a date can be believed: not before 1990, not in the future."""
    return _EARLIEST <= date <= now


def parse_date(text: str, *, zone: tzinfo = UTC, languages: Iterable[str] = ()) -> datetime | None:
    """The moment that *text* names, in UTC and whole seconds; None where it names none. Never raises.

    RFC 822 and its heirs, RFC 3339, ISO 8601, W3CDTF, asctime, Unix time, and what is written by hand, with month names
    in en, fr, es, pt, de, ru and ar. The zone may be named ("Europe/Paris"); a missing one is *zone*. Of 3/4/2026 the day
    comes first, unless the second number is above 12, or the time has AM or PM, or *languages* has en-US and no other.
    """
    if not text or len(text) > _LONGEST:
        return None
    folded = _folded(text).strip()
    month_first = set(languages) == {"en-US"}
    if "/" in folded or "time" in folded:
        folded, zone = _without_zone_name(folded, zone)
    for pattern in (_ISO, _COMPACT, _YEAR_FIRST_SLASH):
        if found := pattern.match(folded):
            return _moment(found.groupdict(), zone)
    if found := _UNIX.match(folded):
        return _from_unix(int(found[1]))
    for pattern in (_NAMED, _NAME_FIRST):
        if found := pattern.search(folded):
            parts = found.groupdict()
            return _moment(parts | {"month": str(_MONTH_OF[parts["name"]])}, zone)
    if found := _NUMBERS.search(folded):
        return _moment(_ordered(found.groupdict(), month_first), zone)
    return None


def _without_zone_name(folded: str, zone: tzinfo) -> tuple[str, tzinfo]:
    """What stands before the name of a zone, and that zone; *folded* and *zone* where none is named at its end."""
    found = _ZONE_NAME.search(folded)
    named = found and _named_zone(found["name"])
    return (folded[: found.start()], named) if found and named else (folded, zone)


@lru_cache(256)
def _named_zone(name: str) -> tzinfo | None:
    """The zone that IANA, or English, calls *name*, which is in lower case; None where there is none."""
    short = re.sub(r" (?:(?:standard|daylight|summer) )?time$", "", name)
    key = _LONG_ZONES.get(name) or _LONG_ZONES.get(short) or _zone_keys().get(name)
    return ZoneInfo(key) if key else None


@cache
def _zone_keys() -> dict[str, str]:
    return {key.lower(): key for key in available_timezones()}


def _ordered(parts: dict[str, str | None], month_first: bool) -> dict[str, str | None]:
    first, other = parts["first"], parts["other"]
    american = parts["dash"] == "/" and (month_first or parts.get("half") is not None)
    if int(other or 0) > 12 or (american and int(first or 0) <= 12):
        return parts | {"month": first, "day": other}
    return parts | {"day": first, "month": other}


def _from_unix(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _moment(parts: dict[str, str | None], zone: tzinfo) -> datetime | None:
    written = parts.get("year") or parts.get("year2") or "0"
    year = int(written)
    if len(written) == 2:  # RFC 2822 section 4.3; 0001 is the year 1, and means that nobody set one
        year += 2000 if year < 70 else 1900
    hour, minute, second = (int(parts.get(unit) or parts.get(f"{unit}2") or 0) for unit in ("hour", "minute", "second"))
    hour = _in_day(hour, parts)
    offset = _offset(parts.get("zone") or parts.get("zone2"))
    try:
        day = datetime(year, int(parts["month"] or 1), int(parts.get("day") or 1), tzinfo=offset or zone)
        # 24:00 and a leap second are the next day's and the next minute's beginning.
        if hour > 24 or minute > 59 or second > 60:
            return None
        whole = day + timedelta(hours=hour, minutes=minute, seconds=second)
        return whole.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _in_day(hour: int, parts: dict[str, str | None]) -> int:
    """The hour of 24: PM and Arabic م add twelve."""
    late = parts.get("half") == "p" or parts.get("arabic_half") == "م"
    early = parts.get("half") == "a" or parts.get("arabic_half") == "ص"
    if late and hour < 12:
        return hour + 12
    return 0 if early and hour == 12 else hour


@lru_cache(1024)
def _offset(name: str | None) -> timezone | None:
    """The zone that "+0100", "-800", "+3", "gmt+1", "est" or "z" names; None where it names none."""
    if name is None:
        return None
    found = re.search(r"([+-])\s?(\d{1,2}):?(\d{2})?$", name)
    if found is None:
        minutes = _ZONES.get(name)
        return None if minutes is None else timezone(timedelta(minutes=minutes))
    hours, minutes = int(found[2]), int(found[3] or 0)
    if found[3] is None and len(found[2]) == 2 and hours > 14:  # "-8:00" written -80 is nothing that anybody means
        return None
    if hours > 14 or minutes > 59:
        return None
    return timezone((1 if found[1] == "+" else -1) * timedelta(hours=hours, minutes=minutes))
