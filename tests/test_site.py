"""The site as `publish` writes it: what is on its pages, and that only what changed is written."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from lxml import html

from feeds.config import Config, load
from feeds.model import StoredArticle
from feeds.pipeline import publish_all
from feeds.store import Store
from tests.build import DAY, HOUR, NOW, article, listed, source

CONFIG = """
[site]
timezone = "Europe/Paris"
[topics.sahel]
title = "Sahel"
any_of = ["مالي"]
[[sources]]
url = "https://courier.example/feed"
name = "Courier"
control = "state"
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "config.toml").write_text(CONFIG)
    return load(tmp_path / "config.toml")


@pytest.fixture
def store(config: Config, tmp_path: Path) -> Store:
    return Store(config.store_url, NOW)


def pages(config: Config) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in (config.output_dir / "articles").glob("*.html")}


def only(store: Store) -> StoredArticle:
    (found,) = store.articles()
    return found


def test_page_says_whose_it_is_when_and_why(config: Config, store: Store) -> None:
    text = "<p>Summary <img src='https://x.example/i'></p>"
    found = article("a", title="مالي", language="ar", content=text, authors=("A. B.",))
    listed(store, "Courier", [found])
    publish_all(config, store, NOW)
    ((name, body),) = pages(config).items()
    assert f"urn:uuid:{name}" == only(store).id
    page: html.HtmlElement = html.document_fromstring(body.decode())
    heading = page.find(".//h1")
    assert heading is not None
    assert (heading.get("lang"), heading.get("dir"), heading.text_content()) == ("ar", "rtl", "مالي")
    assert next(link.get("href") for link in page.findall(".//main//a")) == "https://courier.example/a"
    text = " ".join(page.text_content().split())
    for words in ("state-controlled", "By A. B.", "24 Nov 2026, 12:00 CET (24 Nov 2026, 11:00 UTC)", "Summary",
                  "مالي: “مالي” (in the headline)"):  # fmt: skip
        assert words in text
    assert page.find(".//img") is None


def test_second_publishing_writes_and_loads_nothing(config: Config, store: Store) -> None:
    listed(store, "Courier", [article("a")])
    assert [path for path in publish_all(config, store, NOW) if path.startswith("articles/")]
    assert publish_all(config, store, NOW) == ()
    assert store.page_tasks(10) == []


def test_only_the_edited_page_is_written(config: Config, store: Store) -> None:
    listed(store, "Courier", [article("a"), article("b")])
    publish_all(config, store, NOW)
    listed(store, "Courier", [article("a", title="Other words"), article("b")], NOW + HOUR)
    written = [path for path in publish_all(config, store, NOW + HOUR) if path.startswith("articles/")]
    assert len(written) == 1
    assert b"Other words" in (config.output_dir / written[0]).read_bytes()


def test_hidden_article_has_no_page_until_it_is_shown_again(config: Config, store: Store) -> None:
    listed(store, "Courier", [article("a")])
    publish_all(config, store, NOW)
    before = pages(config)
    found = only(store)
    store.hide(found.id, NOW)
    publish_all(config, store, NOW)
    assert pages(config) == {}
    store.hide(found.id, None)
    publish_all(config, store, NOW)
    assert pages(config) == before


def test_page_of_what_retention_deletes_goes(config: Config, store: Store) -> None:
    listed(store, "Courier", [article("a")])
    publish_all(config, store, NOW)
    assert store.retire(NOW, []) == 1
    publish_all(config, store, NOW)
    assert pages(config) == {}
    assert store.dead_pages() == []


def test_pages_that_somebody_removed_come_back(config: Config, store: Store) -> None:
    listed(store, "Courier", [article("a"), article("b")])
    publish_all(config, store, NOW)
    before = pages(config)
    (config.output_dir / "articles" / f"{next(iter(before))}.html").unlink()
    publish_all(config, store, NOW)
    assert pages(config) == before


def test_changed_label_reaches_every_page(config: Config, store: Store) -> None:
    listed(store, "Courier", [article("a"), article("b")])
    publish_all(config, store, NOW)
    changed = msgspec.structs.replace(config, sources=(source("Courier", control="state-linked"),))
    publish_all(changed, store, NOW)
    assert [b"state-linked" in body for body in pages(config).values()] == [True, True]


