"""Run jobs on threads, so many at once in all and so many at once for one host. Called by outcomes."""

from __future__ import annotations

import heapq
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Job = TypeVar("Job")
Answer = TypeVar("Answer")
Result = TypeVar("Result")


_GATHERED = 0.05  # seconds for which results are gathered: each list of them is a transaction
_FEW = 4  # asked at once, to begin with
_BESIDE = 2  # threads for each that may ask at the most: who works on an answer keeps nobody from asking
_LOOK = 0.01  # seconds between looks at what has come, and at whether asking more at once would help
_BUSY = 0.7  # of one processor: more at once would not help
_STACK = 1_048_576  # bytes for each thread: eight times less than usual, and more than any of them needs


class _Line(Generic[Job]):
    """Jobs waiting in a line per host. The longest line is served first, so that no host's is left over at the end.

    So many are served at once in all (*places*), and so many of one host.
    """

    def __init__(self, jobs: Iterable[Job], host: Callable[[Job], str], places: int, per_host: int) -> None:
        self._lines: dict[str, deque[Job]] = {}
        for job in jobs:
            self._lines.setdefault(host(job), deque()).append(job)
        self.places, self._per_host = places, per_host
        self._served: Counter[str] = Counter()
        self._open = [(-len(line), name) for name, line in self._lines.items()]
        heapq.heapify(self._open)
        self._waiting = sum(len(line) for line in self._lines.values())
        self._free, self._idle = places, 0
        self._changed = threading.Condition()

    @property
    def is_empty(self) -> bool:
        """True once all jobs are taken."""
        return not self._waiting

    @property
    def is_short_of_places(self) -> bool:
        """True while more places would let more be served."""
        return bool(self._open) and not self._free

    def take(self) -> tuple[str, Job] | None:
        """The next job and its host, as soon as one may be served; None once all are taken."""
        with self._changed:
            self._idle += 1
            while self._waiting and not (self._open and self._free):
                self._changed.wait()
            self._idle -= 1
            if not self._waiting:
                return None
            _, name = heapq.heappop(self._open)
            job = self._lines[name].popleft()
            self._waiting -= 1
            self._free -= 1
            self._served[name] += 1
            if self._served[name] < self._per_host:
                self._reopen(name)
            if not self._waiting:
                self._changed.notify_all()
            return name, job

    def leave(self, name: str) -> bool:
        """A job of this host is done with it. True where another may be served now, and nobody is there to take it."""
        with self._changed:
            if self._served[name] == self._per_host:
                self._reopen(name)
            self._served[name] -= 1
            self._free += 1
            self._changed.notify()
            return bool(self._open) and not self._idle

    def close(self) -> None:
        """No job is given out any more: whoever waits for one gets None."""
        with self._changed:
            self._open.clear()
            self._waiting = 0
            self._changed.notify_all()

    def widen(self, places: int) -> None:
        """So many more may be served at once."""
        with self._changed:
            self.places += places
            self._free += places
            self._changed.notify(places)

    def _reopen(self, name: str) -> None:
        if self._waiting and self._lines[name]:
            heapq.heappush(self._open, (-len(self._lines[name]), name))
            self._changed.notify()


class _Crew:
    """Threads that all do the same *work*, up to *most* of them."""

    def __init__(self, work: Callable[[], None], most: int) -> None:
        self._work, self._most = work, most
        self._there = 0
        self._starting = threading.Lock()

    @property
    def may_grow(self) -> bool:
        """False once all are there, or all that the machine allows."""
        return self._there < self._most

    def call(self, wanted: int = 1) -> None:
        """Start so many more, or as many as the machine allows. Raises RuntimeError where it allows not even one."""
        with self._starting:
            before = threading.stack_size(_STACK)
            try:
                for _ in range(min(wanted, self._most - self._there)):
                    threading.Thread(target=self._work, name=f"fetch-{self._there}", daemon=True).start()
                    self._there += 1
            except RuntimeError:  # can't start new thread
                if not self._there:
                    raise
                self._most = self._there
            finally:
                threading.stack_size(before)


def in_turn(
    jobs: Iterable[Job],
    ask: Callable[[Job], Answer],
    then: Callable[[Job, Answer], Result],
    *,
    host: Callable[[Job], str],
    at_once: int,
    per_host: int,
    stop: threading.Event,
) -> Iterator[list[Result]]:
    """The results of `then(job, ask(job))`, in lists of what is ready, as they come.

    *ask* runs with one of *at_once* places, and one of its host's *per_host*; *then* after giving them back, on the same
    thread. Neither may raise what it expects; anything else ends the whole, as a bug should. Ends early once *stop* is
    set, or this generator is closed: nothing is asked from then on. Threads that still wait for an answer then are left
    behind (they are daemons).
    """
    waiting = list(jobs)
    line = _Line(waiting, host, min(_FEW, at_once), per_host)
    results: SimpleQueue[Result | BaseException] = SimpleQueue()

    def work() -> None:
        while not stop.is_set() and (turn := line.take()) is not None:
            name, job = turn
            try:
                try:
                    answer = ask(job)
                finally:
                    if line.leave(name):
                        crew.call()
                results.put(then(job, answer))
            except BaseException as error:  # handed to the caller, who raises it
                results.put(error)

    crew = _Crew(work, min(_BESIDE * at_once, len(waiting)))
    try:
        crew.call(line.places)
        if line.places < at_once and crew.may_grow:
            threading.Thread(target=_widen, args=(line, crew, at_once, stop), name="fetch-more", daemon=True).start()
        yield from _collect(results, len(waiting), stop)
    finally:
        line.close()


def _widen(line: _Line[Job], crew: _Crew, at_once: int, stop: threading.Event) -> None:
    """Have more asked at once, up to *at_once*, as long as the processor is idle.

    Where answers come at once a few do as much as many, which would only take the interpreter's lock from each other:
    1,000 answers of a server near by cost 0.60 s with 4 threads, 0.80 s with 32.
    """
    wall, worked = time.monotonic(), time.process_time()
    while line.places < at_once and not (stop.is_set() or line.is_empty):
        time.sleep(_LOOK)
        before, wall = wall, time.monotonic()
        worked_before, worked = worked, time.process_time()
        if worked - worked_before < _BUSY * (wall - before) and line.is_short_of_places:
            more = min(line.places, at_once - line.places)
            line.widen(more)
            crew.call(more)


def _collect(results: SimpleQueue[Result | BaseException], total: int, stop: threading.Event) -> Iterator[list[Result]]:
    done = 0
    while done < total and not stop.is_set():
        ready = _ready(results, total - done)
        for result in ready:
            if isinstance(result, BaseException):
                raise result
        done += len(ready)
        if ready:
            yield [result for result in ready if not isinstance(result, BaseException)]


def _ready(results: SimpleQueue[Result], most: int) -> list[Result]:
    """What has come, after waiting for the first a little (so that *stop* is noticed), and a moment for others."""
    try:
        ready = [results.get(timeout=0.2)]
    except Empty:
        return []
    until = time.monotonic() + _GATHERED
    while results.qsize() < most - 1 and time.monotonic() < until:
        time.sleep(_LOOK)
    while not results.empty():
        ready.append(results.get())
    return ready
