"""The commands that show what is there: sources, check, explain, evaluate, export; and hide."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from feeds.cli.common import clock, json_option, open_config, open_store, print_json
from feeds.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime


@click.command()
@json_option
@click.pass_obj
def sources(path: Path, as_json: bool) -> None:
    """Show each source's health: last success, next check and why then, failures."""
    from feeds.health import source_rows

    config = open_config(path)
    with open_store(config) as store:
        rows = source_rows(config, store, clock())
    if as_json:
        print_json({"sources": rows})
        return
    _table(
        ("source", "health", "last success", "next check", "why then", "articles", "trouble"),
        [
            (
                row["name"],
                row["health"],
                _moment(row["succeeded_at"]),
                _moment(row["next_check"]),
                row["wait_reason"] or "",
                str(row["articles"]),
                row["error"] or row["problem"] or "",
            )
            for row in rows
        ],
    )


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """On a terminal a table that fits it, elsewhere one line a row, tab-separated."""
    if not sys.stdout.isatty():
        for row in (head, *rows):
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, box=None, padding=(0, 1))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


@click.command()
@click.pass_obj
def check(path: Path) -> None:
    """Say in plain words whether config, store, output and each source are well."""
    from feeds.health import findings

    troubles = 0
    for finding in findings(path, clock()):
        troubles += finding.is_trouble
        click.echo(f"{'!!' if finding.is_trouble else 'ok'}  {finding.words}")
    if troubles:
        raise SystemExit(1)


EXPLAIN_EPILOG = """\b
Examples:
  feeds explain https://www.example.org/mali-talks
  feeds explain urn:uuid:2f1e…                       an id from a feed or from `feeds export`
  feeds explain "Mali's ruler in Moscow for talks"   any text, as a headline
  feeds explain - < text.txt                         a longer one: first line the headline
"""


@click.command(epilog=EXPLAIN_EPILOG)
@click.argument("what", nargs=-1, required=True, metavar="ID-or-URL-or-text")
@json_option
@click.pass_obj
def explain(path: Path, what: tuple[str, ...], as_json: bool) -> None:
    """Say why an article is in a topic, or is not: what matched, where, with what weight, and what did not."""
    from feeds import topics
    from feeds.explain import in_words, verdict_rows

    config = open_config(path)
    words = sys.stdin.read() if what == ("-",) else " ".join(what)
    with open_store(config) as store:
        article = store.find(words.strip())
    if article is None and words.startswith(("http://", "https://", "urn:uuid:")):
        raise UsageError(f"the store has no article {words}")
    by_name = {source.name: source for source in config.sources}
    loaded = topics.load(config.topics, config.path.parent)
    source = by_name.get(article.source.name) if article else None
    rows = verdict_rows(loaded, article or words, source)
    print_json(rows) if as_json else click.echo(in_words(rows))


EVALUATE_EPILOG = """\b
Examples:
  feeds evaluate labelled.jsonl
  feeds evaluate labelled.jsonl --skip-hard --json
"""


@click.command(epilog=EVALUATE_EPILOG)
@click.argument("file", type=click.File("rb"))
@click.option("--skip-hard", is_flag=True, help="Leave out the items that are marked hard.")
@json_option
@click.pass_obj
def evaluate(path: Path, file: BinaryIO, skip_hard: bool, as_json: bool) -> None:
    """Measure the topics on labelled items (JSON Lines): precision, recall and F1 per topic and language."""
    from feeds import topics
    from feeds.topics.evaluate import evaluate as measure

    config = open_config(path)
    items = [item for item in _items(file) if not (skip_hard and item.get("hard"))]
    result = measure(items, topics.load(config.topics, config.path.parent))
    if as_json:
        print_json(result)
        return
    for name, figures in result["topics"].items():
        rows = [("all", figures), *figures["languages"].items()]
        click.echo(f"{name}:")
        _table(
            ("language", "n", "positives", "precision", "recall", "f1"),
            [(language, str(row["n"]), str(row["positives"]), *(_figure(row[key]) for key in ("precision", "recall", "f1")))
             for language, row in rows],
        )  # fmt: skip
        for error in figures["errors"]:
            click.echo(f"  {error['id']} should {'be in' if error['expected'] else 'not be in'}: {error['why']}")


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _items(file: BinaryIO) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{file.name}, line {number}: no JSON: {error}") from error
        if not isinstance(item, dict):
            raise UsageError(f"{file.name}, line {number}: expected a JSON object")
        yield item


@click.command()
@click.option("--jsonl", "form", flag_value="jsonl", default=True, help="One article a line, as JSON (the default).")
@click.option("--csv", "form", flag_value="csv", help="A table that opens right in a spreadsheet.")
@click.option("--opml", "form", flag_value="opml", help="The sources instead, as OPML 2.0.")
@click.pass_obj
def export(path: Path, form: str) -> None:
    """Print the store's articles, or the sources, on stdout."""
    from feeds import export as exporting

    config = open_config(path)
    if form == "opml":
        from feeds.opml import sources_opml

        click.echo(sources_opml(config).body, nl=False)
        return
    with open_store(config) as store:
        lines = exporting.csv_lines(store.articles()) if form == "csv" else exporting.jsonl(store.articles())
        for line in lines:
            click.echo(line, nl=False)


@click.command()
@click.argument("article", metavar="ARTICLE")
@click.option("--undo", is_flag=True, help="Bring it back.")
@click.pass_obj
def hide(path: Path, article: str, undo: bool) -> None:
    """Take an article out of every output from now on. ARTICLE is its id or its URL."""
    from feeds import pipeline

    config = open_config(path)
    with open_store(config) as store:
        found = store.find(article)
        if found is None:
            raise UsageError(f"the store has no article {article}")
        store.hide(found.id, None if undo else clock())
        written = pipeline.publish_all(config, store, clock())
    click.echo(f"{'back' if undo else 'hidden'}: {found.title} ({found.id}); {len(written)} files written")


COMMANDS = (sources, check, explain, evaluate, export, hide)
