"""Entry → Article: identity, address, plain title, clean text, dates, language, authors, media. Pure; called by reading."""

from __future__ import annotations

import hashlib
import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from itertools import islice

from msgspec.structs import replace

from feeds.config import Source
from feeds.dates import parse_date, usable
from feeds.digests import fragment_of, identity_apart, words
from feeds.language import language_of
from feeds.markup import (
    MAX_LENGTH,
    clean_html,
    cut_furniture,
    first_image,
    headline,
    is_picture_file,
    may_lead,
    page_image,
    plain_text,
    plain_title,
    summarise,
    valid,
    with_places,
    without_mojibake,
    without_tail,
)
from feeds.model import Article, Enclosure, Entry, ParsedFeed, Text
from feeds.urls import canonical_url, host_of, reader_url, resolve

_LONGEST_GUID, _LONGEST_KEPT_GUID = 1000, 4096
_LONGEST_SUMMARY = 5000
_LONGEST_TITLE = 500
_MOST_CATEGORIES, _MOST_AUTHORS, _MOST_ENCLOSURES = 30, 20, 50
_NOBODY = frozenset("admin administrator webmaster editor root noreply no-reply unknown none null author".split())
_ADDRESS = re.compile(
    r"[<(\[]?\s*(?:mailto:)?[^\s<>()\[\],;]+@[^\s<>()\[\],;]*\s*[>)\]]?"
    r"|[\w.+-]+\s?[(\[{]\s?at\s?[)\]}]\s?[\w-]+(?:\s?(?:\.|[(\[{]\s?dot\s?[)\]}])\s?[\w-]+)+",
    re.IGNORECASE,
)
# Between people of whom the first has an address, in brackets or before a name in brackets.
_BETWEEN_AUTHORS = re.compile(r";|(?<=[>)])\s*(?:,|&|/|\b(?:and|et|und|y|e|и)\b|(?=[^\s,]+@))")
# "Von" before a surname alone is part of it; "von" always is.
_BY = re.compile(r"(?:(?i:by|par|por|автор|بقلم)|Von(?=\s+\S+\s+\S))\s*[:：]?\s+")


def _no_excuse(error: Exception) -> None:
    raise error


def normalise(
    feed: ParsedFeed,
    source: Source,
    now: datetime,
    zone: tzinfo = UTC,
    failed: Callable[[Exception], None] = _no_excuse,
) -> tuple[Article, ...]:
    """The feed's articles in document order; an entry that says nothing at all is left out.

    An entry that is repeated is one article, the first. *zone* is what dates without one are in. *failed* is told what an
    entry raised, which is a bug, and may raise it again: else only that entry is left out.
    """
    urls = [canonical_url(entry.original_link or entry.link or "") for entry in feed.entries]
    shared = {url for url, count in _per_guid(feed.entries, urls).items() if count > 1}
    feed_updated = _moment(feed.updated, source, now, zone)
    articles = []
    for position, (entry, url) in enumerate(zip(feed.entries, urls, strict=True)):
        if _says_nothing(entry):
            continue
        try:
            made = _article(
                entry,
                feed,
                source,
                now,
                zone,
                url=url,
                is_shared=url in shared,
                position=position,
                feed_updated=feed_updated,
            )
        except Exception as error:
            failed(error)
        else:
            articles.append(made)
    return _told_apart(articles)


def _told_apart(articles: Sequence[Article]) -> tuple[Article, ...]:
    """*articles* with distinct identities: the distinct ones that share one each get one of their own."""
    groups: dict[str, list[Article]] = {}
    for article in articles:
        groups.setdefault(article.identity, []).append(article)
    if len(groups) == len(articles):
        return tuple(articles)
    told_apart = []
    for identity, group in groups.items():
        distinct = _distinct_articles(group)
        if len(distinct) == 1:
            told_apart += distinct
            continue
        links = Counter(map(_whole_link, distinct))
        urls = Counter(article.url for article in distinct)
        for article in distinct:
            # By its link alone, where that is enough: then an edit of its title leaves the identity what it was.
            link = _whole_link(article)
            more = () if link and links[link] == 1 else (words(article.title), _text_without_guid(article))
            is_shared = article.url_is_shared or urls[article.url] > 1
            own = identity_apart(identity, link, *more)
            told_apart.append(replace(article, identity=own, url_is_shared=is_shared))
    return tuple(sorted(told_apart, key=lambda article: article.position))


