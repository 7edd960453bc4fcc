"""WebSub (w3.org/TR/websub): the hub is told which feeds changed. Called by pipeline after publishing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from feeds.config import Config
from feeds.errors import FetchError
from feeds.fetch import Fetcher
from feeds.store import Ping, Store
from feeds.urls import public_url

logger = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=5)  # for one answer: a ping asks for nothing that takes time
ROUND = timedelta(seconds=20)  # for all pings of one publishing; what is left has its turn at the next
GIVE_UP = timedelta(hours=24)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
_TROUBLE = (408, 425, 429)  # and 5xx: says more of the hub than of the feed


def tell_hub(config: Config, store: Store, now: datetime, stop: threading.Event) -> None:
    """Tell the hub of every feed whose change it has not heard of; never raises for what the hub does.

    A hub in trouble is asked again later, all of it: after its own Retry-After, or after a wait that doubles from one
    minute to six hours. After a day it is let be until the feed changes again.
    """
    due = store.due_pings(now)
    if not due:
        return
    told, refused, trouble = _round(config, due, now, stop)
    store.drop_pings([*told, *(path for path, _ in refused)])
    logger.info("%d of %d changed feeds told to the hub", len(told), len(due))
    if refused:
        path, why = refused[0]
        others = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        logger.warning("the hub %s does not take %s%s: %s", public_url(config.publish.hub), path, others, why)
    if trouble is not None:
        left = [ping for ping in due if ping.path not in {*told, *(path for path, _ in refused)}]
        _postpone(store, left, trouble, now)


def _round(
    config: Config, due: Sequence[Ping], now: datetime, stop: threading.Event
) -> tuple[list[str], list[tuple[str, str]], FetchError | None]:
    """What was told, what was refused and why, and what ended the round early, if anything did."""
    told: list[str] = []
    refused: list[tuple[str, str]] = []
    troubles: list[FetchError] = []
    until = time.monotonic() + ROUND.total_seconds()
    with Fetcher.of(config, PATIENCE) as fetcher:

        def tell(ping: Ping) -> None:
            if troubles or stop.is_set() or time.monotonic() > until:
                return
            try:
                fetcher.post(config.publish.hub, _form(config.site.base_url + ping.path), now)
                told.append(ping.path)
            except FetchError as error:
                if error.status is None or error.status in _TROUBLE or error.status >= 500:
                    troubles.append(error)
                else:
                    refused.append((ping.path, error.reason))

        with ThreadPoolExecutor(config.fetch.per_host) as threads:
            list(threads.map(tell, due))
    return told, refused, troubles[0] if troubles else None


def _form(url: str) -> dict[str, str]:
    """What publishers send. The Recommendation leaves it open: PubSubHubbub 0.4 says hub.url, newer hubs hub.topic.

    One feed a request: not every hub takes several.
    """
    return {"hub.mode": "publish", "hub.url": url, "hub.topic": url}


def _postpone(store: Store, left: Sequence[Ping], trouble: FetchError, now: datetime) -> None:
    hopeless = [ping.path for ping in left if now - ping.since >= GIVE_UP]
    store.drop_pings(hopeless)
    wait = next_wait(max((ping.attempts for ping in left), default=0), trouble.retry_after)
    store.postpone_pings([ping.path for ping in left], now + wait)
    logger.warning("%s; told again in %s%s", trouble, wait, f", {len(hopeless)} given up" if hopeless else "")


def next_wait(attempts: int, retry_after: timedelta | None) -> timedelta:
    """How long a hub in trouble is let be."""
    return retry_after or min(_FIRST_WAIT * 2 ** min(attempts, 20), _LONGEST_WAIT)
