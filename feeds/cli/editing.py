"""The commands that edit config.toml: add, remove, import. Comments and order stay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeds.cli.common import clock, open_config, progress_bar
from feeds.errors import UsageError

if TYPE_CHECKING:
    from feeds.config import Config
    from feeds.discover import Discovered

ADD_EPILOG = """\b
Examples:
  feeds add https://www.example.org/feed.xml            a feed
  feeds add https://www.example.org/ --country ML       a site: its feed is looked for
  feeds add URL --name "Example" --language fr --type newspaper --control private
"""


@click.command(epilog=ADD_EPILOG)
@click.argument("url")
@click.option("--name", help="What to call it; by default the feed's own title.")
@click.option("--language", metavar="TAG", help="BCP 47, such as fr; by default what the feed says.")
@click.option("--country", multiple=True, metavar="CC", help="ISO 3166-1 code, such as ML; may be repeated.")
@click.option("--type", "kind", metavar="WORD", help="newspaper, agency, broadcaster, … (docs/sources.md lists them).")
@click.option("--control", metavar="WORD", help="private, public, state, … (docs/sources.md lists them).")
@click.pass_obj
def add(
    path: Path,
    url: str,
    name: str | None,
    language: str | None,
    country: tuple[str, ...],
    kind: str | None,
    control: str | None,
) -> None:
    """Follow a feed, or the feed of a site's page: writes it into config.toml."""
    from feeds.config import edit
    from feeds.language import language_tag
    from feeds.urls import host_of, shown, web_url

    config = open_config(path)
    url = web_url(url.strip())
    if not host_of(url) or not url.startswith(("http://", "https://")):
        raise UsageError(f"expected an http or https URL, got {shown(url)}")
    if edit.find_source(config, url) or (name and edit.find_source(config, name)):
        raise UsageError(f"{shown(url) if edit.find_source(config, url) else name} is there already")
    found = _discover(config, url)
    if edit.find_source(config, found.url):
        raise UsageError(f"{shown(found.url)} is there already")
    source = {
        "url": found.url,
        "name": name or edit.free_name(config, found.title or host_of(found.url)),
        "language": language or language_tag(found.language),
        "country": list(country) if len(country) > 1 else "".join(country),
        "type": kind,
        "control": control,
    }
    edit.add_sources(path, [source])
    click.echo(f"added {source['name']}: {shown(found.url)}, {found.entries} entries now; `feeds refresh` fetches it")


def _discover(config: Config, url: str) -> Discovered:
    from feeds.discover import discover
    from feeds.fetch import Fetcher
    from feeds.outcomes import PARSE_MEMORY, PARSE_SECONDS
    from feeds.parse import parse
    from feeds.parse.pool import Pool

    with Fetcher.of(config) as fetcher, Pool(1, PARSE_SECONDS, PARSE_MEMORY) as pool:
        return discover(
            url,
            fetch=lambda request: fetcher.fetch(request, clock()),
            read=lambda answer: pool.run(answer.url, parse, answer),
        )


@click.command()
@click.argument("source")
@click.pass_obj
def remove(path: Path, source: str) -> None:
    """Follow a source no more. SOURCE is its name or its URL. Its articles stay in the store."""
    from feeds.config import edit

    removed = edit.remove_source(path, source)
    click.echo(f"removed {removed.name}; what it brought stays")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_(path: Path, file: Path) -> None:
    """Follow every feed of another reader's OPML list; those that are there already are left alone."""
    from feeds.config import edit
    from feeds.language import language_tag
    from feeds.opml import read_opml
    from feeds.urls import host_of

    config = open_config(path)
    known = {source.url for source in config.sources}
    outlines = read_opml(file.read_bytes())
    new: list[dict[str, str | None]] = []
    with progress_bar("Importing") as progress:
        for done, outline in enumerate(outlines, 1):
            if outline.url not in known:
                name = edit.free_name(
                    config, outline.title or host_of(outline.url), [str(each["name"]) for each in new]
                )
                new.append({"url": outline.url, "name": name, "language": language_tag(outline.language)})
            if progress:
                progress(done, len(outlines))
    edit.add_sources(path, new)
    click.echo(f"{len(new)} sources added, {len(outlines) - len(new)} were there already")


COMMANDS = (add, remove, import_)
