"""Runs the program on a class's cases beside honest sources, and says all that is wrong with what came of it."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.build import HOUR, NOW
from tests.origin import Answer, Origin, answer
from tests.validity.checks import check_document
from tests.web import item, rss

ROOT = Path(__file__).parents[2]
BASE_URL = "https://digest.example/"
MEMORY = 300_000_000  # for each process of the program
PATIENCE = 4.0  # seconds that the program itself grants to slow documents
MARGIN = 20.0  # seconds for starting, publishing, and a machine that others use too
_UNWANTED = ("cookie", "referer", "authorization", "proxy-authorization", "x-key")


@dataclass(frozen=True)
class Case:
    """A hostile source: what it answers, and what must come of it.

    *answer*: bytes, a function of the connection, or a list of them, one for each request (the last for ever).
    *keeps*: titles that must be published. *loses*: words that may stand in no published file. *reason*: what its
    failure must say, as a regular expression; None where it must not fail. *requests*: how many a refresh may make.
    *path*: what its address ends with. *url*: all of its address, where it is not on our origin. *more*: what else
    the origin answers, by the end of the path. *settings*: further lines of its table in config.toml.
    *secrets*: headers that its requests may carry.
    """

    name: str
    answer: Answer | Sequence[Answer] = b""
    keeps: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    reason: str | None = None
    requests: int = 1
    path: str = ""
    url: str = ""
    more: Mapping[str, Answer] = field(default_factory=dict)
    settings: str = ""
    secrets: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


def ok(body: bytes, kind: str = "application/xml", **headers: str) -> bytes:
    """A sound answer that carries *body*."""
    return answer("200 OK", body, Content_Type=kind, **headers)


def in_turn(*answers: Answer) -> Answer:
    """The next of *answers* at every request, the last one for ever."""
    left = list(answers)
    lock = threading.Lock()

    def send(connection: Any) -> None:
        with lock:
            found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, bytes):
            connection.sendall(found)
        else:
            found(connection)

    return send


def honest() -> list[Case]:
    """Five sound sources of different kinds, three articles each."""
    atom = '<feed xmlns="http://www.w3.org/2005/Atom"><title>Atom</title><id>urn:x:1</id>' + "".join(
        f"<entry><id>urn:x:1:{n}</id><title>Honest Atom {n}</title><updated>2026-11-24T0{n}:00:00Z</updated>"
        f'<link href="https://atom.example/{n}"/><summary>Words.</summary></entry>'
        for n in range(3)
    )
    items = [{"id": f"j{n}", "title": f"Honest JSON {n}", "content_html": "<p>Words"} for n in range(3)]
    document = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": items}).encode()
    russian = rss(*(item(f"ru{n}", f"Честная новость {n}") for n in range(3))).decode()
    bodies = {
        "honest rss": rss(*(item(f"rss{n}", f"Honest RSS {n}") for n in range(3))),
        "honest atom": f"{atom}</feed>".encode(),
        "honest json": document,
        "honest russian": russian.replace('"1.0"', '"1.0" encoding="windows-1251"').encode("windows-1251"),
        "honest undated": rss(*(item(f"u{n}", f"Honest undated {n}", date="") for n in range(3))),
    }
    titles = {name: f"Honest {kind} {{}}" for name, kind in (("honest rss", "RSS"), ("honest atom", "Atom"))}
    titles |= {"honest json": "Honest JSON {}", "honest russian": "Честная новость {}"}
    return [
        Case(name, ok(body), keeps=tuple(titles.get(name, "Honest undated {}").format(n) for n in range(3)))
        for name, body in bodies.items()
    ]


class Scene:
    """The origin, a canary, honest sources and the *cases*: `with Scene(folder, cases) as scene: scene.refresh()`.

    The origin answers on all of 127.1.0.0/16, which the program may connect: each source has a host of its own there.
    The canary listens on 127.0.0.1 and ::1, where nothing may ever lead. In a case's url and answers @ORIGIN, @OTHER
    (a host of its own), @SHARED (one for all) and @CANARY stand for "host:port", @PORT for the canary's port.
    """

    def __init__(
        self, folder: Path, cases: Sequence[Case], *, settings: str = "", one_host: bool = False, **fetch: str
    ) -> None:
        self.folder = folder
        self.cases = [*honest(), *cases]
        self._one_host = one_host
        self._settings = settings
        self._fetch = {"timeout": '"5s"', "concurrency": "64", "allow_private_networks": '["127.1.0.0/16"]'} | fetch
        self.origin = Origin(host="0.0.0.0")  # noqa: S104 – each source has an address of its own
        self.canaries = [Origin(host="127.0.0.1")]
        with suppress(OSError):  # no IPv6 on this machine
            self.canaries.append(Origin(host="::1", port=self.canaries[0].port))

    def __enter__(self) -> Scene:
        for server in (self.origin, *self.canaries):
            server.__enter__()
        for case in self.cases:
            answers = [case.answer] if isinstance(case.answer, bytes) or callable(case.answer) else case.answer
            known = [self._filled(each, case) for each in answers]
            sent = known[0] if len(known) == 1 else in_turn(*known)
            # As a server hears its own address, and as a proxy does.
            self.origin.answers |= {self._path(case): sent, self._filled(self.url(case), case): sent}
            for end, more in case.more.items():
                self.origin.answers[f"/{case.slug}{end}"] = self._filled(more, case)
        self.write_config()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for server in (self.origin, *self.canaries):
            server.__exit__(kind, error, at)

    def write_config(self) -> None:
        fetch = "".join(f"{name} = {value}\n" for name, value in self._fetch.items())
        fetch = fetch.replace("@ORIGINPORT", str(self.origin.port))
        text = f'[site]\nbase_url = "{BASE_URL}"\ncontact = "mailto:us@digest.example"\n[fetch]\n{fetch}'
        if "[publish]" not in self._settings:
            text += '[publish]\ntext = "full"\nentries = 10000\n'
        text += f'[topics.sahel]\nuse = "sahel"\n{self._settings}\n'
        for case in self.cases:
            url = json.dumps(self._filled(self.url(case), case))
            text += f'[[sources]]\nname = "{case.slug}"\nurl = {url}\n{self._filled(case.settings, case)}\n'
        (self.folder / "config.toml").write_text(text)

    def url(self, case: Case) -> str:
        return case.url or f"http://@ORIGIN{self._path(case)}"

    def host(self, case: Case) -> str:
        number = 1 if self._one_host and not case.slug.startswith("honest") else self.cases.index(case) + 2
        return f"127.1.{number // 250}.{number % 250 + 1}"

    def _path(self, case: Case) -> str:
        return f"/{case.slug}{case.path}"

    def _filled(self, said: Any, case: Case) -> Any:
        marks = {
            "@ORIGINPORT": str(self.origin.port),
            "@ORIGIN": f"{self.host(case)}:{self.origin.port}",
            "@OTHER": f"127.1.200.{self.cases.index(case) % 250 + 1}:{self.origin.port}",
            "@SHARED": f"127.1.201.1:{self.origin.port}",
            "@CANARY": f"127.0.0.1:{self.canaries[0].port}",
            "@PORT": str(self.canaries[0].port),
        }
        if isinstance(said, bytes):
            return _replaced(said, {mark.encode(): meant.encode() for mark, meant in marks.items()})
        for mark, meant in marks.items():
            said = said.replace(mark, meant) if isinstance(said, str) else said
        return said

    def refresh(
        self,
        at: datetime = NOW,
        *,
        off: Sequence[str] = (),
        names: Mapping[str, list[list[str]]] | None = None,
        environment: Mapping[str, str] | None = None,
        arguments: Sequence[str] = ("--force",),
    ) -> Run:
        """One refresh by the program, in a process of its own; *off* are guards that do not work in it."""
        heads = len(self.origin.heads)
        told = {
            "HOSTILE_NOW": at.isoformat(),
            "HOSTILE_OFF": ",".join(off),
            "HOSTILE_NAMES": json.dumps(names or {}),
            "PYTHONPATH": str(ROOT),
        }
        command = [
            sys.executable,
            "-m",
            "tests.hostile.driver",
            "-v",
            "--config",
            str(self.folder / "config.toml"),
            "refresh",
        ]
        started = time.monotonic()
        with subprocess.Popen(
            [*command, "--json", *arguments],
            cwd=self.folder,
            env={**os.environ, **told, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            watch = _Watch(process.pid)
            out, err = process.communicate()
            peaks = watch.end()
        seconds = time.monotonic() - started
        return Run(self, at, process.returncode, out, err, seconds, peaks, self.origin.heads[heads:])

    def deadline(self) -> float:
        """Seconds within which a refresh must end."""
        hosts = Counter(self.host(case) for case in self.cases)
        rounds = max(
            math.ceil(len(self.cases) / int(self._fetch["concurrency"])),
            math.ceil(max(hosts.values()) / int(self._fetch.get("per_host", "2"))),
        )
        return rounds * float(self._fetch["timeout"].strip('"s')) + PATIENCE + MARGIN


@dataclass(frozen=True)
class Run:
    """A refresh that ended. *peaks* is the most memory of each process, *heads* are the requests that the origin saw."""

    scene: Scene
    at: datetime
    code: int
    out: str
    err: str
    seconds: float
    peaks: list[int]
    heads: list[bytes]

    @property
    def output(self) -> Path:
        return self.scene.folder / "output"

    def reasons(self) -> dict[str, str]:
        """Why sources failed, by name."""
        return {each["source"]: each["error"] for each in json.loads(self.out)["failed"]}

    def items(self) -> list[dict[str, Any]]:
        """What is published, by `all/feed.json`."""
        found: list[dict[str, Any]] = json.loads((self.output / "all/feed.json").read_text())["items"]
        return found

    def titles(self, case: Case) -> list[str]:
        """Of the published articles that it carries, alone or with others."""
        sources = ((each["title"], each["_source"]) for each in self.items())
        return [title for title, source in sources if case.slug in (source["name"], *source.get("also", ()))]

    def requests(self, case: Case) -> list[bytes]:
        return [
            head
            for head in self.heads
            if re.match(rf"\S+ (http://[^/]+)?/{re.escape(case.slug)}(?![\w-])".encode(), head)
        ]

    def faults(self) -> list[str]:
        """All that is wrong; empty where everything is as it should be."""
        found = list(self.faults_of_the_run())
        found += [f"{case.name}: {fault}" for case in self.scene.cases for fault in self.faults_of(case)]
        return found

    def faults_of_the_run(self) -> Iterator[str]:
        """What is wrong, whatever the sources: with the process, and with what stands in output/."""
        yield from self.faults_of_the_process()
        yield from self._invalid()

    def faults_of_the_process(self) -> Iterator[str]:
        """What is wrong with exit code, stderr, time, memory, or where it led."""
        if self.code != 0 or not self.out:
            raise AssertionError(f"exit code {self.code}: {self.err[-2000:]}")
        for word in ("Traceback", "a bug", "Error:"):
            if word in self.err:
                yield f"{word} on stderr: {self.err[-2000:]}"
        if self.seconds > self.scene.deadline():
            yield f"took {self.seconds:.1f} s, may take {self.scene.deadline():.1f}"
        for peak in self.peaks:
            if peak > MEMORY:
                yield f"a process took {peak / 1e6:.0f} MB"
        for canary in self.scene.canaries:
            if canary.connections:
                yield f"the canary was connected {canary.connections} times"

    def faults_of(self, case: Case) -> Iterator[str]:
        """What is wrong with what came of *case*."""
        reason = self.reasons().get(case.slug)
        if reason is not None and (not reason.isprintable() or len(reason) > 400):
            yield f"its reason is no line for a person: {reason[:500]!r}"
        if (reason is None) != (case.reason is None) or (
            case.reason is not None and not re.search(case.reason, reason or "")
        ):
            yield f"failed for {reason!r}, expected {case.reason!r}"
        titles = self.titles(case)
        for title in case.keeps:
            if titles.count(title) != 1:
                yield f"{title!r} is published {titles.count(title)} times; there are {[each[:60] for each in titles[:9]]}"
        yield from self._wrong_requests(case)
        for lost in case.loses:
            yield from (f"{lost!r} stands in {path}" for path, body in self.files().items() if lost.encode() in body)

    def _wrong_requests(self, case: Case) -> Iterator[str]:
        heads = self.requests(case)
        if len(heads) > case.requests:
            yield f"asked {len(heads)} times, may be asked {case.requests} times"
        for head in heads:
            names = {line.partition(b":")[0].strip().lower().decode("latin-1") for line in head.split(b"\r\n")[1:]}
            wrong = names & set(_UNWANTED) - set(case.secrets)
            if wrong:
                yield f"a request carries {', '.join(sorted(wrong))}"

    def files(self) -> dict[str, bytes]:
        """Everything published."""
        return {
            str(path.relative_to(self.output)): path.read_bytes() for path in self.output.rglob("*") if path.is_file()
        }

    def _invalid(self) -> Iterator[str]:
        paths = [*self.output.glob("all/*"), *self.output.glob("sahel/*"), *self.output.glob("status/*.html")]
        for path in [*paths, *sorted(self.output.glob("articles/*.html"))[:30]]:
            if path.is_file():
                name = str(path.relative_to(self.output))
                faults = check_document(name, path.read_bytes(), BASE_URL + name, self.at)
                # So many entries as here, to see them all, are more than the validator takes.
                faults = [fault for fault in faults if not fault.startswith("ValidatorLimit")]
                yield from (f"{name}: {fault}" for fault in faults[:5])


def _replaced(sent: bytes, meant: Mapping[bytes, bytes]) -> bytes:
    """An answer with its marks replaced, and its length told anew where it was right."""
    head, blank, body = sent.partition(b"\r\n\r\n")
    right = b"Content-Length: %d" % len(body)
    for mark, value in meant.items():
        head, body = head.replace(mark, value), body.replace(mark, value)
    return head.replace(right, b"Content-Length: %d" % len(body)) + blank + body


class _Watch:
    """The most memory that each process of a tree ever held, looked at twenty times a second."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._peaks: dict[int, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> list[int]:
        self._ended.set()
        self._thread.join()
        return sorted(self._peaks.values(), reverse=True)

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            for pid in self._tree():
                self._peaks[pid] = max(self._peaks.get(pid, 0), _peak(pid))

    def _tree(self) -> set[int]:
        parents = {int(path.name): _parent(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
        found = {self._root}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def _peak(pid: int) -> int:
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def check(
    folder: Path,
    cases: Sequence[Case],
    times: int = 1,
    names: Mapping[str, list[list[str]]] | None = None,
    **settings: Any,
) -> list[Run]:
    """Refresh *times* times, an hour apart, and hold that nothing was wrong with any of them."""
    with Scene(folder, cases, **settings) as scene:
        runs = [scene.refresh(NOW + number * HOUR, names=names) for number in range(times)]
        for number, run in enumerate(runs):
            faults = run.faults() if number == len(runs) - 1 else list(run.faults_of_the_process())
            assert not faults, "\n".join(faults)
    report(runs, len(cases))
    return runs


def report(runs: Sequence[Run], cases: int) -> None:
    """What was measured, for those who look (pytest -s)."""
    worst = max(run.seconds for run in runs)
    peak = max(max(run.peaks, default=0) for run in runs)
    print(f"\n{cases} cases; the longest refresh {worst:.1f} s, the largest process {peak / 1e6:.0f} MB")
