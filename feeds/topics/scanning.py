"""One pass over a text for every term of every concept, and what of it counts. Pure; called by matching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from feeds.topics.folding import clean_lines, fold
from feeds.topics.gazetteer import ANY_LANGUAGE, Concept, shipped
from feeds.topics.passages import Page

# Arabic writes "and", "so", "in", "for" and "like" as one letter before a word; "for the" swallows the article's alef.
_CLITICS = frozenset(("", "و", "ف", "ب", "ل", "ك", "وب", "ول", "وك", "فب", "فل", "ال", "وال", "بال", "فال", "كال"))
_AL = "ال"


class Sense(NamedTuple):
    """What a pattern may stand for. *capitals* are the places in it that must be capitals."""

    concept: str
    kind: str
    language: str
    capitals: tuple[int, ...]


class Hit(NamedTuple):
    """A term found in a Page, from *start* to *end*."""

    start: int
    end: int
    sense: Sense


class Scanner:
    """The compiled terms of many concepts."""

    def __init__(self, concepts: Mapping[str, Concept]) -> None:
        senses: dict[str, list[Sense]] = {}
        terms = [(key, term) for key, concept in concepts.items() for term in concept.terms]
        written = clean_lines([term.text for _, term in terms])
        folded = fold("\n".join(written)).split("\n")
        for (key, term), text, plain in zip(terms, written, folded, strict=True):
            sense = Sense(key, term.kind, term.language, _capitals(text))
            for pattern in _patterns(plain.rstrip(), is_open=text.endswith("*")):
                senses.setdefault(pattern, []).append(sense)
        self._senses = list(senses.values())
        self._languages = frozenset(term.language for _, term in terms)
        self._chosen: dict[tuple[int, str | None], Sequence[Sense]] = {}
        self._open = [pattern[0] != " " for pattern in senses]
        self._automaton = AhoCorasick(list(senses), implementation=Implementation.ContiguousNFA)

    def hits(self, page: Page) -> list[Hit]:
        """Every term in *page*, overlapping ones too, in no particular order."""
        folded, text, found = page.folded, page.text, []
        for number, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            if self._open[number]:
                if not _stands_alone(folded, start):
                    continue
            else:
                start += 1
            end = end - 1 if folded[end - 1] == " " else folded.find(" ", end)
            for sense in self._senses_in(number, page.language):
                for place in sense.capitals:
                    if not text[start + place].isupper():
                        break
                else:
                    found.append(Hit(start, end, sense))
        return found

    def _senses_in(self, number: int, language: str | None) -> Sequence[Sense]:
        """What a pattern stands for in *language*."""
        senses = self._senses[number]
        if len(senses) == 1:
            return senses
        language = language if language in self._languages else None
        if (number, language) not in self._chosen:
            self._chosen[number, language] = _in_language(senses, language)
        return self._chosen[number, language]


@cache
def shipped_scanner() -> Scanner:
    """The gazetteer's terms, compiled once a process: 60 ms."""
    return Scanner(shipped())


def _capitals(text: str) -> tuple[int, ...]:
    """Where *text* has capitals."""
    if text.islower():
        return ()
    if text[:1].isupper() and text[1:].islower():
        return (0,)
    return tuple(place for place, char in enumerate(text) if char.isupper())


def _patterns(folded: str, *, is_open: bool) -> tuple[str, ...]:
    """What to look for: the folded term between spaces; to its left a term in Arabic is open."""
    end = "" if is_open else " "
    if not "\u0600" <= folded[:1] <= "\u06ff":
        return (f" {folded}{end}",)
    if folded.startswith(_AL):
        return folded + end, f"لل{folded[2:]}{end}"
    return (folded + end,)


def _stands_alone(folded: str, start: int) -> bool:
    """Whether only particles written together with an Arabic word stand before *start* in its token."""
    first = folded.rfind(" ", max(0, start - 4), start) + 1
    return (first > 0 or start == 0) and folded[first:start] in _CLITICS


def _in_language(senses: Sequence[Sense], language: str | None) -> Sequence[Sense]:
    """For each concept its senses in *language*, else those of any language, else all of them."""
    chosen: list[Sense] = []
    for concept in dict.fromkeys(sense.concept for sense in senses):
        mine = [sense for sense in senses if sense.concept == concept]
        chosen += (
            [sense for sense in mine if sense.language == language]
            or [sense for sense in mine if sense.language == ANY_LANGUAGE]
            or mine
        )
    return chosen
