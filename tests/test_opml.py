"""OPML, read and written."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from feeds.config import parse
from feeds.errors import UsageError
from feeds.opml import Outline, feeds_opml, read_opml, sources_opml

CONFIG = parse(
    """
[site]
title = "Test & co"
base_url = "https://pub.example/"
[[sources]]
url = "https://user:hunter2@a.example/feed?token=abc"
name = "A <b>"
country = "ML"
language = "fr"
[[sources]]
url = "https://b.example/feed"
name = "B"
[[sources]]
url = "https://c.example/feed"
name = "C"
enabled = false
""",
    Path("config.toml"),
)


def test_sources_are_listed_without_secrets_and_disabled_ones_left_out() -> None:
    document = sources_opml(CONFIG)
    assert {outline.url for outline in read_opml(document.body)} == {"https://a.example/feed", "https://b.example/feed"}
    assert b"hunter2" not in document.body
    assert document.path == "sources.opml"


def test_our_feeds_are_listed_in_every_format_by_group() -> None:
    document = feeds_opml(CONFIG, [("sahel", "Sahel"), ("all", "Everything")])
    groups = etree.fromstring(document.body).findall("body/outline")
    assert [group.get("text") for group in groups] == ["Sahel", "Everything"]
    assert [each.get("xmlUrl") for each in groups[0]] == [
        "https://pub.example/sahel/atom.xml", "https://pub.example/sahel/rss.xml", "https://pub.example/sahel/feed.json",
    ]  # fmt: skip


def test_list_of_another_reader_is_read_flat_and_each_feed_once() -> None:
    outlines = read_opml(
        b"""<?xml version="1.0"?><opml version="1.0"><head/><body><outline text="Africa">
        <outline text="A" title="A &amp; co" xmlUrl="https://a.example/feed" htmlUrl="https://a.example/" language="fr"/>
        <outline XMLURL="https://b.example/feed"/></outline><outline text="A again" xmlUrl="https://a.example/feed"/>
        <outline text="no feed"/><outline text="x" xmlUrl="javascript:alert(1)"/></body></opml>"""
    )
    assert outlines[0] == Outline("https://a.example/feed", "A & co", "https://a.example/", "fr")
    assert [outline.url for outline in outlines] == ["https://a.example/feed", "https://b.example/feed"]


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://a.example/?a=1&b=2", "https://a.example/?a=1&b=2"),
        ("https://a.example/?a=1&amp;b=2&#38;c=3", "https://a.example/?a=1&b=2&c=3"),
        ("feed://a.example/rss", "http://a.example/rss"),
        ("feed:https://a.example/rss", "https://a.example/rss"),
        (" https://a.example/rss ", "https://a.example/rss"),
    ],
)
def test_address_is_read_as_other_programs_write_it(written: str, url: str) -> None:
    document = f'<opml version="1.1"><body><outline text="A & B" xmlUrl="{written}"/></body></opml>'
    assert read_opml(document.encode()) == [Outline(url, "A & B")]


def test_list_in_utf16_is_read() -> None:
    document = '<opml><body><outline text="Été" xmlUrl="https://a.example/"/></body></opml>'
    assert read_opml(document.encode("utf-16")) == [Outline("https://a.example/", "Été")]


def test_list_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    document = b'<opml><body><outline text="A" xmlUrl="https://a.example/"/><outline text="B" xmlUrl="https://b.ex'
    assert read_opml(document) == [Outline("https://a.example/", "A")]


def test_written_list_is_valid_and_the_same_every_time() -> None:
    first, again = sources_opml(CONFIG), sources_opml(CONFIG)
    root = etree.fromstring(first.body)
    assert (first.body, root.get("version"), root.findtext("head/title")) == (again.body, "2.0", "Test & co: sources")
    assert all(outline.get("text") for outline in root.iter("outline"))
    assert all(outline.get("type") == "rss" for outline in root.iter("outline") if outline.get("xmlUrl"))


@pytest.mark.parametrize("document", [b"", b"text", b"<rss/>", b'{"opml": 1}'])
def test_what_is_no_opml_is_said(document: bytes) -> None:
    with pytest.raises(UsageError, match="not OPML"):
        read_opml(document)


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    doctype = f'<!DOCTYPE opml [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'
    outlines = read_opml(
        f'{doctype}<opml><body><outline text="&x;" xmlUrl="https://a.example/"/></body></opml>'.encode()
    )
    assert "hunter2" not in str(outlines)
