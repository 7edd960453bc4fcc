"""Figures on labelled items, and the difference that another definition makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from feeds.config import Topic
from feeds.topics.evaluate import compare, evaluate
from feeds.topics.matching import load

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
