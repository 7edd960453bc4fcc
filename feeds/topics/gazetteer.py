"""The concepts that topics are made of, read from gazetteer/*.toml. Called by definition; `places` by outputs.

A concept has names in many languages, and parents: Kidal is in Mali, Mali in the Sahel, the Sahel in Africa. Its terms
are lines of "language: term, term", in literal strings, because those are what tomllib reads fast.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct, field

from feeds.errors import ConfigError
from feeds.model import Place

DIRECTORY = Path(__file__).parent / "gazetteer"
ANY_LANGUAGE = "*"
# In which way a term speaks for its concept; docs/topics.md explains them.
KINDS = ("terms", "ambiguous", "common", "given", "surname", "exclude")
_KEYS = frozenset(
    (
        *("name", "in", "country", "at", "label", "person", "beside"),
        *("unsure_with", "unsure_in", "sure_with", "only_with", "only_without"),
        *KINDS,
    )
)
# A concept with its place, which comes after `country` in every gazetteer file.
_PLACE = re.compile(r"\n\[(.+)\]\n(?:(?!country|at|\[).+\n)*(country = .+\n)?at = \[([0-9.-]+), ([0-9.-]+)\]\n")


class Term(NamedTuple):
    """A surface form as its definition writes it: capitals in it must be capitals in a text, small letters match both.

    A trailing * matches any ending.
    """

    text: str
    language: str
    kind: str


class Concept(Struct, frozen=True):
    """Something that texts speak of. *parents* are the names of what it belongs to.

    *person*: others bear its surname too. *beside*: its terms set a name aside that stands directly before or after them
    ("midfielder"). *unsure_with*, *unsure_in*: where that concept, or what belongs to it, is in a text, and in papers of
    those countries, this one's bare names may mean a namesake; unless what belongs to it is there too, or one of
    *sure_with*. *only_with*, *only_without*: its terms count only in texts with, or without, that concept.
    """

    id: str
    name: str
    parents: tuple[str, ...] = ()
    country: str | None = None
    at: tuple[float, float] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    terms: tuple[Term, ...] = ()
    person: bool = False
    beside: bool = False
    unsure_with: str | None = None
    unsure_in: tuple[str, ...] = ()
    sure_with: tuple[str, ...] = ()
    only_with: str | None = None
    only_without: str | None = None


@cache
def shipped() -> Mapping[str, Concept]:
    """All concepts of the shipped gazetteer, by id."""
    found: dict[str, Concept] = {}
    for path in sorted(DIRECTORY.glob("*.toml")):
        for concept in concepts(tomllib.loads(path.read_text(encoding="utf-8")), str(path)):
            if concept.id in found:
                raise ConfigError(f"{path}: [{concept.id}] is defined twice")
            found[concept.id] = concept
    return found


@cache
def places() -> Mapping[str, Place]:
    """Where the concepts of the shipped gazetteer lie, by id, those for which it is known.

    Read by lines, in 2 ms: `shipped` takes 80, and publishing needs nothing else of it.
    """
    texts = (f"\n{path.read_text(encoding='utf-8')}" for path in sorted(DIRECTORY.glob("*.toml")))
    found = (match.groups() for text in texts for match in _PLACE.finditer(text))
    return {name: Place(float(north), float(east), bool(country)) for name, country, north, east in found}


def concepts(tables: Mapping[str, Any], place: str) -> Iterator[Concept]:
    """The concepts that a gazetteer file's tables define; values at its top are about the file."""
    for name, table in tables.items():
        if isinstance(table, dict):
            yield _concept(name, table, f"{place}: [{name}]")


def _concept(name: str, table: Mapping[str, Any], place: str) -> Concept:
    for key, value in table.items():
        if key not in _KEYS:
            raise ConfigError(f"{place}: unknown key '{key}'; expected one of {', '.join(sorted(_KEYS))}")
        if not isinstance(value, {"at": list, "beside": bool, "person": bool}.get(key, str)):
            raise ConfigError(f"{place}, key {key}: wrong type")
    at = table.get("at")
    terms = tuple(term for kind in KINDS for term in _terms(table.get(kind, ""), kind, place))
    return Concept(
        id=name,
        name=table.get("name", name.replace("-", " ")),
        parents=tuple(table.get("in", "").split()),
        country=table.get("country"),
        at=(float(at[0]), float(at[1])) if at else None,
        labels=dict(_labels(table.get("label", ""), () if "name" in table else terms)),
        terms=terms,
        person=table.get("person", False),
        beside=table.get("beside", False),
        unsure_with=table.get("unsure_with"),
        unsure_in=tuple(table.get("unsure_in", "").split()),
        sure_with=tuple(table.get("sure_with", "").split()),
        only_with=table.get("only_with"),
        only_without=table.get("only_without"),
    )


def _terms(lines: str, kind: str, place: str) -> Iterator[Term]:
    for language, words in _lines(lines, place):
        for word in words.split(","):
            if text := word.strip():
                yield Term(text, language, kind)


def _lines(lines: str, place: str) -> Iterator[tuple[str, str]]:
    for line in lines.splitlines():
        language, colon, words = line.partition(":")
        if colon and language.strip():
            yield language.strip(), words
        elif line.strip():
            raise ConfigError(f'{place}: expected "language: term, term", got "{line.strip()}"')


def _labels(line: str, terms: Iterable[Term]) -> Iterator[tuple[str, str]]:
    """A language's label: as given, else its first of *terms*."""
    seen = set()
    for part in line.split(","):
        language, _, label = part.strip().partition(" ")
        if label:
            seen.add(language)
            yield language, label.strip()
    for term in terms:
        if term.language not in seen and term.language != ANY_LANGUAGE and term.kind != "exclude":
            seen.add(term.language)
            yield term.language, term.text
