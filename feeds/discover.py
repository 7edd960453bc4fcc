"""The feed of a site: a feed's own URL as it is, or what a page names, or the usual places. Called by cli."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any
from urllib.parse import urljoin

from lxml import etree
from lxml import html as lxml_html
from msgspec import Struct

from feeds.errors import ParseError, SourceError
from feeds.model import ParsedFeed, Request, Response
from feeds.parse import parse
from feeds.parse.encoding import decode
from feeds.urls import resolve, web_url

Fetch = Callable[[Request], Response]
Read = Callable[[Response], ParsedFeed]

_FEED_TYPE = re.compile(r"(application|text)/(x[.-])?(rss|atom|rdf)(\+xml)?|application/feed\+json", re.IGNORECASE)
# A feed's type now and then, and that of much else: sitemaps, oEmbed, WordPress's own API.
_VAGUE_TYPES = ("text/xml", "application/xml", "application/json")
# A letter of any alphabet beside it makes "feed" another word ("feedback"); a digit does not ("RSS2").
_SURE_WORDS = re.compile(
    r"(?<![a-zà-ÿ])(rss|atom|(news|web)?feeds?|syndicat(e|ion)|syndiquer|sindicaci[oó]n|sindicar)(?![a-zà-ÿ])",
    re.IGNORECASE,
)
_OTHER_WORDS = re.compile(
    r"\b(xml|rdf|json feed|flux|fluxo|flusso|fuente web|canal web|лент[аыуе]|фид|(?:ال)?خلاص(?:ات|ة)|تلقيمات?)\b"
    r"|订阅|訂閱|フィード|피드",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:^|[/.?=&_-])(?:rss\d?|atom|rdf|feeds?|backend|syndication)(?:$|[/.?=&_-])"
    r"|(?<!sitemap)(?<!opensearch)\.xml$",
    re.IGNORECASE,
)
_OTHER_FILE = re.compile(r"\.(png|gif|jpe?g|svg|webp|ico|css|js|pdf|zip|mp3)($|\?)", re.IGNORECASE)
_COMMENTS = re.compile(
    r"\bcomments\b|\bcomment[- ]feed|commentaires|kommentare|coment[aá]rios|comentarios|комментари|تعليقات",
    re.IGNORECASE,
)
_MOST_LABEL = 80  # characters of a link's words; a headline says more, and means something else
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
_MOST_NAMED, _MOST_IN_MANIFEST, _MOST_IN_FOLDER, _MOST_COMMENTS, _MOST_DEEPER = 6, 2, 4, 2, 3
# RFC 8288 section 3.
_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s=;,\"<>]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)")
_LINK_PARAMETER = re.compile(r";\s*([^\s=;,\"]+)(?:\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*)))?")


class Discovered(Struct, frozen=True):
    """A feed that was found and read. *title* and *language* are what it says of itself."""

    url: str
    title: str | None
    language: str | None
    entries: int


class _Named(Struct, frozen=True):
    """An address that may be a feed's. *rank* is lower the likelier it is one."""

    url: str
    rank: int
    is_of_comments: bool


def discover(url: str, fetch: Fetch, read: Read = parse) -> Discovered:
    """The feed at *url*, or that of the page at *url*; *read* reads a document, or raises ParseError.

    Raises SourceError where none is found.
    """
    answer = fetch(Request(url))
    feed = _as_feed(answer, read)
    if feed is not None:
        return _discovered(answer.moved_to or url, feed)
    pages: list[Response] = []
    tried = {_place(answer.url)}

    def first(places: Iterable[str]) -> Discovered | None:
        for place in places:
            if _place(place) in tried:
                continue
            tried.add(_place(place))
            try:
                answer = fetch(Request(place))
            except SourceError:
                continue
            feed = _as_feed(answer, read)
            if feed is not None:
                return _discovered(answer.moved_to or place, feed)
            pages.append(answer)
        return None

    found = first(candidates(answer.body, answer.url, answer.headers, fetch))
    # "RSS" may lead to a page that lists the site's feeds.
    found = found or first(place for page in pages[:_MOST_DEEPER] for place in _listed_on(page))
    if found is None:
        raise SourceError(
            url, f"no feed was found: the page is none, and none is at the {len(tried) - 1} likeliest places"
        )
    return found


