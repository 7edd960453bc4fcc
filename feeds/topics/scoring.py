"""How much an article is about a topic: mentions in, score and evidence out. 1.0 is the threshold. Pure.

The figures come from measurements on real news, told in docs/topics.md: a name in the headline is enough, so are two in
the lead, or one in the lead and four in the text; a name in a long list hardly counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import NamedTuple

from msgspec import Struct

from feeds.topics.mentions import Mention

TITLE, LEAD, LEAD_AGAIN, BODY, CONTEXT, CATEGORY = 1.0, 0.6, 0.4, 0.1, 0.1, 0.15
_BODY_MOST, _CONTEXT_MOST = 0.4, 0.2
_ALONE = 0.4  # the lead's first sentence names this place and no other
_ONE_SENTENCE, _TWO_SENTENCES, _TITLE_AND_LEAD, _MORE = 0.9, 0.6, 0.8, 0.2
_OTHER_IN_TITLE = 0.9
_DIGEST = 0.5


class Rule(Struct, frozen=True):
    """A topic, compiled: the concepts of each side, all of which must be there. *concepts* are all that count for it.

    *enough* stands for all sides at once; *context* only adds; *without* excludes the article. *near* is how close the
    sides must be: "sentence", "lead" or "article". *topics* are the ingredients of each side. *rivals* are the concepts
    that put a story in some other place.
    """

    sides: tuple[frozenset[str], ...]
    concepts: frozenset[str]
    enough: frozenset[str] = frozenset()
    context: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    near: str = "lead"
    topics: tuple[frozenset[str], ...] = ()
    rivals: frozenset[str] = frozenset()

    def is_possible(self, present: Set[str]) -> bool:
        """Whether an article with these concepts can match; a side made of topics may always be there."""
        if not self.enough.isdisjoint(present):
            return True
        sides = zip(self.sides, self.topics, strict=True)
        return all(parts or not side.isdisjoint(present) for side, parts in sides)


class Weighed(NamedTuple):
    """A mention and what it adds to the score."""

    mention: Mention
    weight: float


class Score(NamedTuple):
    """A score with what it is made of. *missing* says in words what was not there; *excluded_by* is a veto.

    *whole* is the score before a digest's title halved it, or a veto took it. Where the sides of a topic score
    *together*, by how close they stand, the weights of single mentions say only which are the strongest. The last
    *context* ones of *weighed* are context. *absent* are the sides that nothing is named of.
    """

    value: float
    weighed: tuple[Weighed, ...] = ()
    missing: str = ""
    excluded_by: Mention | None = None
    whole: float = 0.0
    together: bool = False
    context: int = 0
    absent: tuple[int, ...] = ()


NOTHING = Score(0.0, missing="nothing of the topic is named")


def score(rule: Rule, mentions: Sequence[Mention], is_digest: Callable[[], bool], met: Sequence[bool] = ()) -> Score:
    """What *mentions* come to under *rule*. *met* says for each of its sides whether an ingredient topic meets it."""
    own = _unlisted([m for m in mentions if m.concept in rule.concepts])
    if not own and not any(met):
        return NOTHING
    veto = next((m for m in mentions if m.concept in rule.without and m.passage.where in ("title", "lead")), None)
    sides = [[m for m in own if m.concept in side] for side in rule.sides]
    rival = any(m.passage.where == "title" and m.concept in rule.rivals for m in mentions)
    parts = [_enough([m for m in own if m.concept in rule.enough])]
    parts.append(_one_side(rule, sides[0], mentions) if len(sides) == 1 else _all_sides(rule, sides, rival, met))
    best = max(parts, key=lambda part: part.value)
    if best.value > 0:
        best = _with_context(best, [m for m in mentions if m.concept in rule.context], own)
    value = whole = best.value
    if value >= TITLE and not _is_in_title(sides) and is_digest():
        value *= _DIGEST
    if veto:
        return best._replace(value=0.0, whole=whole, excluded_by=veto, missing=f'"{veto.term}" excludes it')
    return best._replace(value=round(value, 2), whole=whole)


def _is_in_title(sides: Sequence[Sequence[Mention]]) -> bool:
    return all(any(m.passage.where == "title" for m in side) for side in sides)


def _unlisted(own: list[Mention]) -> list[Mention]:
    """A list with two or more names of the topic in it is about the topic: there they count whole."""
    if not any(mention.listed for mention in own):
        return own
    listed: dict[int, set[str]] = {}
    for mention in own:
        if mention.listed:
            listed.setdefault(mention.sentence, set()).add(mention.concept)
    return [
        mention._replace(weight=0.8) if mention.listed and len(listed[mention.sentence]) > 1 else mention
        for mention in own
    ]


def _enough(found: Sequence[Mention]) -> Score:
    weighed: list[Weighed] = []
    first = {"title": TITLE, "lead": TITLE, "body": 0.3, "category": CATEGORY}
    for mention in found:
        weighed.append(Weighed(mention, first[mention.passage.where] if not weighed else 0.1))
    return Score(sum(w.weight for w in weighed), tuple(weighed))


def _one_side(rule: Rule, own: Sequence[Mention], mentions: Sequence[Mention]) -> Score:
    weighed: list[Weighed] = []
    body = 0.0
    for mention in own:
        if weighed and weighed[-1].mention.start == mention.start:
            continue  # one word, two concepts
        weight = _place_weight(mention, weighed, body)
        if mention.passage.where == "body":
            body += weight
        if weight:
            weighed.append(Weighed(mention, round(weight, 2)))
    total = sum(w.weight for w in weighed)
    if total < TITLE and _alone_in_lead(rule, own, mentions):
        index = next(i for i, w in enumerate(weighed) if w.mention.passage.where == "lead")
        weighed[index] = weighed[index]._replace(weight=round(weighed[index].weight + _ALONE, 2))
        total += _ALONE
    if not any(w.mention.passage.where in ("title", "lead") for w in weighed):
        total = min(total, 0.9)
    return Score(total, tuple(weighed), "" if total >= TITLE else _lacking(own))


def _place_weight(mention: Mention, before: Sequence[Weighed], body: float) -> float:
    where = mention.passage.where
    again = [w for w in before if w.mention.passage.where == where]
    if where == "title":
        return (0.1 if again else TITLE) * mention.weight
    if where == "lead":
        return (LEAD_AGAIN if again else LEAD) * mention.weight
    if where == "category":
        return 0.0 if again else CATEGORY
    return min(BODY * mention.weight, _BODY_MOST - body)


def _alone_in_lead(rule: Rule, own: Sequence[Mention], mentions: Sequence[Mention]) -> bool:
    """Whether the lead's first sentence names this topic's place, and title and that sentence name no other."""
    lead = [m for m in own if m.passage.where == "lead" and not m.listed]
    if not lead:
        return False
    first = min((m.sentence for m in mentions if m.passage.where == "lead"), default=-1)
    opening = [m for m in mentions if m.passage.where == "title" or m.sentence == lead[0].sentence]
    rivals = [m for m in opening if m.concept in rule.rivals]
    return lead[0].sentence <= first + 1 and not rivals


def _lacking(own: Sequence[Mention]) -> str:
    if not own:
        return "nothing of the topic is named"
    if all(m.listed for m in own):
        return "it is only one of a long list; a headline, or two mentions in the lead, would do"
    return "it is named in passing; a headline, a second mention in the lead, or four in the text would do"


def _all_sides(rule: Rule, sides: Sequence[Sequence[Mention]], rival: bool, met: Sequence[bool]) -> Score:
    absent = [index for index, side in enumerate(sides) if not side and not (met and met[index])]
    every = tuple(Weighed(m, 0.1) for side in sides for m in side)
    if absent:
        value = 0.3 if len(absent) < len(sides) else 0.0
        return Score(value, every, _absent(absent, len(sides)), together=True, absent=tuple(absent))
    sides = [side for side in sides if side]
    if not sides:
        return Score(TITLE, together=True)
    best, why = _together(rule, sides, rival)
    value = best * min(max(m.weight for m in side) for side in sides) + min(_MORE, 0.1 * _extra(sides))
    weighed = tuple(Weighed(m, round(value / len(sides) if m is side[0] else 0.05, 2)) for side in sides for m in side)
    return Score(value, weighed, "" if value >= 1 else why, together=True)


def _extra(sides: Sequence[Sequence[Mention]]) -> int:
    """How often the side that is named least is named again."""
    return max(0, min(len({m.start for m in side if m.weight == 1}) for side in sides) - 1)


def _together(rule: Rule, sides: Sequence[Sequence[Mention]], rival: bool) -> tuple[float, str]:
    """How close the sides stand at their closest, as a score, and what would be closer.

    *rival* says that the headline names a country of no side.
    """
    titles = [any(m.passage.where == "title" and not m.listed for m in side) for side in sides]
    leads = [[m for m in side if m.passage.where == "lead"] for side in sides]
    if all(titles):
        return 1.1, ""
    if rule.near == "article":
        return 1.0, "one of the sides is only one of a long list"
    shared = set.intersection(*({m.sentence for m in side if m.passage.where != "category"} for side in sides))
    met_in_lead = any(m.sentence in shared for m in leads[0])
    if rule.near == "sentence" and not met_in_lead:
        return 0.5, "the sides do not meet in one sentence of headline or lead"
    if any(titles) and all(title or lead for title, lead in zip(titles, leads, strict=True)):
        others = [lead for title, lead in zip(titles, leads, strict=True) if not title]
        if met_in_lead or all(len({m.start for m in lead}) > 1 for lead in others):
            return 1.0, "one of the sides is only one of a long list"
        if all(lead[0].is_opening for lead in others):
            return (_OTHER_IN_TITLE if rival else 1.0), "the headline has the one side with some other country"
        return _TITLE_AND_LEAD, "one side is named once, late in the lead, and apart from the other"
    if met_in_lead:
        return _ONE_SENTENCE, "the sides meet in one sentence of the lead, once"
    if all(leads):
        return _TWO_SENTENCES, "the sides stand in different sentences of the lead"
    if shared:
        return 0.5, "the sides meet in the text only, not in headline or lead"
    return 0.3, "the sides do not meet in headline, lead, or one sentence"


def _absent(absent: Sequence[int], sides: int) -> str:
    if len(absent) == sides:
        return "nothing of the topic is named"
    return f"side {absent[0] + 1} of {sides} is not named"


def _with_context(found: Score, context: Sequence[Mention], own: Sequence[Mention]) -> Score:
    """*found* with what context adds, if it has evidence of its own to add to."""
    taken = {(w.mention.start, w.mention.end) for w in found.weighed}
    added: list[Weighed] = []
    seen: set[str] = set()
    for mention in context:
        if (mention.start, mention.end) in taken or mention.concept in seen or len(added) * CONTEXT >= _CONTEXT_MOST:
            continue
        if mention.passage.where in ("title", "lead"):
            seen.add(mention.concept)
            added.append(Weighed(mention, CONTEXT))
    value = found.value + sum(w.weight for w in added)
    missing = "" if value >= 1 else found.missing
    return found._replace(value=value, weighed=(*found.weighed, *added), missing=missing, context=len(added))
