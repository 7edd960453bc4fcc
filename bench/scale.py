"""Growth: more feeds, and more articles in the store, beside the least of each; seconds, megabytes and multiples.

python -m bench.scale [--feeds 200 1000 5000] [--articles 31250 100000]        1000000 articles take twenty minutes to make
python -m bench.scale --site                       with a page for every article, month and source, and not feeds alone

A refresh for the first time, unchanged, and with one feed in ten changed, for each feed: whole processes, the peak memory
of all of them together (Pss: what they share counts once). Then, on the feeds of the first number, a refresh with one in
ten changed in stores of so many articles, and a hundred searches.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from bench import corpus, origin
from bench.refresh import CONFIG, FEEDS_ALONE, PHASES
from bench.search import times
from feeds import config as configuration
from feeds.store import Store

ROUNDS = 3
KEEPING = '[retention]\narticles = "36500d"\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, nargs="+", default=[200, 1000, 5000])
    parser.add_argument("--articles", type=int, nargs="*", default=[31_250, 100_000])
    parser.add_argument("--site", action="store_true")
    wanted = parser.parse_args()
    base: list[float] = []
    for feeds in wanted.feeds:
        *seconds, megabytes = _of_feeds(feeds, wanted.site)
        each = [1000 * took / feeds for took in seconds]
        base = base or each
        columns = (
            f"{name} {mine:.2f} ({mine / first:.2f})" for name, mine, first in zip(PHASES, each, base, strict=True)
        )
        print(f"{feeds} feeds, ms a feed: {', '.join(columns)}; at most {megabytes:.0f} MB", flush=True)
    base = []
    for articles in wanted.articles:
        found = _of_articles(wanted.feeds[0], articles, wanted.site)
        base = base or found
        names = ("refresh", "publish", "95th search")
        columns = (
            f"{name} {mine:.3f} s ({mine / first:.2f})" for name, mine, first in zip(names, found, base, strict=True)
        )
        print(f"{articles} articles: {', '.join(columns)}", flush=True)


def _of_feeds(feeds: int, site: bool) -> list[float]:
    """Seconds of each phase, and the peak of memory in MB."""
    with origin.running(feeds) as port, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _configure(folder, port, feeds, site)
        cold, peak = _refresh(folder)
        _settle(folder)
        peaks = [peak]
        same: list[float] = []
        tenth: list[float] = []
        for edition in range(1, ROUNDS + 1):
            for took in (same, tenth):
                seconds, peak = _refresh(folder)
                took.append(seconds)
                peaks.append(peak)
                origin.show(port, edition)
        return [cold, statistics.median(same), statistics.median(tenth), max(peaks)]


def _of_articles(feeds: int, articles: int, site: bool) -> list[float]:
    """Seconds of a refresh with one feed in ten changed, of publishing with nothing new, and of 95 of 100 searches."""
    with origin.running(feeds) as port, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _configure(folder, port, feeds, site)
        _refresh(folder)
        newest = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
        config = configuration.load(folder / "config.toml")
        with Store(config.store_url, newest) as store:
            missing = max(0, articles - sum(1 for _ in store.articles()))
            for start in range(0, missing, 100_000):
                some = range(start, min(start + 100_000, missing))
                corpus.fill(store, some, newest - timedelta(days=30 * start / 100_000), timedelta(days=30) / 100_000)
        _settle(folder)
        tenth, same = [], []
        for edition in range(1, ROUNDS + 1):
            origin.show(port, edition)
            tenth.append(_refresh(folder)[0])
            same.append(_seconds([*_feeds(folder), "publish"]))
        with Store(config.store_url, newest) as store:
            searches = sorted(each for took in times(store).values() for each in took)
        return [statistics.median(tenth), statistics.median(same), searches[94] / 1000]


def _configure(folder: Path, port: int, feeds: int, site: bool) -> None:
    tables = (
        f'[[sources]]\nurl = "{url}"\nname = "Feed {number}"\n' for number, url in enumerate(origin.urls(port, feeds))
    )
    (folder / "config.toml").write_text(CONFIG + KEEPING + ("" if site else FEEDS_ALONE) + "".join(tables))


def _settle(folder: Path) -> None:
    """Have everything published, and in the full-text index, which else goes on with each publishing."""
    subprocess.run([*_feeds(folder), "publish"], check=True, stdout=subprocess.DEVNULL)
    config = configuration.load(folder / "config.toml")
    with Store(config.store_url, datetime.now(UTC)) as store:
        store.index()


def _refresh(folder: Path) -> tuple[float, float]:
    """Seconds, and the peak of memory in MB."""
    started = perf_counter()
    with subprocess.Popen([*_feeds(folder), "refresh", "--force"], stdout=subprocess.DEVNULL) as process:
        watch = _Watch(process.pid)
        watch.start()
        code = process.wait()
        seconds = perf_counter() - started
        watch.ended.set()
        watch.join()
    if code:
        raise SystemExit(f"feeds refresh ended with {code}")
    return seconds, watch.peak


def _seconds(command: list[str]) -> float:
    started = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - started


def _feeds(folder: Path) -> list[str]:
    return [sys.executable, "-m", "feeds", "--config", str(folder / "config.toml")]


class _Watch(threading.Thread):
    """Looks, a few times a second, how much memory a process and all that it started take together: *peak*, in MB."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.peak = 0.0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.2):
            self.peak = max(self.peak, sum(map(_megabytes, _family(self._pid))))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # it has ended
            continue
        for child in children:
            yield from _family(int(child))


def _megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


if __name__ == "__main__":
    main()
