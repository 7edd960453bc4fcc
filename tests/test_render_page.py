"""Pages: what a person finds on them, and that sources have no say in their markup."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from lxml import html
from msgspec.structs import replace

from feeds.config import Publish, Site
from feeds.render import OutputFeed, RenderSettings, front_page, render_feed, render_status, search_page
from tests.validity.checks import check_document
from tests.validity.samples import BASE, NOW, arabic_article, article, output_feed, settings


def page(feed: OutputFeed, how: RenderSettings | None = None) -> html.HtmlElement:
    body = render_feed(feed, how or settings())[-1].body
    return html.document_fromstring(body.decode())


def test_title_leads_to_the_original_article() -> None:
    link = page(output_feed(article(1))).find(".//article/h3/a")
    assert link is not None
    assert (link.get("href"), link.text_content()) == (article(1).url, article(1).title)


def test_outlet_control_date_and_the_others_stand_under_the_title() -> None:
    about = page(output_feed(article(1))).find(".//article/p[@class='about']")
    assert about is not None
    assert about.text_content() == (
        "Le Courrier du Fleuve state-controlled · 24 Nov 2026, 11:00 UTC · also in Radio Delta"
    )


def test_article_without_a_date_says_when_it_was_first_seen() -> None:
    undated = article(2, published=None, also=(), first_seen=NOW - timedelta(hours=3), updated=NOW)
    about = page(output_feed(article(1), undated)).findall(".//article/p[@class='about']")[1]
    assert about.text_content().endswith("· First seen 24 Nov 2026, 09:00 UTC")
    front = html.document_fromstring(front_page([output_feed(article(1), undated)], settings()).body.decode())
    lines = ["".join(map(str, each.itertext())) for each in front.findall(".//li/span[@class='about']")]
    assert [line.partition(" · ")[0] for line in lines] == ["11:00", "First seen 24 Nov 2026, 09:00 UTC"]


def test_article_without_a_date_below_an_older_one_begins_no_day_of_its_own() -> None:
    older = article(1, published=NOW - timedelta(days=2))
    undated = article(2, published=None, first_seen=NOW)
    last = article(3, published=NOW - timedelta(days=3))
    made = page(output_feed(older, undated, last))
    days = [each.get("datetime") for each in made.findall(".//section/h2/time")]
    assert days == ["2026-11-22", "2026-11-21"]


def test_each_article_says_its_language_and_direction() -> None:
    found = page(output_feed(article(1), arabic_article(2))).findall(".//article")
    assert [(each.get("lang"), each.get("dir")) for each in found] == [("fr", "ltr"), ("ar", "rtl")]


def test_page_says_where_to_subscribe() -> None:
    links = page(output_feed()).findall(".//head/link[@type]")
    assert [(each.get("rel"), each.get("type"), each.get("href")) for each in links] == [
        ("alternate", "application/atom+xml", "atom.xml"),
        ("alternate", "application/rss+xml", "rss.xml"),
        ("alternate", "application/feed+json", "feed.json"),
    ]


def test_only_published_formats_are_offered() -> None:
    how = replace(settings(), publish=Publish(formats=("rss", "html")))
    assert [link.get("href") for link in page(output_feed(), how).findall(".//head/link[@type]")] == ["rss.xml"]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</title><b>x"])
def test_markup_of_a_source_is_shown_and_not_run(text: str) -> None:
    feed = output_feed(article(1, title=text, summary=text, authors=(text,)), title=text, description=text)
    made = page(feed)
    assert made.find(".//script") is None
    assert made.find(".//img") is None
    assert text in (made.findtext(".//article/p[2]") or "")


def test_page_in_french() -> None:
    how = replace(settings(), site=Site(title="Fils", language="fr", timezone="Africa/Niamey"))
    made = page(output_feed(article(1)), how)
    assert made.get("lang") == "fr"
    assert "contrôlé par l’État · 24 nov. 2026, 12:00 WAT" in made.text_content()


def test_a_long_feed_goes_on_in_headlines_and_stays_light() -> None:
    long = [article(number, summary="Слова " * 60, content="") for number in range(1, 300)]
    made = render_feed(output_feed(*long), settings())[-1].body
    assert len(made) < 100_000
    shown = html.document_fromstring(made.decode()).findall(".//article")
    assert len(shown) == 100
    assert [each.get("class") for each in shown] == [None] * 25 + ["brief"] * 75
    assert all(each.find(".//a[@href]") is not None for each in shown)


def test_every_page_leads_to_all_topics_and_marks_its_own() -> None:
    nav = page(output_feed(article(1), path="sahel/lang/fr")).find(".//header/nav")
    assert nav is not None
    links = [("".join(map(str, link.itertext())), link.get("href"), link.get("aria-current")) for link in nav.iter("a")]
    assert links == [("Sahel", "../../../sahel/index.html", "true"), ("All articles", "../../../all/index.html", None)]


def test_front_page_shows_of_each_topic_a_lead_with_its_summary_then_headlines() -> None:
    feeds = [output_feed(*(article(number, summary=f"Said {number}", content="") for number in range(1, 15)))]
    made = html.document_fromstring(front_page(feeds, settings()).body.decode())
    shown = made.findall(".//ul[@class='headlines']/li")
    assert len(shown) == 10
    assert [each.findtext("p") for each in shown] == ["Said 1"] + [None] * 9


def test_search_page_lists_what_one_can_choose_and_keeps_what_was_chosen() -> None:
    filters = {"lang": "fr", "country": "xx", "since": "2026-01-01", "topic": None, "source": '"›x', "until": None}
    paths = ["all", "all/country/ml", "all/lang/ar", "all/lang/fr", "sahel/lang/ru"]
    body = search_page(output_feed(path="search"), settings(), "mali", filters, "q=mali", "", paths)
    made = html.document_fromstring(body.decode())
    chosen = {each.get("name"): each.get("value") for each in made.findall(".//main//input")}
    assert chosen == {"q": "mali", "source": '"›x', "since": "2026-01-01", "until": ""}
    options = {
        each.get("name"): [(option.get("value"), option.get("selected") is not None) for option in each]
        for each in made.findall(".//main//select")
    }
    assert options == {
        "topic": [("", False), ("sahel", False)],
        "lang": [("", False), ("ar", False), ("fr", True)],
        "country": [("", False), ("ml", False), ("xx", True)],
    }
    assert "Nothing was found." in body.decode()


def test_empty_feed_has_a_page_that_says_so() -> None:
    assert "No articles yet." in page(output_feed()).text_content()


def test_front_page_lists_every_feed() -> None:
    feeds = [output_feed(article(1)), output_feed(path="all", title="Feeds", description="")]
    made = html.document_fromstring(front_page(feeds, settings()).body.decode())
    assert [link.get("href") for link in made.findall(".//section/h2/a")] == ["sahel/index.html", "all/index.html"]
    assert [link.get("href") for link in made.findall(".//head/link")][:2] == ["sahel/atom.xml", "sahel/rss.xml"]


def test_status_is_rows_in_json_and_on_a_page() -> None:
    rows = [{"name": "Courrier <1>", "health": "ok", "next_check": NOW + timedelta(hours=1), "countries": ["ML", "NE"]}]
    status, shown = render_status(rows, settings(), NOW, [{"day": "2026-11-24", "new": 3}])
    assert (status.path, shown.path) == ("status/status.json", "status/index.html")
    assert json.loads(status.body) == {
        "generated": "2026-11-24T12:00:00Z",
        "sources": [
            {"name": "Courrier <1>", "health": "ok", "next_check": "2026-11-24T13:00:00Z", "countries": ["ML", "NE"]}
        ],
        "days": [{"day": "2026-11-24", "new": 3}],
    }
    cells = ["".join(map(str, cell.itertext())) for cell in html.document_fromstring(shown.body.decode()).iter("td")]
    assert cells == [
        "Courrier <1>",
        "well",
        "",
        "",
        "24 Nov 2026, 13:00 UTC",
        "",
        "",
        "",
        "2026-11-24",
        "",
        "",
        "3",
        "",
    ]
    assert check_document(shown.path, shown.body, BASE + shown.path, NOW) == []


def test_many_sources_stand_on_pages_of_a_hundred() -> None:
    rows = [{"name": f"Source {number}", "health": "failing", "error": "timed out"} for number in range(1, 251)]
    _, *pages = render_status(rows, settings(), NOW)
    assert [page.path for page in pages] == ["status/index.html", "status/2.html", "status/3.html"]
    shown = [name for page in pages for name in re.findall("<bdi>(Source [0-9]+)</bdi>", page.body.decode())]
    assert shown == [f"Source {number}" for number in [*range(1, 101), *range(1, 251)]]
    assert max(len(page.body) for page in pages) < 100_000
    links = html.document_fromstring(pages[1].body.decode()).findall(".//main/nav//a")
    assert [(link.get("rel"), link.get("href")) for link in links] == [
        ("prev", "../status/index.html"),
        ("next", "../status/3.html"),
    ]


def test_status_without_pages_is_json_alone() -> None:
    how = replace(settings(), publish=Publish(formats=("atom",)))
    assert [document.path for document in render_status([], how, NOW)] == ["status/status.json"]
