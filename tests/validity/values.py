"""Rules on single values, each under the name of the W3C Feed Validator's message (validator.w3.org/feed/docs/)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from html import unescape

from html5lib.html5parser import HTMLParser, ParseError

_URI_CHARACTERS = r"[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,#]"
_FULL_LINK = re.compile(rf"[a-zA-Z][0-9a-zA-Z+\-.]*:(//)?{_URI_CHARACTERS}+")
_ENCLOSURE_URL = re.compile(r"https?://(([0-9]{1,3}\.){3}|([a-z0-9-]+\.)+)[a-z0-9][a-z0-9-]*(:\d+)?(/|$)", re.I)
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TAG = re.compile(r"tag:([a-z0-9\-._]+?@)?[a-z0-9.\-]+?,\d{4}(-\d{2}(-\d{2})?)?:[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,]*")
_MIME = re.compile(r"[^\s()<>,;:\\\"/\[\]?=]+/[^\s()<>,;:\\\"/\[\]?=]+")
_RFC2822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}"
    r" \d\d:\d\d(:\d\d)? ([+-]\d\d[03]0|GMT|Z)"
)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*)?(Z|[+-]\d\d:\d\d)")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_EMAIL = re.compile(r"<[a-z0-9_\-+.']+@([a-z0-9-]+\.)+[a-z0-9-]+>", re.I)

_HTML_TAGS = frozenset(
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo big blockquote body br button"
    " canvas caption center cite code col colgroup data dd del details dfn dialog dir div dl dt em embed fieldset"
    " figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img"
    " input ins kbd label legend li link main map mark menu meta meter nav noframes noscript object ol optgroup"
    " option output p param picture pre progress q rp rt ruby s samp script section select slot small source span"
    " strike strong style sub summary sup table tbody td template textarea tfoot th thead time title tr track tt u ul"
    " var video wbr".split(" ")
)
_RISKY_TAGS = frozenset(
    "applet base basefont bdo body embed frame frameset head html iframe link listing meta noframes object param"
    " plaintext script slot style title xmp".split(" ")
)
_SAFE_ATTRIBUTES = frozenset(
    "abbr align alt border cite class cols colspan datetime dir height href hreflang id label lang loading"
    " longdesc media name open poster preload referrerpolicy rel reversed rows rowspan scope sizes span src srclang srcset"
    " start summary target title type valign value width".split(" ")
)


def bad_characters(text: str) -> Iterator[str]:
    if re.search("[\x80-\x9f\ufffd]", text):
        yield f"BadCharacters: {text[:60]!r}"
    if re.search("[\u00c2\u00c3][\u0080-\u00bf]", text):
        try:
            text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return
        yield f"BadCharacters (UTF-8 encoded twice): {text[:60]!r}"


def plain(text: str, raw_line: bytes = b"") -> Iterator[str]:
    """ContainsHTML: an end tag, or an entity that does not stand as a hexadecimal reference in *raw_line*."""
    for tag in re.findall(r"</(\w+)>", text):
        if tag.lower() in _HTML_TAGS:
            yield f"ContainsHTML: {text[:60]!r}"
    entities = [name for name in re.findall(r"&(#?\w+)", text) if not name.isalpha() or unescape(f"&{name};")[0] != "&"]
    if (entities or re.search("<[/a-zA-Z]", text)) and b"&#x" not in raw_line:
        yield f"ContainsHTML: {text[:60]!r}"
    if _EMAIL.search(text):
        yield f"ContainsEmail: {text[:60]!r}"


def not_blank(name: str, text: str | None) -> Iterator[str]:
    if not (text or "").strip():
        yield f"NotBlank: {name}"


@lru_cache(maxsize=20_000)
def html(text: str) -> tuple[str, ...]:
    """NotHtml, SecurityRisk, SecurityRiskAttr and ContainsRelRef in a fragment."""
    return tuple(_faults_of_fragment(text))


def _faults_of_fragment(text: str) -> Iterator[str]:
    try:
        tree = HTMLParser(strict=True).parseFragment(text)
    except ParseError as error:
        yield f"NotHtml: {error} in {text[:80]!r}"
        return
    for element in tree.iter():
        if not isinstance(element.tag, str) or element.tag == "DOCUMENT_FRAGMENT":
            continue
        tag = element.tag.rpartition("}")[2]
        if tag not in _HTML_TAGS:
            yield f"NotHtml: <{tag}>"
        elif tag in _RISKY_TAGS:
            yield f"SecurityRisk: <{tag}>"
        for name, value in element.attrib.items():
            if str(name) not in _SAFE_ATTRIBUTES and not str(name).startswith("data-"):
                yield f"SecurityRiskAttr: {name}"
            if name in ("href", "src", "cite", "poster") and not re.match(r"\w+:", value.strip()):
                yield f"ContainsRelRef: {value[:80]!r}"


def full_link(name: str, url: str | None) -> Iterator[str]:
    """InvalidFullLink, InvalidUUID, InvalidTAG."""
    value = url or ""
    if not _FULL_LINK.fullmatch(value):
        yield f"InvalidFullLink: {name} {value[:80]!r}"
    elif value.startswith("urn:uuid:") and not _UUID.fullmatch(value):
        yield f"InvalidUUID: {name} {value!r}"
    elif value.startswith("tag:") and not _TAG.fullmatch(value):
        yield f"InvalidTAG: {name} {value!r}"
    elif re.match("https?:(?!//[^/])", value):
        yield f"InvalidFullLink: {name} {value!r}"


def canonical(name: str, uri: str | None) -> Iterator[str]:
    """NonCanonicalURI, by RFC 3986 section 6.2.2 (a web address has a path, no dot segments, no needless escapes)."""
    value = uri or ""
    yield from full_link(name, value)
    web = re.fullmatch(r"(https?)://([^/?#]*)([^?#]*)(.*)", value)
    if web is None:
        is_canonical = value == value.strip() and not value[:4].isupper()
    else:
        scheme, host, path, rest = web.groups()
        default_port = ":80" if scheme == "http" else ":443"
        is_canonical = host == host.lower() and not host.endswith((default_port, ":")) and path.startswith("/")
        is_canonical = is_canonical and not re.search(r"/\.\.?(/|$)", path)
        is_canonical = is_canonical and not re.search(
            r"%([a-f].|.[a-f]|2[DE]|[3-7]\d|4\w|5[AF]|6\w|7[AE])", path + rest
        )
    if not is_canonical:
        yield f"NonCanonicalURI: {name} {value!r}"


def enclosure_url(url: str | None) -> Iterator[str]:
    if not _ENCLOSURE_URL.match(url or "") or not _FULL_LINK.fullmatch(url or ""):
        yield f"InvalidURLAttribute: {url!r}"


def media_type(value: str | None) -> Iterator[str]:
    if not _MIME.fullmatch(value or ""):
        yield f"InvalidMIMEType: {value!r}"


def non_negative(name: str, value: str | None) -> Iterator[str]:
    if not re.fullmatch(r"\d+", value or ""):
        yield f"InvalidNonNegativeInteger: {name} {value!r}"


def positive(name: str, value: str | None) -> Iterator[str]:
    if not re.fullmatch(r"[1-9]\d*", value or ""):
        yield f"InvalidPositiveInteger: {name} {value!r}"


def coordinates(name: str, values: list[str]) -> Iterator[str]:
    """Latitude and longitude as decimal numbers without an exponent, which the validator's pattern does not know."""
    if len(values) != 2 or not all(_DECIMAL.fullmatch(value) for value in values):
        yield f"InvalidCoord: {name}: {values}"
    elif abs(float(values[0])) > 90 or abs(float(values[1])) > 180:
        yield f"InvalidLatitude or InvalidLongitude: {name}: {values}"


def language(value: str | None) -> Iterator[str]:
    if not _LANGUAGE.fullmatch(value or ""):
        yield f"InvalidLanguage: {value!r}"


def rfc3339_date(name: str, value: str | None, now: datetime) -> Iterator[str]:
    if not _RFC3339.fullmatch(value or ""):
        yield f"InvalidRFC3339Date: {name} {value!r}"
    else:
        yield from _plausible(name, datetime.fromisoformat(value or ""), now)


def rfc822_date(name: str, value: str | None, now: datetime) -> Iterator[str]:
    if not _RFC2822.fullmatch(value or ""):
        yield f"InvalidRFC2822Date: {name} {value!r}"
        return
    date = parsedate_to_datetime(value or "")
    if ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[date.weekday()] != (value or "")[:3]:
        yield f"IncorrectDOW: {name} {value!r}"
    yield from _plausible(name, date, now)


def _plausible(name: str, date: datetime, now: datetime) -> Iterator[str]:
    if not datetime(1990, 1, 1, tzinfo=UTC) <= date <= now + timedelta(minutes=10):
        yield f"ImplausibleDate: {name} {date}"
