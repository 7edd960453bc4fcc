"""RSS, RDF and Atom documents, read by feedparser; its faults are mended here. Called by parse, in a child process."""

from __future__ import annotations

import html
import re
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import compress
from typing import Any

import feedparser
from msgspec import Struct, field
from msgspec.structs import replace

from feeds.errors import ParseError
from feeds.language import base_language
from feeds.markup import is_picture_file, may_lead, plain_title, without_cdata_marks
from feeds.model import Enclosure, Entry, ParsedFeed, Response, Text
from feeds.parse import items, mended, plainfeed, salvage, titles
from feeds.parse.encoding import as_xml, decode
from feeds.parse.wrapped import unwrapped
from feeds.urls import as_given, reader_url, resolve

_MOST_NAMESPACES = 300
_LONGEST_TAG = 100_000
_MOST_CATEGORIES, _MOST_ENTRIES = 20_000, 50_000
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 720, "yearly": 8760}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_RELATIONS = {"alternate", "self", "enclosure"}
_OWN_RELATIONS = {"canonical", "bookmark", "self"}
_PATH = re.compile(r"[^\s:?#]*(?:[/?][^\s]*|\.(?:[sx]?html?|php\d?|aspx?|jsp|cgi))")
_FLASH = re.compile(r"\.swf(?:[?#]|$)|//(?:www\.)?(?:youtube\.com/v/|vimeo\.com/moogaloop)", re.IGNORECASE)
_ROOTS = re.compile(r"<(?:[A-Za-z0-9._-]+:)?(rss|feed|RDF|channel|item|entry)\b", re.IGNORECASE)


class _Found(Struct, frozen=True):
    """feedparser's result, as far as the feed's head goes, and the entries; keys as in ParsedFeed."""

    head: Any
    entries: list[Any]
    keys: list[str] = field(default_factory=list)
    left_out: tuple[str, ...] = ()


def parse_xml(response: Response, known: Container[str] = (), salt: str = "") -> ParsedFeed:
    """What the document says, entries with *known* keys left out.

    Raises ParseError where it is no feed, or made so that reading it would never end.
    """
    text = unwrapped(decode(response.body, response.headers.get("content-type", "")))
    _refuse_other_kinds(response.url, text)
    document, trapped = _without_traps(response.url, as_xml(text))
    found = _read(response.url, document, known, salt)
    read = found.head
    if not read.version and not found.entries:
        raise ParseError(response.url, _not_a_feed(read, text))
    feed: dict[str, Any] = read.feed
    language = dict.get(feed, "language")
    is_rss = not read.version.startswith("atom")
    link = _alternate(feed, response.url)
    entries = [_entry(each, response.url, language, is_rss, link) for each in found.entries]
    entries = titles.mended(entries, text, is_rss)
    said = [not _is_blank(entry) for entry in entries]
    return ParsedFeed(
        format=read.version or "rss",
        title=_feed_title(feed, response.url, is_rss),
        link=link,
        id=_value(feed, "id"),
        updated=_value(feed, "updated") or _value(feed, "published"),
        language=language,
        self_link=_link(feed, "self", response.url),
        authors=tuple(_authors(feed)),
        ttl=_ttl(feed),
        skip_hours=_skip_hours(text),
        skip_days=_skip_days(text),
        entries=tuple(compress(entries, said)),
        problem=_problem(read) or trapped,
        keys=tuple(compress(found.keys, said)),
        left_out=found.left_out,
    )


def _feed_title(feed: Any, url: str, is_rss: bool) -> str | None:
    title = _text(dict.get(feed, "title_detail"), url, None, is_rss)
    return (plain_title(title) if title else None) or None


