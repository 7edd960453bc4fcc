"""Single values made fit for any feed: text, addresses, languages, media types, dates. Pure; called by all of render.

The rules are RFC 4287, RSS 2.0 and what the W3C Feed Validator asks beyond them (validator.w3.org/feed/docs/).
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from html import unescape
from unicodedata import normalize
from urllib.parse import quote, unquote_to_bytes, urlsplit

from feeds.language import base_language
from feeds.language import language_tag as registered_tag
from feeds.markup import inert_title
from feeds.urls import DEFAULT_PORTS, ascii_host, without_dots

# XML 1.0 section 2.2 forbids most of these; HTML's parser and the W3C validator (BadCharacters) refuse the others;
# the bidirectional controls among them turn around what stands beside the text (Unicode TR 36).
_NONCHARACTERS = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb"
_FORBIDDEN = re.compile(f"[{_CONTROLS}\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")
_REFERENCE = re.compile(r"&#(?:[xX][0-9A-Fa-f]{1,6}|\d{1,7});?")
_SUSPECT = re.compile("[\u00c2\u00c3\ufffd]")
_DOUBLY_ENCODED = re.compile("[\u00c2\u00c3][\u0080-\u00bf]")

# What most addresses look like: they need nothing, and splitting them costs more than all else.
_PLAIN_URL = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)+/[A-Za-z0-9/:@!$&'()*+,;=~._?-]*")
# What RFC 3986 allows an address to look like, without user and password, and with every % an escape.
_URI_CHARACTERS = r"(?:[A-Za-z0-9/:@!$&'()*+,;=~._?-]|%[0-9A-Fa-f]{2})*"
_VALID_URL = re.compile(
    rf"(?i:https?)://[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(:\d{{1,4}})?([/?]{_URI_CHARACTERS})?(#{_URI_CHARACTERS})?"
)
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_MIME = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_ESCAPED = re.compile(r"[A-Za-z]?(?:%[0-9A-Fa-f]{2})+")  # with the letter that an escaped accent may belong to
_TAG_ID = re.compile(r"tag:([a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(-\d\d(-\d\d)?)?:[A-Za-z0-9._~/:-]*")
_UUID_ID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

RIGHT_TO_LEFT = frozenset({"ar", "arc", "dv", "fa", "he", "ks", "ku", "ps", "sd", "ug", "ur", "yi"})

_TYPES = {
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "m4b": "audio/mp4",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "ogv": "video/ogg",
    "webm": "video/webm",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "epub": "application/epub+zip",
    "zip": "application/zip",
}
# Types that say nothing: of these the name in the address tells more.
_TYPELESS = frozenset(
    "application/octet-stream binary/octet-stream application/binary application/unknown application/force-download"
    " application/download application/x-download unknown/unknown".split()
)
# Flash, which nothing plays any more.
_FLASH = re.compile(r"application/(?:x-shockwave-flash|x-flash.*|vnd\.adobe\.flash.*|futuresplash)|video/x-(?:flv|f4v)")
_FLASH_NAME = re.compile(r"\.(?:swf|flv|f4v)$", re.IGNORECASE)
# ISO 639-1, and of ISO 639-2 what is spoken or written where the topics are and has no two-letter code.
# The W3C validator knows no language of ISO 639-3 alone (InvalidLanguage).
_KNOWN_LANGUAGES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo"
    " es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv"
    " ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne"
    " ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st"
    " su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
    " ber dyu fon kab mos snk srr son tmh"
)
_LANGUAGES = frozenset(_KNOWN_LANGUAGES.split())


def xml_text(text: str) -> str:
    """*text* in characters that XML and HTML allow; text encoded as UTF-8 twice is decoded once more."""
    if text.isprintable() and not _SUSPECT.search(text):  # most text, and the test is ten times cheaper than the work
        return text
    text = _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\ufffd", "?")
    return _decoded(text) if _DOUBLY_ENCODED.search(text) else text


def _decoded(text: str) -> str:
    try:
        return _FORBIDDEN.sub("", text.encode("latin-1").decode("utf-8"))
    except UnicodeError:
        return text


@lru_cache(4096)  # names of sources and concepts come again with every entry
def line(text: str) -> str:
    """*text* as one line of plain characters that stays inert where a reader takes it for HTML.

    It may speak of “&amp;”; a reference to a character that may not stand in it goes, as that character would.
    """
    inert = inert_title(xml_text(text))
    if "&#" in inert:
        inert = _REFERENCE.sub(lambda found: found[0] if xml_text(unescape(found[0])) else "", inert)
    return " ".join(inert.split())


@lru_cache(1024)
def web_url(url: str | None) -> str | None:
    """*url* in the characters of RFC 3986, without user and password; None where it is no http or https URL."""
    if url and _PLAIN_URL.fullmatch(url):
        return url
    try:
        parts = urlsplit(xml_text(url or "").strip())
        host, port = ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    address = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "") + _quoted(parts.path or "/")
    query = f"?{_quoted(parts.query, '?')}" if parts.query else ""
    return address + query + (f"#{_quoted(parts.fragment, '?')}" if parts.fragment else "")


def article_url(url: str | None) -> str | None:
    """The address of an article as its source gave it, byte for byte where that is valid; else as `web_url` has it."""
    return url if url and _VALID_URL.fullmatch(url) else web_url(url)


def _quoted(part: str, more: str = "") -> str:
    return re.sub("%(?![0-9A-Fa-f]{2})", "%25", quote(part, safe="/%:@!$&'()*+,;=~" + more))


def stands_in_enclosure(url: str) -> bool:
    """True where RSS <enclosure> may carry *url*: the validator wants a dot in its host and a path after it."""
    return "." in (urlsplit(url).hostname or "").strip(".")


def source_id(given: str | None, url: str) -> str:
    """The id of a source's feed: what it says itself where that is a canonical URI, else its address.

    RFC 4287 section 4.2.6.1 wants ids to be normalized. What can't be (escapes that are no UTF-8) gets a urn made of it.
    """
    if given and (_TAG_ID.fullmatch(given) or _UUID_ID.fullmatch(given) or given == _canonical(given)):
        return given
    return _canonical(url) or uuid.uuid5(uuid.NAMESPACE_URL, xml_text(url)).urn


def _canonical(url: str) -> str | None:
    """*url* as RFC 3986 section 6.2 normalizes it, without fragment; None where it is no web address or can't be."""
    try:
        parts = urlsplit(web_url(url) or "")
        path, query = (_ESCAPED.sub(_escaped_anew, part) for part in (parts.path, parts.query))
    except UnicodeDecodeError:
        return None
    if not parts.hostname:
        return None
    host = parts.hostname.removesuffix(".")
    port = f":{parts.port}" if parts.port and parts.port != DEFAULT_PORTS[parts.scheme] else ""
    return f"{parts.scheme}://{host}{port}{without_dots(path)}" + (f"?{query}" if query else "")


