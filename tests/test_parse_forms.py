"""The forms that feeds give the same thing in: authors, links, titles. Documents written for this project."""

from __future__ import annotations

import html
import json

import pytest

from feeds.errors import ParseError
from feeds.model import Enclosure, Entry, ParsedFeed
from feeds.normalise import normalise
from tests.build import NOW, source
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


# Links


@pytest.mark.parametrize(
    ("said", "link"),
    [
        ("<link></link><guid>https://a.example/1</guid>", "https://a.example/1"),
        ("<guid>https://a.example/1</guid><link/>", "https://a.example/1"),
        ("<link>  </link><guid isPermaLink='TRUE'>https://a.example/1</guid>", "https://a.example/1"),
        ("<link/><guid isPermaLink='False'>https://a.example/1</guid>", None),
        ("<link>javascript:void(0)</link><guid>https://a.example/1</guid>", "https://a.example/1"),
        ("<link/><link>https://a.example/1</link>", "https://a.example/1"),
        ("<link>\n https://a.example/1\n</link><guid>https://a.example/2</guid>", "https://a.example/1"),
        ("<link href='https://a.example/1'/>", "https://a.example/1"),
        ("<guid isPermaLink='true'>/news/1</guid>", "https://courier.example/news/1"),
        ("<guid>/news/1</guid>", "https://courier.example/news/1"),
        ("<guid isPermaLink='true'>news/1.html</guid>", "https://courier.example/news/1.html"),
        ("<guid isPermaLink='true'>//a.example/1</guid>", "https://a.example/1"),
        ("<guid isPermaLink='true'>story.php?id=1</guid>", "https://courier.example/story.php?id=1"),
        ("<guid isPermaLink='true'>1234-abcd</guid>", None),
        ("<guid isPermaLink='true'>news of today / 1</guid>", None),
        ("<guid isPermaLink='true'>urn:courier:news/1</guid>", None),
        ("<guid>1234</guid>", None),
        ("<guid>courier/1234</guid>", None),
        ("<comments>https://a.example/1#c</comments><source url='https://b.example/'>B</source>", None),
        ("<link>https://courier.example/feed</link><guid>https://a.example/1</guid>", "https://a.example/1"),
    ],
)
def test_link_of_an_item(said: str, link: str | None) -> None:
    assert entry(f"<title>x</title>{said}").link == link
    assert read(rss(f"<item><title>x</title>{said}</item><item><author>a<b/></author></item>")).entries[0].link == link


IANA = "http://www.iana.org/assignments/relation/"


@pytest.mark.parametrize(
    ("said", "link"),
    [
        (f"<link rel='{IANA}alternate' href='/1'/><link rel='{IANA}self' href='/2'/>", "/1"),
        ("<link rel='self' href='/1'/>", "/1"),
        ("<link rel='self' href='/1'/><id>https://courier.example/id/7</id>", "/1"),
        ("<id>https://courier.example/id/7</id><content type='text/html' src='/1'/>", "/1"),
        ("<link rel='self' href='/2'/><link rel='alternate' href='/1'/>", "/1"),
        ("<link rel='edit' href='/2'/><link rel='replies' href='/3'/><link rel='self' href='/1'/>", "/1"),
        ("<link rel='edit' href='/2'/><link rel='replies' href='/3'/>", None),
        ("<link rel='' href='/1'/>", "/1"),
        ("<link rel='alternate nofollow' href='/1'/>", "/1"),
        ("<link rel='ALTERNATE' type='TEXT/HTML' href='/1'/>", "/1"),
        ("<link type='application/json' href='/2'/><link type='text/html; charset=utf-8' href='/1'/>", "/1"),
        ("<link hreflang='en' href='/2'/><link hreflang='fr-FR' href='/1'/>", "/1"),
        ("<link hreflang='en' href='/1'/><link hreflang='de' href='/2'/>", "/1"),
        ("<link type='application/x-shockwave-flash' href='/2'/><link type='text/html' href='/1'/>", "/1"),
        ("<link href='/player.swf?v=7'/><link href='/1'/>", "/1"),
        ("<link href='http://www.youtube.com/v/abc?version=3'/><id>https://courier.example/1</id>", "/1"),
        ("<link rel='self' href='/feed'/><id>https://courier.example/1</id>", "/1"),
        ("<id>/1</id>", None),
        ("<link rel='related' href='/2'/><id>tag:courier.example,2026:1</id>", None),
    ],
)
def test_link_of_an_atom_entry(said: str, link: str | None) -> None:
    feed = atom(f"<entry><title>x</title>{said}</entry>").replace("<feed ", "<feed xml:lang='fr' ")
    (found,) = read(feed).entries
    assert found.link == (f"https://courier.example{link}" if link else None)


