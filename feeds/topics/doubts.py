"""Which of the names in a text may mean something else than their concept, and what settles it. Pure; called by mentions.

A name may be a word too, a person's, a namesake's in another country. What the text says besides decides, and where the
paper is from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from functools import cached_property

from msgspec import Struct

from feeds.topics.passages import Page
from feeds.topics.scanning import Hit

# Concepts that only say of which kind a text is; a name that is also a word is a name beside one of them.
PUBLIC_LIFE, JIHADISM = "public-life", "jihadism"
# Concepts that put a story into some other place than the countries named in it: a club abroad.
ELSEWHERE = "elsewhere"
SPORT = frozenset(("sport", "club-football"))
# Of what is wider than this nothing is company: two African names have nothing to do with each other.
WIDE = frozenset(("africa", "world", "great-powers"))
# Nor tells a neighbour which of two namesakes is meant: Nigeria is in West Africa, and so is Niger.
_REGIONS = WIDE | {
    *("west-africa", "central-africa", "north-africa", "maghreb", "east-africa", "southern-africa", "lusophone-africa")
}
BESIDE_GAP = 5  # characters
_BETWEEN_COUNTRIES = re.compile(r"\s*(?:[,/&–—-]\s*|,?\s*(?:and|et|y|e|und|и|da|na)\s+|\s+و)")
GIVEN_NAME_START = 4  # letters: Sergei, Sergey and Сергея begin as they do
# Words with a capital before a surname that are no given names: titles, and what sentences begin with.
_TITLES = frozenset(
    "president presidents présidente président vice-président ex-président ex-president former ancien capitaine "
    "captain capitán capitão commandant commander colonel coronel lieutenant-colonel général general gén gen col "
    "cpt lt major leader chef chief ministre minister ministro primer premier prime pm m mm mr mrs ms mme mlle dr "
    "prof pr sr sra dom don herr frau imam cheikh sheikh cheick alhaji mallam janar shugaba shugaban rais waziri "
    "putschist putschiste junta junte presidente präsident exército governo marinha embaixador embaixada força "
    "forças exercito ministério banco президент президента президенту президентом капитан капитана генерал генерала "
    "полковник полковника министр министра лидер глава главы экс-президент премьер премьер-министр господин госпожа "
    "посол замминистра".split()
)
_BEGINNINGS = frozenset(
    "the a an and but or if when while why how what who where as after before with without for from by in on at to "
    "of is are was has had did does can will should says said meet meets like since under over against between "
    "among inside new no not yes also even now still then thus because although though despite during until le la "
    "les un une et mais ou si quand lorsque pourquoi comment que qui quoi où comme après avant avec sans pour par "
    "en dans sur à au aux de du des est sont selon contre entre chez sous depuis pendant vers hier ce cette ces son "
    "sa ses leur leurs puis alors ainsi aussi même malgré quant face grâce voici o os um uma e mas se como porque "
    "por para com sem em na nos nas ao do da dos das segundo contra após antes el los una y pero cuando según tras "
    "sin con desde hasta der die ein eine und aber oder wenn als warum wie wer wo nach vor mit ohne für von bei auf "
    "zu ist sind laut gegen zwischen и а но или если когда почему как что кто где после перед с со без для из от по "
    "в во на о об к за при против между это его её их зачем пока хотя ранее сам также тогда теперь".split()
)
_PATRONYMIC = re.compile(r"(?:ович|евич|ьич|овн|евн|ичн)\w{0,3}$")
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_BREAK = re.compile(r"[.!?…؟:;|«»“”\"()\[\]–—-]\s*$|^\s*$|\n\s*$")


class Family(Struct, frozen=True):
    """What the mentions need to know of concepts: *ancestors* of each, those with a *country*, and special ones.

    *people* are those whose surname others bear, each with the beginnings of its given names; *lands* the countries
    themselves; *doubtful* what shares its names; *bare_names* are the folded names of what has namesakes. The rest is
    told at gazetteer.Concept.
    """

    ancestors: Mapping[str, frozenset[str]]
    countries: Mapping[str, str]
    elsewhere: frozenset[str]
    beside: frozenset[str]
    people: Mapping[str, frozenset[str]]
    lands: frozenset[str]
    doubtful: frozenset[str]
    bare_names: Mapping[str, frozenset[str]]
    unsure_with: Mapping[str, str]
    unsure_in: Mapping[str, frozenset[str]]
    sure_with: Mapping[str, frozenset[str]]
    only_with: Mapping[str, str]
    only_without: Mapping[str, str]
    names: Mapping[str, str]

    def is_company(self, concept: str, other: str) -> bool:
        """Whether *other* makes it likely that *concept* is meant: they belong together, more closely than by continent."""
        if other == concept:
            return True
        mine, others = self.ancestors[concept], self.ancestors[other]
        return other in mine or concept in others or bool((mine & others) - WIDE)

    def tells_from_namesakes(self, concept: str, other: str) -> bool:
        """Whether *other* says which of some neighbours that share a name is meant: it belongs to none but *concept*."""
        mine, others = self.ancestors[concept], self.ancestors[other]
        return concept in others or bool((mine & others) - _REGIONS)


class _Reading:
    """What decides about doubtful terms. *names* are the terms that stand for concepts, also where they do not count;
    *paper* are the countries of the source.
    """

    def __init__(self, page: Page, family: Family, hits: Sequence[Hit], names: Sequence[Hit], paper: Set[str]) -> None:
        self.page, self.family, self.names, self.paper = page, family, names, paper
        self._hits = hits
        self.owners: dict[int, set[str]] = {}  # the concepts that share the term at a place
        for start, _, sense in names:
            self.owners.setdefault(start, set()).add(sense.concept)

    @cached_property
    def subjects(self) -> Set[str]:
        """The concepts that any term may stand for, and what they belong to."""
        return self._with_ancestors({hit.sense.concept for hit in self._hits})

    @cached_property
    def plain(self) -> Set[str]:
        """The concepts that a term stands for which is no other's, and not ambiguous, and what they belong to."""
        own = {hit.sense.concept for hit in self._hits if hit.sense.kind != "ambiguous" and not self.is_shared(hit)}
        return self._with_ancestors(own)

    def is_shared(self, hit: Hit) -> bool:
        """Whether the term is the name of things in several countries."""
        return len({self.family.countries.get(concept) for concept in self.owners.get(hit.start, ())}) > 1

    def _with_ancestors(self, concepts: Set[str]) -> Set[str]:
        return frozenset().union(*(self.family.ancestors[concept] for concept in concepts))