def candidates(
    page: bytes, url: str, headers: Mapping[str, str] | None = None, fetch: Fetch | None = None
) -> Iterator[str]:
    """Where a page's feed may be, each once, the likeliest first.

    What its header and its head declare, what it links to, what its web app manifest names (asked for with *fetch*), the
    usual places; feeds of comments last, for they are seldom what was looked for.
    """
    named = _named(page, url, headers or {})
    feeds = [each.url for each in named if not each.is_of_comments]
    comments = [each.url for each in named if each.is_of_comments]
    seen = set()
    in_manifest = _in_manifest(page, url, fetch) if fetch else ()
    usual = (place for place in _usual(url) if place not in comments)  # /a-post/feed/ of WordPress is one
    for found in chain(feeds[:_MOST_NAMED], in_manifest, usual, comments[:_MOST_COMMENTS]):
        if _place(found) not in seen:
            seen.add(_place(found))
            yield found


def _listed_on(page: Response) -> list[str]:
    named = _named(page.body, page.url, page.headers)
    return [each.url for each in named if not each.is_of_comments][:_MOST_DEEPER]


def _place(url: str) -> str:
    """What is asked for at *url*."""
    return url.partition("#")[0]


def _as_feed(answer: Response, read: Read) -> ParsedFeed | None:
    try:
        return read(answer)
    except ParseError:
        return None


def _discovered(url: str, feed: ParsedFeed) -> Discovered:
    return Discovered(url, feed.title, feed.language, len(feed.entries))


def _named(page: bytes, url: str, headers: Mapping[str, str]) -> list[_Named]:
    """What the page names, each address once, the likeliest first."""
    found = list(_in_header(headers.get("link", ""), url))
    tree = _tree(page, headers.get("content-type", ""))
    if tree is not None:
        base = _base(tree, url)
        found += [*_declared(tree, base), *_linked(tree, base)]
    found.sort(key=lambda named: named.rank)
    return list({_place(named.url): named for named in reversed(found)}.values())[::-1]


def _tree(page: bytes, content_type: str) -> lxml_html.HtmlElement | None:
    """The page as a tree. Its encoding is what its header says, else what it says itself, else what it looks like."""
    declared = re.search(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{1,40})", page[:4000], re.IGNORECASE)
    if declared and "charset" not in content_type.lower():
        content_type = f"text/html; charset={declared[1].decode('ascii', 'replace')}"
    text = decode(page[:2_000_000], content_type).replace("\0", "")
    try:
        parser = lxml_html.HTMLParser(encoding="utf-8")
        return lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, ValueError):
        return None


def _base(tree: lxml_html.HtmlElement, url: str) -> str:
    """What the page's links are relative to: <base href>, else its own address."""
    base = next((base for base in tree.iter("base") if base.get("href")), None)
    return resolve(url, base.get("href") or "") or url if base is not None else url


def _in_header(header: str, url: str) -> Iterator[_Named]:
    """Link: <feed.atom>; rel="alternate"; type="application/atom+xml". RFC 8288."""
    for link in _LINK.finditer(header[:20_000]):
        said = {"href": link[1]}
        said |= {name.lower(): quoted or plain for name, quoted, plain in _LINK_PARAMETER.findall(link[2])}
        rank = None if "anchor" in said else _declared_rank(said)  # an anchor: it speaks of another page
        if rank is not None:
            yield from _at(url, link[1], rank, said.get("title", ""))


def _declared(tree: lxml_html.HtmlElement, url: str) -> Iterator[_Named]:
    """<link> and <a> whose rel and type say so."""
    for link in tree.iter("link", "a", "area"):
        rank = _declared_rank(link.attrib)
        if rank is not None:
            yield from _at(url, link.get("href") or "", rank, link.get("title") or "")


def _rel(said: Mapping[str, str]) -> list[str]:
    return (said.get("rel") or "").lower().split()


def _declared_rank(said: Mapping[str, str]) -> int | None:
    """rel="alternate" with a feed's type; rel="feed" (microformats.org/wiki/rel-feed), whatever the type."""
    rel = _rel(said)
    media_type = (said.get("type") or "").partition(";")[0].strip().lower()
    if "feed" in rel or "service.feed" in rel:
        return 0
    if "alternate" not in rel:
        return None
    if _FEED_TYPE.fullmatch(media_type):
        return 0
    says_so = _SURE_WORDS.search(said.get("title") or "") or _ADDRESS.search(said.get("href") or "")
    return 1 if media_type in _VAGUE_TYPES or (not media_type and says_so) else None