def test_without_pages_ours_go_and_others_files_stay(config: Config, store: Store) -> None:
    listed(store, "Courier", [article("a")])
    publish_all(config, store, NOW)
    (config.output_dir / "articles" / "own.html").write_text("mine")
    feeds_only = msgspec.structs.replace(config, publish=msgspec.structs.replace(config.publish, formats=("atom",)))
    publish_all(feeds_only, store, NOW)
    assert set(pages(config)) == {"own"}


def test_topic_page_leads_to_languages_countries_and_months(config: Config, store: Store) -> None:
    old = article("old", title="مالي 2", language="fr", published=NOW - 40 * DAY)
    listed(store, "Courier", [article("a", title="مالي", language="ar"), old])
    publish_all(config, store, NOW)
    page: html.HtmlElement = html.parse(config.output_dir / "sahel/index.html").getroot()
    names = {link.text_content(): link.get("href") for nav in page.findall(".//nav") for link in nav.findall(".//a")}
    assert names["Arabic"] == "../sahel/lang/ar/index.html"
    assert names["November 2026"] == "../sahel/2026/11/1.html"
    month: html.HtmlElement = html.parse(config.output_dir / "all/2026/11/1.html").getroot()
    assert [each.text_content() for each in month.findall(".//article/h3")] == ["مالي"]
    (older,) = (link.get("href") for link in month.findall(".//a[@rel='next']"))
    assert older == "../../../all/2026/10/1.html"


def test_months_stand_in_pages_of_a_hundred_and_only_the_newest_changes(config: Config, store: Store) -> None:
    first = [article(f"n{n}", published=NOW - HOUR * n) for n in range(150)]
    listed(store, "Courier", first)
    publish_all(config, store, NOW)
    listed(store, "Courier", [*first, article("new", published=NOW)], NOW + HOUR)
    written = publish_all(config, store, NOW + HOUR)
    assert [path for path in written if path.startswith("all/2026/")] == ["all/2026/11/2.html"]
    body = (config.output_dir / "all/2026/11/2.html").read_bytes()
    assert body.count(b"<article") == 51
    assert body.count(b"<h2><time") == 3


def test_hidden_article_leaves_its_month(config: Config, store: Store) -> None:
    listed(store, "Courier", [article("a"), article("b")])
    publish_all(config, store, NOW)
    store.hide(next(store.articles()).id, NOW)
    publish_all(config, store, NOW)
    assert (config.output_dir / "all/2026/11/1.html").read_bytes().count(b"<article") == 1


def test_about_page_says_what_a_topic_asks_for(config: Config, store: Store) -> None:
    publish_all(config, store, NOW)
    text = (config.output_dir / "about.html").read_text()
    assert "<bdi>Sahel</bdi>" in text
    assert "<bdi>مالي</bdi>" in text


def test_subscribe_page_has_the_address_of_every_feed(config: Config, store: Store) -> None:
    publish_all(config, store, NOW)
    page: html.HtmlElement = html.parse(config.output_dir / "subscribe.html").getroot()
    links = {link.get("href") for link in page.findall(".//section//a")}
    assert links == {
        f"http://127.0.0.1:8000/{topic}/{name}"
        for topic in ("sahel", "all")
        for name in ("atom.xml", "rss.xml", "feed.json")
    }


@pytest.mark.parametrize(
    "path", ["index.html", "about.html", "subscribe.html", "status/index.html", "all/2026/11/1.html"]
)
def test_every_page_names_a_feed_that_is_there(config: Config, store: Store, path: str) -> None:
    listed(store, "Courier", [article("a")])
    publish_all(config, store, NOW)
    page: html.HtmlElement = html.parse(config.output_dir / path).getroot()
    feeds = [str(link.get("href")) for link in page.findall(".//head/link[@rel='alternate']")]
    assert feeds
    assert all((config.output_dir / path).parent.joinpath(feed).resolve().is_file() for feed in feeds)
