"""The story, top to bottom: `refresh` pulls what is due into the store, `publish_all` writes output/ from it."""

from __future__ import annotations

import ctypes
import hashlib
import logging
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from feeds import outputs, publish, schedule
from feeds.config import Config, Source, resolve_secret
from feeds.errors import FetchError, SourceError, UsageError
from feeds.fetch import Fetcher, user_agent
from feeds.model import Outcome, Reading, Request, Response, Saved, SourceState
from feeds.parse.pool import Pool
from feeds.reading import prepare, read
from feeds.store import Store
from feeds.topics import Topics, load_config
from feeds.turns import in_turn
from feeds.urls import host_of

logger = logging.getLogger(__name__)

PARSE_WORKERS = 2
PARSE_SECONDS = 10.0  # a large honest document takes 2
PARSE_MEMORY = 280_000_000  # HOSTILE: no process above 300 MB
PATIENCE = timedelta(seconds=4)  # beyond the time that fetching may take, for documents that are slow to read
LEASE_MARGIN = timedelta(minutes=2)
WAITING_BYTES = 48_000_000  # of bodies that wait to be read, before no more are fetched
_RETIRE_STEP = 1000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """A source that failed, and why."""

    source: str
    url: str
    error: str


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """What one refresh did. *waiting* are configured sources whose time has not come."""

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


@dataclass(frozen=True, slots=True)
class _Turn:
    """A source whose turn it is."""

    source: Source
    state: SourceState


@dataclass(frozen=True, slots=True)
class _Answer:
    """What its server gave: a response or the reason why there is none, and the seconds it took."""

    result: Response | SourceError
    seconds: float

    @property
    def size(self) -> int:
        """Of the body, in bytes."""
        return len(self.result.body) if isinstance(self.result, Response) else 0


class _Waiting:
    """The bytes of bodies that wait to be read: while they are too many, no more are fetched."""

    def __init__(self) -> None:
        self._bytes = 0
        self._changed = threading.Condition()

    def wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._bytes < WAITING_BYTES)

    def add(self, size: int) -> None:
        with self._changed:
            self._bytes += size

    def remove(self, size: int) -> None:
        with self._changed:
            self._bytes -= size
            self._changed.notify_all()


@dataclass(slots=True)
class _Tally:
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
    15 % of its wait; *force* ignores the planned time; *idle* publishes even where nothing was due. Raises StoreError
    and PublishError.
    """
    started = time.monotonic()
    stop = stop or threading.Event()
    chosen = choose(config, only)
    topics = load_config(config)  # a fault in a definition is told before anything is fetched
    states = store.sync_sources(config.sources)
    rematch(config, store, now, topics)  # what comes from here on is matched as it comes
    asked = [states[source.name] for source in chosen if only or states[source.name].gone_at is None or not force]
    lease = _longest(config, chosen) + LEASE_MARGIN
    claimed = store.claim([state.id for state in asked], now, lease, early=early, force=force)
    tally = _Tally()
    try:
        for outcomes in _outcomes(config, chosen, claimed, now, stop):
            for outcome, saved in zip(outcomes, store.save(outcomes, now), strict=True):
                tally.add(outcome, saved)
            if progress:
                progress(tally.counts["done"], len(claimed))
    finally:
        store.release()
    published: tuple[str, ...] = ()
    if not stop.is_set() and (claimed or idle):
        tidy(config, store, now)
        published = publish_all(config, store, now)
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
    )


def choose(config: Config, names: Iterable[str]) -> tuple[Source, ...]:
    """The enabled sources, or those that *names* name (by name or URL), in the config's order."""
    wanted = set(names)
    if not wanted:
        return config.enabled_sources
    known = {source.name for source in config.sources} | {source.url for source in config.sources}
    for name in sorted(wanted - known):
        raise UsageError(f'no source is called "{name}"; `feeds sources` lists them')
    chosen = tuple(source for source in config.sources if {source.name, source.url} & wanted)
    for source in chosen:
        if not source.enabled:
            raise UsageError(f'the source "{source.name}" is disabled in {config.path.name} (enabled = false)')
    return chosen


def _longest(config: Config, sources: Sequence[Source]) -> timedelta:
    """How long asking *sources* can take at the very most, and reading what they answer."""
    hosts = Counter(host_of(source.url) for source in sources)
    rounds = max(
        math.ceil(len(sources) / config.fetch.concurrency),
        math.ceil(max(hosts.values(), default=0) / config.fetch.per_host),
    )
    return rounds * config.fetch.timeout + PATIENCE


