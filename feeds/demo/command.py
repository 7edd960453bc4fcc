"""`feeds demo`: two refreshes from the bundled origin, told as they happen. Called by cli."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from feeds import config as configuration
from feeds import pipeline
from feeds.counted import counted
from feeds.demo import Origin, config_toml
from feeds.errors import FeedsError
from feeds.model import StoredArticle
from feeds.pipeline import RefreshResult
from feeds.store import Selection, Store

Echo = Callable[[str], None]


def run_demo(directory: Path, echo: Echo) -> None:
    """Write a config, a store and output/ into *directory*, and say what happened and what to open next."""
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FeedsError(f"{directory} can't be written: {error.strerror}") from error
    with Origin(now) as origin:
        path = directory / "config.toml"
        path.write_text(config_toml(origin.url), encoding="utf-8")
        config = configuration.load(path)
        with Store(config.store_url, now) as store:
            echo(f"{len(config.sources)} invented sources in seven languages, served from this machine.\n")
            _tell(pipeline.refresh(config, store, now, force=True), "First refresh", echo)
            origin.advance()
            echo("\nAn hour of news later …\n")
            _tell(pipeline.refresh(config, store, now, force=True), "Second refresh", echo)
            for topic in config.topics:
                _show(
                    store.select(Selection(topic, now - config.publish.window, now, 5)),
                    config.topics[topic].title,
                    echo,
                )
    echo(f"""
What to open next:
  {directory / "output" / "index.html"}            the articles, as pages
  {directory / "output" / "sahel" / "atom.xml"}        a feed, for any reader
  {directory / "output" / "status" / "index.html"}     how the sources fare
  {directory / "config.toml"}                  what was followed
Then, in {directory}:  feeds sources   |   feeds search mali   |   feeds serve   |   feeds explain "Mali's ruler visits Moscow"
""")


def _tell(result: RefreshResult, name: str, echo: Echo) -> None:
    answered = counted(result.fetched, "source", "sources")
    echo(f"{name}: {answered} answered, {result.unchanged} had nothing new, {len(result.failed)} failed;")
    updated = counted(result.updated, "updated article", "updated articles")
    echo(f"  {result.new} new and {updated}, {counted(len(result.published), 'file', 'files')} written")
    for failure in result.failed:
        echo(f"  {failure.source}: {failure.error}")


def _show(articles: list[StoredArticle], title: str, echo: Echo) -> None:
    echo(f"\n{title}, the newest:")
    for article in articles:
        names = ", ".join([article.source.name, *(source.name for source in article.also)])
        why = ", ".join(
            dict.fromkeys(each.label or each.concept for match in article.topics.values() for each in match.evidence)
        )
        seen = "" if article.published else "first seen "
        echo(f"  {seen}{article.date:%d %b %H:%M}  [{article.language or '?'}] {article.title}")
        echo(f"                 {names}" + (f"; because of {why}" if why else ""))