def _read(url: str, document: bytes, known: Container[str], salt: str) -> _Found:
    """What is new in the document; where it can't be taken apart, all of it."""
    apart = items.take_apart(url, document)
    if apart is None:
        return _read_whole(url, document)
    keyed = list(zip(apart.keys(salt), apart.spans, strict=True))
    rest = items.without(document, [span for key, span in keyed if key in known])
    new = [key for key, _ in keyed if key not in known]
    entries = plainfeed.entries(url, rest)
    if entries is None:
        entries = _read_whole(url, rest).entries
    if len(entries) != len(new):
        return _read_whole(url, document)
    return _Found(apart.head, entries, new, tuple(key for key, _ in keyed if key in known))


def _read_whole(url: str, document: bytes) -> _Found:
    """As feedparser reads it: entry by entry where reading the whole fails or loses some."""
    try:
        whole = mended.read(url, document)
    except ParseError as error:
        return _read_in_parts(url, salvage.documents(document), error)
    if whole.get("bozo_exception") is not None:
        parts = salvage.documents(document)
        if len(parts) - 1 > len(whole.entries):
            return _read_in_parts(url, parts, whole.bozo_exception)
    return _Found(whole, whole.entries)


def _read_in_parts(url: str, documents: list[bytes], problem: Exception) -> _Found:
    read = []
    for document in documents:
        with suppress(ParseError):  # that entry is lost, and only that one
            read.append(mended.read(url, document))
    if not read:
        raise problem
    read[0]["bozo_exception"] = problem
    return _Found(read[0], [entry for part in read for entry in part.entries])


def _refuse_other_kinds(url: str, text: str) -> None:
    start = text[:4000].lstrip("\ufeff \t\r\n")
    if not start:
        raise ParseError(url, "the document is empty")
    lower = re.sub(r"<!--.*?-->|<\?.*?\?>", "", start, flags=re.DOTALL).lstrip().lower()
    if lower.startswith(("<!doctype html", "<html", "<head", "<body")):
        title = re.search(r"<title[^>]*>([^<]{1,200})", text[:50_000], re.IGNORECASE)
        named = f", titled “{' '.join(html.unescape(title[1]).split())[:80]}”," if title else ""
        raise ParseError(url, f"an HTML page{named} came in place of a feed; `feeds add URL` looks for a page's feed")
    for mark, kind in (("<opml", "an OPML list"), ("<urlset", "a sitemap"), ("<sitemapindex", "a sitemap")):
        if mark in lower[:1000]:
            raise ParseError(url, f"{kind} came in place of a feed")


def _without_traps(url: str, document: bytes) -> tuple[bytes, str | None]:
    """*document* without the entries that would take feedparser minutes, and why they are left out.

    Raises ParseError where the traps are in no single entry.
    """
    trap = _trap(document)
    if trap is None:
        return document, None
    rest, left = salvage.without(document, _trap)
    if not left or _trap(rest):
        raise ParseError(url, f"the document has {trap}; no honest feed does")
    return rest, f"what has {trap} is left out; no honest feed has"


def _trap(document: bytes) -> str | None:
    """What takes feedparser minutes, and no honest feed has: thousands of namespaces, endless tags."""
    if (
        document.count(b"xmlns:") > _MOST_NAMESPACES
        and len(set(re.findall(rb"xmlns:[\w.-]+", document))) > _MOST_NAMESPACES
    ):
        return f"more than {_MOST_NAMESPACES} namespaces"
    for tag, most in ((b"<category", _MOST_CATEGORIES), (b"<item", _MOST_ENTRIES), (b"<entry", _MOST_ENTRIES)):
        if document.count(tag) > most:
            return f"more than {most} <{tag[1:].decode()}>"
    endless = rb"<[A-Za-z/][^<>]{%d}" % _LONGEST_TAG
    if re.search(endless, document) and re.search(endless, salvage.without_cdata(document)):
        return f"a tag of more than {_LONGEST_TAG} characters"
    return None


def _not_a_feed(read: Any, text: str) -> str:
    if not _ROOTS.search(text[:100_000]):
        return "the document is no feed: it has neither <rss>, <rdf:RDF> nor <feed>"
    return f"the document can't be read: {_problem(read) or 'no entries found'}"


