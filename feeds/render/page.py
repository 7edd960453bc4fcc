"""A feed as a page, an article, and the front page: HTML without scripts or requests to others. Called by render, outputs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feeds.config import Site
from feeds.markup import plain_text
from feeds.model import Document, StoredArticle, Text, TopicMatch, TopicRules
from feeds.names import country_name, day_name, direction, language_name, month_name
from feeds.render.entry import Entry, make_entry
from feeds.render.parts import FILES, MEDIA_TYPES, Navigation, OutputFeed, RenderSettings
from feeds.render.values import language_tag, line, rfc3339, xml_text
from feeds.render.words import catalogue, counts, marked, shown_date, shown_time, shown_utc, words

ON_FRONT = 10  # articles of each topic; of the first the summary, too
ON_PAGE = 100  # articles of a feed, however many it has
_IN_FULL = 25  # of them with summary and reasons, the others as headlines: pages stay under 100 kB
_WORDS = re.compile(r'\b_\("([^"\\]*)"\)')
_NAMES = {"atom": "Atom", "rss": "RSS", "json": "JSON Feed"}
_LABELS = marked("state-controlled"), marked("state-linked")  # those that an entry's origin may have
_WHERE = {
    "title": marked("in the headline"),
    "lead": marked("in the first lines"),
    "body": marked("in the text"),
    "category": marked("in the outlet’s own categories"),
    "prior": marked("the outlet often writes on this"),
}


def feed_page(feed: OutputFeed, entries: Sequence[Entry], settings: RenderSettings) -> bytes:
    """index.html of *feed*."""
    root = "../" * (feed.path.count("/") + 1)
    return filled(
        "feed.html",
        settings,
        root,
        section=feed.path.partition("/")[0],
        title=heading(feed),
        description=line(feed.description),
        links=_links(settings),
        days=_days(entries[:ON_PAGE], settings, root),
        navigation=feed.navigation,
        further="",
    )


def heading(feed: OutputFeed) -> str:
    """What our pages call *feed*."""
    return line(feed.name) or line(feed.title) or feed.path


def all_articles(site: Site) -> str:
    """What our pages call the feed of all articles."""
    _ = words(site)
    return _("All articles")


def month_path(feed: str, month: str, number: int) -> str:
    """Where page *number* of a month ("2026-11") is, under output/."""
    return f"{feed}/{month.replace('-', '/')}/{number}.html"


def month_page(feed: OutputFeed, month: str, number: int, settings: RenderSettings) -> Document:
    """Page *number* of *feed*'s articles of a month ("2026-11"): their headlines, by day."""
    root = "../" * 3
    path = month_path(feed.path, month, number)
    body = filled(
        "feed.html",
        settings,
        root,
        section=feed.path,
        title=f"{heading(feed)}: {month_name(month, settings.site.language)}",
        description="",
        links=_links(settings, f"{root}{feed.path}/"),
        days=_days([make_entry(article, settings) for article in feed.articles], settings, root, in_full=0),
        navigation=feed.navigation,
        further="",
    )
    return Document(path, MEDIA_TYPES["html"], body)


def about_page(topics: Sequence[TopicRules], settings: RenderSettings) -> Document:
    """about.html: how topics are decided."""
    _ = words(settings.site)
    title = _("How articles are chosen")
    return Document("about.html", MEDIA_TYPES["html"], filled("about.html", settings, "", title=title, topics=topics))


def subscribe_page(feeds: Sequence[tuple[str, str]], settings: RenderSettings) -> Document:
    """subscribe.html: all *feeds*, by path and title, with their addresses."""
    listed = [{"title": line(title), "links": _links(settings, settings.url(f"{path}/"))} for path, title in feeds]
    _ = words(settings.site)
    title = _("Subscribe")
    body = filled("subscribe.html", settings, "", title=title, feeds=listed)
    return Document("subscribe.html", MEDIA_TYPES["html"], body)


def _days(
    entries: Iterable[Entry], settings: RenderSettings, root: str, in_full: int = _IN_FULL
) -> list[dict[str, Any]]:
    """*entries*, newest first, by the days of the site's time zone; the first *in_full* with all there is.

    One without a date that stands below older ones belongs to their day: days only go back.
    """
    zone = ZoneInfo(settings.site.timezone)
    entries = list(entries)
    dates = accumulate((entry.date for entry in entries), min)
    placed = enumerate(zip(entries, dates, strict=True))
    return [
        {
            "name": day_name(day, settings.site.language),
            "datetime": day.isoformat(),
            "entries": [_shown(entry, settings, root) | {"is_brief": place >= in_full} for place, (entry, _) in group],
        }
        for day, group in groupby(placed, lambda each: each[1][1].astimezone(zone).date())
    ]


