"""Child processes: limits on time and memory, crashes, and an end with their parent."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feeds.errors import FetchError, ParseError
from feeds.parse import pool as pool_module
from feeds.parse.pool import Pool

URL = "https://courier.example/feed"
_prepared = ""


def prepare(word: str) -> None:
    global _prepared
    _prepared = word


def double(number: int) -> int:
    return number * 2


def prepared() -> str:
    return _prepared


def spin(started: Path | None = None) -> None:
    if started is not None:
        (started / str(os.getpid())).touch()
    while True:
        pass


def work(seconds: float) -> float:
    """Keeps the processor busy for so long."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return seconds


def idle(seconds: float) -> float:
    """Lets time go by; how much of the processor's it took."""
    before = time.process_time()
    time.sleep(seconds)
    return time.process_time() - before


def hang() -> None:
    threading.Event().wait()


def devour() -> int:
    return len([bytes(10_000_000) + bytes([number]) for number in range(200)])


def crash() -> None:
    os.abort()


def fail() -> None:
    raise FetchError(URL, "no luck", status=410)


def dig(depth: int = 0) -> int:
    return dig(depth + 1) + 1


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2, 2.0, 150_000_000, prepare, ("ready",)) as started:
        yield started


def test_result_comes_back(pool: Pool) -> None:
    assert pool.run(URL, double, 21) == 42


def test_initializer_ran_in_the_child(pool: Pool) -> None:
    assert pool.run(URL, prepared) == "ready"
    assert _prepared == ""


def test_job_that_never_ends_is_ended(pool: Pool) -> None:
    with pytest.raises(ParseError, match="takes longer than 2 s") as raised:
        pool.run(URL, spin)
    assert raised.value.url == URL


def test_job_that_devours_memory_costs_only_itself(pool: Pool) -> None:
    with pytest.raises(ParseError, match="more than 150 MB of memory"):
        pool.run(URL, devour)
    assert pool.run(URL, double, 1) == 2


def test_document_larger_than_the_limit_ends_no_child(pool: Pool) -> None:
    """The limit is on what a job takes: a child that met it while it receives one would take all others along."""
    assert pool.run(URL, len, bytes(200_000_000)) == 200_000_000
    assert pool.run(URL, double, 1) == 2


def test_child_that_crashes_costs_only_its_job(pool: Pool) -> None:
    with pytest.raises(ParseError, match="crashed the parser"):
        pool.run(URL, crash)
    assert pool.run(URL, double, 1) == 2


def test_endless_recursion_is_said(pool: Pool) -> None:
    with pytest.raises(ParseError, match="nested deeper"):
        pool.run(URL, dig)


def test_what_a_job_raises_itself_comes_back_whole(pool: Pool) -> None:
    with pytest.raises(FetchError, match="no luck") as raised:
        pool.run(URL, fail)
    assert (raised.value.url, raised.value.status) == (URL, 410)


def test_honest_jobs_are_done_beside_a_spinning_one(pool: Pool) -> None:
    def spinning() -> None:
        with pytest.raises(ParseError):
            pool.run(URL, spin)

    spinner = threading.Thread(target=spinning)
    spinner.start()
    assert [pool.run(URL, double, number) for number in range(20)] == [number * 2 for number in range(20)]
    assert spinner.is_alive()
    spinner.join()


def test_it_is_processor_time_that_is_limited_not_time_by_the_clock(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that others keep waiting, as on a busy machine, is no slow one."""
    monkeypatch.setattr(pool_module, "QUICK", 0.1)
    assert pool.run(URL, idle, 0.5) < 0.1


def test_job_that_hangs_without_working_is_ended_in_the_end(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "QUICK", 0.1)
    monkeypatch.setattr(pool_module, "_BUSY", 1.0)
    with pytest.raises(ParseError, match="takes longer than 2 s"):
        pool.run(URL, hang)
    assert pool.run(URL, double, 1) == 2


def test_loop_in_c_is_ended_too(pool: Pool) -> None:
    with pytest.raises(ParseError, match="takes longer than 2 s"):
        pool.run(URL, re.fullmatch, "(a+)+b", "a" * 60)


def test_slow_documents_together_have_so_much_time_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "QUICK", 0.1)
    with Pool(1, 0.5, 150_000_000, spare=0.55) as short:
        with pytest.raises(ParseError, match="given up"):
            short.run(URL, spin)
        with pytest.raises(ParseError, match="no time was left"):
            short.run(URL, spin)
        assert short.run(URL, double, 1) == 2


def test_time_that_a_slow_document_did_not_use_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "QUICK", 0.05)
    with Pool(1, 0.5, 150_000_000, spare=0.8) as short:
        assert [short.run(URL, work, 0.1) for _ in range(3)] == [0.1] * 3


def test_nothing_starts_before_the_first_job() -> None:
    with Pool(2, 2.0, 150_000_000) as idle:
        assert idle._pool is None


@pytest.mark.skipif(sys.platform != "linux", reason="SIGIO ends a process on Linux alone")
def test_all_children_end_with_their_killed_parent(tmp_path: Path) -> None:
    script, started = tmp_path / "parent.py", tmp_path / "started"
    started.mkdir()
    script.write_text(
        "import pathlib, threading\nfrom feeds.parse.pool import Pool\nfrom tests.test_pool import spin\n"
        "if __name__ == '__main__':\n"
        "    pool = Pool(3, 60.0, 150_000_000)\n"
        "    for _ in range(3):\n"
        f"        threading.Thread(target=lambda: pool.run('x', spin, pathlib.Path({str(started)!r}))).start()\n"
    )
    root = Path(__file__).parent.parent
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen([sys.executable, str(script)], cwd=root, env=environment) as parent:
        assert soon(lambda: len(list(started.iterdir())) == 3), "three children spin"
        parent.kill()
    children = [child.name for child in started.iterdir()]
    assert soon(lambda: not any(is_alive(child) for child in children)), "a child outlived its parent"


def test_children_that_start_while_their_pool_ends_say_nothing(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import os, threading, time\n"
        "from feeds.parse.pool import Pool\n"
        "threading.excepthook = lambda _: None  # the job that is cut off\n"
        "if __name__ == '__main__':\n"
        "    for part in range(30):\n"
        "        with Pool(2, 2.0, 150_000_000) as pool:\n"
        "            threading.Thread(target=pool.run, args=('a', os.getpid), daemon=True).start()\n"
        "            time.sleep(0.002 * part)\n"
        "    pool.run('a', os.getpid)\n"
    )
    root = Path(__file__).parent.parent
    command = [sys.executable, str(script)]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.endswith("RuntimeError: the pool has ended\n")  # and starts no children any more


def soon(happens: Callable[[], bool]) -> bool:
    """Whether it happens within ten seconds."""
    end = time.monotonic() + 10
    while not happens():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def is_alive(child: str) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{child}/status").read_text()
    except OSError:
        return False