def test_enclosure_is_known_by_its_relations_address() -> None:
    (found,) = read(atom(f"<entry><title>x</title><link rel='{IANA}enclosure' href='/a.mp3'/></entry>")).entries
    assert (found.link, found.enclosures) == (None, (Enclosure("https://courier.example/a.mp3"),))


# Titles


@pytest.mark.parametrize(
    "foreign",
    [
        "<author><title>Other</title><name>Anne</name></author>",
        "<author><name>Anne</name><link rel='alternate' href='https://b.example/anne'/><id>https://b.example/anne</id></author>",
        "<contributor><title>Other</title></contributor>",
        "<own:object><title>Other</title><link href='https://b.example/'/><summary>Other</summary></own:object>",
        "<own:object own:a='b'><title type='xhtml'><div>Other</div></title><updated>2001-01-01</updated></own:object>",
        "<media:content url='https://b.example/i.jpg'><media:title>Other</media:title></media:content>",
        "<image><title>Other</title><link>https://b.example/</link><url>https://b.example/i.png</url></image>",
        "<source><title>Other</title><link href='https://b.example/'/><id>other</id></source>",
    ],
)
@pytest.mark.parametrize("own", ["<title>Own</title>", ""])
def test_parts_of_nested_elements_are_not_the_entrys(foreign: str, own: str) -> None:
    declared = "xmlns:own='urn:own' xmlns:media='http://search.yahoo.com/mrss/'"
    for inner in (f"{foreign}{own}", f"{own}{foreign}"):
        said = f"{inner}<content>Text</content><id>urn:1</id>"
        (found,) = read(atom(f"<entry {declared}>{said}</entry>")).entries
        assert (found.title.value if found.title else "") == ("Own" if own else "")
        assert (found.guid, found.link, found.summary, found.updated) == ("urn:1", None, None, None)


def test_title_of_a_film_stands_in_for_a_missing_one() -> None:
    for said in ("<media:title>Film</media:title>", "<media:group><media:title>Film</media:title></media:group>"):
        found = entry(f"<guid>1</guid>{said}")
        assert found.title is not None
        assert found.title.value == "Film"


def test_titles_of_nested_elements_are_not_the_feeds() -> None:
    found = read(atom("", "<author><title>Other</title></author>").replace("<title>Courier</title>", "", 1))
    assert found.title is None


def titles_of(feed: ParsedFeed) -> list[str]:
    made = normalise(feed, source(), NOW)
    return [article.title for article in made]


def escaped(*titles: str) -> str:
    return rss("".join(f"<item><guid>{title}</guid><title>{title}</title></item>" for title in titles))


def plain(*titles: str) -> str:
    return atom("".join(f"<entry><id>{title}</id><title>{title}</title></entry>" for title in titles))


@pytest.mark.parametrize(
    ("said", "titles"),
    [
        # Once too often, and in all titles
        (escaped("Q&amp;amp;amp;A", "L&amp;amp;#8217;or"), ["Q&A", "L’or"]),
        (escaped("<![CDATA[Q&amp;amp;A]]>", "Rain"), ["Q&A", "Rain"]),
        (plain("Q&amp;amp;A", "L&amp;#8217;or"), ["Q&A", "L’or"]),
        (plain("Q&amp;amp;A", "<![CDATA[L&rsquo;or]]>"), ["Q&A", "L’or"]),
        # As they should be
        (escaped("Q&amp;amp;A", "L&amp;#8217;or"), ["Q&A", "L’or"]),
        (escaped("Q&amp;A", "Rain"), ["Q&A", "Rain"]),
        (plain("Q&amp;A", "L&#8217;or"), ["Q&A", "L’or"]),
        # Not in all: some are about it
        (escaped("Q&amp;amp;A", "Write &amp;amp;amp; for it"), ["Q&A", "Write &amp; for it"]),
        (plain("Q&amp;A", "Write &amp;amp; for it"), ["Q&A", "Write &amp; for it"]),
        (plain("Write &amp;lt; for it"), ["Write &lt; for it"]),
        (plain("What &amp;nbsp; does", "Rain"), ["What &nbsp; does", "Rain"]),
    ],
)
def test_title_is_decoded_once_more_where_all_are_escaped_so(said: str, titles: list[str]) -> None:
    assert titles_of(read(said)) == titles


def test_titles_in_json_are_decoded_where_all_are_escaped() -> None:
    assert titles_of(json_feed({"id": 1, "title": "Q&amp;A"}, {"id": 2, "title": "L&rsquo;or"})) == ["Q&A", "L’or"]
    both = ["Q & A", "Write &amp; for it"]
    assert titles_of(json_feed(*({"id": title, "title": title} for title in both))) == both


