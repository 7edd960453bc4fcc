"""Archives hold every article that a feed ever had, once, in pages that stay as they are (RFC 5005)."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace

from feeds import config as configuration
from feeds import pipeline
from feeds.model import Article, ParsedFeed, Reading, StoredArticle
from feeds.store import Store
from tests.archive_reader import ATOM, ArchiveReader, link
from tests.build import DAY, HOUR, NOW, article, in_topic, listed, outcome, source
from tests.validity.checks import check_document

BASE = "https://feeds.example/"
CONFIG = f"""
[site]
title = "Test"
base_url = "{BASE}"
[topics.sahel]
any_of = ["Sahel"]
terms = {{ Sahel = "en: Sahel" }}
"""


class Published:
    """A store and its output/, published at will."""

    def __init__(self, folder: Path, settings: str = CONFIG) -> None:
        self.folder = folder
        self.configure(settings)
        self.store = Store(self.config.store_url, NOW)

    def configure(self, settings: str) -> None:
        (self.folder / "config.toml").write_text(settings)
        self.config = configuration.load(self.folder / "config.toml")

    def publish(self, at: datetime = NOW) -> tuple[str, ...]:
        """The paths written; every file that stands is valid."""
        written = pipeline.publish_all(self.config, self.store, at)
        for path, body in self.files().items():
            assert check_document(path, body, BASE + path, at) == [], path
        return written

    def files(self) -> dict[str, bytes]:
        output = self.config.output_dir
        found = {str(path.relative_to(output)): path.read_bytes() for path in output.rglob("*") if path.is_file()}
        return {name: body for name, body in found.items() if not name.startswith("status/")}

    def pages(self, feed: str = "all") -> dict[str, bytes]:
        return {path: body for path, body in self.files().items() if path.startswith(f"{feed}/archive/")}

    def fetch(self, url: str) -> bytes:
        return (self.config.output_dir / url.removeprefix(BASE)).read_bytes()

    def read(self, feed: str = "all") -> dict[str, str]:
        return ArchiveReader(self.fetch).poll(f"{BASE}{feed}/atom.xml")

    def guids(self) -> dict[str, str | None]:
        return {found.id: found.guid for found in self.store.articles(hidden=True)}

    def archived(self, feed: str = "all") -> list[str | None]:
        """The guids in order of the archive's pages, the first to enter first; each stands there once."""
        reader = ArchiveReader(self.fetch)
        reader.poll(f"{BASE}{feed}/atom.xml")
        ids = [key for page in reversed(reader.pages.values()) for key in reversed(page)]
        assert len(set(ids)) == len(ids)
        guids = self.guids()
        return [guids[key] for key in ids]


@pytest.fixture
def published(tmp_path: Path) -> Iterator[Published]:
    with (made := Published(tmp_path)).store:
        yield made


def numbered(numbers: Sequence[int], **values: object) -> list[Article]:
    """Articles in both `all` and the topic, the lowest number the oldest."""
    values = {"title": "News from the Sahel"} | values
    return [
        in_topic(article(f"{number:04}", published=NOW - 9 * DAY + number * HOUR / 60, **values)) for number in numbers
    ]


def test_chain_holds_every_article_once_in_order_of_entering(published: Published) -> None:
    listed(published.store, "Courier", numbered(range(450)))
    published.publish()
    assert sorted(published.pages()) == [f"all/archive/000{page}.atom.xml" for page in (1, 2, 3)]
    assert published.archived() == published.archived("sahel") == [f"{number:04}" for number in range(450)]
    assert len(published.read()) == 450


