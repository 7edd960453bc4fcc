"""HTML that can be published: nh3 cleans by an allow-list, addresses are made absolute, what nests too deep is flattened."""

from __future__ import annotations

import html
import re
from collections import Counter
from contextvars import ContextVar
from functools import cache
from html.entities import html5

import nh3

from feeds.language import language_tag
from feeds.markup.embedded import without_scripts
from feeds.markup.pictures import (
    UNSEEN_STYLE,
    best,
    candidates,
    is_counter,
    is_emoji,
    is_placeholder,
    is_unseen,
    may_lead,
)
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
    "source": {"src", "srcset", "type", "media"},
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
_PLACE = re.compile(r"(<a\b[^<>]*?\shref\s*=\s*[\"']?)#(?=[^\s\"'<>])", re.IGNORECASE)
_BARE = re.compile(r"&([a-zA-Z][a-zA-Z0-9]*+)(?!;)(=?)")
_IMAGE = re.compile(r'<img(?: [a-z]+="[^"]*")*>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_IMAGE_START = re.compile(r'^<img(?: src="[^"]*")?')


def clean_html(text: Text) -> str:
    """A safe HTML fragment: allowed tags only, every link absolute and http, https or mailto. Plain text is escaped.

    Markup that was escaped as a whole is unescaped once, and cleaned. Pictures that nobody can see are dropped. What
    only scripts or frames would show leaves pictures and links. A link to a place in the text itself ("#note") leads
    nowhere, for the base may be the feed's address: see `with_places`.
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
    """The address of the first picture in clean HTML that can stand for the article: no pixel, icon, emoji or avatar."""
    for found in _IMAGE.finditer(fragment):
        attributes = _attributes(found[0])
        if (url := attributes.get("src")) and may_lead(url, attributes):
            return url
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


def with_places(fragment: str, page: str | None) -> str:
    """*fragment* with its links to places in itself ("#note") leading to those on *page*, where nobody cuts their names."""
    if not page or "#" not in fragment:
        return fragment
    return _PLACE.sub(lambda found: f"{found[1]}{html.escape(page)}#", fragment)


def with_ampersands(value: str) -> str:
    """*value* with `&amp;` for each ampersand that begins no reference: in `AT&T`, in `?a=1&copy=3`, in `M&parade`.

    HTML reads some names without a semicolon, even where more letters follow (HTML Living Standard, 13.2.5.73). Who
    writes so means it only where the name stands alone; "&nbsp" alone is found right before words, too.
    """
    return _BARE.sub(_unless_reference, value) if "&" in value else value


def _unless_reference(found: re.Match[str]) -> str:
    is_reference = not found[2] and (found[1] in html5 or found[1].startswith("nbsp"))
    return found[0] if is_reference else f"&amp;{found[1]}{found[2]}"


def without_code(value: str) -> str:
    """*value* without what stands between script and style tags."""
    return _CODE.sub("", value)


def _cleaned(value: str, base: str) -> str:
    if not _MARKUP.search(value):
        return value.strip()
    cleaned = _cleaned_once(without_scripts(shallow(with_ampersands(valid(value))), base), base)
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
    """The picture, where it shows something; an emoji as its character; what only a srcset names as `src`, too."""
    attributes = _attributes(found[0])
    url = attributes.get("src")
    if is_unseen(attributes) or (url and is_counter(url)):
        return ""
    if url and is_emoji(url):
        return html.escape(attributes.get("alt", ""), quote=False)
    if url and not is_placeholder(url):
        return found[0]
    instead = best(candidates("", attributes.get("srcset", "")))
    return _IMAGE_START.sub(f'<img src="{html.escape(instead)}"', found[0]) if instead else ""


def _attributes(tag: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(tag)}


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
        return "display:none" if UNSEEN_STYLE.search(value) else None
    if name == "lang":
        return language_tag(value)
    if name == "dir":
        return value if value in ("ltr", "rtl", "auto") else None
    if name == "srcset":
        return _source_set(_BASE.get(), value)
    if name not in _URL_ATTRIBUTES:
        return value
    if value.startswith("#"):
        return None
    if value.lower().startswith("mailto:"):
        return value if is_safe_link(value) and name == "href" else None
    return resolve(_BASE.get(), value)


def _source_set(base: str, value: str) -> str | None:
    """The candidates of a srcset, made absolute; the unusable ones left out."""
    offered = candidates(base, value)
    # A comma at its end would part the address from its size.
    said = (f"{each.url.rstrip(',')} {each.size}".strip() for each in offered)
    return ", ".join(said) or None
