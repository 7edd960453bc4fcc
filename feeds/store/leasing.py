"""Leases: who alone may do a thing, until when. A lease of a process that has ended counts for nothing."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

from feeds.store.schema import leases

_LONGEST = timedelta(days=30)  # one that ends later was taken under a wrong clock, and counts for nothing


def this_process() -> str:
    """This process's name as an owner of leases, HOST:PID:START:BOOT:NAMESPACE.

    A PID alone comes again: another program's, after a power cut, and in each container the same ones.
    """
    return _name(os.getpid())


@cache
def _name(pid: int) -> str:
    return ":".join((socket.gethostname(), str(pid), _start(pid), _boot(), _namespace()))


def is_held(owner: str | None, until: datetime | None, now: datetime) -> bool:
    """True while another process that may still live holds it."""
    if owner is None or until is None or owner == this_process() or not now < until <= now + _LONGEST:
        return False
    return not _has_ended(owner)


def _has_ended(owner: str) -> bool:
    """True where *owner* is known to be no more. On another machine or in another container it can't be seen."""
    host, pid, *more = owner.split(":")
    if host != socket.gethostname():
        return False
    if not more:  # an earlier version's owner: HOST:PID
        return not _is_alive(int(pid))
    start, boot, namespace = more
    if boot != _boot():
        return True
    return namespace == _namespace() and (not _is_alive(int(pid)) or start != _start(int(pid)))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, and is another user's
        return True
    return True


def _boot() -> str:
    """What tells one boot of this machine from all others (random(4)); "" where the system does not say."""
    return _read("/proc/sys/kernel/random/boot_id").strip()


def _namespace() -> str:
    """Among whose PIDs this process has its own (pid_namespaces(7))."""
    try:
        return str(os.stat("/proc/self/ns/pid").st_ino)  # noqa: PTH116
    except OSError:
        return ""


def _start(pid: int) -> str:
    """When *pid* started, in ticks since the boot (proc_pid_stat(5), field 22); "" where the system does not say."""
    after_name = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return after_name[19] if len(after_name) > 19 else ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def acquire(connection: Connection, name: str, now: datetime, until: datetime) -> bool:
    row = connection.execute(select(leases).where(leases.c.name == name)).first()
    if row is not None and is_held(row.owner, row.until, now):
        return False
    connection.execute(delete(leases).where(leases.c.name == name))
    connection.execute(insert(leases).values(name=name, owner=this_process(), until=until))
    return True


def relinquish(connection: Connection, name: str) -> None:
    connection.execute(delete(leases).where(leases.c.name == name, leases.c.owner == this_process()))
