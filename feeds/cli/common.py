"""What several commands share: opening the config and the store, JSON on stdout, a progress bar on a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path

    from feeds.config import Config
    from feeds.store import Store

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")


def clock() -> datetime:
    """Now, in UTC, in whole seconds: read here, at the edge, and passed in from here on."""
    return datetime.now(UTC).replace(microsecond=0)


def open_config(path: Path) -> Config:
    from feeds.config import load

    return load(path)


def open_store(config: Config) -> Store:
    from feeds.store import Store

    return Store(config.store_url, clock())


def print_json(value: Any) -> None:
    """One JSON object, dates as RFC 3339 in UTC."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=rfc3339))


def rfc3339(moment: datetime) -> str:
    """2026-01-31T08:30:00Z."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """That the reader of stdout has had enough, as in `feeds export | head -1`, is no fault; the rest goes unsaid."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A callable (done, total) that draws a bar on stderr; None where stderr is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
