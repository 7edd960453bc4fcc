"""Real readers, subscribed over HTTP to what the demo publishes: they show what the store selects, once, and nothing again."""

from __future__ import annotations

import functools
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import reader as reading

from feeds import config as configuration
from feeds import pipeline
from feeds.demo import Origin, config_toml
from feeds.store import Selection, Store

NOW = datetime.now(UTC).replace(microsecond=0)  # readers look at their own clock
FILES = ("atom.xml", "rss.xml", "feed.json")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        return None


class Published:
    """The demo's output, served, and refreshed at will."""

    def __init__(self, folder: Path, origin: Origin, port: int) -> None:
        text = config_toml(origin.url).replace("http://127.0.0.1:8000/", f"http://127.0.0.1:{port}/")
        (folder / "config.toml").write_text(text)
        self.origin, self.port = origin, port
        self.config = configuration.load(folder / "config.toml")

    def refresh(self, at: datetime) -> None:
        with Store(self.config.store_url, at) as store:
            pipeline.refresh(self.config, store, at, force=True)

    def url(self, feed: str, file: str) -> str:
        return f"http://127.0.0.1:{self.port}/{feed}/{file}"

    def selected(self, feed: str, at: datetime) -> dict[str, str]:
        """Title by id: what the store selects for *feed*."""
        selection = Selection(feed, at - self.config.publish.window, at, self.config.publish.entries)
        with Store(self.config.store_url, at) as store:
            return {article.id: article.title for article in store.select(selection)}


@pytest.fixture
def published(tmp_path: Path) -> Iterator[Published]:
    output = tmp_path / "output"
    output.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(output)))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    with Origin(NOW - timedelta(hours=2)) as origin:
        yield Published(tmp_path, origin, server.server_port)
    server.shutdown()
    server.server_close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::bs4.XMLParsedAsHTMLWarning")
def test_reader_shows_each_article_once_and_none_again(published: Published, tmp_path: Path) -> None:
    published.refresh(NOW - timedelta(hours=2))
    subscribed = reading.make_reader(str(tmp_path / "reader.sqlite"), feed_root=None)
    feeds = [(feed, file) for feed in ("sahel", "russia-africa", "all") for file in FILES]
    for feed, file in feeds:
        subscribed.add_feed(published.url(feed, file))
    subscribed.update_feeds(scheduled=False)
    for feed, file in feeds:
        shown = {entry.id: entry.title for entry in subscribed.get_entries(feed=published.url(feed, file))}
        assert shown == published.selected(feed, NOW - timedelta(hours=2)), (feed, file)
    for entry in subscribed.get_entries():
        subscribed.mark_entry_as_read(entry)
    published.origin.advance()
    published.refresh(NOW)
    subscribed.update_feeds(scheduled=False)
    for feed, file in feeds:
        url = published.url(feed, file)
        assert {entry.id for entry in subscribed.get_entries(feed=url)} == set(published.selected(feed, NOW))
        unread = {entry.title for entry in subscribed.get_entries(feed=url, read=False)}
        assert unread <= {"Burkina Faso and Mali open a joint border post"}, (feed, file)


@pytest.mark.skipif(
    shutil.which("newsboat") is None, reason="newsboat is not installed (Debian: apt-get install newsboat)"
)
@pytest.mark.parametrize("feed", ["sahel", "russia-africa", "all"])
def test_newsboat_shows_each_article_once_and_none_again(published: Published, tmp_path: Path, feed: str) -> None:
    # A cache per feed: newsboat knows an article by its guid alone, and shows it in the feed that it was loaded from last.
    newsboat = Newsboat(tmp_path, published.url(feed, "rss.xml"))
    published.refresh(NOW - timedelta(hours=2))
    newsboat.reload()
    assert newsboat.shown() == dict.fromkeys(published.selected(feed, NOW - timedelta(hours=2)), 1)
    newsboat.mark_all_read()
    published.origin.advance()
    published.refresh(NOW)
    newsboat.reload()
    assert newsboat.shown() == dict.fromkeys(published.selected(feed, NOW), 1)
    assert newsboat.unread() <= {"Burkina Faso and Mali open a joint border post"}


class Newsboat:
    """A newsboat of its own, subscribed to one feed."""

    def __init__(self, folder: Path, url: str) -> None:
        self._cache = folder / "cache.db"
        (folder / "urls").write_text(url + "\n")
        (folder / "newsboat.conf").write_text("")
        files = ["-u", str(folder / "urls"), "-c", str(self._cache), "-C", str(folder / "newsboat.conf")]
        self._command = ["newsboat", *files, "-x", "reload"]
        self._env = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}

    def reload(self) -> None:
        subprocess.run(self._command, check=True, timeout=60, capture_output=True, env=self._env)

    def shown(self) -> dict[str, int]:
        """How often it shows each guid."""
        return {
            str(guid): int(str(count)) for guid, count in self._ask("SELECT guid, count(*) FROM rss_item GROUP BY guid")
        }

    def unread(self) -> set[str]:
        return {str(title) for (title,) in self._ask("SELECT title FROM rss_item WHERE unread = 1")}

    def mark_all_read(self) -> None:
        self._ask("UPDATE rss_item SET unread = 0")

    def _ask(self, query: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self._cache) as cache:
            return cache.execute(query).fetchall()
