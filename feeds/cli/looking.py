"""The commands that show what is there: sources, check, explain, evaluate, export; and hide."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from feeds.cli.common import clock, json_option, open_config, open_store, print_json, reader_may_leave
from feeds.cli.searching import every, filter_options, labels_of_sources, parsed
from feeds.counted import counted
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


CHECK_EPILOG = """\b
Examples:
  feeds check                        what is wrong, and what to do about it
  feeds check --repair               mend what can be mended, then check; nothing is thrown away:
                                     a damaged feeds.db is kept as feeds.db.broken-DATE
"""


@click.command(epilog=CHECK_EPILOG)
@click.option(
    "--repair", "mend", is_flag=True, help="First mend what can be mended without loss. See docs/operating.md."
)
@click.pass_obj
def check(path: Path, mend: bool) -> None:
    """Say in plain words whether config, store, output and each source are well: 0 if so, else 1."""
    from feeds.checkup import findings, repair

    troubles = 0
    for finding in chain(repair(path, clock()) if mend else (), findings(path, clock())):
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
    said = sys.stdin.read() if what == ("-",) else " ".join(what)
    words = said.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    with open_store(config) as store:
        article = store.find(words.strip())
    if article is None and words.startswith(("http://", "https://", "urn:uuid:")):
        raise UsageError(f"the store has no article {words}")
    by_name = {source.name: source for source in config.sources}
    loaded = topics.load_config(config)
    source = by_name.get(article.source.name) if article else None
    rows = verdict_rows(loaded, article or words, source)
    print_json(rows) if as_json else click.echo(in_words(rows))


EVALUATE_EPILOG = """\b
Examples:
  feeds evaluate labelled.jsonl --skip-hard
  feeds evaluate labelled.jsonl --against sahel.toml              what would come in, what go out
  feeds export | feeds evaluate - --against new.toml --topic sahel    the same on the store
"""


@click.command(epilog=EVALUATE_EPILOG)
@click.argument("file", type=click.File("rb"))
@click.option("--skip-hard", is_flag=True, help="Leave out the items that are marked hard.")
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="DEFINITION.toml",
    help="Compare with another version of a topic's definition.",
)
@click.option("--topic", help="The topic that --against is another version of; by default the one of the file's name.")
@json_option
@click.pass_obj
def evaluate(
    path: Path, file: BinaryIO, skip_hard: bool, against: Path | None, topic: str | None, as_json: bool
) -> None:
    """Measure the topics on labelled items (JSON Lines): precision, recall and F1 per topic and language.

    An item has id, lang, title, summary, and 0 or 1 under the name of each topic that it is labelled for.
    """
    from feeds import topics
    from feeds.topics import evaluate as evaluating
    from feeds.topics.matching import load

    config = open_config(path)
    items = [item for item in _items(file) if not (skip_hard and item.get("hard"))]
    now = topics.load_config(config)
    if against is None:
        if not evaluating.is_labelled(items, now):
            keys = ", ".join(f'"{name}"' for name in now.names) or "none: the configuration has no [topics.NAME]"
            raise UsageError(f"{file.name}: no line has a label, 0 or 1 under a topic's name; topics: {keys}")
        result = evaluating.evaluate(items, now)
        print_json(result) if as_json else _show_figures(result)
        return
    name = topic or against.stem
    if name not in config.topics:
        raise UsageError(
            f"there is no [topics.{name}]; name the topic that {against} is another version of with --topic"
        )
    from feeds.config import Topic

    other = load({**config.topics, name: Topic(file=str(against.absolute()))}, config.path.parent)
    changes = evaluating.compare(items, now, other)
    print_json(changes) if as_json else _show_changes(changes["topics"][name])


def _show_figures(result: dict[str, Any]) -> None:
    head = ("language", "n", "positives", "precision", "recall", "f1")
    for name, figures in result["topics"].items():
        click.echo(f"{name}:")
        rows = [("all", figures), *figures["languages"].items()]
        _table(head, [(language, str(row["n"]), str(row["positives"]), *map(_figure, (row[key] for key in head[3:])))
                      for language, row in rows])  # fmt: skip
        for error in figures["errors"]:
            click.echo(f"  {error['id']} should {'be in' if error['expected'] else 'not be in'}: {error['why']}")


def _show_changes(changes: dict[str, list[dict[str, Any]]]) -> None:
    for way, words in (("in", "would come in"), ("out", "would go out")):
        click.echo(f"{len(changes[way])} {words}")
        for each in changes[way]:
            right = {None: "", 1: " (rightly)", 0: " (wrongly)"}[_is_right(each, way)]
            click.echo(f"  [{each['lang'] or '?'}] {each['title']}{right}: {each['why']}")


def _is_right(change: dict[str, Any], way: str) -> int | None:
    expected = change.get("expected")
    return None if expected is None else int(bool(expected) == (way == "in"))


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


EXPORT_EPILOG = """\b
Examples:
  feeds export > articles.jsonl
  feeds export --csv --topic sahel --since 2026-01 > sahel.csv
  feeds export --search uranium --lang fr
"""


@click.command(epilog=EXPORT_EPILOG)
@click.option("--jsonl", "form", flag_value="jsonl", default=True, help="One article a line, as JSON (the default).")
@click.option("--csv", "form", flag_value="csv", help="A table that opens right in a spreadsheet.")
@click.option("--opml", "form", flag_value="opml", help="The sources instead, as OPML 2.0.")
@click.option("--search", "query", default="", metavar="QUERY", help="Only what `feeds search QUERY` finds.")
@filter_options
@click.pass_obj
def export(path: Path, /, form: str, query: str, **filters: str | None) -> None:
    """Print the store's articles, or the sources, on stdout. What is searched for comes newest first."""
    from feeds import export as exporting

    config = open_config(path)
    if form == "opml":
        from feeds.opml import sources_opml

        click.echo(sources_opml(config).body, nl=False)
        return
    asked = parsed(config, query, filters)
    with open_store(config) as store:
        if not asked.is_empty:
            store.index()
        articles = store.articles() if asked.is_empty else every(store, asked)
        labels = labels_of_sources(config, store)
        lines = exporting.csv_lines(articles, labels) if form == "csv" else exporting.jsonl(articles, labels)
        with reader_may_leave():
            for line in lines:
                sys.stdout.write(line)


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
    files = counted(len(written), "file", "files")
    click.echo(f"{'back' if undo else 'hidden'}: {found.title} ({found.id}); {files} written")


COMMANDS = (sources, check, explain, evaluate, export, hide)
