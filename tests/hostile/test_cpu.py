"""CPU: documents made so that reading them never ends. What is refused is refused at once; the rest has a limit."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.judge import Case, check, ok
from tests.web import item, rss

SPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)
GOOD = ("Good one", "Good two")
SLOW = "takes longer than|no time was left|no honest feed|nested deeper|more than .* of memory"


def feed(bad: str = "", before: str = "", head: str = "") -> bytes:
    """Two good entries around one with *bad* in it; *before* stands before the root."""
    document = rss(item("1", "Good one"), item("bad", "Bad") + bad, item("2", "Good two"), head=head).decode()
    return (before + document.partition("?>")[2].replace("<rss", f"<rss {SPACES}", 1)).encode()


def laughs(levels: int = 9) -> str:
    entities = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, levels + 1))
    return f'<!DOCTYPE rss [<!ENTITY a0 "lol">{entities}]>'


def described(html: str) -> bytes:
    return feed(f"<description><![CDATA[{html}]]></description>")


ENTITY = "<title>&a9;</title>"
QUADRATIC = f'<!DOCTYPE rss [<!ENTITY a "{"a" * 100_000}">]>'

# These must not cost the good entries.
READ = {
    "billion laughs": feed(ENTITY, laughs()),
    "billion laughs behind a comment": feed(ENTITY, f"<!--{'x' * 150_000}-->{laughs()}"),
    "billion laughs behind a thousand instructions": feed(ENTITY, "<?x y?>" * 20_000 + laughs()),
    "billion laughs behind another DTD": feed(ENTITY, f"<!DOCTYPE a>{laughs()}"),
    "billion laughs behind words": feed(ENTITY, f"words {laughs()}"),
    "billion laughs in the text": feed(laughs() + ENTITY),
    "laughs by parameter entities": feed(
        ENTITY, '<!DOCTYPE rss [<!ENTITY % a "lol"><!ENTITY % b "%a;%a;%a;%a;"> %b; ]>'
    ),
    "quadratic blow-up": feed("<description>" + "&a;" * 20_000 + "</description>", QUADRATIC),
    "quadratic blow-up behind a comment": feed(
        "<description>" + "&a;" * 20_000 + "</description>", f"<!--{'x' * 150_000}-->{QUADRATIC}"
    ),
    "a default attribute for every item": feed("", f'<!DOCTYPE rss [<!ATTLIST item a CDATA "{"x" * 60_000}">]>'),
    "a DTD that ends in a string": feed(ENTITY, '<!DOCTYPE rss [<!ENTITY a9 "]>"> <!ENTITY b "x">]>'),
    "a DTD that ends in a comment": feed(ENTITY, '<!DOCTYPE rss [<!-- ]> --> <!ENTITY a9 "x">]>'),
    "a DTD that never ends": feed(ENTITY, "<!DOCTYPE rss [" + "<!ENTITY a 'x'>" * 1000),
    "50,000 brackets in a DTD": feed(ENTITY, "<!DOCTYPE rss [" + "] " * 50_000 + "]>"),
    "a title of 100,000 brackets": feed(head=f"<title>{'&lt;' * 100_000}</title>"),
    "200,000 ampersands": described("&" * 200_000),
    "100,000 ampersands and letters": described("&x" * 100_000),
    "70,000 unknown entities": described("&x;" * 70_000),
    "250,000 brackets": described("<" * 250_000),
    "a comment that opens again and again": described("<!--" * 50_000),
    "a script that opens again and again": described("<script>" * 30_000),
    "bold again and again": described("<b>x<p>" * 30_000),
    "tables in tables": described("<table><tr><td>" * 15_000),
    "50,000 divs": described("<div>" * 50_000),
    "foreign elements in each other": described("<svg><math><mi><foreignObject>" * 8_000),
    "forms in each other": described("<form><select><option><textarea>" * 6_000),
    "8,000 links that say tag": described("<div>" + '<a rel="tag category">x</a>' * 8_000 + "</div>"),
    "15,000 empty spans": described('<div class="x">' + "<span></span>" * 15_000 + "</div>"),
    "300,000 spaces in a title": feed(f"<title>{' ' * 300_000}</title>"),
    "a date of 300,000 digits": feed(f"<pubDate>{'1' * 300_000}</pubDate>"),
    "200,000 letters of place names": described("Mali Niger Russia Bamako Wagner junta " * 6_000),
    "300,000 letters without a space": described("x" * 300_000),
    "200,000 Cyrillic letters without a space": described("щ" * 200_000),
    "200,000 combining marks": described("a" + "\u0301" * 200_000),
    "a picture of a megabyte in a text": described(f'<p>x<img src="data:image/png;base64,{"QUJD" * 250_000}"></p>'),
    "an address of 300,000 letters": described(f'<a href="http://a.example/{"x" * 300_000}">x</a>'),
    "a tag of a megabyte": described("<a " + 'x="1" ' * 170_000 + ">x</a>"),
    "a tag of a megabyte among the elements": feed("<odd " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>"),
    "50,000 categories": feed("<category>x</category>" * 50_000),
    "3,000 authors": feed("<dc:creator>A B</dc:creator>" * 3_000),
    "3,000 enclosures": feed('<enclosure url="http://a.example/1.mp3" type="audio/mpeg" length="5"/>' * 3_000),
    "3,000 pictures": feed('<media:content url="http://a.example/1.jpg" medium="image"/>' * 3_000),
    "3,000 links": feed("<link>http://a.example/1</link>" * 3_000),
    "5,000 odd elements": feed("<odd>x</odd>" * 5_000),
    "5,000 elements in each other": feed("<odd>" * 5_000 + "</odd>" * 5_000),
    "500 namespaces in an entry": feed(
        "<odd " + " ".join(f'xmlns:n{n}="http://n.example/{n}"' for n in range(500)) + "/>"
    ),
}
# These may be given up, at once or when their time is up.
GIVEN_UP = {
    "30,000 namespaces": feed(
        head="<odd " + " ".join(f'xmlns:n{n}="http://n.example/{n}"' for n in range(30_000)) + "/>"
    ),
    "100,000 attributes": feed(head="<odd " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>"),
    "800,000 nested elements": feed("<odd>" * 800_000 + "</odd>" * 800_000),
    "800,000 nested elements left open": feed("<odd>" * 800_000),
    "100,000 categories in the head": feed(head="<category>x</category>" * 100_000),
    "200,000 entries": rss(*["<title>x</title>"] * 200_000),
    "200,000 entries left open": b"<rss><channel>" + b"<item><title>x" * 200_000,
    "200,000 items of JSON": b'{"items":[' + b",".join(b'{"id":"%d"}' % n for n in range(200_000)) + b"]}",
    "a million lists in lists": b'{"items":[{"id":"1","x":[' + b"[[[[[]]]]]," * 880_000 + b"[]]}]}",
    "JSON nested 100,000 deep": b'{"items":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100,000 objects left open": b'{"items":[' + b'{"id":' * 100_000,
    "100,000 strings left open": b'{"items":[' + b'{"id":"x}' * 100_000,
}

CASES = [Case(name, ok(body), keeps=GOOD) for name, body in READ.items()]
TRAPS = [Case(name, ok(body), reason=SLOW + "|no JSON|no list of items") for name, body in GIVEN_UP.items()]


def test_documents_that_can_be_read(tmp_path: Path) -> None:
    check(tmp_path, CASES, timeout='"60s"')  # which is also how long reading may take on a slow machine


def test_documents_that_are_given_up(tmp_path: Path) -> None:
    check(tmp_path, TRAPS, timeout='"2s"')
