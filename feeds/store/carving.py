"""Rows out of a damaged SQLite file, page by page, where its own way to them is lost. Called by recovering alone.

Only the leaves of tables are read (sqlite.org/fileformat.html, sections 1.6 and 2.1); whose rows they are, the caller
must tell by their columns. Nothing here raises: what can't be read is left out.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

Value = int | float | str | bytes | None
_TABLE_LEAF = 0x0D
_HEADER = 100  # bytes of the file's, on its first page
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # lengths by serial type
_UNREADABLE = (IndexError, ValueError, struct.error)


def rows(path: Path) -> Iterator[tuple[int, tuple[Value, ...]]]:
    """Every row of every table: its number, and its columns. (A number that is a column of its own is None there.)"""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        pages = _Pages(data)
        unused = set(pages.unused())
        for number in range(1, pages.count + 1):
            if number not in unused:
                yield from _rows(pages, number)


class _Pages:
    """The file's pages, counted from 1."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        told = int.from_bytes(data[16:18], "big")
        sizes = {1 << power for power in range(9, 16)}
        self.size = told if told in sizes else 65_536 if told == 1 else 4096
        self.usable = self.size - (data[20] if told in sizes and len(data) > 20 else 0)
        self.count = -(-len(data) // self.size)

    def page(self, number: int) -> bytes:
        start = (number - 1) * self.size
        return self._data[start : start + self.size] if number > 0 else b""

    def unused(self) -> Iterator[int]:
        """The pages on the list of free ones: what stands there was deleted."""
        seen: set[int] = set()
        trunk = int.from_bytes(self._data[32:36], "big")
        while 0 < trunk <= self.count and trunk not in seen:
            seen.add(trunk)
            page = self.page(trunk)
            length = min(int.from_bytes(page[4:8], "big"), self.size // 4 - 2)
            yield trunk
            yield from (int.from_bytes(page[at : at + 4], "big") for at in range(8, 8 + 4 * length, 4))
            trunk = int.from_bytes(page[:4], "big")


def _rows(pages: _Pages, number: int) -> Iterator[tuple[int, tuple[Value, ...]]]:
    page = pages.page(number)
    start = _HEADER if number == 1 else 0
    if len(page) < start + 8 or page[start] != _TABLE_LEAF:
        return
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    for at in range(start + 8, min(start + 8 + 2 * count, len(page) - 1), 2):
        with suppress(*_UNREADABLE):
            yield _row(pages, page, int.from_bytes(page[at : at + 2], "big"))


def _row(pages: _Pages, page: bytes, at: int) -> tuple[int, tuple[Value, ...]]:
    length, at = _varint(page, at)
    rowid, at = _varint(page, at)
    return rowid, _columns(_payload(pages, page, at, length))


def _payload(pages: _Pages, page: bytes, at: int, length: int) -> bytes:
    """A row's bytes, with those that did not fit the page. Section 1.6."""
    most, least = pages.usable - 35, (pages.usable - 12) * 32 // 255 - 23
    if length <= most:
        return _exactly(page[at : at + length], length)
    here = least + (length - least) % (pages.usable - 4)
    here = here if here <= most else least
    found = _exactly(page[at : at + here], here)
    following = int.from_bytes(page[at + here : at + here + 4], "big")
    for _ in range(pages.count):
        if len(found) >= length:
            break
        more = pages.page(following)
        found += more[4 : 4 + min(length - len(found), pages.usable - 4)]
        following = int.from_bytes(more[:4], "big")
    return _exactly(found, length)


def _exactly(found: bytes, length: int) -> bytes:
    if len(found) != length:
        raise ValueError("cut short")
    return found


def _columns(payload: bytes) -> tuple[Value, ...]:
    """The values of a record. Section 2.1."""
    end, at = _varint(payload, 0)
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values = []
    for kind in kinds:
        length = _length(kind)
        values.append(_value(kind, _exactly(payload[at : at + length], length)))
        at += length
    return tuple(values)


def _length(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    return 8 if kind == 7 else _INTEGERS.get(kind, 0)


def _value(kind: int, data: bytes) -> Value:
    if kind >= 12:
        return data.decode("utf-8", "replace") if kind % 2 else data
    if kind == 7:
        number: float = struct.unpack(">d", data)[0]
        return number
    if kind in (10, 11):
        raise ValueError("a kind that is not in use")
    return {0: None, 8: 0, 9: 1}[kind] if kind in (0, 8, 9) else int.from_bytes(data, "big", signed=True)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(9):
        byte = data[at + place]
        if place == 8:
            value = value << 8 | byte
            break
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value - (1 << 64) if value >= 1 << 63 else value, at + place + 1
