"""The commands that edit config.toml: add, remove, import. Comments and order stay."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from feeds.cli.common import clock, open_config, progress_bar
from feeds.counted import counted
from feeds.errors import UsageError

if TYPE_CHECKING:
    from feeds.config import Config
    from feeds.discover import Discovered
    from feeds.opml import Outline

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
    entries = counted(found.entries, "entry", "entries")
    click.echo(f"added {source['name']}: {shown(found.url)}, {entries} now; `feeds refresh` fetches it")


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
    """Follow every feed of another reader's OPML list; those that are there already are left alone.

    A list that `feeds export --opml` wrote brings language, type, control, country and topics of each source, too.
    """
    from feeds.config import edit
    from feeds.errors import ListError
    from feeds.opml import left_out, read_opml
    from feeds.urls import host_of, shown

    config = open_config(path)
    known = {source.url for source in config.sources}
    document = file.read_bytes()
    try:
        outlines, unfetched = read_opml(document), left_out(document)
    except ListError as error:
        raise ListError(f"{file}: {error}; nothing was imported") from error
    new: list[dict[str, Any]] = []
    with progress_bar("Importing") as progress:
        for done, outline in enumerate(outlines, 1):
            if outline.url not in known:
                name = edit.free_name(
                    config, outline.title or host_of(outline.url), [str(each["name"]) for each in new]
                )
                new.append({"url": outline.url, "name": name} | _labels(outline, config))
            if progress:
                progress(done, len(outlines))
    edit.add_sources(path, new)
    for outline in unfetched:
        named = f' "{outline.title}"' if outline.title else ""
        click.echo(f"left out{named}: {shown(outline.url)} (only http and https are fetched)", err=True)
    left = f", {len(unfetched)} left out" if unfetched else ""
    there = counted(len(outlines) - len(new), "was", "were")
    click.echo(f"{counted(len(new), 'source', 'sources')} added, {there} there already{left}")


def _labels(outline: Outline, config: Config) -> dict[str, Any]:
    """What a list says of a source, as far as it may stand in *config*: another's topics are not ours."""
    from feeds.config import Control, SourceType
    from feeds.language import language_tag

    topics = outline.topics
    if not isinstance(topics, str):
        topics = {name: prior for name, prior in topics.items() if name in config.topics}
    countries = [country for country in outline.countries if re.fullmatch("[A-Z]{2}", country)]
    return {
        "language": language_tag(outline.language),
        "country": countries if len(countries) > 1 else "".join(countries),
        "type": outline.type if outline.type in get_args(SourceType) else None,
        "control": outline.control if outline.control in get_args(Control) else None,
        "topics": topics,
    }


COMMANDS = (add, remove, import_)
