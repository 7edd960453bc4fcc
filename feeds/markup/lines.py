"""What the first and last lines of a text repeat or ask, in any of the gazetteer's languages: labels, bylines, forms. Pure.

A line is what stands between line breaks: in markup, between blocks or <br>; elsewhere, between line feeds.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

from feeds.markup import phrases
from feeds.markup.plain import without_tail

_EDGE = 3000  # characters at the start and the end of a text that are looked at
_MOST_LINES = 8
_MOST_LABEL_WORDS = 6
_BLOCK = re.compile(
    r"(</?(?:p|div|br|li|ul|ol|dl|dt|dd|h[1-6]|hr|tr|td|th|table|tbody|thead|blockquote|figure|figcaption|section|article|header"
    r"|footer|main|aside|nav|form|center|address|details|summary|pre)\b[^<>]*>)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]*>")
_SHOWN = re.compile(r"<(?:img|iframe|video|audio|object|embed)\b", re.IGNORECASE)
_TAGS_ONLY = re.compile(r"[^<]*(<[^<>]*>|<|$)")
_NEAR = 250  # characters beside what is cut, in which tags that stood around it end
_EMPTY_PAIR = re.compile(
    r"<(p|div|h[1-6]|li|ul|ol|span|a|b|strong|em|i|u|small|font|header|center|section|address|dd|dt|dl|td|tr|tbody|table)\b[^<>]*>\s*</\1\s*>",
    re.IGNORECASE,
)
_OPEN_AT_END = re.compile(
    r"(?:\s|<(?:p|div|h[1-6]|section|aside|footer|form|center|ul|ol|li|br|hr|strong|b)\b[^<>]*>)+$", re.IGNORECASE
)
_BREAKS_AT_START = re.compile(r"(?:\s|<br\s*/?>)+", re.IGNORECASE)


def _any(phrases: Mapping[str, Iterable[str]]) -> str:
    return "(?:" + "|".join(phrase for each in phrases.values() for phrase in each) + ")"


_BY = _any(phrases.BY)
BYLINE = re.compile(rf"{_BY}\s*(?:[:：]\s*|\s)(?P<name>\S.{{1,100}})", re.IGNORECASE)
_OPENS_WITH_BYLINE = re.compile(rf"(?:\s|<[^<>]*>|&nbsp;|\xa0)*+{_BY}\s*[:：\s<&]", re.IGNORECASE)
_AFTER_NAME = re.compile(r"\s+[|•·–—/-]\s.*|,?\s+(?:on |le |el |em |am |в |في )?\d.*|,\s.*", re.DOTALL | re.IGNORECASE)
_PARTICLES = frozenset(
    "de du des da do dos di la le el al ag ould bin ben van von der den and et y e und и ter".split()
)
_SENTENCE_END = re.compile(r"[.!?؟…][\"'»”)]*$")

_SECTION = re.compile("|".join(phrases.SECTIONS.values()), re.IGNORECASE)
_OPENS_WITH_SECTION = re.compile(rf"(?:\s|<[^<>]*>)*+(?:{_SECTION.pattern})\s*[<\n]", re.IGNORECASE)
_READING_TIME = re.compile(phrases.READING_TIMES, re.IGNORECASE)
_CLOCK = r"(?:\s*(?:at|à|в|um|às|a las|[|,•·–-])?\s*\d{1,2}\s?[:h.]\s?\d{2}.{0,12})?"
_DATE = re.compile(
    r"(?:[^\W\d][^\d:]{2,30}:?\s+)?(?:\d{1,4}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}(?:st|nd|rd|th|er|º|°|\.)?\s(?:de\s)?[^\W\d]{3,12}\.?,?\s(?:de\s)?\d{4}"
    rf"|[^\W\d]{{3,12}}\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}})(?:\s?г\.)?{_CLOCK}",
    re.IGNORECASE,
)

_INVITES, _NOTICES = _any(phrases.INVITATIONS), _any(phrases.NOTICES)
_INVITATION = re.compile(rf"{_INVITES}[^.,;?؟]{{0,60}}[.!:…]?", re.IGNORECASE)
_NOTICE = re.compile(_NOTICES, re.IGNORECASE)
_IN_LINE = re.compile(rf"{_INVITES}[^.!?؟]{{0,80}}?{_NOTICES}", re.IGNORECASE)
_LONGEST_FORM = 1000  # characters, from its invitation to the end
_ABOVE_COMMENTS = re.compile(rf"(?:\w+ )?(?:{phrases.COMMENTS})(?: ?[(:]?\d*\)?)?", re.IGNORECASE)
# Short pieces of the above, of which each invitation and notice has one.
_ENDS_A_SENTENCE = re.compile(r"[.!?؟…\]][\"'»”)]*\s*(?:<[^<>]{1,60}>\s*)*$")
_WORDS_IN_A_ROW = re.compile(r"\w[\w ]{8,}")
_STEMS = tuple(
    "omment reply respon akismet mail réponse discuss омментар ответ отзыв обсужд oment respost respuest "
    "conversa discusi discussi debate sesi sess login antwort diskutier angemeldet sharhi amsa ayi tsokaci imel "
    "تعليق علق رد رأي بريد تسجيل".split()
)
# And of notices alone: to search for those themselves takes a millisecond.
_NOTICE_STEMS = tuple(
    "mail,courriel,messagerie,électronique,akismet,comment data,required fields,save my name,notify me,champs obligatoires"
    ",mon nom,почт,обязательные поля,сохранить мо,بريدك,الحقول,احفظ اسمي,campos,meus dados,meu nome,correo,mi nombre"
    ",felder sind,adires,filayen,ajiye suna".split(",")
)
_TASHKEEL = re.compile("[\u064b-\u0652\u0640]")
_LONGEST_NOTICE, _MOST_FIELD_WORDS = 45, 4  # words


class Line(Struct, frozen=True):
    """A line's words in plain text, and where it begins and ends in the text."""

    words: str
    start: int
    end: int


