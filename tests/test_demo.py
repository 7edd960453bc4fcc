"""The demo, whole: its origin is what the tests of the whole way use, too."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest

from feeds import config as configuration
from feeds import export, pipeline
from feeds.demo import Origin, config_toml, expected, tables
from feeds.demo.command import run_demo
from feeds.model import StoredArticle
from feeds.opml import read_opml
from feeds.pipeline import RefreshResult
from feeds.store import Selection, Store
from tests.validity.checks import check_document

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Run:
    """Two refreshes of the demo's sources, and what came of them."""

    def __init__(self, folder: Path) -> None:
        with Origin(NOW) as origin:
            (folder / "config.toml").write_text(config_toml(origin.url))
            self.config = configuration.load(folder / "config.toml")
            with Store(self.config.store_url, NOW) as store:
                self.first = pipeline.refresh(self.config, store, NOW, force=True)
                self.before = self.rows(store)
                self.again = pipeline.refresh(self.config, store, NOW + timedelta(minutes=1), force=True)
                origin.advance()
                self.second = pipeline.refresh(self.config, store, NOW + timedelta(hours=1), force=True)
                self.after = self.rows(store)
                self.topics = {topic: self.selected(store, topic) for topic in self.config.topics}
            self.requests = origin.requests

    def rows(self, store: Store) -> dict[str, dict[str, Any]]:
        return {str(article.guid or article.link): export.row(article) for article in store.articles()}

    def selected(self, store: Store, topic: str) -> list[StoredArticle]:
        return store.select(Selection(topic, NOW - timedelta(days=30), NOW + timedelta(hours=1), 1000))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("demo"))


def failed(result: RefreshResult) -> set[str]:
    return {failure.source for failure in result.failed}


def test_demo_has_what_it_is_to_show() -> None:
    assert len(tables()) >= 12
    assert {table["language"] for table in tables().values()} >= {"en", "fr", "ru", "ar", "pt"}


def test_each_failure_costs_only_its_source(run: Run) -> None:
    assert failed(run.first) == {"Gone Tribune", "Welcome Page", "Slow Post", "Half Sent"}
    assert run.first.fetched == len(tables()) - 4
    assert "half-passport" in run.after


def test_second_look_finds_nothing_new(run: Run) -> None:
    assert (run.again.new, run.again.updated, run.again.published) == (0, 0, ())


def test_second_edition_brings_what_is_new_and_what_was_edited(run: Run) -> None:
    assert run.second.new == 1
    assert set(run.after) - set(run.before) == {"courier-border-post"}
    djibo = "tag:agence-rive.example,2026:djibo"
    assert run.after[djibo]["title"] == "Burkina Faso : les écoles de Djibo rouvrent leurs portes"
    assert run.after[djibo]["updated"] > run.before[djibo]["updated"]
    assert run.after[djibo]["published"] == run.before[djibo]["published"]
    unchanged = [guid for guid in run.before if guid not in (djibo, "courier-mali-moscow", "world-1001")]
    assert [run.after[guid] for guid in unchanged] == [run.before[guid] for guid in unchanged]


def test_two_feeds_of_one_outlet_make_one_article_that_names_both(run: Run) -> None:
    (row,) = [row for row in run.after.values() if row["url"] == "https://sahel-courier.example/mali-moscow"]
    assert {row["source"]["name"], *(source["name"] for source in row["also"])} == {
        "Sahel Courier",
        "Sahel Courier: World",
    }


def test_page_in_a_feed_gives_title_byline_and_clean_body(run: Run) -> None:
    row = run.after["plain-times-77"]
    assert row["title"] == "Mali's Leader Visits Russian President After Leaving West African Bloc"
    assert row["authors"] == ["Caroline Brook"]
    assert not [word for word in ("News<", "Leave a Reply", "By Caroline", "<h1") if word in row["content"]]


def test_dates_and_languages_are_right_in_every_source(run: Run) -> None:
    assert run.after["volga-zerno"]["published"] == "2026-11-23T08:00:00Z"
    assert run.after["bareed-nouakchott"]["published"] == "2026-11-23T05:00:00Z"
    assert run.after["https://tchad-matin.example/ndjamena-pont"]["published"] == "2026-11-23T18:00:00Z"
    assert run.after["https://old-gazette.example/timbuktu"]["published"] is None
    languages = {row["source"]["name"]: row["language"] for row in run.after.values()}
    assert (languages["Agence Rive"], languages["بريد الصحراء"], languages["Labarin Hausa"]) == ("fr", "ar", "ha")


def test_topics_have_exactly_what_belongs_to_them(run: Run) -> None:
    belongs = expected() | {"courier-mali-moscow": expected()["world-1001"]}
    assert run.topics.keys() == {"sahel", "russia-africa"}
    for topic, articles in run.topics.items():
        found = {str(article.guid or article.link) for article in articles}
        listed = {guid for guid, names in belongs.items() if topic in names and guid in run.after}
        assert found == listed, topic


def test_servers_that_offer_validators_answer_304(run: Run) -> None:
    offering = {f"/{path}" for path, table in tables().items() if table.get("validators") and "answers" not in table}
    answers = {path: [status for asked, _, status in run.requests if asked == path] for path in offering}
    changed = {"/sahel-courier", "/agence-rive"}
    assert {
        path: statuses for path, statuses in answers.items() if statuses != [200, 304, 200 if path in changed else 304]
    } == {}


def test_gone_source_is_asked_once(run: Run) -> None:
    assert [status for path, _, status in run.requests if path == "/gone-tribune"] == [410]


def test_everything_published_is_valid(run: Run) -> None:
    output = run.config.output_dir
    files = [path for path in output.rglob("*") if path.is_file()]
    assert len(files) >= 14
    for path in files:
        name = str(path.relative_to(output))
        assert (
            check_document(name, path.read_bytes(), run.config.site.base_url + name, NOW + timedelta(days=1)) == []
        ), name
    for path in output.rglob("*.xml"):
        assert not feedparser.parse(path.read_bytes()).bozo


def test_feeds_opml_names_every_feed_that_there_is(run: Run) -> None:
    output = run.config.output_dir
    base = run.config.site.base_url
    named = {outline.url for outline in read_opml((output / "feeds.opml").read_bytes())}
    assert named == {base + str(path.relative_to(output)) for path in output.rglob("atom.xml")}


def test_command_tells_what_it_did_and_can_run_again(tmp_path: Path) -> None:
    for _ in range(2):
        lines: list[str] = []
        run_demo(tmp_path / "demo", lines.append)
        told = "\n".join(lines)
        assert "19 invented sources" in told
        assert "Mali" in told
        assert str(tmp_path / "demo" / "output" / "index.html") in told
    items = json.loads((tmp_path / "demo/output/all/feed.json").read_text())["items"]
    assert len({item["id"] for item in items}) == len(items) == len({item["title"] for item in items})
