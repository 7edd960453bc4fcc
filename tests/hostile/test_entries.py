"""Entries: without what they should have, with what they should not; twice, changing, stolen, absurd; and no feeds at all.

Where one entry is bad, the others around it must be read.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.hostile.judge import Case, check, ok
from tests.web import item, rss

GOOD = ("Good one", "Good two")


def around(bad: str, head: str = "", root: str = "") -> bytes:
    """A feed of two good items with *bad*, the body of an item, between them; *root* are attributes of <rss>."""
    document = rss(item("1", "Good one"), bad, item("2", "Good two"), head=head)
    return document.replace(b"<rss ", f"<rss {root} ".encode(), 1) if root else document


def atom(bad: str, root: str = "") -> bytes:
    good = [
        f'<entry><id>urn:x:{n}</id><title>Good {n}</title><updated>2026-11-24T08:00:00Z</updated><link href="/{n}"/></entry>'
        for n in ("one", "two")
    ]
    head = f'<feed xmlns="http://www.w3.org/2005/Atom" {root}><title>A</title><id>urn:x:f</id>'
    return f"{head}{good[0]}<entry>{bad}</entry>{good[1]}</feed>".encode()


def items(bad: str) -> bytes:
    """A JSON Feed of two good items with *bad* between them."""
    good = [json.dumps({"id": f"j{n}", "title": f"Good {n}"}) for n in ("one", "two")]
    return f'{{"version":"https://jsonfeed.org/version/1.1","title":"J","items":[{good[0]},{bad},{good[1]}]}}'.encode()


DATES = (
    "yesterday",
    "0",
    "-1",
    "99999999999999999999",
    "Mon, 00 Jan 0000 00:00:00 GMT",
    "Tue, 31 Feb 2026 10:00:00 GMT",
    "Sun, 31 Dec 1899 23:59:59 GMT",
    "Fri, 01 Jan 2099 00:00:00 GMT",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "2026-13-45T99:99:99Z",
    "10000-01-01T00:00:00Z",
    "2026-11-24T08:00:00+99:99",
    "Tue, 24 Nov 2026 08:00:00 +9999",
    "Tue, 24 Nov 2026 25:61:61 GMT",
    "1e309",
    "NaN",
    "٢٤ نوفمبر ٢٠٢٦",
    "24/24/2026",
    "20261124T080000Z" * 20,
    "&#x202e;6202",
    "1969-12-31T23:59:59Z",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "24 Nov 99999999 08:00 GMT",
    "P1D",
    "&lt;script>",
    "2026-11-24T08:00:00" + "0" * 90,
)
GUIDS = {
    "of a megabyte": "g" * 1_000_000,
    "with markup": "&lt;script>alert(1)&lt;/script>",
    "with controls": "&#x1;a&#x9f;",
    "with bidi controls": "\u202ea",
    "of white space": "   ",
    "with a NUL": "a\0b",
    "that is a script": "javascript:alert(1)",
    "that is a file": "file:///etc/passwd",
    "that looks like SQL": "'; DROP TABLE articles; --",
    "with a tab": "a&#9;b",
    "that is a path": "../../../etc/passwd",
    "of our own kind": "urn:uuid:00000000-0000-5000-8000-000000000000",
    "of an emoji and a mark": "\U0001f600\ufeff",
    "with a line break": "a&#10;b&#13;c",
    "that is an address with a login": "http://user:pass@a.example/",
}
LINKS = {
    "to a script": "javascript:alert(1)",
    "to data": "data:text/html,x",
    "to a file": "file:///etc/passwd",
    "with spaces": "http://a.example/a b  c",
    "with a script behind a space": " \t javascript:alert(1)",
    "split by a line break": "java&#10;script:alert(1)",
    "to a host of controls": "http://a\x07.example/",
    "in Cyrillic": "http://пример.example/путь?ключ=знач",
    "in Punycode that is none": "http://xn--\u00e4.example/",
    "to an impossible port": "http://a.example:99999/",
    "to a bracket": "http://[::1",
    "to two brackets": "http://[[::1]]/",
    "without a host": "http:///x",
    "to a login": "http://user:secret@a.example/",
    "of a megabyte": "http://a.example/" + "x" * 1_000_000,
    "of dots": "http://a.example/../../../../x",
    "to an address that is none": "http://999.999.999.999/",
    "of escapes": "http://a.example/%00%0a%zz%",
    "with quotes": "http://a.example/\"'><script>",
    "of one letter": "h",
    "with a backslash": "http:\\\\a.example\\x",
    "to nothing": "",
    "of bidi controls": "http://a.example/\u202egpj.exe",
}
TITLES = {
    "none": "",
    "of white space": " \n\t ",
    "of a megabyte": "T" * 1_000_000,
    "of markup": "&lt;b>x&lt;/b>&lt;script>alert(1)&lt;/script>",
    "escaped twice": "&amp;lt;img src=x onerror=alert(1)>",
    "of bidi controls": "\u202eevil\u2066\u2067",
    "of zero-width spaces": "\u200b" * 100,
    "of an open comment": "&lt;!-- x",
    "of a declaration": "&lt;!DOCTYPE html>",
    "with a lone ampersand": "a & b &; &#; &#x;",
    "of controls": "a&#x7f;&#x85;b",
    "of 10,000 combining marks": "a" + "\u0301" * 10_000,
    "of emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 1000,
    "of CDATA in CDATA": "<![CDATA[<![CDATA[x]]>]]&gt;",
    "of private characters": "\ue000\uf8ff\U000f0000\U0010fffd",
    "of noncharacters": "\ufffe\U0001fffe",
    "of separators": "a\u2028b\u2029c",
    "with a replacement character": "a\ufffdb",
    "encoded as UTF-8 twice": "CafÃ© à Ã‰vreux",
}
ELEMENTS = {
    "a wrong end tag": "<title>Bad</ttle>",
    "an open CDATA": "<description><![CDATA[x</description>",
    "an item in it": "<item><title>Inner</title></item>",
    "a channel in it": "<channel><title>Inner</title></channel>",
    "an RSS in it": '<rss version="2.0"><channel><item><title>Inner</title></item></channel></rss>',
    "a feed in it": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Inner</title></entry></feed>',
    "an open picture": "<image>",
    "an open input": "<textInput><title>x",
    "a place that is none": '<g:pos xmlns:g="http://www.opengis.net/gml">1 2</g:pos>',
    "an unknown entity": "<title>&nosuch;</title>",
    "an attribute twice": '<title a="1" a="2">Bad</title>',
    "an attribute without quotes": "<title a=1>Bad</title>",
    "an attribute without a value": "<title a>Bad</title>",
    "an unbound prefix": "<x:y>z</x:y>",
    "a reserved prefix": '<odd xmlns:xml="http://x.example/"/>',
    "no prefix for a name": '<odd xmlns:a=""/>',
    "a base that is a script": '<title xml:base="javascript:alert(1)">Bad</title><link>x</link>',
    "a base that is a bracket": '<title xml:base="http://[">Bad</title><link>x</link>',
    "a base that is a port": '<title xml:base="http://a:b:c/">Bad</title><link>x</link>',
    "a language that is none": '<title xml:lang="&lt;script>">Bad</title>',
    "a language of a megabyte": f'<title xml:lang="{"x" * 90_000}">Bad</title>',
    "an instruction": "<?php system('x') ?><title>Bad</title>",
    "a comment with hyphens": "<!-- a -- b --><title>Bad</title>",
    "an open comment": "<!-- <title>Bad</title>",
    "an end of CDATA": "<title>a ]]> b</title>",
    "an ampersand": "<title>a & b</title>",
    "a bracket": "<title>a < b</title>",
    "an enclosure without an address": '<enclosure length="x" type="y"/>',
    "an enclosure that is a script": '<enclosure url="javascript:alert(1)" length="1" type="audio/mpeg"/>',
    "an enclosure of absurd length": f'<enclosure url="http://a.example/1.mp3" length="{"9" * 400}" type="audio/mpeg"/>',
    "an enclosure of negative length": '<enclosure url="http://a.example/1.mp3" length="-5" type="audio/mpeg"/>',
    "an enclosure of an absurd type": '<enclosure url="http://a.example/1.mp3" length="1" type="&lt;x>/&quot;"/>',
    "an author that is markup": "<author>&lt;script>alert(1)&lt;/script></author>",
    "an author of a megabyte": f"<author>{'A' * 500_000}</author>",
    "a category that is markup": "<category>&lt;script>x</category>",
    "a guid twice": "<guid>a</guid><guid>b</guid>",
    "everything twice": item("x", "Bad") * 2,
    "a hundred titles": "<title>Bad</title>" * 100,
    "a place beyond the earth": '<p xmlns="http://www.georss.org/georss">999 999</p>',
    "only a date": "<pubDate>Tue, 24 Nov 2026 08:00:00 GMT</pubDate>",
    "nothing": "",
    "only an enclosure": '<enclosure url="http://a.example/1.mp3" length="1" type="audio/mpeg"/>',
}
ATOM_ENTRIES = {
    "without anything": "",
    "with an id alone": "<id>x</id>",
    "with content elsewhere": '<id>x</id><title>Bad</title><content src="http://@CANARY/" type="text/html"/>',
    "with binary content": '<id>x</id><title>Bad</title><content type="image/png">iVBORw0KGgo=</content>',
    "with broken base64": '<id>x</id><title>Bad</title><content type="application/octet-stream" mode="base64">!!!!</content>',
    "with XHTML of scripts": '<id>x</id><title>Bad</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></div></content>',
    "with XHTML in no namespace": '<id>x</id><title type="xhtml"><div>Bad</div></title>',
    "with a type that is none": '<id>x</id><title type="&lt;x>">Bad</title>',
    "with a hundred links": "<id>x</id><title>Bad</title>" + '<link href="/a"/>' * 100,
    "with a link to itself": '<id>x</id><title>Bad</title><link rel="self" href="javascript:1"/>',
    "with a source": "<id>x</id><title>Bad</title><source><id>urn:x:one</id><title>Honest</title></source>",
    "with another's id": "<id>urn:x:1:0</id><title>Stolen</title>",
    "in another namespace": '<id xmlns="http://x.example/">x</id><title xmlns="http://x.example/">Bad</title>',
    "with a wrong end": "<id>x</id><title>Bad</titel>",
}
JSON_ITEMS = {
    "null": "null",
    "a number": "5",
    "a list": "[]",
    "an empty object": "{}",
    "types all wrong": '{"id":["x"],"title":5,"content_html":{},"authors":"x","tags":{"a":1},"attachments":[1,null,[]],'
    '"url":7,"image":[],"summary":true,"date_published":{}}',
    "a number of 5,000 digits": '{"id":' + "9" * 5000 + ',"title":"Bad"}',
    "a number beyond all": '{"id":1e999,"title":"Bad","attachments":[{"url":"http://a.example/","size_in_bytes":1e999}]}',
    "what is no number": '{"id":NaN,"title":"Bad","attachments":[{"url":"http://a.example/","size_in_bytes":-Infinity}]}',
    "keys twice": '{"id":"a","id":"b","title":"x","title":"Bad"}',
    "a comma too many": '{"id":"b","title":"Bad",}',
    "a comma too few": '{"id":"b" "title":"Bad"}',
    "no end": '{"id":"b","title":"Bad"',
    "a string without an end": '{"id":"b","title":"Bad}',
    "a comment": '/* x */ {"id":"b","title":"Bad"}',
    "single quotes": "{'id':'b'}",
    "depth": '{"id":"b","x":' + "[" * 50_000 + "]" * 50_000 + "}",
    "a control character": '{"id":"b","title":"B\x01ad"}',
    "a megabyte of id": '{"id":"' + "x" * 1_000_000 + '","title":"Bad"}',
    "100,000 tags": '{"id":"b","title":"Bad","tags":[' + '"x",' * 99_999 + '"x"]}',
    "half a pair": '{"id":"b\\ud800","title":"\\udc00Bad"}',
    "an escape that is none": '{"id":"b","title":"\\x41"}',
    "a prototype": '{"__proto__":{"x":1},"constructor":{},"id":"b","title":"Bad"}',
    "an array in place of an end": '{"id":"b"]',
}
NO_FEEDS = {
    "an HTML page": (b"<!doctype html><title>Welcome</title><p>x", "HTML page"),
    "an HTML page with a prologue": (
        b'<?xml version="1.0"?><!-- x --><html><head><title>Welcome</title></head></html>',
        "HTML page",
    ),
    "an OPML list": (b"<opml version='2.0'><body/></opml>", "OPML"),
    "a sitemap": (b"<urlset><url><loc>x</loc></url></urlset>", "sitemap"),
    "plain words": (b"It works!", "no feed"),
    "XML of another kind": (b"<?xml version='1.0'?><svg/>", "no feed"),
    "white space": (b" \n" * 1000, "empty"),
    "a single bracket": (b"<", "no feed|can't be read|empty"),
    "JSON of another kind": (b'{"error":"x"}', "no list of items"),
    "a JSON list": (b"[1,2,3]", "no list of items"),
    "a JSON string": (b'"items"', "no feed"),
    "half a tag": (b"<rss", "no feed|can't be read"),
    "an open comment": (b"<!--" + b"x" * 5000, "no feed|can't be read"),
    "a SOAP fault": (
        b"<soap:Envelope xmlns:soap='http://schemas.xmlsoap.org/soap/envelope/'><soap:Body/></soap:Envelope>",
        "no feed",
    ),
    "items that are an object": (b'{"items":{"id":"1"}}', "no list of items"),
    "a PDF": (b"%PDF-1.7\n" + bytes(range(256)) * 9, "no feed"),
}

CASES = [
    *(
        Case(
            f"date {number} {date[:30]!r}",
            ok(around(item(f"d{number}", f"Dated {number}", date=date))),
            keeps=(*GOOD, f"Dated {number}"),
        )
        for number, date in enumerate(DATES)
    ),
    *(
        Case(f"a guid {name}", ok(around(f"<title>Bad</title><guid>{guid}</guid>")), keeps=GOOD)
        for name, guid in GUIDS.items()
    ),
    *(
        Case(
            f"a link {name}",
            ok(around(f"<title>Bad</title><guid>b</guid><link>{link}</link>")),
            keeps=GOOD,
            loses=("user:secret",),
        )
        for name, link in LINKS.items()
    ),
    *(
        Case(f"a title {name}", ok(around(f"<title>{title}</title><guid>b</guid>")), keeps=GOOD)
        for name, title in TITLES.items()
    ),
    *(Case(f"an item with {name}", ok(around(bad)), keeps=GOOD[:1]) for name, bad in ELEMENTS.items()),
    *(Case(f"an Atom entry {name}", ok(atom(bad)), keeps=GOOD) for name, bad in ATOM_ENTRIES.items()),
    *(Case(f"JSON with {name}", ok(items(bad)), keeps=GOOD) for name, bad in JSON_ITEMS.items()),
    *(Case(name, ok(body), reason=reason) for name, (body, reason) in NO_FEEDS.items()),
    Case("JSON cut in the middle", ok(items('{"id":"b","title":"Bad"}')[:-30]), keeps=GOOD[:1]),
    Case("JSON with more behind it", ok(items("{}") + b"<!-- served by x -->"), keeps=GOOD),
    Case("a script around JSON", ok(b"callback(" + items("{}") + b");"), reason="no feed"),
    Case("words before the feed", ok(b"Warning: x on line 1\n" + around("")), keeps=GOOD),
    Case("words behind the feed", ok(around("") + b"<!-- cached --> x <script>"), keeps=GOOD),
    Case("two feeds", ok(around("") + around("")), keeps=GOOD),
    Case(
        "a feed in capitals",
        ok(
            around("")
            .replace(b"<rss", b"<RSS")
            .replace(b"</rss", b"</RSS")
            .replace(b"item>", b"ITEM>")
            .replace(b"channel>", b"CHANNEL>")
        ),
        keeps=GOOD,
    ),
    Case(
        "every element in a namespace of its own",
        ok(around("", root='xmlns="http://backend.userland.com/rss2"')),
        keeps=GOOD,
    ),
    Case(
        "prefixes for all",
        ok(
            b'<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>x</a:title>'
            b"<a:entry><a:id>1</a:id><a:title>Good one</a:title></a:entry>"
            b"<a:entry><a:id>2</a:id><a:title>Good two</a:title></a:entry></a:feed>"
        ),
        keeps=GOOD,
    ),
    Case("an unknown version", ok(around("").replace(b'"2.0"', b'"99.9"')), keeps=GOOD),
    Case("a title of the feed of a megabyte", ok(around("", head=f"<title>{'T' * 1_000_000}</title>")), keeps=GOOD),
    Case(
        "an id of the feed of a megabyte",
        ok(atom("").replace(b"urn:x:f", b"http://a.example/" + b"x" * 1_000_000)),
        keeps=GOOD,
    ),
    Case(
        "a feed that says it is another",
        ok(
            around(
                "", head='<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="self" href="http://honest.example/feed"/>'
            )
        ),
        keeps=GOOD,
    ),
    Case(
        "another feed's guids",
        ok(rss(item("rss0", "Other words"), item("rss1", "More words"))),
        keeps=("Other words", "More words"),
    ),
    Case(
        "absurd hints",
        ok(
            around(
                "",
                head="<ttl>99999999999999999999</ttl><skipHours>"
                + "".join(f"<hour>{n}</hour>" for n in range(-5, 99))
                + "</skipHours><skipDays>"
                + "<day>Everyday</day>" * 50
                + "</skipDays>",
            )
        ),
        keeps=GOOD,
    ),
    Case("a ttl of nothing", ok(around("", head="<ttl>-1</ttl><skipHours/><skipDays><day/></skipDays>")), keeps=GOOD),
    Case(
        "all hours and days skipped",
        ok(
            around(
                "",
                head="<skipHours>"
                + "".join(f"<hour>{n}</hour>" for n in range(24))
                + "</skipHours><skipDays>"
                + "".join(
                    f"<day>{d}</day>"
                    for d in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
                )
                + "</skipDays>",
            )
        ),
        keeps=GOOD,
    ),
]


def test_entries(tmp_path: Path) -> None:
    check(tmp_path, CASES, times=2, timeout='"60s"')