def _problem(read: Any) -> str | None:
    """What was wrong with a document that could be read all the same; encodings and media types are ours to mend."""
    error = read.get("bozo_exception")
    if error is None or isinstance(error, feedparser.CharacterEncodingOverride | feedparser.NonXMLContentType):
        return None
    return f"not well-formed: {' '.join(str(getattr(error, 'getMessage', lambda: error)()).split())[:200]}"


def _entry(found: Any, url: str, feed_language: str | None, is_rss: bool, site: str | None) -> Entry:
    title = _text(dict.get(found, "title_detail"), url, feed_language, is_rss)
    contents = [text for each in dict.get(found, "content") or () if (text := _text(each, url, feed_language, is_rss))]
    contents = [text if text.html else replace(text, html=_is_markup(text.value)) for text in contents]
    content = max(contents, key=lambda text: (text.html, len(text.value)), default=None)
    summary = _text(dict.get(found, "summary_detail"), url, feed_language, is_rss)
    if summary is not None and not summary.html:
        summary = replace(summary, html=_is_markup(summary.value))
    if content is not None and summary is not None and summary.value == content.value:
        summary = None  # feedparser repeats the content where there is no summary
    if summary is None and (caption := _value(found, "media_description")):
        summary = Text(caption, _is_markup(caption), url)
    base = next((text.base for text in (title, summary, content) if text), url)
    language = _value(found, "language") or (title and title.language) or feed_language
    elsewhere, kind = _content_elsewhere(found, base)
    page_elsewhere = None if kind.startswith("image/") else elsewhere
    link = _entry_link(found, url, base, (site or url) if is_rss else None, language, page_elsewhere)
    original_link = _value(found, "feedburner_origlink")
    if is_rss:
        page = reader_url(link, original_link) or site
        title, summary, content = (_on_page(text, page, url) for text in (title, summary, content))
        base = next((text.base for text in (title, summary, content) if text), page or url)
    return Entry(
        guid=_value(found, "id"),
        link=link,
        original_link=original_link,
        title=title,
        summary=summary,
        content=content,
        authors=tuple(_authors(found)) or tuple(_authors(dict.get(found, "source") or {})),
        published=_value(found, "published") or _value(found, "created"),
        updated=_value(found, "updated"),
        language=_value(found, "language"),
        categories=_categories(found),
        image=_image(found, base) or (elsewhere if kind.startswith("image/") else None),
        enclosures=(
            *_enclosures(found, base),
            *([Enclosure(elsewhere, kind)] if elsewhere and kind.startswith(("audio/", "video/")) else ()),
        ),
    )


def _content_elsewhere(found: Any, base: str) -> tuple[str | None, str]:
    """The address in Atom's <content src="…"/>, and its media type; RFC 4287 section 4.1.3.2."""
    for each in dict.get(found, "content") or ():
        if (said := each.get("src")) and (url := as_given(resolve(base, each.get("base") or "") or base, said)):
            return url, each.get("type") or ""
    return None, ""


def _on_page(text: Text | None, page: str | None, url: str) -> Text | None:
    """RSS has no base of its own: without xml:base its texts rest on the article's page, not on the feed's address."""
    is_based = text is not None and text.base not in (url, resolve(url, plainfeed.document_base(url)))
    return text if text is None or is_based or page is None else replace(text, base=page)


def _is_blank(entry: Entry) -> bool:
    """Nothing but the beginning of an entry, where its document was cut."""
    return not (entry.guid or entry.link or entry.title or entry.summary or entry.content or entry.enclosures)


def _categories(found: Any) -> tuple[str, ...]:
    said = (tag.get("label") or tag.get("term") for tag in dict.get(found, "tags") or ())
    return tuple(dict.fromkeys(each for each in said if each))


def _value(holder: Any, key: str) -> str | None:
    # dict.get: feedparser's own falls back to other keys, with a warning.
    value = dict.get(holder, key)
    return value.strip() or None if isinstance(value, str) else None


