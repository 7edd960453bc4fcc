"""Which topics an article is in, and why. Pure, and data; called by reading, pipeline and cli."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.config import Config, Topic
from feeds.errors import ConfigError
from feeds.model import TopicRules

if TYPE_CHECKING:
    from feeds.topics.gazetteer import Concept
    from feeds.topics.matching import Topics

DIRECTORY = Path(__file__).parent
MATCHER_VERSION = "2"  # goes up when the matcher itself would match differently


def load_config(config: Config) -> Topics:
    """The topics of *config*. Raises ConfigError, naming its file, on a definition that can't be."""
    from feeds.topics.matching import (
        load,
    )  # here: it takes 0.1 s that those who only ask for `fingerprint` need not pay

    try:
        return load(config.topics, config.path.parent)
    except ConfigError as error:
        raise ConfigError(f"{config.path}: {error}") from error


def fingerprint(config: Config) -> str:
    """Equal as long as everything is equal that `load_config` would read; "" where a file of it can't be read."""
    files = [*DIRECTORY.glob("*.toml"), *DIRECTORY.glob("gazetteer/*.toml")]
    own = [config.path.parent / topic.file for topic in config.topics.values() if topic.file]
    whole = hashlib.sha256(f"{MATCHER_VERSION} {config.topics!r}".encode())
    try:
        for path in (*sorted(files), *own):
            whole.update(hashlib.sha256(path.read_bytes()).digest())
    except OSError:
        return ""
    return whole.hexdigest()


def rules(config: Config) -> list[TopicRules]:
    """How each topic is decided, in names of the site's language. Raises ConfigError."""
    from feeds.topics import definition, gazetteer

    language = config.site.language

    def named(references: Iterable[str], own: Mapping[str, Concept]) -> tuple[str, ...]:
        known = {**gazetteer.shipped(), **own}
        return tuple(_name(each, known, config.topics, language) for each in references)

    found = []
    for name, topic in config.topics.items():
        said = definition.definition(name, topic, config.path.parent)
        sides = tuple(named(side, said.own) for side in said.sides)
        rest = (named(each, said.own) for each in (said.enough, said.context, said.none_of))
        found.append(TopicRules(topic.title or name, topic.description, sides, *rest))
    return found


def names(config: Config) -> dict[str, str]:
    """What concepts are called in the site's language, by id. Raises ConfigError."""
    from feeds.topics import definition, gazetteer

    known = dict(gazetteer.shipped())
    for name, topic in config.topics.items():
        known |= definition.definition(name, topic, config.path.parent).own
    language = config.site.language
    return {each.id: each.labels.get(language) or each.name for each in known.values()}


def _name(reference: str, known: Mapping[str, Concept], topics: Mapping[str, Topic], language: str) -> str:
    """What "@mali", "topic:sahel" or plain words of a definition are called."""
    if reference.startswith("topic:"):
        topic = topics.get(reference.removeprefix("topic:"))
        return (topic.title if topic else "") or reference.removeprefix("topic:")
    concept = known.get(reference.removeprefix("@")) if reference.startswith("@") else None
    name = reference if concept is None else concept.labels.get(language) or concept.name
    return f"{name.rstrip('*')}…" if name.endswith("*") else name
