"""Plain text: of markup, of titles, of summaries, cut where a reader would cut."""

from __future__ import annotations

import html
import re

import nh3

from feeds.markup.embedded import without_scripts
from feeds.markup.safe import GONE, MAX_LENGTH, TAGS, shallow, valid, with_ampersands
from feeds.model import Text

_LONGEST_TITLE = 5000
_STRIPPER = nh3.Cleaner(tags=set(), clean_content_tags=GONE)
_BLOCKS = re.compile(
    r"</?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|figure|figcaption|section|article|header|footer|hr|dd|dt|pre)"
    r"\b[^<>]*>",
    re.IGNORECASE,
)
# What an embed without a title leaves: a link that says where it leads. No words of the article's.
_HOST_ALONE = re.compile(r'<p><a href="https?://(?:www\.)?([\w.-]{4,60}+)(?=[/"?#:])[^"<>]*"[^<>]*>\1</a></p>')
_TAG = re.compile(r"</?([a-zA-Z][\w:-]*)(?:[\s/][^<>]*)?>|<!--.*?-->", re.DOTALL)
_KNOWN_TAGS = TAGS | GONE | {"font", "form", "nobr", "link", "meta", "html", "body", "marquee", "blink", "base"}
_INLINE = set(
    "a abbr b big center cite code del div em font h1 h2 h3 h4 h5 h6 i ins kbd mark nobr p q s small span strike strong "
    "sub sup tt u".split()
)
_APART = set("br hr p div li ul ol h1 h2 h3 h4 h5 h6 tr td th dd dt blockquote".split())
_CODE_TAGS = {"script", "style"}
_BEFORE_WORDS = tuple(" \t\n\xa0([{\"'«“‘")
_CDATA_START = re.compile(r"\s*(<|&lt;)!\[CDATA\[")
_MOST_MARKS = 3  # one section within another
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_OPENING = re.compile(r"<(?=[a-zA-Z/!?])")

_TAIL_LENGTH = 600
_TAIL = re.compile(
    r"\s*(?:The post .{1,300} (?:first )?appeared first on .{1,120}\.?"
    r"|(?:L['’]article|Cet article) .{1,300} est apparu en premier sur .{1,120}\.?"
    r"|[\[(](?:…|\.\.\.|&hellip;)[\])]|\[(?:Read more|Lire la suite)[^\]]*\]"
    r"|(?:(?<=…)|(?<=\.\.\.))\s*(?:Read more|Continue reading|Lire la suite|Leer más|Leia mais|Читать далее|اقرأ المزيد)"
    r"(?:\s.{0,100})?)\s*$",
    re.DOTALL,
)
_TAIL_MARKS = ("appeared first on ", "est apparu en premier sur ", "…", "...")
_SENTENCE_END = re.compile(r"(?<=[.!?…؟۔。])[\"'»”’)\]]*(?=\s)")
_ABBREVIATION = re.compile(
    r"(?<!\w)(?:(?:\w\.)+|(?:mme|mlle|mm|dr|mr|mrs|ms|st|ste|prof|gen|gén|col|cpt|lt|sgt|sr|sra|dra|jr|vs|no|nos|art|cf|env"
    r"|ген|им|ул|тыс|млн|млрд|руб|др|проф|стр)\.)$",
    re.IGNORECASE,
)


def plain_text(text: Text) -> str:
    """The text alone, in one line: entities decoded, blocks apart, white space collapsed."""
    value = valid(text.value[:MAX_LENGTH])
    if text.html:
        shown = _HOST_ALONE.sub("", without_scripts(shallow(with_ampersands(value)), text.base))
        value = html.unescape(_STRIPPER.clean(_BLOCKS.sub(r" \g<0>", shown)))
    return " ".join(valid(value).split())


def plain_title(text: Text, escaped_twice: bool = True) -> str:
    """A title as one line of plain text: markup goes, while `a < b` and the names of tags stay.

    What may be *escaped_twice* is decoded once more: names and categories, which are never about code.
    """
    value = without_cdata_marks(text.value[:_LONGEST_TITLE])
    if text.html:
        value = without_cdata_marks(html.unescape(with_ampersands(_without_markup(value) if "<" in value else value)))
    return " ".join(valid(decoded_once(value) if escaped_twice else value).split())


