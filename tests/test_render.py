"""What a feed says, in every format; golden pairs are in tests/data/render/."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree
from msgspec.structs import replace

from feeds.config import Publish
from feeds.model import Enclosure, Evidence, Place, SourceRef, TopicMatch
from feeds.render import OutputFeed, RenderSettings, render_feed
from tests.validity.checks import check_document
from tests.validity.samples import BASE, COURIER, NOW, arabic_article, article, output_feed, settings

GOLDEN = Path(__file__).with_name("data") / "render"
ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
GEORSS = "{http://www.georss.org/georss}"
MEDIA = "{http://search.yahoo.com/mrss/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def documents(feed: OutputFeed, how: RenderSettings | None = None) -> dict[str, bytes]:
    """The documents of *feed*, by the last part of their path."""
    return {document.path.rpartition("/")[2]: document.body for document in render_feed(feed, how or settings())}


def atom(feed: OutputFeed, how: RenderSettings | None = None) -> etree._Element:
    return etree.fromstring(documents(feed, how)["atom.xml"])


def atom_entry(feed: OutputFeed, how: RenderSettings | None = None) -> etree._Element:
    entry = atom(feed, how).find(f"{ATOM}entry")
    assert entry is not None
    return entry


def channel(feed: OutputFeed, how: RenderSettings | None = None) -> etree._Element:
    return etree.fromstring(documents(feed, how)["rss.xml"])[0]


def rss_item(feed: OutputFeed, how: RenderSettings | None = None) -> etree._Element:
    item = channel(feed, how).find("item")
    assert item is not None
    return item


def json_feed(feed: OutputFeed, how: RenderSettings | None = None) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(documents(feed, how)["feed.json"])
    return value


def links(parent: etree._Element) -> list[tuple[str | None, str | None, str | None]]:
    return [(link.get("rel"), link.get("type"), link.get("href")) for link in parent.findall(f"{ATOM}link")]


@pytest.mark.parametrize("name", ["atom.xml", "rss.xml", "feed.json", "index.html"])
def test_documents_are_the_golden_ones(name: str) -> None:
    feed = output_feed(article(1), arabic_article(2))
    assert documents(feed)[name].decode() == (GOLDEN / name).read_text("utf-8")


@pytest.mark.parametrize("text", ["full", "summary", "link"])
@pytest.mark.parametrize("articles", [(), (article(1), arabic_article(2))], ids=["empty", "two"])
def test_documents_are_valid_where_they_are_served(text: str, articles: tuple[Any, ...]) -> None:
    documents = render_feed(output_feed(*articles), settings(text=text))
    assert len(documents) == 4
    for document in documents:
        assert check_document(document.path, document.body, BASE + document.path, NOW) == []


def test_formats_limit_the_documents() -> None:
    how = replace(settings(), publish=Publish(formats=("rss", "json")))
    assert [document.path for document in render_feed(output_feed(), how)] == ["sahel/rss.xml", "sahel/feed.json"]


def test_media_types_are_the_registered_ones() -> None:
    types = [document.media_type for document in render_feed(output_feed(), settings())]
    assert types == ["application/atom+xml", "application/rss+xml", "application/feed+json", "text/html"]


def test_every_format_has_the_same_articles_in_the_given_order() -> None:
    feed = output_feed(article(1), article(2), article(3))
    made = documents(feed)
    ids = [each.id for each in feed.articles]
    assert [entry.id for entry in feedparser.parse(made["atom.xml"]).entries] == ids
    assert [entry.id for entry in feedparser.parse(made["rss.xml"]).entries] == ids
    assert [item["id"] for item in json.loads(made["feed.json"])["items"]] == ids


def test_feedparser_finds_nothing_wrong() -> None:
    made = documents(output_feed(article(1), arabic_article(2)))
    assert not feedparser.parse(made["atom.xml"]).bozo
    assert not feedparser.parse(made["rss.xml"]).bozo


def test_feed_is_as_new_as_its_newest_change() -> None:
    late = NOW - timedelta(minutes=5)
    feed = output_feed(article(1), article(2, updated=late))
    assert atom(feed).findtext(f"{ATOM}updated") == "2026-11-24T11:55:00Z"
    assert channel(feed).findtext("lastBuildDate") == "Tue, 24 Nov 2026 11:55:00 GMT"


def test_empty_feed_is_as_new_as_the_store() -> None:
    assert atom(output_feed()).findtext(f"{ATOM}updated") == "2026-11-15T12:00:00Z"


def test_base_url_does_not_touch_ids() -> None:
    feed = output_feed(article(1))
    moved = settings(site_values={}, hub="")
    moved = replace(moved, site=type(moved.site)(title="Feeds", base_url="http://elsewhere.example/x/"))
    for how in (settings(), moved):
        root = atom(feed, how)
        assert [each.text for each in root.iter(f"{ATOM}id")][:2] == [feed.id, feed.articles[0].id]


def test_feed_links_are_self_alternate_and_hub() -> None:
    page = ("alternate", "text/html", BASE + "sahel/")
    hub = ("hub", None, "https://hub.example/")
    assert links(atom(output_feed())) == [("self", "application/atom+xml", BASE + "sahel/atom.xml"), page, hub]
    assert links(channel(output_feed())) == [("self", "application/rss+xml", BASE + "sahel/rss.xml"), page, hub]
    made = json_feed(output_feed())
    assert (made["feed_url"], made["home_page_url"]) == (BASE + "sahel/feed.json", BASE + "sahel/")
    assert made["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]


def test_no_hub_no_link() -> None:
    assert "hub" not in [rel for rel, _, _ in links(atom(output_feed(), settings(hub="")))]
    assert "hubs" not in json_feed(output_feed(), settings(hub=""))


def test_deeper_path_is_in_every_link() -> None:
    feed = output_feed(path="sahel/lang/fr", language="fr")
    assert links(atom(feed))[0][2] == BASE + "sahel/lang/fr/atom.xml"
    assert b'href="../../../index.html"' in documents(feed)["index.html"]


@pytest.mark.parametrize(
    ("interval", "ttl", "period", "frequency"),
    [
        (timedelta(minutes=30), "30", "hourly", "2"),
        (timedelta(minutes=90), "90", "daily", "16"),
        (timedelta(seconds=20), "1", "hourly", "180"),
        (timedelta(hours=24), "1440", "daily", "1"),
        (timedelta(days=70), "100800", "monthly", "1"),
    ],
)
def test_readers_are_told_the_real_interval(interval: timedelta, ttl: str, period: str, frequency: str) -> None:
    found = channel(output_feed(), replace(settings(), interval=interval))
    sy = "{http://purl.org/rss/1.0/modules/syndication/}"
    assert found.findtext("ttl") == ttl
    assert (found.findtext(f"{sy}updatePeriod"), found.findtext(f"{sy}updateFrequency")) == (period, frequency)


def test_feed_in_one_language_says_so() -> None:
    feed = output_feed(language="pt-br")
    assert atom(feed).get(LANG) == "pt-BR"
    assert channel(feed).findtext("language") == "pt-BR"
    assert json_feed(feed)["language"] == "pt-BR"


def test_feed_in_several_languages_has_its_own_words_language_only() -> None:
    assert atom(output_feed()).get(LANG) == "en"
    assert channel(output_feed()).find("language") is None
    assert "language" not in json_feed(output_feed())


@pytest.mark.parametrize(
    ("given", "shown"), [("fr", "fr"), ("AR", "ar"), ("zh-hans-cn", "zh-Hans-CN"), ("zz", "fr"), (None, "fr")]
)
def test_entry_says_its_language_or_its_sources(given: str | None, shown: str) -> None:
    feed = output_feed(article(1, language=given))
    assert atom_entry(feed).get(LANG) == shown
    assert rss_item(feed).get(LANG) == shown
    assert json_feed(feed)["items"][0]["language"] == shown


def test_unknown_language_is_undetermined_in_xml_and_absent_in_json() -> None:
    feed = output_feed(article(1, language=None, source=SourceRef("Gone", "https://gone.example/feed")))
    assert atom_entry(feed).get(LANG) == "und"
    assert "language" not in json_feed(feed)["items"][0]


def test_atom_source_is_whole() -> None:
    source = atom_entry(output_feed(article(1, feed_updated=NOW - timedelta(minutes=30)))).find(f"{ATOM}source")
    assert source is not None
    assert source.findtext(f"{ATOM}id") == COURIER.id
    assert source.findtext(f"{ATOM}title") == COURIER.title
    assert source.findtext(f"{ATOM}updated") == "2026-11-24T11:30:00Z"
    assert links(source) == [("self", None, COURIER.url), ("alternate", None, COURIER.link)]


def test_feed_without_a_date_changed_last_with_its_article() -> None:
    """The W3C validator warns of an atom:source without one (MissingSourceElement)."""
    source = atom_entry(output_feed(article(1))).find(f"{ATOM}source")
    assert source is not None
    assert source.findtext(f"{ATOM}updated") == "2026-11-24T11:00:00Z"


def test_rss_source_and_json_source_name_the_feed_it_came_from() -> None:
    found = rss_item(output_feed(article(1))).find("source")
    assert found is not None
    assert (found.get("url"), found.text) == (COURIER.url, COURIER.title)
    item = json_feed(output_feed(article(1)))["items"][0]
    assert item["_source"]["name"] == COURIER.name
    assert item["_source"]["url"] == COURIER.url
    assert item["url"] == article(1).url


def test_source_that_is_no_longer_known_is_still_named() -> None:
    gone = article(1, source=SourceRef("Gone", "https://gone.example/feed"))
    assert json_feed(output_feed(gone))["items"][0]["_source"] == {
        "name": "Gone", "title": "Gone", "url": "https://gone.example/feed", "also": ["Radio Delta"]
    }  # fmt: skip


@pytest.mark.parametrize("given", ["x", "http://Courrier.example/", "https://courrier.example", "tag:no date", None])
def test_unfit_source_id_gives_way_to_its_address(given: str | None) -> None:
    how = replace(settings(), sources={COURIER.name: replace(COURIER, id=given)})
    source = atom_entry(output_feed(article(1)), how).find(f"{ATOM}source")
    assert source is not None
    assert source.findtext(f"{ATOM}id") == COURIER.url


def test_credit_names_outlet_control_and_the_others_that_carried_it() -> None:
    text = rss_item(output_feed(article(1))).findtext("description") or ""
    assert text.endswith(
        '<p lang="en" dir="ltr">Source: <a href="https://courrier.example/article/1?a=1&amp;b=2">'
        "<bdi>Le Courrier du Fleuve</bdi></a> (state-controlled). Also in: <bdi>Radio Delta</bdi></p>"
    )


@pytest.mark.parametrize(
    ("control", "label"),
    [("state", "(state-controlled)"), ("state-linked", "(state-linked)"), ("public", None), ("unknown", None)],
)
def test_only_control_by_a_state_is_labelled(control: Any, label: str | None) -> None:
    how = replace(settings(), sources={COURIER.name: replace(COURIER, control=control)})
    text = rss_item(output_feed(article(1)), how).findtext("description") or ""
    assert ("(state" in text) == bool(label)
    assert (label or "") in text


def test_categories_are_topics_and_concepts() -> None:
    feed = output_feed(article(1))
    found = [dict(each.attrib) for each in atom_entry(feed).findall(f"{ATOM}category")]
    assert found == [
        {"term": "sahel", "scheme": BASE, "label": "Sahel"},
        {"term": "mali", "scheme": BASE + "sahel/", "label": "Mali"},
    ]
    assert [(each.get("domain"), each.text) for each in rss_item(feed).findall("category")] == [
        (BASE, "Sahel"),
        (BASE + "sahel/", "Mali"),
    ]
    assert json_feed(feed)["items"][0]["tags"] == ["Sahel", "Mali"]


def test_concept_found_twice_is_one_category_and_a_prior_is_none() -> None:
    evidence = (
        Evidence("mali", "Mopti", "lead", 0.5, "Mali"),
        Evidence("mali", "Bamako", "title", 1.0, "Mali"),
        Evidence("always", "", "prior", 1.0),
    )
    feed = output_feed(article(1, topics={"sahel": TopicMatch(2.0, evidence)}))
    assert json_feed(feed)["items"][0]["tags"] == ["Sahel", "Mali"]


def evidence_of(topic: str, count: int, language: str = "fr") -> TopicMatch:
    """*count* concepts, the heaviest last."""
    return TopicMatch(2.0, tuple(
        Evidence(f"{topic}-{number}", "x", "title", number / 100, f"{topic} {number} ({language})", language)
        for number in range(1, count + 1)
    ))  # fmt: skip


def categories(feed: OutputFeed) -> list[str | None]:
    return [each.get("term") for each in atom_entry(feed).findall(f"{ATOM}category")]


def test_entry_has_its_topic_and_the_five_strongest_concepts() -> None:
    feed = output_feed(article(1, topics={"sahel": evidence_of("a", 12)}))
    assert categories(feed) == ["sahel", "a-12", "a-11", "a-10", "a-9", "a-8"]
    assert len(rss_item(feed).findall("category")) == len(json_feed(feed)["items"][0]["tags"]) == 6


def test_entry_of_two_topics_names_both_and_their_strongest_concepts_once() -> None:
    both = (Evidence("mali", "Mali", "title", 0.9, "Mali"), Evidence("niger", "Niger", "lead", 0.2, "Niger"))
    other = TopicMatch(2.0, (*evidence_of("b", 3).evidence, replace(both[0], weight=0.5)))
    feed = output_feed(article(1, topics={"sahel": TopicMatch(2.0, both), "gold": other}))
    assert categories(feed) == ["gold", "b-3", "b-2", "sahel", "mali", "niger"]


def test_category_is_called_the_same_whatever_the_language_of_its_entry() -> None:
    how = replace(settings(), names=lambda: {"a-1": "Gold"})
    found = [
        output_feed(article(1, language=language, topics={"sahel": evidence_of("a", 1, language)}))
        for language in ("fr", "ru")
    ]
    labels = {each.get("label") for feed in found for each in atom_entry(feed, how).findall(f"{ATOM}category")}
    assert labels == {"Sahel", "a 1 (fr)", "a 1 (ru)"}
    for feed in found:
        assert [each.get("term") for each in atom_entry(feed, how).findall(f"{ATOM}category")] == ["sahel", "a-1"]
        assert [each.text for each in rss_item(feed, how).findall("category")] == ["Sahel", "Gold"]
        assert json_feed(feed, how)["items"][0]["tags"] == ["Sahel", "Gold"]


def located(*evidence: Evidence) -> OutputFeed:
    return output_feed(article(1, topics={"sahel": TopicMatch(2.0, evidence)}))


MALI = Evidence("mali", "Mali", "title", 1.0, "Mali", "fr", "ML")
NIGER = Evidence("niger", "Niger", "lead", 0.6, "Niger", "fr", "NE")
GAO = Evidence("gao", "Gao", "lead", 0.4, "Gao", "fr", "ML")
PLACES = {"mali": Place(17.57, -4.0, is_country=True), "niger": Place(17.61, 8.08, is_country=True),
          "gao": Place(16.27, -0.04), "equator": Place(0, 0)}  # fmt: skip


@pytest.mark.parametrize(
    ("evidence", "point"),
    [
        ((MALI,), "17.57 -4.00"),
        ((NIGER, MALI), "17.57 -4.00"),
        ((MALI, NIGER, GAO), "16.27 -0.04"),
        ((NIGER, GAO), "17.61 8.08"),
        ((GAO,), "16.27 -0.04"),
        ((MALI, replace(GAO, where="body")), "17.57 -4.00"),
        ((replace(MALI, where="category"),), None),
        ((replace(GAO, country=None),), None),
        ((replace(MALI, concept="nowhere"),), None),
        ((replace(MALI, concept="equator"),), "0.00 0.00"),
        ((), None),
    ],
    ids=[
        "country",
        "strongest",
        "town in it",
        "town elsewhere",
        "town",
        "body",
        "category",
        "own",
        "unknown",
        "0",
        "none",
    ],
)
def test_point_is_the_strongest_place_of_headline_and_lead_or_a_town_in_it(
    evidence: tuple[Evidence, ...], point: str | None
) -> None:
    feed, how = located(*evidence), replace(settings(), places=PLACES)
    assert atom_entry(feed, how).findtext(f"{GEORSS}point") == point
    assert rss_item(feed, how).findtext(f"{GEORSS}point") == point
    shown = json_feed(feed, how)["items"][0].get("_geo")
    assert (shown and f"{shown['latitude']:.2f} {shown['longitude']:.2f}") == point


def test_authors_are_named_without_an_rss_author() -> None:
    item = rss_item(output_feed(article(1)))
    assert [each.text for each in item.findall(f"{DC}creator")] == ["Awa Diallo", "Issa Maïga"]
    assert item.find("author") is None
    names = atom_entry(output_feed(article(1))).findall(f"{ATOM}author/{ATOM}name")
    assert [each.text for each in names] == ["Awa Diallo", "Issa Maïga"]
    assert json_feed(output_feed(article(1)))["items"][0]["authors"] == [{"name": "Awa Diallo"}, {"name": "Issa Maïga"}]


def test_rss_has_the_first_enclosure_and_media_the_others() -> None:
    item = rss_item(output_feed(article(1)))
    assert [dict(each.attrib) for each in item.findall("enclosure")] == [
        {"url": "https://courrier.example/son.mp3", "length": "52000", "type": "audio/mpeg"}
    ]
    assert [dict(each.attrib) for each in item.findall(f"{MEDIA}content")] == [
        {"url": "https://courrier.example/carte.pdf", "type": "application/pdf"}
    ]


def test_atom_and_json_have_every_enclosure_once() -> None:
    twice = (Enclosure("https://courrier.example/a.mp3"), Enclosure("https://courrier.example/a.mp3", "audio/mpeg", 9))
    feed = output_feed(article(1, enclosures=twice))
    found = [href for rel, _, href in links(atom_entry(feed)) if rel == "enclosure"]
    assert found == ["https://courrier.example/a.mp3"]
    assert len(json_feed(feed)["items"][0]["attachments"]) == 1


PICTURES = (
    Enclosure("https://courrier.example/pont.jpg", "image/jpeg", 4000),
    Enclosure("https://secure.gravatar.com/avatar/7?s=96", "image/png"),
    Enclosure("https://courrier.example/pixel.gif", "image/gif"),
    Enclosure("https://courrier.example/v/7", "application/x-shockwave-flash"),
    Enclosure("https://courrier.example/sans-nom", "application/octet-stream"),
    Enclosure("https://courrier.example/son.mp3", "audio/mpeg", 52_000),
)


def test_pictures_are_no_enclosures_and_what_nobody_can_use_is_left_out() -> None:
    feed = output_feed(article(1, enclosures=PICTURES))
    item, entry = rss_item(feed), atom_entry(feed)
    shown = [{"url": PICTURES[0].url, "type": "image/jpeg", "fileSize": "4000", "medium": "image"}]
    assert [dict(each.attrib) for each in item.findall(f"{MEDIA}content")] == shown
    assert [dict(each.attrib) for each in entry.findall(f"{MEDIA}content")] == shown
    assert [each.get("url") for each in item.findall("enclosure")] == [PICTURES[-1].url]
    assert [href for rel, _, href in links(entry) if rel == "enclosure"] == [PICTURES[-1].url]
    assert [each["url"] for each in json_feed(feed)["items"][0]["attachments"]] == [PICTURES[-1].url]


def test_avatar_is_no_image_of_an_article() -> None:
    feed = output_feed(article(1, image="https://secure.gravatar.com/avatar/7?s=96", enclosures=()))
    assert rss_item(feed).find(f"{MEDIA}thumbnail") is None
    assert "image" not in json_feed(feed)["items"][0]


def test_enclosure_of_unknown_length_has_zero() -> None:
    feed = output_feed(article(1, enclosures=(Enclosure("https://courrier.example/a.mp3", None, None),)))
    found = rss_item(feed).find("enclosure")
    assert found is not None
    assert found.get("length") == "0"


def test_image_is_given() -> None:
    feed = output_feed(article(1))
    thumbnail = rss_item(feed).find(f"{MEDIA}thumbnail")
    assert thumbnail is not None
    assert thumbnail.get("url") == "https://courrier.example/fleuve.jpg"
    assert json_feed(feed)["items"][0]["image"] == "https://courrier.example/fleuve.jpg"


def test_published_is_absent_where_there_is_none_and_updated_never() -> None:
    feed = output_feed(arabic_article(2))
    assert atom_entry(feed).find(f"{ATOM}published") is None
    assert rss_item(feed).find("pubDate") is None
    assert rss_item(feed).findtext(f"{ATOM}updated") == "2026-11-24T10:00:00Z"
    assert "date_published" not in json_feed(feed)["items"][0]
    assert atom_entry(feed).findtext(f"{ATOM}updated") == "2026-11-24T10:00:00Z"
    assert json_feed(feed)["items"][0]["date_modified"] == "2026-11-24T10:00:00Z"


def test_summary_policy_leaves_the_text_out() -> None:
    feed = output_feed(article(1))
    assert atom_entry(feed).find(f"{ATOM}content") is None
    assert rss_item(feed).find(CONTENT) is None
    assert "Carte" not in json_feed(feed)["items"][0]["content_html"]


def test_full_policy_republishes_the_text() -> None:
    feed, how = output_feed(article(1)), settings(text="full")
    assert "Carte</a>" in (atom_entry(feed, how).findtext(f"{ATOM}content") or "")
    assert "Carte</a>" in (rss_item(feed, how).findtext(CONTENT) or "")
    assert "Carte</a>" in json_feed(feed, how)["items"][0]["content_html"]


LEAD = "Le fleuve a débordé dans la nuit de lundi à mardi."


@pytest.mark.parametrize(
    "summary",
    [LEAD, f"{LEAD} Trois quartiers …", LEAD.upper(), "", "Le fleuve a débordé dans la nuit de lundi à mardi [...]"],
)
def test_whole_text_has_neither_its_lead_nor_the_credit_twice(summary: str) -> None:
    feed = output_feed(article(1, summary=summary, content=f"<p><b>Le fleuve</b>{LEAD[9:]}</p><p>Trois quartiers.</p>"))
    how = settings(text="full")
    item, entry, shown = rss_item(feed, how), atom_entry(feed, how), json_feed(feed, how)["items"][0]
    assert item.findtext("description") == ""
    assert entry.find(f"{ATOM}summary") is None
    assert "summary" not in shown
    for text in (item.findtext(CONTENT), entry.findtext(f"{ATOM}content"), shown["content_html"]):
        assert text is not None
        assert (text.count("débordé"), text.count("Source: ")) == (1, 1)


def test_whole_text_leaves_a_summary_of_its_own_but_names_the_source_once() -> None:
    feed = output_feed(article(1, summary="Ce qu'il faut savoir de la crue.", content=f"<p>{LEAD}</p>"))
    how = settings(text="full")
    item, entry = rss_item(feed, how), atom_entry(feed, how)
    assert item.findtext("description") == entry.findtext(f"{ATOM}summary") == "<p>Ce qu'il faut savoir de la crue.</p>"
    assert "Source: " in (item.findtext(CONTENT) or "")
    assert json_feed(feed, how)["items"][0]["summary"] == "Ce qu'il faut savoir de la crue."


@pytest.mark.parametrize("text", ["full", "summary", "link"])
def test_no_namespace_is_declared_that_nothing_needs(text: str) -> None:
    bare = article(1, authors=(), image=None, enclosures=(), topics={}, content="")
    for feed in (output_feed(), output_feed(bare), output_feed(article(1), bare)):
        for body in list(documents(feed, settings(text=text)).values())[:2]:
            declared = set(etree.fromstring(body).nsmap) - {None}
            assert declared == {prefix for prefix in declared if f"<{prefix}:".encode() in body}
            assert b"<ns0:" not in body


def test_link_policy_republishes_the_title_alone() -> None:
    item = json_feed(output_feed(article(1)), settings(text="link"))["items"][0]
    assert item["summary"] == item["title"]
    assert "riverains" not in item["content_html"]


def test_the_sources_own_policy_goes_first() -> None:
    item = json_feed(output_feed(arabic_article(2)), settings(text="link"))["items"][0]
    assert item["content_html"].startswith("<p>يستعد السكان.</p><p>المياه ترتفع.</p>")


def test_article_without_text_has_its_title_as_summary() -> None:
    feed = output_feed(article(1, summary="", content=""))
    title = article(1).title
    assert json_feed(feed)["items"][0]["summary"] == title
    assert (rss_item(feed).findtext("description") or "").startswith("<p>Mopti &amp; Ségou")


def test_summary_comes_from_the_text_where_there_is_none_and_ends_with_a_sentence() -> None:
    sentence = "Le fleuve monte encore cette nuit. "
    feed = output_feed(article(1, summary="", content=f"<p>{sentence * 40}</p>"))
    summary = json_feed(feed)["items"][0]["summary"]
    assert 0 < len(summary) <= 500
    assert summary.endswith("cette nuit.")


def test_right_to_left_summary_says_its_direction() -> None:
    how = replace(settings(), sources={})
    text = rss_item(output_feed(arabic_article(2)), how).findtext("description") or ""
    assert text.startswith('<p dir="rtl">يستعد')


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("AT&amp;T", "AT&amp;T"),
        ("<script>alert(1)</script>", "‹script›alert(1)‹/script›"),
        ("3 < 5 > 2", "3 < 5 > 2"),
        ("two\nlines", "two lines"),
        ("a\x00b\x1fc\x85d\ufffe", "abcd"),
        ("broken \ufffd sign", "broken ? sign"),
        ("SÃ©gou", "Ségou"),
    ],
)
def test_titles_are_plain_text_and_inert(title: str, shown: str) -> None:
    feed = output_feed(article(1, title=title))
    assert atom_entry(feed).findtext(f"{ATOM}title") == shown
    assert rss_item(feed).findtext("title") == shown
    assert json_feed(feed)["items"][0]["title"] == shown


def test_untitled_article_is_called_by_its_first_words() -> None:
    item = json_feed(output_feed(article(1, title="\x01 ")))["items"][0]
    assert item["title"] == "Les riverains se préparent. Le niveau < 5 m reste sûr & surveillé."
    item = json_feed(output_feed(article(1, title="", summary="", content="", url=None, link=None)))["items"][0]
    assert item["title"] == "Untitled"


def test_article_without_address_has_its_text_as_content() -> None:
    entry = atom_entry(output_feed(article(1, url=None, link=None)))
    assert (entry.findtext(f"{ATOM}content") or "").startswith("<p>Les riverains")
    assert "alternate" not in [rel for rel, _, _ in links(entry)]


def test_generator_and_rights_are_given() -> None:
    root = atom(output_feed())
    generator = root.find(f"{ATOM}generator")
    assert generator is not None
    assert (generator.text, generator.get("version")) == ("feeds", "1.2.3")
    assert "publishers" in (root.findtext(f"{ATOM}rights") or "")


def test_one_entry_stands_on_one_line() -> None:
    made = documents(output_feed(article(1), article(2)))
    for name, start in (("atom.xml", b"<entry"), ("rss.xml", b"<item"), ("feed.json", b'{"id"')):
        assert sum(line.startswith(start) for line in made[name].splitlines()) == 2


def test_players_and_overrides_that_the_validator_refuses_are_left_out() -> None:
    content = '<p><audio src="https://courrier.example/a.mp3" controls=""></audio><bdo dir="rtl">x</bdo></p>'
    made = documents(output_feed(article(1, content=content)), settings(text="full"))
    assert check_document("sahel/rss.xml", made["rss.xml"], BASE + "sahel/rss.xml", NOW) == []


def test_two_hundred_entries_take_less_than_a_second() -> None:
    feed = output_feed(*(article(number) for number in range(1, 201)))
    started = time.process_time()
    render_feed(feed, settings())
    assert time.process_time() - started < 1  # of the processor: others may keep it busy


def test_link_is_the_sources_own_and_never_the_canonical_url() -> None:
    said = {"url": "https://old.example/report", "link": "http://old.example/report?utm_source=rss#table-2"}
    feed = output_feed(article(1, **said))
    (item,) = json_feed(feed)["items"]
    assert item["url"] == "http://old.example/report#table-2"
    for name in ("atom.xml", "rss.xml", "index.html"):
        page = documents(feed)[name].decode()
        assert "http://old.example/report#table-2" in page
        assert "https://old.example/report" not in page


def test_text_on_wrong_encodings_is_left_as_it_is_and_raises_no_suspicion() -> None:
    """The validator looks at each run of characters that the parser gives it: a reference ends one."""
    said = "Who reads “déjà” as “dÃ©jÃ\u00a0”, or ¿ as Â¿, has the wrong encoding; «Ã©» …"
    feed = output_feed(article(1, title=said, summary=said, content=f"<p>{said}</p>", authors=(said,)))
    for name in ("atom.xml", "rss.xml"):
        body = documents(feed, settings(text="full"))[name]
        assert not re.search("[ÂÃ][\x80-\xbf]", body.decode())
        (entry,) = feedparser.parse(body).entries
        assert entry.title == said.replace("\u00a0", " ")
        assert "as “dÃ©jÃ\u00a0”" in entry.content[0].value
