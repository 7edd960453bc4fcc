"""Publishing: the first time, after ten new articles, and with nothing new; beside the imports that it can't do without.

python -m bench.publish [--articles 100000] [--sentences 5] [--text summary] [--entries 100] [--window 30d]

What it takes of memory shows with `--articles 10000 --sentences 80 --text full --entries 10000 --window 400d`: whole texts
of 10 kB, each in every feed that it belongs to.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import corpus
from feeds import config as configuration
from feeds.store import Store
from feeds.topics import fingerprint, load_config

NEWEST = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
CONFIG = """
[site]
title = "Bench"
[topics.sahel]
use = "sahel"
[topics.russia-africa]
use = "russia-africa"
"""
IMPORTS = [sys.executable, "-c", "import sqlalchemy, feedgen"]


# Linux counts for a child what its parent had when it forked; this is the process's own.
PUBLISH = """
import atexit, re, sys
from feeds.__main__ import main
atexit.register(lambda: print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1], file=sys.stderr))
sys.argv = ["feeds", "--config", sys.argv[1], "publish"]
main()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--sentences", type=int, default=5, help="of each article's text")
    parser.add_argument("--text", default="summary", help="[publish] text")
    parser.add_argument("--entries", type=int, default=100, help="[publish] entries")
    parser.add_argument("--window", default="30d", help="[publish] window")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = f'[publish]\ntext = "{given.text}"\nentries = {given.entries}\nwindow = "{given.window}"\n'
        _measure(Path(folder), given.articles, given.sentences, settings)


def _measure(folder: Path, count: int, sentences: int, settings: str) -> None:
    config = prepare(folder, count, sentences, settings)
    publish = [sys.executable, "-c", PUBLISH, str(folder / "config.toml")]
    first, most = _taken(publish)
    archived = sum(path.read_bytes().count(b"<entry ") for path in (folder / "output").glob("*/archive/*.atom.xml"))
    print(
        f"{count} articles; first publish {first:.1f} s, at most {most:.0f} MB: {archived} entries in archives,"
        f" {archived / first:.0f} a second"
    )
    with Store(config.store_url, NEWEST) as store:
        store.index()  # which else goes on with each publishing, 2,000 articles at a time
    imports = statistics.median(_taken(IMPORTS)[0] for _ in range(5))
    same = statistics.median(_taken(publish)[0] for _ in range(3))
    ten = []
    for step in range(3):
        with Store(config.store_url, NEWEST) as store:
            start = count + 10 * step
            at = NEWEST + timedelta(minutes=step)
            corpus.fill(store, range(start, start + 10), at, timedelta(seconds=1), sentences)
        ten.append(_taken(publish))
    new, most = statistics.median(seconds for seconds, _ in ten), max(megabytes for _, megabytes in ten)
    print(f"imports alone {imports:.2f} s; nothing new {same / imports:.1f} × that (+{same - imports:.2f} s)")
    print(f"after ten new articles {new / imports:.1f} × the imports (+{new - imports:.2f} s), at most {most:.0f} MB")


def prepare(folder: Path, count: int, sentences: int = 5, settings: str = "") -> configuration.Config:
    """A config and a store of *count* articles in *folder*, spread over a year."""
    (folder / "config.toml").write_text(CONFIG + settings + "".join(
        f'[[sources]]\nurl = "{source.url}"\nname = "{source.name}"\n' for source in corpus.sources()
    ))  # fmt: skip
    config = configuration.load(folder / "config.toml")
    with Store(config.store_url, NEWEST) as store:
        store.set_topic_digests(load_config(config).digests, fingerprint(config))  # the topics are the corpus's own
        corpus.fill(store, range(count), NEWEST, timedelta(days=365) / count, sentences)
    return config


def _taken(command: list[str]) -> tuple[float, float]:
    """How long *command* took, in seconds, and how much memory it had at most, in megabytes (0 where it did not say)."""
    started = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = done.stderr.split()
    return time.perf_counter() - started, int(said[-1]) / 1000 if said and said[-1].isdigit() else 0.0


if __name__ == "__main__":
    main()
