"""The story, top to bottom: `refresh` pulls what is due into the store, `publish_all` writes output/ from it."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta

from msgspec import Struct, field

from feeds import outputs, pages, publish, schedule, topics
from feeds.config import Config, Source
from feeds.errors import ClockError, PublishError, UsageError
from feeds.model import Outcome, Saved, SourceState
from feeds.outage import Outage
from feeds.publish import Progress
from feeds.store import Store
from feeds.urls import host_of, shown

logger = logging.getLogger(__name__)

LEASE_MARGIN = timedelta(minutes=2)
_RETIRE_STEP = 1000
# A clock before this program was written is wrong, and so is one that leapt years ahead since the store was last used:
# by it all feeds would be empty, retention would delete what no source lists, and new articles would be misdated.
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
_LEAP = timedelta(days=5 * 365)
# Articles that enter the full-text index with each publishing, which a first one of many is not kept waiting for; and
# with a refresh, beside those that it brought. Whoever searches brings in what is left.
_INDEXED_AT_ONCE = 2000
_CAUGHT_UP = 100


class Failure(Struct, frozen=True):
    """A source that failed, and why."""

    source: str
    url: str
    error: str


class RefreshResult(Struct, frozen=True):
    """What one refresh did. *waiting* are configured sources whose time has not come.

    *outage* says that this machine's own network seems to be down: the *unreached* sources are not among the failed then.
    """

    sources: int = 0
    waiting: int = 0
    fetched: int = 0
    unchanged: int = 0
    new: int = 0
    updated: int = 0
    failed: tuple[Failure, ...] = ()
    published: tuple[str, ...] = ()
    seconds: float = 0.0
    next_check: datetime | None = None
    outage: str = ""
    unreached: int = 0


class _Tally(Struct):
    """The running count of a refresh."""

    counts: Counter[str] = field(default_factory=Counter)
    failed: list[Failure] = field(default_factory=list)

    def add(self, outcome: Outcome, saved: Saved) -> None:
        answered = outcome.status == 200 and outcome.reading is not None
        kind = "failed" if outcome.error is not None else "fetched" if answered else "unchanged"
        self.counts.update({"done": 1, kind: 1, "new": saved.new, "updated": saved.updated})
        if outcome.error is not None:
            self.failed.append(Failure(outcome.state.name, outcome.state.url, outcome.error))
        logger.info("%s: %s, %d new, %d updated", outcome.state.name, outcome.error or kind, saved.new, saved.updated)


def refresh(
    config: Config,
    store: Store,
    now: datetime,
    *,
    only: Iterable[str] = (),
    early: bool = True,
    force: bool = False,
    idle: bool = True,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
) -> RefreshResult:
    """Fetch what is due, store what is new in it, publish; one failing source costs only itself.

    *only* names sources by name or URL (UsageError where there is no such); *early* counts as due what falls due within
    15 % of its wait; *force* ignores the planned time; *idle* publishes even where nothing was due. Raises StoreError,
    PublishError and ClockError.
    """
    started = time.monotonic()
    mind_the_clock(store, now)
    stop = stop or threading.Event()
    chosen = choose(config, only)
    states = store.sync_sources(config.sources)
    rematch(config, store, now)  # what comes from here on is matched as it comes; a fault in a definition is told first
    asked = [states[source.name] for source in chosen if only or states[source.name].gone_at is None or not force]
    addresses = {each.name: schedule.address(states[each.name], each) for each in chosen}
    lease = schedule.longest(config.fetch, list(addresses.values())) + LEASE_MARGIN
    claimed = store.claim([state.id for state in asked], now, lease, early=early, force=force)
    tally, outage = _Tally(), Outage(host_of(addresses[state.name]) for state in claimed)
    words = ""
    try:
        with closing(_outcomes(config, chosen, claimed, store, now, stop)) as turns:
            for outcomes in turns:
                _save(store, outage.certain(outcomes), now, tally)
                if progress:
                    progress(tally.counts["done"] + len(outage.held()), len(claimed))
        if words := outage.in_words():
            store.plan(_planned_after_outage(config, claimed, outage.held(), now))
        else:
            _save(store, outage.held(), now, tally)
    finally:
        store.release()
    published: tuple[str, ...] = ()
    if not stop.is_set() and (claimed or idle):
        tidy(config, store, now, states)
        came = tally.counts["new"] + tally.counts["updated"]
        published = publish_all(config, store, now, stop=stop, indexed=min(_INDEXED_AT_ONCE, came + _CAUGHT_UP))
    else:
        _tell_hub(config, store, now, stop)
    return RefreshResult(
        sources=len(claimed),
        waiting=len(chosen) - len(claimed),
        fetched=tally.counts["fetched"],
        unchanged=tally.counts["unchanged"],
        new=tally.counts["new"],
        updated=tally.counts["updated"],
        failed=tuple(sorted(tally.failed, key=lambda failure: failure.source)),
        published=published,
        seconds=round(time.monotonic() - started, 3),
        next_check=min((state.next_check for state in asked if state.next_check), default=None),
        outage=words,
        unreached=len(outage.held()) if words else 0,
    )


def _save(store: Store, outcomes: Sequence[Outcome], now: datetime, tally: _Tally) -> None:
    if outcomes:
        for outcome, saved in zip(outcomes, store.save(outcomes, now), strict=True):
            tally.add(outcome, saved)


def _planned_after_outage(
    config: Config, claimed: Iterable[SourceState], unreached: Iterable[Outcome], now: datetime
) -> list[SourceState]:
    """The states that the *unreached* had before, with a next check: what is known of them has not changed."""
    before = {state.id: state for state in claimed}
    sources = {source.name: source for source in config.sources}
    chance = random.Random()
    states = [before[outcome.state.id] for outcome in unreached]
    return [
        schedule.after_outage(state, sources[state.name], config.schedule, now, chance.random()) for state in states
    ]


def _outcomes(
    config: Config,
    sources: tuple[Source, ...],
    claimed: list[SourceState],
    store: Store,
    now: datetime,
    stop: threading.Event,
) -> Generator[list[Outcome], None, None]:
    """How each claimed source's turn went, as they end."""
    if not claimed:
        return
    from feeds.outcomes import outcomes  # here: cron calls twice an hour, and often nothing is due

    yield from outcomes(config, sources, claimed, store.known_items, now, stop)