def decoded_once(value: str) -> str:
    """*value* with its references, which end in a semicolon, decoded."""
    return _ENTITY.sub(lambda found: html.unescape(found[0]), value) if "&" in value else value


def without_cdata_marks(value: str) -> str:
    """*value* without the marks of a CDATA section that it stands in, or ends: some generators escape them like text."""
    for _ in range(_MOST_MARKS):
        start = _CDATA_START.match(value)
        if start is None:
            break
        for mark in (f"{start[1]}![CDATA[", "]]>" if start[1] == "<" else "]]&gt;"):
            value = value.replace(mark, "")
    is_end = value.rstrip().endswith(("]]>", "]]&gt;")) and "CDATA[" not in value
    return value[: value.rindex("]]")] if is_end else value


def _without_markup(value: str) -> str:
    """*value* without tags of HTML and XML, but for those that are words: "Why a <script> in the head blocks the page".

    Markup is what is closed; a tag without its counterpart is a word that somebody wrote, and so is any other `<name>`.
    """
    tags = list(_TAG.finditer(value))
    pairs = _pairs(tags)
    paired = pairs.keys() | set(pairs.values())
    text, at = "", 0
    for number, tag in enumerate(tags):
        if tag.start() < at:  # within a script
            continue
        text, at = text + value[at : tag.start()], tag.end()
        name = (tag[1] or "").lower()
        if name in _CODE_TAGS and number in pairs:
            at = tags[pairs[number]].end()
        elif name and number not in paired and _is_word(tag[0], name, text):
            text += tag[0]
        elif name in _APART:
            text += " "
    return text + value[at:]


def _pairs(tags: list[re.Match[str]]) -> dict[int, int]:
    """Which end tag closes which tag, by their places in *tags*."""
    opened: dict[str, list[int]] = {}
    pairs = {}
    for number, tag in enumerate(tags):
        name = (tag[1] or "").lower()
        if name not in _KNOWN_TAGS and ":" not in name:
            continue
        if not tag[0].startswith("</"):
            opened.setdefault(name, []).append(number)
        elif opened.get(name):
            pairs[opened[name].pop()] = number
    return pairs


def _is_word(tag: str, name: str, before: str) -> bool:
    """True for a tag without its counterpart that is no markup, but a name of a tag in a title's text."""
    if name not in _KNOWN_TAGS and ":" not in name:
        return True
    if name in ("br", "hr", "wbr"):
        return False
    if name == "img":
        return "=" not in tag
    if tag.startswith("</"):  # markup ends where a word does; who names a tag puts a space before it
        return not before or before[-1] in _BEFORE_WORDS
    if tag.endswith("/>"):
        return name not in _INLINE and ":" not in name
    is_formatting = name == "p" or (name in _INLINE and "=" in tag)
    return not (is_formatting and not before.strip())  # around all of a title that was cut short


def inert_title(title: str) -> str:
    """A title that stays text even where a reader takes it for HTML: a `<` that would open something, and its `>`, ‹ ›."""
    parts = _OPENING.split(title)
    return parts[0] + "".join("‹" + part.replace(">", "›", 1) for part in parts[1:])


def without_tail(summary: str) -> str:
    """A plain summary without "The post … appeared first on …", "[…]" and "… Read more"."""
    start = max(0, len(summary) - _TAIL_LENGTH)
    tail = summary[start:]
    for _ in range(3):  # one may hide behind another
        if not _may_have_tail(tail):
            break
        tail = _TAIL.sub("", tail)
    return summary[:start] + tail


def _may_have_tail(text: str) -> bool:
    """False where `_TAIL` finds nothing, told in a hundredth of its time."""
    return any(mark in text for mark in _TAIL_MARKS) or text.rstrip().endswith(("]", ")"))


def summarise(text: str, limit: int) -> str:
    """*text*, or its first sentences up to *limit* characters; where the first is longer, its first words and "…"."""
    if len(text) <= limit:
        return text
    for found in reversed(list(_SENTENCE_END.finditer(text, limit // 3, limit + 1))):
        if not _ABBREVIATION.search(text[max(0, found.start() - 12) : found.start()]):
            return text[: found.end()]
    start, following = text[: limit - 1], text[limit - 1]
    words = start if following.isspace() or start[-1:].isspace() else (start.rsplit(None, 1) or [""])[0]
    return words.rstrip(" ,;:،؛–—-") + "…"
