"""Numbers as a picture, by pygal: inline SVG that our style sheet colours, with its numbers as a table. Pure; called by render.

pygal takes 90 ms to import, and a refresh that brings nothing draws nothing: it is imported where it draws.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from math import ceil
from types import ModuleType
from typing import Any

from lxml import etree
from markupsafe import Markup
from msgspec import Struct

from feeds.render.values import line

_WIDTH = 400  # of the drawing's own units; a page shows it as wide as it has room
_BAR, _LINES_HEIGHT = 24, 200
_MOST_NAME = 22  # letters
_DROPPED = {"script", "style", "title", "desc"}
_DROPPED_CLASSES = {"tooltip-overlay", "overlay", "titles"}
_LONG = re.compile(r"(\d+\.\d)\d+")


class Chart(Struct, frozen=True):
    """*svg* shows *rows*, whose columns are called *head*; its text alternative is in it."""

    title: str
    svg: Markup
    head: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]


def bars(
    title: str, head: tuple[str, str], counts: Mapping[str, int], most: int = 15, *, in_order: bool = False
) -> Chart:
    """A bar for each name, the largest first, or *in_order* as they come; the table has those beyond *most*, too."""
    rows = tuple((line(name), count) for name, count in counts.items())
    if not in_order:
        rows = tuple(sorted(rows, key=lambda row: (-row[1], row[0])))
    drawn = rows[:most]
    if not any(counts.values()):
        return Chart(title, Markup(""), head, rows)
    chart = _pygal().HorizontalBar(
        **_common(_BAR * len(drawn) + 8), print_values=True, print_values_position="top", show_x_labels=False,
        show_x_guides=False, show_legend=False, range=(0, max((count for _, count in drawn)) * 1.12), truncate_label=_MOST_NAME,
    )  # fmt: skip
    chart.x_labels = [_short(name) for name, _ in reversed(drawn)]
    chart.add(None, [count for _, count in reversed(drawn)])
    return Chart(title, _svg(chart, f"{title}: " + ", ".join(f"{name} {count}" for name, count in drawn)), head, rows)


def lines(title: str, head: str, labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> Chart:
    """A line for each of *series*, over *labels*."""
    top = max((count for counts in series.values() for count in counts), default=0) or 1
    step = ceil(top / 4)
    named = {line(name): counts for name, counts in series.items()}
    chart = _pygal().Line(
        **_common(_LINES_HEIGHT), show_minor_x_labels=False, show_legend=len(named) > 1, legend_at_bottom=True,
        dots_size=1.5, margin_right=20, truncate_label=-1, legend_box_size=8, legend_at_bottom_columns=2,
    )  # fmt: skip
    chart.x_labels = labels
    chart.x_labels_major = list(labels[len(labels) % 7 - 1 :: 7] if len(labels) > 7 else labels)
    chart.y_labels = list(range(0, top + step, step))
    for name, counts in named.items():
        chart.add(_short(name), counts)
    said = "; ".join(
        f"{name} {sum(counts)}, {labels[counts.index(max(counts))]} {max(counts)}"
        for name, counts in named.items() if any(counts)
    )  # fmt: skip
    rows = tuple(zip(labels, *named.values(), strict=True))
    return Chart(title, _svg(chart, f"{title}: {said}"), (head, *named), rows)


@cache
def _pygal() -> ModuleType:
    """pygal, without the hook that it puts into every import of the process, which Python 3.11 warns of."""
    import pygal
    import pygal.style

    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]
    return pygal  # type: ignore[no-any-return]


def _common(height: int) -> dict[str, Any]:
    sizes = {f"{part}_font_size": 12 for part in ("label", "major_label", "value", "legend")}
    return {
        "width": _WIDTH, "height": height, "margin": 4, "js": (), "css": (),
        "style": _pygal().style.Style(**sizes, font_family="sans-serif"),
    }  # fmt: skip


def _short(name: str) -> str:
    return name if len(name) <= _MOST_NAME else name[: _MOST_NAME - 1] + "…"


def _svg(chart: Any, alternative: str) -> Markup:
    """The drawing without what a page of ours must not have (scripts, styles) or that differs each time (ids, today's date)."""
    chart.uuid = ""
    root = chart.render_tree()
    for element in list(root.iter()):
        is_node = isinstance(element.tag, str)
        names = set((element.get("class") or "").split()) if is_node else set()
        if not is_node or etree.QName(element).localname in _DROPPED or names & _DROPPED_CLASSES:
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)
        else:
            element.attrib.pop("id", None)
            for name in ("x", "y", "width", "height", "d", "cx", "cy", "transform"):
                if name in element.attrib:
                    element.set(name, _LONG.sub(r"\1", element.get(name)))
    root.set("role", "img")
    root.set("aria-label", alternative)
    return Markup(etree.tostring(root, encoding="unicode"))  # its texts are escaped
