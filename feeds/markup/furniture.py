"""What a page carries beside its article: labels, bylines, share bars, forms. Cut only where the markup shows it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from lxml import etree
from lxml import html as lxml_html
from lxml.html import HtmlElement

from feeds.markup.lines import BYLINE, cut_lines, is_invitation, name_in
from feeds.markup.safe import MAX_LENGTH, shallow, valid

_BLOCK_TAGS = frozenset(
    "p div h1 h2 h3 h4 h5 h6 li ul ol table tr td section article header footer address blockquote figure aside nav "
    "form pre dl dt dd main center details".split()
)
_MAYBE = re.compile(r"<(?:form|textarea|header|h[1-6]|address)\b|\b(?:class|id|itemprop|rel)\s*=", re.IGNORECASE)
_MARKS = (
    *("class=", "id=", "itemprop=", "rel=", " =", "\t=", "\n=", "\r="),
    *("<form", "<textarea", "<header", "<h1", "<h2", "<h3", "<h4", "<h5", "<h6", "<address"),
)

# What publishing software marks as not being the article: class and id names.
_FURNITURE = frozenset(
    "comment-respond comment-form comments-area commentform respond sharedaddy share-buttons social-share "
    "addtoany_share_save_container jp-relatedposts related-posts relatedposts yarpp yarpp-related post-navigation "
    "post-categories post-category entry-category category-label section-label kicker cat-links tags-links "
    "newsletter-signup wp-block-comments wp-block-post-comments-form feedflare".split()
)
_AUTHOR_CLASSES = frozenset("byline author post-author entry-author article-author p-author".split())
_MOST_FORM_TEXT = 600  # characters; a form with more around its fields wraps an article


def cut_furniture(text: str, title: str, *, is_html: bool = True) -> tuple[str, str | None]:
    """*text* without section labels, comment forms, share bars and related lists, and the name in its byline.

    In markup each is cut where its class says what it is, as a form, or as a heading before one; in any text where it
    stands in the first or last lines, around *title* repeated, or as an invitation to comment. *text* is what the
    source wrote, not yet cleaned; it comes back as it was where nothing is cut, or nothing would be left.
    """
    name = None
    root = _tree(text) if is_html else None
    if root is not None:
        block, name = _marked_byline(root) or (None, None)
        doomed = [*_marked(root), *_forms(root), *([block] if block is not None else ())]
        text = _without(root, doomed, text)
    text, name_above = cut_lines(text, title, is_html=is_html)
    return text, name or name_above


def headline(fragment: str) -> str:
    """The first heading of the first or second rank in *fragment*, as plain text; "" where there is none."""
    root = _tree(fragment)
    found = None if root is None else next(root.iter("h1", "h2"), None)
    return "" if found is None else _words(found)


def _tree(fragment: str) -> HtmlElement | None:
    """The fragment in a div; None where there is nothing to find in it, or it can't be read."""
    value = valid(fragment[:MAX_LENGTH])
    lower = value.lower()
    if not any(mark in lower for mark in _MARKS):  # most, and told in a tenth of the time
        return None
    if not _MAYBE.search(value) or shallow(value) != value:
        return None
    try:
        return lxml_html.fragment_fromstring(value, create_parent="div")
    except (etree.ParserError, ValueError):
        return None


def _without(root: HtmlElement, doomed: list[HtmlElement], fragment: str) -> str:
    if not doomed:
        return fragment
    for element in doomed:
        if element.getparent() is not None:
            element.drop_tree()
    if not _words(root) and next(root.iter("img", "video", "audio"), None) is None:
        return fragment
    children = "".join(lxml_html.tostring(child, encoding="unicode") for child in root)
    return html.escape(root.text or "", quote=False) + children


def _words(element: HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _marks(element: HtmlElement) -> set[str]:
    return set(f"{element.get('class') or ''} {element.get('id') or ''}".lower().split())


def _elements(root: HtmlElement) -> Iterator[HtmlElement]:
    """All but the root itself, comments left out."""
    return (element for element in root.iterdescendants() if isinstance(element.tag, str))


def _marked(root: HtmlElement) -> Iterator[HtmlElement]:
    """What its class, id or rel names."""
    for element in _elements(root):
        if not _FURNITURE.isdisjoint(_marks(element)):
            yield element
        elif {"category", "tag"} <= set((element.get("rel") or "").lower().split()):
            alone = _alone(element, root)
            if alone is not None:
                yield alone


def _alone(element: HtmlElement, root: HtmlElement) -> HtmlElement | None:
    """The outermost element with *element*'s text and no other, but for a "By"; None where it stands in running text."""
    words = _words(element)
    while (parent := element.getparent()) is not root and parent is not None:
        around = _words(parent) if len(parent) <= 3 else ""
        byline = BYLINE.fullmatch(around)
        if around != words and not (byline and byline["name"] == words):
            break
        element = parent
    if element.tag in _BLOCK_TAGS:
        return element
    parent, previous = element.getparent(), element.getprevious()
    before = parent.text if previous is None else previous.tail
    is_bare = not (before or "").strip() and not (element.tail or "").strip()
    return element if is_bare and parent.tag != "p" else None


def _forms(root: HtmlElement) -> Iterator[HtmlElement]:
    """Forms of a few fields, with the heading "Leave a Reply" and what stands between."""
    for form in list(root.iter("form", "textarea")):
        fields = sum(len(field.text_content()) for field in form.iter("select", "textarea", "script", "style"))
        if len(form.text_content()) - fields <= _MOST_FORM_TEXT:
            yield form
            yield from _heading_before(form, root)


def _heading_before(form: HtmlElement, root: HtmlElement) -> list[HtmlElement]:
    """The siblings before a form, back to its heading; those of the block that begins with the form likewise."""
    while (
        form.getprevious() is None
        and form.getparent() not in (root, None)
        and not (form.getparent().text or "").strip()
    ):
        form = form.getparent()
    between: list[HtmlElement] = []
    for element in form.itersiblings(preceding=True):
        if not isinstance(element.tag, str) or len(between) == 3 or len(words := _words(element)) > 200:
            break
        between.append(element)
        if is_invitation(words):
            return between
    return []


def _marked_byline(root: HtmlElement) -> tuple[HtmlElement, str] | None:
    """The block and the name, where an element says that it holds its author."""
    for element in _elements(root):
        is_author = "author" in ((element.get("itemprop") or "").lower(), (element.get("rel") or "").lower())
        if not is_author and _AUTHOR_CLASSES.isdisjoint((element.get("class") or "").lower().split()):
            continue
        name = name_in(_words(element)[:200])
        block = _alone(element, root) if name else None
        if name and block is not None:
            return block, name
    return None
