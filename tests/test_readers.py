"""Real readers, subscribed over HTTP to what is published: they show what the store selects, once, and nothing again."""

from __future__ import annotations

import functools
import json
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import reader as reading

from feeds import config as configuration
from feeds import pipeline
from feeds.demo import Origin, config_toml
from feeds.store import Selection, Store
from tests.web import Page, Web, rss

NOW = datetime.now(UTC).replace(microsecond=0)  # readers look at their own clock
FILES = ("atom.xml", "rss.xml", "feed.json")
NEEDS_NEWSBOAT = pytest.mark.skipif(
    shutil.which("newsboat") is None, reason="newsboat is not installed (Debian: apt-get install newsboat)"
)


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


# What the demo's second edition brings.
NEW = {"sahel": {"Burkina Faso and Mali open a joint border post"}, "russia-africa": set[str]()}
NEW["all"] = NEW["sahel"]


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
        assert unread == NEW[feed], (feed, file)


@NEEDS_NEWSBOAT
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
    assert newsboat.unread() == NEW[feed]


class Newsboat:
    """A newsboat of its own, subscribed to one feed."""

    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._cache = folder / "cache.db"
        (folder / "urls").write_text(url + "\n")
        (folder / "newsboat.conf").write_text("")
        files = ["-u", str(folder / "urls"), "-c", str(self._cache), "-C", str(folder / "newsboat.conf")]
        self._command = ["newsboat", *files, "-x", "reload"]
        self._env = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}

    def reload(self) -> None:
        subprocess.run(self._command, check=True, timeout=60, capture_output=True, env=self._env)

    def items(self) -> dict[str, Item]:
        """What it shows, by guid. It has no language, one date and one enclosure."""
        rows = self._ask("SELECT guid, title, url, pubDate, enclosure_url FROM rss_item")
        return {
            str(guid): Item(
                str(title), str(url), datetime.fromtimestamp(int(str(date)), UTC), (str(file),) if file else ()
            )
            for guid, title, url, date, file in rows
        }

    def shown(self) -> dict[str, int]:
        """How often it shows each guid."""
        return {
            str(guid): int(str(count)) for guid, count in self._ask("SELECT guid, count(*) FROM rss_item GROUP BY guid")
        }

    def unread(self, column: str = "title") -> set[str]:
        return {str(value) for (value,) in self._ask(f"SELECT {column} FROM rss_item WHERE unread = 1")}

    def mark_all_read(self) -> None:
        self._ask("UPDATE rss_item SET unread = 0")

    def _ask(self, query: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self._cache) as cache:
            return cache.execute(query).fetchall()


BEGIN = NOW - timedelta(hours=72)
TOPIC = '[topics.ports]\ntitle = "Ports"\nany_of = [{terms}]\n'
WORDS = ("harbour", "port", "phare", "porto")
OTHER_WORDS = ("harbour", "port", "bac", "porto")  # the lighthouse leaves, the ferry comes


@dataclass(frozen=True, slots=True)
class Item:
    """An article as a reader shows it."""

    title: str
    url: str
    date: datetime | None
    enclosures: tuple[str, ...] = ()
    updated: datetime | None = None
    language: str | None = None


