"""Run jobs on threads, so many at once in all and so many at once for one host. Called by pipeline."""

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
_FEW = 4  # threads to begin with
_LOOK = 0.01  # seconds between looks at what has come, and at whether more threads would help
_BUSY = 0.7  # of one processor: more threads would not help
_STACK = 1_048_576  # bytes for each thread: eight times less than usual, and more than any of them needs


class _Line(Generic[Job]):
    """Jobs waiting in a line per host. The longest line is served first, so that no host's is left over at the end."""

    def __init__(self, jobs: Iterable[Job], host: Callable[[Job], str], per_host: int) -> None:
        self._lines: dict[str, deque[Job]] = {}
        for job in jobs:
            self._lines.setdefault(host(job), deque()).append(job)
        self._per_host = per_host
        self._served: Counter[str] = Counter()
        self._open = [(-len(line), name) for name, line in self._lines.items()]
        heapq.heapify(self._open)
        self._waiting = sum(len(line) for line in self._lines.values())
        self._changed = threading.Condition()

    @property
    def is_empty(self) -> bool:
        """True once all jobs are taken."""
        return not self._waiting

    def take(self) -> tuple[str, Job] | None:
        """The next job and its host, as soon as one may be served; None once all are taken."""
        with self._changed:
            while self._waiting and not self._open:
                self._changed.wait()
            if not self._waiting:
                return None
            _, name = heapq.heappop(self._open)
            job = self._lines[name].popleft()
            self._waiting -= 1
            self._served[name] += 1
            if self._served[name] < self._per_host:
                self._reopen(name)
            if not self._waiting:
                self._changed.notify_all()
            return name, job

    def leave(self, name: str) -> None:
        """A job of this host is done with it."""
        with self._changed:
            if self._served[name] == self._per_host:
                self._reopen(name)
            self._served[name] -= 1

    def _reopen(self, name: str) -> None:
        if self._lines[name]:
            heapq.heappush(self._open, (-len(self._lines[name]), name))
            self._changed.notify()


def in_turn(
    jobs: Iterable[Job],
    ask: Callable[[Job], Answer],
    then: Callable[[Job, Answer], Result],
    *,
    host: Callable[[Job], str],
    threads: int,
    per_host: int,
    stop: threading.Event,
) -> Iterator[list[Result]]:
    """The results of `then(job, ask(job))`, in lists of what is ready, as they come.

    *ask* runs with one of its host's *per_host* places, *then* after giving it back, on the same thread. Neither may
    raise what it expects; anything else ends the whole, as a bug should. Ends early once *stop* is set; threads that
    still wait then are left behind (they are daemons).
    """
    waiting = list(jobs)
    line = _Line(waiting, host, per_host)
    results: SimpleQueue[Result | BaseException] = SimpleQueue()

    def work() -> None:
        while not stop.is_set() and (turn := line.take()) is not None:
            name, job = turn
            try:
                try:
                    answer = ask(job)
                finally:
                    line.leave(name)
                results.put(then(job, answer))
            except BaseException as error:  # handed to the caller, who raises it
                results.put(error)

    _start(work, min(threads, len(waiting)), lambda: stop.is_set() or line.is_empty)
    yield from _collect(results, len(waiting), stop)


def _start(work: Callable[[], None], wanted: int, is_done: Callable[[], bool]) -> None:
    """A few threads at once, the others, up to *wanted*, as long as the processor is idle.

    Where answers come at once a few do as much as many, which would only take the interpreter's lock from each other:
    1,000 answers of a server near by cost 0.60 s with 4 threads, 0.80 s with 32.
    """
    begun = _start_threads(work, 0, min(wanted, _FEW))
    if begun == _FEW < wanted:
        threading.Thread(
            target=_start_more, args=(work, begun, wanted, is_done), name="fetch-more", daemon=True
        ).start()


def _start_more(work: Callable[[], None], begun: int, wanted: int, is_done: Callable[[], bool]) -> None:
    wall, worked = time.monotonic(), time.process_time()
    while begun < wanted and not is_done():
        time.sleep(_LOOK)
        before, wall = wall, time.monotonic()
        worked_before, worked = worked, time.process_time()
        if worked - worked_before < _BUSY * (wall - before):
            most = _start_threads(work, begun, min(wanted, 2 * begun))
            if most == begun:
                return
            begun = most


def _start_threads(work: Callable[[], None], begun: int, wanted: int) -> int:
    """So many threads, or as many as the machine allows, at least one; how many there are then."""
    before = threading.stack_size(_STACK)
    try:
        for number in range(begun, wanted):
            try:
                threading.Thread(target=work, name=f"fetch-{number}", daemon=True).start()
            except RuntimeError:  # can't start new thread
                if number == 0:
                    raise
                return number
    finally:
        threading.stack_size(before)
    return wanted


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
