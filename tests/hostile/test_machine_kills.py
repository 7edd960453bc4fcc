"""kill -9 at chosen instants: in the midst of a transaction, between two files, with a file half written."""

from __future__ import annotations

import sys

import pytest

from tests.hostile.machine import (
    Machine,
    Rounds,
    cases,
    check_no_promise_is_broken,
    check_well_again,
    check_whole,
    run,
)

# Runs the program, and has it killed when FUNCTION of MODULE is called for the NUMBERth time: before it, or after.
KILLER = """
import importlib, os, signal, sys
module, owner, function, number, when = sys.argv[1:6]
sys.argv = ["feeds", *sys.argv[6:]]
holder = importlib.import_module(module)
holder = getattr(holder, owner) if owner else holder
original, calls = getattr(holder, function), 0
def counted(*args, **kwargs):
    global calls
    calls += 1
    if calls == int(number) and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = original(*args, **kwargs)
    if calls == int(number):
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(holder, function, counted)
from feeds.cli import main
main()
"""
# Writes in place, as one would who knew no better, and is killed half-way.
CARELESS = """
import os, signal, sys
import feeds.publish
def careless(path, document, note=None):
    body = document.body if hasattr(document, "body") else b"".join(document.parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(body[: len(body) // 2])
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
feeds.publish.write_if_changed = careless
sys.argv = ["feeds", "refresh", "--force"]
from feeds.cli import main
main()
"""
# Synchronous writing is what a power cut is about, and no test can cut the power: the setting is what can be seen.
INSTANTS = {
    "in a source's transaction": ("feeds.store.saving", "", "_list", 1, "before"),
    "after a source's transaction": ("feeds.store", "Store", "save", 1, "after"),
    "before anything is settled": ("feeds.store", "Store", "settle", 1, "before"),
    "while articles enter archives": ("feeds.store.archiving", "", "_write_last", 1, "before"),
    "before the first file": ("pathlib", "Path", "replace", 1, "before"),
    "after the first file": ("pathlib", "Path", "replace", 1, "after"),
    "between files": ("pathlib", "Path", "replace", 9, "before"),
    "with a file half written": ("os", "", "fchmod", 4, "before"),
    "before files are noted": ("feeds.store", "Store", "set_documents", 1, "before"),
    "between articles' pages": ("pathlib", "Path", "replace", 34, "after"),
    "before pages are noted": ("feeds.store", "Store", "pages_done", 1, "before"),
    "while indexing": ("feeds.store.searching", "", "remove", 1, "after"),
}
QUICK = ("in a source's transaction", "between files")


@pytest.mark.parametrize("instant", cases(INSTANTS, QUICK))
def test_kill_at_an_instant_loses_and_doubles_nothing(machine: Machine, rounds: Rounds, instant: str) -> None:
    rounds.serve(1)
    words = [str(word) for word in INSTANTS[instant]]
    killed = run([sys.executable, "-c", KILLER, *words, "refresh", "--force"], cwd=machine.folder)
    assert killed.code == -9, killed
    check_no_promise_is_broken(machine.output, machine.store)
    check_well_again(machine, rounds)


def test_without_the_rename_a_kill_leaves_half_a_file(machine: Machine, rounds: Rounds) -> None:
    """The control: check_whole sees it."""
    rounds.serve(1)
    assert run([sys.executable, "-c", CARELESS], cwd=machine.folder).code == -9
    with pytest.raises(Exception, match=r"XML|Premature|EndTag|Start Tag|JSON|html"):
        check_whole(machine.output)
    check_well_again(machine, rounds)
