"""Which topics an article is in, and why. Pure, and data; called by reading, pipeline and cli."""

from __future__ import annotations

from feeds.topics.matching import Topics, load
from feeds.topics.verdict import Found, SetAside, Verdict

__all__ = ["Found", "SetAside", "Topics", "Verdict", "load"]
