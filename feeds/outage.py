"""Whether it is this machine's own network that is down: then no source is blamed. Called by pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from feeds.model import Outcome

_FEWEST = 5  # hosts: of fewer, most may well be down at once


class Outage:
    """Holds back the outcomes of sources that could not be reached while it may yet be that (nearly) nobody can be.

    *hosts* are all that are going to be asked.
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts = len(set(hosts))
        self._asked: set[str] = set()
        self._reached: set[str] = set()
        self._held: list[Outcome] = []

    def certain(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Those of *outcomes*, and of them that were held back, which stand whatever comes after them."""
        self._asked |= {outcome.host for outcome in outcomes if outcome.was_reached is not None}
        self._reached |= {outcome.host for outcome in outcomes if outcome.was_reached}
        if not self._is_one(self._hosts):
            held, self._held = self._held, []
            return [*held, *outcomes]
        self._held += [outcome for outcome in outcomes if outcome.was_reached is False]
        return [outcome for outcome in outcomes if outcome.was_reached is not False]

    def held(self) -> list[Outcome]:
        """Those that are still held back."""
        return self._held

    def in_words(self) -> str:
        """That there is an outage, in a line; "" where there is none."""
        asked, reached = len(self._asked), len(self._reached)
        if not self._is_one(asked):
            return ""
        return (
            f"{asked - reached} of {asked} hosts can't be reached: this machine's own network seems to be down; "
            "that counts against no source, and they are asked again after their interval"
        )

    def _is_one(self, hosts: int) -> bool:
        """True where at least four fifths of so many could not be reached, or may yet turn out not to be."""
        return hosts >= _FEWEST and 5 * len(self._reached) <= hosts
