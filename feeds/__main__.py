"""The program's entry: `feeds …` or `python -m feeds …`."""

import atexit
import os
import sys
from contextlib import suppress


def main() -> None:
    """Run the command line; Ctrl-C while it is still being loaded is no fault either."""
    try:
        from feeds.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        run()
    except SystemExit as end:
        _leave(end.code)


def _leave(code: str | int | None) -> None:
    """End at once: to take the interpreter apart, object by object, takes 0.1 s, and cron calls every half hour."""
    atexit._run_exitfuncs()  # the log's, and that of the child processes' locks
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, AttributeError):  # whoever wrote to it has told; a closed one is None
            stream.flush()
    os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
