"""`feeds explain`: what each concept adds, which all adds up, and what is missing, in words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.config import Source, Topic
from feeds.explain import in_words, verdict_rows
from feeds.topics.matching import Topics, load

GOLD = Topic(
    all_of=(("@wagner", "@africa-corps"), ("@gold", "bullion*"), ("topic:sahel",)),
    none_of=("Gold Coast",),
    terms={"gold": "en: gold, gold mine*"},
)
TOPICS = load(
    {"sahel": Topic(use="sahel"), "russia-africa": Topic(use="russia-africa"), "gold": GOLD, "wide": Topic(all_of=(
        ("@mali", "@niger", "@chad", "@senegal", "@guinea"), "@gold-mining"), terms={"gold-mining": "en: gold"})}, Path()
)  # fmt: skip


def explained(text: str, source: Source | None = None, topics: Topics = TOPICS) -> dict[str, Any]:
    rows: dict[str, Any] = verdict_rows(topics, text, source)
    return rows


def source(**said: Any) -> Source:
    return Source(url="https://courier.example/feed", name="Courier", **said)


def sums(rows: dict[str, Any]) -> list[tuple[float, float, float, float]]:
    """For each topic: the score, and the sums of evidence, of concepts, and of their places."""
    return [
        (
            row["score"],
            round(sum(each["weight"] for each in row["evidence"]), 2),
            round(sum(group["weight"] for group in row["concepts"]), 2),
            round(sum(place["weight"] for group in row["concepts"] for place in group["places"].values()), 2),
        )
        for row in rows["topics"].values()
    ]


WORDS = "Mali Chad Niger Bamako junta مالي , . ( / -- Russia Putin Wagner gold bullion ; | Чад Gold Coast Corps Africa".split()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.sampled_from(["", "Morning briefing: ", "Gold Coast "]),
    st.lists(st.sampled_from(WORDS), max_size=10),
    st.lists(st.sampled_from(WORDS), max_size=60),
    st.sampled_from([None, {"sahel": 0.37}, "always", {"gold": "always"}]),
)
def test_what_is_said_to_count_adds_up_to_the_score(start: str, title: list[str], text: list[str], topics: Any) -> None:
    rows = explained(f"{start}{' '.join(title)} x\n{' '.join(text)}", source(topics=topics) if topics else None)
    assert [four for four in sums(rows) if len(set(four)) > 1] == []


def test_mentions_are_shown_by_concept() -> None:
    text = (
        "Mali: a vote\nIn Mali and Niger people wait. " + "Much happened elsewhere in the world. " * 12 + "Mali. " * 6
    )
    lines = in_words(explained(text)).splitlines()
    assert "  +1.40  Mali ×8: headline 1.00, text counted up to 0.40" not in lines  # the lead counts, too
    assert "  +2.00  Mali ×8: headline 1.00, lead 0.60, text counted up to 0.40" in lines
    assert "  +0.40  Niger: lead 0.40" in lines


def test_words_around_are_shown_once_for_each_place_and_form() -> None:
    shown = in_words(explained("Mali votes\n" + "Malian voters and Mali wait. " * 3))
    around = re.findall(r"\+[\d.]+  Mali ×7: .*\n((?:           .*\n)*)", shown)[0]
    assert [line.strip().partition(":")[0] for line in around.splitlines()] == ["headline", "lead [en]", "lead"]


@pytest.mark.parametrize(
    ("topic", "text", "missing"),
    [
        ("russia-africa", "Kenya signs trade deal", "nothing of Russia is named (side 1 of 2)"),
        ("russia-africa", "Russia signs trade deal", "nothing of Africa is named (side 2 of 2)"),
        ("gold", "Mali mines gold", "nothing of Wagner Group or Africa Corps is named (side 1 of 3)"),
        (
            "gold",
            "Africa Corps in Libya",
            "nothing of gold or bullion is named (side 2 of 3); nothing of the topic sahel is named (side 3 of 3)",
        ),
        ("wide", "A gold medal", "nothing of Mali, Niger, Chad or 2 others is named (side 1 of 2)"),
        ("gold", "A quiet day", "nothing of the topic is named"),
    ],
)
def test_missing_side_is_named(topic: str, text: str, missing: str) -> None:
    row = explained(text)["topics"][topic]
    assert (row["matched"], row["missing"]) == (False, missing)
    assert f"  missing: {row['missing']}" in in_words(explained(text))


def test_what_halves_the_score_of_a_digest_is_said() -> None:
    row = explained("Morning briefing\nMali and Mali again; Mali waits.")["topics"]["sahel"]
    assert not row["matched"]
    assert (row["evidence"][-1]["weight"], row["evidence"][-1]["where"]) == (-row["score"], "rule")
    assert row["missing"].startswith("the title announces several subjects")


def test_what_is_excluded_is_said_and_counts_nothing() -> None:
    row = explained("Gold Coast: Africa Corps guards gold in Mali")["topics"]["gold"]
    assert (row["score"], row["matched"]) == (0, False)
    assert '"Gold Coast" excludes it' in [each["label"] for each in row["evidence"] if each["weight"] < 0]


def test_source_that_is_always_in_the_topic_is_said() -> None:
    row = explained("A recipe for bread", source(topics={"sahel": "always"}))["topics"]["sahel"]
    assert (row["matched"], row["score"]) == (True, 1.0)
    assert "everything of this source is in the topic" in [group["label"] for group in row["concepts"]]


def test_same_words_set_aside_are_told_once() -> None:
    shown = in_words(explained("Niger State votes\nNiger State is in Nigeria. Niger State it is.", topics=TOPICS))
    sahel = shown[: shown.index("russia-africa:")]
    assert len(re.findall("aside  lead", sahel)) == 1
    assert "aside  lead: “Niger” ×2" in sahel
