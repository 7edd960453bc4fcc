"""The words of our own pages in the site's language, from its catalogue (GNU gettext). Called by page and its neighbours.

The English words themselves stand in the templates and in the code. site/locale/LANGUAGE holds what they are in another
language; CONTRIBUTING.md says how one is added.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

import feeds
from feeds.config import Site
from feeds.names import short_day_name

_LOCALE = Path(feeds.__file__).parent / "site" / "locale"


@cache
def catalogue(language: str, name: str = "site") -> NullTranslations:
    """What our words are in *language*; English has none, and needs none. "counts" has those that a number changes."""
    return translation(name, _LOCALE, [language], fallback=True)


def words(site: Site) -> Callable[[str], str]:
    """Gives an English text of ours in the language of our pages."""
    return catalogue(site.language).gettext


def counts(site: Site) -> Callable[[str, str, int], str]:
    """Gives an English text of ours, for one thing or for many, in the language of our pages."""
    return catalogue(site.language, "counts").ngettext


def marked(text: str) -> str:
    """*text* itself: tells the catalogue's tools of a text that is looked up elsewhere."""
    return text


def shown_date(date: datetime, site: Site) -> str:
    """As in “24 Nov 2026, 12:00 UTC”, in the site's language and time zone; no locale has a say in it."""
    local = date.astimezone(ZoneInfo(site.timezone))
    return f"{short_day_name(local.date(), site.language)}, {local:%H:%M} {local.tzname()}"


def shown_time(date: datetime, site: Site) -> str:
    """As in “12:00”, in the site's time zone."""
    return f"{date.astimezone(ZoneInfo(site.timezone)):%H:%M}"


def shown_utc(date: datetime, site: Site) -> str:
    """As in “24 Nov 2026, 12:00 UTC”; "" where the site's own time is that already."""
    if date.astimezone(ZoneInfo(site.timezone)).utcoffset() == date.astimezone(UTC).utcoffset():
        return ""
    return shown_date(date, msgspec.structs.replace(site, timezone="UTC"))