def _text(detail: Any, url: str, feed_language: str | None, is_rss: bool) -> Text | None:
    """RSS has no types: what it holds is HTML, as everybody reads it. In Atom, "text" is plain."""
    if not detail or not (detail.get("value") or "").strip():
        return None
    language = detail.get("language")
    is_html = is_rss or detail.get("type") not in ("text/plain", "text")
    own = language if language != feed_language else None
    return Text(_without_marks(detail["value"], is_html), is_html, resolve(url, detail.get("base") or "") or url, own)


def _without_marks(value: str, is_html: bool) -> str:
    """*value* without marks of CDATA, which in HTML are comments that tear what is in them."""
    if is_html and "<![CDATA[" in value:
        value = value.replace("<![CDATA[", "").replace("]]>", "")
    return without_cdata_marks(value)


def _is_markup(value: str) -> bool:
    """Markup that its feed declares as plain text: common in Atom, and shown raw by readers that believe it."""
    return re.search(r"<(?:p|br|div|table|img|a|ul|blockquote)\b[^<>]*>", value) is not None


def _links(holder: Any) -> list[dict[str, str]]:
    """The links, their relations by their short names: RFC 4287 section 4.2.7.2 allows IANA's addresses, too."""
    links = [link for link in dict.get(holder, "links") or () if link.get("href")]
    return [link if link.get("rel") in _RELATIONS else {**link, "rel": _relation(link)} for link in links]


def _relation(link: dict[str, str]) -> str:
    names = re.sub(
        r"https?://www\.iana\.org/assignments/(?:relation|link-relations)/", "", link.get("rel") or ""
    ).split()
    return "alternate" if not names or "alternate" in names else names[0].lower()


def _link(holder: Any, rel: str, base: str) -> str | None:
    return next((resolve(base, link["href"]) for link in _links(holder) if link["rel"] == rel), None)


def _alternate(holder: Any, base: str) -> str | None:
    """Atom's first alternate link, HTML before others; RSS's <link>."""
    alternates = [link for link in _links(holder) if link["rel"] == "alternate"]
    alternates.sort(key=lambda link: not _is_page(link))
    hrefs = [link["href"] for link in alternates] or [link for link in [_value(holder, "link")] if link]
    return next((found for href in hrefs if (found := as_given(base, href))), None)


def _entry_link(
    found: Any, url: str, base: str, site: str | None, language: str | None, elsewhere: str | None
) -> str | None:
    """The page to read: the best alternate link, else RSS's guid where that is an address, else where the entry itself is.

    Atom's id is a name, which may look like an address that nothing is at: where its content is *elsewhere* comes before.
    A page comes before other media, one in *language* before translations; what is left for want of a better one are
    Flash players, which nothing plays any more, and links to the feed itself. *site* is what a guid in RSS may rest on.
    """
    alternates, own, last = [], [], []
    for link in _links(found):
        if _is_last_resort(link, url):
            last.append(link)
        elif link["rel"] == "alternate":
            alternates.append(link)
        elif link["rel"] in _OWN_RELATIONS:
            own.append(link)
    alternates.sort(key=lambda link: (not _is_page(link), _is_translation(link, language)))
    return (
        _first_address(base, alternates)
        or (_permalink(found, site) if site else None)
        or _first_address(base, own)
        or elsewhere
        or _permalink(found, site)
        or _first_address(base, (link for link in last if link["rel"] == "alternate"))
    )


def _first_address(base: str, links: Iterable[dict[str, str]]) -> str | None:
    return next((address for link in links if (address := as_given(base, link["href"]))), None)


def _permalink(found: Any, site: str | None) -> str | None:
    """The guid as a link: where it is an address, or says that it is one and looks like the rest of one.

    isPermaLink is true by default, and guids are often words: "7" is no link.
    """
    guid = _value(found, "id") or ""
    if not dict.get(found, "is_permalink") or not guid:
        return None
    if (address := as_given("", guid)) is not None or site is None:
        return address
    is_path = guid.startswith(("/", "./", "../")) or (dict.get(found, "says_permalink") and _PATH.fullmatch(guid))
    return as_given(site, guid) if is_path and not re.search(r"\s", guid) else None


