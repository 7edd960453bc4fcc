"""What an article speaks of: the hits that count, each in its place, and those that are set aside. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence, Set
from typing import NamedTuple

from msgspec import Struct

from feeds.topics import gazetteer
from feeds.topics.doubts import BESIDE_GAP, PUBLIC_LIFE, WIDE, Family, confirmed
from feeds.topics.gazetteer import KINDS
from feeds.topics.passages import Page, Passage, aside
from feeds.topics.scanning import Hit, Sense

_LIST_LENGTH, _ITEM_WORDS, _LISTED = 4, 4, 0.35
_SEPARATORS = re.compile(
    r"\s*[,،;/]\s*(?:(?:and|et|и|e|y|und|da|na|&)\s+|و(?=\w))?"
    r"|\s+(?:and|et|и|e|y|und|da|na|&|as well as|ainsi que|а также)\s+|\s+و(?=ال|\w{3})"
)


class Mention(NamedTuple):
    """A term that counts: *weight* is 1, or less in a long list. *sentence* counts through the page; *is_opening* says
    that it is the first of its passage.
    """

    concept: str
    term: str
    start: int
    end: int
    passage: Passage
    sentence: int
    language: str
    weight: float = 1.0
    listed: bool = False
    is_opening: bool = False


class Rejected(Struct, frozen=True):
    """A term that does not count, and why."""

    concept: str
    start: int
    end: int
    passage: Passage
    reason: str


def mentions(
    page: Page, hits: list[Hit], family: Family, wanted: Set[str], paper: Set[str] = frozenset()
) -> tuple[list[Mention], list[Rejected]]:
    """The terms among *hits* that count, in order, and those that were set aside. *paper* are the countries of the
    source. Of what is not *wanted* some details are left out.
    """
    rejected: list[Rejected] = []
    present = {hit.sense.concept for hit in hits}
    kept = _without_excluded(page, _in_force(hits, present, family), rejected, family)
    kept = _without_aside(page, kept, rejected)
    besides = [hit for hit in kept if hit.sense.concept in family.beside]
    names = [hit for hit in kept if hit.sense.concept not in family.beside] if besides else kept
    alone = _not_beside(page, names, besides, rejected, family)
    sure, unconfirmed = confirmed(page, alone, names, hits, family, paper)
    rejected += [Rejected(h.sense.concept, h.start, h.end, page.passage_at(h.start), why) for h, why in unconfirmed]
    return _placed(page, sure, family, wanted), rejected


def _in_force(hits: list[Hit], present: Set[str], family: Family) -> list[Hit]:
    """Without the terms that count only with, or only without, a concept that the text does not have, or has.

    Words of public life have had their say by being *present*.
    """
    return [
        hit
        for hit in hits
        if hit.sense.concept != PUBLIC_LIFE
        and family.only_with.get(hit.sense.concept, hit.sense.concept) in present
        and family.only_without.get(hit.sense.concept) not in present
    ]


def _without_excluded(page: Page, hits: list[Hit], rejected: list[Rejected], family: Family) -> list[Hit]:
    """The longest term at each place. An exclusion takes its own span, unless a longer term contains it.

    What a person wrote into a topic of their own gives way to no longer term of the gazetteer, only to exclusions.
    """
    hits.sort(key=lambda hit: (hit.start - hit.end, hit.start, KINDS.index(hit.sense.kind)))
    known = gazetteer.shipped()

    def is_own(sense: Sense) -> bool:
        return sense.concept not in known

    exclusions = [hit for hit in hits if hit.sense.kind == "exclude" and not _is_contained(hit, hits)]
    spans: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    taken: set[tuple[int, str]] = set()
    kept: list[Hit] = []
    for hit in hits:
        start, end, sense = hit
        if sense.kind == "exclude":
            continue
        exclusion = next((other for other in exclusions if start < other.end and other.start < end), None)
        if exclusion:
            words = page.text[exclusion.start : exclusion.end]
            reason = f'part of "{words}" ({family.names[exclusion.sense.concept]})'
            rejected.append(Rejected(sense.concept, start, end, page.passage_at(start), reason))
        elif not _is_covered(start, end, spans[is_own(sense)]) and (start, sense.concept) not in taken:
            spans[is_own(sense)].append((start, end))
            taken.add((start, sense.concept))
            kept.append(hit)
    kept.sort()
    return kept


def _is_contained(hit: Hit, hits: Sequence[Hit]) -> bool:
    """Whether a longer term has *hit* in it."""
    length = hit.end - hit.start
    return any(o.start <= hit.start and hit.end <= o.end and o.end - o.start > length for o in hits)


def _is_covered(start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether another span overlaps this one."""
    for first, last in spans:  # noqa: SIM110 (a third faster than any() here, where most time is spent)
        if start < last and first < end and (first, last) != (start, end):
            return True
    return False


