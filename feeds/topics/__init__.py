"""Which topics an article is in, and why. Pure, and data; called by reading, pipeline and cli."""

from __future__ import annotations

from feeds.config import Config
from feeds.errors import ConfigError
from feeds.topics.matching import Topics, load
from feeds.topics.verdict import Found, SetAside, Verdict

__all__ = ["Found", "SetAside", "Topics", "Verdict", "load", "load_config"]


def load_config(config: Config) -> Topics:
    """The topics of *config*. Raises ConfigError, naming its file, on a definition that can't be."""
    try:
        return load(config.topics, config.path.parent)
    except ConfigError as error:
        raise ConfigError(f"{config.path}: {error}") from error