def _escaped_anew(escaped: re.Match[str]) -> str:
    """Escapes in capitals, and only where one is needed."""
    return quote(normalize("NFC", unquote_to_bytes(escaped[0]).decode()), safe="")


def language_tag(tag: str | None) -> str | None:
    """*tag* as BCP 47 has it; None where there is none or it names no language that validators know."""
    is_tag = re.fullmatch(r"\s*[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*\s*", tag or "") is not None
    found = registered_tag(tag) if is_tag else None
    return found if found and base_language(found) in _LANGUAGES else None


def direction(language: str | None) -> str:
    """ "rtl" or "ltr", or "auto" where the language is not known."""
    if language is None:
        return "auto"
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def media_type(given: str | None, url: str) -> str | None:
    """The MIME type *given*, or what the file name in *url* stands for; None for Flash, and where nothing tells."""
    kind = (given or "").partition(";")[0].strip().lower()
    path = urlsplit(url).path
    if _FLASH.fullmatch(kind) or _FLASH_NAME.search(path):
        return None
    if _MIME.fullmatch(kind) and kind not in _TYPELESS:
        return kind
    return _TYPES.get(path.rpartition(".")[2].lower())


def rfc3339(date: datetime) -> str:
    """As in 2026-11-24T12:00:00Z: whole seconds, UTC."""
    return date.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def rfc822(date: datetime) -> str:
    """As in Tue, 24 Nov 2026 12:00:00 GMT, in every locale."""
    return format_datetime(date.astimezone(UTC), usegmt=True)
