"""An article as the matcher reads it: its title, lead, body and categories, and what in them is no evidence. Pure."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct, field

from feeds.model import Article
from feeds.topics.folding import clean, fold

LEAD = 420  # characters; the rest of a summary is body
_MAX_BODY = 20_000

# A reporter's place and agency before the first sentence; MOSCOW /TASS/ is no evidence of Russia.
_AGENCIES = (
    "AFP|AP|Reuters|REUTERS|APA|APS|AMI|AIB|ANP|PANA|Xinhua|EFE|Lusa|LUSA|dpa|DPA|ANSA|TASS|ТАСС|Интерфакс|РИА Новости|Рейтер|"
    "Спутник|Sputnik|RIA Novosti|Interfax|Anadolu|AA|VOA|BBC|RFI|NAN|ANI|IPS|UPI|Bloomberg|Ecofin|"
    "رويترز|تاس|سبوتنيك|وكالات|ا ف ب|أ ف ب|د ب ا|د ب أ|الاناضول|الأناضول|شينخوا|وام|قنا|سبا|واص"
)
_DATELINES = (
    re.compile(rf"[^.!?/\n]{{0,60}}[.,]?\s*/\s*(?:{_AGENCIES}|[A-ZА-ЯЁ ]{{3,14}})\s*/\s*[.:–—-]?"),
    re.compile(rf"[^.!?(\n]{{0,60}}\((?:[^()]{{0,20}}\b)?(?:{_AGENCIES})\b[^()]{{0,20}}\)\s*(?:--|[-–—:.])?"),
    re.compile(
        r"(?:[A-ZÀ-ÝА-ЯЁ][\w.'’-]*,? ){0,5}[A-ZÀ-ÝА-ЯЁ][\w.'’-]*"
        r"(?:,? (?:le )?\d{1,2}(?:er)? [^\W\d]+\.?(?: \d{4})?)? ?(?:--|—)\s"
    ),
    re.compile(
        r"(?:[A-ZÀ-ÝА-ЯЁ'’-]{3,}(?: |, )){0,4}[A-ZÀ-ÝА-ЯЁ'’-]{3,},? ?"
        r"(?:[^\W\d]+ \d{1,2}|\d{1,2} [^\W\d]+)?\.? (?:-|–|—|--)\s"
    ),
    re.compile(rf"[^\W\d_]+(?: [^\W\d_]+)?(?:, \d{{1,2}} [^\W\d]+)?\.?\s*[-–—:]\s*(?:{_AGENCIES})\s*[-–—:.]"),
    re.compile(rf"(?:{_AGENCIES})\s*(?:-|–|—|:)\s"),
)  # fmt: skip
_DATELINE_SIGN = re.compile(r"[/(—–]|-[- ]| -|: ")
# allAfrica names the outlet in brackets and puts its section before the title: "Africa: …", "[Capital FM] …".
_OUTLET = re.compile(r"\[[^\[\]\n]{2,60}\]\s*")
_SECTION = re.compile(r"(?:Africa|Afrique|West Africa|East Africa|Southern Africa|Central Africa)\s?: ")
# What pages append to a text: links to other articles, tags, where it first appeared.
_APPENDED = re.compile(
    r"(?:Read (?:also|more|next|full)|See also|Also read|Related(?: (?:articles|stories|posts|links))?\s?:|"
    r"Recommended\s?:|Tags?\s?:|"
    r"Filed under|The post .{1,200}? (?:appeared first|first appeared) on|À lire aussi|A lire aussi|Lire (?:aussi|également)|"
    r"Voir aussi|À lire également|Sur le même sujet|Articles? (?:liés?|similaires?)\s?:|Mots[- ]clés\s?:|"
    r"L’article .{1,200}? est apparu en premier|"
    r"Читайте (?:также|ещё|еще)|Читать (?:также|далее)|По теме\s?:|Теги\s?:|Ранее сообщалось|Leia (?:também|mais)|Veja também|"
    r"Ler também|Palavras-chave\s?:|Lea también|Lee también|Le puede interesar|Etiquetas\s?:|Lesen Sie auch|Mehr zum Thema|"
    r"Schlagwörter\s?:|اقرأ أيضا|اقرا ايضا|إقرأ أيضا|اقرأ ايضا|شاهد أيضا|مواضيع ذات صلة|أخبار ذات صلة|الوسوم)",
)
_OPENING, _REPEATED_BEFORE = 80, 200  # characters
_WORD, _NO_WORD = re.compile(r"[^\W_]+"), re.compile(r"[\W_]+")
_LINE_ENDS = re.compile(r"\n|(?<=[.!?…؟])\s")
_SENTENCE_ENDS = re.compile(r"(?<=[.!?…؟۔])[\"»”')\]]*\s+|;\s|؛\s|\s\|\s|\n")
_LINKED_LIST = re.compile(
    r"<(li|p|h[1-6])\b[^>]*>\s*(?:<(?!a\b)[^<>]+>\s*)*<a\b[^>]*>(?:(?!</a>).)*</a>\s*(?:</(?!\1)[^<>]+>\s*)*</\1>",
    re.DOTALL,
)
_BLOCK = re.compile(r"</?(?:p|div|br|li|ul|ol|h[1-6]|tr|table|blockquote|figure|figcaption|section|hr)\b[^>]*>")
_TAG = re.compile(r"<[^<>]+>")
# A title that announces several subjects speaks of none in particular.
_DIGEST = re.compile(
    r"\b(?:briefing|news in brief|in brief|digest|round-?up|newsletter|morning|headlines|live blog|live updates|week in|"
    r"today in|all of africa today|revue de presse|à la une|en bref|l’essentiel|l'essentiel|résumé|journal de|le récap|"
    r"дайджест|главное за|обзор|коротко|новости дня|resumo|em resumo|revista de imprensa|manchetes|notícias do dia|"
    r"resumen|titulares|überblick|nachrichten am)\b|موجز|نشرة|ابرز عناوين|أبرز عناوين|جولة الصحافة",
    re.IGNORECASE,
)


class Passage(Struct, frozen=True):
    """A stretch of a Page's text: *where* is "title", "lead", "body" or "category"."""

    where: str
    start: int
    end: int


