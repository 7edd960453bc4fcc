"""Figures on labelled items, and the difference that another definition makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from feeds.config import Topic
from feeds.errors import UsageError
from feeds.topics.evaluate import compare, evaluate
from feeds.topics.matching import load
from tests.test_cli import feeds

TOPICS = load({"sahel": Topic(use="sahel"), "russia-africa": Topic(use="russia-africa")}, Path())


def item(key: str, title: str, sahel: int, lang: str = "en", **more: Any) -> dict[str, Any]:
    return {"id": key, "lang": lang, "title": title, "summary": "", "sahel": sahel, "russia_africa": 0, **more}


ITEMS = [
    item("a", "Mali holds vote", 1),
    item("b", "Le Niger ferme ses écoles", 1, "fr"),
    item("c", "A quiet day", 1, "fr"),
    item("d", "Bamako in the rain", 0),
]


def test_figures_per_topic_and_language() -> None:
    result = evaluate(ITEMS, TOPICS)["topics"]["sahel"]
    assert (result["n"], result["positives"]) == (4, 3)
    assert (result["precision"], result["recall"], result["f1"]) == (0.6667, 0.6667, 0.6667)
    assert result["languages"]["fr"] == {"n": 2, "positives": 2, "precision": 1.0, "recall": 0.5, "f1": 0.6667}


def test_errors_say_what_was_expected_and_why() -> None:
    errors = evaluate(ITEMS, TOPICS)["topics"]["sahel"]["errors"]
    assert [(error["id"], error["expected"]) for error in errors] == [("c", 1), ("d", 0)]
    assert "nothing of the topic is named" in errors[0]["why"]
    assert "Bamako (title)" in errors[1]["why"]


def test_undefined_figures_are_null() -> None:
    result = evaluate(ITEMS, TOPICS)["topics"]["russia-africa"]
    assert (result["precision"], result["recall"], result["f1"]) == (None, None, None)


def test_item_without_a_label_says_nothing_of_that_topic() -> None:
    assert evaluate([{"id": 1, "title": "Mali", "lang": "en"}], TOPICS)["topics"]["sahel"]["n"] == 0


def test_compare_lists_what_comes_in_and_goes_out() -> None:
    narrow = load({"sahel": Topic(any_of=("@niger", "quiet"))}, Path())
    changes = compare(ITEMS, TOPICS, narrow)["topics"]["sahel"]
    assert [change["id"] for change in changes["in"]] == ["c"]
    assert [(change["id"], change["expected"]) for change in changes["out"]] == [("a", 1), ("d", 0)]


def test_topics_own_name_is_a_key_as_well() -> None:
    items = [
        {"id": 1, "lang": "en", "title": "Mali holds vote", "russia-africa": 0},
        {"id": 2, "lang": "en", "title": "Putin receives Mali's president", "russia-africa": True},
        {"id": 3, "lang": "en", "title": "A quiet day", "russia_africa": 0},
    ]
    result = evaluate(items, TOPICS)["topics"]
    assert (result["russia-africa"]["n"], result["russia-africa"]["positives"], result["sahel"]["n"]) == (3, 1, 0)
    changes = compare(items, TOPICS, load({"russia-africa": Topic(any_of=("quiet",))}, Path()))
    assert [change["expected"] for change in changes["topics"]["russia-africa"]["in"]] == [0]


@pytest.mark.parametrize("label", ["no", "1", 2, 0.5, [], {"a": 1}])
def test_label_that_is_neither_0_nor_1_is_refused(label: Any) -> None:
    with pytest.raises(UsageError, match="item 7, key sahel: expected 0 or 1"):
        evaluate([{"id": 7, "title": "x", "sahel": label}], TOPICS)


CONFIG = '[topics.sahel]\nuse = "sahel"\n[topics.russia-africa]\nuse = "russia-africa"\n'


@pytest.mark.parametrize(
    "line", ['{"id": 1, "title": "Mali"}', '{"id": 1, "title": "Mali", "other": 1, "sahel": null}', ""]
)
def test_file_without_a_label_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "items.jsonl").write_text(f"{line}\n")
    done = feeds(tmp_path, "evaluate", "items.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        'feeds: items.jsonl: no line has a label, 0 or 1 under a topic\'s name; topics: "sahel", "russia-africa"\n'
    )


def test_file_in_which_one_line_has_a_label_is_measured(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    lines = ['{"id": 1, "title": "Mali"}', '{"id": 2, "title": "Putin receives Mali\'s president", "russia-africa": 1}']
    (tmp_path / "items.jsonl").write_text("\n".join(lines))
    done = feeds(tmp_path, "evaluate", "items.jsonl", "--json")
    assert json.loads(done.stdout)["topics"]["russia-africa"]["recall"] == 1.0