def test_pages_lead_to_each_other_and_all_but_the_last_are_complete(published: Published) -> None:
    listed(published.store, "Courier", numbered(range(450)))
    published.publish()
    pages = [etree.fromstring(published.pages("sahel")[f"sahel/archive/000{number}.atom.xml"]) for number in (1, 2, 3)]
    folder = f"{BASE}sahel/archive/"
    assert [link(page, "prev-archive") for page in pages] == [None, f"{folder}0001.atom.xml", f"{folder}0002.atom.xml"]
    assert [link(page, "next-archive") for page in pages] == [f"{folder}0002.atom.xml", f"{folder}0003.atom.xml", None]
    assert {link(page, "current") for page in pages} == {f"{BASE}sahel/atom.xml"}
    complete = [page.find("{http://purl.org/syndication/history/1.0}archive") is not None for page in pages]
    assert complete == [True, True, False]
    feed = etree.fromstring(published.fetch(f"{BASE}sahel/atom.xml"))
    assert {page.findtext(f"{ATOM}id") for page in pages} == {feed.findtext(f"{ATOM}id")}
    assert (link(feed, "first"), link(feed, "prev-archive")) == (None, f"{folder}0003.atom.xml")
    assert link(feed, "current") is None


def test_full_page_is_closed_at_once_by_an_empty_one_and_stays_as_it_is(published: Published) -> None:
    listed(published.store, "Courier", numbered(range(200)))
    published.publish()
    before = published.pages()
    assert sorted(before) == ["all/archive/0001.atom.xml", "all/archive/0002.atom.xml"]
    assert b"<entry" not in before["all/archive/0002.atom.xml"]
    listed(published.store, "Courier", numbered(range(201)), NOW + HOUR)
    published.publish(NOW + HOUR)
    assert published.pages()["all/archive/0001.atom.xml"] == before["all/archive/0001.atom.xml"]
    assert published.archived()[-1] == "0200"


def test_edits_other_carriers_and_new_words_of_the_source_leave_pages_alone(published: Published) -> None:
    listed(published.store, "Courier", numbered(range(210)))
    published.publish()
    before = published.pages()
    edited = [
        replace(each, title=f"{each.title}, edited", content="<p>Sahel: new text</p>") for each in numbered(range(210))
    ]
    state = published.store.sync_sources([source("Courier")])["Courier"]
    renamed = replace(outcome(state, edited, NOW + HOUR).state, feed_title="The Courier, renamed", feed_id="urn:uuid:1")
    published.store.save([replace(outcome(renamed, edited, NOW + HOUR))], NOW + HOUR)
    listed(published.store, "Herald", [replace(each, identity=f"h{each.guid}") for each in edited], NOW + HOUR)
    written = published.publish(NOW + HOUR)
    assert published.pages() == before
    assert "all/atom.xml" in written
    feed = published.fetch(f"{BASE}all/atom.xml")
    assert b"edited" in feed
    assert b"Herald" in feed
    assert len(published.read()) == 210


def test_hidden_article_is_gone_from_every_file_and_comes_back_where_it_was(published: Published) -> None:
    listed(published.store, "Courier", numbered(range(210)))
    published.publish()
    before = published.files()
    (found,) = [each for each in published.store.articles() if each.guid == "0005"]
    published.store.hide(found.id, NOW)
    written = published.publish()
    assert {"all/archive/0001.atom.xml", "sahel/archive/0001.atom.xml"} <= set(written)
    assert "all/archive/0002.atom.xml" not in written
    assert not [path for path, body in published.files().items() if found.id.encode() in body]
    assert len(published.read()) == 209
    published.store.hide(found.id, None)
    published.publish()
    assert published.files() == before


def test_article_hidden_before_it_was_published_enters_when_it_comes_back(published: Published) -> None:
    listed(published.store, "Courier", numbered(range(2)))
    (found,) = [each for each in published.store.articles() if each.guid == "0000"]
    published.store.hide(found.id, NOW)
    published.publish()
    assert published.archived() == ["0001"]
    published.store.hide(found.id, None)
    published.publish()
    assert published.archived() == ["0001", "0000"]


