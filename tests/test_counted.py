"""Numbers with what they count."""

from __future__ import annotations

import pytest

from feeds.cli.refreshing import summary
from feeds.counted import counted
from feeds.pipeline import RefreshResult


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (21, "21 entries"), (1001, "1001 entries")]
)
def test_one_is_one_and_all_others_are_many(number: int, said: str) -> None:
    assert counted(number, "entry", "entries") == said


def test_language_of_the_machine_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "fr")
    assert counted(0, "entry", "entries") == "0 entries"


def test_summary_of_a_refresh_counts_one_as_one() -> None:
    one = summary(RefreshResult(sources=1, fetched=1, new=1, updated=1, published=("all/atom.xml",), seconds=1.0))
    assert one.startswith("1 source asked, 0 not due yet: 1 answered")
    assert one.endswith("1 new and 1 updated article; 1 file written in 1.0 s")
    two = summary(RefreshResult(sources=2, fetched=2, new=2, updated=2, published=("a", "b"), seconds=1.0))
    assert two.startswith("2 sources asked")
    assert two.endswith("2 new and 2 updated articles; 2 files written in 1.0 s")
