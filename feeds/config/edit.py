"""Edits of config.toml that keep its comments and order, byte for byte elsewhere. Called by cli.

The new text is checked as a whole before it is written, and takes the old one's place at once.
"""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import tomlkit

from feeds.config import Config, Source, load, parse
from feeds.errors import ConfigError, UsageError
from feeds.urls import shown

_ORDER = ("url", "name", "language", "country", "type", "control", "topics", "interval", "text", "enabled")


def with_sources(text: str, sources: Iterable[Mapping[str, Any]]) -> str:
    """*text* with a [[sources]] table for each of *sources* at its end; keys that are None or empty are left out."""
    tables = [_table(source) for source in sources]
    if not tables:
        return text
    end = "" if not text or text.endswith("\n") else "\n"
    added = end + "".join(f"\n{table}" for table in tables)
    return text + (added.replace("\n", "\r\n") if "\r\n" in text else added)


def _table(source: Mapping[str, Any]) -> str:
    lines = [f"{key} = {_value(source[key])}" for key in _ORDER if source.get(key) not in (None, "", [], (), {})]
    return "[[sources]]\n" + "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(tomlkit.item(value).as_string())
    table = tomlkit.inline_table()
    table.update(value)
    return table.as_string()


def without_source(text: str, config: Config, source: Source) -> str | None:
    """*text* without the [[sources]] table of *source*; None where it can't be told from the lines.

    What stands between it and the next table, comments and empty lines, stays: it may speak of what follows.
    """
    lines = text.splitlines(keepends=True)
    headers = [number for number, line in enumerate(lines) if re.match(r"[\s\ufeff]*\[", line)]
    own = [number for number in headers if re.match(r"[\s\ufeff]*\[\[\s*sources\s*\]\]", lines[number])]
    if len(own) != len(config.sources):
        return None
    start = own[config.sources.index(source)]
    after = (number for number in headers if number > start and not re.match(r"\s*\[\[?\s*sources\s*\.", lines[number]))
    end = next(after, len(lines))
    while lines[end - 1].strip() == "" or lines[end - 1].lstrip().startswith("#"):
        end -= 1
    return "".join(lines[:start] + lines[end:])


def add_sources(path: Path, sources: Iterable[Mapping[str, Any]]) -> None:
    """Write *sources* into the file at *path*. Raises ConfigError where the result would not be valid."""
    with _alone(path):
        text = path.read_bytes().decode()
        if re.search(r"^\s*sources\s*=", f"\n{text}".partition("\n[")[0], re.MULTILINE):
            raise ConfigError(f"{path}: sources is one list here; write each as a [[sources]] table, to have it edited")
        _write(path, with_sources(text, sources))


def remove_source(path: Path, key: str) -> Source:
    """Take the source whose name or URL is *key* out of the file; gives it. Raises UsageError where there is none."""
    with _alone(path):
        config = load(path)
        source = find_source(config, key)
        if source is None:
            raise UsageError(f'no source is called "{shown(key)}"; `feeds sources` lists them')
        changed = without_source(path.read_bytes().decode(), config, source)
        if changed is None or _sources(changed, path) != [each for each in config.sources if each != source]:
            raise ConfigError(f"{path}: its lines can't be told apart here; take the source out by hand")
        _write(path, changed)
        return source


def find_source(config: Config, key: str) -> Source | None:
    """The source whose name or URL is *key*."""
    return next((source for source in config.sources if key in (source.name, source.url)), None)


def free_name(config: Config, wanted: str, taken: Iterable[str] = ()) -> str:
    """*wanted* in one line, with a number behind it where another source has that name; "unnamed" where it is empty."""
    line = " ".join("".join(character if character.isprintable() else " " for character in wanted).split())
    name = line[:180].strip() or "unnamed"
    names = {source.name for source in config.sources} | set(taken)
    number = 2
    free = name
    while free in names:
        free, number = f"{name} ({number})", number + 1
    return free


def _sources(text: str, path: Path) -> list[Source]:
    """The sources of *text*; none where it is no valid configuration."""
    with suppress(ConfigError):
        return list(parse(text, path).sources)
    return []


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One editor at a time, so that none undoes what another wrote. Raises ConfigError where the file is faulty."""
    load(path)
    descriptor = os.open(path.resolve().parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, text: str) -> None:
    parse(text, path)
    target = path.resolve()
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            owner = target.stat()
            with suppress(PermissionError):  # root may edit another's file, and leaves it theirs
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            os.fchmod(file.fileno(), owner.st_mode & 0o777)
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