def cut_lines(text: str, title: str, *, is_html: bool) -> tuple[str, str | None]:
    """*text* without the label, headline and byline that its first lines repeat, nor the form or invitation to comment in
    its last, and the name in the byline. It comes back as it was where nothing else would be left.
    """
    whole = text
    text = _without_invitation(text, is_html=is_html)
    name = None
    start = text[:500]
    if _may_repeat(text, title) or _OPENS_WITH_BYLINE.match(start) or _OPENS_WITH_SECTION.match(start):
        lines = _lines(text[:_EDGE], is_html=is_html)[:_MOST_LINES]
        count, name = _furniture_above(lines, title)
        if 0 < count < len(lines):
            text = _without_head(text, lines[count - 1].end, is_html=is_html)
        elif count:
            return whole, None
    if text is whole:
        return whole, None
    words = html.unescape(_TAG.sub(" ", text[:_EDGE])) if is_html else text[:_EDGE]
    is_left = without_tail(" ".join(words.split())) or _SHOWN.search(text)
    return (text if is_left else whole), name


def title_and_rest(text: str) -> tuple[str, str]:
    """The headline of a plain text that somebody pasted, and the text below it, without what `cut_lines` cuts.

    The headline is the first line, or the second, where the first is the label of a section.
    """
    lines = _lines(text[:_EDGE], is_html=False)
    if not lines:
        return "", ""
    at = 1 if len(lines) > 1 and _is_label_above(lines) else 0
    title = lines[at].words
    rest = text[lines[at].end :].strip()
    return title, cut_lines(rest, title, is_html=False)[0]


def name_in(words: str) -> str | None:
    """The name that "By NAME", "NAME" or "By NAME | date" says; None where that is no name, but a sentence."""
    byline = BYLINE.fullmatch(words)
    name = _AFTER_NAME.sub("", byline["name"] if byline else words).strip(" ,;:")
    parts = name.split()
    if not 1 <= len(parts) <= 6 or _SENTENCE_END.search(re.sub(r"\b\w\.$", "", name)) or re.search(r"[@<>]", name):
        return None
    return name if all(not part[0].islower() or part.lower() in _PARTICLES for part in parts) else None


def is_invitation(words: str) -> bool:
    """True for a line that asks for comments, as "Leave a Reply"."""
    return _INVITATION.fullmatch(_TASHKEEL.sub("", words)) is not None