def _without_aside(page: Page, hits: list[Hit], rejected: list[Rejected]) -> list[Hit]:
    stretches = aside(page)
    if not stretches:
        return hits
    kept = []
    for hit in hits:
        reason = next((reason for start, end, reason in stretches if start <= hit.start < end), None)
        if reason:
            rejected.append(Rejected(hit.sense.concept, hit.start, hit.end, page.passage_at(hit.start), reason))
        else:
            kept.append(hit)
    return kept


def _not_beside(
    page: Page, names: list[Hit], besides: list[Hit], rejected: list[Rejected], family: Family
) -> list[Hit]:
    """Without the country names that stand directly beside a word such as "midfielder"."""
    if not besides:
        return names
    kept = []
    for hit in names:
        word = next((other for other in besides if _is_beside(page, hit, other)), None)
        if word and hit.sense.concept in family.countries:
            reason = f'beside "{page.text[word.start : word.end]}" ({family.names[word.sense.concept]})'
            rejected.append(Rejected(hit.sense.concept, hit.start, hit.end, page.passage_at(hit.start), reason))
        else:
            kept.append(hit)
    return kept


def _is_beside(page: Page, hit: Hit, other: Hit) -> bool:
    first, second = (hit, other) if hit.start < other.start else (other, hit)
    between = page.text[first.end : second.start]
    return len(between) <= BESIDE_GAP and not any(char in ".,;:!?|()\n" for char in between)


def _placed(page: Page, hits: list[Hit], family: Family, wanted: Set[str]) -> list[Mention]:
    """The hits as mentions, each with its sentence and its weight."""
    starts = (*page.sentences(), len(page.text))
    lists: dict[int, list[tuple[int, int]]] = {}
    placed = []
    for hit in hits:
        start, end, sense = hit
        concept, passage, sentence = sense.concept, page.passage_at(start), bisect_right(starts, start) - 1
        listed = False
        if concept in wanted and (concept in family.countries or concept in WIDE):
            if sentence not in lists:
                lists[sentence] = _lists(page.text, starts[sentence], min(starts[sentence + 1], passage.end))
            listed = any(low <= start < high for low, high in lists[sentence])
        weight, is_opening = _LISTED if listed else 1.0, starts[sentence] <= passage.start
        term = page.text[start:end]
        placed.append(Mention(concept, term, start, end, passage, sentence, sense.language, weight, listed, is_opening))
    return placed


def _lists(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where lists of four things or more are in a sentence.

    A thing is a few words between commas or conjunctions. The first may end a longer piece ("countries such as Mali")
    and the last begin one, so that these count as things; but what stands in them may be no part of the list.
    """
    signs = text.count(",", start, end) + text.count("،", start, end) + text.count(" و", start, end)
    if signs + text.count("/", start, end) < _LIST_LENGTH - 2:
        return []
    bounds = [start]
    for found in _SEPARATORS.finditer(text, start, end):
        bounds += found.span()
    bounds.append(end)
    pieces = list(zip(bounds[::2], bounds[1::2], strict=True))
    short = [len(text[low:high].split()) <= _ITEM_WORDS for low, high in pieces]
    lists, index = [], 0
    while index < len(pieces):
        last = index
        while last < len(pieces) and short[last]:
            last += 1
        things = last - index + (index > 0) + (last < len(pieces))
        if last > index and things >= _LIST_LENGTH:
            lists.append((pieces[index][0], pieces[last - 1][1]))
        index = last + 1
    return lists
