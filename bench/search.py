"""Searching: a hundred mixed queries on a store of many articles; and what it costs to bring an article into the index.

python -m bench.search [--articles 100000]
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench import corpus
from bench.publish import NEWEST
from feeds import search
from feeds.search import Query
from feeds.store import Store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    count = parser.parse_args().articles
    with tempfile.TemporaryDirectory() as folder, Store(f"sqlite:///{Path(folder, 'feeds.db')}", NEWEST) as store:
        started = time.perf_counter()
        corpus.fill(store, range(count), NEWEST, timedelta(days=365) / count)
        saved = time.perf_counter() - started
        started = time.perf_counter()
        store.index()
        indexed = time.perf_counter() - started
        print(f"{count} articles: saved in {saved:.0f} s, indexed in {indexed / saved:.2f} × that "
              f"({indexed / count * 1e6:.0f} µs each)")  # fmt: skip
        _search(store)


def times(store: Store) -> dict[str, list[float]]:
    """Milliseconds of a hundred searches, by their kind."""
    chance = random.Random(1)
    took: dict[str, list[float]] = {}
    for _ in range(100):
        kind, query = _query(chance)
        started = time.perf_counter()
        store.search(query, 50)
        took.setdefault(kind, []).append(1000 * (time.perf_counter() - started))
    return took


def _search(store: Store) -> None:
    took = times(store)
    every = sorted(each for kind in took.values() for each in kind)
    print(
        f"100 searches of 50: median {every[50]:.1f} ms, 95 of 100 under {every[94]:.1f} ms, slowest {every[99]:.1f} ms"
    )
    for kind, mine in sorted(took.items()):
        print(f"  {kind}: median {statistics.median(mine) / every[50]:.2f} × that of all, slowest {max(mine):.1f} ms")


def _query(chance: random.Random) -> tuple[str, Query]:
    language = chance.choice(corpus.LANGUAGES)
    word, other = chance.sample(corpus.words_of(language), 2)
    rare = chance.choice(corpus.RARE)
    country = chance.choice(corpus.COUNTRIES)[0]
    return chance.choice((
        ("rare word", search.parse(rare)),
        ("frequent word", search.parse(word)),
        ("two words", search.parse(f"{word} {rare}")),
        ("phrase", search.parse(f'"{word} {other}"')),
        ("minus", search.parse(f"{word} -{rare}")),
        ("prefix", search.parse(f"{word[:3]}*")),
        ("filters", search.parse(word, lang=language, topic="sahel", country=country)),
        ("rare filters", search.parse(f"{rare} country:{country}", since="2026-06")),
        ("nothing", search.parse(f"{word} {rare} zzzz")),
    ))  # fmt: skip


if __name__ == "__main__":
    main()