def _linked(tree: lxml_html.HtmlElement, url: str) -> Iterator[_Named]:
    """<a> whose type, address or words look like a feed's."""
    for link in tree.iter("a", "area"):
        href = link.get("href") or ""
        says_so = _words_rank(link)
        if _FEED_TYPE.fullmatch((link.get("type") or "").strip()):
            rank = 2
        elif _ADDRESS.search(href):
            rank = 2 if says_so is not None else 4
        elif says_so is not None:
            rank = says_so
        else:
            continue
        yield from _at(url, href, rank, link.get("title") or "".join(islice(link.itertext(), 20)))


def _words_rank(link: lxml_html.HtmlElement) -> int | None:
    """How surely a link's words, or those that stand for its picture, name a feed; None where they do not."""
    text = " ".join(" ".join(islice(link.itertext(), 20)).split())
    labels = [text, *(link.get(name) or "" for name in ("title", "aria-label"))]
    classes = [link.get("class") or "", link.get("id") or ""]
    for part in islice(link.iterdescendants("img", "svg", "i", "span", "use"), 10):
        labels += [part.get(name) or "" for name in ("alt", "title", "aria-label")]
        classes += [part.get(name) or "" for name in ("class", "src", "href", "xlink:href")]
    labels = [label for label in labels if len(label) <= _MOST_LABEL]
    if any(_SURE_WORDS.search(label) for label in labels):
        return 3
    if any(re.search(r"(?<![a-z])rss(?![a-z])", name, re.IGNORECASE) for name in classes):  # <i class="fa fa-rss">
        return 3
    return 5 if any(_OTHER_WORDS.search(label) for label in labels) else None


def _at(base: str, href: str, rank: int, label: str) -> Iterator[_Named]:
    found = resolve(base, web_url(href.strip()))
    if found and not _OTHER_FILE.search(found):
        yield _Named(found, rank, _COMMENTS.search(f"{href} {label}") is not None)


def _in_manifest(page: bytes, url: str, fetch: Fetch) -> Iterator[str]:
    """Feeds that the page's web app manifest names: no member is meant for them, so anything that says so."""
    tree = _tree(page, "")
    links = (
        []
        if tree is None
        else [link.get("href") or "" for link in tree.iter("link") if "manifest" in _rel(link.attrib)]
    )
    address = resolve(_base(tree, url), links[0]) if tree is not None and links else None
    if address is None:
        return
    try:
        manifest = json.loads(decode(fetch(Request(address)).body[:1_000_000], ""))
    except (SourceError, ValueError, RecursionError):
        return
    for link in islice(_feed_links(manifest), _MOST_IN_MANIFEST):
        yield from (each.url for each in _at(address, link, 0, ""))


def _feed_links(manifest: Any) -> Iterator[str]:
    """ "feeds": ["/feed"], "rss_url": "/rss", {"name": "RSS", "url": "/x"}, {"type": "application/rss+xml", "src": …}."""
    waiting: list[tuple[str, Any]] = [("", manifest)]
    for _ in range(2000):
        if not waiting:
            return
        key, value = waiting.pop(0)
        says_so = _SURE_WORDS.search(key.replace("_", " ")) is not None
        if isinstance(value, str) and says_so:
            yield value
        elif isinstance(value, list):
            waiting += [(key, each) for each in value]
        elif isinstance(value, dict):
            said = {str(name).lower(): each for name, each in value.items()}
            words = " ".join(str(said.get(name, "")) for name in ("name", "short_name", "title", "label", "rel"))
            is_feed = says_so or _SURE_WORDS.search(words) or _FEED_TYPE.fullmatch(str(said.get("type", "")))
            links = [said[name] for name in ("url", "href", "src") if isinstance(said.get(name), str)]
            if links and (is_feed or _ADDRESS.search(links[0])):
                yield links[0]
            waiting += [(name, each) for name, each in said.items() if name not in ("url", "href", "src")]


def _usual(url: str) -> Iterator[str]:
    """The usual places: some in the page's folder, all at the site's root."""
    folder, root = urljoin(url, "."), urljoin(url, "/")
    if folder != root:
        yield from (urljoin(folder, place) for place in _USUAL[:_MOST_IN_FOLDER])
    yield from (urljoin(root, place) for place in _USUAL)
