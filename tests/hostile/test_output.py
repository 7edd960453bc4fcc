"""What we publish is inert in the worst reader, whatever the sources wrote: every value of every file looked at, no browser."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from html import escape, unescape
from typing import Any

import feedparser
import pytest
from html5lib import parseFragment
from lxml import etree

from feeds.markup import clean_html, inert_title, plain_title, safe
from feeds.model import Text
from feeds.render import values
from tests.build import NOW
from tests.hostile.test_xss import VECTORS, Site, check_page
from tests.validity.checks import check_document
from tests.web import Web, rss

EMBEDDINGS, ISOLATES = "\u202a\u202b\u202d\u202e", "\u2066\u2067\u2068"
TURNING = EMBEDDINGS + ISOLATES + "\u202c\u2069\u206a\u206b\u206c\u206d\u206e\u206f"
CONTROLS = "".join(map(chr, (*range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0))))
NO_TEXT = "\ud800\udbff\udc00\udfff\ufdd0\ufdef\ufffe\uffff\U0001fffe\U0010ffff\ufff9\ufffa\ufffb"
MARKED = (
    "<b onclick=x>B</b><script>x</script><!-- x --><?x?><!DOCTYPE x>&lt;img onerror=x&gt;&amp;lt;svg onload=x&amp;gt;"
)
BODY = """<p style="position:fixed" class="c" id="top" onclick="x()" dir="rtl" lang="ar">Paragraph <b>bold</b></p>
<a href="/a" target="_blank" rel="opener"
ping="/p" download class="c">web</a> <a href="mailto:a@b.example">mail</a> <a name="x">no link</a>
<a href="javascript:x()">j</a><a href="data:text/html,x">d</a><a href="vbscript:x">v</a>
<a href="ftp://b.example/">f</a><a href="file:///etc/passwd">l</a><a href="tel:1">t</a><a href="magnet:?x">m</a>
<a href="//other.example/x">o</a><a href="intent:x">i</a><a href="blob:x">b</a><a href="about:blank">a</a>
<img src="/i.jpg" alt="A" width="600" height="400" style="position:fixed;width:100vw" class="c"
id="i" loading="eager" usemap="#m" onload="x()">
<img src="http://far.example/i.png" srcset="/i2.png 2x, javascript:x 3x">
<img src="/pixel.gif" width="1" height="1"><img src="/p2.gif" width=0 height=0>
<img src="/p3.gif" style="display:none"><img src="/p4.gif" hidden>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">
<img src="https://feeds.feedburner.com/~r/x/~4/y"><video src="/v.mp4" poster="/v.jpg" autoplay loop muted controls>
</video><audio src="/a.mp3" autoplay></audio><iframe src="https://frame.example/" width="1" height="1"></iframe>
<form action="/f"><input name="password" type="password"><button>Send</button></form><object data="/o"></object>
<embed src="/e"><style>p{position:fixed}</style><link rel="stylesheet" href="/s.css">
<meta http-equiv="refresh" content="0;url=/x"><base href="https://other.example/"><bdo dir="rtl">turned</bdo>
<table background="/b.png"><tr><td background="/b.png">cell</td></tr></table><svg><script>x</script></svg><math>
<mi>x</mi></math><marquee>m</marquee><blink>b</blink><font color="red" size="99">f</font><center>c</center>
<p dir="ltr" title="&lt;b&gt;">unclosed <i>tags <u>here"""


def texts() -> dict[str, str]:
    """By name, what stands in every field of an item."""
    found = {f"turned by U+{ord(each):04X}": f"before {each}after Courier" for each in TURNING}
    found |= {f"U+{ord(each):04X}": f"be{each}fore Courier" for each in CONTROLS + NO_TEXT}
    found["marked"] = f"Courier {MARKED}"
    found["in entities"] = (
        f"Courier {''.join(f'&#{ord(each)};&amp;#x{ord(each):x};' for each in EMBEDDINGS + ISOLATES + CONTROLS)}"
    )
    found["nested"] = f"Courier {EMBEDDINGS * 20}{ISOLATES * 20}"
    return found


def as_json() -> bytes:
    items = [
        {"id": name, "url": f"https://courier.example/{number}?{said}", "title": said, "summary": said,
         "content_html": f"<p title='{said}'>{said}</p>{said}",
         "date_published": "2026-11-24T08:00:00Z", "authors": [{"name": said}], "tags": [said],
         "image": f"https://courier.example/{said}",
         "attachments": [{"url": f"https://courier.example/{number}.mp3?{said}", "mime_type": f"audio/{said}",
         "title": said}], "language": said}
        for number, (name, said) in enumerate(texts().items())
    ]  # fmt: skip
    whole = [
        {
            "id": "body",
            "url": "https://courier.example/body",
            "title": "Courier body",
            "content_html": BODY,
            "date_published": "2026-11-24T08:00:00Z",
        }
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"Courier {MARKED}{TURNING}",
        "home_page_url": "javascript:x",
        "items": whole + items,
    }
    return json.dumps(feed).encode()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Web() as web:
        made = Site(tmp_path_factory.mktemp("output"), web)
        said = escape(f"Courier {MARKED}{TURNING}")
        made.follow(
            {
                "json": as_json(),
                "rss": rss("<title>Courier</title><guid>1</guid>", head=f"<copyright>{said}</copyright>"),
            }
        )
        made.publish()
        yield made


def files(site: Site, *ends: str) -> list[tuple[str, str]]:
    """The published files with such ends, by path; as text, which they are. There are some of each."""
    paths = [path for path in site.files() if path.endswith(ends)]
    assert [end for end in ends if not any(path.endswith(end) for path in paths)] == []
    return [(path, (site.folder / "output" / path).read_bytes().decode()) for path in paths]


TEXTUAL = (".xml", ".json", ".html", ".opml")


def test_what_can_be_kept_arrived(site: Site) -> None:
    found = feedparser.parse((site.folder / "output/all/atom.xml").read_bytes())
    lost = {
        name for name in texts() if name in {"U+D800", "U+DBFF", "U+DC00", "U+DFFF"}
    }  # half a surrogate pair is no text
    assert len(found.entries) >= len(texts()) - len(lost) + 2


def test_every_file_is_valid(site: Site) -> None:
    for path, text in files(site, "atom.xml", "rss.xml", "feed.json", ".html"):
        assert check_document(path, text.encode(), site.web.url(f"/out/{path}"), NOW) == [], path


def test_no_control_and_no_invalid_character_is_left(site: Site) -> None:
    for path, text in files(site, *TEXTUAL):
        for said in (text, unescape(text), json_text(text) if path.endswith("json") else ""):
            assert not set(said) & set(CONTROLS + NO_TEXT), (path, set(said) & set(CONTROLS + NO_TEXT))


def test_no_control_that_turns_the_text_around_is_left(site: Site) -> None:
    for path, text in files(site, *TEXTUAL):
        for said in (text, json_text(text) if path.endswith("json") else unescape(text)):
            assert not set(said) & set(TURNING), path


def json_text(text: str) -> str:
    return "\n".join(strings(json.loads(text)))


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


def test_every_plain_value_stays_text_where_it_is_taken_for_html(site: Site) -> None:
    seen = 0
    for path, text in files(site, "feed.json"):
        for name, said in plain_in_json(json.loads(text)):
            seen += 1
            assert_inert(said, f"{path} {name}")
    for path, text in files(site, "atom.xml", "rss.xml"):
        for element in etree.fromstring(text.encode()).iter(etree.Element):
            name = etree.QName(element).localname
            is_html = element.get("type") == "html" or name in ("description", "encoded")
            for said in (*map(str, element.attrib.values()), "" if is_html else element.text or ""):
                seen += 1
                assert_inert(said, f"{path} {name}")
    assert seen > 5000


def plain_in_json(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else ((name, each) for each in value):
            yield from plain_in_json(each, key)
    elif isinstance(value, str) and name != "content_html":
        yield name, value


def assert_inert(said: str, where: str) -> None:
    assert inert_title(said) == said, where
    tree = parseFragment(said, namespaceHTMLElements=False)
    assert list(tree) == [], (where, said)


def test_markup_has_no_entity_for_a_control_that_turns(site: Site) -> None:
    for said in html_values(site):
        assert not set(unescape(said)) & set(TURNING)


def html_values(site: Site) -> Iterator[str]:
    for _, text in files(site, "feed.json"):
        yield from (item["content_html"] for item in json.loads(text)["items"])
    for _, text in files(site, "atom.xml", "rss.xml"):
        for element in etree.fromstring(text.encode()).iter(etree.Element):
            if element.get("type") == "html" or etree.QName(element).localname in ("description", "encoded"):
                yield element.text or ""


ATTRIBUTES = {
    "a": {"href", "rel"}, "img": {"src", "srcset", "alt", "width", "height", "referrerpolicy"}, "td": {"colspan",
    "rowspan"},
    "video": {"src", "width", "height", "preload"}, "audio": {"src", "preload"}, "source": {"src", "srcset", "type"},
    "ol": {"start"}, "time": {"datetime"}, "q": {"cite"}, "blockquote": {"cite"}, "th": {"colspan", "rowspan", "scope"},
}  # fmt: skip
LINKS = re.compile(r"(https?://[^/]|mailto:[^\s])")


def check_markup(said: str) -> set[str]:
    """Nothing in it but a few kinds of elements and attributes, and links to the web or to mail; which elements."""
    elements = [
        each for each in parseFragment(said, namespaceHTMLElements=False).iter() if each.tag != "DOCUMENT_FRAGMENT"
    ]
    for element in elements:
        assert element.tag in safe.TAGS, (element.tag, said)
        for name, value in element.attrib.items():
            assert name in {"lang", "dir", "title"} | ATTRIBUTES.get(element.tag, set()), (element.tag, name, said)
            assert name not in ("href", "src", "cite") or LINKS.match(value), value
        assert element.tag != "img" or element.get("referrerpolicy") == "no-referrer"
        if element.tag == "a" and element.get("href") and element.find("bdi") is None:  # else it is our own credit
            assert element.get("rel") == "noopener noreferrer"
    return {element.tag for element in elements}


def test_markup_is_of_a_few_kinds_and_leads_to_the_web_or_to_mail(site: Site) -> None:
    seen = set[str]().union(*(check_markup(said) for said in set(html_values(site))))
    assert {"a", "img", "video", "audio", "p", "b", "bdi", "td"} <= seen
    assert "bdo" not in seen


def test_no_vector_comes_out_of_the_cleaner_alive() -> None:
    for vector in VECTORS:
        cleaned = clean_html(Text(vector, True, "https://courier.example/"))
        check_markup(cleaned)
        assert clean_html(Text(cleaned, html=True)) == cleaned
        for is_html in (True, False):
            assert_inert(values.line(plain_title(Text(vector, is_html))), vector)


def test_pictures_stay_links_to_their_origin(site: Site) -> None:
    sources = {source for said in html_values(site) for source in re.findall(r'<img src="([^"]+)"', said)}
    assert sources == {"https://courier.example/i.jpg", "http://far.example/i.png"}
    for _, text in files(site, ".html"):
        check_page(text)


def test_direction_ends_where_it_began(site: Site) -> None:
    """An element closes the direction that it opens, and every name of others in our pages stands apart (bdi)."""
    for said in set(html_values(site)):
        assert said.count("<bdi") == said.count("</bdi>")
        for tag in ("p", "div", "span", "b", "i", "u"):
            assert len(re.findall(rf"<{tag}[ >]", said)) == said.count(f"</{tag}>"), tag
    for path, text in files(site, ".html"):
        assert text.count("<bdi") == text.count("</bdi>"), path


@pytest.mark.parametrize("guard", ["valid", "xml_text"])
def test_two_guards_stand_against_what_is_no_text(guard: str) -> None:
    """In the cleaner and in the renderer: each alone holds back every control."""
    for each in (*CONTROLS, *TURNING, *NO_TEXT):
        said = f"be{each}fore"
        made = clean_html(Text(said, html=True)) if guard == "valid" else values.xml_text(said)
        if guard == "valid" and each in "\x85" + "".join(each for each in NO_TEXT if ord(each) > 0xFFFF):
            continue  # XML allows them; the renderer takes them
        assert each not in made, f"U+{ord(each):04X} {unicodedata.name(each, '')}"


def test_without_the_guard_the_text_is_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe, "_INVALID", re.compile("(?!)"))
    assert "\u202e" in clean_html(Text("a\u202eb", html=True))
    monkeypatch.setattr(values, "_FORBIDDEN", re.compile("(?!)"))
    values.line.cache_clear()
    assert "\u202e" in values.line("a\u202eb")
    values.line.cache_clear()
