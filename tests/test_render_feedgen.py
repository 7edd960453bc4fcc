"""feedgen 1.0.0's faults, each shown on plain feedgen and mended in ours. A fault that it no longer has fails here too."""

from __future__ import annotations

import locale
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from feedgen.feed import FeedGenerator
from feedgen.util import formatRFC2822
from lxml import etree

from feeds.render import render_feed
from feeds.render.entry import make_entry
from feeds.render.mended import Head, Link, new_feed
from tests.validity.samples import BASE, COURIER, NOW, article, output_feed, settings

ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ENCLOSURE = {"href": "https://courrier.example/son.mp3", "rel": "enclosure", "type": "audio/mpeg", "length": "52000"}
LINKS = (
    Link("self", BASE + "sahel/atom.xml", "application/atom+xml"),
    Link("alternate", BASE + "sahel/", "text/html"),
    Link("hub", "https://hub.example/"),
    Link("prev-archive", BASE + "sahel/archive/0001.atom.xml", "application/atom+xml"),
)
ARTICLES = (article(1), article(2))

Roots = tuple[etree._Element, etree._Element]


def plain() -> Roots:
    """Atom and RSS of two articles by feedgen alone, used as its documentation has it."""
    generator = FeedGenerator()
    _described(generator)
    for each in ARTICLES:
        entry = generator.add_entry()
        _filled(entry, each)
        entry.source(COURIER.url, COURIER.title)
    return _roots(generator)


def mended() -> Roots:
    """The same by ours."""
    head = Head("en", LINKS, BASE + "sahel/", NOW - timedelta(hours=1), "hourly", 2)
    generator, made = new_feed(head, [make_entry(each, settings()) for each in ARTICLES])
    _described(generator)
    for (element, _), each in zip(made, ARTICLES, strict=True):
        _filled(element, each)
    return _roots(generator)


def _described(generator: Any) -> None:
    generator.id("urn:uuid:00000000-0000-5000-8000-ffffffffffff")
    generator.title("Feeds: Sahel")
    generator.subtitle("Mali and its neighbours")
    generator.language("en")
    for link in LINKS:
        generator.link(href=link.href, rel=link.rel, **({"type": link.type} if link.type else {}))


def _filled(entry: Any, each: Any) -> None:
    entry.id(each.id)
    entry.title(each.title)
    entry.summary(each.summary)
    entry.link(href=each.url, rel="alternate", type="text/html")
    entry.link(dict(ENCLOSURE))


def _roots(generator: Any) -> Roots:
    return etree.fromstring(generator.atom_str()), etree.fromstring(generator.rss_str())


def entry_links_keep_rel_type_and_length(atom: etree._Element, rss: etree._Element) -> bool:
    return [dict(link.attrib) for link in atom.findall(f"{ATOM}entry/{ATOM}link")][1] == ENCLOSURE


def rss_link_is_the_page(atom: etree._Element, rss: etree._Element) -> bool:
    return rss[0].findtext("link") == BASE + "sahel/"


def rss_has_hub_and_paging_links(atom: etree._Element, rss: etree._Element) -> bool:
    found = [link.get("rel") for link in rss[0].findall(f"{ATOM}link")]
    return found == ["self", "alternate", "hub", "prev-archive"]


def feed_dates_are_not_the_time_of_making(atom: etree._Element, rss: etree._Element) -> bool:
    updated, built = atom.findtext(f"{ATOM}updated"), rss[0].findtext("lastBuildDate")
    return (updated, built) == ("2026-11-24T11:00:00Z", "Tue, 24 Nov 2026 11:00:00 GMT")


def entry_dates_are_not_the_time_of_making(atom: etree._Element, rss: etree._Element) -> bool:
    found = [updated.text for updated in atom.findall(f"{ATOM}entry/{ATOM}updated")]
    return found == ["2026-11-24T11:00:00Z", "2026-11-24T10:00:00Z"]


def entries_keep_their_order(atom: etree._Element, rss: etree._Element) -> bool:
    ids = [each.id for each in ARTICLES]
    in_atom = [found.text for found in atom.findall(f"{ATOM}entry/{ATOM}id")]
    return in_atom == ids and [found.text for found in rss.iter("guid")] == ids


def atom_source_has_id_updated_and_self_link(atom: etree._Element, rss: etree._Element) -> bool:
    source = atom.find(f"{ATOM}entry/{ATOM}source")
    assert source is not None
    link = source.find(f"{ATOM}link")
    complete = None not in (source.find(f"{ATOM}id"), source.find(f"{ATOM}updated"))
    return complete and link is not None and link.get("rel") == "self"


def every_entry_says_its_language(atom: etree._Element, rss: etree._Element) -> bool:
    return all(each.get(LANG) == "fr" for each in (*atom.iter(f"{ATOM}entry"), *rss.iter("item")))


@pytest.mark.parametrize(
    "holds",
    [
        entry_links_keep_rel_type_and_length,
        rss_link_is_the_page,
        rss_has_hub_and_paging_links,
        feed_dates_are_not_the_time_of_making,
        entry_dates_are_not_the_time_of_making,
        entries_keep_their_order,
        atom_source_has_id_updated_and_self_link,
        every_entry_says_its_language,
    ],
)
def test_fault_of_feedgen_is_mended(holds: Callable[[etree._Element, etree._Element], bool]) -> None:
    assert holds(*mended())
    assert not holds(*plain())


def test_one_control_character_does_not_lose_the_feed() -> None:
    spoilt = output_feed(article(1, title="a\x0bb", summary="c\x00d"), title="e\x1ff", description="\x02")
    assert [etree.fromstring(document.body) is not None for document in render_feed(spoilt, settings())[:2]] == [
        True
    ] * 2
    with pytest.raises(ValueError, match="XML compatible"):
        _spoilt_plain("a\x0bb")


def test_one_missing_title_does_not_lose_the_feed() -> None:
    spoilt = output_feed(article(1, title=""), article(2))
    atom = etree.fromstring(render_feed(spoilt, settings())[0].body)
    assert len(atom.findall(f"{ATOM}entry")) == 2
    with pytest.raises(ValueError, match="Required fields not set"):
        _spoilt_plain("")


def _spoilt_plain(title: str) -> None:
    generator = FeedGenerator()
    _described(generator)
    entry = generator.add_entry()
    _filled(entry, article(1))
    entry.title(title)
    _roots(generator)


def test_dates_leave_the_locale_of_the_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise locale.Error("unsupported locale setting")

    monkeypatch.setattr(locale, "setlocale", refuse)
    rss = etree.fromstring(render_feed(output_feed(article(1)), settings())[1].body)
    assert rss.findtext("channel/item/pubDate") == "Tue, 24 Nov 2026 11:00:00 GMT"
    with pytest.raises(locale.Error):
        formatRFC2822(NOW)
