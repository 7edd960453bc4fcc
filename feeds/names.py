"""What languages, countries, days and months are called, after Unicode's CLDR. Pure; called by outputs and render."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from typing import Literal

from babel.core import Locale
from babel.dates import format_date


def language_name(code: str, language: str) -> str:
    """The language *code* (ISO 639-1) as people who write *language* call it; the code itself where CLDR has no name."""
    return _locale(language).languages.get(code) or code


def country_name(code: str, language: str) -> str:
    """The country *code* (ISO 3166-1 alpha-2, in any case) likewise."""
    return _locale(language).territories.get(code.upper()) or code.upper()


@lru_cache(4096)
def day_name(day: date, language: str) -> str:
    """As in "Tuesday, November 24, 2026", "mardi 24 novembre 2026"."""
    return format_date(day, "full", _locale(language))


@lru_cache(4096)
def short_day_name(day: date, language: str) -> str:
    """As in "24 Nov 2026", "24 nov. 2026"."""
    return format_date(day, "d MMM y", _locale(language))


@lru_cache(4096)
def day_of_month_name(day: date, language: str) -> str:
    """As in "24 Nov", "24 nov."."""
    return format_date(day, "d MMM", _locale(language))


@lru_cache(4096)
def month_name(month: str, language: str) -> str:
    """What "2026-11" is called, as in "November 2026"."""
    return format_date(date.fromisoformat(f"{month}-01"), "LLLL y", _locale(language))


def direction(language: str) -> Literal["ltr", "rtl"]:
    """Which way *language* is written."""
    return "rtl" if _locale(language).text_direction == "rtl" else "ltr"


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)