def _is_page(link: dict[str, str]) -> bool:
    return link.get("type", "text/html").partition(";")[0].strip() in ("text/html", "html", "application/xhtml+xml")


def _is_translation(link: dict[str, str], language: str | None) -> bool:
    said = link.get("hreflang")
    return bool(said and language) and base_language(said or "") != base_language(language or "")


def _is_last_resort(link: dict[str, str], url: str) -> bool:
    return link["href"] == url or "flash" in link.get("type", "") or _FLASH.search(link["href"]) is not None


def _authors(holder: Any) -> Iterator[str]:
    """Each author as given: a name, an address, or both in one."""
    people = dict.get(holder, "authors") or ()
    for person in people:
        if person.get("name") or person.get("email"):
            yield person.get("name") or person["email"]
    if not any(people) and (author := _value(holder, "author")):
        yield author


def _enclosures(found: Any, base: str) -> Iterator[Enclosure]:
    said: Iterable[tuple[Any, Any]] = [
        *((link, link.get("length")) for link in _links(found) if link["rel"] == "enclosure"),
        *((media, media.get("filesize")) for media in dict.get(found, "media_content") or ()),
    ]
    seen = set()
    for media, length in said:
        url = resolve(base, media.get("href") or media.get("url") or "")
        if url and url not in seen:
            seen.add(url)
            kind = media.get("type")
            kind = None if kind == "text/html" else kind  # what feedparser takes for the type of any link without one
            yield Enclosure(url, kind, int(length) if re.fullmatch(r"\d{1,15}", length or "") else None)


def _image(found: Any, base: str) -> str | None:
    """The picture that its feed gives the entry: by media:content, by media:thumbnail, by iTunes or <image>, in this order."""
    said = [(media.get("url"), media) for media in dict.get(found, "media_content") or () if _is_picture(media)]
    said += [(media.get("url"), media) for media in dict.get(found, "media_thumbnail") or ()]
    said += [((dict.get(found, "image") or {}).get("href"), {})]
    pictures = ((resolve(base, url), media) for url, media in said if url)
    return next((url for url, media in pictures if url and may_lead(url, media)), None)


def _is_picture(media: Any) -> bool:
    kind = media.get("medium") or (media.get("type") or "").partition("/")[0]
    return kind == "image" or (not kind and is_picture_file(media.get("url") or ""))


def _ttl(feed: Any) -> timedelta | None:
    """<ttl>, in minutes; else the syndication module's period and frequency."""
    minutes = _value(feed, "ttl")
    if minutes and re.fullmatch(r"\d{1,6}", minutes):
        return timedelta(minutes=int(minutes)) or None
    hours = _PERIODS.get((_value(feed, "sy_updateperiod") or "").lower())
    frequency = _value(feed, "sy_updatefrequency") or "1"
    if hours is None or not re.fullmatch(r"[1-9]\d{0,4}", frequency):
        return None
    return timedelta(hours=hours) / int(frequency)


def _skip_hours(text: str) -> frozenset[int]:
    block = re.search(r"<skipHours>(.{0,2000}?)</skipHours>", text[:50_000], re.DOTALL | re.IGNORECASE)
    hours = re.findall(r"<hour>\s*(\d{1,2})\s*</hour>", block[1], re.IGNORECASE) if block else ()
    return frozenset(int(hour) % 24 for hour in hours if int(hour) <= 24)


def _skip_days(text: str) -> frozenset[int]:
    block = re.search(r"<skipDays>(.{0,2000}?)</skipDays>", text[:50_000], re.DOTALL | re.IGNORECASE)
    days = re.findall(r"<day>\s*([A-Za-z]+)\s*</day>", block[1], re.IGNORECASE) if block else ()
    return frozenset(_DAYS.index(day.lower()) for day in days if day.lower() in _DAYS)
