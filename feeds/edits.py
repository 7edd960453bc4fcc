"""Whether an edit is material: words or figures, not only a counter, an age or links. Pure; called by store."""

from __future__ import annotations

import re
from collections import Counter

from feeds.digests import words
from feeds.model import Entry

_NUMBER = r"\d+(?:[.,\u00a0\u202f ]\d+)*(?:\s?[kmкм]\b)?"
_FEW = rf"(?:{_NUMBER}|an?|one|une?|una|uma|einer|einem|einigen|few|a few|quelques|несколько)"

# How long ago, in the gazetteer's languages. It changes with the clock.
_AGES = rf"""
      {_FEW}\s?(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|[smhd])\ ago\b
    | \bil\ y\ a\ (?:environ\ )?{_FEW}\s?(?:secondes?|minutes?|min|heures?|h|jours?|j|semaines?|mois|ans?|années?)\b
    | \bhace\ (?:unos\ |unas\ )?{_FEW}\s?(?:segundos?|minutos?|min|horas?|h|d[ií]as?|semanas?|mes(?:es)?|años?)\b
    | \bhá\ (?:cerca\ de\ )?{_FEW}\s?(?:segundos?|minutos?|min|horas?|h|dias?|semanas?|m[eê]s(?:es)?|anos?)\b(?:\ atrás)?
    | {_FEW}\s?(?:segundos?|minutos?|horas?|dias?|semanas?|meses|anos?)\ atrás\b
    | \bvor\ {_FEW}\s?(?:Sekunden?|Minuten?|Min\.?|Stunden?|Std\.?|Tag(?:en?)?|Wochen?|Monat(?:en?)?|Jahr(?:en?)?)\b
    | (?:{_FEW}\s?)?(?:секунд\w*|сек\.?|минут\w*|мин\.?|час\w*|дн\w+|день|недел\w*|месяц\w*|год\w*|лет)\ назад\b
    | (?:منذ|قبل)\ (?:{_NUMBER}\s?)?(?:ثانية|ثوان\w*|دقيق\w+|دقائق|ساع\w+|يوم\w*|أيام|أسبوع\w*|أسابيع|شهر\w*|أشهر|شهور|سن\w+)
    | (?:minti|mintuna|awa|awanni|kwana|kwanaki|mako|makonni|wata|watanni)\ {_NUMBER}\ da\ (?:ya|ta|suka)\ (?:wuce|gabata)
"""
# What visitors leave behind: these words stand in no report beside a figure that matters.
_COUNTED = r"""(?:views?|page\ ?views|reads|likes|dislikes|comments?|repl(?:y|ies)|retweets|upvotes|downloads
    | vues|lectures|commentaires?|j['’]aime|téléchargements
    | просмотр\w*|прочтени\w*|комментари\w*|лайк\w*|репост\w*|скачивани\w*
    | مشاهد\w+|قراء\w+|تعليق\w*|إعجاب\w*
    | visualiza\w+|leituras|coment[aá]rios?|curtidas|compartilhamentos|lecturas|me\ gusta|descargas
    | aufrufe|kommentare?|gefällt\ mir)"""
_LABELS = r"""(?:visited|viewed|views?|reads?|read\ in|comments?|likes|shares|hits|posted|points|score|votes|rating|downloads
    | vues?|lectures?|lu|vu|visites?|commentaires?|partages|note
    | просмотр\w*|прочитано|прочли|комментари\w*|голос\w*|рейтинг
    | (?:ال)?مشاهد\w+|(?:ال)?قراء\w+|(?:ال)?تعليق\w*|(?:ال)?زيار\w+
    | visto|visitado|lido|leído|visualiza\w+|coment[aá]rios?|votos|aufrufe|gelesen|kommentare?)"""