class Press:
    """Three sources over HTTP; what they say is changed by the methods named for it."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self._paths = {"River": "/river.rss", "Delta": "/delta.atom"}
        self._river = {
            "r1": ("Un nouveau port \N{EN DASH} Mopti fête", "/river/1", -3),
            "r2": ("Le port de Gao rouvre", "/river/2", -5),
            "r3": ("Le phare de Dakar s'éteint", "/river/3", -30),
            "r4": ("Le bac de Rosso reprend", "/river/4", -200),
        }
        self._delta = {
            "d1": ("Harbour strike ends in Abidjan", "/delta/1", -4),
            "d2": ("Harbour fees rise", "/delta/2", -6),
            "d3": ("Harbour dredging starts", "/delta/3", -7),
            "d4": ("Harbour museum opens", "/delta/4", None),
        }
        self._write()

    def sources(self) -> str:
        return "".join(
            f'[[sources]]\nname = "{name}"\nurl = "{self.web.url(path)}"\n' for name, path in self._paths.items()
        )

    def edit_cosmetically(self) -> None:
        self._river["r1"] = ("Un nouveau port : Mopti fête !", "/river/1", -3)
        self._write()

    def edit(self) -> None:
        self._delta["d1"] = ("Harbour strike goes on in Abidjan", "/delta/1", -4)
        self._write()

    def move(self) -> None:
        """The River's feed moves, and with it a guid; the Delta moves an article's address."""
        self._river["r2-moved"] = self._river.pop("r2")
        self._delta["d3"] = ("Harbour dredging starts", "/delta/2026/dredging", -7)
        self._write()
        self.web.pages["/moved/river.rss"] = self.web.pages["/river.rss"]
        self.web.pages["/river.rss"] = Page(status=301, headers={"Location": self.web.url("/moved/river.rss")})

    def add_source(self) -> None:
        self._paths["Coast"] = "/coast.json"
        items = [
            {
                "id": "c1",
                "title": "Porto de Luanda cresce",
                "content_text": "Cresce.",
                "url": "https://coast.example/1",
            },
            {"id": "c2", "title": "Porto da Praia abre", "content_text": "Abre.", "url": "https://coast.example/2"},
        ]
        for item, hours in zip(items, (-50, 71), strict=True):
            item |= {"date_published": (BEGIN + timedelta(hours=hours)).isoformat(), "language": "pt"}
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Coast", "items": items}
        self.web.pages["/coast.json"] = Page(json.dumps(feed).encode())

    def _write(self) -> None:
        items = [self._rss_item(key, *values) for key, values in self._river.items()]
        self.web.pages["/river.rss"] = Page(rss(*items, head="<language>fr</language>"))
        entries = "".join(self._atom_entry(key, *values) for key, values in self._delta.items())
        head = '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><id>urn:x:delta</id><title>Delta</title>'
        self.web.pages["/delta.atom"] = Page(f"{head}{entries}</feed>".encode())

    def _rss_item(self, key: str, title: str, path: str, hours: int) -> str:
        media = f'<enclosure url="https://media.example/{path[-1]}.mp3" type="audio/mpeg" length="5000"/>'
        return (
            f'<title>{title}</title><link>https://river.example{path}</link><guid isPermaLink="false">{key}</guid>'
            f"<pubDate>{format_datetime(BEGIN + timedelta(hours=hours))}</pubDate><description>{title}.</description>{media}"
        )

    def _atom_entry(self, key: str, title: str, path: str, hours: int | None) -> str:
        dated = f"<published>{(BEGIN + timedelta(hours=hours)).isoformat()}</published>" if hours is not None else ""
        files = "".join(
            f'<link rel="enclosure" href="https://media.example/{key}.{ending}" type="{kind}"/>'
            for ending, kind in (("mp3", "audio/mpeg"), ("pdf", "application/pdf"))
        )
        return (
            f'<entry><id>urn:x:{key}</id><title>{title}</title><link href="https://delta.example{path}"/>{dated}'
            f"{files}<content>{title}.</content></entry>"
        )


class Site:
    """What is published from the Press, over HTTP, and the store behind it."""

    def __init__(self, folder: Path, press: Press, web: Web) -> None:
        self._folder, self._press, self._web = folder, press, web
        self.words = WORDS

    def refresh(self, at: datetime) -> None:
        config = self._config()
        with Store(config.store_url, at) as store:
            result = pipeline.refresh(config, store, at, force=True)
        assert not result.failed
        for path in self._folder.glob("output/**/*.*"):
            body = path.read_bytes()
            kind = {".json": "application/feed+json", ".xml": "application/xml"}.get(path.suffix, "text/html")
            where = "/" + path.relative_to(self._folder / "output").as_posix()
            self._web.pages[where] = Page(body, headers={"Content-Type": kind}, etag=f'"{hash(body)}"')

    def hide(self, title: str, at: datetime) -> None:
        with Store(self._config().store_url, at) as store:
            store.hide(next(each.id for each in store.articles() if each.title == title), at)

    def url(self, feed: str, file: str) -> str:
        return self._web.url(f"/{feed}/{file}")

    def selected(self, feed: str, at: datetime) -> dict[str, Item]:
        """What the store selects for *feed*, by id."""
        config = self._config()
        selection = Selection(feed, at - config.publish.window, at, config.publish.entries)
        with Store(config.store_url, at) as store:
            return {
                each.id: Item(
                    title=each.title,
                    url=each.url or "",
                    date=each.published,
                    enclosures=tuple(file.url for file in each.enclosures),
                    updated=each.updated,
                    language=each.language,
                )
                for each in store.select(selection)
            }

    def _config(self) -> configuration.Config:
        path = self._folder / "config.toml"
        head = (
            f'[site]\nbase_url = "{self._web.url("/")}"\n[publish]\ntext = "full"\n'
            "[fetch]\nallow_private_networks = true\nper_host = 16\n"
        )
        terms = ", ".join(f'"{word}"' for word in self.words)
        path.write_text(head + TOPIC.format(terms=terms) + self._press.sources())
        return configuration.load(path)


def story(press: Press, site: Site) -> Iterator[tuple[str, datetime, set[str]]]:
    """Refreshes, and what happened before each: its name, its time, and the titles that are new to readers of the topic."""

    def redefine() -> None:
        site.words = OTHER_WORDS

    at = BEGIN
    site.refresh(at)
    titles = {item.title for item in site.selected("ports", at).values()}
    assert len(titles) == 7
    yield "the first refresh", at, titles
    happenings: list[tuple[str, Callable[[], None], set[str]]] = [
        ("a cosmetic edit", press.edit_cosmetically, set()),
        ("a material edit", press.edit, set()),
        ("a feed, a guid and an address move", press.move, set()),
        ("a takedown", lambda: site.hide("Harbour fees rise", at), set()),
        ("another definition", redefine, {"Le bac de Rosso reprend"}),
        ("a source more", press.add_source, {"Porto de Luanda cresce", "Porto da Praia abre"}),
    ]
    for what, happen, new in happenings:
        at += timedelta(hours=12)
        happen()
        site.refresh(at)
        yield what, at, new
    titles = {item.title for item in site.selected("ports", at).values()}
    assert titles.isdisjoint({"Harbour fees rise", "Le phare de Dakar s'éteint"})


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[tuple[Press, Site]]:
    with Web() as sources, Web() as web:
        press = Press(sources)
        yield press, Site(tmp_path, press, web)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::bs4.XMLParsedAsHTMLWarning")
def test_reader_keeps_up_with_edits_moves_takedowns_and_definitions(
    newsroom: tuple[Press, Site], tmp_path: Path
) -> None:
    press, site = newsroom
    subscribed = reading.make_reader(str(tmp_path / "reader.sqlite"), feed_root=None)
    feeds = [(feed, file) for feed in ("ports", "all") for file in FILES]
    known: dict[str, dict[str, Item]] = {"ports": {}, "all": {}}
    for what, at, new in story(press, site):
        for feed, file in feeds:
            subscribed.add_feed(site.url(feed, file), exist_ok=True)
        subscribed.update_feeds(scheduled=False)
        for feed, file in feeds:
            selected = site.selected(feed, at)
            everything = known[feed] | selected
            entries = list(subscribed.get_entries(feed=site.url(feed, file)))
            shown = {entry.id: _as_item(entry) for entry in entries}
            assert sorted(entry.id for entry in entries) == sorted(everything), (what, feed, file)  # it forgets nothing
            assert {key: shown[key] for key in selected} == _expected(selected, file), (what, feed, file)
            unread = {entry.id: entry.title for entry in entries if not entry.read}
            assert unread.keys() == everything.keys() - known[feed].keys(), (what, feed, file)
            assert feed == "all" or set(unread.values()) == new, (what, file)
        known = {feed: known[feed] | site.selected(feed, at) for feed in known}
        for entry in subscribed.get_entries():
            subscribed.mark_entry_as_read(entry)
    newcomer = reading.make_reader(":memory:", feed_root=None)
    for feed, file in feeds:
        newcomer.add_feed(site.url(feed, file))
        newcomer.update_feeds(scheduled=False)
        shown = {entry.id: _as_item(entry) for entry in newcomer.get_entries(feed=site.url(feed, file))}
        assert shown == _expected(site.selected(feed, at), file)


@NEEDS_NEWSBOAT
def test_newsboat_keeps_up_with_edits_moves_takedowns_and_definitions(
    newsroom: tuple[Press, Site], tmp_path: Path
) -> None:
    press, site = newsroom
    feeds = [(feed, file) for feed in ("ports", "all") for file in FILES[:2]]  # newsboat 2.21 knows no JSON Feed
    boats = {(feed, file): Newsboat(tmp_path / feed / file, site.url(feed, file)) for feed, file in feeds}
    known: dict[str, dict[str, Item]] = {"ports": {}, "all": {}}
    for what, at, new in story(press, site):
        for (feed, file), newsboat in boats.items():
            selected = site.selected(feed, at)
            everything = known[feed] | selected
            newsboat.reload()
            assert newsboat.shown() == dict.fromkeys(everything, 1), (what, feed, file)  # it forgets nothing
            items = newsboat.items()
            expected = {key: _as_newsboat_shows(item, file, items[key]) for key, item in selected.items()}
            assert {key: items[key] for key in selected} == expected, (what, feed, file)
            assert newsboat.unread("guid") == everything.keys() - known[feed].keys(), (what, feed, file)
            assert feed == "all" or newsboat.unread() == new, (what, file)
            newsboat.mark_all_read()
        known = {feed: known[feed] | site.selected(feed, at) for feed in known}


def _as_newsboat_shows(item: Item, file: str, shown: Item) -> Item:
    """One date, that of publication: Atom's `updated` where there is none, in RSS the hour at which it came."""
    undated = item.updated if file == "atom.xml" else shown.date
    return Item(item.title, item.url, item.date or undated, item.enclosures[:1])


def _expected(selected: dict[str, Item], file: str) -> dict[str, Item]:
    """What a reader can know of the articles: RSS carries the first enclosure alone."""
    if file != "rss.xml":
        return selected
    return {key: replace(item, enclosures=item.enclosures[:1]) for key, item in selected.items()}


def _as_item(entry: reading.Entry) -> Item:
    return Item(
        title=entry.title or "",
        url=entry.link or "",
        date=entry.published,
        enclosures=tuple(file.href for file in entry.enclosures),
        updated=entry.updated,
        language=entry.content[0].language,
    )
