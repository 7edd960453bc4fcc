"""What each mention adds to a score, so that all of it adds up: for `feeds explain`. Pure; called by matching."""

from __future__ import annotations

from collections.abc import Sequence

from feeds.topics.mentions import Mention
from feeds.topics.scoring import Rule, Score, Weighed

ALL_BY_TOPICS = "another topic that this one is made of has the article"
HALVED = "the title announces several subjects: what stands in the text counts half"


def contributions(
    rule: Rule, result: Score, mentions: Sequence[Mention]
) -> tuple[list[Weighed], list[tuple[str, float]]]:
    """Every mention of the topic with what it adds to *result*, 0 for those that add nothing; and what else adds or takes
    away, in words. The sum of all is the score, to the hundredth.
    """
    weighed = _shared(rule, result) if result.together else list(result.weighed)
    taken = {each.mention.start for each in weighed}
    weighed += [Weighed(m, 0.0) for m in mentions if m.concept in rule.concepts and m.start not in taken]
    cents = [round(each.weight * 100) for each in weighed]
    whole, value = round(result.whole * 100), round(result.value * 100)
    rest: list[tuple[str, float]] = []
    if any(cents):
        cents[cents.index(max(cents))] += whole - sum(cents)  # what rounding lost
    elif whole:
        rest.append((ALL_BY_TOPICS, whole / 100))
    if result.excluded_by is not None:
        rest.append((result.missing, -whole / 100))
    elif value != whole:
        rest.append((HALVED, (value - whole) / 100))
    found = [each._replace(weight=cent / 100) for each, cent in zip(weighed, cents, strict=True)]
    return found, [each for each in rest if each[1]]


def _shared(rule: Rule, result: Score) -> list[Weighed]:
    """The score of sides that score together: each side's first mention has an equal part, context its own."""
    end = len(result.weighed) - result.context
    own, context = result.weighed[:end], result.weighed[end:]
    first = [next((n for n, each in enumerate(own) if each.mention.concept in side), None) for side in rule.sides]
    bearing = [number for number in first if number is not None]
    score = result.whole - sum(each.weight for each in context)
    weights = [0.0] * len(own)
    for number in bearing:
        weights[number] += score / len(bearing)
    seen: set[int] = set()
    found = []
    for each, weight in zip(own, weights, strict=True):
        if weight or each.mention.start not in seen:  # a mention of two sides stands there twice
            found.append(each._replace(weight=weight))
        seen.add(each.mention.start)
    return [*found, *context]
