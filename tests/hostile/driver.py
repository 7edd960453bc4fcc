"""The program itself, for a child process: with a fixed clock, names of our own making, and guards switched off.

`python -m tests.hostile.driver --config FILE refresh`. Its own child processes import this module too, so that a guard
that is off is off in them as well.
"""

from __future__ import annotations

import json
import os
import socket
import time
from datetime import datetime
from typing import Any

from tests.hostile import guards

_getaddrinfo = socket.getaddrinfo


def _names(host: str, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
    """getaddrinfo that knows HOSTILE_NAMES: a list of addresses for each look-up of a name, the last one for ever."""
    answers = _KNOWN.get(host)
    if answers is None:
        return _getaddrinfo(host, port, *args, **kwargs)
    found = answers.pop(0) if len(answers) > 1 else answers[0]
    if found == ["stall"]:
        time.sleep(600)
    return [each for address in found for each in _getaddrinfo(address, port, *args, **kwargs)]


_KNOWN: dict[str, list[list[str]]] = json.loads(os.environ.get("HOSTILE_NAMES", "{}"))
socket.getaddrinfo = _names  # type: ignore[assignment]  # before feeds.fetch takes it as its default
for guard in filter(None, os.environ.get("HOSTILE_OFF", "").split(",")):
    guards.GUARDS[guard]()

if __name__ == "__main__":
    from feeds.cli import main, refreshing

    NOW = datetime.fromisoformat(os.environ["HOSTILE_NOW"])
    for module in (refreshing,):
        module.clock = lambda: NOW  # type: ignore[attr-defined]
    from feeds.cli import common

    common.clock = lambda: NOW
    main()
