"""The commands that do the work: refresh, run, publish, demo."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from feeds.cli.common import clock, json_option, open_config, open_store, print_json, progress_bar, reader_may_leave
from feeds.counted import counted

if TYPE_CHECKING:
    from feeds.pipeline import RefreshResult

REFRESH_EPILOG = """\b
Examples:
  feeds refresh                      what cron calls: only sources whose time has come
  feeds refresh --force              every source now (a server's Retry-After is honoured)
  feeds refresh "Radio Okapi"        one source, if its time has come
"""


@click.command(epilog=REFRESH_EPILOG)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--force", is_flag=True, help="Ignore the planned time, and nothing else.")
@click.option("--trust-clock", is_flag=True, help="The clock is right, though the store was last used years ago.")
@json_option
@click.pass_obj
def refresh(path: Path, sources: tuple[str, ...], force: bool, trust_clock: bool, as_json: bool) -> None:
    """Fetch what is due, store it, publish; then exit. SOURCE is a name or a URL."""
    from feeds import pipeline

    config = open_config(path)
    signal.signal(signal.SIGTERM, _end)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # else `nohup` wants it to go on
        signal.signal(signal.SIGHUP, _end)
    with open_store(config) as store, progress_bar("Fetching") as progress:
        if trust_clock:
            store.set_fact("clock", clock().isoformat())
        result = pipeline.refresh(config, store, clock(), only=sources, force=force, progress=progress)
    with reader_may_leave():
        if as_json:
            from msgspec import to_builtins

            shown = to_builtins(result)
            for ours in ("waiting", "next_check"):
                del shown[ours]
            print_json(shown)
        else:
            click.echo(summary(result))
    if result.sources and len(result.failed) + result.unreached == result.sources:
        raise SystemExit(1)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)  # through every `finally`: leases are given back, children ended


def summary(result: RefreshResult) -> str:
    """What a refresh did, in a few lines for a person."""
    lines = [result.outage] if result.outage else []
    lines += [f"{failure.source}: {failure.error}" for failure in result.failed]
    lines.append(
        f"{counted(result.sources, 'source', 'sources')} asked, {result.waiting} not due yet: {result.fetched} answered, "
        f"{result.unchanged} unchanged, {len(result.failed)} failed; "
        f"{result.new} new and {counted(result.updated, 'updated article', 'updated articles')}; "
        f"{counted(len(result.published), 'file', 'files')} written in {result.seconds:.1f} s"
    )
    if not result.sources and result.next_check:
        lines.append(f"nothing is due before {result.next_check:%Y-%m-%d %H:%M} UTC (--force asks all the same)")
    return "\n".join(lines)


RUN_EPILOG = """\b
Examples:
  feeds run                              keep refreshing; let any web server show output/
  feeds run --serve                      and show it, with live queries, as `feeds serve` does
"""


@click.command(epilog=RUN_EPILOG)
@click.option("--serve", is_flag=True, help="Answer over HTTP as well.")
@click.option("--host", default="127.0.0.1", show_default=True, help="With --serve: the address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="With --serve; 0: any free."
)
@click.pass_obj
def run(path: Path, serve: bool, host: str, port: int) -> None:
    """Keep refreshing: the daemon. SIGTERM or Ctrl-C ends it within 10 seconds, losing nothing."""
    from feeds.daemon import run_until_told

    if not serve:
        run_until_told(path)
        return
    from feeds.serve import Server

    server = Server(path, host, port)
    server.start()
    click.echo(f"serving {server.url}", err=True)
    try:
        run_until_told(path)
    finally:
        server.stop()


@click.command()
@json_option
@click.pass_obj
def publish(path: Path, as_json: bool) -> None:
    """Write output/ from the store, without fetching anything."""
    from feeds import pipeline

    config = open_config(path)
    with open_store(config) as store, progress_bar("Publishing") as progress:
        store.sync_sources(config.sources)
        written = pipeline.publish_all(config, store, clock(), progress=progress)
    if as_json:
        print_json({"published": written})
    else:
        files = counted(len(written), "file", "files")
        click.echo(f"{files} written to {config.output_dir}" if written else "nothing had changed")


@click.command()
@click.argument("directory", default="feeds-demo", type=click.Path(path_type=Path))
def demo(directory: Path) -> None:
    """Show all of it in ten seconds, on invented sources over loopback HTTP; no network needed.

    Writes DIRECTORY (./feeds-demo): config.toml, feeds.db, output/.
    """
    from feeds.demo.command import run_demo

    run_demo(directory, click.echo)


COMMANDS = (refresh, run, publish, demo)
