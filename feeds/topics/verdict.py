"""What the matcher says of one article and one topic, in full. Made by matching, shown by `feeds explain`."""

from __future__ import annotations

from msgspec import Struct

from feeds.model import Evidence

THRESHOLD = 1.0


class Found(Struct, frozen=True):
    """One piece of evidence with the words around it, the term itself between « and »."""

    evidence: Evidence
    around: str = ""


class SetAside(Struct, frozen=True):
    """A term that stands there and does not count: *reason* says which exclusion or rule put it aside."""

    term: str
    where: str
    around: str
    reason: str


class Verdict(Struct, frozen=True):
    """Whether an article is in a topic, and all that speaks for and against it. The weights of *evidence* add up to *score*.

    *missing* says in one sentence what would have made it a match; empty where it matched.
    """

    matched: bool
    score: float
    threshold: float = THRESHOLD
    evidence: tuple[Found, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    missing: str = ""

    @property
    def reason(self) -> str:
        """The verdict in one line: the score, the strongest evidence, and what was missing."""
        terms = dict.fromkeys(f"{found.evidence.term} ({found.evidence.where})" for found in self.evidence)
        parts = [f"score {self.score:.2f}", ", ".join(list(terms)[:6]) or "no evidence", self.missing]
        return "; ".join(part for part in parts if part)
