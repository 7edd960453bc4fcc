"""Encodings: undeclared, wrongly declared, impossible, mixed; NULs, controls, halves of surrogate pairs."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

from tests.hostile.judge import Case, check, ok
from tests.web import item, rss

RUSSIAN = "Президент Мали прибыл в Москву на переговоры"
ARABIC = "رئيس مالي يصل إلى موسكو لإجراء محادثات"
FRENCH = "Une délégation reçue à Bamako après la cérémonie"
GOOD = ("Good one", "Good two")


def feed(title: str, encoding: str, declared: str | None = None, bom: bytes = b"") -> bytes:
    document = rss(item("1", title), item("2", "Good two")).decode()
    if declared is not None:
        document = document.replace('"1.0"?', f'"1.0" encoding="{declared}"?')
    return bom + document.encode(encoding)


def json_feed(encoding: str, title: str = "Good one") -> bytes:
    items = [{"id": "1", "title": title}, {"id": "2", "title": "Good two"}]
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": items}
    return json.dumps(document, ensure_ascii=False).encode(encoding)


def wrong_bytes(declared: str, kind: str = "application/xml") -> bytes:
    """Not UTF-8, and not what is declared either."""
    body = feed("Good one", "utf-8", declared).replace(b"Title", b"T\xe9t\xff\x80le").replace(b"News", b"N\xe9ws\x81")
    return ok(body, kind)


# Labels that Python knows as encodings, of which none is one of a feed.
LABELS = (
    "undefined idna punycode unicode_escape raw_unicode_escape utf-7 zlib base64 rot13 hex bz2 uu quopri mbcs palmos "
    "cp037 cp500 utf-16 utf-32 hz iso2022_jp iso2022_kr utf-8-sig charmap ../../etc/passwd x-user-defined"
).split()

CASES = [
    *(Case(f"declared as {label}", wrong_bytes(label), keeps=GOOD) for label in LABELS),
    *(
        Case(
            f"header says {label.encode().hex() if len(label) == 1 else label}",
            ok(feed("Good one", "utf-8").replace(b"News", b"N\xe9ws\xff"), f"text/xml; charset={label}"),
            keeps=GOOD,
        )
        for label in ("undefined", "idna", "punycode", "unicode_escape", "utf-7", "cp037", '"', "utf-16", "\xff")
    ),
    *(
        Case(f"{encoding} without a mark", ok(feed("Good one", encoding)), keeps=GOOD)
        for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
    ),
    *(
        Case(
            f"{encoding} after white space",
            ok(b"".join((" \n".encode(encoding), feed(RUSSIAN, encoding)))),
            keeps=(RUSSIAN,),
        )
        for encoding in ("utf-16-le", "utf-16-be")
    ),
    *(
        Case(f"JSON in {encoding}", ok(json_feed(encoding, RUSSIAN), "application/json"), keeps=(RUSSIAN, "Good two"))
        for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "windows-1251")
    ),
    *(
        Case(f"mark of {name}", ok(feed(RUSSIAN, encoding, "windows-1251", mark)), keeps=(RUSSIAN,))
        for name, encoding, mark in (
            ("UTF-8, declared windows-1251", "utf-8", codecs.BOM_UTF8),
            ("UTF-16 LE, declared windows-1251", "utf-16-le", codecs.BOM_UTF16_LE),
            ("UTF-16 BE, declared windows-1251", "utf-16-be", codecs.BOM_UTF16_BE),
            ("UTF-32 LE, declared windows-1251", "utf-32-le", codecs.BOM_UTF32_LE),
        )
    ),
    Case("two marks", ok(codecs.BOM_UTF8 * 2 + feed("Good one", "utf-8")), keeps=GOOD),
    Case("UTF-8 declared as UTF-16", ok(feed(RUSSIAN, "utf-8", "utf-16")), keeps=(RUSSIAN,)),
    *(
        Case(f"undeclared {encoding} {number}", ok(feed(title, encoding)), keeps=(title,))
        for number, (title, encoding) in enumerate(
            [(RUSSIAN, "windows-1251"), (RUSSIAN, "koi8-r"), (ARABIC, "windows-1256"), (FRENCH, "windows-1252")]
        )
    ),
    *(
        Case(f"{encoding} declared as {declared}", ok(feed(title, encoding, declared)), keeps=(title,))
        for title, encoding, declared in (
            (RUSSIAN, "windows-1251", "iso-8859-1"),
            (RUSSIAN, "koi8-r", "utf-8"),
            (ARABIC, "windows-1256", "utf-8"),
            (FRENCH, "windows-1252", "utf-8"),
            (FRENCH, "utf-8", "iso-8859-1"),
            (RUSSIAN, "utf-8", "us-ascii"),
        )
    ),
    Case(
        "header and declaration disagree",
        ok(feed(RUSSIAN, "windows-1251", "windows-1251"), "text/xml; charset=utf-8"),
        keeps=(RUSSIAN,),
    ),
    Case("upper case charset", ok(feed(RUSSIAN, "windows-1251"), "TEXT/XML; CHARSET=WINDOWS-1251"), keeps=(RUSSIAN,)),
    Case("a NUL at the start", ok(b"\0" + feed("Good one", "utf-8")), keeps=GOOD),
    Case("a NUL in the declaration", ok(feed("Good one", "utf-8").replace(b"<?xml", b"<\0?xml")), keeps=GOOD),
    Case("NULs in a title", ok(feed("Go\0od o\0ne", "utf-8")), keeps=GOOD),
    Case("NULs everywhere", ok(feed("Good one", "utf-8").replace(b">", b">\0")), keeps=GOOD),
    Case("NULs at the end", ok(feed("Good one", "utf-8") + b"\0" * 5000), keeps=GOOD),
    Case("control characters", ok(feed("Go\x01od\x1f o\x7fne\x0b", "utf-8")), keeps=GOOD),
    Case("C1 controls", ok(feed("Good \x85one\x9b", "utf-8"))),
    Case("noncharacters", ok(feed("Good\ufffe \ufdd0one\uffff", "utf-8")), keeps=GOOD),
    Case(
        "references to nothing",
        ok(feed("Good&#0;&#x1; on&#xd800;e&#xFFFF;&#1114112;&#99999999999;", "utf-8")),
        keeps=("Good two",),
    ),
    Case(
        "bytes that are no UTF-8", ok(feed("Good one", "utf-8").replace(b"News", b"N\xffw\xc3s \xf0\x9f")), keeps=GOOD
    ),
    Case(
        "overlong UTF-8",
        ok(feed("Good one", "utf-8").replace(b"News", b"\xc0\xbcscript\xc0\xbe")),
        keeps=GOOD,
        loses=("<script",),
    ),
    Case(
        "surrogates as UTF-8", ok(feed("Good one", "utf-8").replace(b"News", b"\xed\xa0\x80 \xed\xb0\x80")), keeps=GOOD
    ),
    Case(
        "UTF-7 that hides a script",
        ok(feed("Good one", "utf-8", "utf-7").replace(b"News", b"+ADw-script+AD4-")),
        keeps=GOOD,
        loses=("<script",),
    ),
    Case("EBCDIC", ok(feed("Good one", "cp037", "cp037")), reason="no feed"),
    Case("random bytes", ok(bytes(range(256)) * 40), reason="no feed"),
    Case(
        "a picture",
        ok(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(400), "image/png"),
        reason="no feed|empty|can't be read",
    ),
    Case("only NULs", ok(bytes(4000)), reason="empty|no feed"),
    Case(
        "a page whose title is half a pair",
        ok(b"<html><title>\xff\\ud800</title>", "text/html; charset=unicode_escape"),
        reason="HTML page",
    ),
    Case(
        "a page whose title has controls",
        ok(b"<html><title>\x1b[31m\x07\r\nred\x9b</title>", "text/html"),
        reason="HTML page",
    ),
    Case(
        "JSON with halves of pairs",
        ok(
            b'{"title":"\\ud800","items":[{"id":"\\udfff","title":"\\ud83d Good one","content_html":"\\udc00",'
            b'"tags":["\\ud800"],'
            b'"url":"http://a.example/\\ud800","language":"\\ud800"},{"id":"2","title":"Good two"}]}'
        ),
        keeps=("Good two",),
    ),
    Case(
        "JSON with NULs",
        ok(b'{"items":[{"id":"\\u0000","title":"\\u0000Good one"},{"id":"2","title":"Good two"}]}'),
        keeps=GOOD,
    ),
    Case(
        "JSON with bytes that are no UTF-8",
        ok(b'{"items":[{"id":"\xff","title":"Good one"},{"id":"2","title":"Good two"}]}'),
        keeps=GOOD,
    ),
]


def test_encodings(tmp_path: Path) -> None:
    check(tmp_path, CASES)
