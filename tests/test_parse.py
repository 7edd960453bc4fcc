"""Documents of every format and encoding; each fault of feedparser that is mended. Documents written for this project."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feeds.errors import ParseError
from feeds.model import Enclosure, Entry, ParsedFeed, Response
from feeds.parse import parse

URL = "https://courier.example/feed"


def read(body: bytes | str, content_type: str = "") -> ParsedFeed:
    raw = body if isinstance(body, bytes) else body.encode()
    return parse(Response(URL, 200, {"content-type": content_type} if content_type else {}, raw))


def rss(items: str, head: str = "", declaration: str = '<?xml version="1.0"?>') -> str:
    return (
        f'{declaration}<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" '
        'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">'
        f"<channel><title>Courier</title><link>https://courier.example/</link>{head}{items}</channel></rss>"
    )


def entry(items: str) -> Entry:
    (found,) = read(rss(f"<item>{items}</item>")).entries
    return found


def atom(entries: str, head: str = "") -> str:
    return (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Courier</title><id>urn:courier</id>'
        f'<updated>2026-11-23T08:00:00Z</updated><link href="https://courier.example/"/>{head}{entries}</feed>'
    )


# Formats


def test_rss_20() -> None:
    found = entry(
        '<title>One &amp;amp; two</title><link>https://courier.example/1</link><guid isPermaLink="false">g1</guid>'
        "<dc:creator>Awa Diop</dc:creator><pubDate>lun., 23 nov. 2026 08:00</pubDate><category>Mali</category>"
        "<description>Short</description><content:encoded><![CDATA[<p>Long</p>]]></content:encoded>"
    )
    assert (found.guid, found.link, found.authors, found.categories) == (
        "g1",
        "https://courier.example/1",
        ("Awa Diop",),
        ("Mali",),
    )
    assert found.published == "lun., 23 nov. 2026 08:00"  # the source's own words
    assert found.title is not None
    assert found.title.value == "One &amp; two"
    assert found.summary is not None
    assert found.content is not None
    assert (found.summary.value, found.content.value) == ("Short", "<p>Long</p>")


def test_permanent_guid_stands_in_for_a_missing_link() -> None:
    assert entry("<title>T</title><guid>https://courier.example/1</guid>").link == "https://courier.example/1"


def test_rss_10() -> None:
    found = read(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>Courier</title><link>https://courier.example/</link>'
        '</channel><item rdf:about="https://courier.example/1"><title>One</title><link>https://courier.example/1</link>'
        "<dc:date>2026-11-23T08:00:00Z</dc:date><dc:language>fr</dc:language></item></rdf:RDF>"
    )
    (one,) = found.entries
    assert (found.format, one.link, one.updated, one.language) == (
        "rss10",
        "https://courier.example/1",
        "2026-11-23T08:00:00Z",
        "fr",
    )


def test_rss_091_and_090() -> None:
    items = "<item><title>One</title><link>https://courier.example/1</link></item>"
    assert len(read(rss(items).replace('version="2.0"', 'version="0.91"')).entries) == 1
    old = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/">'
    assert read(f"{old}<channel><title>C</title></channel>{items}</rdf:RDF>").format == "rss090"


def test_atom_10() -> None:
    found = read(
        atom(
            '<entry xml:lang="fr"><title type="html">&lt;b&gt;Un&lt;/b&gt;</title><id>tag:1</id>'
            '<link rel="enclosure" href="/a.mp3" type="audio/mpeg" length="5"/>'
            '<link rel="alternate" type="application/json" href="/1.json"/><link href="/1"/>'
            "<published>2026-11-22T08:00:00Z</published>"
            "<updated>2026-11-23T08:00:00Z</updated><author><name>Awa Diop</name><email>awa@courier.example</email></author>"
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Texte</p></div></content></entry>',
            '<link rel="self" href="/feed"/>',
        )
    )
    (one,) = found.entries
    assert (found.id, found.self_link) == ("urn:courier", "https://courier.example/feed")
    assert (one.link, one.authors) == ("https://courier.example/1", ("Awa Diop",))
    assert (one.published, one.updated) == ("2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z")
    assert one.enclosures == (Enclosure("https://courier.example/a.mp3", "audio/mpeg", 5),)
    assert one.title is not None
    assert (one.title.html, one.title.language) == (True, "fr")
    assert one.content is not None
    assert "<p>Texte</p>" in one.content.value


def test_atom_text_is_plain_and_not_taken_for_markup() -> None:
    (one,) = read(atom("<entry><id>1</id><title>Use of &lt;b&gt; in HTML</title></entry>")).entries
    assert one.title is not None
    assert (one.title.value, one.title.html) == ("Use of <b> in HTML", False)


def test_markup_that_atom_declares_as_text_is_seen_as_markup() -> None:
    (one,) = read(atom("<entry><id>1</id><summary>&lt;p&gt;One&lt;/p&gt;</summary></entry>")).entries
    assert one.summary is not None
    assert one.summary.html


def test_xml_base_is_the_base_of_texts() -> None:
    (one,) = read(
        atom('<entry xml:base="https://other.example/b/"><id>1</id><content type="html">x</content></entry>')
    ).entries
    assert one.content is not None
    assert one.content.base == "https://other.example/b/"


def test_atom_03() -> None:
    found = read(
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>C</title><entry><title>One</title><id>1</id>'
        '<link rel="alternate" type="text/html" href="https://courier.example/1"/><issued>2026-11-22T08:00:00Z</issued>'
        "<modified>2026-11-23T08:00:00Z</modified></entry></feed>"
    )
    (one,) = found.entries
    assert (found.format, one.link) == ("atom03", "https://courier.example/1")
    assert (one.published, one.updated) == ("2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z")


def test_json_feed() -> None:
    found = read(
        '{"version": "https://jsonfeed.org/version/1.1", "title": "C", "home_page_url": "https://courier.example/",'
        '"language": "fr",'
        '"items": [{"id": 7, "url": "/1", "title": "Un", "content_html": "<p>x</p>", "date_published": "2026-11-23T08:00:00Z",'
        '"authors": [{"name": "Awa Diop"}], "tags": ["Mali", 5], "image": "/i.jpg",'
        '"attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 5}, {}]},'
        '"no item", {"id": "b", "title": 5}]}'
    )
    one, two = found.entries
    assert (found.format, found.language, found.link) == ("json11", "fr", "https://courier.example/")
    assert (one.guid, one.link, one.authors, one.categories) == (
        "7",
        "https://courier.example/1",
        ("Awa Diop",),
        ("Mali",),
    )
    assert one.image == "https://courier.example/i.jpg"
    assert one.enclosures == (Enclosure("https://courier.example/a.mp3", "audio/mpeg", 5),)
    assert (two.guid, two.title) == ("b", None)
    assert found.problem == "1 item is no object"


def test_json_feed_with_half_a_surrogate_pair_is_read() -> None:
    (one,) = read('{"items": [{"id": "1", "title": "a\\ud800b \\ud83d\\ude00", "tags": ["c\\ud800"]}]}').entries
    assert one.categories == ("c\ufffd",)
    assert one.title is not None
    assert one.title.value == "a\ufffdb 😀"


# What an entry carries


def test_media_and_itunes() -> None:
    found = entry(
        '<title>T</title><media:group><media:content url="/1.jpg" medium="image"/><media:content url="/2.mp4" type="video/mp4" '
        'fileSize="9"/></media:group><media:thumbnail url="/t.jpg"/><enclosure url="/2.mp4" type="video/mp4" length="9"/>'
    )
    assert found.image == "https://courier.example/1.jpg"
    assert [each.url for each in found.enclosures] == ["https://courier.example/2.mp4", "https://courier.example/1.jpg"]


def test_link_behind_feedburner() -> None:
    found = entry(
        "<link>https://feeds.example/~r/1</link><feedburner:origLink>https://courier.example/1</feedburner:origLink>"
    )
    assert (found.link, found.original_link) == ("https://feeds.example/~r/1", "https://courier.example/1")


@pytest.mark.parametrize(
    ("head", "ttl"),
    [
        ("<ttl>90</ttl>", timedelta(minutes=90)),
        ("<ttl>0</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", timedelta(hours=12)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        ("", None),
    ],
)
def test_hint_how_often_to_ask(head: str, ttl: timedelta | None) -> None:
    assert read(rss("", head)).ttl == ttl


def test_hours_and_days_to_skip() -> None:
    hours = "".join(f"<hour>{hour}</hour>" for hour in (0, 24, 5, 99))
    head = f"<skipHours>{hours}</skipHours><skipDays><day>Sunday</day></skipDays>"
    found = read(rss("", head))
    assert (found.skip_hours, found.skip_days) == (frozenset({0, 5}), frozenset({6}))


# Encodings

RUSSIAN, ARABIC, FRENCH = (
    "Президент Мали прибыл в Москву на переговоры",
    "رئيس مالي يصل إلى موسكو لإجراء محادثات",
    "Réfugiés à Bamako : l’été",
)


def titled(text: str, encoding: str, declared: str | None) -> bytes:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    body = rss(f"<item><title>{text}</title><description>{text}. {text}.</description></item>", declaration=declaration)
    return body.encode(encoding)


@pytest.mark.parametrize(
    ("text", "encoding", "declared", "content_type"),
    [
        (RUSSIAN, "utf-8", None, ""),
        (RUSSIAN, "utf-8-sig", "utf-8", ""),
        (RUSSIAN, "utf-16", "utf-16", ""),
        (ARABIC, "utf-16-le", "utf-16", ""),
        (ARABIC, "utf-16-be", None, ""),
        (RUSSIAN, "windows-1251", "windows-1251", ""),
        (RUSSIAN, "windows-1251", None, "text/xml; charset=windows-1251"),
        (RUSSIAN, "windows-1251", None, ""),
        (RUSSIAN, "windows-1251", "utf-8", ""),
        (RUSSIAN, "windows-1251", "iso-8859-1", ""),
        (RUSSIAN, "koi8-r", "koi8-r", ""),
        (RUSSIAN, "koi8-r", None, ""),
        (ARABIC, "windows-1256", "windows-1256", ""),
        (ARABIC, "windows-1256", None, ""),
        (FRENCH, "windows-1252", "iso-8859-1", ""),
        (FRENCH, "windows-1252", None, ""),
        (FRENCH, "utf-8", "iso-8859-1", "text/xml; charset=iso-8859-1"),
        (FRENCH, "utf-8", "no-such-encoding", ""),
    ],
)
def test_text_is_read_whatever_was_declared(text: str, encoding: str, declared: str | None, content_type: str) -> None:
    (one,) = read(titled(text, encoding, declared), content_type).entries
    assert one.title is not None
    assert one.title.value == text


JAPANESE, CHINESE, KOREAN = (
    "マリ共和国の大統領がモスクワに到着した",
    "马里总统抵达莫斯科",
    "말리 대통령이 모스크바에 도착했다",
)
GREEK, HEBREW, THAI = "Ο πρόεδρος του Μαλί έφτασε στη Μόσχα", "נשיא מאלי הגיע למוסקבה", "ประธานาธิบดีมาลีเดินทางถึงมอสโก"
POLISH, TURKISH = "Prezydent Mali przybył do Moskwy: źródło", "Mali Cumhurbaşkanı Moskova'ya ulaştı, görüşme başladı"


@pytest.mark.parametrize(
    ("text", "encoding", "declared", "content_type"),
    [
        (JAPANESE, "iso-2022-jp", "ISO-2022-JP", ""),
        (JAPANESE, "iso-2022-jp", None, "text/xml; charset=ISO-2022-JP"),
        (JAPANESE, "iso-2022-jp-3", "ISO-2022-JP-3", ""),
        (JAPANESE, "shift_jis", "Shift_JIS", ""),
        (JAPANESE + "①", "cp932", "x-sjis", ""),
        (JAPANESE, "euc-jp", "EUC-JP", ""),
        (JAPANESE, "shift_jis", "utf-8", "text/xml; charset=shift_jis"),
        (CHINESE, "gb2312", "gb2312", ""),
        (CHINESE + "镕", "gbk", "gb2312", ""),
        (CHINESE, "gb18030", "gb18030", ""),
        (CHINESE, "hz", "HZ-GB-2312", ""),
        ("馬里總統抵達莫斯科", "big5", "Big5", ""),
        (KOREAN, "euc-kr", "euc-kr", ""),
        (KOREAN, "iso-2022-kr", "iso-2022-kr", ""),
        (KOREAN, "cp949", "ks_c_5601-1987", ""),
        (GREEK, "iso-8859-7", "iso-8859-7", ""),
        (GREEK, "windows-1253", "windows-1253", ""),
        (HEBREW, "iso-8859-8", "iso-8859-8-i", ""),
        (HEBREW, "windows-1255", "windows-1255", ""),
        (THAI, "cp874", "TIS-620", ""),
        (POLISH, "iso-8859-2", "iso-8859-2", ""),
        (TURKISH, "iso-8859-9", "iso-8859-9", ""),
        (RUSSIAN, "iso-8859-5", "iso-8859-5", ""),
        (RUSSIAN, "cp866", "IBM866", ""),
        (RUSSIAN, "koi8-u", "koi8-u", ""),
        (RUSSIAN, "mac-cyrillic", "x-mac-cyrillic", ""),
        (RUSSIAN, "windows-1251", "win-1251", ""),
        (ARABIC, "iso-8859-6", "iso-8859-6", ""),
        (FRENCH.replace("’", "'"), "iso-8859-15", "iso-8859-15", ""),
        (FRENCH, "mac-roman", "macintosh", ""),
        (ARABIC, "utf-32-be", "utf-32", ""),
    ],
)
def test_every_declared_encoding_is_read(text: str, encoding: str, declared: str | None, content_type: str) -> None:
    (one,) = read(titled(text, encoding, declared), content_type).entries
    assert one.title is not None
    assert one.title.value == text


@pytest.mark.parametrize("encoding", ["shift_jis", "euc-kr", "windows-1255", "iso-8859-7"])
def test_a_wrong_byte_in_a_declared_encoding_costs_only_itself(encoding: str) -> None:
    text = {"shift_jis": JAPANESE, "euc-kr": KOREAN, "windows-1255": HEBREW, "iso-8859-7": GREEK}[encoding]
    body = titled(text, encoding, encoding).replace(b"</description>", b" \xff </description>")
    (one,) = read(body).entries
    assert one.title is not None
    assert one.title.value == text


def test_escape_in_what_declares_utf8_is_a_control_character() -> None:
    (one,) = read(titled("caf\u00e9 \x1b$B", "utf-8", "utf-8")).entries
    assert one.title is not None
    assert one.title.value == "café $B"


def test_a_few_wrong_bytes_cost_only_themselves() -> None:
    body = titled(RUSSIAN, "utf-8", "utf-8").replace("Мали".encode(), "Мали".encode() + b"\xff")
    (one,) = read(body).entries
    assert one.title is not None
    assert "Москву" in one.title.value


def test_control_characters_and_forbidden_references_are_dropped() -> None:
    found = entry("<title>a\x00b\x08c&#0;d&#x1F;e&#xD800;f</title>")
    assert found.title is not None
    assert found.title.value == "abcdef"


def test_html_entities_without_a_dtd_are_known() -> None:
    found = entry("<title>Caf&eacute;&nbsp;noir &nosuch; &amp;lt;</title>")
    assert found.title is not None
    assert found.title.value == "Café\xa0noir &nosuch; &lt;"


# What is broken or made to hurt


def test_truncated_document_is_read_as_far_as_it_goes() -> None:
    whole = rss("<item><title>One</title><guid>1</guid></item><item><title>Two</title><guid>2</guid></item>")
    found = read(whole[: whole.index("<guid>2")])
    assert found.entries[0].guid == "1"
    assert found.problem is not None
    assert found.problem.startswith("not well-formed")


def test_one_broken_entry_costs_only_itself() -> None:
    items = "<item><title>One</title></item><item><title>Two <b></title></item><item><title>Three & four</title></item>"
    titles = [each.title.value for each in read(rss(items)).entries if each.title]
    assert titles[0] == "One"
    assert titles[-1].startswith("Three")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"   ", "empty"),
        (
            b"<!DOCTYPE html><html><head><title>Welcome &amp; hello</title></head></html>",
            "an HTML page, titled “Welcome & hello”",
        ),
        (b"<!-- x --><html><body>x</body></html>", "an HTML page"),
        (b'<?xml version="1.0"?><opml version="2.0"><body/></opml>', "an OPML list"),
        (b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>', "a sitemap"),
        (b"Not found", "no feed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no feed"),
        (b'{"error": "no"}', "no list of items"),
        (b"{broken", "no JSON"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_feed_is_said_in_words(body: bytes, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        read(body)


def test_feed_without_entries_is_a_feed() -> None:
    assert read(rss("")).entries == ()


def test_entities_are_never_declared_nor_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'
    body = rss("<item><title>One &l9; &x;</title></item>").replace(
        '<?xml version="1.0"?>', f'<?xml version="1.0"?>{doctype}'
    )
    (one,) = read(body).entries
    assert one.title is not None
    assert "One" in one.title.value
    assert "hunter2" not in one.title.value
    assert len(one.title.value) < 100


def test_thirty_thousand_namespaces_are_refused() -> None:
    names = " ".join(f'xmlns:n{number}="http://n.example/{number}"' for number in range(30_000))
    with pytest.raises(ParseError, match="namespaces"):
        read(f"<rss {names}><channel><item><title>x</title></item></channel></rss>")


def test_hundred_thousand_attributes_are_refused() -> None:
    attributes = " ".join(f'a{number}="1"' for number in range(100_000))
    with pytest.raises(ParseError, match="a tag of more than"):
        read(rss(f"<item><title {attributes}>x</title></item>"))


@pytest.mark.parametrize(
    ("bad", "titles"),
    [
        ('{"id":"b","title":"Bad",}', ["One", "Two"]),
        ('{"id":' + "9" * 5000 + ',"title":"Long"}', ["One", "Long", "Two"]),
        ('{"id":"b","title":"Bad"', ["One", "Two"]),
        ('{"id":"b","x":' + "[" * 50_000 + "]" * 50_000 + "}", ["One", "Two"]),
    ],
)
def test_broken_item_of_json_costs_only_itself(bad: str, titles: list[str]) -> None:
    whole = f'{{"title":"J","items":[{{"id":"1","title":"One"}},{bad},{{"id":"2","title":"Two"}}]}}'
    feed = read(whole.encode())
    assert [entry.title and entry.title.value for entry in feed.entries] == titles
    assert feed.title == "J"


def test_entry_that_is_a_trap_costs_only_itself() -> None:
    trap = "<category>x</category>" * 30_000
    feed = read(
        rss(f"<item><title>One</title></item><item><title>Bad</title>{trap}</item><item><title>Two</title></item>")
    )
    assert [entry.title and entry.title.value for entry in feed.entries] == ["One", "Two"]
    assert "more than 20000 <category>" in (feed.problem or "")


def test_file_in_a_text_is_left_out() -> None:
    picture = "data:image/png;base64," + "QUJD" * 50_000
    feed = read(rss(f"<item><title>One</title><description><![CDATA[<img src='{picture}'>x]]></description></item>"))
    assert feed.entries[0].summary is not None
    assert feed.entries[0].summary.value == "<img src='data:,'>x"
