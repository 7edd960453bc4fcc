"""The command that answers over HTTP: serve."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import FrameType

import click

EPILOG = """\b
Examples:
  feeds serve                            on this machine alone: http://127.0.0.1:8000/
  feeds serve --port 9000
  feeds serve --host 0.0.0.0             for everybody who can reach this machine; better behind nginx or Caddy
  curl 'http://127.0.0.1:8000/search/atom.xml?q=uranium&lang=fr'
"""


@click.command(epilog=EPILOG)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any that is free.")
@click.pass_obj
def serve(path: Path, host: str, port: int) -> None:
    """Show output/ and answer live queries over HTTP, until SIGTERM or Ctrl-C. See docs/serve.md."""
    from feeds.serve import Server

    server = Server(path, host, port)
    reader, writer = os.pipe()

    def end(_signal: int, _frame: FrameType | None) -> None:
        os.write(writer, b"!")

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    server.start()
    click.echo(f"serving {server.url}", err=True)
    os.read(reader, 1)
    server.stop()


COMMANDS = (serve,)