def _distinct_articles(group: Iterable[Article]) -> list[Article]:
    """Of articles with one identity those that no earlier one repeats.

    A guid that comes again with the same link is the same entry, edited, unless both title and date differ. Without a
    guid, link, title and text are all the same where an entry is repeated.
    """
    seen: set[tuple[object, ...]] = set()
    distinct = []
    for article in group:
        link, title = _whole_link(article), words(article.title)
        if article.guid:
            marks: set[tuple[object, ...]] = {(link, "title", title), (link, "date", article.published)}
        else:
            marks = {(link, title, _text_without_guid(article))}
        if seen.isdisjoint(marks):
            distinct.append(article)
        seen |= marks
    return distinct


def _whole_link(article: Article) -> str:
    """The canonical URL with the link's fragment, "" where there is none."""
    return f"{article.url}#{fragment_of(article.link)}" if article.url else ""


def _text_without_guid(article: Article) -> str:
    return "" if article.guid else words(article.content or article.summary)


def _per_guid(entries: Iterable[Entry], urls: Iterable[str | None]) -> Counter[str]:
    """How many entries each URL stands in, an entry repeated under one guid, or without one one title, counted once."""
    pairs = {
        (url, entry.guid, None if entry.guid or entry.title is None else entry.title.value)
        for entry, url in zip(entries, urls, strict=True)
        if url
    }
    return Counter(url for url, *_ in pairs)


def _says_nothing(entry: Entry) -> bool:
    texts = (entry.title, entry.summary, entry.content)
    return not (entry.guid or entry.link or entry.enclosures or any(text and text.value.strip() for text in texts))


def _article(
    entry: Entry,
    feed: ParsedFeed,
    source: Source,
    now: datetime,
    zone: tzinfo,
    *,
    url: str | None,
    is_shared: bool,
    position: int,
    feed_updated: datetime | None,
) -> Article:
    named = _title(entry)
    body, byline = _body(entry, named)
    content = without_mojibake(clean_html(body)) if body else ""
    summary = _summary(entry, named, content)
    title = _mended_line(named) or summarise(summary, 100) or _name_of(entry, url)
    published, updated = _dates(entry, source, now, zone)
    return Article(
        identity=_identity(entry, url, is_shared, title),
        guid=_valid_or_none(entry.guid),
        url=url,
        link=_link(entry.link),
        title=title,
        summary=summary,
        content=content,
        language=_language(entry, feed, source, f"{title}. {summary}"),
        published=published,
        updated=updated,
        authors=_authors(entry.authors, byline, feed.authors),
        categories=_categories(entry.categories),
        image=_image(entry, content),
        enclosures=_enclosures(entry.enclosures),
        url_is_shared=is_shared,
        position=position,
        entry=_kept(entry),
        feed_updated=feed_updated,
    )


def _kept(entry: Entry) -> Entry:
    """What the source said, without what lies beyond any article: it is loaded with the article each time."""
    texts = {name: text for name in ("title", "summary", "content") if (text := getattr(entry, name)) is not None}
    cut = {
        name: replace(text, value=text.value[:MAX_LENGTH])
        for name, text in texts.items()
        if len(text.value) > MAX_LENGTH
    }
    is_long = len(entry.guid or "") > _LONGEST_KEPT_GUID
    return replace(entry, guid=(entry.guid or "")[:_LONGEST_KEPT_GUID] or None, **cut) if cut or is_long else entry


