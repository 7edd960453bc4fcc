"""Safe HTML and plain text out of whatever a source wrote. Pure; called by normalise and render.

nh3 cleans by an allow-list; lxml sees the structure, for what is furniture of a page and not the article.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import lru_cache

import nh3
from lxml import etree
from lxml import html as lxml_html

from feeds.model import Text
from feeds.urls import is_safe_link, resolve

_MAX_LENGTH = 2_000_000  # characters of one text; what is beyond is no article
_MAX_DEPTH = 200
_TAGS = set(
    "a abbr acronym address article aside audio b bdi bdo big blockquote br caption center cite code col colgroup dd del "
    "details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p "
    "picture pre q rp rt ruby s samp section small source span strike strong sub summary sup table tbody td tfoot th thead "
    "time tr tt u ul var video wbr".split()
)
_GONE = set(
    "script style iframe object embed applet form input button select textarea svg math template noscript title head "
    "frame frameset noframes xmp plaintext noembed canvas".split()
)
_ATTRIBUTES = {
    "*": {"lang", "dir", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "audio": {"src", "controls"},
    "video": {"src", "controls", "poster", "width", "height"},
    "source": {"src", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
    "time": {"datetime"},
    "blockquote": {"cite"},
    "q": {"cite"},
}
_URL_ATTRIBUTES = {"href", "src", "poster", "cite"}
_BLOCKS = re.compile(
    r"</?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|figure|figcaption|section|article|header|footer|hr|dd|dt|pre)\b[^>]*>",
    re.IGNORECASE,
)
# XML 1.0 section 2.2, and the controls and overrides that can turn a text around (Unicode TR 36, bidirectional text).
_INVALID = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->", re.DOTALL)
_OPENING = re.compile(r"<(?=[a-zA-Z/!?])")

# What publishing software marks as not being the article: class and id names, as whole words.
_FURNITURE = re.compile(
    r"(?:^|[\s])(?:comment-respond|comment-form|comments-area|commentform|respond|sharedaddy|share-buttons|social-share"
    r"|addtoany_share_save_container|jp-relatedposts|related-posts|relatedposts|yarpp|yarpp-related|post-navigation"
    r"|post-categories|post-category|entry-category|category-label|section-label|kicker|cat-links|tags-links|newsletter-signup"
    r"|wp-block-comments|wp-block-post-comments-form|feedflare)(?:$|[\s])",
    re.IGNORECASE,
)
_BYLINE_CLASS = re.compile(
    r"(?:^|\s)(?:byline|author|post-author|entry-author|article-author|p-author)(?:$|\s)", re.IGNORECASE
)
_BYLINE = re.compile(
    r"(?:by|par|por|von|de notre envoyée? spéciale?|автор|текст|بقلم|كتب)\s*[:：]?\s+(?P<name>\S.{1,60})", re.IGNORECASE
)
_COMMENT_HEADING = re.compile(
    r"(?:leave a (?:reply|comment)|laisser un commentaire|laissez un commentaire|deixe um comentário|deja un comentario"
    r"|оставить комментарий|добавить комментарий|اترك تعليقا|اترك رد|schreibe einen kommentar|post a comment)\b",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s*(?:The post .{1,300} (?:first )?appeared first on .{1,120}\.?"
    r"|(?:L['’]article|Cet article) .{1,300} est apparu en premier sur .{1,120}\.?"
    r"|(?:\[|\()(?:…|\.\.\.|&hellip;)(?:\]|\))|\[(?:Read more|Lire la suite)[^\]]*\])\s*$",
    re.DOTALL,
)
_SENTENCE_END = re.compile(r"(?<=[.!?…؟۔。])[\"'»”’)\]]*(?=\s)")


def clean_html(text: Text) -> str:
    """A safe HTML fragment: allowed tags only, every link absolute and http, https or mailto. Plain text is escaped."""
    value = text.value[:_MAX_LENGTH]
    if not text.html:
        return "".join(
            f"<p>{html.escape(part, quote=False)}</p>" for part in re.split(r"\n\s*\n", valid(value)) if part.strip()
        )
    return valid(_cleaner(text.base).clean(_shallow(valid(value)))).strip()


def plain_text(text: Text) -> str:
    """The text alone, in one line: entities decoded, blocks apart, white space collapsed."""
    value = valid(text.value[:_MAX_LENGTH])
    if text.html:
        value = nh3.clean(_BLOCKS.sub(r" \g<0>", _shallow(value)), tags=set(), clean_content_tags=_GONE)
        value = html.unescape(value)
    return " ".join(valid(value).split())


def plain_title(text: Text) -> str:
    """A title as one line of plain text: markup goes, yet `a < b` stays; what was escaped twice is decoded twice."""
    value = text.value[:10_000]
    if text.html:
        value = html.unescape(html.unescape(_TAG.sub("", value)))
    return " ".join(valid(value).split())


def inert_title(title: str) -> str:
    """A title that stays text even where a reader takes it for HTML: a `<` that would open something, and its `>`, ‹ ›."""
    parts = _OPENING.split(title)
    return parts[0] + "".join("‹" + part.replace(">", "›", 1) for part in parts[1:])


def valid(text: str) -> str:
    """*text* without what XML forbids, and without characters that reverse the text around them."""
    return _NONCHARACTERS.sub("", _INVALID.sub("", text))


def without_tail(summary: str) -> str:
    """A plain summary without "The post … appeared first on …" and "[…]"."""
    return _TAIL.sub("", summary)


def summarise(text: str, limit: int) -> str:
    """*text*, or its first sentences up to *limit* characters; where the first is longer, its first words and "…"."""
    if len(text) <= limit:
        return text
    ends = [found.end() for found in _SENTENCE_END.finditer(text, 0, limit + 2) if found.end() <= limit]
    if ends and ends[-1] >= limit // 3:
        return text[: ends[-1]]
    return text[:limit].rsplit(None, 1)[0].rstrip(" ,;:،؛–—-") + "…"


def cut_furniture(fragment: str, title: str) -> tuple[str, str | None]:
    """*fragment* without section labels, comment forms, share bars and related lists, and the name in its byline.

    Each is cut only where the markup shows what it is: by its class, as a form, or as a heading before one. The same
    goes for a repeated headline and the byline above the text. *fragment* is what the source wrote, not yet cleaned.
    """
    fragment = fragment[:_MAX_LENGTH]
    if not re.search(r"<(?:form|header|h[1-6]|address)\b|\b(?:class|id|itemprop|rel)\s*=", fragment, re.IGNORECASE):
        return fragment, None
    try:
        root = lxml_html.fragment_fromstring(_shallow(valid(fragment)), create_parent="div")
    except (etree.ParserError, ValueError):
        return fragment, None
    byline = _byline(root)
    for element in _furniture(root, title):
        if element.getparent() is not None:
            element.drop_tree()
    inner = (html.escape(root.text, quote=False) if root.text else "") + "".join(
        lxml_html.tostring(child, encoding="unicode") for child in root
    )
    return inner, byline


def first_image(fragment: str) -> str | None:
    """The address of the first picture in clean HTML, tracking pixels left out."""
    for tag in re.findall(r"<img\b[^>]*>", fragment):
        source = re.search(r'\bsrc="([^"]+)"', tag)
        if source and not _is_pixel(tag):
            return html.unescape(source[1])
    return None


def _is_pixel(tag: str) -> bool:
    return re.search(r'\b(?:width|height)="[01]"', tag) is not None


def _byline(root: lxml_html.HtmlElement) -> str | None:
    """The author's name, where an element says that it holds one."""
    for element in list(root.iter("p", "div", "span", "address", "a", "h4", "h5", "h6"))[:400]:
        words = " ".join(element.text_content().split())
        marked = _BYLINE_CLASS.search(element.get("class") or "") or "author" in (
            element.get("itemprop"),
            element.get("rel"),
        )
        if marked and 2 < len(words) < 80:
            found = _BYLINE.fullmatch(words)
            element.set("class", "byline")
            return (found["name"] if found else words).strip(" ,.;")
    return None


