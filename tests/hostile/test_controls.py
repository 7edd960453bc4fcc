"""Negative controls: with a guard off, its case does harm, and the judge sees it."""

from __future__ import annotations

import fcntl
import gzip
import itertools
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from feeds import publish
from feeds.config import Source, edit
from feeds.store import Store, leasing, polling
from tests.build import HOUR, NOW
from tests.hostile import test_cpu as cpu
from tests.hostile import test_encodings as encodings
from tests.hostile import test_entries as entries
from tests.hostile import test_markup as markup
from tests.hostile import test_secrets as secrets
from tests.hostile import test_size as size
from tests.hostile import test_time as times
from tests.hostile.judge import MARGIN, Case, Run, Scene, ok
from tests.origin import answer, redirect
from tests.web import item, rss

FEED = ok(rss(item("1", "Good one")))


def judged(folder: Path, cases: list[Case], *off: str, timeout: str = '"5s"') -> Run:
    """A refresh of *cases* with guards *off*."""
    with Scene(folder, cases, timeout=timeout) as scene:
        return scene.refresh(off=off)


def named(cases: list[Case], name: str) -> Case:
    (found,) = [case for case in cases if case.name == name]
    return found


def test_guards_of_what_is_kept_and_shown(tmp_path: Path) -> None:
    """Guards that do not touch each other, all off at once: each case's own harm is done."""
    led = named(secrets.CASES, "led away with an auth")
    token = named(secrets.CASES, "a token that comes back in an item 0")
    colours = named(size.CASES, "an encoding with colours")
    cut = named(size.CASES, "shorter than announced")
    tag = named(entries.CASES, "an item with a wrong end tag")
    trap = named(cpu.CASES, "500 namespaces in an entry")
    script = named(markup.CASES, "a script")
    title = Case("a title", ok(rss(item("1", "&amp;lt;img src=x onerror=mark(1)>"))))
    busy = Case("busy", answer("503 Busy", Retry_After="Fri, 31 Dec 2999 23:59:59 GMT"), reason="503")
    cases = [led, token, colours, cut, tag, trap, script, title, busy]
    off = [
        "credentials stay on their server", "secrets in addresses", "a reason is one line", "validators of cut bodies",
        "entry by entry", "clean markup", "inert titles", "waits are capped",
    ]  # fmt: skip
    with Scene(tmp_path, cases) as scene:
        environment = {"HOSTILE_LOGIN": f"reader:{secrets.PASSWORD}"}
        run, again = (scene.refresh(NOW + number * HOUR, off=off, environment=environment) for number in range(2))
        faults = {case.name: " ".join(run.faults_of(case)) for case in cases}
        active = " ".join(markup.all_active(run))
        status = (run.output / "status/status.json").read_text()
    assert b"Authorization" in run.requests(led)[1]
    assert secrets.leaks(tmp_path)
    assert "no line for a person" in faults[colours.name]
    assert b'If-None-Match: "cut"' in again.requests(cut)[0]
    assert len(run.titles(tag)) < 2
    assert "Good two" in faults[trap.name]
    assert "<script> in content_html" in active
    assert "onerror in title" in active
    assert re.search('"next_check": "29', status)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("guard", "case"),
    [
        ("addresses", Case("led", redirect("http://@CANARY/"), reason="no public address")),
        (
            "the address checked is the address connected",
            Case("rebinding", url="http://rebinding.example:@PORT/", reason="refuses connections"),
        ),
    ],
)
def test_addresses(tmp_path: Path, guard: str, case: Case) -> None:
    with Scene(tmp_path, [case]) as scene:
        scene.canaries[0].answers["/"] = FEED
        run = scene.refresh(off=[guard], names={"rebinding.example": [["127.1.210.1"], ["127.0.0.1"]]})
        assert "the canary was connected" in " ".join(run.faults_of_the_run())


def test_bug_in_an_entry_or_a_document_costs_only_that(tmp_path: Path) -> None:
    """No control, but what they need: faults of ours, put in, cost no other source, and the user is told."""
    cases = [
        Case(
            "a bug in an entry",
            ok(rss(item("1", "Good one"), item("bug", "Bad"), item("2", "Good two"))),
            keeps=("Good one", "Good two"),
        ),
        Case("a bug in a document", ok(rss(item("1", "make it fail"))), reason="a bug of this program: TypeError"),
        Case("no bug", FEED, keeps=("Good one",)),
    ]
    with Scene(tmp_path, cases) as scene:
        run = scene.refresh(off=["a bug in an entry", "a bug in a document"])
        faults = [fault for case in scene.cases for fault in run.faults_of(case)]
        assert not faults, "\n".join(faults)
        assert (
            '"problem": "1 entry made the program fail (TypeError), a bug"'
            in (run.output / "status/status.json").read_text()
        )


