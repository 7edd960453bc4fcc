"""The feed of a site: a feed's own URL as it is, or what a page names, or the usual places. Called by cli."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from urllib.parse import urljoin

from lxml import etree
from lxml import html as lxml_html
from msgspec import Struct

from feeds.errors import FetchError, ParseError, SourceError
from feeds.model import ParsedFeed, Request, Response
from feeds.parse import parse
from feeds.urls import canonical_url, resolve

Fetch = Callable[[Request], Response]
Read = Callable[[Response], ParsedFeed]

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "text/xml",
               "application/xml", "application/json")  # fmt: skip
_USUAL = (
    "feed/",
    "rss.xml",
    "feed.xml",
    "atom.xml",
    "index.xml",
    "feed.json",
    "rss",
    "?feed=rss2",
    "spip.php?page=backend",
)
_MOST_NAMED, _MOST_TRIED = 6, 12


class Discovered(Struct, frozen=True):
    """A feed that was found and read. *title* and *language* are what it says of itself."""

    url: str
    title: str | None
    language: str | None
    entries: int


def discover(url: str, fetch: Fetch, read: Read = parse) -> Discovered:
    """The feed at *url*, or that of the page at *url*; *read* reads a document, or raises ParseError.

    Raises SourceError where none is found.
    """
    answer = fetch(Request(url))
    feed = _as_feed(answer, read)
    if feed is not None:
        return _discovered(answer.moved_to or url, feed)
    tried = list(islice(candidates(answer.body, answer.url), _MOST_TRIED))
    for candidate in tried:
        try:
            answer = fetch(Request(candidate))
        except FetchError:
            continue
        feed = _as_feed(answer, read)
        if feed is not None:
            return _discovered(answer.moved_to or candidate, feed)
    raise SourceError(url, f"no feed was found: the page is none, and none is at the {len(tried)} likeliest places")


def candidates(page: bytes, url: str) -> Iterator[str]:
    """Where a page's feed may be, each once, the likeliest first: what it declares, what it links to, the usual places."""
    tree = _tree(page)
    named = () if tree is None else (*_declared(tree, _base(tree, url)), *_linked(tree, _base(tree, url)))
    seen = set()
    for found in (*list(dict.fromkeys(named))[:_MOST_NAMED], *_usual(url)):
        key = canonical_url(found)
        if key is not None and key not in seen:
            seen.add(key)
            yield found


def _as_feed(answer: Response, read: Read) -> ParsedFeed | None:
    try:
        return read(answer)
    except ParseError:
        return None


def _discovered(url: str, feed: ParsedFeed) -> Discovered:
    return Discovered(url, feed.title, feed.language, len(feed.entries))


def _tree(page: bytes) -> lxml_html.HtmlElement | None:
    try:
        return lxml_html.document_fromstring(page[:2_000_000])
    except (etree.ParserError, ValueError):
        return None


def _base(tree: lxml_html.HtmlElement, url: str) -> str:
    """What the page's links are relative to: <base href>, else its own address."""
    base = next(tree.iter("base"), None)
    return resolve(url, base.get("href") or "") or url if base is not None else url


def _declared(tree: lxml_html.HtmlElement, url: str) -> Iterator[str]:
    """<link rel="alternate" type="application/rss+xml">, comments' feeds last."""
    links = [
        link
        for link in tree.iter("link")
        if "alternate" in (link.get("rel") or "").lower()
        and (link.get("type") or "").split(";")[0].strip().lower() in _FEED_TYPES
    ]
    links.sort(key=lambda link: "comment" in f"{link.get('href')} {link.get('title')}".lower())
    for link in links:
        if found := resolve(url, link.get("href") or ""):
            yield found


def _linked(tree: lxml_html.HtmlElement, url: str) -> Iterator[str]:
    """<a> links whose address looks like a feed's."""
    for link in tree.iter("a"):
        href = link.get("href") or ""
        if re.search(r"(?:^|[/.?=_-])(?:rss|atom|feed|feeds|backend)(?:$|[/.?=&_-])", href, re.IGNORECASE) and (
            found := resolve(url, href)
        ):
            yield found


def _usual(url: str) -> Iterator[str]:
    folder = urljoin(url, ".")
    for base in dict.fromkeys((folder, urljoin(url, "/"))):
        for place in _USUAL:
            yield urljoin(base, place)
