"""An article as an entry of any format: every value clean, every word of it decided. Called by the formats' modules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from html import escape

from msgspec import Struct

from feeds.digests import words
from feeds.markup import plain_text, shows_nothing, summarise
from feeds.model import Enclosure, Place, StoredArticle, Text
from feeds.render.parts import RenderSettings, SourceInfo
from feeds.render.values import (
    article_url,
    direction,
    language_tag,
    line,
    media_type,
    source_id,
    web_url,
    xml_text,
)
from feeds.urls import reader_url

SUMMARY_LENGTH = 500
_LONGEST_TEXT = 100_000  # characters of HTML; a feed of a hundred longer texts is more than readers take
_UNTITLED = "Untitled"
_OPENING, _SENTENCE = 12, 4  # words by which a summary is found in the text, and those that a sentence needs to tell
_SENTENCE_END = re.compile(r"(?<=[.!?…؟。])\s")
_MOST_CATEGORIES = 6  # a topic, and its five strongest concepts
_CONTROLS = re.compile(r"(<(?:audio|video)\b[^<>]*?) controls(?:=\"[^\"<>]*\")?([^<>]*>)")
_BDO = re.compile(r"<(/?)bdo\b")
_LABELS = {"state": "state-controlled", "state-linked": "state-linked"}


class Category(Struct, frozen=True):
    """Why an entry is where it is: a topic (*scheme* is the site) or a concept of it (*scheme* is the topic).

    *term* and *name* are the same in every entry; *label* is in the entry's language. *name* is in that of our pages.
    """

    term: str
    scheme: str
    label: str
    name: str


class Origin(Struct, frozen=True):
    """The source an entry came from. *label* is "state-controlled" or "state-linked", "" for all others."""

    id: str
    name: str
    title: str
    url: str
    link: str | None
    label: str


class Entry(Struct, frozen=True):
    """An article, ready to be written. *date* is *published*, or when it was first seen.

    *summary* is plain. *content* is the whole text as HTML with the credit at its end, None where only the summary is
    republished. *text* is the summary as HTML: with the credit, or, beside *content*, without it, and "" where that
    says it already. *url* is None where the source gave no usable address. *pictures* are no *enclosures*: readers
    show those for download. *source_updated* is when the source's feed last changed.
    """

    id: str
    title: str
    url: str | None
    summary: str
    text: str
    content: str | None
    date: datetime
    published: datetime | None
    updated: datetime
    source_updated: datetime
    authors: tuple[str, ...]
    language: str | None
    categories: tuple[Category, ...]
    image: str | None
    pictures: tuple[Enclosure, ...]
    enclosures: tuple[Enclosure, ...]
    origin: Origin
    also: tuple[str, ...]
    place: Place | None = None

    @property
    def direction(self) -> str:
        return direction(self.language)


def make_entry(article: StoredArticle, settings: RenderSettings, source: SourceInfo | None = None) -> Entry:
    """*article* as every format shows it; *source* in place of what *settings* know of its source."""
    source = source or settings.sources.get(article.source.name) or SourceInfo(article.source.name, article.source.url)
    url = article_url(reader_url(article.link, article.entry.original_link)) or web_url(article.url)
    plain = _plain_text(article)
    title = line(article.title) or line(summarise(plain, 80)) or url or _UNTITLED
    policy = source.text or settings.publish.text
    summary = "" if policy == "link" else xml_text(summarise(plain, SUMMARY_LENGTH)).strip()
    language = language_tag(article.language) or language_tag(source.language)
    origin = _origin(source)
    also = tuple(name for name in (line(other.name) for other in article.also) if name)
    credit = _credit(origin, url, also)
    is_whole = policy == "full" and len(article.content) <= _LONGEST_TEXT
    content = _fit_for_feeds(article.content) if is_whole else ""
    text = _paragraph(summary or title, language) + ("" if content else credit)
    if content and (not summary or _stands_in(summary, content)):
        text = ""
    media = _media(article)
    image = web_url(article.image)
    updated = article.updated or article.date
    return Entry(
        id=article.id,
        title=title,
        url=url,
        summary=summary or title,
        text=text,
        content=content + credit if content else None,
        date=article.date,
        published=article.published,
        updated=updated,
        # Where its feed has no date of its own, it changed last with this article, as far as we can know.
        source_updated=article.feed_updated or updated,
        authors=_distinct(line(author) for author in article.authors),
        language=language,
        categories=_categories(article, settings),
        image=image if image and not shows_nothing(image) else None,
        pictures=tuple(each for each in media if _is_picture(each) and not shows_nothing(each.url)),
        enclosures=tuple(each for each in media if not _is_picture(each)),
        origin=origin,
        also=also,
        place=_place(article, settings.places),
    )


def _stands_in(summary: str, content: str) -> bool:
    """True where *content* says what *summary* begins with: most summaries are the first words of their text."""
    first = _SENTENCE_END.split(summary, 1)[0]
    if escape(first, quote=False) in content:  # as most do, and told in a hundredth of the time
        return True
    opening = first if len(words(first).split()) >= _SENTENCE else summary
    return " ".join(words(opening).split()[:_OPENING]) in words(plain_text(Text(content, html=True)))


def _plain_text(article: StoredArticle) -> str:
    return article.summary.strip() or plain_text(Text(article.content, html=True)).strip()


def _fit_for_feeds(content: str) -> str:
    """Clean HTML without what the W3C validator knows no safe use of (SecurityRisk, SecurityRiskAttr)."""
    content = _CONTROLS.sub(r"\1\2", xml_text(content))
    return _BDO.sub(r"<\1bdi", content).strip()


def _paragraph(text: str, language: str | None) -> str:
    way = ' dir="rtl"' if direction(language) == "rtl" else ""
    return f"<p{way}>{escape(text, quote=False)}</p>"


@lru_cache(1024)
def _origin(source: SourceInfo) -> Origin:
    name = line(source.name) or "?"
    url = web_url(source.url) or ""
    return Origin(
        id=source_id(source.id, url or source.url),
        name=name,
        title=line(source.title or "") or name,
        url=url,
        link=web_url(source.link),
        label=_LABELS.get(source.control, ""),
    )


def _credit(origin: Origin, url: str | None, also: tuple[str, ...]) -> str:
    """The closing paragraph that says whose text this is. In English, whatever the language of the entry."""
    name = f"<bdi>{escape(origin.name)}</bdi>"
    linked = f'<a href="{escape(url)}">{name}</a>' if url else name
    label = f" ({origin.label})" if origin.label else ""
    others = f". Also in: {', '.join(f'<bdi>{escape(other)}</bdi>' for other in also)}" if also else ""
    return f'<p lang="en" dir="ltr">Source: {linked}{label}{others}</p>'


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))


def _categories(article: StoredArticle, settings: RenderSettings) -> tuple[Category, ...]:
    """The topics by name, each followed by the strongest concepts: what more there is stands on the article's page."""
    matches = sorted(article.topics.items())
    found = [
        (evidence.weight, name, line(evidence.concept), line(evidence.label))
        for name, match in matches
        for evidence in match.evidence
        if evidence.where != "prior" and line(evidence.concept)
    ]
    found.sort(key=lambda each: -each[0])
    strongest: dict[
        str, tuple[str, str]
    ] = {}  # a concept that is in several topics stands in that where it weighs most
    for _, name, term, label in found:
        strongest.setdefault(term, (name, label))
    kept = list(strongest.items())[: max(1, _MOST_CATEGORIES - len(matches))]
    called = settings.names() if kept else {}
    categories = []
    for name, _ in matches:
        topic = settings.topics.get(name)
        title = line(topic.title if topic else "") or name
        categories.append(Category(name, settings.url(), title, title))
        for term, (owner, label) in kept:
            if owner == name:
                label = label or term
                categories.append(Category(term, settings.url(f"{name}/"), label, line(called.get(term, "")) or label))
    return tuple(categories)


def _place(article: StoredArticle, places: Mapping[str, Place]) -> Place | None:
    """Where the article takes place: the strongest of the places in headline and lead, or a town in that country."""
    evidence = (each for topic in sorted(article.topics) for each in article.topics[topic].evidence)
    found = [each for each in evidence if each.where in ("title", "lead") and each.country and each.concept in places]
    if not found:
        return None
    found.sort(key=lambda each: -each.weight)
    towns = (each for each in found if each.country == found[0].country and not places[each.concept].is_country)
    return places[next(towns, found[0]).concept]


def _media(article: StoredArticle) -> tuple[Enclosure, ...]:
    """Each media file once, with its type; those of which nothing tells what they are, and Flash, are left out."""
    found: dict[str, Enclosure] = {}
    for enclosure in article.enclosures:
        url = web_url(enclosure.url)
        kind = media_type(enclosure.type, url) if url else None
        if url and kind:
            length = enclosure.length if enclosure.length and 0 < enclosure.length < 2**31 else None
            found.setdefault(url, Enclosure(url, kind, length))
    return tuple(found.values())


def _is_picture(file: Enclosure) -> bool:
    return (file.type or "").startswith("image/")