def _outcomes(
    config: Config, sources: tuple[Source, ...], claimed: list[SourceState], now: datetime, stop: threading.Event
) -> Iterator[list[Outcome]]:
    """How each claimed source's turn went, as they end."""
    if not claimed:
        return
    by_name = {source.name: source for source in sources}
    agent = config.fetch.user_agent or user_agent(config.site.contact or config.site.base_url)
    chance = random.Random()
    _give_memory_back()
    waiting = _Waiting()
    until = time.monotonic() + _longest(config, [by_name[state.name] for state in claimed]).total_seconds()
    pool = Pool(PARSE_WORKERS, PARSE_SECONDS, PARSE_MEMORY, prepare, (config,), until)
    with Fetcher(config.fetch, agent) as fetcher, pool:

        def ask(turn: _Turn) -> _Answer:
            waiting.wait()
            answer = _fetch(fetcher, turn, now)
            waiting.add(answer.size)
            return answer

        def then(turn: _Turn, answer: _Answer) -> Outcome:
            outcome = _read(pool, turn, answer, now)
            waiting.remove(answer.size)
            planned = schedule.planned(outcome.state, turn.source, config.schedule, now, chance.random())
            return replace(outcome, state=planned)

        yield from in_turn(
            [_Turn(by_name[state.name], state) for state in claimed],
            ask,
            then,
            host=lambda turn: host_of(_address(turn)),
            threads=config.fetch.concurrency,
            per_host=config.fetch.per_host,
            stop=stop,
        )


def _give_memory_back() -> None:
    """Have large buffers freed at once, not kept by each thread's arena: 64 bodies of 10 MB took 328 MB, now 148.

    glibc only, mallopt(3): M_MMAP_THRESHOLD, and M_ARENA_MAX, as 32 threads' arenas would reserve a gigabyte of address
    space.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(-3, 1_000_000)
        mallopt(-8, 2)


def _address(turn: _Turn) -> str:
    return turn.state.fetch_url or turn.source.url


def _fetch(fetcher: Fetcher, turn: _Turn, now: datetime) -> _Answer:
    started = time.monotonic()
    try:
        request = Request(
            _address(turn),
            turn.state.etag,
            turn.state.last_modified,
            {name: resolve_secret(value) for name, value in turn.source.headers.items()},
            resolve_secret(turn.source.auth) or None,
        )
        result: Response | SourceError = fetcher.fetch(request, now)
    except KeyError as error:
        result = FetchError(turn.source.url, f"the environment variable {error.args[0]} is not set")
    except SourceError as error:
        result = error
    return _Answer(result, time.monotonic() - started)


def _read(pool: Pool, turn: _Turn, answer: _Answer, now: datetime) -> Outcome:
    """What the answer came to: nothing new (304, or the same body), a reading, or a failure."""
    response = answer.result
    if isinstance(response, SourceError):
        return _failed(turn.state, response, now, answer.seconds)
    size = len(response.body)
    body_hash = hashlib.sha256(response.body).hexdigest() if response.status == 200 else turn.state.body_hash or ""
    if response.status == 304 or (response.complete and body_hash == turn.state.body_hash):
        state = schedule.after_answer(turn.state, response, None, body_hash, now)
        return Outcome(state=state, status=response.status, seconds=answer.seconds, size=size)
    try:
        reading = pool.run(turn.source.url, read, response, turn.source, now)
    except SourceError as error:
        return replace(_failed(turn.state, error, now, answer.seconds), status=response.status, size=size)
    if not response.complete:
        return _cut_short(turn, response, reading, now, answer.seconds)
    state = schedule.after_answer(turn.state, response, reading.feed, body_hash, now)
    return Outcome(state=state, reading=reading, status=response.status, seconds=answer.seconds, size=size)


def _failed(state: SourceState, error: SourceError, now: datetime, seconds: float) -> Outcome:
    status = error.status if isinstance(error, FetchError) else None
    state = schedule.after_failure(state, error, now)
    return Outcome(state=state, status=status, error=error.reason, seconds=seconds)


def _cut_short(turn: _Turn, response: Response, reading: Reading, now: datetime, seconds: float) -> Outcome:
    """A body that ended early: what could be read is kept, and the source is asked again as after a failure."""
    reason = f"the answer broke off after {len(response.body)} bytes; {len(reading.articles)} entries could be read"
    outcome = _failed(turn.state, FetchError(turn.source.url, reason), now, seconds)
    return replace(outcome, reading=reading, status=response.status, size=len(response.body))


def tidy(config: Config, store: Store, now: datetime) -> None:
    """Retention: old articles that no source lists any more, and the old log, go."""
    followed = [
        state.id for name, state in store.states().items() if name in {source.name for source in config.enabled_sources}
    ]
    while store.retire(now - config.retention.articles, followed, _RETIRE_STEP) == _RETIRE_STEP:
        pass
    store.trim_log(now - config.retention.fetch_log)


def publish_all(config: Config, store: Store, now: datetime) -> tuple[str, ...]:
    """Write output/ from the store; the paths of the files that changed, status/ left out."""
    rematch(config, store, now, load_config(config))
    store.settle()
    written, standing = publish.write(outputs.batches(config, store, now), config.output_dir, store.documents())
    store.set_documents(standing, now)
    return tuple(path for path in written if not path.startswith("status/"))


def rematch(config: Config, store: Store, now: datetime, topics: Topics) -> None:
    """Match the stored window again where a definition has changed, come or gone since it was last matched."""
    if store.topic_digests() == topics.digests:
        return
    by_name = {source.name: source for source in config.sources}
    since = now - config.publish.window
    store.rematch(
        {
            article.id.removeprefix("urn:uuid:"): topics.match(article, by_name.get(article.source.name))
            for article in store.articles(hidden=True)
            if article.date >= since
        }
    )
    store.set_topic_digests(topics.digests)
