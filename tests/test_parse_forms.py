"""The forms that feeds give the same thing in: authors, links, titles. Documents written for this project."""

from __future__ import annotations

import json

import pytest

from feeds.model import Enclosure, Entry, ParsedFeed
from tests.test_parse import atom, entry, read, rss

# Authors


@pytest.mark.parametrize(
    ("said", "authors"),
    [
        ("<author>anne@news.photography (Anne Keita)</author>", ("anne@news.photography (Anne Keita)",)),
        ("<author>Anne Keita &lt;anne@a.example&gt;</author>", ("Anne Keita <anne@a.example>",)),
        ("<dc:creator>Anne Keita</dc:creator><dc:creator>Binta Sow</dc:creator>", ("Anne Keita", "Binta Sow")),
        ("<dc:creator><![CDATA[Anne &amp; Co]]></dc:creator>", ("Anne &amp; Co",)),
        ("<itunes:author>Anne Keita</itunes:author>", ("Anne Keita",)),
        ("<author><name>Anne Keita</name><email>anne@a.example</email></author>", ("Anne Keita",)),
        ("<author/>", ()),
    ],
)
def test_author_is_kept_whole(said: str, authors: tuple[str, ...]) -> None:
    assert entry(f"<title>x</title>{said}").authors == authors


def test_authors_of_an_atom_entry_are_its_own_or_its_sources() -> None:
    head = "<author><name>The Desk</name></author>"
    own = "<author><name>Anne</name></author><author><email>b@b.example</email></author>"
    found = read(
        atom(
            f"<entry><title>1</title>{own}<source><author><name>Other</name></author></source></entry>"
            "<entry><title>2</title><source><author><name>Other</name></author></source></entry>"
            "<entry><title>3</title><source><title>Without</title></source></entry>",
            head,
        )
    )
    assert [each.authors for each in found.entries] == [("Anne", "b@b.example"), ("Other",), ()]
    assert found.authors == ("The Desk",)


@pytest.mark.parametrize(
    ("head", "authors"),
    [
        ("<itunes:author>Anne Keita</itunes:author>", ("Anne Keita",)),
        ("<dc:creator>Anne Keita</dc:creator>", ("Anne Keita",)),
        ("<managingEditor>e@a.example (Ed Itor)</managingEditor><webMaster>w@a.example</webMaster>", ()),
    ],
)
def test_author_of_a_channel_is_no_editor(head: str, authors: tuple[str, ...]) -> None:
    assert read(rss("<item><title>x</title></item>", head)).authors == authors


# JSON Feed's odd shapes


def json_feed(*items: object, **head: object) -> ParsedFeed:
    return read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "C", **head, "items": list(items)}))


def json_entry(**values: object) -> Entry:
    (found,) = json_feed({"id": "1", **values}).entries
    return found


@pytest.mark.parametrize(
    ("said", "authors"),
    [
        ({"authors": [{"name": "Anne"}, {"name": "Binta"}]}, ("Anne", "Binta")),
        ({"authors": {"name": "Anne", "url": "https://a.example/"}}, ("Anne",)),
        ({"authors": "Anne"}, ("Anne",)),
        (
            {"authors": ["Anne", {"url": "https://a.example/"}, None, 7, {"name": None}, {"name": "Binta"}]},
            ("Anne", "Binta"),
        ),
        ({"author": {"name": "Anne"}}, ("Anne",)),
        ({"author": "Anne"}, ("Anne",)),
        ({"author": [{"name": "Anne"}, "Binta"]}, ("Anne", "Binta")),
        ({"author": {}, "authors": []}, ()),
    ],
)
def test_authors_in_json_of_any_shape(said: dict[str, object], authors: tuple[str, ...]) -> None:
    assert json_entry(**said).authors == authors
    assert json_feed({"id": "1"}, **said).authors == authors


@pytest.mark.parametrize(
    ("size", "length"),
    [
        (9, 9),
        ("9", 9),
        (" 9 ", 9),
        (9.0, 9),
        ("9.0", 9),
        ("9 MB", None),
        (-1, None),
        (True, None),
        (None, None),
        (1e300, None),
    ],
)
def test_size_in_json_may_be_text(size: object, length: int | None) -> None:
    attachment = {"url": "https://a.example/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": size}
    expected = (Enclosure("https://a.example/a.mp3", "audio/mpeg", length),)
    assert json_entry(attachments=[attachment]).enclosures == expected
    assert json_entry(attachments=attachment).enclosures == expected


def test_addresses_in_json_may_be_objects_or_alone() -> None:
    found = json_entry(
        url=None,
        external_url=["https://a.example/1"],
        image={"url": "https://a.example/i.jpg"},
        attachments="https://a.example/a.mp3",
        tags="Mali",
    )
    assert (found.link, found.image) == ("https://a.example/1", "https://a.example/i.jpg")
    assert (found.enclosures, found.categories) == ((Enclosure("https://a.example/a.mp3"),), ("Mali",))


@pytest.mark.parametrize(
    ("said", "date"),
    [(1796124600, "1796124600"), (1796124600000, "1796124600000"), (1796124600.5, "1796124600"), (True, None), ({}, None),
     ("2026-12-01", "2026-12-01")],
)  # fmt: skip
def test_date_in_json_may_be_a_number(said: object, date: str | None) -> None:
    found = json_entry(date_published=said, date_modified=said)
    assert (found.published, found.updated) == (date, date)


@pytest.mark.parametrize(
    ("said", "guid"), [(2, "2"), (2.5, "2.5"), ("b", "b"), (None, None), (True, None), ([], None), ("", None)]
)
def test_id_in_json_may_be_a_number_or_missing(said: object, guid: str | None) -> None:
    assert json_entry(id=said, url="https://a.example/1").guid == guid
