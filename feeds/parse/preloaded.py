"""What children share from their start. Imported by the server that forks them alone: see pool."""

from __future__ import annotations

import sys
from types import TracebackType

import pebble.pool.process  # noqa: F401 – all here are imported to be there when children are forked: 20 ms less for each

import feeds.normalise
import feeds.parse.xmlfeed
import feeds.reading
import feeds.topics.matching  # noqa: F401
from feeds.topics.scanning import shipped_scanner

shipped_scanner()


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Nothing of a child that starts while its pool ends, and finds its locks and pipes gone."""
    if not isinstance(error, FileNotFoundError | EOFError | ConnectionError):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _tell
