"""A feed with something around it: an HTML doctype, a page, a server's warnings. Pure; called by xmlfeed."""

from __future__ import annotations

import html
import re

_FEED = r"<(?:[A-Za-z][\w.-]*:)?(?:rss|feed|RDF)\b"
_AT_ONCE = re.compile(rf"\s*(?:<\?xml[^<>]*>\s*)?{_FEED}", re.IGNORECASE)
_PAGE = re.compile(r"(?>\s+|<\?[^>]*>|<!--.*?-->)*+<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_ROOT = re.compile(rf"({_FEED})(?=[^<>]*\s(?:xmlns|version)\b)[^<>]*>", re.IGNORECASE)
_ESCAPED = re.compile(r"<(?:pre|textarea|div)\b[^<>]*>\s*(&lt;(?:\?xml|rss|feed|rdf:RDF)\b[^<]*)", re.IGNORECASE)
_MOST_ROOTS = 20


def unwrapped(text: str) -> str:
    """The feed in *text*, where it stands behind an HTML doctype or a warning, or is all that a page shows; else *text*.

    Some servers and proxies wrap whatever they send, and browsers show XML as the escaped text of a page.
    """
    start = text[:4000]
    if _AT_ONCE.match(start):
        return text
    is_page = _PAGE.match(start) is not None
    if not is_page and start.lstrip().startswith(("<?", "<!")):
        return text
    for root, _ in zip(_ROOT.finditer(text), range(_MOST_ROOTS), strict=False):
        end = text.rfind(f"</{root[1][1:]}")
        if end > root.end() and not _is_hidden(text[: root.start()].lower()):
            return text[root.start() : end + len(root[1]) + 1] + ">"
    shown = _ESCAPED.search(text) if is_page else None
    return html.unescape(shown[1]) if shown else text


def _is_hidden(before: str) -> bool:
    """True for what stands in a script or a comment of a page."""
    marks = (("<script", "</script"), ("<style", "</style"), ("<textarea", "</textarea"), ("<!--", "-->"))
    return any(before.rfind(opening) > before.rfind(closing) for opening, closing in marks)
