"""What an article costs in each stage, from a feed's bytes to its page, and what of it feedparser would.

python -m bench.parts [--feeds 200]

Microseconds of one processor for each new article, the median of three; beside them the multiple of feedparser's own parse.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import feedparser

from bench import origin
from feeds import config as configuration
from feeds import reading
from feeds.config import Config, Source
from feeds.model import Outcome, Reading, Response, StoredArticle
from feeds.normalise import normalise
from feeds.outputs import output_feed, render_settings
from feeds.parse import parse
from feeds.render import article_page, render_feed
from feeds.store import Store
from feeds.topics import load_config

NOW = datetime.now(UTC).replace(microsecond=0)
CONFIG = """
[publish]
entries = 1000
[topics.sahel]
use = "sahel"
[topics.russia-africa]
use = "russia-africa"
"""
SOURCE = Source(url="https://bench.example/feed", name="Bench")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=200)
    feeds = parser.parse_args().feeds
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.toml").write_text(CONFIG)
        _print(_measured(configuration.load(Path(folder, "config.toml")), feeds))


def _measured(config: Config, feeds: int) -> dict[str, float]:
    """Seconds of each stage for one article."""
    documents = [_document(number) for number in range(feeds) if _kind(number) != "json"]
    topics = load_config(config)
    reading.prepare(config)
    parsed = [parse(each) for each in documents]
    articles = [normalise(each, SOURCE, NOW) for each in parsed]
    readings = [reading.read(each, SOURCE, NOW) for each in documents]
    packed = [reading.read_packed(each, SOURCE, NOW) for each in documents]
    stages: dict[str, Callable[[], object]] = {
        "feedparser alone": lambda: [feedparser.parse(each.body) for each in documents],
        "parse": lambda: [parse(each) for each in documents],
        "normalise": lambda: [normalise(each, SOURCE, NOW) for each in parsed],
        "topics": lambda: [topics.match(each, SOURCE) for found in articles for each in found],
        "from the child": lambda: [reading.unpacked(each) for each in packed],
        "store": lambda: _store(config, readings),
    }
    count = sum(len(each) for each in articles)
    took = {name: _seconds(stage) / count for name, stage in stages.items()}
    with Store(config.store_url, NOW) as store:
        took["full-text index"] = _once(store.index) / count
        settings = render_settings(config, store)
        feed = output_feed(config, store, NOW, "all")
        took["a feed's three formats"] = _seconds(lambda: render_feed(feed, settings)) / len(feed.articles)
        shown: tuple[StoredArticle, ...] = feed.articles
        took["its page"] = _seconds(lambda: [article_page(each, settings) for each in shown]) / len(shown)
    return took


def _kind(number: int) -> str:
    return origin.FORMATS[number % len(origin.FORMATS)]


def _document(number: int) -> Response:
    body = origin.document(number, _kind(number), 0)
    return Response(f"https://site{number}.example/feed", 200, {}, body)


def _store(config: Config, readings: list[Reading]) -> None:
    """As a first refresh would."""
    for left in config.path.parent.glob("feeds.db*"):
        left.unlink()
    with Store(config.store_url, NOW) as store:
        sources = [Source(url=f"https://bench.example/{number}", name=str(number)) for number in range(len(readings))]
        states = store.sync_sources(tuple(sources))
        store.save(
            [Outcome(state=states[str(number)], reading=each, status=200) for number, each in enumerate(readings)], NOW
        )


def _seconds(stage: Callable[[], object]) -> float:
    return statistics.median(_once(stage) for _ in range(3))


def _once(stage: Callable[[], object]) -> float:
    started = process_time()
    stage()
    return process_time() - started


def _print(took: dict[str, float]) -> None:
    whole = took["feedparser alone"]
    for name, seconds in took.items():
        print(f"{name:24}{1e6 * seconds:8.0f} µs {seconds / whole:6.2f}")


if __name__ == "__main__":
    main()
