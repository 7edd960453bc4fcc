"""Clocks that are wrong, signals at any time, several processes at once, a config that changes under the daemon."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from feeds import pipeline
from feeds.cli import common, looking, refreshing
from tests.hostile.machine import (
    Machine,
    Rounds,
    check_consistent,
    check_no_promise_is_broken,
    check_well_again,
    run,
    slow,
)
from tests.web import Page, Web

NOW = datetime.now(UTC).replace(microsecond=0)
IN_2099 = datetime(2099, 1, 1, tzinfo=UTC)
IN_1970 = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
# The daemon, with ticks of a third of a second, and a clock that is off by so many days as the file OFFSET says.
DAEMON = """
import datetime, pathlib, sys
real = datetime.datetime
class Clock(real):
    @classmethod
    def now(cls, tz=None):
        return real.now(tz) + datetime.timedelta(days=int(pathlib.Path("offset").read_text()))
import apscheduler.schedulers.base, apscheduler.executors.base
for module in (apscheduler.schedulers.base, apscheduler.executors.base):
    module.datetime = Clock
import feeds.daemon
feeds.daemon.datetime = Clock
feeds.daemon.TICK = datetime.timedelta(seconds=0.3)
sys.argv = ["feeds", "run"]
from feeds.cli import main
main()
"""


@pytest.fixture
def machine(machine: Machine) -> Machine:
    set_offset(machine, 0)
    return machine


def set_offset(machine: Machine, days: int) -> None:
    """Set the daemon's clock off by so many days, at once: it reads the file at any time."""
    new = machine.folder / "offset.new"
    new.write_text(str(days))
    new.replace(machine.folder / "offset")


def set_clock(patch: pytest.MonkeyPatch, moment: datetime) -> None:
    for module in (common, looking, refreshing):
        patch.setattr(module, "clock", lambda: moment)


# The clock


@pytest.mark.parametrize("moment", [IN_2099, slow(IN_1970)], ids=["2099", "1970"])
def test_wrong_clock_is_one_line_and_changes_nothing(
    machine: Machine, rounds: Rounds, monkeypatch: pytest.MonkeyPatch, moment: datetime
) -> None:
    before, titles = machine.files(), machine.titles()
    rounds.serve(1)
    with monkeypatch.context() as patch:
        set_clock(patch, moment)
        for words in (("refresh", "--force"), ("refresh", "S0"), ("publish",)):
            done = machine.call(*words)
            assert (done.code, f"the machine's clock says {moment:%Y}-01-01" in done.line) == (1, True)
        told = machine.call("check")
        assert (told.code, f"clock says {moment:%Y}" in told.out) == (1, True)
        assert machine.call("check", "--repair").code == 1
    assert (machine.files(), machine.titles()) == (before, titles)
    check_well_again(machine, rounds)


