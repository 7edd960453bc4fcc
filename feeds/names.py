"""What languages and countries are called, after Unicode's CLDR. Pure; called by outputs."""

from __future__ import annotations

from functools import cache

from babel.core import Locale


def language_name(code: str, language: str) -> str:
    """The language *code* (ISO 639-1) as people who write *language* call it; the code itself where CLDR has no name."""
    return _locale(language).languages.get(code) or code


def country_name(code: str, language: str) -> str:
    """The country *code* (ISO 3166-1 alpha-2, in any case) likewise."""
    return _locale(language).territories.get(code.upper()) or code.upper()


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)
