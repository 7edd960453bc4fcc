"""A configuration that may change while the program runs. Called by daemon and serve."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

from feeds.config import Config, load
from feeds.errors import ConfigError

logger = logging.getLogger(__name__)


class WatchedConfig:
    """*current* is what config.toml said when it was last read without a fault. Raises ConfigError where it never was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = self._changed_at()
        self.current: Config = load(path)

    def reload(self) -> bool:
        """Take up a changed file: True. One with a fault, or of another store, is logged, and changes nothing."""
        changed = self._changed_at()
        if changed in (None, self._read_at):
            return False
        self._read_at = changed
        try:
            fresh = load(self._path)
        except ConfigError as error:
            logger.error("%s; the configuration before it stays in force", error)
            return False
        if fresh.store_url != self.current.store_url:
            logger.error("[store] url changed: restart the program to move to another store")
            return False
        logger.info("%s was read again", self._path)
        self.current = fresh
        return True

    def _changed_at(self) -> int | None:
        """When the file was last written, None where it is gone."""
        with suppress(OSError):
            return self._path.stat().st_mtime_ns
        return None