def _furniture(root: lxml_html.HtmlElement, title: str) -> list[lxml_html.HtmlElement]:
    found = []
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        marks = f"{element.get('class') or ''} {element.get('id') or ''}"
        is_form = element.tag == "form"
        is_label = element.get("rel") == "category tag" or element.get("class") == "byline"
        if is_form or is_label or _FURNITURE.search(marks) or _is_repeated_headline(element, title):
            found.append(element)
            if is_form:
                found += _headings_before(element)
    return found


def _is_repeated_headline(element: lxml_html.HtmlElement, title: str) -> bool:
    if element.tag not in ("h1", "h2") or not title:
        return False
    return _letters(element.text_content()) == _letters(title)


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _headings_before(form: lxml_html.HtmlElement) -> list[lxml_html.HtmlElement]:
    """The heading "Leave a Reply" right before a form, or before the block that the form is alone in."""
    previous = form.getprevious()
    if previous is None and form.getparent() is not None:
        previous = form.getparent().getprevious()
    if previous is None or not isinstance(previous.tag, str):
        return []
    return [previous] if _COMMENT_HEADING.match(previous.text_content().strip()) else []


def _shallow(value: str) -> str:
    """*value*, unless its tags are nested so deep that no article is: then its text alone."""
    depth = deepest = 0
    for found in re.finditer(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)", value):
        if found[2].lower() in (
            "br",
            "img",
            "hr",
            "p",
            "li",
            "td",
            "tr",
            "th",
            "input",
            "meta",
            "link",
            "source",
            "wbr",
            "col",
        ):
            continue
        depth = max(depth - 1, 0) if found[1] else depth + 1
        deepest = max(deepest, depth)
    return value if deepest <= _MAX_DEPTH else html.escape(re.sub(r"<[^>]*>", " ", value), quote=False)


@lru_cache(maxsize=64)
def _cleaner(base: str) -> nh3.Cleaner:
    """A cleaner that resolves against *base*: made once a feed, for making one costs as much as 20 texts."""
    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_GONE,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute_filter(base),
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )


def _attribute_filter(base: str) -> Callable[[str, str, str], str | None]:
    def absolute(tag: str, name: str, value: str) -> str | None:
        if name == "dir":
            return value if value in ("ltr", "rtl", "auto") else None
        if name not in _URL_ATTRIBUTES:
            return value
        if value.lower().startswith("mailto:"):
            return value if is_safe_link(value) and name == "href" else None
        return resolve(base, value)

    return absolute
