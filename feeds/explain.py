"""Why an article is in a topic, or is not: as rows for programs and as words for a person. Pure; called by cli."""

from __future__ import annotations

from typing import Any

from feeds.config import Source
from feeds.model import Article
from feeds.topics.matching import Topics
from feeds.topics.verdict import Verdict


def verdict_rows(topics: Topics, what: Article | str, source: Source | None) -> dict[str, Any]:
    """The title, and for each topic its verdict; a text's first line is its title, the rest its body."""
    article = what if isinstance(what, Article) else _as_article(what)
    verdicts = topics.explain(article, source)
    return {"title": article.title, "topics": {name: _row(verdict) for name, verdict in verdicts.items()}}


def _as_article(text: str) -> Article:
    title, _, rest = text.strip().partition("\n")
    return Article(identity="", guid=None, url=None, link=None, title=title.strip(), summary=rest.strip())


def _row(verdict: Verdict) -> dict[str, Any]:
    return {
        "matched": verdict.matched,
        "score": round(verdict.score, 3),
        "threshold": verdict.threshold,
        "evidence": [
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
        ],
        "set_aside": [
            {"term": aside.term, "where": aside.where, "around": aside.around, "reason": aside.reason}
            for aside in verdict.set_aside
        ],
        "missing": verdict.missing,
    }


def in_words(rows: dict[str, Any]) -> str:
    """The same for a person: the verdict first, then what speaks for it, what was set aside, what was missing."""
    lines = [rows["title"]]
    for name, row in rows["topics"].items():
        verdict = "IN" if row["matched"] else "not in"
        lines += ["", f"{verdict} {name}: score {row['score']:.2f}, {row['threshold']:.2f} is needed"]
        lines += [_evidence_line(each) for each in row["evidence"]]
        lines += [
            f"  aside  {each['where']}: “{each['term']}” {each['around']} ({each['reason']})"
            for each in row["set_aside"]
        ]
        lines += [f"  missing: {row['missing']}"] if row["missing"] else []
    if not rows["topics"]:
        lines += ["", "there are no topics: [topics.NAME] in the configuration makes one"]
    return "\n".join(lines)


def _evidence_line(each: dict[str, Any]) -> str:
    language = f" [{each['language']}]" if each["language"] else ""
    around = f": {each['around']}" if each["around"] else ""
    return f"  +{each['weight']:.2f}  {each['where']}: “{each['term']}”{language} is {each['label'] or each['concept']}{around}"