def search_page(
    feed: OutputFeed,
    settings: RenderSettings,
    text: str,
    filters: Mapping[str, str | None],
    query: str,
    further: str,
    paths: Iterable[str] = (),
) -> bytes:
    """What a search found. *query* is its query string, which its feeds have too; *further* leads to older ones.

    *paths* are those of the feeds there are: which languages and countries one can choose from.
    """
    formats = [kind for kind in _NAMES if query]
    return filled(
        "search.html",
        settings,
        "",
        title=heading(feed),
        description="",
        links=[
            {"name": _NAMES[kind], "type": MEDIA_TYPES[kind], "href": f"search/{FILES[kind]}?{query}"}
            for kind in formats
        ],
        days=_days([make_entry(article, settings) for article in feed.articles], settings, "", in_full=50),
        navigation=Navigation(),
        action="search",
        is_asked=bool(query),
        text=line(text),
        fields=_fields(settings, filters, paths),
        further=further,
    )


def error_page(settings: RenderSettings, root: str, status: int, said: str, text: str = "") -> bytes:
    """What is shown in place of a page: *said* says what is wrong with what was asked, or why it can't be answered now.

    *root* leads from the address that was asked for to output/, *text* is the query, to be mended.
    """
    _ = words(settings.site)
    if status == 404:
        title, said = _("There is nothing here"), ""
    else:
        title = _("This can’t be answered now") if status >= 500 else _("This can’t be understood")
    return filled("error.html", settings, root, title=title, said=line(said), text=line(text))


def _fields(settings: RenderSettings, filters: Mapping[str, str | None], paths: Iterable[str]) -> list[dict[str, Any]]:
    """What a search can be narrowed by: a list to choose from where what may stand there is known."""
    _ = words(settings.site)
    labels = {"topic": _("Topic"), "lang": _("Language"), "country": _("Country"), "source": _("Source"),
              "since": _("Since"), "until": _("Until")}  # fmt: skip
    named = {"lang": language_name, "country": country_name}
    choices = {
        kind: sorted(((path.rpartition("/")[2], name(path.rpartition("/")[2], settings.site.language))
                      for path in paths if path.startswith(f"all/{kind}/")), key=lambda each: each[1])
        for kind, name in named.items()
    }  # fmt: skip
    choices["topic"] = [(name, _topic_title(name, settings)) for name in settings.topics]
    return [
        {
            "name": name,
            "label": label,
            "value": (value := line(filters.get(name) or "")),
            "choices": _with(value.lower(), choices.get(name, [])),
            "example": "2026-01-31" if name in ("since", "until") else "",
        }
        for name, label in labels.items()
    ]


