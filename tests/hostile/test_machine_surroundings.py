"""Streams that are closed, full or broken, odd surroundings, little of everything: the work is done, the words are few."""

from __future__ import annotations

import os
import pty
import resource
import select
import subprocess

import pytest

from tests.hostile.machine import Machine, Rounds, cases, check_consistent, check_well_again, run

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX's own troubles")


# Streams


@pytest.mark.parametrize(
    "closed", cases(["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full <&-"], ["<&- >&- 2>&-"])
)
def test_refresh_does_its_work_whatever_its_streams_are(machine: Machine, rounds: Rounds, closed: str) -> None:
    rounds.serve(1)
    done = machine.shell(f"$FEEDS refresh --force {closed}")
    assert done.code == (1 if "full" in closed else 0)
    assert done.err == ""
    assert machine.titles() == rounds.expected
    check_consistent(machine.output, machine.store)


def test_daemon_needs_no_streams(machine: Machine, rounds: Rounds) -> None:
    rounds.serve(1)
    script = """
        exec 3>&2; $FEEDS run <&- >&- 2>&- & sleep 0.2
        for _ in $(seq 100); do [ output/all/atom.xml -nt start ] && break; sleep 0.1; done
        kill $!; wait $!; echo code $? >&3
    """
    (machine.folder / "start").touch()
    done = machine.shell(f"rm output/all/atom.xml; {script}")
    assert done.err == "code 0\n"
    check_consistent(machine.output, machine.store)


@pytest.mark.parametrize(
    "words", cases(["sources", "check", "export", "search Mali", "refresh", "--version"], ["export"])
)
def test_full_stdout_is_one_line(machine: Machine, words: str) -> None:
    done = machine.shell(f"$FEEDS {words} >/dev/full")
    assert (done.code, done.line) == (1, "feeds: standard output: No space left on device")


@pytest.mark.parametrize(
    "words", cases(["sources", "export --csv", "search Mali --json", "refresh --force --json", "check"], ["sources"])
)
def test_reader_of_stdout_that_has_had_enough_is_no_fault(machine: Machine, words: str) -> None:
    done = machine.shell(f"$FEEDS {words} | true; exit ${{PIPESTATUS[0]}}")
    assert (done.code, done.err) == (0, "")


def test_full_stderr_leaves_the_exit_code_right(machine: Machine) -> None:
    assert machine.shell("$FEEDS --config absent.toml refresh 2>/dev/full").code == 2
    assert machine.shell("$FEEDS nonsense 2>/dev/full").code == 2


# Surroundings


def test_deleted_working_directory(machine: Machine, rounds: Rounds) -> None:
    gone = "mkdir gone && cd gone && rmdir ../gone &&"
    done = machine.shell(f"{gone} $FEEDS --config ../config.toml refresh --force")
    assert done.code == 2
    assert "the working directory is gone" in done.line
    assert machine.shell(f"{gone} $FEEDS refresh").code == 2
    rounds.serve(1)
    assert machine.shell(f"{gone} $FEEDS --config {machine.folder}/config.toml refresh --force").code == 0
    assert machine.titles() == rounds.expected


SETTINGS = {
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "HOME": {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "USER": ""},
    "TMPDIR": {"TMPDIR": "/nonexistent", "TEMP": "/nonexistent", "TMP": "/nonexistent"},
    "COLUMNS": {"COLUMNS": "1", "LINES": "1", "NO_COLOR": "1", "TERM": "dumb"},
    "negative": {"COLUMNS": "-7", "TERM": ""},
    "TZ": {"TZ": "Nowhere/Atall", "LANG": "xx_YY.UTF-99"},
    "proxy": {"http_proxy": "http://127.0.0.1:9/", "all_proxy": "socks5://127.0.0.1:9/"},
}


