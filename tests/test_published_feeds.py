"""What stands in published feeds and pages, from a source's bytes over HTTP to the files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from lxml import etree, html

from feeds import config as configuration
from feeds import pipeline
from feeds.order import led_by_dated
from feeds.store import Store
from tests.archive_reader import ATOM
from tests.build import DAY, HOUR, NOW
from tests.web import Page, Web

CONFIG = """
[fetch]
allow_private_networks = true
[publish]
text = "full"
[[sources]]
url = "{url}/dated"
name = "Dated"
language = "en"
[[sources]]
url = "{url}/undated"
name = "Undated"
language = "en"
"""
HOURS = "Tue, 24 Nov 2026 {:02}:00:00 GMT"


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


def feed(*items: tuple[str, int | None], head: str = "") -> Page:
    """An RSS feed of items, by their names and the hours of the day that they are dated by."""
    written = "".join(
        f"<item><guid isPermaLink='false'>{name}</guid><title>{name}</title><link>https://paper.example/{name}</link>"
        f"<description>&lt;p&gt;On {name}.&lt;/p&gt;</description>"
        + ("" if hour is None else f"<pubDate>{HOURS.format(hour)}</pubDate>")
        + "</item>"
        for name, hour in items
    )
    return Page(f"<rss version='2.0'><channel><title>Paper</title>{head}{written}</channel></rss>".encode())


class Site:
    """A folder with two sources, and what is published of them."""

    def __init__(self, folder: Path, web: Web) -> None:
        (folder / "config.toml").write_text(CONFIG.format(url=web.url("")))
        self.config = configuration.load(folder / "config.toml")

    def refresh(self, at: datetime = NOW) -> tuple[str, ...]:
        with Store(self.config.store_url, NOW) as store:
            return pipeline.refresh(self.config, store, at, force=True).published

    def read(self, path: str) -> bytes:
        return (self.config.output_dir / path).read_bytes()

    def titles(self, path: str) -> list[str | None]:
        if path.endswith(".html"):
            articles = html.document_fromstring(self.read(path).decode()).findall(".//article/h3")
            return ["".join(map(str, each.itertext())) for each in articles]
        return [each.findtext(f"{ATOM}title") for each in etree.fromstring(self.read(path)).iter(f"{ATOM}entry")]


@pytest.fixture
def site(tmp_path: Path, web: Web) -> Site:
    web.pages |= {"/dated": feed(("nine", 9), ("eight", 8)), "/undated": feed(("old", None), ("older", None))}
    return Site(tmp_path, web)


@pytest.mark.parametrize("path", ["all/atom.xml", "all/index.html", "all/2026/11/1.html", "all/lang/en/atom.xml"])
def test_undated_article_does_not_lead_what_it_comes_with(site: Site, path: str) -> None:
    site.refresh()
    found = site.titles(path)
    assert found[0] == "nine"
    assert set(found) == {"nine", "eight", "old", "older"}


def test_undated_article_that_comes_later_does_not_lead_either_and_keeps_its_place(site: Site, web: Web) -> None:
    web.pages["/undated"] = feed()
    site.refresh()
    web.pages["/undated"] = feed(("old", None))
    site.refresh(NOW + HOUR)
    assert site.titles("all/atom.xml") == ["nine", "old", "eight"]
    web.pages["/dated"] = feed(("fourteen", 14), ("nine", 9), ("eight", 8))
    site.refresh(NOW + 3 * HOUR)
    assert site.titles("all/atom.xml") == ["fourteen", "old", "nine", "eight"]
    assert site.refresh(NOW + 4 * HOUR) == ()


def test_feed_of_undated_articles_alone_is_in_order_of_first_sight(site: Site, web: Web) -> None:
    web.pages |= {"/dated": feed(), "/undated": feed(("one", None))}
    site.refresh()
    web.pages["/undated"] = feed(("one", None), ("two", None))
    site.refresh(NOW + HOUR)
    assert site.titles("all/atom.xml") == ["two", "one"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [("", ""), ("a1", "a1"), ("b2 a1", "a1 b2"), ("c3 b2 a1 d a2", "a1 c3 b2 d a2"), ("b2 c3", "b2 c3")],
)
def test_first_dated_one_goes_before_all_others_stay(given: str, shown: str) -> None:
    assert led_by_dated(given.split(), lambda each: each.startswith("a")) == shown.split()


def sources_of(site: Site) -> list[dict[str, str | None]]:
    """What each atom:source says of the feed at /dated."""
    entries = etree.fromstring(site.read("all/atom.xml")).findall(f"{ATOM}entry")
    found = [entry.find(f"{ATOM}source") for entry in entries]
    said = [{name: each.findtext(f"{ATOM}{name}") for name in ("id", "updated")} for each in found if each is not None]
    return [each for each in said if str(each["id"]).endswith("/dated")]


@pytest.mark.parametrize(
    ("head", "updated"),
    [
        (f"<lastBuildDate>{HOURS.format(11)}</lastBuildDate>", "2026-11-24T11:00:00Z"),
        (f"<pubDate>{HOURS.format(10)}</pubDate>", "2026-11-24T10:00:00Z"),
        ("<lastBuildDate>some day</lastBuildDate>", "2026-11-24T09:00:00Z"),
        (f"<lastBuildDate>{HOURS.format(23)}</lastBuildDate>", "2026-11-24T09:00:00Z"),
    ],
    ids=["last build", "published", "no date", "future"],
)
def test_rss_source_is_known_by_its_address_and_dated_as_it_says(site: Site, web: Web, head: str, updated: str) -> None:
    web.pages["/dated"] = feed(("nine", 9), head=head)
    site.refresh()
    assert sources_of(site) == [{"id": web.url("/dated"), "updated": updated}]


def test_source_s_date_is_that_of_the_document_that_brought_the_article(site: Site, web: Web) -> None:
    web.pages["/dated"] = feed(("nine", 9), head=f"<lastBuildDate>{HOURS.format(10)}</lastBuildDate>")
    site.refresh()
    page = site.read("all/archive/0001.atom.xml")
    web.pages["/dated"] = feed(("nine", 9), head=f"<lastBuildDate>{HOURS.format(15)}</lastBuildDate>")
    assert site.refresh(NOW + DAY) == ()
    assert [each["updated"] for each in sources_of(site)] == ["2026-11-24T10:00:00Z"]
    assert site.read("all/archive/0001.atom.xml") == page
