"""HTML that can be published: nh3 cleans by an allow-list, addresses are made absolute, what nests too deep is flattened."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache

import nh3

from feeds.model import Text
from feeds.urls import is_safe_link, resolve

MAX_LENGTH = 200_000  # characters of one text, a book of 80 pages; what is beyond is no article
_MAX_DEPTH = 200
_MAX_FORMATTING = 500_000
TAGS = set(
    "a abbr acronym address article aside audio b bdi bdo big blockquote br caption center cite code col colgroup dd del "
    "details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p "
    "picture pre q rp rt ruby s samp section small source span strike strong sub summary sup table tbody td tfoot th thead "
    "time tr tt u ul var video wbr".split()
)
# These go with all that is in them. A form's tags go and its prose stays: some software wraps whole articles in one.
GONE = set(
    "script style iframe object embed applet input button select textarea label svg math template noscript title head "
    "frame frameset noframes xmp plaintext noembed canvas".split()
)
_ATTRIBUTES = {
    "*": {"lang", "dir", "title"},
    "a": {"href"},
    "img": {"src", "srcset", "alt", "width", "height", "hidden", "style"},
    "audio": {"src", "controls"},
    "video": {"src", "controls", "width", "height"},
    "source": {"src", "srcset", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
    "time": {"datetime"},
    "blockquote": {"cite"},
    "q": {"cite"},
}
# Whoever opens an article tells nobody where it stands; sound and film wait until somebody wants them.
_SET = {"img": {"referrerpolicy": "no-referrer"}, "audio": {"preload": "none"}, "video": {"preload": "none"}}
_URL_ATTRIBUTES = {"href", "src", "cite"}
# Never nested in themselves, or without an end: HTML Living Standard, sections 13.1.2 and 13.2.6.4.7.
_NEVER_NESTED = set("br img hr p li dd dt td th tr input meta link source wbr col option area".split())
_FORMATTING = set("a b big code em font i nobr s small strike strong tt u".split())
_MOST_ROUNDS = 5
_MARKUP = re.compile("[<>&\xa0\r\0]")  # without these, text is HTML that says the same
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_CODE = re.compile(r"<(script|style)\b[^<]*(?:<(?!/\1\b)[^<]*)*", re.IGNORECASE)
# XML 1.0 section 2.2, and the controls and overrides that can turn a text around (Unicode TR 36, bidirectional text),
# with those that Unicode TR 20 wants out of markup.
_INVALID = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u206f\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff]"
)
_ESCAPED_MARKUP = re.compile(
    r"\s*&lt;(p|div|a|b|i|em|strong|span|h[1-6]|ul|ol|blockquote|figure)\b(?:(?!&[lg]t;).){0,1000}&gt;",
    re.DOTALL | re.IGNORECASE,
)
_MOST_AMPERSANDS = 5000
_AMPERSAND = re.compile(r"&(#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[a-zA-Z][a-zA-Z0-9]{1,30};)?")
_IMAGE = re.compile(r'<img(?: [a-z]+="[^"]*")*>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
# What nobody sees, of which some only count readers: by its size, or by a style or attribute, which the filter leaves there.
_TINY = re.compile(r"\s*0*[01](?:\.\d*)?(?:px|%)?\s*")
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:^|[;\s])(?:max-)?(?:width|height)\s*:\s*[01](?:px)?\s*(?:!|;|$)",
    re.IGNORECASE,
)
# Pictures that only count readers, by the address that publishing services give them.
_COUNTER = re.compile(
    r"https?://(?:feeds\d?\.feedburner\.com/~|pixel\.wp\.com/|stats\.wordpress\.com/b\.gif"
    r"|[\w.-]*\.doubleclick\.net/|feeds\.wordpress\.com/1\.0/)"
)


def clean_html(text: Text) -> str:
    """A safe HTML fragment: allowed tags only, every link absolute and http, https or mailto. Plain text is escaped.

    Markup that was escaped as a whole is unescaped once, and cleaned. Pictures that nobody can see are dropped.
    """
    value = valid(text.value[:MAX_LENGTH])
    if not text.html:
        return "".join(
            f"<p>{html.escape(part, quote=False)}</p>" for part in re.split(r"\n\s*\n", value) if part.strip()
        )
    cleaned = _cleaned(value, text.base)
    if "<" not in cleaned and _is_escaped_markup(cleaned):
        cleaned = _cleaned(html.unescape(cleaned), text.base)
    return cleaned


def _is_escaped_markup(text: str) -> bool:
    start = _ESCAPED_MARKUP.match(text)
    return start is not None and f"&lt;/{start[1]}&gt;" in text


def valid(text: str) -> str:
    """*text* without what XML forbids, and without characters that reverse the text around them."""
    return text if text.isprintable() else _INVALID.sub("", text)  # what is printable is valid, and quickly told


def first_image(fragment: str) -> str | None:
    """The address of the first picture in clean HTML, tracking pixels left out."""
    for found in _IMAGE.finditer(fragment):
        attributes = dict(_ATTRIBUTE.findall(found[0]))
        if attributes.get("src") and not _is_unseen(attributes):
            return html.unescape(attributes["src"])
    return None


def shallow(value: str) -> str:
    """*value*, unless its tags are nested so deep that no article is: then its text alone, escaped.

    Ampersands that begin no character reference are escaped where there are thousands: nh3 takes the square of their
    number.

    html5ever takes the square of the depth, and repeats every formatting element that is open in each new block:
    `<p><b><b …></p><p>…` can multiply a megabyte by thousands.
    """
    if value.count("&") > _MOST_AMPERSANDS:
        value = _AMPERSAND.sub(_escaped, value)
    if value.count("<") <= _MAX_DEPTH:
        return value
    opened: Counter[str] = Counter()
    depth = formatting = copies = 0
    for found in _ANY_TAG.finditer(value):
        name = found[2].lower()
        step = 0 if name in _NEVER_NESTED else 1 if not found[1] else -1 if opened[name] else 0
        opened[name] += step
        depth += step
        formatting += step if name in _FORMATTING else 0
        copies += formatting
        if depth > _MAX_DEPTH or copies > _MAX_FORMATTING:
            return html.escape(re.sub(r"<[^<>]*>", " ", without_code(value)), quote=False)
    return value


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[1] and html.unescape(found[0]) != found[0] else "&amp;" + found[0][1:]


def without_code(value: str) -> str:
    """*value* without what stands between script and style tags."""
    return _CODE.sub("", value)


def _cleaned(value: str, base: str) -> str:
    if not _MARKUP.search(value):
        return value.strip()
    cleaned = _cleaned_once(shallow(valid(value)), base)
    # A tag that nh3 took away may have held others apart, which a reader's parser then arranges anew (mutation XSS); one
    # that crosses another may come out as no parser would leave it.
    for _ in range(_MOST_ROUNDS):
        again = _cleaned_once(cleaned, base)
        if again == cleaned:
            return cleaned
        cleaned = again
    return html.escape(html.unescape(re.sub(r"<[^<>]*>", " ", cleaned)), quote=False).strip()


def _cleaned_once(value: str, base: str) -> str:
    # Entities can hide what XML forbids until they are decoded, so once more after nh3.
    _BASE.set(base)
    cleaned = valid(_cleaner().clean(value))
    return (_IMAGE.sub(_if_seen, cleaned) if "<img" in cleaned else cleaned).strip()


def _if_seen(found: re.Match[str]) -> str:
    attributes = dict(_ATTRIBUTE.findall(found[0]))
    is_seen = "src" in attributes and not _is_unseen(attributes) and not _COUNTER.match(attributes["src"])
    return found[0] if is_seen else ""


def _is_unseen(attributes: Mapping[str, str]) -> bool:
    sizes = (attributes.get("width", ""), attributes.get("height", ""))
    return "style" in attributes or "hidden" in attributes or any(map(_TINY.fullmatch, sizes))


_BASE: ContextVar[str] = ContextVar("base")  # what the cleaner that is at work here resolves against


@cache
def _cleaner() -> nh3.Cleaner:
    """The cleaner: making one costs as much as cleaning ten texts."""
    return nh3.Cleaner(
        tags=TAGS,
        clean_content_tags=GONE,
        attributes=_ATTRIBUTES,
        attribute_filter=_kept_attribute,
        set_tag_attribute_values=_SET,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )


def _kept_attribute(tag: str, name: str, value: str) -> str | None:
    """An attribute's value, absolute where it is an address; None where it may not stand."""
    if name == "style":
        return "display:none" if _UNSEEN.search(value) else None
    if name == "dir":
        return value if value in ("ltr", "rtl", "auto") else None
    if name == "srcset":
        return _source_set(_BASE.get(), value)
    if name not in _URL_ATTRIBUTES:
        return value
    if value.lower().startswith("mailto:"):
        return value if is_safe_link(value) and name == "href" else None
    return resolve(_BASE.get(), value)


def _source_set(base: str, value: str) -> str | None:
    """The candidates of a srcset, made absolute; the unusable ones left out."""
    candidates = []
    for part in re.split(r",\s+", value[:20_000])[:50]:
        address, *size = part.strip(" ,\t\r\n").split() or ("",)
        url = resolve(base, address)
        if url and len(size) <= 1 and all(re.fullmatch(r"\d{1,6}(\.\d{1,4})?[wxh]", each) for each in size):
            candidates.append(" ".join((url, *size)))
    return ", ".join(candidates) or None
