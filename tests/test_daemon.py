"""What the daemon does besides refreshing: it ends where another has taken over."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from feeds.daemon import Daemon
from feeds.errors import StoreError


def test_daemon_that_lost_its_lease_ends(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[site]\ntitle = "Test"\n')
    daemon = Daemon(path)
    looks: list[float] = []

    def taken_over(seconds: float) -> bool:
        looks.append(seconds)
        with sqlite3.connect(tmp_path / "feeds.db", timeout=10) as raw:
            raw.execute("UPDATE leases SET owner = 'elsewhere:1:2:3:4'")
        daemon._renew()
        return False

    with pytest.raises(StoreError, match="another `feeds run` has taken over"):
        daemon.run(taken_over)
    assert len(looks) == 1
    assert daemon.stop.is_set()  # what it has under way ends, too
    with sqlite3.connect(tmp_path / "feeds.db") as raw:
        assert raw.execute("SELECT owner FROM leases").fetchall() == [("elsewhere:1:2:3:4",)]


def test_daemon_that_is_told_to_end_gives_its_lease_back(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[site]\ntitle = "Test"\n')
    Daemon(path).run(lambda _: True)
    with sqlite3.connect(tmp_path / "feeds.db") as raw:
        assert raw.execute("SELECT owner FROM leases").fetchall() == []
