"""A site on a machine that hurts: its folder, the program run in it, and what must be true of its files afterwards."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from feeds import cli
from tests.archive_reader import ATOM, ArchiveReader
from tests.web import Page, Web, item, rss

BASE_URL = "http://127.0.0.1:8000/"
SOURCES = 3
ARTICLES = 6  # of each source, in round 0
YESTERDAY = format_datetime(datetime.now(UTC).replace(microsecond=0) - timedelta(days=1))
CONFIG = """
[fetch]
timeout = "5s"
allow_private_networks = ["127.0.0.0/8"]
per_host = 8
[publish]
entries = 5000
[topics.sahel]
use = "sahel"
"""


@dataclass(frozen=True)
class Done:
    """How the program ended: its exit code, its words, how long it took and, for a process of its own, its peak memory."""

    code: int
    out: str
    err: str
    seconds: float
    megabytes: float = 0.0

    @property
    def line(self) -> str:
        """The one line it said on stderr; fails where it said more or less, or showed its insides."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("feeds: "), self.err
        assert not re.search(r"Traceback|a bug|Error:|sqlalchemy|sqlite3\.", self.err), self.err
        return lines[0]

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Rounds:
    """Feeds that move on: with each round one article of each is edited and one is new. *expected* are titles by guid."""

    web: Web
    sources: int = SOURCES
    articles: int = ARTICLES
    expected: dict[str, str] = field(default_factory=dict)

    def serve(self, number: int) -> None:
        for source in range(self.sources):
            keys = [f"{source}-{position}" for position in range(self.articles + number)]
            for key in keys:
                edited = number and key == f"{source}-{number}"
                before = self.expected.get(key, f"Mali report {key}")
                self.expected[key] = f"Mali report {key}, edited" if edited else before
            items = [item(key, self.expected[key], YESTERDAY, description="Words of Bamako. " * 20) for key in keys]
            self.web.pages[f"/{source}"] = Page(rss(*items), etag=f'"{number}"')

    def config(self) -> str:
        names = range(self.sources)
        return CONFIG + "".join(f'[[sources]]\nurl = "{self.web.url(f"/{n}")}"\nname = "S{n}"\n' for n in names)


class Machine:
    """A folder with config.toml, feeds.db and output/, where the program is run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store, self.output = folder / "feeds.db", folder / "output"

    def call(self, *words: str) -> Done:
        """Run the program in this process: quick, for what is not about processes."""
        out, err, started = StringIO(), StringIO(), time.monotonic()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["feeds", *words])
            with pytest.raises(SystemExit) as end:
                cli.main()
        return Done(int(end.value.code or 0), out.getvalue(), err.getvalue(), time.monotonic() - started)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "feeds", *words]

    def run(self, *words: str, env: dict[str, str] | None = None, **options: Any) -> Done:
        """Run the program as a process of its own."""
        return run(self.command(*words), cwd=options.pop("cwd", self.folder), env=os.environ | (env or {}), **options)

    def shell(self, script: str, **options: Any) -> Done:
        """Run a bash script in the folder, where $FEEDS is the program."""
        env = os.environ | {"FEEDS": " ".join(self.command())}
        return run(["bash", "-c", script], cwd=self.folder, env=env, **options)

    def start(self, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start the program as a process of its own."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.command(*words), cwd=self.folder, env=os.environ | (env or {}), stdout=pipe, stderr=pipe, text=True
        )

    def files(self) -> dict[str, bytes]:
        """Everything published, status/ left out."""
        return files(self.output)

    def titles(self) -> dict[str, str]:
        """The store's articles: titles by guid."""
        with opened(self.store) as store:
            return dict(store.execute("SELECT guid, title FROM articles"))


def run(command: Sequence[str], *, timeout: float = 60, **options: Any) -> Done:
    """Run a process; where FEEDS_FIGURES names a file, its time and memory are noted there by the test's name."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = time.monotonic()
        process = subprocess.Popen(command, **({"stdout": out, "stderr": err} | options))
        code, usage = _wait(process, started + timeout)
        seconds = time.monotonic() - started
        out.seek(0)
        err.seek(0)
        done = Done(code, out.read(), err.read(), seconds, usage.ru_maxrss / 1024)
    note(done)
    return done


def note(done: Done) -> None:
    if path := os.environ.get("FEEDS_FIGURES"):
        with Path(path).open("a") as file:
            file.write(f"{os.environ['PYTEST_CURRENT_TEST'].split(' ')[0]}\t{done.seconds:.1f}\t{done.megabytes:.0f}\n")


def _wait(process: subprocess.Popen[Any], until: float) -> tuple[int, Any]:
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage
        if time.monotonic() > until:
            process.kill()
        time.sleep(0.01)


def prepare(folder: Path, rounds: Rounds) -> Machine:
    """A site that has refreshed once, all well."""
    machine = Machine(folder)
    rounds.serve(0)
    (folder / "config.toml").write_text(rounds.config())
    done = machine.call("refresh", "--json")
    assert (done.code, done.json["failed"], done.json["new"]) == (0, [], SOURCES * ARTICLES), done
    return machine


def copied(template: Machine, folder: Path) -> Machine:
    """Another site, the same as *template*, times of files included."""
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    return Machine(folder)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of the test's own, closed after it."""
    store = sqlite3.connect(path, isolation_level=None)
    try:
        yield store
    finally:
        store.close()


