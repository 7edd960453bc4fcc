"""Publishing: the first time, after ten new articles, and with nothing new; beside the imports that it can't do without.

python -m bench.publish [--articles 100000]
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    count = parser.parse_args().articles
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), count)


def _measure(folder: Path, count: int) -> None:
    config = prepare(folder, count)
    publish = [sys.executable, "-m", "feeds", "--config", str(folder / "config.toml"), "publish"]
    first = _seconds(publish)
    archived = sum(path.read_bytes().count(b"<entry ") for path in (folder / "output").glob("*/archive/*.atom.xml"))
    print(
        f"{count} articles; first publish {first:.1f} s: {archived} entries in archives, {archived / first:.0f} a second"
    )
    with Store(config.store_url, NEWEST) as store:
        store.index()  # which else goes on with each publishing, 2,000 articles at a time
    imports = statistics.median(_seconds(IMPORTS) for _ in range(5))
    same = statistics.median(_seconds(publish) for _ in range(3))
    ten = []
    for step in range(3):
        with Store(config.store_url, NEWEST) as store:
            start = count + 10 * step
            corpus.fill(store, range(start, start + 10), NEWEST + timedelta(minutes=step), timedelta(seconds=1))
        ten.append(_seconds(publish))
    new = statistics.median(ten)
    print(f"imports alone {imports:.2f} s; nothing new {same / imports:.1f} × that (+{same - imports:.2f} s)")
    print(f"after ten new articles {new / imports:.1f} × the imports (+{new - imports:.2f} s)")


def prepare(folder: Path, count: int) -> configuration.Config:
    """A config and a store of *count* articles in *folder*, spread over a year."""
    (folder / "config.toml").write_text(CONFIG + "".join(
        f'[[sources]]\nurl = "{source.url}"\nname = "{source.name}"\n' for source in corpus.sources()
    ))  # fmt: skip
    config = configuration.load(folder / "config.toml")
    with Store(config.store_url, NEWEST) as store:
        store.set_topic_digests(load_config(config).digests, fingerprint(config))  # the topics are the corpus's own
        corpus.fill(store, range(count), NEWEST, timedelta(days=365) / count)
    return config


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
