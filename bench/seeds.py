"""What `bench.fuzz` begins from: small sound inputs for each target, and the words that such are made of. All invented."""

from __future__ import annotations

import json

_RSS = """text/xml; charset=utf-8
<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet href="a.xsl"?><!-- c --><!DOCTYPE rss [<!ENTITY x "y">]>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
 xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>River &amp; hill</title><link>https://courier.example/</link>
<atom:link rel="self" href="/feed"/><language>fr</language><ttl>60</ttl><sy:updatePeriod>daily</sy:updatePeriod>
<skipHours><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>
<item><title>Bread &lt;b&gt;dear&lt;/b&gt;</title><link>/a?utm_source=rss</link><guid isPermaLink="false">a1</guid>
<pubDate>mar., 24 nov. 2026 08:00:00 +0100</pubDate><dc:creator>By Awa Diop</dc:creator><category>Mali</category>
<description><![CDATA[<p>One <img src="/i.jpg" onerror="x"/></p>]]></description>
<content:encoded>&lt;p&gt;Two&amp;nbsp;three&lt;/p&gt;</content:encoded>
<enclosure url="a.mp3" type="audio/mpeg" length="12"/><media:content url="https://courier.example/p.jpg" medium="image"/>
<media:description>Caption</media:description><image><url>x.png</url><title>t</title><link>l</link></image></item>
<item><link>https://courier.example/b</link><description>No &bad; & end</item></channel></rss>"""
_ATOM = """application/atom+xml
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ar" xml:base="https://courier.example/x/"><title type="html">&lt;i>T</title>
<id>urn:x</id><updated>2026-11-24T08:00:00Z</updated><link href="../"/><link rel="alternate" type="text/html" href="h"/>
<entry><id>e1</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>X</p></div></title>
<link href="one"/><link rel="enclosure" href="s.mp3" length="9"/><published>2026-11-23T07:00:00+03:00</published>
<updated>2026-11-24</updated><author><name>A</name><email>a@b.c</email></author><category term="t" label="L"/>
<summary>plain &lt;p></summary><content type="html" xml:lang="ru">&lt;script>x&lt;/script>&lt;p>ok&lt;/p></content>
</entry></feed>"""
_RDF = """
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>T</title></channel>
<item rdf:about="https://courier.example/1"><title>One</title><dc:date>2026-11-24T08:00:00Z</dc:date></item></rdf:RDF>"""
_JSON = {
    "version": "https://jsonfeed.org/version/1.1", "title": "T", "home_page_url": "https://courier.example/",
    "feed_url": "https://courier.example/feed", "language": "en", "items": [
        {"id": 1, "url": "/a", "title": "A \ud800 b", "content_html": "<p>x</p>", "summary": "s", "tags": ["t", 1],
         "date_published": "2026-11-24T08:00:00Z", "authors": [{"name": "N"}], "image": "i.png",
         "attachments": [{"url": "a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 1e3}]},
        {"id": "2", "content_text": "two\n\nlines", "author": {"name": "M"}, "external_url": "https://a.example/"}, 3,
    ],
}  # fmt: skip
_MARKUP = (
    '<p>One <b>two</b> <a href="/x" onclick="y">three</a> <img src="a.jpg" srcset="b 1x, c 2x" width="1"></p>',
    "&lt;p&gt;x &lt;script&gt;y&lt;/script&gt;&lt;/p&gt;",
    "<table><tr><td><svg><style><a title='</style><img src=x onerror=y>'></svg></table><math><mi>x</math>",
    "<div><p>By Awa Diop</p><h2>Title</h2><p>Text … Read more</p><form action=x><input><p>Leave a Reply</form></div>",
    "a < b & c > d <Redacted> &#x202e; [&hellip;] The post X appeared first on Y.",
    "<ruby>a<rp>(</rp><rt>b</rt></ruby><details open><summary>s</summary></details><video poster=p src=v></video>",
    "<noscript><p title='</noscript><img src=x onerror=y>'></noscript><template><b>x</template><ul><li>a<li>b</ul>",
)
_DATES = (
    "Tue, 24 Nov 2026 08:00:00 GMT", "2026-11-24T08:00:00.123+01:00", "mar., 24 nov. 2026 08:00",
    "24 ноября 2026 г. 10:15 МСК",
    "٢٤ نوفمبر ٢٠٢٦ الساعة ١٠:٣٠ ص", "Nov 24 08:00:00 EST 2026", "November 24, 2026 at 8:00 PM", "24/11/2026 8h05",
    "11/24/26 8:00 am",
    "1795507200", "1795507200123", "20261124T080000Z", "2026/11/24 24:00:60",
    "1er août 2026 à 12.30 (UTC+3)", "0001-01-01T00:00:00Z",
    "31 Dec 9999 23:59:59 -1400",
)  # fmt: skip
_URLS = (
    "https://courier.example/a/b\n../c?utm_source=x&id=1#!/r", "\nhttp://user:pw@EXAMPLE.org:80/%7ea%c3/./b/../ü?q=[1]&token=x#f",
    "\nhttps://www.google.com/url?q=https%3A%2F%2Fa.example%2F%3Futm_medium%3Dy", "http://[::1]/\n//[::ffff:1.2.3.4]:8080/a",
    "\nhttps://пример.example/я", "\n https://a.example\t/x\x00y ", "\nhttps://a.example./?key=9f86d081884c7d659a2feaa0c55ad015",
)  # fmt: skip
_NEWS = (
    "Mali and Niger reopen their border\nTalks in Bamako went on after the attack near Gao, said the army.",
    "Un convoi russe arrive à N’Djaména\nLe Tchad et la Russie signent un accord ; l'Africa Corps n'est pas nommé.",
    "Москва и Уагадугу договорились\nВ Буркина-Фасо прибыли инструкторы из России.",
    "وفد من النيجر يصل إلى موسكو\nبحث الوفد في روسيا التعاون مع مالي وبوركينا فاسو.",
    "Nigeria beats Ghana; Wagner sings Lohengrin in Nigeria’s capital\nMali Smith of Niagara won in Timbuktu, Ohio.",
)
_CONFIG = """# Ours
[site]
title = "T"  # a title
base_url = "https://a.example/x"
timezone = "Africa/Bamako"
[fetch]
timeout = "20s"
allow_private_networks = ["10.0.0.0/8"]
[schedule]
interval = "30m"
[publish]
formats = ["atom", "html"]
[topics.x]
any_of = ["a", "b"]
[topics.x.terms]
y = "fr: un, deux"
# The first
[[sources]]
url = "https://a.example/feed"
name = "A"
country = ["ML", "NE"]
topics = { x = 0.5 }
headers = { X-Key = "env:KEY" }
# The second
[[sources]]
url = "https://b.example/feed?token=x"
name = 'B'
auth = "env:AUTH"
interval = "2h"

# the end
"""
_HEADERS = (
    'ETag: W/"a"\nLast-Modified: Tue, 24 Nov 2026 08:00:00 GMT\nCache-Control: public, max-age=3600\nRetry-After: 120',
    "Expires: Tue, 24 Nov 2026 13:00:00 GMT\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT",
    'Expires: 0\nCache-Control: no-cache, MAX-AGE = "5"\nRetry-After: -1',
    "Expires: Mon, 1 Jan 0001 00:00:00 +2359\nRetry-After: 1e9\nETag: \xff\x00",
)
_QUERIES = (
    "uranium -gold \"red sea\" niger* lang:fr since:2026-01 until:2026-02-03\nUranium from Niger, and the Red Sea.",
    "l'or topic:sahel country:ML source:\"Le Courrier\"\nL’or du Mali " * 20,
    "ذهب مالي\nالذهب في مالي", "Золото Мали*\nо золоте Мали",
)  # fmt: skip
_OPML = """<?xml version="1.0"?><opml version="2.0"><head><title>x</title></head><body><outline text="G"><outline text="A"
 type="rss" xmlUrl="https://a.example/?a=1&b=2" htmlUrl="https://a.example/" language="fr"/></outline><outline text="B"
 xmlurl="feed://b.example/"/></body></opml>"""
_XML_WORDS = tuple(
    "<item> </item> <entry> </entry> <title> </title> <link> <guid> <description> <content:encoded> <![CDATA[ ]]> <!-- --> "
    '<!DOCTYPE <!ENTITY &amp; &lt; &#x0; &#55296; &nbsp; xml:base=" xml:lang=" xmlns: type="xhtml" type="html" href=" '
    "<source> <image> <url> <author> <dc:date> <pubDate> <category <enclosure <media:content <media:group> <itunes:image "
    "<channel> <rss <feed <rdf:RDF <textInput> <div> <id> <ttl> <skipHours> <hour> windows-1251 utf-16 koi8-r".split()
)
_JSON_WORDS = (
    "items id url title content_html content_text summary tags image authors author name attachments size_in_bytes"
    " date_published"
).split()
_HTML_WORDS = tuple(
    "<p> </p> <b> </b> <a <img <svg> </svg> <math> <mi> <mtext> <style> </style> <script> </script> <table> <tr> <td> "
    "<caption> "
    "<select> <option> <template> <noscript> <title> <textarea> <xmp> <iframe> <form> <input <ruby> <rp> <rt> <details> <pre> "
    "<li> <ul> <h1> <font> <nobr> <frameset> <annotation-xml <foreignObject> <desc> <mglyph> <plaintext> onerror= href= src= "
    "srcset= style= title= javascript: data: &lt; &gt; &amp; &#x3c; &quot; <!-- --> --!> <![CDATA[ ]]> </ /> &colon; &Tab;"
    " <foreignObject>".split()
)


def _bytes(*texts: str) -> tuple[bytes, ...]:
    return tuple(text.encode() for text in texts)


SEEDS: dict[str, tuple[bytes, ...]] = {
    "xml": _bytes(_RSS, _ATOM, _RDF),
    "json": (b"\n" + json.dumps(_JSON).encode(), b'\n{"items":[]}'),
    "salvage": _bytes(_RSS, _ATOM, _RDF),
    "urls": _bytes(*_URLS),
    "dates": _bytes(*_DATES),
    "markup": _bytes(*(f"https://a.example/\n{text}" for text in _MARKUP)),
    "search": _bytes(*_QUERIES),
    "topics": _bytes(*_NEWS),
    "config": _bytes(_CONFIG, "[[sources]]\nurl='http://a.example'\nname='A'\n"),
    "headers": tuple(text.encode("latin-1") for text in _HEADERS),
    "opml": (_OPML.encode(), _OPML.encode("utf-16")),
}
WORDS: dict[str, tuple[str, ...]] = {
    "xml": _XML_WORDS,
    "json": (*(f'"{word}":' for word in _JSON_WORDS), "\\ud800", "1e999", "NaN", "null", "[[", "{}"),
    "salvage": _XML_WORDS,
    "urls": tuple(
        "http:// https:// %2e ../ ? # @ : // [ ] utm_source= token= & xn-- .example www.google.com/url?q=".split()
    ),
    "dates": ("2026", "nov", "GMT", "+01:00", " de ", "PM", "T", "Z", ":"),
    "markup": _HTML_WORDS,
    "search": ("lang:", "since:", "topic:", "source:", "-", "*", '"'),
    "topics": tuple(
        "Mali Niger Russia Russie России مالي روسيا Wagner Sahel Tchad Africa Corps ’ - « » . , ال و".split()
    ),
    "config": tuple("[[sources]] [sources url= name= \"\"\" ''' env: [topics.x] # = { }".split()),
    "headers": tuple("Retry-After: Expires: Cache-Control: max-age= ETag: 9999 GMT -0000".split()),
    "opml": tuple("<outline xmlUrl= & feed: &#0; htmlUrl=".split()),
}
