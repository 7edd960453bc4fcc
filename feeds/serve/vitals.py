"""How the program fares, for machines: /healthz and /metrics. Called by make_app."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from feeds.errors import FeedsError
from feeds.health import source_rows
from feeds.serve.live import FRESH, Live

_LEAST_LATE = timedelta(hours=1)
_ROUTES = ("search", "api", "healthz", "metrics")
_BOUNDS = (0.005, 0.025, 0.1, 0.5, 2.5)  # seconds
_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Vitals:
    """Counts answers, and asks the store how the sources fare, at most every few seconds."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._answers: Counter[tuple[str, int]] = Counter()
        self._within: Counter[float] = Counter()
        self._seconds = 0.0
        self._about_sources: tuple[float, str] | None = None

    def count(self, path: str, status: int, seconds: float) -> None:
        """Note one answer."""
        first = path[1:].partition("/")[0]
        self._answers[first if first in _ROUTES else "files", status] += 1
        self._seconds += seconds
        self._within.update([bound for bound in _BOUNDS if seconds <= bound])

    async def health(self, _: Request) -> Response:
        """200 while the store can be read and sources are asked as planned; else 503 and why."""
        try:
            trouble = await run_in_threadpool(self._trouble)
        except FeedsError as error:
            trouble = str(error)
        headers = {"Cache-Control": "no-store"}
        return PlainTextResponse(trouble + "\n" if trouble else "ok\n", 503 if trouble else 200, headers)

    def _trouble(self) -> str:
        self._live.settings()  # reads a changed config
        config, now = self._live.config, self._live.now()
        states = self._live.store.states()
        due = [states[source.name].next_check for source in config.enabled_sources if source.name in states]
        waiting = [at for at in due if at is not None]
        return overdue(min(waiting, default=None), max(3 * config.schedule.interval, _LEAST_LATE), now)

    async def metrics(self, _: Request) -> Response:
        """All figures in Prometheus' text format 0.0.4."""
        now = time.monotonic()
        if self._about_sources is None or now - self._about_sources[0] > FRESH:
            self._about_sources = now, await run_in_threadpool(self._of_sources)
        return Response(
            self._about_sources[1] + self._of_answers(), media_type=_TYPE, headers={"Cache-Control": "no-store"}
        )

    def _of_sources(self) -> str:
        try:
            rows = source_rows(self._live.config, self._live.store, self._live.now())
        except FeedsError:
            return "# TYPE feeds_store_up gauge\nfeeds_store_up 0\n"
        healths = Counter(str(row["health"]) for row in rows)
        succeeded = [row["succeeded_at"] for row in rows if row["succeeded_at"]]
        lines = ["# TYPE feeds_store_up gauge", "feeds_store_up 1", "# TYPE feeds_sources gauge"]
        lines += [f'feeds_sources{{health="{health}"}} {count}' for health, count in sorted(healths.items())]
        for name, key in (("articles", "articles"), ("new_articles_7d", "new_7d"), ("fetches_7d", "fetches_7d"),
                          ("failed_fetches_7d", "failures_7d")):  # fmt: skip
            lines += [f"# TYPE feeds_{name} gauge", f"feeds_{name} {sum(row[key] for row in rows)}"]
        last = max(succeeded).timestamp() if succeeded else 0
        lines += [
            "# TYPE feeds_last_success_timestamp_seconds gauge",
            f"feeds_last_success_timestamp_seconds {last:.0f}",
        ]
        return "\n".join(lines) + "\n"

    def _of_answers(self) -> str:
        lines = ["# TYPE feeds_http_answers_total counter"]
        for (route, status), count in sorted(self._answers.items()):
            lines.append(f'feeds_http_answers_total{{route="{route}",status="{status}"}} {count}')
        total = self._answers.total()
        lines.append("# TYPE feeds_http_answer_seconds histogram")
        lines += [f'feeds_http_answer_seconds_bucket{{le="{bound}"}} {self._within[bound]}' for bound in _BOUNDS]
        lines.append(f'feeds_http_answer_seconds_bucket{{le="+Inf"}} {total}')
        lines += [f"feeds_http_answer_seconds_sum {self._seconds:.6f}", f"feeds_http_answer_seconds_count {total}"]
        lines += ["# TYPE process_resident_memory_bytes gauge", f"process_resident_memory_bytes {_memory()}"]
        return "\n".join(lines) + "\n"


def overdue(due: datetime | None, patience: timedelta, now: datetime) -> str:
    """Why sources are not asked as planned, in words; "" where they are. *due* is the earliest planned check."""
    if due is None or now - due <= patience:
        return ""
    return f"no source has been asked though one was due at {due:%Y-%m-%d %H:%M} UTC: does `feeds run`, or cron, still run?"


def _memory() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
    except OSError:
        return 0