def _title(entry: Entry) -> str:
    """The title as plain text; where there is none, the headline in the text; "" where there is neither."""
    said = plain_title(entry.title, escaped_twice=False) if entry.title else ""
    body = entry.content or entry.summary
    return summarise(said or (headline(body.value) if body and body.html else ""), _LONGEST_TITLE)


def _mended_line(text: str) -> str:
    mended = without_mojibake(text)
    return text if mended == text else " ".join(mended.split())


def _identity(entry: Entry, url: str | None, is_shared: bool, title: str) -> str:
    """The guid, else the canonical link where no other entry has it, else a hash of what does not change."""
    guid = (entry.guid or "").strip()
    if guid:
        is_short = len(guid) <= _LONGEST_GUID and guid == valid(guid)
        return f"guid:{guid}" if is_short else f"guid-hash:{_hash(guid)}"
    if url and not is_shared:
        return f"link:{url}"
    first_enclosure = entry.enclosures[0].url if entry.enclosures else ""
    text = "" if title else (entry.summary or entry.content or Text("")).value
    return f"hash:{_hash(url or '', title, entry.published or '', first_enclosure, text)}"


def _hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def _valid_or_none(text: str | None) -> str | None:
    return valid(text)[:_LONGEST_KEPT_GUID] if text else None


def _link(said: str | None) -> str | None:
    """The link as it was given, where that is a web address; its spaces and controls escaped or gone."""
    url = resolve("", said) if said else None
    return said if said and url and said.isprintable() and " " not in said else url


def _body(entry: Entry, title: str) -> tuple[Text | None, str | None]:
    """The fuller text, without the furniture of a page, and the name in its byline."""
    body = entry.content or entry.summary
    if body is None:
        return None, None
    cut, byline = cut_furniture(body.value, title, is_html=body.html)
    if body.html:
        cut = with_places(cut, reader_url(entry.link, entry.original_link))
    return Text(cut, body.html, body.base, body.language), byline


def _summary(entry: Entry, title: str, content: str) -> str:
    own = ""
    if (said := entry.summary) and entry.content:
        own = _mended_line(plain_text(replace(said, value=cut_furniture(said.value, title, is_html=said.html)[0])))
    text = own or plain_text(Text(content, html=True))
    return summarise(without_tail(text), _LONGEST_SUMMARY)


def _name_of(entry: Entry, url: str | None) -> str:
    """What stands for a title where there is neither title nor text: the file's name, the host, or the guid."""
    if entry.enclosures:
        return entry.enclosures[0].url.rstrip("/").rpartition("/")[2] or host_of(entry.enclosures[0].url)
    return host_of(url or "") or " ".join(valid(entry.guid or "").split())[:100] or "—"


