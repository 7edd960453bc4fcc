"""Bytes → text, whatever was declared; and text → XML that any parser takes. Pure; called by xmlfeed."""

from __future__ import annotations

import codecs
import html
import html.entities
import re
from contextlib import suppress

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What a label means where Python knows another encoding by it, or none (https://encoding.spec.whatwg.org/#names-and-labels):
# Windows' own extensions of what is declared. Labels that nobody knows are passed over.
_MEANT = {
    **dict.fromkeys(("iso-8859-1", "latin-1", "latin1", "iso8859-1", "iso_8859-1", "l1", "cp819"), "windows-1252"),
    **dict.fromkeys(("us-ascii", "ascii", "ansi", "ansi_x3.4-1968", "x-cp1252", "win-1252", "cp-1252"), "windows-1252"),
    **dict.fromkeys(("iso-8859-9", "latin5", "l5"), "windows-1254"),
    **dict.fromkeys(("x-cp1251", "win-1251", "win1251", "windows1251", "cp-1251", "windows-1251;"), "windows-1251"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji"), "cp932"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "gb_2312-80", "euc-cn", "gb_2312"), "gb18030"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "ksc5601", "ks_c_5601-1989", "korean"), "cp949"),
    **dict.fromkeys(("big5", "x-x-big5", "cn-big5", "big5-hkscs"), "big5hkscs"),
    **dict.fromkeys(("tis-620", "iso-8859-11", "dos-874", "windows-874"), "cp874"),
    **dict.fromkeys(("iso-8859-8-i", "iso-8859-8-e", "logical", "visual"), "iso-8859-8"),
    **dict.fromkeys(("iso-8859-6-i", "iso-8859-6-e"), "iso-8859-6"),
    **dict.fromkeys(("x-euc-jp", "eucjp"), "euc-jp"),
    **dict.fromkeys(("macintosh", "x-mac-roman"), "mac-roman"),
    **dict.fromkeys(("x-mac-cyrillic", "x-mac-ukrainian"), "mac-cyrillic"),
    **dict.fromkeys(("utf8", "utf-8", "utf8mb4", "unicode-1-1-utf-8", "x-unicode20utf8", "utf_8"), "utf-8"),
    **dict.fromkeys(("iso-2022-jp", "csiso2022jp", "iso-2022-jp-1", "iso-2022-jp-2"), "iso-2022-jp-ext"),
    "koi8": "koi8-r", "koi8-ru": "koi8-u",
}  # fmt: skip
# What announces other letters in encodings of seven bits (ISO-2022, HZ), which would pass for UTF-8 otherwise.
_SHIFTS = (b"\x1b", b"~{")
# Python takes them for encodings of text, and no feed is in one: they raise, never end, or make up characters.
_NEVER = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"}
# UTF-16 and UTF-32 without a mark: where the NULs stand among the first characters, which are ASCII in any feed.
_WIDE = (
    (re.compile(rb"(?:[^\0]\0\0\0){2}"), "utf-32-le"),
    (re.compile(rb"(?:\0\0\0[^\0]){2}"), "utf-32-be"),
    (re.compile(rb"(?:[^\0]\0){4}"), "utf-16-le"),
    (re.compile(rb"(?:\0[^\0]){4}"), "utf-16-be"),
)
_GUESSES = ["windows-1251", "windows-1256", "koi8-r", "windows-1252"]
_DECLARATION = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_FILE = re.compile(r"data:[a-z]{1,20}/[A-Za-z0-9.+-]{1,60};base64,[A-Za-z0-9+/=\s]{1000,}")
_TAG, _BYTES_TAG = re.compile("<[A-Za-z]"), re.compile(b"<[A-Za-z]")
_INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,8})|(\d{1,9}));")
_BARE = re.compile(r"&(?!#(?:x[0-9a-fA-F]{1,8}|\d{1,9});|[A-Za-z][A-Za-z0-9]{0,31};)")
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{0,31});")
_ODD = re.compile(r"[A-Za-zß-ÿ][\u0400-\u04ff\u0600-\u06ff]|[\u0400-\u04ff\u0600-\u06ff][A-Za-zß-ÿ]|[а-яё][А-ЯЁ]")
_XML_ENTITIES = {"lt", "gt", "amp", "quot", "apos"}


def decode(body: bytes, content_type: str) -> str:
    """The text that *body* is, without whole files in it (data: URLs).

    The bytes decide before any declaration: what is valid UTF-8 is UTF-8.
    """
    return _FILE.sub("data:,", _text(body, content_type))


def _text(body: bytes, content_type: str) -> str:
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, "replace").lstrip("\ufeff")
    for pattern, name in _WIDE:
        if pattern.match(body):
            return body.decode(name, "replace")
    body = body.replace(b"\0", b"")
    if any(shift in body for shift in _SHIFTS):
        for name in _declared(body, content_type):
            if name.startswith(("iso2022", "hz")) and (text := _decoded(body, name)) is not None:
                return text
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_other(body, content_type)


