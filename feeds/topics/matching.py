"""The compiled topics of a config: `load` makes them, `match` and `explain` ask them. Pure but for `load`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from feeds.config import Source, Topic
from feeds.model import Article, TopicMatch
from feeds.topics.verdict import Verdict


class Topics:
    """The definitions, compiled."""

    def __init__(self, names: tuple[str, ...], digests: Mapping[str, str]) -> None:
        self.names = names
        self.digests = digests

    def match(self, article: Article, source: Source | None = None) -> dict[str, TopicMatch]:
        """The topics that *article* is in, with the evidence."""
        return {}

    def explain(self, article: Article, source: Source | None = None) -> dict[str, Verdict]:
        """Every topic, with what speaks for and against it."""
        return {name: Verdict(False, 0.0) for name in self.names}


def load(topics: Mapping[str, Topic], directory: Path) -> Topics:
    """The topics of a config; *directory* is what the paths of definition files rest on. Raises ConfigError."""
    return Topics(tuple(topics), dict.fromkeys(topics, ""))