def mind_the_clock(store: Store, now: datetime) -> None:
    """Raises ClockError where *now* can't be right; the fact "clock" is a moment that a person said was."""
    if now < WRITTEN:
        raise ClockError(f"the machine's clock says {now:%Y-%m-%d}, long ago: set it; nothing was done")
    last = max(store.created, store.last_check or store.created)
    if trusted := store.fact("clock"):
        last = max(last, datetime.fromisoformat(trusted))
    if now - last > _LEAP:
        raise ClockError(
            f"the machine's clock says {now:%Y-%m-%d}, years after the store was last used ({last:%Y-%m-%d}): set it;"
            " nothing was done (if it is right: `feeds refresh --trust-clock`)"
        )


def choose(config: Config, names: Iterable[str]) -> tuple[Source, ...]:
    """The enabled sources, or those that *names* name (by name or URL), in the config's order."""
    wanted = set(names)
    if not wanted:
        return config.enabled_sources
    known = {source.name for source in config.sources} | {source.url for source in config.sources}
    for name in sorted(wanted - known):
        raise UsageError(f'no source is called "{shown(name)}"; `feeds sources` lists them')
    chosen = tuple(source for source in config.sources if {source.name, source.url} & wanted)
    for source in chosen:
        if not source.enabled:
            raise UsageError(f'the source "{source.name}" is disabled in {config.path.name} (enabled = false)')
    return chosen


def tidy(config: Config, store: Store, now: datetime, states: Mapping[str, SourceState]) -> None:
    """Retention: old articles that no source lists any more, and the old log, go. *states* are the sources', by name."""
    followed = [states[source.name].id for source in config.enabled_sources if source.name in states]
    while store.retire(now - config.retention.articles, followed, _RETIRE_STEP) == _RETIRE_STEP:
        pass
    store.trim_log(now - config.retention.fetch_log)


def publish_all(
    config: Config,
    store: Store,
    now: datetime,
    *,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
    indexed: int = _INDEXED_AT_ONCE,
) -> tuple[str, ...]:
    """Write output/ from the store, and tell the hub; the paths of the files that changed, status/ left out.

    Of articles that are not in the full-text index yet, up to *indexed* are brought into it.
    Once *stop* is set it ends soon, with what is written; the next time goes on from there.
    """
    stop = stop or threading.Event()
    mind_the_clock(store, now)
    rematch(config, store, now)
    try:
        written = _write(config, store, now, stop, progress)
    except PublishError:
        _tell_hub(config, store, now, stop)  # of what was replaced before: the fault may last for days
        raise
    store.index(stop.is_set, indexed)
    _tell_hub(config, store, now, stop)
    return tuple(path for path in written if not path.startswith("status/"))


def _write(config: Config, store: Store, now: datetime, stop: threading.Event, progress: Progress | None) -> list[str]:
    """Bring output/ up to date; the paths written. What the hub is to be told of is noted before it is replaced."""

    def note(path: str) -> None:
        if config.publish.hub and path.endswith(publish.SUBSCRIBED):
            store.note_pings([path], now)

    with publish.alone(config.output_dir):
        store.settle(stop.is_set)
        publication = outputs.Publication(config, store, now)
        archives, folders = list(publication.archives()), list(publication.folders())
        written = pages.write(archives, config.output_dir, store, stop.is_set)
        batches = list(publication.batches())
        formerly = store.expect_documents([path for batch in batches for path in batch.paths])
        changed, standing = publish.write(batches, config.output_dir, formerly, stop.is_set, progress, note)
        store.set_documents(standing, now)
        written += changed + pages.write(folders, config.output_dir, store, stop.is_set)
        pages.clear({folder.path for folder in (*archives, *folders)}, config.output_dir, store)
    return written


def _tell_hub(config: Config, store: Store, now: datetime, stop: threading.Event) -> None:
    """Have the hub told of the feeds that changed, now or before, and that it has not heard of yet."""
    if config.publish.hub:
        from feeds import websub  # here: most have no hub

        websub.tell_hub(config, store, now, stop)


def rematch(config: Config, store: Store, now: datetime) -> None:
    """Match the stored window again where a definition has changed, come or gone since it was last matched."""
    fingerprint = topics.fingerprint(config)
    if fingerprint and store.fact("topics") == fingerprint:
        return
    loaded = topics.load_config(config)
    if store.topic_digests() != loaded.digests:
        by_name = {source.name: source for source in config.sources}
        since = now - config.publish.window
        store.rematch(
            {
                article.id.removeprefix("urn:uuid:"): loaded.match(article, by_name.get(article.source.name))
                for article in store.dated_since(since)
            }
        )
    store.set_topic_digests(loaded.digests, fingerprint)
