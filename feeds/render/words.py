"""The words of our own pages, in English and French. Called by page and status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from feeds.config import Site

# ruff: noqa: E501
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
        "details": "Details",
        "in_title": "in the headline",
        "in_lead": "in the first lines",
        "in_body": "in the text",
        "in_category": "in the outlet’s own categories",
        "in_prior": "the outlet often writes on this",
        "everything": "All articles",
        "languages": "Languages",
        "countries": "Countries",
        "by_month": "By month",
        "newer": "Newer articles",
        "about": "How articles are chosen",
        "about_intro": "An article is in a topic for words in its headline, its first lines or its text, never for the outlet alone or for how often it was read. Each article’s page shows which words those were.",
        "about_scores": "Each name, place or person found has a weight, more in the headline than in the text. A topic needs enough weight on all of its sides.",
        "about_edits": "Nothing is rewritten, translated or ranked. An article that several outlets carry stands once and names them all. Outlets that a state controls, or that are linked to one, are labelled.",
        "about_dates": "Dates are the outlet’s own. Where it gives none, or one that can’t be, an article has the day when it was first seen here.",
        "sides": "All of these sides",
        "enough": "Or one of these alone",
        "context": "Adds a little beside them",
        "none_of": "Not where there is",
        "or": "or",
        "how_to": "A feed reader shows new articles by itself, each once. Copy an address from this page into yours, or import the list of all feeds (OPML). Any reader understands Atom and RSS; JSON Feed holds the same.",
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
        "details": "Détails",
        "in_title": "dans le titre",
        "in_lead": "dans les premières lignes",
        "in_body": "dans le texte",
        "in_category": "dans les rubriques du média",
        "in_prior": "le média en parle souvent",
        "everything": "Tous les articles",
        "languages": "Langues",
        "countries": "Pays",
        "by_month": "Par mois",
        "newer": "Articles plus récents",
        "about": "Comment les articles sont choisis",
        "about_intro": "Un article est dans un thème pour des mots de son titre, de ses premières lignes ou de son texte, jamais pour le seul média ni pour son nombre de lecteurs. La page de chaque article montre ces mots.",
        "about_scores": "Chaque nom, lieu ou personne trouvé a un poids, plus fort dans le titre que dans le texte. Il faut à un thème assez de poids de tous ses côtés.",
        "about_edits": "Rien n’est réécrit, traduit ni classé. Un article repris par plusieurs médias est là une fois et les nomme tous. Les médias qu’un État contrôle, ou qui lui sont liés, portent une mention.",
        "about_dates": "Les dates sont celles du média. S’il n’en donne pas, ou une date impossible, c’est le jour où l’article a été vu ici pour la première fois.",
        "sides": "Tous ces côtés",
        "enough": "Ou l’un de ceux-ci seul",
        "context": "Ajoute un peu à côté d’eux",
        "none_of": "Pas s’il y a",
        "or": "ou",
        "how_to": "Un lecteur de flux montre de lui-même les nouveaux articles, une fois chacun. Copiez une adresse de cette page dans le vôtre, ou importez la liste de tous les flux (OPML). Tout lecteur comprend Atom et RSS ; JSON Feed contient la même chose.",
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