def files(output: Path) -> dict[str, bytes]:
    """Everything under *output* by path, status/ and what is at work left out."""
    found = {str(path.relative_to(output)): path.read_bytes() for path in output.rglob("*") if path.is_file()}
    return {name: body for name, body in found.items() if not name.startswith(("status/", ".feeds-"))}


def stored_ids(path: Path) -> set[str]:
    """The ids of the store's articles, bare; none where its first start was interrupted."""
    with opened(path) as store:
        if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'articles'").fetchone():
            return set()
        return {row[0] for row in store.execute("SELECT id FROM articles")}


def check_whole(output: Path) -> None:
    """No file is half written, whatever happened when it was."""
    for path in output.rglob("*"):
        if path.name.startswith(".feeds-") or not path.is_file():
            continue
        body = path.read_bytes()
        if path.suffix == ".json":
            json.loads(body)
        elif path.suffix in (".xml", ".opml"):
            etree.fromstring(body)
        elif path.suffix == ".html":
            assert body.rstrip().endswith(b"</html>"), path
        else:
            assert body, path


def check_no_promise_is_broken(output: Path, store: Path) -> None:
    """What is true at every instant: nothing is published that is not stored, and no entry that its archive lacks."""
    check_whole(output)
    stored = stored_ids(store)
    for feed in ("all", "sahel"):
        if (output / feed / "atom.xml").exists():
            shown = set(entry_ids(output / feed / "atom.xml"))
            assert shown <= set(archived_ids(output, feed)), feed
            assert shown <= stored, feed
    for path in (output / "articles").glob("*.html"):
        assert path.stem in stored, path
    if (output / "feeds.opml").exists():
        for path in listed_feeds(output):
            assert path.exists(), path


def check_consistent(output: Path, store: Path) -> None:
    """What is true once a publishing has ended: formats, archives, pages and lists all tell of the same articles."""
    check_no_promise_is_broken(output, store)
    assert not list(output.rglob(".feeds-*"))
    with opened(store) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        stored = {row[0] for row in connection.execute("SELECT id FROM articles WHERE hidden_at IS NULL")}
        topical = {row[0] for row in connection.execute(
            "SELECT id FROM articles JOIN article_topics ON article = pk WHERE topic = 'sahel' AND hidden_at IS NULL"
        )}  # fmt: skip
    for feed, wanted in (("all", stored), ("sahel", topical)):
        for name in ("atom.xml", "rss.xml"):
            shown = entry_ids(output / feed / name)
            assert (len(shown), set(shown)) == (len(wanted), wanted), f"{feed}/{name}"
        shown = [bare(each["id"]) for each in json.loads((output / feed / "feed.json").read_bytes())["items"]]
        assert (len(shown), set(shown)) == (len(wanted), wanted), f"{feed}/feed.json"
        archived = archived_ids(output, feed)
        assert len(archived) == len(set(archived))
        assert set(archived) >= wanted
    assert {path.stem for path in (output / "articles").glob("*.html")} == stored
    published = {path for path in output.rglob("atom.xml") if "archive" not in path.parts}
    assert set(listed_feeds(output)) == published


def bare(key: str) -> str:
    return key.removeprefix("urn:uuid:")


def entry_ids(path: Path) -> list[str]:
    """The ids in a feed, Atom or RSS, bare, in its order."""
    feed = etree.fromstring(path.read_bytes())
    found = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    return [bare(str(key)) for key in found or [each.findtext("guid") for each in feed.iter("item")]]


def archived_ids(output: Path, feed: str) -> list[str]:
    """The ids on all pages of a feed's archive."""
    reader = ArchiveReader(lambda url: (output / url.removeprefix(BASE_URL)).read_bytes())
    reader.poll(f"{BASE_URL}{feed}/atom.xml")
    return [bare(key) for page in reader.pages.values() for key in page]


def listed_feeds(output: Path) -> list[Path]:
    """The files that feeds.opml names."""
    found = re.findall(r'xmlUrl="([^"]+)"', (output / "feeds.opml").read_text())
    return [output / url.removeprefix(BASE_URL) for url in found]


def check_well_again(machine: Machine, rounds: Rounds, refresh: Callable[..., Done] | None = None) -> Done:
    """The machine is well again: the next round comes in whole, nothing is lost or doubled, `check` has no complaint."""
    rounds.serve(1)
    done = (refresh or machine.call)("refresh", "--force", "--json")
    assert (done.code, done.json["failed"]) == (0, []), done
    assert machine.titles() == rounds.expected
    check_consistent(machine.output, machine.store)
    checked = machine.call("check")
    assert checked.code == 0, checked.out + checked.err
    return done


def slow(*values: Any) -> Any:
    """A case of a test that runs with -m slow alone."""
    return pytest.param(*values, marks=pytest.mark.slow)


def cases(names: Iterable[str], quick: Sequence[str]) -> list[Any]:
    """The *names* as parameters of a test: those that are not *quick* run with -m slow alone."""
    return [name if name in quick else slow(name) for name in names]


def can_mount() -> bool:
    """True where this process may mount file systems: the tests that need it skip elsewhere, and say so."""
    return subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


@contextmanager
def mounted(at: Path, *words: str) -> Iterator[None]:
    """Something mounted at *at*, as `mount` is told by *words*."""
    subprocess.run(["mount", *words, str(at)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """*path*, a file or a folder, on a file system that can't be written (permission bits would not bind root)."""
    with mounted(path, "--bind", str(path)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(path)], check=True)
        yield