_TIMES = r"(?:times|fois|раза?|مرة|مرات|vezes|veces|mal)"
_COUNTERS = rf"""
      {_NUMBER}\s?{_COUNTED}\b
    | \b{_LABELS}\s?[:：(\[#]\s?{_NUMBER}
    | \b{_LABELS}\ {_NUMBER}\ {_TIMES}\b
    | {_NUMBER}\ visits?\ (?:today|in\ total|this\ week)
    | {_NUMBER}\ {_TIMES}\ (?:viewed|visited|read|lu|vu|gelesen|прочитан\w*|просмотрен\w*)
    | {_NUMBER}[\s-]?min(?:utes?|\.)?\ (?:read|de\ lecture|de\ leitura|de\ lectura|Lesezeit|чтения)\b
"""
_PASSING = re.compile(f"{_AGES} | {_COUNTERS}", re.VERBOSE | re.IGNORECASE)
# In a short line that is no sentence these words say that its figures count visitors.
_COUNTING = re.compile(
    rf"(?<!\w)(?:{_COUNTED}|{_LABELS}|visits?|visitors?|shares?|hits|times|posts|followers|subscribers|stars|plays|listens|clicks"
    r"|fois|visiteurs|abonnés|clics|подписчик\w*|перепост\w*|поделил\w*|مشارك\w+|visitas|vistas|acessos|klicks|sharhi)(?!\w)",
    re.VERBOSE | re.IGNORECASE,
)
_BLOCK = re.compile(
    r"</?(?:p|div|li|ul|ol|dl|dt|dd|br|hr|tr|td|th|table|blockquote|pre|section|article|header|footer|aside|figure"
    r"|figcaption|h[1-6])\b[^<>]*>|\n",
    re.IGNORECASE,
)
_LINK = re.compile(r"<a\b[^<>]*>.*?</a>", re.IGNORECASE | re.DOTALL)
_WEB_ADDRESS = re.compile(r"\bhttps?://\S+")
_LONGEST_LINE = 10  # words, of a line that counts visitors; and of what stands beside the links in a list of links
_SHORTEST_TEXT = 40  # words, of a text beside which lists of links don't matter


def said(entry: Entry) -> tuple[str, ...]:
    """The words that a source said: of its title, summary and content, as they came."""
    return tuple(words(text.value) if text else "" for text in (entry.title, entry.summary, entry.content))


def is_material(before: tuple[str, str], after: tuple[str, str]) -> bool:
    """True where the title or the text (clean HTML or plain) says something else.

    No edits are: counters of visitors ("899 views"), ages ("2 hours ago"), addresses, the order of paragraphs, and, beside
    a text of some length, lists of links. A figure in a headline or a sentence is one ("12 dead", "19 dead").
    """
    (title_before, text_before), (title_after, text_after) = before, after
    return _lasting(title_before) != _lasting(title_after) or _paragraphs(text_before) != _paragraphs(text_after)


def _lasting(text: str) -> str:
    """The words of *text* but for those that change by themselves."""
    plain = " ".join(re.sub(r"<[^<>]*>", " ", text).split())
    return words(_PASSING.sub(" ", _WEB_ADDRESS.sub(" ", plain)))


def _paragraphs(text: str) -> Counter[str]:
    """How often each paragraph stands in *text*, but for lists of links beside a text of some length."""
    paragraphs: Counter[str] = Counter()
    links: Counter[str] = Counter()
    for part in _BLOCK.split(text):
        key = _lasting_line(part)
        if key:
            (links if _is_all_links(part) else paragraphs)[key] += 1
    is_long = sum(len(key.split()) * count for key, count in paragraphs.items()) >= _SHORTEST_TEXT
    return paragraphs if is_long else paragraphs + links


def _lasting_line(part: str) -> str:
    """The lasting words of one paragraph; of a line that counts visitors, without its figures."""
    key = _lasting(part)
    if not re.search(r"[^\W\d]", key):
        return ""  # figures alone, or nothing
    if len(key.split()) <= _LONGEST_LINE and _COUNTING.search(key):
        return " ".join(re.sub(r"\d+", " ", key).split())
    return key


def _is_all_links(part: str) -> bool:
    beside, links = _LINK.subn(" ", part)
    return links > 0 and len(_lasting(beside).split()) <= min(3 * links, _LONGEST_LINE)