def confirmed(
    page: Page, hits: list[Hit], names: Sequence[Hit], every: Sequence[Hit], family: Family, paper: Set[str]
) -> tuple[list[Hit], list[tuple[Hit, str]]]:
    """*hits* without the doubtful ones that nothing confirms, and these, each with the reason in words.

    *names* are also the terms that do not count for what stands beside them, *every* all that stands in the text.
    """
    doubtful = [hit.sense.kind != "terms" or hit.sense.concept in family.doubtful for hit in hits]
    if not any(doubtful):
        return hits, []
    reading = _Reading(page, family, every, names, paper)
    doubts = [_doubt(reading, hit) if is_doubtful else "" for hit, is_doubtful in zip(hits, doubtful, strict=True)]
    if not any(doubts):
        return hits, []
    sure = {hit.sense.concept for hit, doubt in zip(hits, doubts, strict=True) if not doubt}
    kept, rejected = [], []
    for hit, doubt in zip(hits, doubts, strict=True):
        if not doubt or _is_dispelled(reading, hit, doubt, sure):
            kept.append(hit)
        else:
            name = family.names[hit.sense.concept]
            rejected.append((hit, f"{_DOUBTS[doubt]}, and nothing else speaks for {name}"))
    return kept, rejected


# What else dispels a doubt: talk of public life where a name is a word too, of jihadism where it has namesakes.
_DISPELS = {"a word too": PUBLIC_LIFE, "ambiguous": JIHADISM}
_DOUBTS = {
    "ambiguous": "ambiguous",
    "a word too": "a common word too, where a capital says nothing",
    "a person": "the name of a person",
    "another person": "others have that surname",
    "unsure": "may be a namesake here",
    "shared": "more often a namesake's name",
}


def _is_dispelled(reading: _Reading, hit: Hit, doubt: str, sure: Set[str]) -> bool:
    """Whether what the text says besides settles the *doubt*."""
    family, concept = reading.family, hit.sense.concept
    if doubt == "another person":
        return False
    if doubt in ("unsure", "shared"):
        is_among_countries = _is_among_countries(reading, hit)
        if doubt == "shared":
            return concept in reading.plain and not is_among_countries
        namesakes = reading.owners[hit.start] - {concept}
        return (
            is_among_countries
            or not reading.subjects.isdisjoint(family.sure_with.get(concept, ()))
            or any(family.tells_from_namesakes(concept, other) for other in sure - namesakes)
        )
    return _DISPELS.get(doubt) in reading.subjects or any(family.is_company(concept, other) for other in sure)


def _doubt(reading: _Reading, hit: Hit) -> str:
    """Why *hit* may not mean its concept; empty where it surely does."""
    family, (_, _, (concept, kind, _, _)) = reading.family, hit
    if concept in family.people and _is_of_another(reading, hit):
        return "another person"
    if kind == "surname" and _may_be_surname(reading, hit):
        return "a person"
    is_of_paper = family.countries.get(concept) in reading.paper
    if kind == "ambiguous":
        if not reading.is_shared(hit):
            return "ambiguous"
        return "" if is_of_paper else "shared"
    if not is_of_paper and _may_be_namesake(reading, hit):
        return "unsure"
    if kind == "common":
        return "a word too" if _says_nothing(reading.page, hit) else ""
    if kind == "given" and not is_of_paper:
        alike = [other for other in reading.names if other.sense == hit.sense]
        if any(_has_surname(reading.page, other, reading.names) for other in alike):
            return "a person"
        return "a word too" if _is_title_case(reading.page, hit) else ""
    return ""


