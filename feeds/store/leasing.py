"""Leases: who alone may do a thing, until when. A lease of a dead process on this machine counts for nothing."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Connection, delete, insert, select

from feeds.store.schema import leases

_LONGEST = timedelta(days=30)  # one that ends later was taken under a wrong clock, and counts for nothing


@cache
def _host() -> str:
    return socket.gethostname()


def this_process() -> str:
    """This process's name as an owner of leases: HOST:PID."""
    return f"{_host()}:{os.getpid()}"


def is_held(owner: str | None, until: datetime | None, now: datetime) -> bool:
    """True while another process that may still live holds it."""
    if owner is None or until is None or owner == this_process() or not now < until <= now + _LONGEST:
        return False
    host, _, pid = owner.rpartition(":")
    return host != _host() or _is_alive(int(pid))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, and is another user's
        return True
    return True


def acquire(connection: Connection, name: str, now: datetime, until: datetime) -> bool:
    row = connection.execute(select(leases).where(leases.c.name == name)).first()
    if row is not None and is_held(row.owner, row.until, now):
        return False
    connection.execute(delete(leases).where(leases.c.name == name))
    connection.execute(insert(leases).values(name=name, owner=this_process(), until=until))
    return True


def relinquish(connection: Connection, name: str) -> None:
    connection.execute(delete(leases).where(leases.c.name == name, leases.c.owner == this_process()))
