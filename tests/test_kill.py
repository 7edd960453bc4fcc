"""kill -9 in the middle of a refresh: the next one ends well, nothing is lost or doubled, no file is half written."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import feedparser
import pytest

from tests.archive_reader import ArchiveReader
from tests.hostile.machine import check_consistent, check_no_promise_is_broken
from tests.web import Page, Web, item, rss

SOURCES = 12
BASE_URL = "http://127.0.0.1:8000/"
CONFIG = """
[fetch]
allow_private_networks = ["127.0.0.0/8"]
per_host = 8
[publish]
entries = 5000
[topics.sahel]
use = "sahel"
"""
YESTERDAY = format_datetime(datetime.now(UTC).replace(microsecond=0) - timedelta(days=1))


class Origin:
    """Twelve feeds; with each round one article of each is edited and one is new."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self.expected: dict[str, str] = {}

    def serve_round(self, number: int) -> None:
        for source in range(SOURCES):
            keys = [f"{source}-{position}" for position in range(20 + number)]
            for key in keys:
                edited = key == f"{source}-{number}"
                self.expected[key] = (
                    f"Mali report {key}, edited" if edited else self.expected.get(key, f"Mali report {key}")
                )
            items = [item(key, self.expected[key], YESTERDAY, description="Words of Bamako. " * 40) for key in keys]
            self._web.pages[f"/{source}"] = Page(rss(*items), etag=f'"{number}"')


def refresh(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "feeds", "refresh", "--force", "--json"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run_rounds(folder: Path, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    with Web() as web:
        origin = Origin(web)
        tables = "".join(
            f'[[sources]]\nurl = "{web.url(f"/{number}")}"\nname = "S{number}"\n' for number in range(SOURCES)
        )
        (folder / "config.toml").write_text(CONFIG + tables)
        for number in range(rounds):
            origin.serve_round(number)
            with refresh(folder) as killed:
                time.sleep(chance.uniform(0.2, 1.6))
                killed.kill()
            check_no_promise_is_broken(folder / "output", folder / "feeds.db")
            with refresh(folder) as done:
                out, errors = done.communicate(timeout=60)
            assert done.returncode == 0, errors
            assert json.loads(out)["failed"] == []
            check_store(folder / "feeds.db", origin.expected)
            check_consistent(folder / "output", folder / "feeds.db")
            entries = feedparser.parse((folder / "output/all/atom.xml").read_bytes()).entries
            assert Counter(entry.title for entry in entries) == Counter(origin.expected.values())
            check_archive(folder / "output", {entry.id for entry in entries})


def check_archive(output: Path, ids: set[str]) -> None:
    """The chain of pages has every article, once; and nothing else is in the folder."""
    reader = ArchiveReader(lambda url: (output / url.removeprefix(BASE_URL)).read_bytes())
    reader.poll(f"{BASE_URL}all/atom.xml")
    found = [key for page in reader.pages.values() for key in page]
    assert len(found) == len(set(found))
    assert set(found) == ids
    assert {path.name for path in (output / "all/archive").iterdir()} == {
        url.rpartition("/")[2] for url in reader.pages
    }


def check_store(path: Path, expected: dict[str, str]) -> None:
    with sqlite3.connect(path) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert store.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = store.execute("SELECT guid, title FROM articles").fetchall()
    assert len(rows) == len(expected)
    assert dict(rows) == expected


def test_kills_at_random_instants_lose_and_double_nothing(tmp_path: Path) -> None:
    run_rounds(tmp_path, 3, seed=1)


@pytest.mark.slow
def test_fifty_kills_at_random_instants_lose_and_double_nothing(tmp_path: Path) -> None:
    run_rounds(tmp_path, 50, seed=2)
