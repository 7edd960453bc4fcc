"""Why an article is in a topic, or is not: as rows for programs and as words for a person. Pure; called by cli."""

from __future__ import annotations

from collections import Counter
from typing import Any

from feeds.config import Source
from feeds.markup import title_and_rest
from feeds.model import Article
from feeds.topics.matching import Topics
from feeds.topics.verdict import Verdict

_PLACES = {
    "title": "headline",
    "lead": "lead",
    "body": "text",
    "category": "the site's categories",
    "prior": "source",
    "rule": "rule",
}
_MOST_SHOWN = 5  # places and words of one concept that are quoted


def verdict_rows(topics: Topics, what: Article | str, source: Source | None) -> dict[str, Any]:
    """The title, and for each topic its verdict; a text's headline is its title, the rest its body."""
    article = what if isinstance(what, Article) else _as_article(what)
    verdicts = topics.explain(article, source)
    return {"title": article.title, "topics": {name: _row(verdict) for name, verdict in verdicts.items()}}


def _as_article(text: str) -> Article:
    title, rest = title_and_rest(text)
    return Article(identity="", guid=None, url=None, link=None, title=title, summary=rest)


def _row(verdict: Verdict) -> dict[str, Any]:
    evidence = [
        {
            "concept": found.evidence.concept,
            "label": found.evidence.label,
            "term": found.evidence.term,
            "language": found.evidence.language,
            "where": found.evidence.where,
            "weight": found.evidence.weight,
            "country": found.evidence.country,
            "around": found.around,
        }
        for found in verdict.evidence
    ]
    return {
        "matched": verdict.matched,
        "score": round(verdict.score, 3),
        "threshold": verdict.threshold,
        "concepts": _by_concept(evidence),
        "evidence": evidence,
        "set_aside": [
            {"term": aside.term, "where": aside.where, "around": aside.around, "reason": aside.reason}
            for aside in verdict.set_aside
        ],
        "missing": verdict.missing,
    }


def _by_concept(evidence: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What each concept adds, the most first: how often it is named, and what that adds in each place. It adds up to the
    score.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in evidence:
        groups.setdefault(each["concept"] if each["where"] != "rule" else each["term"], []).append(each)
    found = []
    for mentions in groups.values():
        places = {where: [each["weight"] for each in mentions if each["where"] == where] for where in _PLACES}
        found.append(
            {
                "concept": mentions[0]["concept"],
                "label": mentions[0]["label"] or mentions[0]["concept"],
                "count": len(mentions),
                "weight": round(sum(each["weight"] for each in mentions), 2),
                "places": {
                    where: {"count": len(weights), "counted": sum(map(bool, weights)), "weight": round(sum(weights), 2)}
                    for where, weights in places.items()
                    if weights
                },
            }
        )
    return sorted(found, key=lambda group: -group["weight"])


def in_words(rows: dict[str, Any]) -> str:
    """The same for a person: the verdict first, then what speaks for it, what was set aside, what was missing."""
    lines = [rows["title"]]
    for name, row in rows["topics"].items():
        verdict = "IN" if row["matched"] else "not in"
        lines += ["", f"{verdict} {name}: score {row['score']:.2f}, {row['threshold']:.2f} is needed"]
        for group in row["concepts"]:
            lines += _concept_lines(group, row["evidence"])
        asides = Counter((each["term"], each["where"], each["reason"]) for each in row["set_aside"])
        for (term, where, reason), count in asides.items():
            around = next(
                each["around"] for each in row["set_aside"] if each["term"] == term and each["where"] == where
            )
            lines.append(f"  aside  {_PLACES[where]}: “{term}”{_times(count)} {around} ({reason})")
        lines += [f"  missing: {row['missing']}"] if row["missing"] else []
    if not rows["topics"]:
        lines += ["", "there are no topics: [topics.NAME] in the configuration makes one"]
    return "\n".join(lines)


def _concept_lines(group: dict[str, Any], evidence: list[dict[str, Any]]) -> list[str]:
    """ "+2.30  Mali ×14: headline 1.00, lead 0.90, text counted up to 0.40", and below it the words it is named by."""
    weight = f"  {group['weight']:+.2f}  "
    if "rule" in group["places"]:
        return [weight + group["label"]]
    if "prior" in group["places"]:
        return [f"{weight}the source, {group['label']}, often has this topic"]
    places = ", ".join(_place(where, said) for where, said in group["places"].items())
    lines = [f"{weight}{group['label']}{_times(group['count'])}: {places}"]
    mine = [each for each in evidence if each["concept"] == group["concept"] and each["where"] in group["places"]]
    shown = {(each["where"], each["term"].casefold()): each for each in reversed(mine)}
    for each in list(shown.values())[::-1][:_MOST_SHOWN]:
        language = f" [{each['language']}]" if each["language"] else ""
        lines.append(f"           {_PLACES[each['where']]}{language}: {each['around']}")
    return lines


def _place(where: str, said: dict[str, Any]) -> str:
    if not said["weight"]:
        return f"{_PLACES[where]} not counted"
    up_to = " counted up to" if said["counted"] < said["count"] else ""
    return f"{_PLACES[where]}{up_to} {said['weight']:.2f}"


def _times(count: int) -> str:
    return f" ×{count}" if count > 1 else ""
