"""Jobs on threads: every one is done, hosts are not crowded, bugs and stops are noticed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from feeds.turns import in_turn


def results(
    jobs: list[str],
    ask: Callable[[str], str],
    *,
    threads: int = 8,
    per_host: int = 2,
    stop: threading.Event | None = None,
) -> list[str]:
    lists = in_turn(
        jobs, ask, lambda job, answer: answer, host=lambda job: job[0], at_once=threads, per_host=per_host,
        stop=stop or threading.Event(),
    )  # fmt: skip
    return [result for ready in lists for result in ready]


@pytest.mark.parametrize("threads", [1, 3, 50])
@pytest.mark.parametrize("per_host", [1, 2, 100])
def test_every_job_is_done_once(threads: int, per_host: int) -> None:
    jobs = [f"{host}{number}" for host in "abc" for number in range(30)] + ["d0"]
    assert sorted(results(jobs, str.upper, threads=threads, per_host=per_host)) == sorted(map(str.upper, jobs))


def test_no_jobs_give_no_results() -> None:
    assert results([], str.upper) == []


def test_host_is_asked_by_no_more_than_its_places_and_they_are_used() -> None:
    running: Counter[str] = Counter()
    most: Counter[str] = Counter()
    lock = threading.Lock()
    both = threading.Barrier(2)  # passes only while two jobs of the one host run at once

    def ask(job: str) -> str:
        with lock:
            running[job[0]] += 1
            most[job[0]] = max(most[job[0]], running[job[0]])
        both.wait(timeout=10)
        with lock:
            running[job[0]] -= 1
        return job

    results([f"a{number}" for number in range(10)], ask, threads=8, per_host=2)
    assert most == {"a": 2}


def test_slow_host_does_not_keep_threads_from_others() -> None:
    others_done = threading.Semaphore(0)

    def ask(job: str) -> str:
        if job[0] == "s":
            assert all(others_done.acquire(timeout=10) for _ in range(5))
        else:
            others_done.release()
        return job

    jobs = ["s0", "s1", *(f"{host}{number}" for host in "abcde" for number in range(2))]
    assert len(results(jobs, ask, threads=3, per_host=1)) == 12


def test_place_at_the_host_is_given_back_before_the_answer_is_worked_on() -> None:
    second_asked = threading.Event()

    def ask(job: str) -> str:
        if job == "a1":
            second_asked.set()
        return job

    def then(job: str, answer: str) -> bool:
        return second_asked.wait(timeout=10)

    lists = in_turn(["a0", "a1"], ask, then, host=lambda job: "a", at_once=2, per_host=1, stop=threading.Event())
    assert [result for ready in lists for result in ready] == [True, True]


def test_who_works_on_an_answer_keeps_nobody_from_asking() -> None:
    last_asked = threading.Event()

    def ask(job: str) -> str:
        if job == "b":
            last_asked.set()
        return job

    def then(job: str, answer: str) -> bool:
        return last_asked.wait(timeout=10)

    lists = in_turn(["a", "b"], ask, then, host=str, at_once=1, per_host=1, stop=threading.Event())
    assert [result for ready in lists for result in ready] == [True, True]


def test_no_more_are_asked_at_once_than_there_are_places() -> None:
    running, most = 0, 0
    lock = threading.Lock()
    all_places = threading.Barrier(6)  # passes only while six are asked at once

    def ask(job: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        all_places.wait(timeout=10)
        with lock:
            running -= 1
        return job

    assert len(results([chr(number) for number in range(300, 360)], ask, threads=6)) == 60
    assert most == 6


def test_bug_in_a_job_reaches_the_caller() -> None:
    def ask(job: str) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        results(["a"], ask)


def test_stop_ends_the_wait_for_a_job_that_hangs() -> None:
    stop, never = threading.Event(), threading.Event()

    def ask(job: str) -> str:
        if job == "h":
            never.wait(timeout=30)
        return job

    came = []
    lists = in_turn(["h", "a"], ask, lambda job, answer: answer, host=str, at_once=2, per_host=1, stop=stop)
    for ready in lists:
        came += ready
        stop.set()
    assert came == ["a"]
    never.set()


def test_more_threads_begin_while_those_there_are_wait() -> None:
    all_at_once = threading.Barrier(20)  # passes only while 20 jobs run at once

    def ask(job: str) -> str:
        all_at_once.wait(timeout=10)
        return job

    assert len(results([f"{host}0" for host in "abcdefghijklmnopqrst"], ask, threads=20)) == 20


def test_machine_that_allows_few_threads_is_asked_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start
    started: list[threading.Thread] = []

    def refuse_third(thread: threading.Thread) -> None:
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_third)
    assert len(results([f"{host}0" for host in "abcdefghij"], str.upper)) == 10
    assert len(started) == 2
