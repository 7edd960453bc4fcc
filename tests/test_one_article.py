"""Which entries are one article: under new guids, under one guid, copied by other sources; whatever comes when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from feeds.markup import plain_text
from feeds.model import Article, Entry, ParsedFeed, StoredArticle, Text
from feeds.normalise import normalise
from feeds.store import Store
from tests.build import DAY, HOUR, NOW, article, everything, listed, outcome, source


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'feeds.db'}", NOW) as opened:
        yield opened


def only(store: Store) -> StoredArticle:
    (found,) = store.articles()
    return found


# One source, changing guids


def test_item_whose_guid_and_link_change_is_the_same_article(store: Store) -> None:
    for number in range(3):
        item = article(f"token-{number}", title="River rises in Niamey")
        assert listed(store, "News", [item], NOW + number * HOUR) == (int(number == 0), int(number > 0))
    assert only(store).guid == "token-2"


def test_items_alike_in_title_and_date_stay_apart_while_both_are_listed(store: Store) -> None:
    one, other = article("1", title="Brief"), article("2", title="Brief")
    assert listed(store, "News", [one]) == (1, 0)
    assert listed(store, "News", [other, one], NOW + HOUR) == (1, 0)
    assert listed(store, "News", [article("3", title="Brief"), other, one], NOW + 2 * HOUR) == (1, 0)


def test_two_new_items_alike_in_title_and_date_take_no_others_place(store: Store) -> None:
    listed(store, "News", [article("1", title="Brief")])
    both = [article("2", title="Brief"), article("3", title="Brief")]
    assert listed(store, "News", both, NOW + HOUR) == (2, 0)


def test_item_without_a_date_takes_no_others_place(store: Store) -> None:
    listed(store, "News", [article("1", title="Brief", published=None)])
    assert listed(store, "News", [article("2", title="Brief", published=None)], NOW + HOUR) == (1, 0)


def test_entries_that_were_taken_for_one_are_two_once_both_are_listed(store: Store) -> None:
    one, other = article("1", title="Brief"), article("2", title="Brief")
    listed(store, "News", [one])
    before = only(store).id
    listed(store, "News", [other], NOW + HOUR)
    assert listed(store, "News", [one, other], NOW + 2 * HOUR)[0] == 1
    assert {found.id: found.guid for found in store.articles()}[before] == "1"
    assert listed(store, "News", [other, one], NOW + 3 * HOUR) == (0, 0)
    assert listed(store, "News", [one], NOW + 4 * HOUR) == (0, 0)
    assert len(list(store.articles())) == 2


# Entries with one guid


def _said(*keys: str, guid: str = "g") -> list[Article]:
    entries = tuple(
        Entry(guid=guid, link=f"https://courier.example/{key}", title=Text(f"Title {key}"), published="2026-11-24")
        for key in keys
    )
    return list(normalise(ParsedFeed("rss20", entries=entries), source(), NOW))


def test_entry_known_by_its_guid_keeps_its_article_when_another_joins_it(store: Store) -> None:
    listed(store, "Courier", _said("a"))
    before = only(store).id
    assert listed(store, "Courier", _said("b", "a"), NOW + HOUR) == (1, 0)
    assert {found.id: found.title for found in store.articles()}[before] == "Title a"


@pytest.mark.parametrize("alone", ["a", "b"])
def test_entry_that_stays_alone_is_still_itself(store: Store, alone: str) -> None:
    listed(store, "Courier", _said("a"))
    listed(store, "Courier", _said("b", "a"), NOW + HOUR)
    for hours in (2, 3):
        assert listed(store, "Courier", _said(alone), NOW + hours * HOUR) == (0, 0)
    assert sorted(found.title for found in store.articles()) == ["Title a", "Title b"]


def test_entries_that_came_together_are_themselves_alone(store: Store) -> None:
    listed(store, "Courier", _said("a", "b"))
    for hours, alone in enumerate(("a", "b", "a"), 1):
        assert listed(store, "Courier", _said(alone), NOW + hours * HOUR) == (0, 0)
    assert sorted(found.title for found in store.articles()) == ["Title a", "Title b"]


def test_entries_that_differ_behind_the_hash_stay_themselves_as_the_list_moves_on(store: Store) -> None:
    def changes(*versions: int) -> list[Article]:
        page = "https://tool.example/changes.html"
        entries = tuple(Entry(link=f"{page}#v{number}", title=Text("Release")) for number in versions)
        return list(normalise(ParsedFeed("rss20", entries=entries), source(), NOW))

    assert listed(store, "Tool", changes(3, 2, 1)) == (3, 0)
    assert listed(store, "Tool", changes(4, 3, 2), NOW + HOUR) == (1, 0)
    assert listed(store, "Tool", changes(6, 5, 4), NOW + 2 * HOUR) == (2, 0)
    assert len(list(store.articles())) == 6


# Copies

_REPORT = "<p>The river at Mopti rose by two metres within a day, the harbour master said.</p>"
_SUMMARY = plain_text(Text(_REPORT, html=True))


def test_same_title_and_words_from_two_sources_is_one_article_under_any_url(store: Store) -> None:
    listed(store, "Courier", [article(title="River rises", content=_REPORT, summary=_SUMMARY)])
    copy = article("x", title="River rises!", content=_REPORT.upper(), summary=_SUMMARY, url="https://agency.example/9")
    assert listed(store, "Agency", [copy], NOW + HOUR) == (0, 0)
    assert [other.name for other in only(store).also] == ["Agency"]
    found = store.find("https://agency.example/9")
    assert found is not None
    assert found.id == only(store).id


def test_copies_that_come_together_are_one_article(store: Store) -> None:
    states = store.sync_sources([source("Courier"), source("Agency"), source("Herald")])
    copies = [
        outcome(states[name], [article(name, title="River rises", content=_REPORT, summary=_SUMMARY)])
        for name in ("Herald", "Agency", "Courier")
    ]
    assert sum(saved.new for saved in store.save(copies, NOW)) == 1
    assert only(store).source.name == "Courier"
    assert sorted(other.name for other in only(store).also) == ["Agency", "Herald"]


@pytest.mark.parametrize(
    ("title", "content", "published"),
    [
        ("Another river", _REPORT, NOW),
        ("River rises", _REPORT.replace("two", "three"), NOW),
        ("River rises", _REPORT, NOW - 365 * DAY),
    ],
)
def test_what_says_something_else_or_long_before_is_no_copy(
    store: Store, title: str, content: str, published: datetime
) -> None:
    listed(store, "Courier", [article(title="River rises", content=_REPORT, summary=_SUMMARY)])
    other = article("x", title=title, content=content, summary=_SUMMARY, published=published)
    assert listed(store, "Agency", [other], NOW + HOUR) == (1, 0)


@pytest.mark.parametrize(
    "text", ["", "Rain.", "River rises in the early hours of this Monday: the whole town sees it."]
)
def test_what_says_little_beside_its_title_is_no_copy(store: Store, text: str) -> None:
    said: dict[str, Any] = {"title": "River rises in the early hours of this Monday: the whole town sees it"}
    said |= {"content": text, "summary": text}
    listed(store, "Courier", [article(**said)])
    assert listed(store, "Agency", [article("x", **said)], NOW + HOUR) == (1, 0)


def test_two_entries_of_one_document_are_never_one_copy(store: Store) -> None:
    said: dict[str, Any] = {"title": "River rises", "content": _REPORT, "summary": _SUMMARY}
    listed(store, "Courier", [article(**said)])
    assert listed(store, "Agency", [article("x", **said), article("y", **said)], NOW + HOUR) == (1, 0)
    assert listed(
        store, "Agency", [article("z", **said), article("x", **said), article("y", **said)], NOW + 2 * HOUR
    ) == (1, 0)


# Keys and order


def test_key_of_a_deleted_article_is_never_used_again(store: Store) -> None:
    listed(store, "Courier", [article("a"), article("b", published=NOW - 900 * DAY)])
    listed(store, "Courier", [article("a")], NOW + HOUR)
    used = {row.pk for row in store.selected(everything())} | {2}
    assert store.retire(NOW - 400 * DAY, []) == 1
    listed(store, "Courier", [article("a"), article("c")], NOW + 2 * HOUR)
    assert {row.pk for row in store.selected(everything())} - used == {3}


def test_source_that_the_config_names_first_owns_the_article_though_it_is_younger(store: Store) -> None:
    store.sync_sources([source("Agency")])
    states = store.sync_sources([source("Courier"), source("Agency")])
    same = {"title": "T", "url": "https://a.example/1"}
    for name in ("Agency", "Courier"):
        store.save([outcome(states[name], [article(name, **same)])], NOW)
    assert only(store).source.name == "Courier"
