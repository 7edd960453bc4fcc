"""The store: what becomes new, updated, joined, held, hidden, retired; leases; one suite for every database."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from feeds.errors import StoreError
from feeds.model import Enclosure, Entry, Evidence, Standing, StoredArticle, Text, TopicMatch
from feeds.store import Store, leasing
from feeds.store.membership import feed_paths
from tests.build import DAY, HOUR, NOW, article, everything, in_topic, listed, outcome, source


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'feeds.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store(url, NOW) as opened:
        yield opened


def only(store: Store) -> StoredArticle:
    (found,) = store.articles()
    return found


def titles(store: Store) -> list[str]:
    return [found.title for found in store.select(everything())]


# New, again, edited


def test_article_comes_back_as_it_was_saved(store: Store) -> None:
    match = TopicMatch(1.5, (Evidence("mali", "Mali", "title", 1.0, "Mali", "en", "ML"),))
    saved = article(
        summary="Short", language="fr", updated=NOW, authors=("Awa Diop",), categories=("Politique",),
        image="https://courier.example/i.jpg", enclosures=(Enclosure("https://a.example/a.mp3", "audio/mpeg", 5),),
        topics={"sahel": match},
    )  # fmt: skip
    listed(store, "Courier", [saved])
    found = only(store)
    same = ("guid", "url", "link", "title", "summary", "content", "language", "published", "updated", "authors",
            "categories", "image", "enclosures", "topics", "entry")  # fmt: skip
    assert {name: getattr(found, name) for name in same} == {name: getattr(saved, name) for name in same}
    assert (found.source.name, found.first_seen, found.also) == ("Courier", NOW, ())


def test_unchanged_article_is_not_saved_again(store: Store) -> None:
    assert listed(store, "Courier", [article()]) == (1, 0)
    assert listed(store, "Courier", [article()], NOW + HOUR) == (0, 0)
    assert only(store).updated == NOW - HOUR


def test_id_stays_the_same_through_edits_and_new_stores_differ(store: Store, tmp_path: Path) -> None:
    listed(store, "Courier", [article()])
    before = only(store).id
    listed(store, "Courier", [article(title="Another title", url="https://courier.example/moved")], NOW + HOUR)
    assert only(store).id == before
    with Store(f"sqlite:///{tmp_path / 'other.db'}", NOW) as other:
        listed(other, "Courier", [article()])
        assert only(other).id != before


def test_material_edit_updates_text_and_date(store: Store) -> None:
    listed(store, "Courier", [article()])
    assert listed(store, "Courier", [article(content="<p>Corrected text of a</p>")], NOW + HOUR) == (0, 1)
    found = only(store)
    assert (found.content, found.updated, found.published) == ("<p>Corrected text of a</p>", NOW + HOUR, NOW - HOUR)


def test_material_edit_takes_its_sources_own_date_where_that_is_later(store: Store) -> None:
    listed(store, "Courier", [article()])
    edited = article(title="New title", updated=NOW + timedelta(minutes=10))
    listed(store, "Courier", [edited], NOW + HOUR)
    assert only(store).updated == NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    "edit",
    [
        {"title": "TITLE  “a”!"},
        {"content": '<p class="lead">Text   of <b>a</b>.</p>'},
        {"url": "https://courier.example/a-new-address"},
        {"updated": NOW},
    ],
    ids=["punctuation", "markup", "address", "date alone"],
)
def test_cosmetic_edit_is_kept_but_moves_no_date(store: Store, edit: dict[str, Any]) -> None:
    listed(store, "Courier", [article()])
    assert listed(store, "Courier", [article(**edit)], NOW + HOUR) == (0, 0)
    found = only(store)
    assert found.updated == NOW - HOUR
    kept = {key: value for key, value in edit.items() if key != "updated"}
    assert {key: getattr(found, key) for key in kept} == kept


def test_published_does_not_move_when_its_source_moves_it(store: Store) -> None:
    listed(store, "Courier", [article()])
    listed(store, "Courier", [article(published=NOW, title="Title a, corrected")], NOW + HOUR)
    assert only(store).published == NOW - HOUR


def test_date_in_the_future_does_not_start_to_count_once_it_is_past(store: Store) -> None:
    listed(store, "Courier", [article(published=None)])
    listed(store, "Courier", [article(published=NOW + HOUR)], NOW + 2 * HOUR)
    assert (only(store).published, only(store).date) == (None, NOW)


def test_undated_article_takes_a_date_that_its_source_adds(store: Store) -> None:
    undated = article(published=None)
    listed(store, "Courier", [replace(undated, entry=replace(undated.entry, published=None))])
    listed(store, "Courier", [article()], NOW + HOUR)
    assert only(store).date == NOW - HOUR


def test_entry_that_lost_title_and_text_changes_nothing(store: Store) -> None:
    listed(store, "Courier", [article(entry=Entry(title=Text("Title a")))])
    assert listed(store, "Courier", [article(title="courier.example", content="", entry=Entry())], NOW + HOUR) == (0, 0)
    assert only(store).title == "Title a"


def test_article_whose_link_becomes_shared_does_not_come_twice(store: Store) -> None:
    link = "https://courier.example/live"
    listed(store, "Courier", [article(identity=f"link:{link}", guid=None, url=link, title="Story A")])
    both = [
        article(identity="hash:b", guid=None, url=link, title="Story B", url_is_shared=True),
        article(identity="hash:a", guid=None, url=link, title="Story A", url_is_shared=True),
    ]
    assert listed(store, "Courier", both, NOW + HOUR) == (1, 0)
    assert sorted(found.title for found in store.articles()) == ["Story A", "Story B"]


def test_entries_alike_in_all_but_new_guids_stay_as_many_as_they_were(store: Store) -> None:
    same = {"title": "Same", "url": "https://courier.example/same", "url_is_shared": True, "content": "<p>Same</p>"}
    listed(store, "Courier", [article("a", **same), article("b", **same)])
    assert listed(store, "Courier", [article("c", **same), article("d", **same)], NOW + HOUR) == (0, 0)
    assert len(list(store.articles())) == 2


# One article or two


def test_distinct_guids_in_one_document_are_distinct_articles(store: Store) -> None:
    same = {"title": "Same", "url": "https://courier.example/same", "url_is_shared": True}
    assert listed(store, "Courier", [article("a", **same), article("b", **same)]) == (2, 0)


def test_same_url_and_title_from_two_sources_is_one_article_that_names_both(store: Store) -> None:
    listed(store, "Courier", [article()])
    assert listed(store, "Agency", [article("x", title="Title A", url="https://courier.example/a")]) == (0, 0)
    assert [other.name for other in only(store).also] == ["Agency"]


def test_same_url_with_another_title_is_another_article(store: Store) -> None:
    listed(store, "Courier", [article()])
    assert listed(store, "Agency", [article("x", title="Other", url="https://courier.example/a")]) == (1, 0)


def test_second_source_does_not_overwrite_the_first(store: Store) -> None:
    listed(store, "Courier", [article()])
    twin = article("x", title="Title a", url="https://courier.example/a", content="<p>Cut short</p>")
    listed(store, "Agency", [twin], NOW + HOUR)
    listed(store, "Agency", [replace(twin, content="<p>Edited</p>")], NOW + 2 * HOUR)
    assert only(store).content == "<p>Text of a</p>"


@pytest.mark.parametrize("order", [("Courier", "Agency"), ("Agency", "Courier")])
def test_of_sources_that_come_together_the_first_of_the_config_owns_the_article(
    store: Store, order: tuple[str, str]
) -> None:
    states = store.sync_sources([source("Courier"), source("Agency")])
    for name in order:
        store.save(
            [outcome(states[name], [article(name, title="T", url="https://a.example/1", content=f"<p>{name}</p>")])],
            NOW,
        )
    assert (only(store).source.name, only(store).content) == ("Courier", "<p>Courier</p>")
    assert [other.name for other in only(store).also] == ["Agency"]


def test_shared_url_joins_nothing_across_sources(store: Store) -> None:
    listed(store, "Courier", [article(url_is_shared=True)])
    assert listed(store, "Agency", [article("x", title="Title a", url="https://courier.example/a")]) == (1, 0)


def test_guid_that_changes_at_every_fetch_does_not_double_an_article(store: Store) -> None:
    for number in range(3):
        changed = article(identity=f"guid:{number}", guid=str(number))
        listed(store, "Courier", [changed], NOW + number * HOUR)
    assert only(store).guid == "2"


def test_daily_programme_at_one_address_keeps_every_edition(store: Store) -> None:
    for day in range(3):
        edition = article(identity=f"guid:{day}", guid=str(day), published=NOW - (3 - day) * DAY)
        assert listed(store, "Courier", [edition], NOW - (3 - day) * DAY + HOUR) == (1, 0)


# Floods


def test_source_added_later_brings_ten_undated_articles_into_feeds_and_keeps_all(store: Store) -> None:
    store.set_documents({"all/atom.xml": Standing(None, 1, 1)}, NOW)
    undated = [article(f"u{number:02}", published=None) for number in range(15)]
    listed(store, "Courier", [*undated, article("dated")])
    assert sorted(titles(store)) == ["Title dated", *(f"Title u{number:02}" for number in range(10))]
    assert len(list(store.articles())) == 16


def test_store_that_has_published_nothing_shows_all_undated_articles(store: Store) -> None:
    listed(store, "Courier", [article(f"u{number}", published=None) for number in range(15)])
    assert len(titles(store)) == 15


# Selection


def test_document_of_thousands_comes_in_parts_and_is_asked_for_again(store: Store) -> None:
    store.set_fact("published", "yes")
    whole = [article(f"{number:04}", published=None) for number in range(2500)]
    state = store.sync_sources([source()])["Courier"]
    for new, left in ((1000, 1500), (1000, 500), (500, 0), (0, 0)):
        given = replace(outcome(state, whole), state=replace(state, etag='"1"', body_hash="x", document_at=NOW))
        (saved,) = store.save([given], NOW)
        state = store.states()["Courier"]
        assert (saved.new, saved.left) == (new, left)
        assert (state.etag, state.body_hash, bool(state.document_at)) == (
            (None, None, False) if left else ('"1"', "x", True)
        )
    assert sorted(titles(store)) == [f"Title {number:04}" for number in range(10)]


def test_selection_is_newest_first_then_by_id_within_window_and_limit(store: Store) -> None:
    listed(store, "Courier", [article(str(day), published=NOW - day * DAY) for day in (5, 1, 3, 40)])
    window = replace(everything(NOW), since=NOW - 30 * DAY)
    assert [found.guid for found in store.select(window)] == ["1", "3", "5"]
    assert [found.guid for found in store.select(replace(window, limit=2))] == ["1", "3"]
    listed(store, "Courier", [article(key, published=NOW - DAY) for key in "cab"], NOW + HOUR)
    ties = [found.id for found in store.select(window) if found.date == NOW - DAY]
    assert ties == sorted(ties)
    assert len(ties) == 4


def test_selection_of_a_topic_has_its_articles_alone(store: Store) -> None:
    listed(store, "Courier", [in_topic(article("a")), article("b")])
    assert [found.guid for found in store.select(everything(feed="sahel"))] == ["a"]


def test_edit_that_leaves_a_topic_takes_the_article_out_of_it(store: Store) -> None:
    listed(store, "Courier", [in_topic(article())])
    listed(store, "Courier", [article(title="Football in Europe")], NOW + HOUR)
    assert store.select(everything(feed="sahel")) == []


def test_article_is_in_the_feeds_of_its_language_and_of_the_countries_it_is_about(store: Store) -> None:
    about = (
        Evidence("mali", "Mali", "title", 1.0, country="ML"),
        Evidence("niger", "Niamey", "lead", 0.5, country="NE"),
        Evidence("chad", "Chad", "body", 0.1, country="TD"),
    )
    listed(store, "Courier", [article(language="pt-BR", topics={"sahel": TopicMatch(1.5, about)})])
    assert store.feed_paths() == [
        "all", "all/country/ml", "all/country/ne", "all/lang/pt",
        "sahel", "sahel/country/ml", "sahel/country/ne", "sahel/lang/pt",
    ]  # fmt: skip
    assert len(store.select(everything(feed="sahel/country/ne"))) == 1


def test_changed_definition_moves_articles_in_and_out(store: Store) -> None:
    listed(store, "Courier", [in_topic(article("a")), article("b")])
    ids = {found.guid: found.id.removeprefix("urn:uuid:") for found in store.articles()}
    store.rematch({ids["a"]: {}, ids["b"]: {"sahel": TopicMatch(2.0)}})
    assert [found.guid for found in store.select(everything(feed="sahel"))] == ["b"]


# Out and never back


def test_hidden_article_is_out_of_feeds_and_export_and_can_come_back(store: Store) -> None:
    listed(store, "Courier", [article()])
    key = only(store).id
    store.hide(key, NOW)
    assert (titles(store), list(store.articles())) == ([], [])
    listed(store, "Courier", [article(title="Edited")], NOW + HOUR)
    assert titles(store) == []
    store.hide(key, None)
    assert titles(store) == ["Edited"]


def test_retention_spares_what_is_still_listed_and_never_lets_the_rest_come_back(store: Store) -> None:
    old = [article("a", published=NOW - 500 * DAY), article("b", published=NOW - 500 * DAY)]
    listed(store, "Courier", old)
    listed(store, "Courier", old[:1], NOW + HOUR)
    assert store.retire(NOW - 400 * DAY, [1, 2]) == 1
    assert [found.guid for found in store.articles()] == ["a"]
    assert listed(store, "Courier", old, NOW + 2 * HOUR) == (0, 0)
    assert [found.guid for found in store.articles()] == ["a"]
    assert listed(store, "Agency", [article("x", title="Title b", url="https://courier.example/b")]) == (0, 0)


# Finding


@pytest.mark.parametrize("key", ["https://courier.example/a", "https://courier.example/a?utm_source=rss"])
def test_article_is_found_by_url_and_by_link(store: Store, key: str) -> None:
    listed(store, "Courier", [article(link="https://courier.example/a?utm_source=rss")])
    found = store.find(key)
    assert found is not None
    by_id = store.find(found.id)
    assert by_id is not None
    assert by_id.guid == "a"


def test_nothing_is_found_under_an_unknown_key(store: Store) -> None:
    assert store.find("urn:uuid:00000000-0000-0000-0000-000000000000") is None


# Sources


def test_history_follows_a_source_whose_url_or_name_stayed(store: Store) -> None:
    before = store.sync_sources([source("Courier")])["Courier"]
    renamed = source("The Courier", url="https://courier.example/feed")
    assert store.sync_sources([renamed])["The Courier"].id == before.id
    moved = source("The Courier", url="https://courier.example/new-feed")
    assert store.sync_sources([moved])["The Courier"].id == before.id


def test_sources_that_swap_names_keep_their_urls_history(store: Store) -> None:
    before = store.sync_sources([source("A"), source("B")])
    after = store.sync_sources([source("A", url="https://b.example/feed"), source("B", url="https://a.example/feed")])
    assert (after["A"].id, after["B"].id) == (before["B"].id, before["A"].id)


def test_name_of_a_removed_source_can_be_used_anew(store: Store) -> None:
    first = store.sync_sources([source("A"), source("B")])
    second = store.sync_sources([source("B", url="https://a.example/feed"), source("C", url="https://b.example/feed")])
    assert second["B"].id == first["A"].id
    assert second["C"].id == first["B"].id


def test_new_url_forgets_the_old_ones_validators(store: Store) -> None:
    state = store.sync_sources([source("Courier")])["Courier"]
    store.save([outcome(replace(state, etag='"1"'), [])], NOW)
    moved = store.sync_sources([source("Courier", url="https://courier.example/new")])["Courier"]
    assert (state.etag, moved.etag) == (None, None)


def test_secret_in_a_url_is_not_in_the_store(store: Store, tmp_path: Path) -> None:
    secret = source("Courier", url="https://user:hunter2@courier.example/feed?token=s3cr3tabc")
    assert "hunter2" not in store.sync_sources([secret])["Courier"].url
    store.close()
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert "feeds.db" in files
    assert [name for name, body in files.items() if b"hunter2" in body or b"s3cr3tabc" in body] == []


def test_state_comes_back_as_it_was_saved(store: Store) -> None:
    state = store.sync_sources([source()])["Courier"]
    saved = replace(
        state, etag='W/"ü"', next_check=NOW + HOUR, due_at=NOW, hint=timedelta(minutes=5), failures=2, error="why",
        skip_hours=frozenset({3, 4}), skip_days=frozenset({6}), checked_at=NOW, moved_count=2, feed_title="T",
    )  # fmt: skip
    store.save([replace(outcome(state, []), state=saved)], NOW)
    assert store.sync_sources([source()])["Courier"] == saved


# Claims


def claimed(store: Store, **options: bool) -> list[str]:
    states = store.sync_sources([source("A"), source("B")])
    ids = [state.id for state in states.values()]
    return [state.name for state in store.claim(ids, NOW, HOUR, **options)]


def plan(store: Store, name: str, **values: object) -> None:
    state = store.sync_sources([source("A"), source("B")])[name]
    store.save([replace(outcome(state, []), state=replace(state, checked_at=NOW - HOUR, **values))], NOW - HOUR)


def test_source_that_was_never_asked_is_due(store: Store) -> None:
    assert claimed(store) == ["A", "B"]


def test_source_is_due_when_its_time_has_come_and_early_for_a_one_off(store: Store) -> None:
    plan(store, "A", next_check=NOW + HOUR, due_at=NOW)
    plan(store, "B", next_check=NOW + HOUR, due_at=NOW + timedelta(minutes=1))
    assert claimed(store) == []
    assert claimed(store, early=True) == ["A"]


def test_force_ignores_the_planned_time_but_not_a_retry_after(store: Store) -> None:
    plan(store, "A", next_check=NOW + DAY, due_at=NOW + DAY)
    plan(store, "B", next_check=NOW + DAY, due_at=NOW + DAY, retry_until=NOW + HOUR)
    assert claimed(store, force=True) == ["A"]


def test_source_checked_under_a_clock_far_ahead_is_due(store: Store) -> None:
    state = store.sync_sources([source("A")])["A"]
    ahead = NOW + 30_000 * DAY
    store.save([replace(outcome(state, []), state=replace(state, checked_at=ahead, next_check=ahead))], ahead)
    assert "A" in claimed(store)


def test_sources_leased_by_another_living_process_are_left_to_it(store: Store, url: str) -> None:
    assert claimed(store) == ["A", "B"]
    _set_owner(url, f"{_this_host()}:1")
    assert claimed(store, force=True) == []


def test_lease_of_a_dead_process_counts_for_nothing(store: Store, url: str) -> None:
    assert claimed(store) == ["A", "B"]
    _set_owner(url, f"{_this_host()}:{2**22 + 1}")
    assert claimed(store) == ["A", "B"]


def test_lease_of_a_process_whose_pid_another_has_by_now_counts_for_nothing(store: Store, url: str) -> None:
    """As after a power cut: the PID is one that lives, and its owner is not the one that took the lease."""
    host, _, start, boot, namespace = leasing.this_process().split(":")
    parent = os.getppid()
    for is_held, owner in (
        (True, f"{host}:{parent}:{leasing._start(parent)}:{boot}:{namespace}"),
        (False, f"{host}:{parent}:{start}0:{boot}:{namespace}"),
        (False, f"{host}:{parent}:{leasing._start(parent)}:another-boot:{namespace}"),
        (False, f"{host}:{2**22 + 1}:{start}:{boot}:{namespace}"),
        (True, f"{host}:{2**22 + 1}:{start}:{boot}:another-container"),
        (True, f"another-{host}:{2**22 + 1}:{start}:another-boot:{namespace}"),
    ):
        assert claimed(store, force=True) == ["A", "B"]
        _set_owner(url, owner)
        assert claimed(store, force=True) == ([] if is_held else ["A", "B"]), owner
        _set_owner(url, leasing.this_process())


def test_child_is_another_owner_than_its_parent() -> None:
    script = (
        "import os; from feeds.store.leasing import this_process\n"
        "parent = this_process()\n"
        "if not os.fork(): os._exit(this_process() == parent)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.wait()[1]))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_released_sources_can_be_claimed_by_others(store: Store, url: str) -> None:
    assert claimed(store) == ["A", "B"]
    store.release()
    with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
        assert raw.execute("SELECT count(*) FROM sources WHERE lease_owner IS NOT NULL").fetchone() == (0,)


def test_daemon_lease_is_held_by_one(store: Store, url: str) -> None:
    assert store.acquire("daemon", NOW, HOUR)
    assert store.acquire("daemon", NOW, HOUR)  # renewed
    with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
        raw.execute("UPDATE leases SET owner = ?", (f"{_this_host()}:1",))
    assert not store.acquire("daemon", NOW, HOUR)
    assert store.acquire("daemon", NOW + 2 * HOUR, HOUR)  # it ran out


def _this_host() -> str:
    import socket

    return socket.gethostname()


def _set_owner(url: str, owner: str) -> None:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
        raw.execute("UPDATE sources SET lease_owner = ?", (owner,))


# Reading alone


def test_states_are_looked_up_as_they_will_be_without_a_write(store: Store, url: str) -> None:
    before = store.sync_sources([source("A"), source("B"), source("C", url="https://c.example/feed"), source("D")])
    for state in before.values():
        store.save([replace(outcome(state, [article(state.name)]), state=replace(state, failures=2, etag='"1"'))], NOW)
    config = [
        source("A", control="state"),
        source("Renamed", url="https://b.example/feed"),
        source("C", url="https://moved.example/feed"),
        source("D", url="https://a.example/other"),
        source("New"),
    ]
    with sqlite3.connect(url.removeprefix("sqlite:///")) as writer:
        writer.execute("BEGIN IMMEDIATE")  # as a refresh that is saving
        seen = store.look_up(config)
        writer.rollback()
    assert sorted(store.states()) == ["A", "B", "C", "D"]
    expected = store.sync_sources(config)
    assert {name: replace(state, id=expected[name].id) for name, state in seen.items()} == expected
    assert [seen[name].id for name in ("A", "Renamed", "C", "New")] == [*(before[name].id for name in "ABC"), 0]


# The file


def test_store_of_a_newer_version_is_refused(url: str, store: Store) -> None:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version"):
        Store(url, NOW)


def test_damaged_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "feeds.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match=r"feeds\.db can't be opened: the file is damaged or no SQLite database"):
        Store(f"sqlite:///{tmp_path / 'feeds.db'}", NOW)


def test_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be opened: there is no folder"):
        Store(f"sqlite:///{tmp_path / 'no' / 'feeds.db'}", NOW)


def test_failed_save_leaves_nothing_behind(store: Store) -> None:
    state = store.sync_sources([source()])["Courier"]
    good = outcome(state, [article("a")])
    bad = outcome(replace(state, id=999), [article("b")])
    with pytest.raises(StoreError):
        store.save([good, bad], NOW)
    assert list(store.articles()) == []


@pytest.mark.parametrize(
    ("language", "folders"), [("fr-FR", {"all/lang/fr"}), ("eng", {"all/lang/en"}), ("us", set()), (None, set())]
)
def test_folders_of_languages_are_for_languages(language: str | None, folders: set[str]) -> None:
    assert feed_paths(language, {}) == {"all", *folders}
