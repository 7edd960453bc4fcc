"""Pages that are written one by one: whatever came before, output/ is what it would be if all were made anew."""

from __future__ import annotations

import random
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from feeds.config import Config, load
from feeds.pipeline import publish_all
from feeds.store import Store, archiving, months
from tests.build import DAY, HOUR, NOW, article, in_topic, listed

CONFIG = """
[topics.sahel]
title = "Sahel"
any_of = ["Mali"]
[retention]
articles = "400d"
"""
SOURCE = '[[sources]]\nurl = "https://{}.example/feed"\nname = "{}"\n'


class Site:
    """A store and its output, to which things happen, by chance but always the same."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._chance = random.Random(seed)
        self._folder = folder
        self._now = NOW
        self._controls = {"Courier": "private", "Herald": "private"}
        self._listed: dict[str, list[str]] = {name: [] for name in self._controls}
        self._edits = 0
        self._configure()
        self.store = Store(self.config.store_url, NOW)

    @property
    def config(self) -> Config:
        return load(self._folder / "config.toml")

    def _configure(self) -> None:
        tables = (
            SOURCE.format(name.lower(), name) + f'control = "{control}"\n' for name, control in self._controls.items()
        )
        (self._folder / "config.toml").write_text(CONFIG + "".join(tables))

    def change(self) -> None:
        happenings: list[Callable[[], None]] = [
            self._new, self._new, self._new, self._edit, self._hide, self._show, self._label, self._remove_a_file, self._retire,
        ]  # fmt: skip
        self._now += HOUR
        for happening in self._chance.sample(happenings, 2):
            happening()

    def publish(self) -> None:
        publish_all(self.config, self.store, self._now)

    def _new(self) -> None:
        """Up to seven articles, some of them dated weeks ago."""
        name = self._chance.choice(sorted(self._listed))
        known = sum(map(len, self._listed.values()))
        self._listed[name] += [f"{known + number}" for number in range(self._chance.randrange(1, 8))]
        self._list(name)

    def _edit(self) -> None:
        self._edits += 1
        self._list(self._chance.choice(sorted(self._listed)), edited=True)

    def _list(self, name: str, *, edited: bool = False) -> None:
        keys = self._listed[name]
        changed = self._chance.choice(keys) if edited and keys else None
        found = []
        for key in keys:
            age = random.Random(key).choice([0, 0, 1, 40, 70]) * DAY + int(key) * timedelta(minutes=1)
            url = f"https://{name.lower()}.example/{key}"
            made = article(key, url=url, published=NOW - HOUR - age, language="fr")
            made = replace(made, title=f"Words {self._edits}") if key == changed else made
            found.append(in_topic(made) if int(key) % 2 else made)
        listed(self.store, name, found, self._now)

    def _hide(self) -> None:
        if there := [each.id for each in self.store.articles()]:
            self.store.hide(self._chance.choice(there), self._now)

    def _show(self) -> None:
        for each in self.store.articles(hidden=True):
            self.store.hide(each.id, None)

    def _label(self) -> None:
        name = self._chance.choice(sorted(self._controls))
        self._controls[name] = "state" if self._controls[name] == "private" else "private"
        self._configure()

    def _remove_a_file(self) -> None:
        files = sorted(path for path in self.config.output_dir.rglob("*.*") if path.is_file())
        if files:
            self._chance.choice(files).unlink()

    def _retire(self) -> None:
        self.store.retire(NOW - 60 * DAY, [], 3)


def tree(folder: Path) -> dict[str, bytes]:
    """All files but those of status/, by their paths."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: body for name, body in files.items() if not name.startswith("status/")}


def anew(site: Site, folder: Path) -> dict[str, bytes]:
    """What a publishing into an empty folder makes of the same store."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(site.config.path, folder)
    config = load(folder / "config.toml")
    with closing(sqlite3.connect(site.config.path.parent / "feeds.db")) as store, \
            closing(sqlite3.connect(folder / "feeds.db")) as copy:  # fmt: skip
        store.backup(copy)
    with Store(config.store_url, NOW) as other:
        other.publish_again()
        publish_all(config, other, site._now)
    return tree(config.output_dir)


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "PAGE_LENGTH", 4)
    monkeypatch.setattr(months, "PAGE_LENGTH", 3)


@pytest.mark.parametrize("seed", range(3))
def test_output_is_what_it_would_be_if_all_were_made_anew(tmp_path: Path, seed: int) -> None:
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site", seed)
    for step in range(12):
        site.change()
        site.publish()
        mine, wanted = tree(site.config.output_dir), anew(site, tmp_path / "anew")
        assert mine.keys() == wanted.keys(), step
        assert [name for name in mine if mine[name] != wanted[name]] == [], step


@pytest.mark.parametrize("seed", range(3, 5))
def test_months_are_counted_on_as_they_would_be_from_the_beginning(tmp_path: Path, seed: int) -> None:
    site = Site(tmp_path, seed)
    for _ in range(12):
        site.change()
        site.store.settle()
        with site.store._read() as connection:
            assert months.wrong_pages(connection) == []
            assert archiving.wrong_pages(connection) == []


def test_publishing_that_is_stopped_at_once_takes_nothing_away(tmp_path: Path) -> None:
    site = Site(tmp_path, 0)
    listed(site.store, "Courier", [article(f"{number}") for number in range(20)])
    site.publish()
    before = tree(site.config.output_dir)
    stop = threading.Event()
    stop.set()
    assert publish_all(site.config, site.store, NOW + HOUR, stop=stop) == ()
    assert tree(site.config.output_dir) == before


def test_new_article_makes_only_the_pages_again_that_it_is_on(tmp_path: Path) -> None:
    site = Site(tmp_path, 0)
    listed(site.store, "Courier", [article(f"{number}", published=NOW - (20 - number) * HOUR) for number in range(20)])
    site.publish()
    listed(site.store, "Herald", [article("new", published=NOW)])
    written = publish_all(site.config, site.store, NOW + HOUR)
    pages = [path for path in written if path.startswith("all/") and path.count("/") > 1 and "/lang/" not in path]
    # The archive's last page, empty till then; of the month the last, which had two, and none before.
    assert pages == ["all/archive/0006.atom.xml", "all/2026/11/7.html"]
