"""OPML, read and written."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feeds.config import Publish, Source, load, parse
from feeds.errors import ListError
from feeds.markup import valid
from feeds.opml import Outline, feeds_opml, left_out, read_opml, sources_opml
from feeds.urls import public_url, resolve
from tests.test_cli import feeds

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


FEEDS = [
    ("sahel", "Feeds: Sahel"),
    ("sahel/country/ml", "Feeds: Sahel (Mali)"),
    ("sahel/lang/fr", "Feeds: Sahel (French)"),
    ("all", "Everything"),
]


def published(*formats: Literal["atom", "rss", "json", "html"]) -> etree._Element:
    """The list of FEEDS, published in *formats*."""
    config = msgspec.structs.replace(CONFIG, publish=Publish(formats=formats))
    return etree.fromstring(feeds_opml(config, FEEDS).body)


def test_each_of_our_feeds_is_listed_once_by_topic_and_languages_before_countries() -> None:
    groups = published("html", "json", "rss", "atom").findall("body/outline")
    assert [group.get("text") for group in groups] == ["Feeds: Sahel", "Everything"]
    assert [(each.get("text"), each.get("xmlUrl")) for group in groups for each in group] == [
        ("Feeds: Sahel", "https://pub.example/sahel/atom.xml"),
        ("Feeds: Sahel (French)", "https://pub.example/sahel/lang/fr/atom.xml"),
        ("Feeds: Sahel (Mali)", "https://pub.example/sahel/country/ml/atom.xml"),
        ("Everything", "https://pub.example/all/atom.xml"),
    ]


def test_groups_have_a_text_and_feeds_a_type_and_a_title() -> None:
    """What the W3C validator wants: an outline with more than its text has a type, one of type rss a title and xmlUrl."""
    for root in (published("atom", "html"), etree.fromstring(sources_opml(CONFIG).body)):
        groups = [set(each.attrib) for each in root.iter("outline") if len(each)]
        listed = [set(each.attrib) for each in root.iter("outline") if not len(each)]
        assert groups == [{"text"}] * len(groups)
        assert listed
        assert [said for said in listed if not said >= {"text", "title", "type", "xmlUrl"}] == []


def test_feed_in_one_language_says_so_in_the_list() -> None:
    languages = [each.get("language") for each in published("atom", "html").iter("outline") if each.get("xmlUrl")]
    assert languages == [None, "fr", None, None]


@pytest.mark.parametrize(
    ("formats", "file", "page", "version"),
    [
        (("json", "rss", "html"), "rss.xml", "https://pub.example/all/", "RSS"),
        (("rss", "atom"), "atom.xml", None, None),
        (("json",), "feed.json", None, None),
    ],
)
def test_our_feeds_are_listed_in_the_best_format_there_is(
    formats: Any, file: str, page: str | None, version: str | None
) -> None:
    last = list(published(*formats).iter("outline"))[-1]
    assert (last.get("xmlUrl"), last.get("htmlUrl")) == (f"https://pub.example/all/{file}", page)
    assert (last.get("type"), last.get("version")) == ("rss", version)


def test_pages_alone_are_no_feeds_to_list() -> None:
    assert not [each for each in published("html").iter("outline") if each.get("xmlUrl")]


@pytest.mark.skipif(shutil.which("newsboat") is None, reason="newsboat is not installed")
def test_newsboat_imports_each_of_our_feeds_once_under_its_topic(tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_bytes(feeds_opml(CONFIG, FEEDS).body)
    (tmp_path / "config").write_text("")
    files = ["-u", str(tmp_path / "urls"), "-c", str(tmp_path / "cache"), "-C", str(tmp_path / "config")]
    command = ["newsboat", *files, "-i", str(tmp_path / "feeds.opml")]
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    subprocess.run(command, check=True, timeout=60, capture_output=True, env=env)
    assert (tmp_path / "urls").read_text().splitlines() == [
        'https://pub.example/sahel/atom.xml "Feeds: Sahel"',
        'https://pub.example/sahel/lang/fr/atom.xml "Feeds: Sahel"',
        'https://pub.example/sahel/country/ml/atom.xml "Feeds: Sahel"',
        'https://pub.example/all/atom.xml "Everything"',
    ]


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


@pytest.mark.parametrize(
    "document",
    [
        b'<opml><body><outline text="A" xmlUrl="https://a.example/"/><outline text="B" xmlUrl="https://b.ex',
        b'<opml><body><outline text="A" xmlUrl="https://a.example/"/>',
        b'<opml><body><outline text="A" xmlUrl="https://a.example/"/><outline text=B" xmlUrl=https://b.example/></body></opml>',
    ],
)
def test_list_that_has_lost_feeds_is_said_to_be_broken(document: bytes) -> None:
    with pytest.raises(ListError, match="broken"):
        read_opml(document)


def test_written_list_is_valid_and_the_same_every_time() -> None:
    first, again = sources_opml(CONFIG), sources_opml(CONFIG)
    root = etree.fromstring(first.body)
    assert (first.body, root.get("version"), root.findtext("head/title")) == (again.body, "2.0", "Test & co: sources")
    outlines = list(root.iter("outline"))
    assert sum(outline.get("xmlUrl") is not None for outline in outlines) == len(CONFIG.enabled_sources) > 0
    assert [outline for outline in outlines if not outline.get("text")] == []
    assert [outline for outline in outlines if outline.get("xmlUrl") and outline.get("type") != "rss"] == []


@pytest.mark.parametrize(
    "document",
    [
        '<opml><body><outline text="Caf&eacute;&nbsp;noir" xmlUrl="https://a.example/?a=1&b"/></body></opml>',
        '<!DOCTYPE opml [<!ENTITY x "y">]><opml><body><outline text="Caf&#233;&nbsp;noir" xmlUrl="https://a.example/?a=1&b"/></body></opml>',
        '<OPML><Body><Outline TEXT="Café noir" XMLURL="https://a.example/?a=1&b"/></Body></OPML>',
        '<opml xmlns="http://opml.org/spec2"><body><outline text="Café noir" xmlUrl="https://a.example/?a=1&b"/></body></opml>',
        '<o:opml xmlns:o="urn:x"><o:body><o:outline o:text="Café noir" o:xmlUrl="https://a.example/?a=1&b"/></o:body></o:opml>',
        '<o:opml><o:body><o:outline x:text="no" text="Café noir" xmlurl="https://a.example/?a=1&b" x:y="z"/></o:body></o:opml>',
        '<opml><body><outline text="Café noir" title="" xmlUrl="https://a.example/?a=1&b"></body></opml>',
        '\ufeff\n <?xml version="1.0"?>\n<opml><body><outline text="Café\x01 noir" xmlUrl="https://a.example/?a=1&b"/></body></opml>\0',
        "<opml><body><outline text='Café noir' xmlUrl='https://a.example/?a=1&amp;b'/></body></opml><!-- made by x -->",
        "<opml><body>"
        + '<outline text="folder">' * 300
        + '<outline text="Café noir" xmlUrl="https://a.example/?a=1&b"/>'
        + "</outline>" * 300
        + "</body></opml>",
    ],
)
def test_list_is_read_as_other_programs_write_it(document: str) -> None:
    (outline,) = read_opml(document.encode())
    assert (outline.url, (outline.title or "").replace("\xa0", " ")) == ("https://a.example/?a=1&b", "Café noir")


@pytest.mark.parametrize("part", ["<!--", "<outline>", "&", "<", '="', " xmlUrl="])
def test_list_that_is_one_thing_over_and_over_is_refused(part: str) -> None:
    with pytest.raises(ListError):
        read_opml(f"<opml>{part * 300_000}".encode())


def test_markup_in_a_name_is_part_of_it() -> None:
    document = b'<opml><body><outline text="News <b>today</b>" xmlUrl="https://a.example/"/></body></opml>'
    assert read_opml(document) == [Outline("https://a.example/", "News <b>today</b>")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1251", "koi8-r"])
def test_list_is_read_in_the_encoding_that_it_declares(encoding: str) -> None:
    document = (
        f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
        '<opml version="2.0"><body><outline text="Лента новостей редакции" xmlUrl="https://a.example/"/></body></opml>'
    )
    assert read_opml(document.encode(encoding)) == [Outline("https://a.example/", "Лента новостей редакции")]


def test_address_that_nobody_here_can_fetch_is_told_apart() -> None:
    addresses = [
        "gopher://g.example/",
        "file:///etc/passwd",
        "javascript:x",
        "feed.xml",
        "itpc://a.example/pod",
        "//c.example/x",
    ]
    outlines = "".join(f'<outline text="T" xmlUrl="{address}"/>' for address in addresses)
    document = f'<opml version="2.0"><body>{outlines}</body></opml>'.encode()
    assert [each.url for each in read_opml(document)] == ["http://a.example/pod"]
    assert [each.url for each in left_out(document)] == [*addresses[:4], addresses[5]]


def test_labels_of_a_source_are_written_and_read_again() -> None:
    labelled = (
        Source(
            url="https://a.example/",
            name="A",
            language="fr",
            country=("ML", "NE"),
            type="agency",
            control="state",
            topics={"sahel": 0.6, "x": "always"},
        ),
        Source(url="https://b.example/", name="B", country="ML", topics="always"),
        Source(url="https://c.example/", name="C"),
    )
    read = {
        each.title: each for each in read_opml(sources_opml(msgspec.structs.replace(CONFIG, sources=labelled)).body)
    }
    assert read["A"] == Outline(
        "https://a.example/", "A", None, "fr", "agency", "state", ("ML", "NE"), {"sahel": 0.6, "x": "always"}
    )
    assert (read["B"].countries, read["B"].topics) == (("ML",), "always")
    assert read["C"] == Outline("https://c.example/", "C")


@pytest.mark.parametrize("category", ["news,/tech/web", "/topic/sahel/NaN,/topic/x/1e9,/type", ",,/,//", "/country"])
def test_categories_of_other_programs_are_no_labels(category: str) -> None:
    document = f'<opml><body><outline xmlUrl="https://a.example/" category="{category}"/></body></opml>'
    assert read_opml(document.encode()) == [Outline("https://a.example/")]


CONFIG_WITH_LABELS = """
[topics.sahel]
use = "sahel"
[topics.gold]
any_of = ["gold"]
[[sources]]
url = "https://a.example/feed"
name = "A"
language = "fr"
country = ["ML", "NE"]
type = "agency"
control = "state-linked"
topics = { sahel = 0.6, gold = "always" }
"""


def test_list_that_was_exported_brings_its_labels_into_another_config(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG_WITH_LABELS)
    (tmp_path / "list.opml").write_text(feeds(tmp_path, "export", "--opml").stdout)
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.toml").write_text('[topics.sahel]\nuse = "sahel"\n')
    done = feeds(other, "import", "../list.opml")
    assert done.returncode == 0, done.stderr
    (source,) = load(other / "config.toml").sources
    assert source == Source(
        url="https://a.example/feed",
        name="A",
        language="fr",
        country=("ML", "NE"),
        type="agency",
        control="state-linked",
        topics={"sahel": 0.6},  # there is no topic gold here
    )


@pytest.mark.parametrize(
    "document", ["", "hello", "<rss/>", '<opml><body><outline text="A" xmlUrl="https://a.example/"/><outline te']
)
def test_broken_list_is_one_line_and_changes_nothing(tmp_path: Path, document: str) -> None:
    (tmp_path / "config.toml").write_text("# Ours\n")
    (tmp_path / "list.opml").write_text(document)
    done = feeds(tmp_path, "import", "list.opml")
    assert (done.returncode, len(done.stderr.splitlines()), done.stdout) == (1, 1, "")
    assert done.stderr.startswith("feeds: list.opml: ")
    assert (tmp_path / "config.toml").read_text() == "# Ours\n"


def test_import_names_what_it_leaves_out(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    (tmp_path / "list.opml").write_text(
        '<opml version="2.0"><body><outline text="Log" xmlUrl="gemini://g.example/log"/>'
        '<outline text="A" xmlUrl="https://a.example/" category="/type/podcast"/></body></opml>'
    )
    done = feeds(tmp_path, "import", "list.opml")
    assert (done.returncode, done.stdout) == (0, "1 source added, 0 were there already, 1 left out\n")
    assert done.stderr == 'left out "Log": gemini://g.example/log (only http and https are fetched)\n'


@pytest.mark.parametrize("document", [b"", b"text", b"<rss/>", b'{"opml": 1}'])
def test_what_is_no_opml_is_said(document: bytes) -> None:
    with pytest.raises(ListError, match="not OPML"):
        read_opml(document)


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    doctype = f'<!DOCTYPE opml [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'
    outlines = read_opml(
        f'{doctype}<opml><body><outline text="&x;" xmlUrl="https://a.example/"/></body></opml>'.encode()
    )
    assert "hunter2" not in str(outlines)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=20), st.text(max_size=20)), max_size=5))
def test_written_list_is_read_again_alike(sources: list[tuple[str, str]]) -> None:
    """Whatever sources are called and wherever they are: each comes back once, at its address without secrets."""
    followed = tuple(
        Source(url=f"https://{number}.example/?q={path}", name=name) for number, (name, path) in enumerate(sources)
    )
    read = read_opml(sources_opml(msgspec.structs.replace(CONFIG, sources=followed)).body)
    assert [outline.url for outline in read] == [resolve("", valid(public_url(source.url))) for source in followed]
    assert all(
        outline.title == (valid(source.name).strip() or None) for outline, source in zip(read, followed, strict=True)
    )