class Page(Struct, frozen=True):
    """An article's text in one string, each passage in its place."""

    text: str
    folded: str
    passages: tuple[Passage, ...]
    language: str | None = None
    _starts: tuple[int, ...] = field(default=())

    def passage_at(self, offset: int) -> Passage:
        """The passage that the character at *offset* is in."""
        return self.passages[bisect_right(self._starts, offset) - 1]

    def sentences(self) -> tuple[int, ...]:
        """Where sentences begin, in order; a passage begins one."""
        starts = {passage.start for passage in self.passages}
        starts.update(found.end() for found in _SENTENCE_ENDS.finditer(self.text))
        return tuple(sorted(starts))


def page(article: Article) -> Page:
    """The text of *article*, ready to be scanned. Folded text begins and ends with a space, and so does each passage."""
    body = _plain(article.content) if article.content else ""
    lead, rest = _lead_and_rest(clean(article.summary), body)
    parts = [("title", clean(article.title)), ("lead", lead), ("body", rest)]
    parts += [("category", clean(category)) for category in article.categories[:40]]
    passages, texts, offset = [], [], 1
    for where, text in parts:
        if text:
            passages.append(Passage(where, offset, offset + len(text)))
            texts.append(text)
            offset += len(text) + 3
    text = " " + " \n ".join(texts) + " "
    return Page(
        text=text,
        folded=fold(text),
        passages=tuple(passages),
        language=article.language.partition("-")[0].lower() if article.language else None,
        _starts=tuple(passage.start for passage in passages),
    )


def _plain(content: str) -> str:
    """The text of clean HTML without lists of links."""
    without_links = _LINKED_LIST.sub("\n", content)
    lines = html.unescape(_TAG.sub("", _BLOCK.sub("\n", without_links[: 4 * _MAX_BODY])))
    return ". ".join(line for line in (clean(line).rstrip(".") for line in lines.split("\n")) if line)[:_MAX_BODY]


