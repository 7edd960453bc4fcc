"""The command line: turns words into calls, results into text, FeedsError into one line and an exit code.

Commands import what they need when they run: cron pays for start-up every time.
"""

from __future__ import annotations

import errno
import logging
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from feeds import __version__
from feeds.cli import editing, looking, refreshing, searching, serving
from feeds.cli.common import reader_may_leave
from feeds.errors import ConfigError, FeedsError, UsageError

EPILOG = """\b
Examples:
  feeds demo                                everything, with no network needed
  feeds refresh                             fetch what is due, then publish; for cron
  feeds run                                 the daemon
  feeds add https://www.example.org/        follow a site's feed
  feeds search uranium niger                what the store has on it
  feeds explain https://www.example.org/a   why an article is in a topic, or is not
"""


class _Program(click.Group):
    """A group whose commands end well where the reader of stdout has had enough; click itself would say 1."""

    def invoke(self, context: click.Context) -> Any:
        with reader_may_leave():
            return super().invoke(context)


@click.group(
    cls=_Program, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option("--config", default="config.toml", metavar="PATH", show_default=True, help="The configuration to use.")
@click.option("-v", "--verbose", count=True, help="Say what is done for each source; twice: why.")
@click.version_option(__version__, prog_name="feeds")
@click.pass_context
def cli(context: click.Context, config: str, verbose: int) -> None:
    """Pull RSS, Atom and JSON feeds into a store, and publish combined feeds by topic."""
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG)
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("apscheduler").setLevel(max(level, logging.ERROR))  # it warns of every tick that is still at work
    context.obj = Path(config)


for module in (refreshing, editing, looking, searching, serving):
    for command in module.COMMANDS:
        cli.add_command(command)


def main() -> None:
    """Run the command that the process was called with; exit 0: done, 1: nothing could be done, 2: usage or config."""
    try:
        code = cli.main(standalone_mode=False)
        _flush()
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        code = 2
    except click.Abort:
        code = _complain("stopped", 130)
    except (ConfigError, UsageError) as error:
        code = _complain(str(error), 2)
    except FeedsError as error:
        code = _complain(str(error), 1)
    except OSError as error:
        code = _complain(f"{error.filename or _nameless(error)}: {error.strerror or error}", 1)
    except Exception as error:
        logging.getLogger(__name__).debug("the bug in full", exc_info=True)
        code = _complain(f"a bug: {type(error).__name__}: {error} (feeds -vv shows where)", 1)
    sys.exit(code)


def _nameless(error: OSError) -> str:
    """What an error that names no file is about: all that is written without one is stdout."""
    return "standard output" if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO) else "the system"


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _complain(words: str, code: int) -> int:
    line = " ".join(words.splitlines())
    with suppress(OSError):  # nobody may be there to be told
        click.echo(f"feeds: {line}", err=True)
    return code
