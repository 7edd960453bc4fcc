"""The config and the store as they are now: the file may change while the server runs. Called by serve's modules."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from pathlib import Path

from feeds import outputs
from feeds.config import Config, load
from feeds.errors import ConfigError
from feeds.render import RenderSettings
from feeds.store import Store

logger = logging.getLogger(__name__)

FRESH = 5.0  # seconds that what was read counts as true


class Live:
    """Holds the open store, and the config as last read without a fault. Its methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.config: Config = load(path)
        self.store = Store(self.config.store_url, self.now())
        self._read_at = self._changed_at()
        self._settings: tuple[float, RenderSettings] | None = None

    def close(self) -> None:
        self.store.close()

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0)

    def settings(self) -> RenderSettings:
        """What rendering needs, at most a few seconds old."""
        if self._settings is None or time.monotonic() - self._settings[0] > FRESH:
            self._reload()
            self._settings = time.monotonic(), outputs.render_settings(self.config, self.store)
        return self._settings[1]

    def _reload(self) -> None:
        if self._changed_at() == self._read_at:
            return
        self._read_at = self._changed_at()
        try:
            fresh = load(self._path)
        except ConfigError as error:
            logger.error("%s; the configuration before it stays in force", error)
            return
        if fresh.store_url == self.config.store_url:
            self.config = fresh

    def _changed_at(self) -> int:
        return self._path.stat().st_mtime_ns if self._path.exists() else 0
