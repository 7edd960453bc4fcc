"""What a page carries beside its article: labels, bylines, share bars, forms. Cut only where the markup shows it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from lxml import etree
from lxml import html as lxml_html
from lxml.html import HtmlElement

from feeds.markup.safe import MAX_LENGTH, shallow, valid

_BLOCK_TAGS = frozenset(
    "p div h1 h2 h3 h4 h5 h6 li ul ol table tr td section article header footer address blockquote figure aside nav "
    "form pre dl dt dd main center details".split()
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
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
_BYLINE = re.compile(r"(?:by|par|por|von|автор|текст|بقلم|كتب)\s*[:：]?\s+(?P<name>\S.{1,100})", re.IGNORECASE)
_AFTER_NAME = re.compile(r"\s+[|•·–—/-]\s.*|,?\s+(?:on |le |el |em )?\d.*|,\s.*", re.DOTALL | re.IGNORECASE)
_PARTICLES = frozenset(
    "de du des da do dos di la le el al ag ould ben bin van von der den and et y e и und ter".split()
)
_COMMENT_HEADING = re.compile(
    r"(?:leave a (?:reply|comment)|laisse[rz] un commentaire|deixe um comentário|dej[ae] un comentario"
    r"|(?:оставить|добавить) комментарий|اترك تعليق|اترك رد|schreibe einen kommentar|post a comment)\b.{0,40}",
    re.IGNORECASE | re.DOTALL,
)
_MOST_FORM_TEXT = 600  # characters; a form with more around its fields wraps an article
_MOST_LABEL_WORDS = 6


def cut_furniture(fragment: str, title: str) -> tuple[str, str | None]:
    """*fragment* without section labels, comment forms, share bars and related lists, and the name in its byline.

    Each is cut only where the markup shows what it is: by its class, as a form, as a heading before one, or, of labels
    and bylines, by standing alone around the headline, which goes too where it repeats *title*. *fragment* is what the
    source wrote, not yet cleaned; it comes back as it was where nothing is cut, or nothing would be left.
    """
    root = _tree(fragment)
    if root is None:
        return fragment, None
    doomed = [*_marked(root), *_forms(root)]
    blocks = _blocks(root)
    at = _headline_at(blocks, title)
    if at is not None:
        doomed += blocks[: at + 1]
    block, name = _marked_byline(root) or _byline_below(blocks, at) or (None, None)
    if block is not None:
        doomed.append(block)
    return _without(root, doomed, fragment, is_under_headline=at is not None), name


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


def _without(root: HtmlElement, doomed: list[HtmlElement], fragment: str, *, is_under_headline: bool) -> str:
    if not doomed:
        return fragment
    for element in doomed:
        if element.getparent() is not None:
            element.drop_tree()
    if is_under_headline and len((root.text or "").split()) <= _MOST_LABEL_WORDS // 2:
        root.text = None
    if not _words(root) and next(root.iter("img", "video", "audio"), None) is None:
        return fragment
    children = "".join(lxml_html.tostring(child, encoding="unicode") for child in root)
    return html.escape(root.text or "", quote=False) + children


def _words(element: HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


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
        byline = _BYLINE.fullmatch(around)
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
        if _COMMENT_HEADING.fullmatch(words):
            return between
    return []


def _blocks(root: HtmlElement) -> list[HtmlElement]:
    """The first blocks that hold text and no other block, in document order."""
    found: list[HtmlElement] = []
    for element in _elements(root):
        if len(found) == 8:
            break
        is_leaf = element.tag in _BLOCK_TAGS and not any(
            child.tag in _BLOCK_TAGS for child in element.iterdescendants()
        )
        if is_leaf and _words(element):
            found.append(element)
    return found


def _headline_at(blocks: list[HtmlElement], title: str) -> int | None:
    """Where the title stands again with nothing above it but labels: as a heading, or as a block with others after it."""
    wanted = _letters(title)
    for number, block in enumerate(blocks):
        if not _are_labels(blocks[:number]):
            break
        said = _letters(_words(block)[:1000])
        is_heading = block.tag in _HEADINGS
        is_same = said == wanted or (is_heading and min(len(said), len(wanted)) > 12 and _starts_alike(said, wanted))
        if wanted and is_same and (is_heading or number + 1 < len(blocks)):
            return number
    return None


def _starts_alike(one: str, other: str) -> bool:
    """True where the one is the other with a site's name behind it."""
    return one.startswith(other) or other.startswith(one)


def _are_labels(blocks: list[HtmlElement]) -> bool:
    """True where they are a few words in all, and no sentence."""
    words = " ".join(_words(block) for block in blocks)
    return len(words.split()) <= _MOST_LABEL_WORDS and not re.search(r"[.!?؟]$", words)


def _marked_byline(root: HtmlElement) -> tuple[HtmlElement, str] | None:
    """The block and the name, where an element says that it holds its author."""
    for element in _elements(root):
        is_author = "author" in ((element.get("itemprop") or "").lower(), (element.get("rel") or "").lower())
        if not is_author and _AUTHOR_CLASSES.isdisjoint((element.get("class") or "").lower().split()):
            continue
        name = _name(_words(element)[:200])
        block = _alone(element, root) if name else None
        if name and block is not None:
            return block, name
    return None


def _byline_below(blocks: list[HtmlElement], headline_at: int | None) -> tuple[HtmlElement, str] | None:
    """The block and the name of "By NAME" right under the repeated headline."""
    if headline_at is None:
        return None
    for block in blocks[headline_at + 1 : headline_at + 3]:
        words = _words(block)[:200]
        name = _name(words) if _BYLINE.fullmatch(words) else None
        if name and " " in name:
            return block, name
    return None


def _name(words: str) -> str | None:
    """The name that "By NAME", "NAME" or "By NAME | date" says; None where that is no name, but a sentence."""
    byline = _BYLINE.fullmatch(words)
    name = _AFTER_NAME.sub("", byline["name"] if byline else words).strip(" ,;:")
    parts = name.split()
    if not 1 <= len(parts) <= 6 or re.search(r"[.!?؟]$|[@<>]", re.sub(r"\b\w\.$", "", name)):
        return None
    return name if all(not part[0].islower() or part.lower() in _PARTICLES for part in parts) else None
