"""How much memory all bodies may take together. Called by fetch while a body is read."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """At most *total* bytes in all bodies at once, each of at most *largest*; thread-safe. The first *free* of each body
    are not counted: small ones never wait for large ones.

    All but the last *largest* bytes are shared. Those last ones go whole to one body at a time, which therefore can
    always end: so nobody waits for ever. A *largest* above *total* means one body at a time.
    """

    def __init__(self, total: int, largest: int, free: int = 0) -> None:
        self._free = free
        self._shared = max(0, total - largest)
        self._has_room = threading.Condition()
        self._favoured: Share | None = None

    @contextmanager
    def share(self) -> Iterator[Share]:
        """One body's share, empty at first, given back at the end."""
        share = Share(self, self._free)
        try:
            yield share
        finally:
            self._give_back(share)

    def grow(self, share: Share, size: int, deadline: float) -> bool:
        """Add *size* bytes to *share*, waiting for room until *deadline* (monotonic); False if there was none."""
        if share.free >= size:
            share.free -= size
            return True
        with self._has_room:
            while not self._has_place(share, size):
                if not self._has_room.wait(deadline - time.monotonic()):
                    return False
            return True

    def _has_place(self, share: Share, size: int) -> bool:
        if share is self._favoured:
            return True
        if size <= self._shared:
            self._shared -= size
            share.size += size
            return True
        if self._favoured is None:
            self._favoured = share
            return True
        return False

    def _give_back(self, share: Share) -> None:
        with self._has_room:
            self._shared += share.size
            if share is self._favoured:
                self._favoured = None
            self._has_room.notify_all()


class Share:
    """What one body holds of a budget. *size* counts the shared bytes alone; *free* is what it may still take uncounted."""

    def __init__(self, budget: Budget, free: int) -> None:
        self._budget = budget
        self.size = 0
        self.free = free

    def grow(self, size: int, deadline: float) -> bool:
        """Take *size* bytes more; see Budget.grow."""
        return self._budget.grow(self, size, deadline)
