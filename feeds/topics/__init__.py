"""Which topics an article is in, and why. Pure, and data; called by reading and pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from feeds.config import Source, Topic
from feeds.model import Article, TopicMatch


class Topics:
    """The definitions, compiled."""

    names: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}

    def match(self, article: Article, source: Source | None = None) -> dict[str, TopicMatch]:
        """The topics that *article* is in."""
        return {}


def load(topics: Mapping[str, Topic], directory: Path) -> Topics:
    """The topics of a config."""
    return Topics()
