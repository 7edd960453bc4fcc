"""The guards by name, each with how to switch it off: for negative controls, in the driver and its child processes."""

from __future__ import annotations

from collections.abc import Callable

GUARDS: dict[str, Callable[[], None]] = {}