MARKED = "&lt;![CDATA[Rain &amp;amp; wind]]&gt;"


@pytest.mark.parametrize(
    "said",
    [MARKED, "<![CDATA[&lt;![CDATA[Rain &amp; wind]]&gt;]]>", "<![CDATA[Rain &amp; wind]]>]]&gt;",
     "&lt;![CDATA[Rain ]]&gt;&lt;![CDATA[&amp;amp; wind]]&gt;",
     "&lt;![CDATA[&lt;![CDATA[Rain &amp;amp; wind]]&gt;]]&gt;", "&lt;![CDATA[Rain &amp;amp; wind"],
)  # fmt: skip
def test_marks_of_cdata_are_no_part_of_a_title(said: str) -> None:
    (made,) = normalise(read(rss(f"<item><title>{said}</title><category>{said}</category></item>")), source(), NOW)
    assert (made.title, made.categories) == ("Rain & wind", ("Rain & wind",))


def test_marks_of_cdata_tear_no_text() -> None:
    marked = "&lt;![CDATA[&lt;p&gt;Rain.&lt;/p&gt;]]&gt;"
    inner = "<![CDATA[<p>Rain.</p>&lt;![CDATA[ stays]]>"
    for said, expected in (
        (f"<description>{marked}</description>", "<p>Rain.</p>"),
        (f"<content:encoded>{marked}</content:encoded>", "<p>Rain.</p>"),
        (f"<description>&lt;p&gt;Wind.&lt;/p&gt;{marked}</description>", "<p>Wind.</p><p>Rain.</p>"),
        (f"<description>{inner}</description>", "<p>Rain.</p>&lt;![CDATA[ stays"),
    ):
        (made,) = normalise(read(rss(f"<item><title>x</title>{said}</item>")), source(), NOW)
        assert made.content == expected
    (made,) = normalise(json_feed({"id": 1, "content_html": "<![CDATA[<p>Rain.</p>]]>"}), source(), NOW)
    assert made.content == "<p>Rain.</p>"


def test_title_of_the_feed_is_plain_too() -> None:
    assert read(rss("").replace("<title>Courier</title>", f"<title>{MARKED}</title>")).title == "Rain & wind"
    assert read(rss("").replace("Courier<", "The &lt;b&gt;Courier&lt;/b&gt;<")).title == "The Courier"


# Feeds with something around them

ONE = '<rss version="2.0"><channel><title>Courier</title><item><title>One</title><guid>1</guid></item></channel></rss>'
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>Courier</title><entry><title>One</title><id>1</id></entry></feed>'
)
XML = '<?xml version="1.0" encoding="utf-8"?>'


@pytest.mark.parametrize("feed", [ONE, ATOM, f"{XML}\n{ONE}", f"{XML}{ATOM}"])
@pytest.mark.parametrize(
    "around",
    [
        "<!DOCTYPE html>{}",
        "\n<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01//EN' 'http://www.w3.org/TR/html4/strict.dtd'>\n{}",
        "<html>{}</html>",
        "<!-- cached --><html><title>Feed</title><script>x = '<rss version=\"2.0\">'</script><body>{}</body></html>",
        "<html><body><div id='viewer-source' style='display:none'>{}</div><p>This XML file …</p></body></html>",
        "<br />\n<b>Warning</b>: session_start() in <b>/var/www/x.php</b> on line <b>7</b><br />\n{}",
        "Notice: x\n{}<!-- 0.2 s -->",
    ],
)
def test_feed_is_read_whatever_stands_around_it(feed: str, around: str) -> None:
    found = read(around.format(feed))
    assert (found.title, [each.guid for each in found.entries], found.problem) == ("Courier", ["1"], None)


def test_feed_that_a_page_shows_as_text_is_read() -> None:
    for feed in (ONE, f"{XML}\n{ATOM}"):
        page = f"<html><head></head><body><pre style='x'>{html.escape(feed, quote=False)}</pre></body></html>"
        assert [each.guid for each in read(page).entries] == ["1"]


def test_page_that_only_mentions_feeds_is_a_page() -> None:
    inner = f"<script>let feed = `{ONE}`</script><!-- {ATOM} --><p>&lt;rss version='2.0'></p><textarea>{ONE}</textarea>"
    for page in (f"<!DOCTYPE html><html><title>How to</title><body>{inner}</body></html>", f"<html>{inner}"):
        with pytest.raises(ParseError, match="an HTML page"):
            read(page)
