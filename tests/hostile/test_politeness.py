"""Politeness, as server owners score it: when a server is asked again, with which validators, and by how many at once."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from pathlib import Path

from tests.build import DAY, HOUR, NOW
from tests.hostile.judge import Case, Run, Scene, ok, report
from tests.origin import answer, redirect
from tests.web import item, rss

FEED = rss(item("1", "Good one"))
TIMES = [NOW, NOW + HOUR, NOW + DAY + HOUR, NOW + 2 * DAY + HOUR, NOW + 3 * DAY + HOUR]  # NOW is a Tuesday, 12:00 UTC
EVERY = [1, 1, 1, 1, 1]


def hinted(head: str = "", **headers: str) -> bytes:
    return ok(rss(item("1", "Good one"), head=head), **headers)


def days(*names: str) -> str:
    return f"<skipDays>{''.join(f'<day>{name}</day>' for name in names)}</skipDays>"


def cut(connection: socket.socket) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nETag: "cut"\r\nContent-Length: 99999\r\n\r\n' + FEED)


# What is asked how often at each of TIMES, and which reason for its wait is shown after the last.
ASKED: list[tuple[Case, list[int], str]] = [
    (Case("plain", ok(FEED)), EVERY, "interval"),
    (Case("max-age of two hours", hinted(Cache_Control="max-age=7200")), [1, 0, 1, 1, 1], "Cache-Control"),
    (Case("max-age of a century", hinted(Cache_Control="max-age=3153600000")), [1, 0, 1, 1, 1], "Cache-Control"),
    (Case("expires in two hours", hinted(Expires="Tue, 24 Nov 2026 14:00:00 GMT")), [1, 0, 1, 1, 1], "Cache-Control"),
    (
        Case("expires in the year 9999", hinted(Expires="Fri, 31 Dec 9999 23:59:59 GMT")),
        [1, 0, 1, 1, 1],
        "Cache-Control",
    ),
    (Case("ttl of two hours", hinted("<ttl>120</ttl>")), [1, 0, 1, 1, 1], "ttl"),
    (Case("ttl of a year", hinted("<ttl>525600</ttl>")), [1, 0, 1, 1, 1], "ttl"),
    (Case("ttl beyond any number", hinted(f"<ttl>{'9' * 500}</ttl>")), EVERY, "interval"),
    (Case("skips the hour", hinted("<skipHours><hour>13</hour></skipHours>")), [1, 0, 0, 0, 1], "skipHours"),
    (Case("skips Wednesday and Thursday", hinted(days("Wednesday", "Thursday"))), [1, 1, 0, 0, 1], "interval"),
    (
        Case("skips every day", hinted(days(*"Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()))),
        EVERY,
        "interval",
    ),
    (Case("busy for a day", [answer("503 Busy", Retry_After="86400"), ok(FEED)]), [1, 0, 1, 1, 1], "interval"),
    (
        Case("busy until tomorrow", [answer("429 Slow down", Retry_After="Wed, 25 Nov 2026 12:30:00 GMT"), ok(FEED)]),
        [1, 0, 1, 1, 1],
        "interval",
    ),
    (Case("busy for ever", answer("503 Busy", Retry_After="1" + "0" * 30)), [1, 0, 0, 0, 0], "Retry-After"),
    (
        Case("busy since 1970", answer("503 Busy", Retry_After="Thu, 01 Jan 1970 00:00:00 GMT")),
        EVERY,
        "failures in a row",
    ),
    (Case("absent", answer("404 Not Found")), EVERY, "failures in a row"),
    (Case("gone", answer("410 Gone")), [1, 0, 0, 0, 0], "410 Gone"),
    (
        Case("moved for good", redirect("/moved-for-good/new", "301 Moved"), more={"/new": ok(FEED)}),
        [2, 2, 2, 2, 1],
        "interval",
    ),
    (
        Case("moved for good by 308", redirect("/moved-for-good-by-308/new", "308 Moved"), more={"/new": ok(FEED)}),
        [2, 2, 2, 2, 1],
        "interval",
    ),
    *(
        (
            Case(f"moved by {status}", redirect(f"/moved-by-{status}/new", f"{status} x"), more={"/new": ok(FEED)}),
            [2] * 5,
            "interval",
        )
        for status in (302, 303, 307)
    ),
    (
        Case(
            "moved for good to what moved for now",
            redirect("/moved-for-good-to-what-moved-for-now/a", "301 x"),
            more={"/a": redirect("/moved-for-good-to-what-moved-for-now/b"), "/b": ok(FEED)},
        ),
        [3] * 5,
        "interval",
    ),
]
# The If-None-Match of each request.
VALIDATORS: list[tuple[Case, list[bytes | None]]] = [
    (Case("keeps its ETag", [ok(FEED, ETag='"1"'), answer("304 x")]), [None, b'"1"', b'"1"', b'"1"', b'"1"']),
    (
        Case(
            "renews its ETag",
            [ok(FEED, ETag='"1"'), ok(FEED, ETag='"2"'), answer("304 x", ETag='"3"'), answer("304 x")],
        ),
        [None, b'"1"', b'"2"', b'"3"', b'"3"'],
    ),
    (Case("gives up its ETag", [ok(FEED, ETag='"1"'), ok(FEED)]), [None, b'"1"', None, None, None]),
    (Case("a cut body", [cut, cut, ok(FEED, ETag='"1"'), answer("304 x")]), [None, None, None, b'"1"', b'"1"']),
    (
        Case(
            "a page in place of a feed",
            [ok(b"<html>", ETag='"page"'), ok(b"<html>", ETag='"page"'), ok(FEED, ETag='"1"'), answer("304 x")],
        ),
        [None, None, None, b'"1"', b'"1"'],
    ),
    (
        Case(
            "a page after a feed",
            [ok(FEED, ETag='"1"'), ok(b"<html>", ETag='"page"'), ok(b"<html>", ETag='"page"'), ok(FEED, ETag='"2"')],
        ),
        [None, b'"1"', b'"1"', b'"1"', b'"2"'],
    ),
    (
        Case("an error with an ETag", [answer("500 x", ETag='"error"'), ok(FEED, ETag='"1"'), answer("304 x")]),
        [None, None, b'"1"', b'"1"', b'"1"'],
    ),
    (
        Case(
            "a redirect with an ETag",
            [answer("302 x", ETag='"away"', Location="/a-redirect-with-an-etag/end")],
            more={"/end": ok(FEED)},
            requests=2,
        ),
        [None] * 5,
    ),
    (
        Case("304 without being asked", [answer("304 x", ETag='"x"'), ok(FEED, ETag='"1"'), answer("304 x")]),
        [None, None, b'"1"', b'"1"', b'"1"'],
    ),
    (
        Case(
            "flips between two feeds",
            [ok(FEED, ETag='"1"'), ok(rss(item("2", "Other")), ETag='"2"'), ok(FEED, ETag='"1"'), answer("304 x")],
        ),
        [None, b'"1"', b'"2"', b'"1"', b'"1"'],
    ),
    (
        Case(
            "empties itself",
            [ok(FEED, ETag='"1"'), ok(rss(), ETag='"2"'), answer("200 OK", ETag='"3"'), ok(FEED, ETag='"4"')],
        ),
        [None, b'"1"', b'"2"', b'"2"', b'"4"'],
    ),
]


def validators_sent(run: Run, case: Case) -> bytes | None:
    found = re.search(rb"\r\nIf-None-Match: (.*?)\r\n", run.requests(case)[0])
    return found[1] if found else None


def test_politeness(tmp_path: Path) -> None:
    cases = [case for case, *_ in ASKED] + [case for case, _ in VALIDATORS]
    with Scene(tmp_path, cases) as scene:
        runs = [scene.refresh(at, arguments=()) for at in TIMES]
        asked = {case.name: [len(run.requests(case)) for run in runs] for case, *_ in ASKED}
        assert asked == {case.name: expected for case, expected, _ in ASKED}
        sent = {case.name: [validators_sent(run, case) for run in runs] for case, _ in VALIDATORS}
        assert sent == {case.name: expected for case, expected in VALIDATORS}
        rows = {row["name"]: row for row in json.loads((tmp_path / "output/status/status.json").read_text())["sources"]}
        reasons = {case.name: rows[case.slug]["wait_reason"] for case, *_ in ASKED}
        assert not {name: why for (case, _, word) in ASKED if word not in (why := reasons[name := case.name])}
        assert len({row["next_check"] for name, row in rows.items() if name.startswith("honest")}) > 1, "no jitter"
        forced = scene.refresh(TIMES[-1] + HOUR, arguments=("--force",))
        assert not [case.name for case, *_ in ASKED if case.name in ("gone", "busy for ever") and forced.requests(case)]
        assert not (faults := list(forced.faults_of_the_run())), "\n".join(faults)
        for run in (*runs, forced):
            assert not (faults := list(run.faults_of_the_process())), "\n".join(faults)
            for head in run.heads:
                assert_polite(head)
    report(runs, len(cases))


def assert_polite(head: bytes) -> None:
    lines = head.decode("latin-1").split("\r\n")
    fields = [line.partition(": ")[::2] for line in lines[1:-2]]
    names = [name.lower() for name, _ in fields]
    assert lines[0].startswith("GET /"), lines[0]
    assert lines[0].endswith(" HTTP/1.1"), lines[0]
    assert len(names) == len(set(names)), "a header twice"
    assert not {"cookie", "referer", "authorization", "range", "from", "x-forwarded-for", "via"} & set(names)
    said = dict(zip(names, (value for _, value in fields), strict=True))
    assert re.fullmatch(r"feeds/\d\S* \(\+mailto:us@digest\.example\)", said["user-agent"])
    assert said["accept-encoding"].startswith("gzip")
    assert "application/atom+xml" in said["accept"]


def test_host_is_asked_by_two_at_once(tmp_path: Path) -> None:
    lock = threading.Lock()
    running: list[int] = []
    most: list[int] = []

    def slow(connection: socket.socket) -> None:
        with lock:
            running.append(1)
            most.append(len(running))
        time.sleep(0.05)
        with lock:
            running.pop()
        connection.sendall(ok(FEED))

    cases = [Case(f"feed {number} of one host", slow, keeps=("Good one",)) for number in range(12)]
    with Scene(tmp_path, cases, one_host=True) as scene:
        run = scene.refresh()
        assert not (faults := run.faults()), "\n".join(faults)
    assert (len(most), max(most)) == (12, 2)