def _declared(body: bytes, content_type: str) -> list[str]:
    """The encodings that the document and its media type declare, as Python calls them, without those it does not know."""
    declared = _DECLARATION.search(body[:1024])
    charset = re.search(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", content_type)
    labels = [label.lower() for label in (declared and declared[1].decode(), charset and charset[1]) if label]
    names = []
    for label in labels:
        with suppress(LookupError):
            names.append(codecs.lookup(_MEANT.get(label, label)).name)
    return [name for name in names if name not in _NEVER]


def _decode_other(body: bytes, content_type: str) -> str:
    declared = _declared(body, content_type)
    if not declared and _is_mostly_utf8(body):
        return body.decode("utf-8", "replace")
    for name in declared:
        if name == "utf-8":
            if _is_mostly_utf8(body):
                return body.decode("utf-8", "replace")
            continue
        if name == "cp1252" and _is_hardly_latin(body):
            continue
        text = _decoded(body, name)
        if text is not None and _is_plausible(text) and bool(_TAG.search(text)) == bool(_BYTES_TAG.search(body)):
            return text
    return _guessed(body)


def _decoded(body: bytes, name: str) -> str | None:
    """*body* as the encoding *name* reads it, a few wrong bytes replaced; None where it can't, or is none of text."""
    try:
        text = body.decode(name, "replace")
    except (LookupError, UnicodeError):
        return None
    wrong = text.count("\ufffd")
    return text if wrong <= max(2, sum(character > "\x7f" for character in text) // 20) else None


def _is_mostly_utf8(body: bytes) -> bool:
    """A few bytes wrong among many right: cut characters, or a quotation pasted in another encoding."""
    text = body.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = sum(character > "\x7f" for character in text) - wrong
    return wrong <= max(2, right // 4)


def _is_hardly_latin(body: bytes) -> bool:
    """So many letters beyond ASCII, or most of them in whole words, as only another script has."""
    letters = len(re.findall(rb"[A-Za-z]", re.sub(rb"<[^>]*>", b"", body[:20_000])))
    beyond = len(re.findall(rb"[\x80-\xff]", body[:20_000]))
    in_words = sum(map(len, re.findall(rb"[\xc0-\xff]{4,}", body[:20_000])))
    return beyond > letters or in_words * 2 > beyond


def _is_plausible(text: str) -> bool:
    """No words of two scripts, nor with capitals inside: what one single-byte encoding read as another looks like."""
    sample = re.sub(r"<[^>]*>", " ", text[:200_000])
    if len(re.findall("[А-Я]", sample)) > len(re.findall("[а-я]", sample)):  # KOI8-R and Windows-1251 swap the cases
        return False
    beyond = sum(character > "\x7f" for character in sample)
    return len(_ODD.findall(sample)) <= max(2, beyond // 20)


def _guessed(body: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(re.sub(rb"<[^>]*>", b" ", body[:200_000]), cp_isolation=_GUESSES).best()
    return body.decode(best.encoding if best else "windows-1252", "replace")


def as_xml(text: str) -> bytes:
    """UTF-8 that an XML parser takes: without what XML forbids, without a DTD, with HTML's named entities written out."""
    text = _INVALID.sub("", text).lstrip()
    text = re.sub(r"^<\?xml[^>]*\?>", "", text, count=1).lstrip()
    text = _without_doctype(text)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + _with_references(text).encode("utf-8", "replace")


def _with_references(text: str) -> str:
    """*text* with every ampersand beginning a reference that XML knows. In CDATA sections nothing is one, nor touched."""
    parts = text.split("<![CDATA[")
    for number, part in enumerate(parts):
        inside, end, outside = part.partition("]]>") if number else ("", "", part)
        if "&" in outside:
            outside = _BARE.sub("&amp;", outside)
            outside = _REFERENCE.sub(_valid_reference, outside)
            parts[number] = inside + end + _NAMED.sub(_written_out, outside)
    return "<![CDATA[".join(parts)


def _without_doctype(text: str) -> str:
    """Entities are never declared, then: neither billion laughs nor outside documents. A feed needs no DTD."""
    start = re.match(r"(?>\s+|<!--.*?-->|<\?.*?\?>)*+<!DOCTYPE", text[:100_000], re.DOTALL | re.IGNORECASE)
    if start is None:
        return text
    found = re.compile(r"[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL).match(text, start.end())
    return text[found.end() :] if found else text[start.end() :]


def _valid_reference(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else int(found[2])
    allowed = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return found[0] if allowed else ""


def _written_out(found: re.Match[str]) -> str:
    if found[1] in _XML_ENTITIES:
        return found[0]
    character = html.entities.html5.get(f"{found[1]};")
    return f"&amp;{found[1]};" if character is None else html.escape(character)
