"""Topics as their definitions say them, from shipped files, files of one's own and config.toml. Called by matching."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from feeds.config import Topic
from feeds.errors import ConfigError
from feeds.topics import DIRECTORY, MATCHER_VERSION, gazetteer
from feeds.topics.gazetteer import ANY_LANGUAGE, Concept, Term

SHIPPED = ("sahel", "russia-africa")


class File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A definition file: the keys of [topics.NAME], with terms of its own as gazetteer tables."""

    version: str = ""
    title: str = ""
    description: str = ""
    credits: str = ""
    any_of: tuple[str, ...] = ()
    all_of: tuple[str | tuple[str, ...], ...] = ()
    none_of: tuple[str, ...] = ()
    enough: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    near: Literal["sentence", "lead", "article"] | None = None
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    terms: dict[str, str | dict[str, Any]] = {}


class Definition(Struct, frozen=True):
    """A topic, its references still by name: "@mali" (a concept and all that belongs to it), "topic:sahel", or words.

    All of *sides* must be in an article; *enough* stands for all of them. *own* are the concepts it brings.
    """

    name: str
    sides: tuple[tuple[str, ...], ...]
    none_of: tuple[str, ...] = ()
    enough: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    near: str = "lead"
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    own: Mapping[str, Concept] = field(default_factory=dict)

    def references(self) -> Iterator[str]:
        """Every term the definition names."""
        for group in (*self.sides, self.none_of, self.enough, self.context):
            yield from group

    @property
    def ingredients(self) -> tuple[str, ...]:
        """The topics that this one is made of."""
        return tuple(term.removeprefix("topic:") for term in self.references() if term.startswith("topic:"))


def definition(name: str, topic: Topic, directory: Path) -> Definition:
    """What [topics.*name*] means. Raises ConfigError, in one line, on what it can't mean."""
    place = f"[topics.{name}]"
    base = File()
    if topic.use and topic.file:
        raise ConfigError(f"{place}: expected use or file, not both")
    if topic.use:
        if topic.use not in SHIPPED:
            raise ConfigError(f'{place}, key use: expected one of {_quoted(SHIPPED)}, got "{topic.use}"')
        base = _file(DIRECTORY / f"{topic.use}.toml")
    elif topic.file:
        place = str(directory / topic.file)
        base = _file(directory / topic.file)
    found = Definition(
        name=name,
        sides=_sides((*base.any_of, *topic.any_of), (*base.all_of, *topic.all_of)),
        none_of=(*base.none_of, *topic.none_of),
        enough=(*base.enough, *topic.enough),
        context=(*base.context, *topic.context),
        near=topic.near or base.near or "lead",
        languages=(*base.languages, *topic.languages),
        sources=(*base.sources, *topic.sources),
        own=_own({**base.terms, **topic.terms}, place),
    )
    if not found.sides and not found.enough:
        raise ConfigError(f"{place}: expected any_of, all_of, use or file; a topic needs terms")
    _check(found, place)
    return found


def shipped(name: str) -> Definition:
    """A definition that comes with the program."""
    return definition(name, Topic(use=name), DIRECTORY)


def digest(found: Definition, parts: Mapping[str, str]) -> str:
    """A hash that changes when *found* could match differently; *parts* are the digests of its ingredients."""
    ingredients = [f"{name}={parts[name]}" for name in sorted(set(found.ingredients))]
    text = repr((MATCHER_VERSION, found, ingredients, _gazetteer_hash()))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def _gazetteer_hash() -> str:
    """A hash of the shipped concepts' files."""
    whole = hashlib.sha256()
    for path in sorted(gazetteer.DIRECTORY.glob("*.toml")):
        whole.update(path.read_bytes())
    return whole.hexdigest()


def _sides(any_of: tuple[str, ...], all_of: tuple[str | tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Each element of *all_of* is a side; the words of *any_of* are one more."""
    sides = tuple((side,) if isinstance(side, str) else side for side in all_of)
    return (any_of, *sides) if any_of else sides


def _file(path: Path) -> File:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8-sig")), File)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read: {error}") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}") from error


def _own(tables: Mapping[str, str | dict[str, Any]], place: str) -> dict[str, Concept]:
    """The concepts that a definition brings: a table, or just its lines of terms."""
    full = {name: {"terms": table} if isinstance(table, str) else table for name, table in tables.items()}
    found = {concept.id: concept for concept in gazetteer.concepts(full, f"{place}, terms")}
    for name in found:
        if name in gazetteer.shipped():
            raise ConfigError(f"{place}, terms: '{name}' is a concept of the gazetteer already; choose another name")
    return found


def _check(found: Definition, place: str) -> None:
    known = {**gazetteer.shipped(), **found.own}
    for term in found.references():
        if not term.strip("* "):
            raise ConfigError(f"{place}: expected words, @concept or topic:NAME, got an empty term")
        if term.startswith("@") and term[1:] not in known:
            near = get_close_matches(term[1:], known, 3, 0.6)
            hint = f"; did you mean {_quoted(f'@{name}' for name in near)}?" if near else ""
            raise ConfigError(f'{place}: there is no concept "{term}"{hint}')
        if term.startswith("topic:") and term not in {t for side in found.sides for t in side}:
            raise ConfigError(f'{place}: "{term}" can stand in any_of and all_of only')


def plain_concept(words: str) -> Concept:
    """The concept that plain *words* in a definition stand for."""
    return Concept(words, words, terms=(Term(words, ANY_LANGUAGE, "terms"),))


def _quoted(words: Any) -> str:
    return ", ".join(f'"{word}"' for word in words)
