"""Precision and recall of topics on labelled items, and what changes between two versions. Pure; called by cli."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from feeds.config import Source
from feeds.errors import UsageError
from feeds.model import Article
from feeds.topics.matching import Topics

Result = dict[str, Any]


class _Counts(Struct):
    true: int = 0
    false: int = 0
    missed: int = 0
    rejected: int = 0

    def add(self, expected: bool, found: bool) -> None:
        if found:
            self.true, self.false = self.true + expected, self.false + (not expected)
        else:
            self.missed, self.rejected = self.missed + expected, self.rejected + (not expected)

    def figures(self) -> Result:
        """n, positives, precision, recall and f1; null where they are undefined."""
        positives, found = self.true + self.missed, self.true + self.false
        return {
            "n": positives + self.false + self.rejected,
            "positives": positives,
            "precision": _ratio(self.true, found),
            "recall": _ratio(self.true, positives),
            "f1": _ratio(2 * self.true, positives + found),
        }


class _Tally(Struct):
    whole: _Counts = field(default_factory=_Counts)
    languages: dict[str, _Counts] = field(default_factory=lambda: defaultdict(_Counts))
    errors: list[Result] = field(default_factory=list)


def evaluate(items: Iterable[Mapping[str, Any]], topics: Topics) -> Result:
    """How right *topics* are on labelled *items*: {"topics": {NAME: {n, positives, precision, recall, f1, languages,
    errors: [{id, expected, why}]}}}.

    An item carries id, lang, title, summary and a 0/1 key for each topic (see `label`); an item without a topic's key
    says nothing of that topic. Raises UsageError on a label that is neither 0 nor 1.

    An item may carry country: the ISO 3166-1 code, or codes, of where its source is.
    """
    tallies = {name: _Tally() for name in topics.names}
    for item in items:
        article, source = item_article(item), item_source(item)
        matched = topics.match(article, source)
        for name, tally in tallies.items():
            expected, found = label(item, name), name in matched
            if expected is None:
                continue
            tally.whole.add(expected, found)
            tally.languages[str(item.get("lang") or "und")].add(expected, found)
            if expected != found:
                tally.errors.append(
                    {"id": item.get("id"), "expected": int(expected), "why": _why(topics, article, source, name)}
                )
    return {"topics": {name: _result(tally) for name, tally in tallies.items()}}


def compare(items: Iterable[Mapping[str, Any]], old: Topics, new: Topics) -> Result:
    """What would come in and go out with *new* in place of *old*: {"topics": {NAME: {in, out}}}, each a list of
    {id, title, lang, why}, and "expected" where the item is labelled.

    Only topics that both have are compared.
    """
    names = [name for name in old.names if name in new.names]
    changes: dict[str, dict[str, list[Result]]] = {name: {"in": [], "out": []} for name in names}
    for item in items:
        article, source = item_article(item), item_source(item)
        before, after = old.match(article, source), new.match(article, source)
        for name in names:
            if (name in before) != (name in after):
                changes[name]["in" if name in after else "out"].append(
                    _change(item, name, _why(new, article, source, name))
                )
    return {"topics": changes}


def item_article(item: Mapping[str, Any]) -> Article:
    """The article that a labelled item, or a line of `feeds export --jsonl`, stands for."""
    return Article(
        identity=str(item.get("id")),
        guid=None,
        url=None,
        link=None,
        title=str(item.get("title") or ""),
        summary=str(item.get("summary") or ""),
        content=str(item.get("content") or ""),
        language=item.get("lang") or item.get("language"),
    )


def item_source(item: Mapping[str, Any]) -> Source | None:
    """A source in the item's country; None where the item says none."""
    country = item.get("country") or ()
    codes = tuple(map(str, (country,) if isinstance(country, str) else country))
    return Source(url="", name=str(item.get("source") or "?")[:200], country=codes) if codes else None


def label(item: Mapping[str, Any], topic: str) -> bool | None:
    """Whether *item* is said to be in *topic*; None where it says nothing. The key is the topic's name, as it is or with
    _ for -.

    Raises UsageError where it says anything but 0 or 1: "no" would count as a yes.
    """
    value = item.get(topic, item.get(topic.replace("-", "_")))
    if value not in (None, 0, 1):
        raise UsageError(f"item {item.get('id')}, key {topic}: expected 0 or 1, got {json.dumps(value)[:60]}")
    return None if value is None else bool(value)


def is_labelled(items: Iterable[Mapping[str, Any]], topics: Topics) -> bool:
    """Whether any item says anything of any topic: without, figures would be those of nothing."""
    return any(label(item, name) is not None for item in items for name in topics.names)


def _result(tally: _Tally) -> Result:
    languages = {language: counts.figures() for language, counts in sorted(tally.languages.items())}
    return {**tally.whole.figures(), "languages": languages, "errors": tally.errors}


def _change(item: Mapping[str, Any], topic: str, why: str) -> Result:
    change = {"id": item.get("id"), "title": item.get("title"), "lang": item.get("lang"), "why": why}
    expected = label(item, topic)
    return change if expected is None else {**change, "expected": int(expected)}


def _why(topics: Topics, article: Article, source: Source | None, name: str) -> str:
    return topics.explain(article, source)[name].reason


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