@pytest.mark.parametrize("setting", cases([*SETTINGS, "all"], ["all"]))
def test_odd_environment_changes_nothing_that_is_published(machine: Machine, rounds: Rounds, setting: str) -> None:
    rounds.serve(1)
    asked = SETTINGS.values() if setting == "all" else [SETTINGS[setting]]
    done = machine.run("refresh", "--force", "--json", env=dict(pair for each in asked for pair in each.items()))
    assert (done.code, done.json["failed"], done.json["new"], done.err) == (0, [], 3, "")
    assert machine.titles() == rounds.expected
    check_consistent(machine.output, machine.store)


@pytest.mark.slow
def test_empty_environment_does(machine: Machine) -> None:
    done = run(["env", "-i", *machine.command("refresh", "--force", "--json")], cwd=machine.folder)
    assert (done.code, done.json["failed"], done.err) == (0, [], "")


@pytest.mark.slow
@pytest.mark.parametrize("locale", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii:strict"}])
def test_words_of_any_language_can_be_said_in_any_locale(machine: Machine, locale: dict[str, str]) -> None:
    done = machine.run("explain", "Мали — l’État, أخبار", env=locale | {"PYTHONCOERCECLOCALE": "0"})
    assert done.code == 0, done.err


@pytest.mark.parametrize("words", cases(["refresh --force", "sources", "--help"], ["sources"]))
def test_terminal_of_no_size(machine: Machine, words: str) -> None:
    controller, terminal = pty.openpty()  # whose size is 0 × 0
    process = subprocess.Popen(
        machine.command(*words.split()), cwd=machine.folder, stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    shown = b""
    while select.select([controller], [], [], 30)[0]:
        try:
            shown += os.read(controller, 65_536)
        except OSError:  # EIO: the other side is closed
            break
    os.close(controller)
    assert process.wait(timeout=30) == 0, shown
    assert b"Traceback" not in shown
    assert shown


# Little of everything


@pytest.mark.parametrize("limit", cases(["-n 64 -v 1000000", "-n 32", "-v 400000", "-u 4096"], ["-n 64 -v 1000000"]))
def test_small_machine_refreshes_whole(machine: Machine, rounds: Rounds, limit: str) -> None:
    rounds.serve(1)
    done = machine.shell(f"ulimit {limit}; $FEEDS refresh --force --json")
    assert (done.code, done.json["failed"], done.err) == (0, [], "")
    assert machine.titles() == rounds.expected
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # a child counts as its own what it had before exec
    assert done.megabytes < max(300, own + 1)


@pytest.mark.parametrize("limit", cases(["-n 7", "-v 60000", "-f 40"], ["-f 40"]))
def test_machine_that_is_too_small_costs_nothing_but_the_run(machine: Machine, rounds: Rounds, limit: str) -> None:
    before = machine.files()
    rounds.serve(1)
    done = machine.shell(f"ulimit {limit}; $FEEDS refresh --force 2>&1 | cat >&2; exit ${{PIPESTATUS[0]}}")
    assert done.code == 1, done.err
    assert len(done.err.splitlines()) == 1
    assert "Traceback" not in done.err
    assert machine.files() == before
    check_well_again(machine, rounds)


def test_no_temporary_folder_at_all(machine: Machine, rounds: Rounds) -> None:
    before = machine.files()
    rounds.serve(1)
    (machine.folder / "sitecustomize.py").write_text(
        "import tempfile; tempfile._candidate_tempdir_list = lambda: ['/nonexistent']"
    )
    done = machine.run("refresh", "--force", env={"PYTHONPATH": str(machine.folder)})
    assert (done.code, "No usable temporary directory" in done.line) == (1, True)
    assert machine.files() == before
    check_well_again(machine, rounds)


@pytest.mark.slow
def test_temporary_folder_with_a_name_too_long_for_a_socket(machine: Machine, rounds: Rounds) -> None:
    before = machine.files()
    rounds.serve(1)
    deep = machine.folder / ("d" * 100)
    deep.mkdir()
    done = machine.run("refresh", "--force", env={"TMPDIR": str(deep)})
    assert (done.code, "AF_UNIX path too long" in done.line) == (1, True)
    assert machine.files() == before
    check_well_again(machine, rounds)
