"""Whatever articles hold, every document is valid; and its bytes depend on nothing but them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import Any

import feedparser
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from feeds.markup import clean_html
from feeds.model import Enclosure, Evidence, SourceRef, Text, TopicMatch
from feeds.render import SourceInfo, front_page, render_feed, render_status
from tests.validity.checks import check_document
from tests.validity.samples import BASE, NOW, arabic_article, article, output_feed, settings

_NASTY = "\x00\x0b\x1f\x7f\x85\x9f\ud800\udfff\ufffe\uffff\ufdd0\U0001fffe\ufffd\u202e\u2066\u200f\r\n\t<>&\"';/!?ÂÃ«»©"
_CHARACTERS = st.one_of(st.characters(), st.sampled_from(_NASTY))
_PIECES = (
    "<script>alert(1)</script>",
    "&amp;",
    "&#60;b&#62;",
    "]]>",
    "<!--",
    "<![CDATA[",
    "</title>",
    "Ã©",
    "Â ",
    "</p>",
)
TEXTS = st.lists(st.one_of(st.text(_CHARACTERS, max_size=20), st.sampled_from(_PIECES)), max_size=5).map("".join)
URLS = st.one_of(
    st.none(), TEXTS, TEXTS.map("https://courrier.example/".__add__), TEXTS.map("http://".__add__),
    st.sampled_from(["javascript:alert(1)", "https://[::1]/a", "https://a b/", "http://user:pw@x.example:80/é?q=[1]", "//x"]),
)  # fmt: skip
HOURS = st.datetimes(NOW.replace(tzinfo=None, year=1990), NOW.replace(tzinfo=None)).map(
    lambda date: date.replace(tzinfo=NOW.tzinfo)
)


@st.composite
def articles(draw: st.DrawFn, number: int) -> Any:
    """An article in which everything a source has a say in is anything at all."""
    text = draw(TEXTS)
    return article(
        number,
        url=draw(URLS),
        link=draw(URLS),
        title=draw(TEXTS),
        summary=draw(TEXTS),
        content=clean_html(Text(text, html=True)),
        language=draw(st.one_of(st.none(), TEXTS, st.sampled_from(["fr", "ar-ML", "x-klingon", "dje"]))),
        published=draw(st.one_of(st.none(), HOURS)),
        updated=draw(HOURS),
        authors=tuple(draw(st.lists(TEXTS, max_size=2))),
        image=draw(URLS),
        enclosures=tuple(
            Enclosure(url or "", draw(TEXTS), draw(st.one_of(st.none(), st.integers(-1, 2**70))))
            for url in draw(st.lists(URLS, max_size=3))
        ),
        topics={"sahel": TopicMatch(1.0, (Evidence(draw(TEXTS), draw(TEXTS), "title", 1.0, draw(TEXTS)),))},
        source=SourceRef(draw(TEXTS), "https://courrier.example/feed"),
        also=tuple(SourceRef(name, "") for name in draw(st.lists(TEXTS, max_size=2))),
    )


@hypothesis_settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_anything_makes_valid_documents(data: st.DataObject) -> None:
    found = [data.draw(articles(1)), data.draw(articles(2))]
    source = SourceInfo(
        found[0].source.name, "https://courrier.example/feed", data.draw(TEXTS), data.draw(TEXTS), data.draw(URLS),
        control="state",
    )  # fmt: skip
    how = settings(text=data.draw(st.sampled_from(["full", "summary", "link"])), sources={source.name: source})
    feed = output_feed(*found, title=data.draw(TEXTS), description=data.draw(TEXTS))
    made = render_feed(feed, how)
    for document in (*made, front_page([feed], how)):
        assert check_document(document.path, document.body, BASE + document.path, NOW) == []
    for document in made[:2]:
        parsed = feedparser.parse(document.body)
        assert not parsed.bozo, parsed.bozo_exception
        assert [entry.id for entry in parsed.entries] == [each.id for each in found]
    assert len(json.loads(made[2].body)["items"]) == 2


@hypothesis_settings(deadline=None, max_examples=50)
@given(st.lists(st.dictionaries(st.sampled_from(["name", "error"]), TEXTS, min_size=2), max_size=3))
@example([{"name": "\ud800", "error": "\ud800"}])
def test_status_takes_any_words(rows: list[dict[str, str]]) -> None:
    status, page = render_status(rows, settings(), NOW)
    assert len(json.loads(status.body)["sources"]) == len(rows)
    assert check_document(page.path, page.body, BASE + page.path, NOW) == []


_SCRIPT = "from tests.test_render_hostile import digest; print(digest())"
_MACHINES = (
    {"LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "0"},
    {"LC_ALL": "C.UTF-8", "TZ": "Asia/Vladivostok", "PYTHONHASHSEED": "4711"},
    {"LC_ALL": "fr_FR.UTF-8", "TZ": "America/Bogota", "PYTHONHASHSEED": "random"},
)


def digest() -> str:
    """A hash over all documents of one feed, and the front page."""
    feed = output_feed(article(1), arabic_article(2))
    made = (*render_feed(feed, settings(text="full")), front_page([feed], settings()))
    return hashlib.sha256(b"\0".join(document.body for document in made)).hexdigest()


@pytest.mark.parametrize("machine", _MACHINES, ids=lambda machine: machine["TZ"])
def test_bytes_are_the_same_on_every_machine(machine: dict[str, str]) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)} | machine
    run = subprocess.run([sys.executable, "-c", _SCRIPT], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == digest()