def _lead_and_rest(summary: str, body: str) -> tuple[str, str]:
    """What counts as the lead, and what follows it. A body that only repeats the summary adds nothing."""
    if not summary:
        return _cut(body)
    lead, rest = _cut(summary)
    repeated = _end_of_repetition(lead, body)
    if repeated:
        return lead, body[repeated:].lstrip(" .")
    return lead, f"{rest} {body}".strip()


def _end_of_repetition(lead: str, body: str) -> int:
    """Where *body* goes on after it has said *lead* itself, near its beginning; 0 where it does not.

    Only letters and digits are compared: the summary may be cut from the same text by other rules, so that a heading
    ends in a full stop in the one and not in the other.
    """
    lead = lead.rstrip("[…. ]")
    if not lead or not body:
        return 0
    opening = lead[:_OPENING]
    start = body.find(opening, 0, _REPEATED_BEFORE + _OPENING)
    if start >= 0 and body.startswith(lead, start):
        return start + len(lead)
    longest = max(opening.split(), key=len).strip("….,:;")
    if longest not in body[: _REPEATED_BEFORE + 2 * _OPENING]:
        return 0  # told in a twentieth of the time; true of most summaries that are no part of the text
    said = _letters(lead)
    head = body[: _REPEATED_BEFORE + 2 * len(lead)]
    before = _letters(head).find(_letters(opening))
    if not said or not 0 <= before < _REPEATED_BEFORE:
        return 0
    left = before + len(said)
    for word in _WORD.finditer(head):
        left -= word.end() - word.start()
        if left <= 0:
            return word.end()
    return len(head)


def _letters(text: str) -> str:
    return _NO_WORD.sub("", text)


def _cut(text: str) -> tuple[str, str]:
    """*text* cut at the last end of a sentence, or of a word, before LEAD."""
    if len(text) <= LEAD:
        return text, ""
    ends = [found.start() for found in _SENTENCE_ENDS.finditer(text, LEAD // 2, LEAD)]
    cut = ends[-1] if ends else text.rfind(" ", 0, LEAD)
    cut = cut if cut > 0 else LEAD
    return text[:cut], text[cut:].strip()


def is_digest(page: Page) -> bool:
    """Whether the title announces several subjects, and so speaks of none in particular."""
    title = page.passages[0]
    return title.where == "title" and bool(_DIGEST.search(page.text, title.start, title.end))


def aside(page: Page) -> list[tuple[int, int, str]]:
    """The stretches that are no evidence, and why: datelines, an outlet's marks, what pages append."""
    found: list[tuple[int, int, str]] = []
    opens = True
    for passage in page.passages:
        if passage.where == "category":
            break
        start = passage.start
        if passage.where != "title" and opens:
            opens = False
            start = _outlet(page, passage, found)
            found += _dateline(page.text, start, passage.end)
        if passage.where == "title":
            found += _dateline(page.text, start, passage.end)
        else:
            found += _appended(page.text, start, passage.end)
    return found


def _outlet(page: Page, passage: Passage, found: list[tuple[int, int, str]]) -> int:
    """Where *passage* begins after the outlet's name that allAfrica puts there; a section's name goes with it."""
    outlet = _OUTLET.match(page.text, passage.start, passage.end)
    if not outlet:
        return passage.start
    found.append((outlet.start(), outlet.end(), "the outlet's name"))
    section = _SECTION.match(page.text, page.passages[0].start)
    if section:
        found.append((section.start(), section.end(), "a section's name"))
    return outlet.end()


def _dateline(text: str, start: int, end: int) -> list[tuple[int, int, str]]:
    if not _DATELINE_SIGN.search(text, start, min(end, start + 80)):
        return []
    for pattern in _DATELINES:
        dateline = pattern.match(text, start, end)
        if dateline and dateline.end() < end - 15:
            return [(start, dateline.end(), "dateline")]
    return []


def _appended(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    for appended in _APPENDED.finditer(text, start, end):
        line_end = _LINE_ENDS.search(text, appended.end(), end)
        yield appended.start(), line_end.start() if line_end else end, "a link to something else"