def _may_be_namesake(reading: _Reading, hit: Hit) -> bool:
    family, concept = reading.family, hit.sense.concept
    if concept not in family.unsure_with and concept not in family.unsure_in:
        return False
    if not reading.is_shared(hit) and reading.page.folded[hit.start : hit.end] not in family.bare_names[concept]:
        return False
    is_abroad = not reading.paper.isdisjoint(family.unsure_in.get(concept, ()))
    return is_abroad or family.unsure_with.get(concept) in reading.plain


def _is_among_countries(reading: _Reading, hit: Hit) -> bool:
    """Whether the name of another country stands beside *hit* as its equal: "Nigeria and Niger"."""
    text, lands = reading.page.text, reading.family.lands
    for other in reading.names:
        if other.sense.concept in lands and other.start != hit.start:
            first, second = (hit, other) if hit.start < other.start else (other, hit)
            if second.start - first.end <= BESIDE_GAP and _BETWEEN_COUNTRIES.fullmatch(text, first.end, second.start):
                return True
    return False


def _is_of_another(reading: _Reading, hit: Hit) -> bool:
    """Whether the surname *hit* is that of another person than its concept: after another given name, or, where the
    text does not name the person in full, after one elsewhere, in a text about sport, or where a relative is named.
    """
    folded, concept = reading.page.folded, hit.sense.concept
    surname = folded[hit.start : hit.end]
    if " " in surname:
        return False
    named = _name_before(reading, hit)
    if named:
        return named == "other"
    same = [other for other in reading.names if other.sense.concept == concept]
    if any(" " in folded[other.start : other.end] for other in same):
        return False
    elsewhere = {_name_before(reading, other) for other in same}
    if "own" in elsewhere:
        return False
    if "other" in elsewhere or not reading.subjects.isdisjoint(SPORT):
        return True
    return any(folded[o.start : o.end].endswith(f" {surname}") for o in reading.names if o.sense.concept != concept)


def _may_be_surname(reading: _Reading, hit: Hit) -> bool:
    """Whether *hit*, an adjective in some language, may be a surname here: "Daniel Russo"."""
    page = reading.page
    if page.text[hit.start : hit.end].islower():
        return False
    is_foreign = page.language is not None and hit.sense.language != page.language
    return is_foreign or not reading.subjects.isdisjoint(SPORT) or _name_before(reading, hit) == "other"


def _name_before(reading: _Reading, hit: Hit) -> str:
    """Whose name stands before the surname *hit*: "own" for the person's given name or a title, "other" for the given
    name of somebody else, "" where no name does.
    """
    page, end = reading.page, hit.start - 1
    low = page.passage_at(hit.start).start
    start = max(page.text.rfind(" ", low, end) + 1, low)
    if _PATRONYMIC.search(page.folded, start, end):
        end = start - 1
        start = max(page.text.rfind(" ", low, end) + 1, low)
    word, folded = page.text[start:end], page.folded[start:end]
    if word.lower() in _TITLES or folded[:GIVEN_NAME_START] in reading.family.people.get(hit.sense.concept, ()):
        return "own"
    if not word[:1].isupper() or word.isupper() or not word.replace("-", "").isalpha():
        return ""
    if word.lower() in _BEGINNINGS or (page.language in (None, "en") and _is_title_case(page, hit)):
        return ""
    return "" if any(other.start <= start < other.end for other in reading.names) else "other"


def _says_nothing(page: Page, hit: Hit) -> bool:
    """Whether *hit* would have its capital anyway: at the start of a sentence, or among capitals."""
    before = page.text[max(0, hit.start - 3) : hit.start]
    return bool(_SENTENCE_BREAK.search(before)) or _is_title_case(page, hit)


def _has_surname(page: Page, hit: Hit, hits: Sequence[Hit]) -> bool:
    """Whether an unknown capitalised word follows *hit*, or a first name's company precedes it, in running text."""
    following = _WORD.match(page.text, hit.end + 1) if page.text[hit.end] == " " else None
    if not following or not following.group()[0].isupper() or following.group().isupper():
        return False
    if any(other.start == following.start() for other in hits):
        return False
    return not _is_title_case(page, hit)


def _is_title_case(page: Page, hit: Hit) -> bool:
    """Whether most words around *hit* have capitals, as English headlines write them."""
    passage = page.passage_at(hit.start)
    if passage.where != "title":
        return False
    words = [word for word in _WORD.findall(page.text[passage.start : passage.end]) if len(word) > 3]
    return len(words) > 3 and sum(word[0].isupper() for word in words) > 0.7 * len(words)
