"""status/: how the sources and the last days fared. The one place where the time of making shows. Called by outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from feeds.model import Document
from feeds.render.charts import bars
from feeds.render.page import filled
from feeds.render.parts import MEDIA_TYPES, Navigation, RenderSettings
from feeds.render.values import rfc3339, xml_text
from feeds.render.words import marked, shown_date, words

Row = Mapping[str, Any]

_PLAIN: Mapping[type, Callable[[Any], str]] = {datetime: rfc3339, str: xml_text}  # half a surrogate pair is no JSON

_ON_PAGE = 100

_HEALTHS = {
    "ok": marked("well"),
    "new": marked("not asked yet"),
    "partial": marked("read in part"),
    "failing": marked("failing"),
    "silent": marked("silent"),
    "gone": marked("gone"),
    "disabled": marked("disabled"),
}
_TROUBLES = ("failing", "gone", "partial", "silent")
_SOURCE = {
    "name": marked("Source"),
    "health": marked("Health"),
    "succeeded_at": marked("Last success"),
    "changed_at": marked("Last change"),
    "next_check": marked("Next check"),
    "wait_reason": marked("Why then"),
    "articles": marked("Articles"),
    "new_7d": marked("New in 7 days"),
}
_TROUBLE = {
    "name": marked("Source"),
    "health": marked("Health"),
    "why": marked("What is wrong"),
    "succeeded_at": marked("Last success"),
    "changed_at": marked("Last change"),
    "next_check": marked("Next check"),
}
_DAY = {
    "day": marked("Day"),
    "fetches": marked("Requests"),
    "failures": marked("Failures"),
    "new": marked("New articles"),
    "updated": marked("Updated articles"),
}
_IN_ENGLISH = {"why", "wait_reason"}  # as the commands say it
_AGES = (
    (timedelta(days=1), marked("a day or less")),
    (timedelta(days=7), marked("up to a week")),
    (timedelta(days=30), marked("up to a month")),
    (timedelta.max, marked("longer")),
)


def render_status(
    rows: Sequence[Row], settings: RenderSettings, now: datetime, days: Sequence[Row] = ()
) -> tuple[Document, ...]:
    """status/status.json and, where pages are published, status/index.html: *rows* a source, *days* newest first.

    A hundred sources stand on a page; those after them on status/2.html and so on.
    """
    documents = [Document("status/status.json", "application/json", _json(rows, days, now))]
    if "html" in settings.publish.formats:
        parts = [rows[start : start + _ON_PAGE] for start in range(0, len(rows), _ON_PAGE)]
        pages = [_first_tables(parts[:1], rows, days, settings), *([_sources(part, settings)] for part in parts[1:])]
        names = ["", *(f"status/{_file(number)}" for number in range(1, len(pages) + 1)), ""]
        for number, tables in enumerate(pages, 1):
            near = Navigation(newer=names[number - 1], older=names[number + 1])
            body = _page(tables, near, rows, settings, now)
            documents.append(Document(names[number], MEDIA_TYPES["html"], body))
    return tuple(documents)


def _file(number: int) -> str:
    return f"{number}.html" if number > 1 else "index.html"


def ages(rows: Sequence[Row], now: datetime) -> dict[str, int]:
    """How many of the sources that are followed brought something new how long ago, by words for the catalogue."""
    found = Counter(_age(row["changed_at"], now) for row in rows if row["health"] != "disabled")
    return {word: found[word] for _, word in _AGES} | {marked("never yet"): found["never yet"]}


def freshness_page(counts: Mapping[str, int], settings: RenderSettings) -> Document:
    """status/freshness.html, from what `ages` says."""
    _ = words(settings.site)
    title = _("How fresh the sources are")
    chart = bars(_("Time since a source’s last change"), (_("Time"), _("Sources")),
                 {_(word): count for word, count in counts.items()}, in_order=True)  # fmt: skip
    body = filled("freshness.html", settings, "../", title=title, chart=chart)
    return Document("status/freshness.html", MEDIA_TYPES["html"], body)


def _age(changed_at: datetime | None, now: datetime) -> str:
    if changed_at is None:
        return "never yet"
    return next(word for most, word in _AGES if now - changed_at <= most)


def _json(rows: Sequence[Row], days: Sequence[Row], now: datetime) -> bytes:
    value = {"generated": rfc3339(now), "sources": [_plain(row) for row in rows], "days": [_plain(day) for day in days]}
    packed = msgspec.json.encode(value, enc_hook=str)  # a third of json's time
    return msgspec.json.format(packed, indent=1) + b"\n"


def _plain(row: Row) -> dict[str, Any]:
    return {name: _PLAIN[type(value)](value) if type(value) in _PLAIN else value for name, value in row.items()}


def _first_tables(
    parts: Sequence[Sequence[Row]], rows: Sequence[Row], days: Sequence[Row], settings: RenderSettings
) -> list[dict[str, Any]]:
    _ = words(settings.site)
    troubled = [dict(row) | {"why": _why(row)} for row in rows if row.get("health") in _TROUBLES]
    return [
        _table(_("Sources in trouble or silent"), _TROUBLE, troubled[:_ON_PAGE], settings),
        *(_sources(part, settings) for part in parts),
        _table(_("The last days"), _DAY, days, settings),
    ]


def _sources(rows: Sequence[Row], settings: RenderSettings) -> dict[str, Any]:
    return _table(words(settings.site)("Sources"), _SOURCE, rows, settings)


def _page(
    tables: Sequence[dict[str, Any]], near: Navigation, rows: Sequence[Row], settings: RenderSettings, now: datetime
) -> bytes:
    _ = words(settings.site)
    found = Counter(row.get("health") for row in rows)
    return filled(
        "status.html",
        settings,
        "../",
        title=_("Status"),
        tables=[table for table in tables if table["rows"]],
        navigation=near,
        healths=[(_(word), found[health]) for health, word in _HEALTHS.items() if found[health]],
        datetime=rfc3339(now),
        date=shown_date(now, settings.site),
    )


def _why(row: Row) -> str:
    if row["health"] == "silent":
        return "nothing in it has changed for 30 days"
    return str(row.get("error") or row.get("problem") or "")


def _table(title: str, columns: Mapping[str, str], rows: Sequence[Row], settings: RenderSettings) -> dict[str, Any]:
    _ = words(settings.site)
    cells = [
        [{"text": _cell(key, row.get(key), settings, _), "is_ours": key in _IN_ENGLISH} for key in columns]
        for row in rows
    ]
    return {"title": title, "columns": [_(name) for name in columns.values()], "rows": cells}


def _cell(key: str, value: object, settings: RenderSettings, _: Callable[[str], str]) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return shown_date(value, settings.site)
    if key == "health":
        return _(_HEALTHS.get(str(value), "")) or xml_text(str(value))
    return xml_text(str(value))
