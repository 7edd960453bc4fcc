"""Identity, whatever a source lists: nothing is lost, doubled or new again, in any order and any number of times."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from feeds.digests import digests_of
from feeds.model import Article, Entry, ParsedFeed, Text
from feeds.normalise import normalise
from feeds.store import Store
from tests.build import HOUR, NOW, listed, source

FEW = settings(
    max_examples=40, phases=[Phase.generate], deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
numbers = count()

# Few of each, so that guids, links and titles often meet.
guids = st.sampled_from([None, "1", "2", "3", " 1 ", "http://a.example/1", "4" * 2000]) | st.text(max_size=4)
titles = st.sampled_from([None, "Rain", "rain!", "Dust", ""]) | st.text(max_size=4)
dates = st.sampled_from([None, "Tue, 24 Nov 2026 08:00:00 GMT", "2026-11-23", "1899-01-01", "tomorrow"])
paths = st.sampled_from([None, "1", "2", "1?utm_source=rss", "1#part"])
texts = st.sampled_from([None, "<p>One.</p>", "<p>Two.</p>"])


@st.composite
def documents(draw: st.DrawFn) -> tuple[Entry, ...]:
    """A document of a source of its own: no other example's articles are at its addresses."""
    base = f"https://example-{next(numbers)}.example/"
    made = []
    for _ in range(draw(st.integers(0, 7))):
        path, title, text = draw(paths), draw(titles), draw(texts)
        link = None if path is None else base + path
        made.append(
            Entry(
                guid=draw(guids),
                link=link,
                title=None if title is None else Text(title),
                content=None if text is None else Text(text, True),
                published=draw(dates),
            )
        )
    return tuple(made)


def read(entries: Sequence[Entry]) -> tuple[Article, ...]:
    return normalise(ParsedFeed("rss20", entries=tuple(entries)), source(), NOW)


class Listing:
    """A store, and the articles that each source has in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = Store(f"sqlite:///{path}", NOW)

    def listed(self, name: str, found: Sequence[Article], at: datetime = NOW) -> tuple[int, int]:
        return listed(self.store, name, found, at)

    def ids(self, name: str) -> set[str]:
        """Asked of the database itself: to load all articles each time would take long."""
        query = (
            "SELECT articles.id FROM articles JOIN sources ON sources.id = articles.source_id WHERE sources.name = ?"
        )
        with closing(sqlite3.connect(self.path)) as database:
            return {row[0] for row in database.execute(query, (name,))}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listing]:
    made = Listing(tmp_path_factory.mktemp("identity") / "feeds.db")
    yield made
    made.store.close()


@FEW
@given(documents(), st.randoms(use_true_random=False))
def test_order_and_repetition_change_no_identity(kept: Listing, entries: tuple[Entry, ...], chance: object) -> None:
    name = f"source {next(numbers)}"
    found = read(entries)
    assert kept.listed(name, found)[0] == len(found)
    before = kept.ids(name)
    assert len(before) == len(found)
    shuffled = list(entries)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    for hours, again in enumerate([found, read(shuffled), read([*entries, *shuffled]), found], 1):
        assert {article.identity for article in again} == {article.identity for article in found}
        assert kept.listed(name, again, NOW + hours * HOUR)[0] == 0
        assert kept.ids(name) == before
    assert kept.listed(name, found, NOW + timedelta(days=1)) == (0, 0)


@FEW
@given(documents())
def test_distinct_guids_of_one_document_are_distinct_articles(kept: Listing, entries: tuple[Entry, ...]) -> None:
    name = f"source {next(numbers)}"
    named = [entry for entry in entries if entry.guid and entry.guid.strip()]
    new, _ = kept.listed(name, read(named))
    links = {((entry.guid or "").strip(), (entry.link or "").removesuffix("?utm_source=rss")) for entry in named}
    assert len({guid for guid, _ in links}) <= len(links) <= new == len(kept.ids(name))


@FEW
@given(documents(), st.data())
def test_what_was_listed_stays_whatever_the_next_document_holds(
    kept: Listing, entries: tuple[Entry, ...], data: st.DataObject
) -> None:
    """A feed that grows, shrinks or empties loses nothing; every entry of its last document is an article."""
    name = f"source {next(numbers)}"
    seen: set[str] = set()
    for hours in range(4):
        part = [entry for entry in entries if data.draw(st.booleans())]
        kept.listed(name, read(part), NOW + hours * HOUR)
        assert seen <= kept.ids(name)
        seen = kept.ids(name)
    whole = read(entries)
    kept.listed(name, whole, NOW + 5 * HOUR)
    assert seen <= kept.ids(name)
    # A guid that came in place of another, at the same address under the same title, was taken for the same article.
    assert len(kept.ids(name)) >= len({(article.url, digests_of(article).title) for article in whole})
