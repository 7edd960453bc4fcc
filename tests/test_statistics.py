"""The site's numbers: what is counted, that charts hold what their tables say, and that they change only with articles."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from lxml import html

from feeds.config import Config, load
from feeds.pipeline import publish_all
from feeds.render.charts import Chart, bars, lines
from feeds.store import Store
from tests.build import DAY, HOUR, NOW, article, listed, outcome

CONFIG = """
[site]
timezone = "Europe/Paris"
[topics.sahel]
title = "Sahel"
any_of = ["x"]
[[sources]]
url = "https://courier.example/feed"
name = "Courier"
[[sources]]
url = "https://delta.example/feed"
name = "Radio <Delta>"
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "config.toml").write_text(CONFIG)
    return load(tmp_path / "config.toml")


@pytest.fixture
def store(config: Config) -> Store:
    return Store(config.store_url, NOW)


def tables(config: Config, path: str) -> dict[str, list[list[str]]]:
    """The rows of a page's charts, by their titles."""
    page = html.document_fromstring((config.output_dir / path).read_text())
    return {
        str(figure.findtext("figcaption")): [[said(cell) for cell in row] for row in figure.iterfind(".//tbody/tr")]
        for figure in page.iter("figure")
    }


def said(element: html.HtmlElement) -> str:
    return "".join(map(str, element.itertext()))


def fill(config: Config, store: Store) -> None:
    states = store.sync_sources(config.sources)
    courier = [
        article("a", title="x here", language="fr"),
        article("b", language="ar", published=NOW - DAY),
        article("old", language="ru", published=NOW - 40 * DAY),
        article("early", published=(NOW - DAY).replace(hour=23, minute=30)),  # 00:30 of the 24th in Paris
    ]
    delta = [article("c", url="https://delta.example/c", language="fr")]
    store.save([outcome(states["Courier"], courier), outcome(states["Radio <Delta>"], delta)], NOW)
    publish_all(config, store, NOW)


def test_counts_are_those_of_thirty_days_of_the_site(config: Config, store: Store) -> None:
    fill(config, store)
    found = tables(config, "all/statistics.html")
    assert found["Outlets"] == [["Courier", "3"], ["Radio ‹Delta›", "1"]]
    assert found["Languages"] == [["French", "2"], ["Arabic", "1"]]
    assert len(found["Articles a day"]) == 30
    assert found["Articles a day"][-1] == ["24 Nov", "1"]  # the topic's
    sahel = tables(config, "sahel/statistics.html")
    assert sahel["Outlets"] == [["Courier", "1"]]
    assert sum(int(row[1]) for row in sahel["Articles a day"]) == 1
    page = html.document_fromstring((config.output_dir / "all/statistics.html").read_text())
    assert "26 Oct 2026 – 24 Nov 2026 · 4 articles" in said(page)


def test_hidden_article_is_not_counted(config: Config, store: Store) -> None:
    fill(config, store)
    found = next(each for each in store.articles() if each.title == "x here")
    store.hide(found.id, NOW)
    publish_all(config, store, NOW)
    assert tables(config, "all/statistics.html")["Outlets"] == [["Courier", "2"], ["Radio ‹Delta›", "1"]]
    assert tables(config, "sahel/statistics.html") == {}


def test_without_new_articles_nothing_is_drawn_again(config: Config, store: Store) -> None:
    fill(config, store)
    assert publish_all(config, store, NOW + HOUR) == ()
    listed(store, "Courier", [article("new", published=NOW)], NOW + HOUR)
    written = publish_all(config, store, NOW + 2 * HOUR)
    assert "all/statistics.html" in written
    assert "sahel/statistics.html" not in written


def test_topic_without_articles_has_a_page_that_says_so(config: Config, store: Store) -> None:
    publish_all(config, store, NOW)
    page = html.document_fromstring((config.output_dir / "sahel/statistics.html").read_text())
    assert "No articles yet." in said(page)


def test_freshness_counts_the_sources_by_their_last_change(config: Config, store: Store) -> None:
    fill(config, store)
    rows = tables(config, "status/freshness.html")["Time since a source’s last change"]
    names = ["a day or less", "up to a week", "up to a month", "longer", "never yet"]
    assert rows == [[name, "2" if name == "a day or less" else "0"] for name in names]
    publish_all(config, store, NOW + 3 * DAY)
    rows = tables(config, "status/freshness.html")["Time since a source’s last change"]
    assert rows == [[name, "2" if name == "up to a week" else "0"] for name in names]


def test_bars_are_drawn_in_the_order_given_where_that_means_something() -> None:
    counts = {"today": 1, "this week": 7, "later": 3}
    assert [name for name, _ in bars("Ages", ("Age", "Sources"), counts, in_order=True).rows] == list(counts)
    assert [name for name, _ in bars("Ages", ("Age", "Sources"), counts).rows] == ["this week", "later", "today"]


def chart_svg(chart: Chart) -> html.HtmlElement:
    return html.fragment_fromstring(chart.svg)


def test_picture_has_an_alternative_and_nothing_of_another_day() -> None:
    counts = {"Radio <Delta>": 3, "Courier & Sons": 5} | {f"Outlet {number}": 1 for number in range(20)}
    chart = bars("Outlets", ("Outlet", "Articles"), counts)
    assert [row[1] for row in chart.rows[:3]] == [5, 3, 1]
    assert len(chart.rows) == 22
    svg = chart_svg(chart)
    assert svg.get("role") == "img"
    assert str(svg.get("aria-label")).startswith("Outlets: Courier & Sons 5, Radio ‹Delta› 3")
    assert [each.text for each in svg.iterfind(".//g[@class='axis y']//text")][-2:] == [
        "Radio ‹Delta›",
        "Courier & Sons",
    ]
    assert len(svg.findall(".//rect[@class='rect reactive tooltip-trigger']")) == 15
    assert "pygal.org" not in chart.svg
    assert not [each for each in svg.iter() if each.tag in ("script", "style") or each.get("style") or each.get("id")]
    assert chart == bars("Outlets", ("Outlet", "Articles"), dict(reversed(counts.items())))


def test_lines_have_one_for_each_series() -> None:
    labels = [f"{day} Nov" for day in range(1, 31)]
    chart = lines("A day", "Day", labels, {"Sahel": range(30), "Russia–Africa": [0] * 30})
    assert chart.head == ("Day", "Sahel", "Russia–Africa")
    assert chart.rows[-1] == ("30 Nov", 29, 0)
    assert "Sahel 435, 30 Nov 29" in str(chart_svg(chart).get("aria-label"))
    assert len(chart_svg(chart).findall(".//g[@class='legends']//text")) == 2


def test_status_page_says_who_is_silent_and_how_the_days_went(config: Config, store: Store) -> None:
    fill(config, store)
    publish_all(config, store, NOW + timedelta(days=31))
    page = html.document_fromstring((config.output_dir / "status/index.html").read_text())
    sections = {str(each.findtext("h2")): said(each) for each in page.iter("section")}
    assert "nothing in it has changed for 30 days" in sections["Sources in trouble or silent"]
    assert "Next check" in sections["Sources"]
    publish_all(config, store, NOW + HOUR)
    page = html.document_fromstring((config.output_dir / "status/index.html").read_text())
    (days,) = [each for each in page.iter("section") if each.findtext("h2") == "The last days"]
    assert [[said(cell) for cell in row] for row in days.iterfind(".//tbody/tr")] == [
        ["2026-11-24", "2", "0", "5", "0"]
    ]
