"""Each source's turn: ask its server, read the answer in a child process, plan the next check. Called by pipeline."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from feeds import schedule
from feeds.config import Config, Source, resolve_secret, secrets_of
from feeds.counted import counted
from feeds.errors import FeedsError, FetchError, ParseError, SourceError
from feeds.fetch import Fetcher
from feeds.model import KnownItem, Outcome, Reading, Request, Response, SourceState
from feeds.parse.pool import Pool
from feeds.reading import prepare, read_packed, unpacked
from feeds.turns import in_turn
from feeds.urls import host_of

logger = logging.getLogger(__name__)

Known = Callable[[int], Mapping[str, KnownItem]]

PARSE_WORKERS = 2
PARSE_SECONDS = 10.0  # a large honest document takes 2
PARSE_MEMORY = 280_000_000  # HOSTILE: no process above 300 MB
WAITING_BYTES = 24_000_000  # of bodies that wait to be read, before no more are fetched


class _Turn(Struct, frozen=True):
    """A source whose turn it is."""

    source: Source
    state: SourceState


class _Answer(Struct, frozen=True):
    """What its server gave: a response or the reason why there is none, the seconds it took, and the body's memory."""

    result: Response | SourceError
    seconds: float
    hold: ExitStack

    @property
    def size(self) -> int:
        """Of the body, in bytes."""
        return len(self.result.body) if isinstance(self.result, Response) else 0


class _Waiting:
    """The bytes of bodies that wait to be read: while they are too many, no more are fetched."""

    def __init__(self) -> None:
        self._bytes = 0
        self._has_ended = False
        self._changed = threading.Condition()

    def wait(self) -> bool:
        """Wait for room. False where there is nobody any more who would read what is fetched."""
        with self._changed:
            self._changed.wait_for(lambda: self._bytes < WAITING_BYTES or self._has_ended)
            return not self._has_ended

    def close(self) -> None:
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def add(self, size: int) -> None:
        with self._changed:
            self._bytes += size

    def remove(self, size: int) -> None:
        with self._changed:
            self._bytes -= size
            self._changed.notify_all()


def outcomes(
    config: Config,
    sources: tuple[Source, ...],
    claimed: list[SourceState],
    known: Known,
    now: datetime,
    stop: threading.Event,
) -> Iterator[list[Outcome]]:
    """How each claimed source's turn went, as they end. *known* tells what a source's last document held, by its id."""
    by_name = {source.name: source for source in sources}
    turns = [_Turn(by_name[state.name], state) for state in claimed]
    chance = random.Random()
    _give_memory_back()
    waiting = _Waiting()
    addresses = [schedule.address(turn.state, turn.source) for turn in turns]
    spare = schedule.longest(config.fetch, addresses).total_seconds()
    pool = Pool(min(PARSE_WORKERS, len(turns)), PARSE_SECONDS, PARSE_MEMORY, prepare, (config,), spare)
    with Fetcher.of(config) as fetcher, pool, closing(waiting):

        def ask(turn: _Turn) -> _Answer:
            if not waiting.wait():
                return _Answer(SourceError(turn.source.url, "the refresh has ended"), 0.0, ExitStack())
            answer = _fetch(fetcher, turn, now)
            waiting.add(answer.size)
            return answer

        def then(turn: _Turn, answer: _Answer) -> Outcome:
            try:
                outcome = _read(pool, turn, answer, known, now)
            except FeedsError:
                raise
            except Exception as error:
                outcome = _failed(turn.state, _bug(turn, error), now, answer.seconds)
            finally:
                waiting.remove(answer.size)
                answer.hold.close()
            planned = schedule.planned(outcome.state, turn.source, config.schedule, now, chance.random())
            return replace(outcome, state=planned, host=host(turn))

        def host(turn: _Turn) -> str:
            return host_of(schedule.address(turn.state, turn.source))

        yield from in_turn(
            turns,
            ask,
            then,
            host=host,
            at_once=config.fetch.concurrency,
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


def _fetch(fetcher: Fetcher, turn: _Turn, now: datetime) -> _Answer:
    started = time.monotonic()
    hold = ExitStack()
    try:
        # Validators are of the address that gave them.
        etag, last_modified = turn.state.etag, turn.state.last_modified
        if schedule.is_fallback(turn.state):
            etag = last_modified = None
        request = Request(
            schedule.address(turn.state, turn.source),
            etag,
            last_modified,
            {name: resolve_secret(value) for name, value in turn.source.headers.items()},
            resolve_secret(turn.source.auth) or None,
        )
        result: Response | SourceError = fetcher.fetch(request, now, hold)
    except KeyError as error:
        result = FetchError(turn.source.url, f"the environment variable {error.args[0]} is not set")
    except SourceError as error:
        result = _bare(error)
    except Exception as error:
        result = _bug(turn, error)
    return _Answer(result, time.monotonic() - started, hold)


def _bare(error: SourceError) -> SourceError:
    """*error* without the frames that it came through: they hold the body that was being read."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _bug(turn: _Turn, error: Exception) -> SourceError:
    """A fault of ours, which must cost only the source that brought it out: the others' articles count for more."""
    logger.debug("%s: the bug in full", turn.source.name, exc_info=error)
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        return SourceError(turn.source.url, f"this machine is too small: {error.strerror}")
    return SourceError(turn.source.url, f"a bug of this program: {type(error).__name__} (feeds -vv shows where)")


def _read(pool: Pool, turn: _Turn, answer: _Answer, known: Known, now: datetime) -> Outcome:
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
        items = known(turn.state.id) if response.complete else {}
        reading = unpacked(  # what was packed is given up at once
            pool.run(turn.source.url, read_packed, response, turn.source, now, items, secrets_of(turn.source))
        )
    except SourceError as error:
        return replace(_failed(turn.state, error, now, answer.seconds), status=response.status, size=size)
    if not response.complete:
        return _cut_short(turn, response, reading, now, answer.seconds)
    state = schedule.after_answer(turn.state, response, reading.feed, body_hash, now)
    return Outcome(state=state, reading=reading, status=response.status, seconds=answer.seconds, size=size)


def _failed(state: SourceState, error: SourceError, now: datetime, seconds: float) -> Outcome:
    status, was_reached = None, True if isinstance(error, ParseError) else None
    if isinstance(error, FetchError):
        status, was_reached = error.status, error.was_reached
    state = schedule.after_failure(state, error, now)
    return Outcome(state=state, status=status, error=error.reason, seconds=seconds, was_reached=was_reached)


def _cut_short(turn: _Turn, response: Response, reading: Reading, now: datetime, seconds: float) -> Outcome:
    """A body that ended early: what could be read is kept, and the source is asked again as after a failure."""
    entries = counted(reading.listed, "entry", "entries")
    reason = f"the answer broke off after {counted(len(response.body), 'byte', 'bytes')}; {entries} could be read"
    outcome = _failed(turn.state, FetchError(turn.source.url, reason, status=response.status), now, seconds)
    return replace(outcome, reading=reading, size=len(response.body))