def test_retention_takes_articles_out_and_an_empty_page_with_them(published: Published) -> None:
    published.configure(CONFIG + '[retention]\narticles = "20d"\n')
    listed(published.store, "Courier", numbered(range(405)))
    published.publish()
    middle = published.pages()["all/archive/0002.atom.xml"]
    later = NOW + 11 * DAY + HOUR * 210 / 60
    listed(published.store, "Courier", numbered(range(404, 406)), later)
    pipeline.tidy(published.config, published.store, later, published.store.states())
    published.publish(later)
    assert published.archived() == [f"{number:04}" for number in range(210, 406)]
    assert sorted(published.pages()) == ["all/archive/0002.atom.xml", "all/archive/0003.atom.xml"]
    assert link(etree.fromstring(published.pages()["all/archive/0002.atom.xml"]), "prev-archive") is None
    assert middle != published.pages()["all/archive/0002.atom.xml"]
    feed = etree.fromstring(published.fetch(f"{BASE}all/atom.xml"))
    assert link(feed, "prev-archive") == f"{BASE}all/archive/0003.atom.xml"


def test_changed_definition_takes_articles_out_and_puts_them_back_where_they_were(published: Published) -> None:
    mine = [article(f"{key} in the Sahel", content="") for key in "abc"]
    listed(published.store, "Courier", [*mine, article("Niger and the Sahel", content="")])
    published.publish()
    before = published.files()
    assert len(published.archived("sahel")) == 4
    published.configure(CONFIG.replace('any_of = ["Sahel"]', 'any_of = ["Sahel"]\nnone_of = ["Niger"]').replace(
        'en: Sahel"', 'en: Sahel", Niger = "en: Niger"'))  # fmt: skip
    published.publish()
    assert len(published.archived("sahel")) == 3
    assert len(published.archived()) == 4
    published.configure(CONFIG)
    published.publish()
    assert published.files() == before


def test_deleted_output_is_written_again_to_the_byte(published: Published) -> None:
    listed(published.store, "Courier", numbered(range(250)))
    published.publish()
    listed(published.store, "Courier", [replace(each, title="Edited") for each in numbered(range(250))], NOW + HOUR)
    published.publish(NOW + HOUR)
    before = published.files()
    shutil.rmtree(published.config.output_dir)
    published.publish(NOW + HOUR)
    assert published.files() == before


MACHINES = (
    {"LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "0"},
    {"LC_ALL": "C.UTF-8", "TZ": "Asia/Vladivostok", "PYTHONHASHSEED": "4711"},
    {"LC_ALL": "fr_FR.UTF-8", "TZ": "America/Bogota", "PYTHONHASHSEED": "random"},
)


def test_equal_stores_give_equal_bytes_on_every_machine(published: Published, tmp_path: Path) -> None:
    listed(published.store, "Courier", numbered(range(250), language="fr"))
    published.publish()
    before = published.files()
    script = "import sys; from tests.test_archives import publish_again; publish_again(sys.argv[1])"
    for place, machine in enumerate(MACHINES):
        folder = tmp_path / str(place)
        folder.mkdir()
        shutil.copy(tmp_path / "config.toml", folder)
        with sqlite3.connect(tmp_path / "feeds.db") as store, sqlite3.connect(folder / "feeds.db") as copy:
            store.backup(copy)
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)} | machine
        subprocess.run([sys.executable, "-c", script, str(folder)], env=environment, check=True)
        output = folder / "output"
        found = {str(path.relative_to(output)): path.read_bytes() for path in output.rglob("*") if path.is_file()}
        assert {path: body for path, body in found.items() if not path.startswith("status/")} == before, machine


def publish_again(folder: str) -> None:
    """Publish the store in *folder* at the moment of these tests."""
    config = configuration.load(Path(folder, "config.toml"))
    with Store(config.store_url, NOW) as store:
        pipeline.publish_all(config, store, NOW)