@pytest.mark.slow
def test_bug_would_cost_everything(tmp_path: Path) -> None:
    undefined = named(encodings.CASES, "declared as undefined")
    run = judged(tmp_path, [undefined], "encodings that are none", "a bug costs its source alone")
    assert (run.code, run.out) == (1, "")


# What takes its time to do harm.


@pytest.mark.slow
def test_deadline_of_an_exchange(tmp_path: Path) -> None:
    def drip(connection: socket.socket) -> None:
        end = time.monotonic() + 40
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n<rss>")
        while time.monotonic() < end:
            connection.sendall(b" ")
            time.sleep(0.2)

    case = Case("drip", drip, reason="timed out|broke off")
    run = judged(tmp_path, [case], "deadline of an exchange", timeout='"2s"')
    assert any(fault.startswith("took") for fault in run.faults_of_the_run())


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_size_of_an_answer(tmp_path: Path, encoding: str) -> None:
    packed = gzip.compress(b" " * 400_000_000, 1)

    def send(connection: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: " + encoding.encode() + b"\r\n\r\n"
        connection.sendall(head)
        for _ in itertools.repeat(None, 400 if encoding == "identity" else 1):
            connection.sendall(b" " * 1_000_000 if encoding == "identity" else packed)

    run = judged(tmp_path, [Case("huge", send, reason="is larger than")], "size of an answer", timeout='"60s"')
    assert any("a process took" in fault for fault in run.faults_of_the_run())


@pytest.mark.slow
def test_time_to_read_a_document(tmp_path: Path) -> None:
    case = Case("many", ok(cpu.feed("<odd>x</odd>" * 800_000)), reason="takes longer than")
    run = judged(tmp_path, [case], "time to read a document", timeout='"2s"')
    assert run.seconds > run.scene.deadline() - MARGIN + 5  # the margin is for slow machines


@pytest.mark.slow
def test_memory_to_read_a_document(tmp_path: Path) -> None:
    run = judged(tmp_path, [named(cpu.TRAPS, "a million lists in lists")], "memory to read a document", timeout='"60s"')
    assert any("a process took" in fault for fault in run.faults_of_the_run())


@pytest.mark.slow
def test_length_of_texts(tmp_path: Path) -> None:
    run = judged(tmp_path, size.LARGE, "length of texts", timeout='"60s"')
    assert any("a process took" in fault for fault in run.faults_of_the_run())


@pytest.mark.slow
@pytest.mark.parametrize(("off", "pages"), [([], 1000), (["new articles of one document"], 6000)])
def test_new_articles_of_one_document(tmp_path: Path, off: list[str], pages: int) -> None:
    body = b'{"items":[' + b",".join(b'{"id":"n%d","title":"Number %d"}' % (n, n) for n in range(6000)) + b"]}"
    run = judged(tmp_path, [Case("many", ok(body))], *off, timeout='"60s"')
    honest = 15
    assert len(list(run.output.glob("articles/*.html"))) == pages + honest


@pytest.mark.slow
def test_place_in_a_host_in_one_s_own_time(tmp_path: Path) -> None:
    run = judged(tmp_path, times.LED, "a place in a host in one's own time", timeout='"2s"')
    assert any(fault.startswith("took") for fault in run.faults_of_the_run())


# Two at once


def test_source_that_another_has_in_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(f"sqlite:///{tmp_path / 'feeds.db'}", NOW) as store:
        sources = (Source(url="https://courier.example/feed", name="Courier"),)
        ids = [state.id for state in store.sync_sources(sources).values()]
        monkeypatch.setattr(leasing, "this_process", lambda: f"{socket.gethostname()}:1")  # another, and it lives
        monkeypatch.setattr(polling, "this_process", leasing.this_process)
        assert len(store.claim(ids, NOW, HOUR)) == 1
        monkeypatch.undo()
        assert store.claim(ids, NOW, HOUR) == []
        monkeypatch.setattr(polling, "is_held", lambda *_: False)
        assert len(store.claim(ids, NOW, HOUR)) == 1


@pytest.mark.parametrize("lock", [publish.alone, edit._alone], ids=["output", "config"])
def test_folder_that_another_is_writing_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: Callable[[Path], AbstractContextManager[None]]
) -> None:
    place = tmp_path if lock is publish.alone else tmp_path / "config.toml"
    (tmp_path / "config.toml").write_text("")
    entered = threading.Event()

    def enter() -> None:
        with lock(place):
            entered.set()

    def enters_beside_us() -> bool:
        entered.clear()
        other = threading.Thread(target=enter)
        with lock(place):
            other.start()
            beside = entered.wait(0.5)
        other.join()
        assert entered.is_set()
        return beside

    assert not enters_beside_us()
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    assert enters_beside_us()
