"""`feeds run`: APScheduler calls `refresh` for what is due, until a signal ends it. Called by cli."""

from __future__ import annotations

import logging
import os
import select
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from feeds import pipeline
from feeds.config.watched import WatchedConfig
from feeds.errors import FeedsError, StoreError
from feeds.store import Store

logger = logging.getLogger(__name__)

TICK = timedelta(seconds=20)  # how often it looks for what is due: one query
LEASE = timedelta(minutes=5)
LEASE_NAME = "daemon"
_SECOND = timedelta(seconds=1)  # what `_now` may leave out


class _Every(BaseTrigger):  # type: ignore[misc]
    """Runs a job so long after it ran. APScheduler's own interval would count all the runs that a leap of the clock skips."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait

    def get_next_fire_time(self, before: datetime | None, now: datetime) -> datetime:
        return now + self.wait


class Daemon:
    """Holds what lasts from tick to tick: the config as last read, the open store, the wish to stop."""

    def __init__(self, path: Path) -> None:
        self._config = WatchedConfig(path)
        self._store = Store(self._config.current.store_url, _now())
        self._unpublished = True  # what a run before stored and did not publish, or a changed config asks for
        self._trouble = ""  # told once, not every tick
        self._is_ousted = False
        self.stop = threading.Event()

    def run(self, is_told: Callable[[float], bool]) -> None:
        """Refresh and publish until *is_told*, which waits so many seconds, says so.

        Raises StoreError where another daemon runs on this store, or has taken over while this one could not be seen
        at work.
        """
        if not self._store.acquire(LEASE_NAME, _now(), LEASE):
            raise StoreError("another `feeds run` is at work on this store")
        # One thread for refreshing, one for the lease: a long refresh must not let the lease run out.
        scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(2)})
        options = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        scheduler.add_job(self.tick, _Every(TICK), next_run_time=_now(), **options)
        scheduler.add_job(self._renew, _Every(LEASE / 5), **options)
        scheduler.start()
        while not self._is_ousted and not is_told(TICK.total_seconds()):
            now = _now()
            for job in scheduler.get_jobs():
                # The clock was set back: APScheduler would wait until it is as late again.
                if job.next_run_time > now + job.trigger.wait + _SECOND:
                    job.modify(next_run_time=now)
        self.stop.set()
        scheduler.shutdown(wait=True)  # a refresh under way notices `stop`, saves what has come, and returns
        self._store.relinquish(LEASE_NAME)
        self._store.close()
        if self._is_ousted:
            raise StoreError("another `feeds run` has taken over this store; this one has ended")

    def tick(self) -> None:
        """Refresh what is due; trouble is logged, and the next tick tries again."""
        if self.stop.is_set():
            return
        try:
            self._unpublished |= self._config.reload()
            idle = self._unpublished
            result = pipeline.refresh(self._config.current, self._store, _now(), early=False, idle=idle, stop=self.stop)
            self._unpublished = False
            self._trouble = ""
        except (FeedsError, OSError) as error:
            if str(error) != self._trouble:
                logger.error("%s", error)
            self._trouble = str(error)
        except Exception:
            logger.exception("a bug; the next tick goes on")
        else:
            if result.outage:
                logger.warning("%s", result.outage)
            for failure in result.failed:
                logger.warning("%s: %s", failure.source, failure.error)

    def _renew(self) -> None:
        try:
            if not self._store.acquire(LEASE_NAME, _now(), LEASE):
                self._is_ousted = True
                self.stop.set()
        except StoreError as error:
            logger.warning("the daemon's lease can't be renewed: %s", error)


def run_until_told(path: Path) -> None:
    """Run until SIGTERM, SIGINT or the end of its terminal (SIGHUP)."""
    daemon = Daemon(path)
    reader, writer = os.pipe()

    def end(_signal: int, _frame: FrameType | None) -> None:
        os.write(writer, b"!")  # all that is safe in a handler: an Event's lock may be held by the thread it interrupts

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # else `nohup` wants it to go on
        signal.signal(signal.SIGHUP, end)
    daemon.run(lambda seconds: bool(select.select([reader], [], [], seconds)[0]))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
