"""Serving: conditional requests a second for a file of output/, beside Starlette's own StaticFiles; while output/ changes.

python -m bench.serve [--seconds 5] [--requests 100000]      needs wrk (Debian: apt-get install wrk)
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle
from pathlib import Path

from bench import corpus
from bench.publish import NEWEST, prepare
from feeds import pipeline
from feeds.config import Config, load
from feeds.store import Store

PLAIN = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
app = Starlette(routes=[Mount("/", StaticFiles(directory=sys.argv[1], html=True))])
uvicorn.run(app, port=int(sys.argv[2]), log_level="critical", access_log=False)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=100_000, help="over which memory is watched")
    given = parser.parse_args()
    seconds = given.seconds
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory() as folder:
        config = prepare(Path(folder), 5_000)
        with Store(config.store_url, NEWEST) as store:
            pipeline.publish_all(config, store, NEWEST)
        plain = [sys.executable, "-c", PLAIN, str(config.output_dir), "8971"]
        with _running(plain, 8971):
            base, _ = _asked("http://127.0.0.1:8971/all/atom.xml", seconds)
        ours = [sys.executable, "-m", "feeds", "--config", f"{folder}/config.toml", "serve", "--port", "8972"]
        with _running(ours, 8972) as process:
            quiet, slowest = _asked("http://127.0.0.1:8972/all/atom.xml", seconds)
            print(
                f"conditional requests: {quiet:.0f} a second, {quiet / base:.2f} × StaticFiles'; 99 of 100 within {slowest}"
            )
            before = _memory(process.pid)
            with _publishing(config):
                busy, slowest = _asked("http://127.0.0.1:8972/all/atom.xml", seconds)
            print(f"while publishing: {busy / base:.2f} × StaticFiles' alone; 99 of 100 within {slowest}")
            grown = _memory(process.pid) / before
            print(f"memory {before / 1e6:.0f} MB, after {busy * seconds:.0f} requests more {grown:.2f} × that")
            _watch_memory("http://127.0.0.1:8972/", process.pid, given.requests)


_MIXED = (
    "all/atom.xml",
    "search/atom.xml?q=mali&limit=10",
    "search?q=-",
    "articles/nothing.html",
    "index.html",
    "api/articles?limit=5",
)


def _watch_memory(url: str, pid: int, requests: int) -> None:
    """Say what memory the server takes, tenth by tenth of *requests*: files, searches, refusals, a second of each in turn."""
    asked, paths = 0, cycle(_MIXED)
    for tenth in range(1, 11):
        while asked < requests * tenth // 10:
            asked += _sent(url + next(paths), 1)
        print(f"memory after {asked:,} mixed requests: {_memory(pid) / 1e6:.1f} MB")


def _sent(url: str, seconds: int) -> int:
    """How many requests were answered in *seconds*."""
    out = subprocess.run(
        ["wrk", "-t1", "-c32", f"-d{seconds}s", url], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"(\d+) requests in", out)
    assert found
    return int(found[1])


@contextmanager
def _running(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/index.html").close()
                break
            except OSError:
                time.sleep(0.1)
        yield process
        process.terminate()


def _asked(url: str, seconds: int) -> tuple[float, str]:
    """Requests a second, all answered 304, and the time within which 99 of 100 were."""
    with urllib.request.urlopen(url) as answer:
        tag = answer.headers["ETag"]
    command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", "-H", f"If-None-Match: {tag}", url]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate, slowest = re.search(r"Requests/sec:\s+([\d.]+)", out), re.search(r"99%\s+(\S+)", out)
    assert rate
    assert slowest
    return float(rate[1]), slowest[1]


@contextmanager
def _publishing(config: Config) -> Iterator[None]:
    """Ten new articles, and again, in a process of its own."""
    script = f"from bench.serve import publish_until_killed; publish_until_killed({str(config.path)!r})"
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        yield
        process.kill()


def publish_until_killed(path: str) -> None:
    """Add ten articles and publish, over and over."""
    config = load(Path(path))
    start = 10_000
    while True:
        with Store(config.store_url, NEWEST) as store:
            corpus.fill(store, range(start, start + 10), NEWEST, timedelta(seconds=1))
            pipeline.publish_all(config, store, NEWEST)
        start += 10


def _memory(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