def same_headline(line: str, title: str) -> bool:
    """True where *line* says what *title* says, one of them perhaps cut short or with a site's name behind it."""
    said, wanted = _letters(line[:1000]), _letters(title)
    if not wanted or said == wanted:
        return bool(wanted)
    shorter, longer = sorted((said, wanted), key=len)
    is_close = len(shorter) > 12 and longer.startswith(shorter) and 2 * len(shorter) > len(longer)
    return is_close and not _SENTENCE_END.search(line)


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _may_repeat(text: str, title: str) -> bool:
    """False where some words of the title are not at the start of the text: told in two microseconds."""
    words = _WORDS_IN_A_ROW.search(title, 0, 100)
    said = words[0] if words else title
    return said.strip() != "" and said.strip()[:20].casefold() in text[: _EDGE // 2].casefold()


def _lines(text: str, *, is_html: bool) -> list[Line]:
    """The lines with words in them."""
    has_blocks = is_html and _BLOCK.search(text) is not None
    found, at = [], 0
    for number, piece in enumerate(_BLOCK.split(text) if has_blocks else re.split(r"(\n)", text)):
        if number % 2 == 0:
            plain = html.unescape(_TAG.sub("", piece)) if is_html else piece
            if words := " ".join(plain.split()):
                found.append(Line(words, at, at + len(piece)))
        at += len(piece)
    return found


def _furniture_above(lines: list[Line], title: str) -> tuple[int, str | None]:
    """How many of the first lines are no part of the text, and the name in the byline among them."""
    at = next((number for number, line in enumerate(lines[:5]) if same_headline(line.words, title)), None)
    if at is not None and not _are_labels(lines[:at]):
        at = None
    is_labelled = at is None and len(lines) > 1 and _SECTION.fullmatch(lines[0].words) and _byline(lines[1].words)
    count = at + 1 if at is not None else 1 if is_labelled else 0
    name = _byline_among(lines[:count])
    for number, line in enumerate(lines[count : count + 4], count):
        byline = _byline(line.words) if name is None else None
        if byline is None and (count == 0 or not _is_passed_over(line.words, title)):
            break
        name = name or byline
        count = number + 1
    return count, name


def _byline_among(lines: list[Line]) -> str | None:
    return next((name for line in lines if (name := _byline(line.words))), None)


def _byline(words: str) -> str | None:
    """The name in a line that is a byline; one word alone is a name only in capitals, or of an agency: "By Reuters"."""
    name = name_in(words) if BYLINE.fullmatch(words) else None
    return name if name and (" " in name or name.isupper() or len(words.split()) == 2) else None


def _is_passed_over(words: str, title: str) -> bool:
    is_known = _SECTION.fullmatch(words) or _READING_TIME.fullmatch(words) or same_headline(words, title)
    return bool(is_known) or (len(words) <= 70 and _DATE.fullmatch(words) is not None)


def _are_labels(lines: list[Line]) -> bool:
    """True where they are a few words in all, and no sentence; bylines and dates beside them don't count."""
    words = [line.words for line in lines if not (_byline(line.words) or _is_passed_over(line.words, ""))]
    said = " ".join(words)
    return len(said.split()) <= _MOST_LABEL_WORDS and not _SENTENCE_END.search(said)


def _is_label_above(lines: list[Line]) -> bool:
    """True where the first line is a section's label, and the second the headline."""
    first, second = lines[0].words, lines[1].words
    parts = [part for part in re.split(r"\s*[>»›/|•·]\s*", first) if part]
    is_known = bool(parts) and all(_SECTION.fullmatch(part) for part in parts)
    is_short = len(first.split()) <= 3 and len(second.split()) > len(first.split())
    has_byline = len(lines) > 2 and _byline(lines[2].words) is not None
    return (is_known or (is_short and has_byline)) and not re.search(r"[.…]$", second) and _byline(second) is None


def _without_head(text: str, end: int, *, is_html: bool) -> str:
    """*text* from *end* on, with the tags that stood open there."""
    if not is_html:
        return text[end:].lstrip()
    rest = "".join(_TAGS_ONLY.findall(text[:end])) + text[end : end + _NEAR]
    for _ in range(_MOST_LINES):
        fewer = _EMPTY_PAIR.sub("", rest)
        if fewer == rest:
            break
        rest = fewer
    rest += text[end + _NEAR :]
    breaks = _BREAKS_AT_START.match(rest)
    return rest[breaks.end() :] if breaks else rest


def _without_invitation(text: str, *, is_html: bool) -> str:
    end = text[-_NEAR:].lower()
    if _ENDS_A_SENTENCE.search(end) and not any(stem in end for stem in _STEMS):  # most texts
        return text
    start = max(0, len(text) - _EDGE)
    tail = text[start:]
    lower = tail.lower()
    if not any(stem in lower for stem in _STEMS):
        return text
    lines = _lines(tail, is_html=is_html)[1 if start else 0 :]
    unmarked = _TASHKEEL.sub("", lower)
    has_notice = any(stem in unmarked for stem in _NOTICE_STEMS)
    whole = _IN_LINE.search(tail, max(0, len(tail) - _LONGEST_FORM)) if has_notice else None
    if whole and any(
        line.start < whole.start() < line.end and tail[line.start : whole.start()].strip() for line in lines
    ):
        return text[: start + whole.start()].rstrip()  # as in excerpts, in one line with the text
    first = None
    for number in range(len(lines) - 1, -1, -1):
        words = lines[number].words
        if is_invitation(words) or (has_notice and _is_notice(words)):
            first = number
        elif not _is_field(words):
            break
    if first is None:
        return text
    while first > 0 and _ABOVE_COMMENTS.fullmatch(lines[first - 1].words):
        first -= 1
    kept = text[: start + lines[first].start]
    if not is_html:
        return kept.rstrip()
    return kept[:-_NEAR] + _OPEN_AT_END.sub("", kept[-_NEAR:])


def _is_notice(words: str) -> bool:
    """True for a line that begins with what a form says, with no other sentence before."""
    found = _NOTICE.search(_TASHKEEL.sub("", words)) if len(words.split()) <= _LONGEST_NOTICE else None
    return found is not None and not re.search(r"[.!?؟]\s", words[: found.start()])


def _is_field(words: str) -> bool:
    """What stands around a form's fields: "Name *", "Post Comment"."""
    return len(words.split()) <= _MOST_FIELD_WORDS and not _SENTENCE_END.search(words)
