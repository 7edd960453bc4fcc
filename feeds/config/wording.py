"""What msgspec says of a wrong config.toml, in the words of the file: place, key and what is expected. Pure."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from feeds.urls import shown

_WORDS = {"object": "a table", "array": "a list", "str": "text", "int": "a whole number", "float": "a decimal number",
          "bool": "true or false"}  # fmt: skip
_MOST_SHOWN = 500


def in_words(message: str, tables: dict[str, Any], model: type[Struct]) -> str:
    """msgspec's "Expected `int`, got `str` - at `$.sources[2].url`" as "[[sources]] number 3 (NAME), key url: …"."""
    what, _, where = message.rpartition(" - at `")
    path = re.findall(r"\w+|\[\.\.\.\]", where.replace("key in ", ""))
    kind, struct = _type_at(model, path)
    if "unknown field" in what:
        what = unknown_key(what.partition("`")[2].removesuffix("`"), struct)
    elif "missing required field" in what:
        what = f"the key '{what.split('`')[1]}' is missing"
    else:
        what = _expected(what, kind)
    return f"{_place(path, tables, model)}: {what}"


def one_line(text: str) -> str:
    """*text* with what can't stand in one line escaped, cut where it is very long."""
    line = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}…"


def unknown_key(key: str, struct: type[Struct]) -> str:
    """That *struct*'s table has no such *key*, and which it might be."""
    from difflib import get_close_matches  # here: costs start-up time that a sound file need not pay

    known = [field for field in struct.__struct_fields__ if field != "path"]
    near = get_close_matches(key, known, n=1)
    return f"unknown key '{key}'; " + (f"did you mean '{near[0]}'?" if near else f"expected one of {', '.join(known)}")


def _type_at(model: type[Struct], path: list[str]) -> tuple[Any, type[Struct]]:
    """The type of what stands at *path*, and of the table that it is in."""
    kind: Any = model
    struct = model
    for part in path:
        if part.isdigit() or part == "[...]":
            kind = next(inner for inner in reversed(get_args(kind)) if inner is not ...)
        else:
            kind = get_type_hints(struct)[part]
        struct = kind if isinstance(kind, type) and issubclass(kind, Struct) else struct
    return kind, struct


def _expected(what: str, kind: Any) -> str:
    choices = _choices(kind)
    if choices == ['"always"']:
        return f'expected a share from 0 to 1 for each topic, or "always"{_got(what)}'
    if choices:
        return f"expected one of {', '.join(choices)}{_got(what)}"
    if not what.startswith("Expected `"):
        return what  # our own words, of a duration or a size
    what = re.sub(r"`([^`]*)`", lambda found: _plain(found[1]), what.replace("Expected", "expected"))
    return what.replace(" of length >= 1", " that is not empty")


def _got(what: str) -> str:
    value = re.fullmatch(r"(?s)Invalid enum value '(.*)'", what)
    kind = re.search(r"got `([^`]*)`", what)
    return f', got "{value[1]}"' if value else f", got {_plain(kind[1])}" if kind else ""


def _plain(kinds: str) -> str:
    """msgspec's "bool | array | null" in plain words."""
    return ", or ".join(_WORDS.get(kind, kind) for kind in kinds.split(" | ") if kind != "null")


def _choices(kind: Any) -> list[str]:
    """The words of a closed list, in quotes; none where *kind* is no such list."""
    if get_origin(kind) is Literal:
        return [f'"{word}"' for word in get_args(kind)]
    inner = () if get_origin(kind) in (dict, tuple) else get_args(kind)
    return [] if str in inner else [word for part in inner for word in _choices(part)]


def _place(path: list[str], tables: dict[str, Any], model: type[Struct]) -> str:
    key = [part for part in path if part != "[...]"]
    if key[0] == "sources" and len(key) > 1:
        number = int(key[1])
        place = f"[[sources]] number {number + 1}{_named(tables['sources'][number])}"
        return f"{place}, key {key[2]}" if len(key) > 2 else place
    place = f"[{key[0]}]"
    if path[:2] == ["topics", "[...]"]:
        place = f"[topics.{_faulty(tables['topics'], _type_at(model, path[:2])[0])}]"
    return f"{place}, key {key[1]}" if len(key) > 1 else place


def _named(table: Any) -> str:
    name = table.get("name") or table.get("url") if isinstance(table, dict) else None
    return f" ({shown(name)})" if isinstance(name, str) else ""


def _faulty(topics: dict[str, Any], kind: type[Struct]) -> str:
    """Which of *topics* is wrong; msgspec doesn't say."""
    for name, table in topics.items():
        try:
            msgspec.convert(table, kind)
        except msgspec.ValidationError:
            return name
    return "…"