def test_publishing_that_is_stopped_is_ended_by_the_next(published: Published) -> None:
    listed(published.store, "Courier", numbered(range(250)))
    stopped = threading.Event()
    stopped.set()
    assert pipeline.publish_all(published.config, published.store, NOW, stop=stopped) == ()
    published.publish()
    assert len(published.archived()) == 250


def test_window_and_entries_limit_the_subscription_feed_alone(published: Published) -> None:
    published.configure(CONFIG + '[publish]\nentries = 3\nwindow = "10d"\n')
    listed(published.store, "Courier", [*numbered(range(8)), article("old", published=NOW - 60 * DAY)])
    published.publish()
    feed = etree.fromstring(published.fetch(f"{BASE}all/atom.xml"))
    assert len(list(feed.iter(f"{ATOM}entry"))) == 3
    assert len(published.archived()) == 9


def test_undated_flood_of_a_new_source_is_in_the_archive_alone(published: Published) -> None:
    listed(published.store, "Courier", [article("first")])
    published.publish()
    listed(published.store, "Herald", [article(f"u{number:02}", published=None) for number in range(15)], NOW + HOUR)
    published.publish(NOW + HOUR)
    feed = etree.fromstring(published.fetch(f"{BASE}all/atom.xml"))
    assert len(list(feed.iter(f"{ATOM}entry"))) == 11
    assert len(published.archived()) == 16


def test_only_what_changed_is_made_again(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(published.store, "Courier", [*numbered(range(250), language="fr"), article("en", language="en")])
    published.publish()
    loaded: list[int] = []
    load = Store.load

    def counted(self: Store, pks: Sequence[int]) -> list[StoredArticle]:
        loaded.append(len(pks))
        return load(self, pks)

    monkeypatch.setattr(Store, "load", counted)
    assert published.publish() == ()
    assert loaded == []
    listed(published.store, "Courier", [article("en2", language="en")], NOW)
    written = set(published.publish())
    assert {"all/atom.xml", "all/lang/en/rss.xml", "all/archive/0002.atom.xml"} <= written
    assert not [path for path in written if path.startswith(("sahel/", "all/lang/fr/", "all/archive/0001"))]


def test_source_that_left_the_config_keeps_its_label_and_its_text_policy(published: Published) -> None:
    followed = source("Courier", control="state", text="link")
    state = published.store.sync_sources([followed])["Courier"]
    published.store.save([outcome(state, [article("a", content="<p>All rights reserved</p>")])], NOW)
    published.publish()
    published.configure(CONFIG + '[publish]\ntext = "full"\n')
    published.store.sync_sources([])
    published.publish()
    for path in ("all/atom.xml", "all/archive/0001.atom.xml", "all/rss.xml"):
        body = published.files()[path].decode()
        assert "state-controlled" in body, path
        assert "All rights reserved" not in body, path


def test_archives_can_be_left_out_with_atom(published: Published) -> None:
    published.configure(CONFIG + '[publish]\nformats = ["rss", "json"]\n')
    listed(published.store, "Courier", numbered(range(3)))
    published.publish()
    assert published.pages() == {}
    assert b"archive" not in published.files()["all/rss.xml"]


def test_every_format_names_the_archive(published: Published) -> None:
    listed(published.store, "Courier", numbered(range(3), language="en"))
    published.publish()
    last = f"{BASE}all/archive/0001.atom.xml".encode()
    for path in ("all/atom.xml", "all/rss.xml", "all/feed.json"):
        assert published.files()[path].count(last) == 1, path
    assert b"archive" not in published.files()["all/lang/en/atom.xml"]


def test_reading_without_articles_changes_no_file(published: Published) -> None:
    listed(published.store, "Courier", numbered(range(3)))
    published.publish()
    before = published.files()
    state = published.store.sync_sources([source("Courier")])["Courier"]
    empty = replace(outcome(state, [], NOW + HOUR), reading=Reading(ParsedFeed("rss20")))
    published.store.save([empty], NOW + HOUR)
    published.publish(NOW + HOUR)
    assert published.files() == before