def _with(value: str, choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """*choices*, and *value* with them where somebody asked for another."""
    return [*choices, (value, value)] if value and choices and value not in dict(choices) else choices


def article_path(article_id: str) -> str:
    """Where the page of the article with this urn:uuid: is, under output/."""
    return f"articles/{article_id.removeprefix('urn:uuid:')}.html"


def article_page(article: StoredArticle, settings: RenderSettings) -> Document:
    """articles/ID.html: whose it is, when, what it says as far as may be republished, why it is here, who else has it."""
    entry = make_entry(article, settings)
    policy = settings.text_of(article.source.name)
    _ = words(settings.site)
    shown = _shown(entry, settings, "../")
    changed = entry.updated > article.date
    body = filled(
        "article.html",
        settings,
        "../",
        title=entry.title,
        entry=shown,
        authors=entry.authors,
        datetime=rfc3339(article.date),
        date=shown_date(article.date, settings.site),
        utc=shown_utc(article.date, settings.site),
        changed=rfc3339(entry.updated) if changed else "",
        changed_date=shown_date(entry.updated, settings.site) if changed else "",
        paragraphs=_paragraphs(article) if policy == "full" else [shown["summary"]] if shown["summary"] else [],
        reasons=[
            {
                "path": f"../{name}/index.html",
                "title": _topic_title(name, settings),
                "found": _found(match, _),
            }
            for name, match in sorted(article.topics.items())
            if name in settings.topics
        ],
    )
    return Document(article_path(article.id), MEDIA_TYPES["html"], body)


def _paragraphs(article: StoredArticle) -> list[str]:
    """The text in plain paragraphs: no picture, link or frame of others is in our pages."""
    text = plain_text(Text(article.content or article.summary, html=bool(article.content)))
    return [xml_text(part).strip() for part in text.split("\n") if part.strip()]


def _topic_title(name: str, settings: RenderSettings) -> str:
    return line(settings.topics[name].title) or name


def _found(match: TopicMatch, _: Callable[[str], str]) -> list[dict[str, str]]:
    """What was found for a topic, the strongest first: its concept, the words and where they stand."""
    found = sorted(match.evidence, key=lambda each: -each.weight)
    return [
        {
            "concept": line(each.label) or line(each.concept),
            "term": line(each.term),
            "language": language_tag(each.language) or "",
            "where": _(_WHERE[each.where]),
        }
        for each in found
    ]


def front_page(feeds: Sequence[OutputFeed], settings: RenderSettings) -> Document:
    """index.html at the root of output/: every feed, how to subscribe, and what else there is."""
    body = filled(
        "front.html",
        settings,
        "",
        title=line(settings.site.title),
        description=line(settings.site.description),
        feeds=[_listed(feed, settings) for feed in feeds],
    )
    return Document("index.html", MEDIA_TYPES["html"], body)


def filled(template: str, settings: RenderSettings, root: str, section: str = "", **values: Any) -> bytes:
    """The page that *template* and *values* make; *root* leads from it to output/, *section* is the topic it is in."""
    site = settings.site
    common = {
        "ngettext": counts(site),
        "language": site.language,
        "site": line(site.title),
        "direction": direction(site.language),
        "is_searchable": site.search,
        "css": _css(),
        "root": root,
        "sections": [(_topic_title(name, settings), name) for name in settings.topics] + [(all_articles(site), "all")],
        "section": section,
        "offered": _links(settings, f"{root}all/"),
    }
    return _environment(site.language).get_template(template).render(**common, **values).encode()


@cache
def _environment(language: str) -> Environment:
    return Environment(
        loader=_Translated(language),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


class _Translated(PackageLoader):
    """Our templates with our words already in *language*: looked up once, not for each of a hundred thousand pages."""

    def __init__(self, language: str) -> None:
        super().__init__("feeds", "site")
        self._words = catalogue(language).gettext

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool] | None]:
        source, name, is_fresh = super().get_source(environment, template)
        return _WORDS.sub(lambda found: json.dumps(self._words(found[1]), ensure_ascii=False), source), name, is_fresh


@cache
def looks() -> str:
    """A digest of our templates, style and catalogues: when it changes, pages are to be made again."""
    site = Path(__file__).parent.parent / "site"
    files = sorted(path for path in site.rglob("*") if path.suffix in (".html", ".css", ".mo"))
    return hashlib.blake2b(b"".join(path.read_bytes() for path in files), digest_size=16).hexdigest()


@cache
def _css() -> Markup:
    environment = _environment("en")
    assert environment.loader is not None
    return Markup(environment.loader.get_source(environment, "style.css")[0])  # our own file, in <style>


def _links(settings: RenderSettings, folder: str = "") -> list[dict[str, str]]:
    """The formats one can subscribe to, relative to the page that names them."""
    return [
        {"name": name, "type": MEDIA_TYPES[kind], "href": folder + FILES[kind]}
        for kind, name in _NAMES.items()
        if kind in settings.publish.formats
    ]


def _shown(entry: Entry, settings: RenderSettings, root: str) -> dict[str, Any]:
    return {
        "language": entry.language or "",
        "direction": entry.direction,
        "url": entry.url,
        "page": root + article_path(entry.id),
        "title": entry.title,
        "source": entry.origin.name,
        "label": words(settings.site)(entry.origin.label) if entry.origin.label else "",
        "is_dated": entry.published is not None,
        "datetime": rfc3339(entry.date),
        "date": shown_date(entry.date, settings.site),
        "time": shown_time(entry.date, settings.site),
        "also": entry.also,
        "summary": entry.summary if entry.summary != entry.title else "",
        "why": [category.label for category in entry.categories],
    }


def _listed(feed: OutputFeed, settings: RenderSettings) -> dict[str, Any]:
    entries = [make_entry(article, settings) for article in feed.articles[:ON_FRONT]]
    return {
        "title": heading(feed),
        "description": line(feed.description),
        "page": f"{feed.path}/index.html",
        "links": _links(settings, f"{feed.path}/"),
        "days": _days(entries, settings, "", in_full=1),
    }
