"""Random queries and paths against a running server: no answer is a fault, reflects markup or is an invalid feed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from lxml import etree

from tests.build import HOUR, NOW, article
from tests.hostile.test_clients import DOTS, MARKUP, SLASHES, ask, check_inert, parts
from tests.test_serve import MALI, Site
from tests.validity.checks import check_document

KEPT = [said.replace("mark", "kept") for said in MARKUP]  # in the store; what is asked has the other word
WORDS = (
    "gold",
    "mali",
    "or",
    "Mopti",
    "أخبار",
    "золото",
    "мали",
    "l'or",
    "Russia-Africa",
    "naïve",
    "٣",
    "½",
    "a",
    "I",
    "…",
    "😀",
    "\u0301",
)
NAMES = ("q", "lang", "topic", "country", "source", "since", "until", "limit", "before")
VALUES = ("fr", "en", "xx", "sahel", "oil", "ml", "ML", "Courier", "Courier & Söhne <b>", "2026", "2026-11",
          "2026-11-24", "2026-13-45", "0", "1",
          "200", "201", "-1", "99999999999999999999", "", " ", "null")  # fmt: skip
SOUND = {
    "lang": "en",
    "topic": "sahel",
    "country": "ml",
    "source": "Courier",
    "since": "2026-11",
    "until": "2027",
    "limit": "200",
}
PLACES = ("/search", "/search/atom.xml", "/search/rss.xml", "/search/feed.json", "/api/articles")
LETTERS = "abc/.%:?&=\"'<>*-+()[]{}\\|;,~^#@! \t\r\n\x00\x7f\u202e\u2028\ufeff\ud7ff\U0010ffff²½٣éжم漢" + "".join(
    map(chr, range(0x21, 0x7F))
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("random"))
    made.keep([article(f"odd{number}", title=f"{said} Mali gold", summary=said,
    content=f"<p>{number} أخبار золото</p>", topics={"sahel": MALI},
                       published=NOW - number * HOUR, language=("fr", "ar", "ru", None)[number % 4]) for number,
                       said in enumerate(KEPT)])  # fmt: skip
    yield made
    made.server.stop()


def term(chance: random.Random) -> str:
    word = chance.choice(WORDS)
    return chance.choice(
        (
            "{}",
            "{}",
            '"{} mali"',
            "-{}",
            "{}*",
            "title:{}",
            "lang:{}",
            '"{}',
            "{}:",
            "({})",
            "{} OR x",
            "NEAR({} x)",
            "^{}",
            "{}' --",
        )
    ).format(word)


def query(chance: random.Random) -> str:
    """A query string: most mean something, some are markup, some are noise."""
    kind = chance.random()
    if kind < 0.3:
        asked = [
            ("q", chance.choice(("gold", "mali", '"mali gold"', "gol*", "أخبار", "золото -gold", "", "mark kept"))),
            *chance.sample(list(SOUND.items()), 2),
        ]
    elif kind < 0.5:
        asked = [("q", " ".join(term(chance) for _ in range(chance.randrange(1, 5))))]
        asked += [(chance.choice(NAMES[1:]), chance.choice(VALUES)) for _ in range(chance.randrange(3))]
    elif kind < 0.75:
        asked = [(chance.choice(NAMES), chance.choice(MARKUP)), ("q", chance.choice(WORDS))]
    else:
        asked = [(chance.choice(NAMES), noise(chance)) for _ in range(chance.randrange(1, 4))]
    chance.shuffle(asked)
    return "&".join(f"{name}={quote(value, safe='' if chance.random() < 0.8 else '%&=+')}" for name, value in asked)


def noise(chance: random.Random) -> str:
    return "".join(chance.choices(LETTERS, k=chance.randrange(60)))


def path(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.75:
        return f"{chance.choice(PLACES)}?{query(chance)}"
    if kind < 0.9:
        return "/" + quote(noise(chance), safe="/%?&=")
    return "/" + "".join(
        chance.choice(
            (*DOTS, *SLASHES, "sahel", "all", "atom.xml", "search", "config.toml", quote(chance.choice(MARKUP)))
        )
        for _ in range(9)
    )


@pytest.mark.parametrize("rounds", [150, pytest.param(10_000, marks=pytest.mark.slow)])
def test_random_requests_get_sound_answers(site: Site, rounds: int) -> None:
    chance = random.Random(2026)
    answers: Counter[int] = Counter()
    feeds = entries = 0
    for _ in range(rounds):
        asked = path(chance)
        status, headers, body = parts(site.raw(ask(asked), 30))
        answers[status] += 1
        assert status in (200, 308, 400, 404), (asked, status)
        assert headers["x-content-type-options"] == "nosniff"
        if "?" in asked or status != 200:
            check_inert(site, asked)
        if status == 200 and asked.startswith(PLACES[1:4]):
            feeds += 1
            entries += check_feed(site, asked.partition("?")[0].rpartition("/")[2], body)
    print(dict(answers), feeds, "feeds with", entries, "entries")
    assert feeds > rounds / 10
    assert entries > rounds
    assert site.get("/healthz").status == 200


def check_feed(site: Site, name: str, body: bytes) -> int:
    """Valid where it says that it is; how many entries it has."""
    faults = check_document(name, body, "", datetime.now(UTC))
    assert [fault for fault in faults if not fault.startswith(("SelfDoesntMatch", "feed_url"))] == []
    return body.count(b"<entry ") + body.count(b"<item ") + body.count(b'"content_html"')


def test_own_address_of_a_search_feed_gives_the_same_feed(site: Site) -> None:
    chance = random.Random(7)
    seen = 0
    while seen < 20:
        came = site.get(f"/search/atom.xml?{query(chance)}")
        if came.status == 200:
            seen += 1
            own = etree.fromstring(came.body).xpath(
                "string(a:link[@rel='self']/@href)", namespaces={"a": "http://www.w3.org/2005/Atom"}
            )
            again = site.get("/" + str(own).removeprefix(site.server.url))
            assert again.body == came.body
            assert check_document("atom.xml", again.body, str(own), datetime.now(UTC)) == []
