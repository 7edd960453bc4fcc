"""Plain text: of markup, of titles, of summaries, cut where a reader would cut."""

from __future__ import annotations

import html
import re

import nh3

from feeds.markup.embedded import without_scripts
from feeds.markup.safe import GONE, MAX_LENGTH, TAGS, shallow, valid, with_ampersands, without_code
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


def plain_title(text: Text) -> str:
    """A title as one line of plain text: markup goes, yet `a < b` stays; what was escaped twice is decoded twice."""
    value = text.value[:_LONGEST_TITLE]
    if text.html:
        once = html.unescape(with_ampersands(_TAG.sub(_unless_known, without_code(value))))
        value = _ENTITY.sub(lambda found: html.unescape(found[0]), once)
    return " ".join(valid(value).split())


def _unless_known(found: re.Match[str]) -> str:
    """Nothing for a tag of HTML or XML; `<Redacted>` is a word that somebody wrote."""
    name = found[1]
    return "" if name is None or ":" in name or name.lower() in _KNOWN_TAGS else found[0]


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
