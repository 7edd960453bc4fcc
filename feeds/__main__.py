"""The program's entry: `feeds …` or `python -m feeds …`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is still being loaded is no fault either."""
    try:
        from feeds.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