def _dates(entry: Entry, source: Source, now: datetime, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """Published and updated, in UTC; None where unusable: before 1990, in the future, or not understood."""
    published, updated = (_moment(text, source, now, zone) for text in (entry.published, entry.updated))
    if published is None and not entry.published:
        published = updated
    if updated is not None and published is not None and updated < published:
        updated = None
    return published, updated


def _moment(text: str | None, source: Source, now: datetime, zone: tzinfo) -> datetime | None:
    """The date that *text* says, in UTC; None where it says none that can be used."""
    languages = [source.language] if source.language else []
    found = parse_date(text, zone=zone, languages=languages) if text else None
    return found if found is not None and usable(found, now) else None


def _language(entry: Entry, feed: ParsedFeed, source: Source, text: str) -> str | None:
    texts = (entry.title, entry.content, entry.summary)
    of_texts = (text.language for text in texts if text is not None)
    return language_of(text, (entry.language, *of_texts, source.language, feed.language))


def _authors(said: Iterable[str], byline: str | None, of_feed: Iterable[str]) -> tuple[str, ...]:
    """Names alone: no "By", no e-mail addresses, nobody twice.

    Where the entry has no author they come from the byline, else from the feed (RFC 4287 section 4.2.1).
    """
    entry_authors = list(islice(said, 100))
    names = [name for text in entry_authors for name in author_names(text)]
    if not names and byline:
        names = list(author_names(byline))
    if not names and not entry_authors:
        names = [name for text in islice(of_feed, 100) for name in author_names(text)]
    return tuple(dict.fromkeys(names))[:_MOST_AUTHORS]


@lru_cache(4096)
def author_names(text: str) -> tuple[str, ...]:
    """The names of one or several people: "NAME; NAME", "mail@host (NAME), mail@host (NAME)", "NAME <mail@host>, NAME".

    A comma or "and" between names alone divides nothing: "Doe, Jane" is one.
    """
    text = text[:2000]
    said = html.unescape(html.unescape(text)) if "&" in text else text
    parts = _BETWEEN_AUTHORS.split(said) if "@" in said or ";" in said else [text]
    return tuple(name for part in parts if (name := author_name(part)))


@lru_cache(4096)
def author_name(text: str) -> str | None:
    """The name in "By NAME", "mail@host (NAME)", "NAME <mail@host>"; None where there is no name."""
    said = valid(text[:300])
    in_brackets = re.fullmatch(r"\s*[^\s()]+@[^\s()]+\s*\((.+)\)\s*", said)
    # RSS 2.0 asks for an e-mail address in <author>; one is never published.
    name = _ADDRESS.sub(" ", in_brackets[1] if in_brackets else said)
    if re.search("[<&]", name):
        name = _ADDRESS.sub(" ", plain_title(Text(name, html=True)))
    name = " ".join(name.split()).strip(" ,;:-–—\"'<>")
    by = _BY.match(name)
    name = name[by.end() :] if by else name
    if not name or name.lower() in _NOBODY or not re.search(r"[^\W\d_]", name) or re.match(r"https?://", name):
        return None
    return _mended_line(name)[:200]


def _categories(said: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in islice(said, 500):
        name = _category(text[:400])
        if name:
            found.setdefault(name)
        if len(found) == _MOST_CATEGORIES:
            break
    return tuple(found)


@lru_cache(4096)
def _category(text: str) -> str:
    return _mended_line(plain_title(Text(text, html=True)))[:200]


def _image(entry: Entry, content: str) -> str | None:
    """The lead image: the feed's own, a picture among the enclosures, the one that a page in the text names, its first."""
    if entry.image and (image := resolve("", entry.image)) and may_lead(image):
        return image
    urls = [
        each.url for each in entry.enclosures if (each.type or "").startswith("image/") or _is_untyped_picture(each)
    ]
    if enclosed := next((image for url in urls if (image := resolve("", url)) and may_lead(image)), None):
        return enclosed
    texts = (text for text in (entry.content, entry.summary) if text and text.html)
    named = (page_image(text.value[:MAX_LENGTH], text.base) for text in texts)
    return next((image for image in named if image), None) or first_image(content) or _image_of_summary(entry)


def _is_untyped_picture(enclosure: Enclosure) -> bool:
    return enclosure.type in (None, "", "application/octet-stream") and is_picture_file(enclosure.url)


def _image_of_summary(entry: Entry) -> str | None:
    """The first picture of a summary beside a text that has none."""
    has_picture = entry.content and entry.summary and entry.summary.html and "<img" in entry.summary.value
    return first_image(clean_html(entry.summary)) if has_picture and entry.summary else None


def _enclosures(said: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    found: dict[str, Enclosure] = {}
    for each in islice(said, 500):
        url = resolve("", each.url)
        if url and url not in found:
            kind = (each.type or "").split(";")[0].strip().lower()
            is_type = re.fullmatch(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+", kind) is not None
            length = each.length if each.length is not None and 0 <= each.length < 2**53 else None
            found[url] = Enclosure(url, kind if is_type else None, length)
        if len(found) == _MOST_ENCLOSURES:
            break
    return tuple(found.values())
