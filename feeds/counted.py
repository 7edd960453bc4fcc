"""Numbers with what they count, in English, for commands and messages; our pages have theirs from the catalogue. Pure."""

from __future__ import annotations

from gettext import NullTranslations

_ngettext = NullTranslations().ngettext  # English alone, whatever the locale


def counted(number: int, one: str, many: str) -> str:
    """As in “1 article”, “2 articles”."""
    return f"{number} {_ngettext(one, many, number)}"
