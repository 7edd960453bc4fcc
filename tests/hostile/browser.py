"""Headless Chromium with a reader that trusts everything in it: what ran, what was there, and whom it asked."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.origin import Origin
from tests.web import Page, Web

_READER = Path(__file__).with_name("reader.html")
_QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking"
    " --disable-sync --disable-component-update --disable-default-apps --disable-extensions --enable-logging=stderr"
    " --log-level=0"
).split()
_CONSOLE = re.compile(r"INFO:CONSOLE[^\]]*\] (.*)")


@dataclass(frozen=True)
class Seen:
    """What the reader reported; *asked* are requests to other hosts as (URL, Referer), *console* what Chromium said."""

    report: dict[str, Any]
    asked: list[tuple[str, str]]
    console: list[str]

    @property
    def marks(self) -> set[int]:
        return set(self.report["marks"])


def chromium() -> str:
    """Its path; skips the test where it is not installed."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    return found


def read_feeds(web: Web, paths: Iterable[str], *, alone: bool = False) -> Seen:
    """The reader over feeds at *paths* of *web*; *alone*: every text is written in a document of its own."""
    return _read(web, {"kind": "feed", "paths": list(paths), "alone": alone})


def read_pages(web: Web, paths: Iterable[str]) -> Seen:
    """The reader over pages, each in a frame."""
    return _read(web, {"kind": "page", "paths": list(paths)})


def _read(web: Web, task: dict[str, Any]) -> Seen:
    came: list[str] = []
    ended = threading.Event()

    def report(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(204)
        handler.end_headers()
        came.append(handler.headers["X-Report"])
        ended.set()

    web.pages["/reader.html"] = Page(_READER.read_bytes(), headers={"Content-Type": "text/html"})
    web.pages["/task"] = Page(json.dumps(task).encode(), headers={"Content-Type": "application/json"})
    web.pages["/report"] = report
    asked, said = _browse(web.url("/reader.html"), ended)
    console = _CONSOLE.findall(said)
    assert came, ("the reader did not come to its end", console[:10])
    found = json.loads(came[0])
    assert "failed" not in found, found
    return Seen(found, asked, console)


def open_page(url: str) -> tuple[str, list[tuple[str, str]], list[str]]:
    """A page opened by itself: what became of it, requests to other hosts, and what the console says."""
    asked, said = _browse(url, threading.Event(), "--dump-dom")
    return said, asked, _CONSOLE.findall(said)


def _browse(url: str, ended: threading.Event, *more: str) -> tuple[list[tuple[str, str]], str]:
    """Until it ends by itself, or *ended* is set: requests to other hosts, and all that Chromium says.

    Those hosts are one that writes down what it is asked for, and has nothing.
    """
    with Origin() as elsewhere, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        others = [
            f"--proxy-server=http://127.0.0.1:{elsewhere.port}",
            f"--proxy-bypass-list=<-loopback>;{urlsplit(url).netloc}",
        ]
        command = [chromium(), *_QUIET, *others, f"--user-data-dir={profile}", *more, url]
        with Path(profile, "said").open("w+b") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
            try:
                deadline = time.monotonic() + 120
                while not ended.wait(0.1) and process.poll() is None and time.monotonic() < deadline:
                    pass
            finally:
                process.terminate()
                process.wait(10)
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
        return [_asked(head) for head in elsewhere.heads if b".example" in head.split(b"\r\n")[0]], text


def _asked(head: bytes) -> tuple[str, str]:
    referer = re.search(rb"(?mi)^referer: ([^\r]*)", head)
    return head.split(b" ")[1].decode("latin-1"), referer[1].decode("latin-1") if referer else ""
