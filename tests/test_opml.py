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
