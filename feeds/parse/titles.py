"""Whether a document escapes its titles once too often, in all of them. Pure; called by xmlfeed and jsonfeed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from feeds.markup import decoded_once
from feeds.model import Entry

_TITLE = re.compile(r"<(?:atom:)?title\b([^<>]*)>\s*(?:<!\[CDATA\[((?:[^\]]|\](?!\]>))*)\]\]>|([^<]*))", re.IGNORECASE)
_HTML_TYPE = re.compile(r"""\stype\s*=\s*["'](?:html|text/html|cdata)["']""", re.IGNORECASE)
_REFERENCE = r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});"
_IN_TEXT = re.compile(rf"(?P<reference>{_REFERENCE})|&")
_IN_HTML = re.compile(rf"(?P<reference>&(?:amp|#0*38|#[xX]0*26);{_REFERENCE[1:]})|&")
# A title may be about these; that they are escaped says nothing.
_CODE = ("&lt;", "&gt;", "&nbsp;", "&amp;lt;", "&amp;gt;", "&amp;nbsp;")


def mended(entries: list[Entry], text: str, is_rss: bool) -> list[Entry]:
    """*entries* of the document *text*, their titles decoded once if all titles in it are escaped once too often.

    In RSS that is `Q&amp;amp;amp;A`: HTML within XML explains two of the three.
    """
    if not any(entry.title and "&" in entry.title.value for entry in entries):
        return entries
    return [decoded(entry) for entry in entries] if escape_twice(_titles(text, is_rss)) else entries


def _titles(text: str, is_rss: bool) -> Iterator[tuple[str, bool]]:
    for attributes, section, characters in _TITLE.findall(text):
        value = section if section else html.unescape(characters)
        yield value, is_rss or _HTML_TYPE.search(attributes) is not None


def decoded(entry: Entry) -> Entry:
    """*entry* with its title decoded once."""
    return replace(entry, title=replace(entry.title, value=decoded_once(entry.title.value))) if entry.title else entry


def escape_twice(titles: Iterable[tuple[str, bool]]) -> bool:
    """True where each `&` in *titles*, each with whether it is HTML, begins a reference that it should have been itself."""
    found = False
    for title, is_html in titles:
        for reference in (_IN_HTML if is_html else _IN_TEXT).finditer(title):
            if not reference["reference"]:
                return False
            found = found or reference[0].lower() not in _CODE
    return found
