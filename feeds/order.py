"""In which order lists show their articles: newest first, but for one thing. Pure; called by store and serve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Each = TypeVar("Each")


def led_by_dated(found: Sequence[Each], is_dated: Callable[[Each], bool]) -> list[Each]:
    """*found*, newest first, with the newest dated one before those without a date that would lead it.

    All that is known of these is that they are new to us: a list must not give an old text as its newest article.
    """
    first = next((place for place, each in enumerate(found) if is_dated(each)), 0)
    return [*found[first : first + 1], *found[:first], *found[first + 1 :]]
