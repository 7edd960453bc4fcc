"""The config and the store as they are now: the file may change while the server runs. Called by serve's modules."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from feeds import outputs
from feeds.config import Config
from feeds.config.watched import WatchedConfig
from feeds.render import RenderSettings
from feeds.store import Store

FRESH = 5.0  # seconds that what was read counts as true


class Live:
    """Holds the open store, and the config as last read without a fault. Its methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._config = WatchedConfig(path)
        self.store = Store(self.config.store_url, self.now())
        self._settings: tuple[float, RenderSettings] | None = None

    @property
    def config(self) -> Config:
        """As last read without a fault."""
        return self._config.current

    def close(self) -> None:
        self.store.close()

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0)

    def settings(self) -> RenderSettings:
        """What rendering needs, at most a few seconds old."""
        if self._settings is None or time.monotonic() - self._settings[0] > FRESH:
            self._config.reload()
            self._settings = time.monotonic(), outputs.render_settings(self.config, self.store)
        return self._settings[1]
