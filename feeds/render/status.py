"""status/: how the sources and the last runs fared. The one place where the time of making shows. Called by outputs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from feeds.model import Document
from feeds.render.page import filled
from feeds.render.parts import MEDIA_TYPES, RenderSettings
from feeds.render.values import rfc3339, xml_text
from feeds.render.words import shown_date, words

Row = Mapping[str, Any]


def render_status(
    rows: Sequence[Row], settings: RenderSettings, now: datetime, runs: Sequence[Row] = ()
) -> tuple[Document, ...]:
    """status/status.json and, where pages are published, status/index.html: *rows* a source, *runs* newest first."""
    documents = [Document("status/status.json", "application/json", _json(rows, runs, now))]
    if "html" in settings.publish.formats:
        documents.append(Document("status/index.html", MEDIA_TYPES["html"], _page(rows, runs, settings, now)))
    return tuple(documents)


def _json(rows: Sequence[Row], runs: Sequence[Row], now: datetime) -> bytes:
    value = {"generated": now, "sources": [dict(row) for row in rows], "runs": [dict(run) for run in runs]}
    return xml_text(json.dumps(value, default=_plain, ensure_ascii=False, indent=1)).encode() + b"\n"


def _plain(value: object) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def _page(rows: Sequence[Row], runs: Sequence[Row], settings: RenderSettings, now: datetime) -> bytes:
    names = words(settings.site)
    tables = [_table(names["sources"], rows, settings), _table(names["runs"], runs, settings)]
    return filled(
        "status.html",
        settings,
        "../",
        title=names["status"],
        tables=[table for table in tables if table["rows"]],
        datetime=rfc3339(now),
        date=shown_date(now, settings.site),
    )


def _table(title: str, rows: Sequence[Row], settings: RenderSettings) -> dict[str, Any]:
    columns = list(rows[0]) if rows else []
    cells = [[_cell(row.get(name), settings) for name in columns] for row in rows]
    return {"title": title, "columns": [name.replace("_", " ") for name in columns], "rows": cells}


def _cell(value: object, settings: RenderSettings) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return shown_date(value, settings.site)
    if isinstance(value, list | tuple):
        return ", ".join(xml_text(str(each)) for each in value)
    return xml_text(str(value))
