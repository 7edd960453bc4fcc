"""Refreshing: feeds for the first time, unchanged, and one in ten with two new items; beside newsboat, reader and requests.

python -m bench.refresh [--feeds 1000] [--rounds 3]     newsboat and reader are measured where they are installed
python -m bench.refresh --latency 100                   as far away as other continents: each answer takes 100 ms

Each figure is the whole process's, the median of all rounds: started, fetched, parsed, stored, and here also matched and
published: as feeds alone, and with a page for every article, month and source. The origin is a process of its own, on 250
loopback addresses. The requests loop only fetches, and keeps the validators; it is tried with several numbers of threads,
and the best counts, phase by phase. An untimed run comes before the second phase.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from bench import origin

PHASES = ("cold", "unchanged", "one in ten")
THREADS = (1, 2, 4, 8, 16, 32)
_FAR = (32,)  # as many as ours has
PER_HOST = 2
CONFIG = f"""
[site]
title = "Bench"
[fetch]
allow_private_networks = ["127.0.0.0/8"]
per_host = {PER_HOST}
[topics.sahel]
use = "sahel"
[topics.russia-africa]
use = "russia-africa"
"""
FEEDS_ALONE = '[publish]\nformats = ["atom", "rss", "json"]\n'
READER = """
import sys, reader
from pathlib import Path
with reader.make_reader("reader.db") as mine:
    if sys.argv[1] == "add":
        for url in Path("urls").read_text().split():
            mine.add_feed(url)
    else:
        mine.update_feeds(scheduled=False, workers=int(sys.argv[2]))
"""
REQUESTS = f"""
import json, sys, threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
import requests
mine, kept = threading.local(), Path("tags.json")
tags = json.loads(kept.read_text()) if kept.exists() else {{}}
places = defaultdict(lambda: threading.Semaphore({PER_HOST}))
urls = Path("urls").read_text().split()
for url in urls:
    places[urlsplit(url).hostname]
def get(url):
    if not hasattr(mine, "session"):
        mine.session = requests.Session()
        mine.session.trust_env = False
    with places[urlsplit(url).hostname]:
        answer = mine.session.get(url, headers={{"If-None-Match": tags[url]}} if url in tags else {{}}, timeout=20)
    return url, answer.headers["ETag"]
with ThreadPoolExecutor(int(sys.argv[1])) as pool:
    kept.write_text(json.dumps(dict(pool.map(get, urls))))
"""

Contender = Callable[[Path, list[str], int], list[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=int, default=0, metavar="MS")
    wanted = parser.parse_args()
    took: dict[str, list[list[float]]] = {}
    with origin.running(wanted.feeds, wanted.latency) as port:
        for number in range(wanted.rounds):
            for name, contender in _contenders(_FAR if wanted.latency else THREADS).items():
                _tell(f"round {number + 1}: {name}")
                took.setdefault(name, []).append(_phases(contender, port, wanted.feeds, xml=name == "newsboat"))
    medians = {name: [statistics.median(phase) for phase in zip(*rounds, strict=True)] for name, rounds in took.items()}
    _print(_with_best(medians), wanted.feeds)


def _contenders(threads: Sequence[int]) -> dict[str, Contender]:
    """How to start each, by its name."""
    found: dict[str, Contender] = {"feeds": _ours(site=False), "feeds and site": _ours(site=True)}
    if shutil.which("newsboat"):
        found["newsboat"] = _newsboat
    if importlib.util.find_spec("reader"):
        found["reader"] = _reader
    return found | {f"requests, {number} threads": _requests(number) for number in threads}


def _phases(contender: Contender, port: int, feeds: int, *, xml: bool) -> list[float]:
    """The seconds of each phase, from an empty store on."""
    urls = origin.urls(port, feeds, xml=xml)
    with tempfile.TemporaryDirectory() as folder:
        command = contender(Path(folder), urls, feeds)
        took, answers = [], []
        for phase, edition in zip(PHASES, (0, 0, 1), strict=True):
            if phase == "unchanged":
                _seconds(command, Path(folder))  # newsboat keeps validators from its second time on
            origin.show(port, edition)
            took.append(_seconds(command, Path(folder)))
            answers.append(origin.show(port, edition))
        _check(answers, feeds)
        return took


def _check(answers: list[dict[str, int]], feeds: int) -> None:
    """That every feed was asked once in each phase, and what was unchanged with its validator."""
    changed = len(range(0, feeds, origin.CHANGED))
    expected = [{"200": feeds, "304": 0}, {"200": 0, "304": feeds}, {"200": changed, "304": feeds - changed}]
    if answers != expected:
        _tell(f"  it asked otherwise than it should: {answers}")


def _ours(*, site: bool) -> Contender:
    def prepare(folder: Path, urls: list[str], feeds: int) -> list[str]:
        formats = "" if site else FEEDS_ALONE
        tables = (f'[[sources]]\nurl = "{url}"\nname = "Feed {number}"\n' for number, url in enumerate(urls))
        (folder / "config.toml").write_text(CONFIG + formats + "".join(tables))
        return [sys.executable, "-m", "feeds", "refresh", "--force"]

    return prepare


def _newsboat(folder: Path, urls: list[str], feeds: int) -> list[str]:
    (folder / "urls").write_text("\n".join(urls) + "\n")
    (folder / "config").write_text("reload-threads 32\n")
    return ["newsboat", "-u", "urls", "-C", "config", "-c", "cache.db", "-x", "reload"]


def _reader(folder: Path, urls: list[str], feeds: int) -> list[str]:
    (folder / "urls").write_text("\n".join(urls))
    subprocess.run([sys.executable, "-c", READER, "add"], check=True, cwd=folder)
    return [sys.executable, "-c", READER, "update", "32"]


def _requests(threads: int) -> Contender:
    def prepare(folder: Path, urls: list[str], feeds: int) -> list[str]:
        (folder / "urls").write_text("\n".join(urls))
        return [sys.executable, "-c", REQUESTS, str(threads)]

    return prepare


def _seconds(command: list[str], folder: Path) -> float:
    started = perf_counter()
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return perf_counter() - started


def _with_best(medians: dict[str, list[float]]) -> dict[str, list[float]]:
    """The requests loops as one, at the best number of threads of each phase."""
    loops = [seconds for name, seconds in medians.items() if name.startswith("requests")]
    others = {name: seconds for name, seconds in medians.items() if not name.startswith("requests")}
    return others | {"requests alone": [min(phase) for phase in zip(*loops, strict=True)]}


def _print(medians: dict[str, list[float]], feeds: int) -> None:
    listed = sum(len(origin.items(number, 0)) for number in range(feeds))
    print(f"{feeds} feeds on {len(origin.HOSTS)} hosts, {listed} items; seconds, and feeds' as a multiple of them")
    print(" " * 16 + "".join(f"{phase:>18}" for phase in PHASES))
    for name, seconds in medians.items():
        ratios = (mine / its for mine, its in zip(medians["feeds"], seconds, strict=True))
        columns = (f"{each:9.2f} ({ratio:5.2f})" for each, ratio in zip(seconds, ratios, strict=True))
        print(f"{name:16}" + " ".join(columns))


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
