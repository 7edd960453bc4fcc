"""The words of our own pages, in English and French. Called by page and status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from feeds.config import Site

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "site": "Site",
        "subscribe": "Subscribe",
        "search": "Search",
        "pages": "Pages",
        "older": "Older articles",
        "also": "also in",
        "why": "Why it is here",
        "empty": "No articles yet.",
        "rights": "Titles, summaries and texts belong to the publishers named with each article.",
        "articles": "Articles",
        "newest": "newest",
        "our_feeds": "All our feeds (OPML)",
        "our_sources": "The sources we follow (OPML)",
        "status": "Status",
        "as_of": "As of",
        "sources": "Sources",
        "runs": "Runs",
        "state-controlled": "state-controlled",
        "state-linked": "state-linked",
        "original": "Read it at",
        "by": "By",
        "published": "Published",
        "seen": "First seen",
        "changed": "changed",
        "details": "Why it is here",
        "in_title": "in the headline",
        "in_lead": "in the first lines",
        "in_body": "in the text",
        "in_category": "in the outlet’s own categories",
        "in_prior": "the outlet often writes on this",
        "everything": "All articles",
        "months": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    },
    "fr": {
        "site": "Site",
        "subscribe": "S’abonner",
        "search": "Rechercher",
        "pages": "Pages",
        "older": "Articles plus anciens",
        "also": "aussi dans",
        "why": "Pourquoi il est ici",
        "empty": "Pas encore d’articles.",
        "rights": "Les titres, résumés et textes appartiennent aux éditeurs nommés avec chaque article.",
        "articles": "Articles",
        "newest": "le plus récent",
        "our_feeds": "Tous nos flux (OPML)",
        "our_sources": "Les sources que nous suivons (OPML)",
        "status": "État",
        "as_of": "Au",
        "sources": "Sources",
        "runs": "Passages",
        "state-controlled": "contrôlé par l’État",
        "state-linked": "lié à l’État",
        "original": "À lire sur le site de",
        "by": "Par",
        "published": "Publié",
        "seen": "Vu d’abord",
        "changed": "modifié",
        "details": "Pourquoi il est ici",
        "in_title": "dans le titre",
        "in_lead": "dans les premières lignes",
        "in_body": "dans le texte",
        "in_category": "dans les rubriques du média",
        "in_prior": "le média en parle souvent",
        "everything": "Tous les articles",
        "months": "janv. févr. mars avr. mai juin juill. août sept. oct. nov. déc.",
    },
}


def words(site: Site) -> Mapping[str, str]:
    """The words in the language of our pages."""
    return WORDS[site.language]


def shown_date(date: datetime, site: Site) -> str:
    """As in “24 Nov 2026, 12:00 UTC”, in the site's language and time zone; no locale has a say in it."""
    local = date.astimezone(ZoneInfo(site.timezone))
    month = words(site)["months"].split()[local.month - 1]
    return f"{local.day} {month} {local.year}, {local:%H:%M} {local.tzname()}"


def shown_utc(date: datetime, site: Site) -> str:
    """As in “24 Nov 2026, 12:00 UTC”; "" where the site's own time is that already."""
    if date.astimezone(ZoneInfo(site.timezone)).utcoffset() == date.astimezone(UTC).utcoffset():
        return ""
    return shown_date(date, msgspec.structs.replace(site, timezone="UTC"))
