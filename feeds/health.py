"""How the sources, the store and the output fare, in words and rows. Called by cli and outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from feeds.config import Config
from feeds.counted import counted
from feeds.model import SourceState
from feeds.store import Store

RECENT = timedelta(days=7)
SILENT = timedelta(days=30)
_COUNTED = "fetches", "failures", "new", "updated"


class Finding(Struct, frozen=True):
    """One thing looked at, said in plain words."""

    words: str
    is_trouble: bool = False


def source_rows(config: Config, store: Store, now: datetime) -> list[dict[str, Any]]:
    """A row per configured source: what it is, how it fares, what comes next and why then. Nothing is written."""
    return report(config, store, now, store.look_up(config.sources))[0]


def report(
    config: Config, store: Store, now: datetime, states: Mapping[str, SourceState]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of `source_rows`, from sources' *states*, and one for each of the last days of UTC, the newest first."""
    log = store.fetch_days(now - RECENT)
    days = {each.day: dict.fromkeys(_COUNTED, 0) for each in log}
    recent: dict[int, dict[str, int]] = {}
    for each in log:
        mine = recent.setdefault(each.source_id, dict.fromkeys(_COUNTED, 0))
        for name in _COUNTED:
            days[each.day][name] += getattr(each, name)
            mine[name] += getattr(each, name)
    return _source_rows(config, store, recent, now, states), [{"day": day} | counts for day, counts in days.items()]


def _source_rows(
    config: Config,
    store: Store,
    recent: Mapping[int, Mapping[str, int]],
    now: datetime,
    states: Mapping[str, SourceState],
) -> list[dict[str, Any]]:
    totals, none = store.article_counts(), dict.fromkeys(_COUNTED, 0)
    rows = []
    for source in config.sources:
        state = states[source.name]
        mine = recent.get(state.id, none)
        rows.append(
            {
                "name": source.name,
                "url": state.url,
                "health": health(state, now) if source.enabled else "disabled",
                "language": source.language,
                "countries": list(source.countries),
                "type": source.type,
                "control": source.control,
                "checked_at": state.checked_at,
                "succeeded_at": state.succeeded_at,
                "changed_at": state.document_at,
                "next_check": state.next_check if source.enabled else None,
                "wait_reason": state.wait_reason if source.enabled else "disabled in the configuration",
                "failures": state.failures,
                "error": state.error,
                "problem": state.problem,
                "moved_to": state.fetch_url or state.moved_to,
                "articles": totals.get(state.id, 0),
                "new_7d": mine["new"],
                "fetches_7d": mine["fetches"],
                "failures_7d": mine["failures"],
            }
        )
    return rows


def health(state: SourceState, now: datetime) -> str:
    """One word: new, ok, partial, failing, gone or silent (no document that differed for 30 days)."""
    if state.gone_at is not None:
        return "gone"
    if state.failures:
        return "failing"
    if state.checked_at is None:
        return "new"
    if state.document_at is not None and now - state.document_at > SILENT:
        return "silent"
    return "partial" if state.problem else "ok"


def source_findings(config: Config, store: Store, now: datetime) -> Iterator[Finding]:
    """How each source fares."""
    return map(_source_finding, source_rows(config, store, now))


def _source_finding(row: dict[str, Any]) -> Finding:
    name, next_check = row["name"], row["next_check"]
    later = f"; next check {next_check:%Y-%m-%d %H:%M} UTC ({row['wait_reason']})" if next_check else ""
    match row["health"]:
        case "new":
            return Finding(f"{name}: not fetched yet")
        case "disabled":
            return Finding(f"{name}: disabled in the configuration")
        case "gone":
            return Finding(f"{name}: gone (410){later}; remove it, or find its new address", is_trouble=True)
        case "failing":
            times = counted(row["failures"], "time", "times")
            return Finding(f"{name}: failed {times} in a row: {row['error']}{later}", is_trouble=True)
        case "silent":
            return Finding(f"{name}: answers, but nothing in it has changed for 30 days{later}", is_trouble=True)
        case "partial":
            return Finding(f"{name}: read in part: {row['problem']}{later}", is_trouble=True)
        case _:
            return Finding(f"{name}: well, {counted(row['articles'], 'article', 'articles')}{later}")
