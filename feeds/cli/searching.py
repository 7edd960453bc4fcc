"""The command that looks into the store: search; and the filters it shares with export."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from feeds.cli.common import json_option, open_config, open_store, print_json
from feeds.errors import UsageError

if TYPE_CHECKING:
    from feeds.config import Config
    from feeds.export import Labels
    from feeds.model import StoredArticle
    from feeds.search import Query
    from feeds.store import Store

Command = TypeVar("Command", bound=Callable[..., Any])
_STEP = 200
_FILTERS = (
    ("lang", "CODE", "Only in this language, as in fr."),
    ("topic", "NAME", "Only in this topic."),
    ("country", "CODE", "Only about this country, as in ml."),
    ("source", "SOURCE", "Only what this source carried (its name or URL)."),
    ("since", "DATE", "Only from this day on: 2026-01-31, 2026-01 or 2026."),
    ("until", "DATE", "Only before this day."),
)

EPILOG = """\b
Examples:
  feeds search uranium niger                      both words, in all their forms
  feeds search '"prime minister" -football'       a phrase; without a word
  feeds search 'niger (uranium OR gold)'          one of two; OR binds more closely than words side by side
  feeds search 'nego*' --lang fr --since 2026-01  words that begin so, in French, this year
  feeds search переговоры topic:russia-africa     filters may stand in the query as well
  feeds search sahel --json | jq .articles[].url
"""


def filter_options(command: Command) -> Command:
    """Adds --lang, --topic, --country, --source, --since and --until."""
    for name, metavar, help_text in reversed(_FILTERS):
        command = click.option(f"--{name}", metavar=metavar, help=help_text)(command)
    return command


@click.command(epilog=EPILOG)
@click.argument("query", nargs=-1, metavar="QUERY")
@filter_options
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@click.option("--before", type=int, metavar="NEXT", help='Go on where a search ended: its "next" in --json.')
@json_option
@click.pass_obj
def search(
    path: Path, /, query: tuple[str, ...], limit: int, before: int | None, as_json: bool, **filters: str | None
) -> None:
    """Find articles in the store, the newest first. QUERY: words, "phrases", -without, prefix*, one OR another."""
    from feeds.search import canonical

    config = open_config(path)
    asked = parsed(config, " ".join(query), filters)
    if asked.is_empty:
        raise UsageError("say what to look for; `feeds search --help` shows how")
    with open_store(config) as store:
        store.index()
        found, further = store.search(asked, limit, before)
        labels = labels_of_sources(config, store)
    if as_json:
        from feeds.export import labelled, row

        said = {"query": " ".join(query), "understood": canonical(asked)}
        print_json({**said, "articles": [labelled(row(article), labels) for article in found], "next": further})
        return
    click.echo(f"looking for: {canonical(asked)}", err=True)
    for article in found:
        _show(article, asked, labels)
    if not found:
        click.echo("nothing found")
    elif further is not None:
        click.echo(f"there are more: --before {further}, or a higher --limit")


def parsed(config: Config, text: str, filters: dict[str, str | None]) -> Query:
    """What is asked for; a topic must be one of the config."""
    from feeds.search import parse

    query = parse(text, **filters)
    if query.topic is not None and query.topic not in config.topics:
        raise UsageError(f'there is no topic "{query.topic}"; there are: {", ".join(config.topics) or "none"}')
    return query


def every(store: Store, query: Query) -> Iterator[StoredArticle]:
    """All that *query* finds, the newest first, a few in memory at a time."""
    before: int | None = None
    while True:
        found, before = store.search(query, _STEP, before)
        yield from found
        if before is None:
            return


def labels_of_sources(config: Config, store: Store) -> Labels:
    """Control, type and country of every source there ever was."""
    from feeds.export import source_labels

    return source_labels(config.sources, {state.name: state.control for state in store.states().values()})


def _show(article: StoredArticle, query: Query, labels: Labels) -> None:
    from feeds.language import base_language
    from feeds.markup import plain_text
    from feeds.model import Text
    from feeds.search import marks, snippet
    from feeds.stemming import prepared
    from feeds.urls import reader_url

    title = prepared(article.title)
    text = plain_text(Text(article.content, html=True)) if article.content else article.summary
    control = labels[article.source.name]["control"] if article.source.name in labels else "unknown"
    label = f" ({control}-controlled)" if control == "state" else f" ({control})" if control == "state-linked" else ""
    seen = "" if article.published else "first seen "
    click.echo(f"{seen}{_day(article.date)}  {article.source.name}{label}")
    language = base_language(article.language) if article.language else None
    click.echo(f"  {_marked(title, marks(title, query, language))}")
    click.echo(f"  {reader_url(article.link, article.entry.original_link) or article.url or article.id}")
    if text:
        click.echo(f"  {_marked(*snippet(text, query, language=language))}")
    click.echo()


def _day(date: datetime) -> str:
    return f"{date:%Y-%m-%d %H:%M}"


def _marked(text: str, found: list[tuple[int, int]]) -> str:
    """*text* with the hits in bold, on a terminal."""
    if not sys.stdout.isatty():
        return text
    for start, end in reversed(found):
        text = text[:start] + click.style(text[start:end], bold=True, fg="yellow") + text[end:]
    return text


COMMANDS = (search,)
