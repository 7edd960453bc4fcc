"""Child processes that can be killed: each job has a limit on time and memory. Called by pipeline.

A thread can't be killed, and feedparser can be made to run for minutes. The children are forked from a server process
that has the parser loaded (safe beside threads), and end with their parent, even when it is killed.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import math
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from feeds.errors import FeedsError, ParseError

if TYPE_CHECKING:
    from pebble import ProcessPool

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

QUICK = 0.5  # seconds of processor time; an honest document takes a fiftieth of that
_BUSY = 10.0  # times as long a job may take by the clock, where others keep the processor busy or the disk is slow
_MUCH = 120_000_000  # bytes; a child takes half of it
_JOBS_PER_CHILD = 2000  # then a fresh one takes its place, lest memory that some document made it take stays taken


class Pool:
    """Up to *workers* children, started at the first job; *initializer* runs once in each.

    A job that takes more than *seconds* of processor time, or more than *memory* bytes, costs itself alone. Each is given
    QUICK seconds first, which do for honest documents; one that needs more is begun anew once others like it are done,
    one at a time, until these have taken *spare* seconds together: so documents made to hurt neither keep the rest
    waiting nor stretch the whole. It is processor time that counts: a busy machine makes no honest document fail.
    """

    def __init__(
        self,
        workers: int,
        seconds: float,
        memory: int,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[object, ...] = (),
        spare: float = math.inf,
    ) -> None:
        self._workers, self._seconds, self._memory = workers, seconds, memory
        self._initializer, self._initargs = initializer, initargs
        self._pool: ProcessPool | None = None
        self._has_ended = False
        self._starting = threading.Lock()
        self._spare = spare
        self._slow_lane = threading.Lock()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._starting:
            self._has_ended = True
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join(timeout=5)
            for end in self._alive:
                end.close()

    def run(
        self, url: str, job: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """What *job* returns, run in a child; *url* is the document's, for the error.

        Raises ParseError where the job broke a limit or its child died, and whatever it raised itself.
        """
        from pebble import ProcessExpired  # here: cron calls twice an hour, and often nothing has changed

        try:
            with suppress(_TooSlow):
                return self._within(min(QUICK, self._seconds), job, args, kwargs)[0]
            with self._slow_lane:
                left = min(self._seconds, self._spare)
                if left <= QUICK:
                    raise ParseError(
                        url, f"reading the document takes longer than {QUICK:g} s, and no time was left for it"
                    )
                taken = left
                try:
                    result, taken = self._within(left, job, args, kwargs)
                finally:
                    self._spare -= taken
                return result
        except _TooSlow:
            raise ParseError(url, f"reading the document takes longer than {left:.0f} s; given up") from None
        except BrokenProcessPool as error:
            raise FeedsError(f"the child processes that read documents {_why_broken(error)}") from error
        except ProcessExpired:
            raise ParseError(url, "reading the document crashed the parser") from None
        except _OutOfMemory:
            megabytes = self._memory // 1_000_000
            raise ParseError(url, f"reading the document took more than {megabytes} MB of memory; given up") from None
        except RecursionError:
            raise ParseError(url, "the document is nested deeper than any honest feed") from None

    def _within(
        self, seconds: float, job: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Result, float]:
        """What *job* returns, and the processor time that it took. Raises _TooSlow where *seconds* do not do."""
        from pebble import ProcessExpired

        with self._starting:
            if self._has_ended:  # a thread that still has its turn must start no children, whom nobody would end
                raise RuntimeError("the pool has ended")
            future: Future[tuple[Result, float]] = self._started().schedule(
                _run, args=(seconds, job, args, kwargs), timeout=_BUSY * seconds
            )
        try:
            return future.result()
        except FutureTimeoutError:
            raise _TooSlow from None
        except ProcessExpired as error:
            if error.exitcode == -signal.SIGPROF:
                raise _TooSlow from None
            raise
        finally:
            # It holds the error, and the error this frame with the document in it: a circle, seldom collected.
            del future

    def _started(self) -> ProcessPool:
        if self._pool is None:
            from pebble import ProcessPool

            _leave_deleted_folder()
            context = multiprocessing.get_context("forkserver")
            self._alive = context.Pipe(duplex=False)
            context.set_forkserver_preload(["feeds.parse.preloaded"])
            self._pool = ProcessPool(
                max_workers=self._workers,
                max_tasks=_JOBS_PER_CHILD,
                initializer=_prepare,
                initargs=(self._alive[0], self._memory, self._initializer, self._initargs),
                context=context,
            )
        return self._pool


def _why_broken(error: BrokenProcessPool) -> str:
    """What the system said when they were started, such as that there is no room for temporary files."""
    return f"can't be started: {error.__cause__}" if error.__cause__ else "can't be started, or all ended at once"


def _leave_deleted_folder() -> None:
    """A process whose working directory was deleted can start no children (multiprocessing asks for its name)."""
    try:
        os.getcwd()  # noqa: PTH109 – as multiprocessing does
    except FileNotFoundError:
        os.chdir("/")


class _TooSlow(Exception):
    """A job met its limit of time."""


class _OutOfMemory(Exception):
    """A job met the memory limit. (A MemoryError itself might stand for the parent's.)"""


_limit = resource.RLIM_INFINITY


def _run(
    seconds: float, job: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Result, float]:
    """What *job* returns, and the processor time that it took."""
    _give_memory_back()
    started = time.process_time()
    try:
        with _limited_time(seconds), _limited_memory():
            result = job(*args, **kwargs)
        return result, time.process_time() - started
    except MemoryError:
        pass
    # Out here the error no longer holds what the job had made: there is room to send the answer.
    gc.collect()
    raise _OutOfMemory


@contextmanager
def _limited_time(seconds: float) -> Iterator[None]:
    """The kernel ends this process, even in a loop in C, once it has used so much processor time (setitimer(2))."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@contextmanager
def _limited_memory() -> Iterator[None]:
    """The limit holds for a job alone: a child that met it while it receives the next would end, and all others with it."""
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))


def _give_memory_back() -> None:
    """Return to the system what an earlier job left behind, lest the next one pay for it."""
    if _resident() > _MUCH:
        gc.collect()
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _prepare(
    alive: Connection, memory: int, initializer: Callable[..., object] | None, initargs: tuple[object, ...]
) -> None:
    """In the child, before its first job: its limits, its end with its parent, Ctrl-C left to the parent."""
    _die_with_parent(alive)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # which ends it; a profiler may have had another wish
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if initializer is not None:
        initializer(*initargs)
    # The limit is on what this job takes beyond what the program itself does: address space is not memory.
    taken = _address_space()
    global _limit
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = taken + memory - _resident()
    _limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)


def _die_with_parent(alive: Connection) -> None:
    """Have the kernel end this process when *alive*, a pipe that only the parent writes to, is closed by its death.

    It works in the midst of a C loop, which a thread that watches would not. SIGIO ends a process where nobody handles
    it (signal(7)); PR_SET_PDEATHSIG would watch the fork server, which waits for its children.
    """
    # Opened anew: a descriptor that came from the parent is one file to all children, and has one owner, the last.
    own = os.open(f"/proc/self/fd/{alive.fileno()}", os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(own, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(own, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)
    if alive.poll(0):  # it died before
        os._exit(1)


def _address_space() -> int:
    return _statm(0)


def _resident() -> int:
    return _statm(1)


def _statm(column: int) -> int:
    """A figure of /proc/self/statm (proc(5)) in bytes; 100 MB where there is none."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 – no more imports in the child
            return int(file.read().split()[column]) * resource.getpagesize()
    except OSError:
        return 100_000_000