def test_without_the_look_at_the_clock_feeds_are_emptied(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: this is what it keeps from happening."""
    before = machine.files()
    set_clock(monkeypatch, IN_2099)
    monkeypatch.setattr(pipeline, "mind_the_clock", lambda *_: None)
    machine.call("refresh", "--force")
    assert b"<entry" in before["all/atom.xml"]
    assert b"<entry" not in machine.files()["all/atom.xml"]


def test_store_made_under_a_clock_far_ahead_is_mended(
    tmp_path: Path, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(tmp_path)
    (tmp_path / "config.toml").write_text(rounds.config())
    for page in rounds.web.pages.values():
        assert isinstance(page, Page)
        page.body = b"".join(page.body.split(b"<pubDate>")[:1]) + b"".join(
            part.partition(b"</pubDate>")[2] for part in page.body.split(b"<pubDate>")[1:]
        )
    with monkeypatch.context() as patch:
        set_clock(patch, IN_2099)
        assert machine.call("refresh").code == 0
    assert machine.call("refresh").code == 0  # and back: every source is due, and asked
    told = machine.call("check")
    assert (told.code, "18 articles are dated in the future" in told.out) == (1, True)
    assert machine.call("check", "--repair").code == 0
    assert machine.titles() == rounds.expected
    check_consistent(machine.output, machine.store)


def test_clock_that_a_person_trusts_is_right(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, NOW + timedelta(days=6 * 365))
    assert machine.call("refresh").code == 1
    assert machine.call("refresh", "--trust-clock").code == 0
    assert machine.call("publish").code == 0


@pytest.mark.slow
def test_years_within_reason_need_no_trust(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, NOW + timedelta(days=3 * 365))
    assert machine.call("refresh").code == 0


def test_daemon_goes_on_once_its_clock_is_back_from_2099(machine: Machine, rounds: Rounds) -> None:
    with started(machine) as daemon:
        feed = machine.output / "all/atom.xml"
        wait_until(lambda: ticks_again(machine, feed))
        set_offset(machine, 26000)
        assert daemon.stderr is not None
        said = daemon.stderr.readline()  # a tick has seen it
        set_offset(machine, 0)
        wait_until(lambda: ticks_again(machine, feed))
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=15) == 0
        said += daemon.stderr.read()
    assert said.count("the machine's clock says") == 1
    assert "Traceback" not in said
    check_well_again(machine, rounds)


@contextmanager
def started(machine: Machine) -> Iterator[subprocess.Popen[str]]:
    """The daemon, which ends with the test, whatever becomes of it."""
    command, pipe = [sys.executable, "-c", DAEMON], subprocess.PIPE
    with subprocess.Popen(command, cwd=machine.folder, stdout=pipe, stderr=pipe, text=True) as daemon:
        try:
            yield daemon
        finally:
            daemon.kill()


def ticks_again(machine: Machine, feed: Path) -> bool:
    """True once a tick has brought back a file that is taken away (a changed config makes it publish)."""
    feed.unlink(missing_ok=True)
    config = machine.folder / "config.toml"
    config.write_text(config.read_text() + "\n")
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if feed.exists():
            return True
        time.sleep(0.05)
    return False


def wait_until(holds: Callable[[], bool], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


# The config


@pytest.mark.slow
def test_daemon_whose_config_goes_or_breaks_keeps_to_the_one_before(machine: Machine, rounds: Rounds) -> None:
    config = machine.folder / "config.toml"
    text = config.read_text()
    feed = machine.output / "all/atom.xml"
    with started(machine) as daemon:
        wait_until(lambda: ticks_again(machine, feed))
        config.write_text("nonsense = [")
        time.sleep(0.7)
        config.unlink()
        time.sleep(0.7)
        config.mkdir()
        time.sleep(0.7)
        config.rmdir()
        config.write_text(text)
        wait_until(lambda: ticks_again(machine, feed))
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=15) == 0
        assert daemon.stderr is not None
        said = daemon.stderr.read()
    assert "the configuration before it stays in force" in said
    assert "Traceback" not in said
    check_well_again(machine, rounds)


@pytest.mark.parametrize(
    "change", ["[[[", slow(None), slow("[site]\ntitle = 'Another'\n")], ids=["broken", "gone", "another"]
)
def test_config_that_changes_during_a_run_is_the_next_ones(
    machine: Machine, rounds: Rounds, web: Web, change: str | None
) -> None:
    config = machine.folder / "config.toml"
    text = config.read_text()
    rounds.serve(1)
    page = web.pages["/0"]
    assert isinstance(page, Page)

    def changing(request: BaseHTTPRequestHandler) -> None:
        config.unlink() if change is None else config.write_text(change)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(page.body)}\r\n\r\n"
        request.wfile.write(head.encode() + page.body)

    web.pages["/0"] = changing
    done = machine.call("refresh", "--force", "--json")
    assert (done.code, done.json["failed"], done.json["new"]) == (0, [], 3)
    check_consistent(machine.output, machine.store)
    config.write_text(text)
    check_well_again(machine, rounds)


# Signals


@pytest.mark.parametrize("number", [signal.SIGINT, slow(signal.SIGTERM), slow(signal.SIGHUP)])
@pytest.mark.parametrize("seed", [slow(seed) if seed else seed for seed in range(6)])
def test_signal_at_a_random_time_loses_nothing_and_says_nothing_unseemly(
    machine: Machine, rounds: Rounds, number: signal.Signals, seed: int
) -> None:
    rounds.serve(1)
    with machine.start("refresh", "--force") as process:
        time.sleep(random.Random(seed * 100 + number).uniform(0.15, 1.2))
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    usual = {signal.SIGINT: (130, -2), signal.SIGTERM: (143, -15), signal.SIGHUP: (-1, 129)}[number]
    assert process.returncode in (0, *usual), err
    assert "Traceback" not in err
    assert len(err.split("\n\n")[-1].strip().splitlines()) <= 1, err
    check_no_promise_is_broken(machine.output, machine.store)
    check_well_again(machine, rounds)


def test_interrupt_while_the_program_is_loaded_shows_no_insides(machine: Machine) -> None:
    with machine.start("--version", env={"PYTHONPROFILEIMPORTTIME": "1"}) as process:
        assert process.stderr is not None
        assert any("click" in line for line in process.stderr)  # Python names each module that it has loaded
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode in (0, 130, -2)
    assert "feeds/" not in err


# Several at once


def test_two_refreshes_a_publishing_and_a_daemon_at_once(machine: Machine, rounds: Rounds, web: Web) -> None:
    rounds.serve(1)
    web.requests.clear()
    with started(machine) as daemon:
        both = [machine.start("refresh", "--force", "--json") for _ in range(2)] + [machine.start("publish")]
        for process in both:
            out, err = process.communicate(timeout=90)
            assert (process.returncode, err) == (0, ""), out
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=15) == 0
        assert daemon.stderr is not None
        assert daemon.stderr.read() == ""
    assert machine.titles() == rounds.expected
    check_well_again(machine, rounds)


def test_one_of_two_daemons_gives_way(machine: Machine) -> None:
    with started(machine) as daemon:
        wait_until(lambda: ticks_again(machine, machine.output / "all/atom.xml"))
        done = machine.run("run")
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=15) == 0
    assert (done.code, done.line) == (1, "feeds: another `feeds run` is at work on this store")


@pytest.mark.slow
def test_ten_refreshes_at_once(machine: Machine, rounds: Rounds) -> None:
    rounds.serve(1)
    many = [machine.start("refresh", "--force", "--json") for _ in range(10)]
    for process in many:
        out, err = process.communicate(timeout=180)
        assert (process.returncode, err) == (0, ""), out
    assert machine.titles() == rounds.expected
    check_well_again(machine, rounds)


@pytest.mark.slow
def test_store_that_stays_locked_is_given_up_after_half_a_minute(machine: Machine, rounds: Rounds) -> None:
    held = "s = sqlite3.connect('feeds.db'); s.execute('BEGIN EXCLUSIVE'); print(1, flush=True); time.sleep(90)"
    holder = f"import sqlite3, time; {held}"
    with subprocess.Popen([sys.executable, "-c", holder], cwd=machine.folder, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        done = run(machine.command("refresh", "--force"), cwd=machine.folder, timeout=90)
        other.kill()
    assert (done.code, "locked by another process" in done.line) == (1, True)
    assert done.seconds < 60
    check_well_again(machine, rounds)
