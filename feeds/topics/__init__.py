"""Which topics an article is in, and why. Pure, and data; called by reading, pipeline and cli."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.config import Config
from feeds.errors import ConfigError

if TYPE_CHECKING:
    from feeds.topics.matching import Topics

DIRECTORY = Path(__file__).parent
MATCHER_VERSION = "1"  # goes up when the matcher itself would match differently


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
