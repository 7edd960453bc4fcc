"""What msgspec says of a wrong config.toml, in the words of the file: place, key and what is expected. Pure."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from feeds.urls import public_url

_WORDS = {"object": "table", "array": "list", "str": "text", "int": "a whole number", "float": "a number",
          "bool": "true or false", "null": "nothing"}  # fmt: skip
_MOST_SHOWN = 300


def in_words(message: str, tables: dict[str, Any], model: type[Struct]) -> str:
    """msgspec's "Expected `int`, got `str` - at `$.sources[2].url`" as "[[sources]] number 3 (NAME), key url: …"."""
    what, _, where = message.partition(" - at `")
    path = re.findall(r"[^.\[\]]+|\[\.\.\.\]|\[\d+\]", where.rstrip("`").removeprefix("$"))
    kind, struct, key = _field(model, path)
    if "unknown field" in what:
        what = _unknown(re.sub(r"(?s).*`(.*)`", r"\1", what), struct)
    elif "missing required field" in what:
        what = f"the key '{re.sub(r'.*`(.*)`', r'\1', what)}' is missing"
    else:
        what = _expected(what, kind, key)
    return f"{_place(path, tables)}: {what}"


def one_line(text: str) -> str:
    """*text* with what can't be printed in one line escaped, and cut where it is very long."""
    line = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}…"


def source_place(number: int, name: str) -> str:
    """How an error names the [[sources]] table of that *number*, counted from 1."""
    return f"[[sources]] number {number}{f' ({name})' if name else ''}"


def _field(model: type[Struct], path: list[str]) -> tuple[Any, type[Struct], str]:
    """What stands at *path*: its type, the table that it is in, and the key there ("" for a whole table)."""
    kind: Any = model
    struct, key = model, ""
    for part in path:
        if isinstance(kind, type) and issubclass(kind, Struct):
            struct, key = kind, part
            kind = get_type_hints(kind)[part]
        else:
            kind = next((inner for inner in get_args(kind)[::-1] if inner is not ...), kind)
        if isinstance(kind, type) and issubclass(kind, Struct):
            struct, key = kind, ""
    return kind, struct, key


def _expected(what: str, kind: Any, key: str) -> str:
    choices = _choices(kind)
    if choices and ("enum value" in what or "got" in what):
        return f"expected {'one of ' if len(choices) > 1 else ''}{', '.join(choices)}{_got(what)}"
    if key == "topics":
        return f'expected a share from 0 to 1, or "always"{_got(what)}'
    what = re.sub(r" \| null\b", "", what).replace("Expected", "expected")
    what = re.sub(r"\b(object|array|str|int|float|bool|null)\b", lambda found: _WORDS[found[1]], what)
    return what.replace("`", "").replace(" | ", " or ").replace(" of length >= 1", " that is not empty")


def _got(what: str) -> str:
    value = re.search(r"(?s)Invalid enum value '(.*)'", what)
    kind = re.search(r"got `(\w+)`", what)
    return f', got "{value[1]}"' if value else f", got {_WORDS.get(kind[1], kind[1])}" if kind else ""


def _choices(kind: Any) -> list[str]:
    """The words of a closed list, in quotes; none where *kind* has no such list."""
    if get_origin(kind) is Literal:
        return [f'"{word}"' for word in get_args(kind)]
    inner = [] if get_origin(kind) is dict else get_args(kind)
    if any(part in (str, float) for part in inner):
        return []
    return [word for part in inner for word in _choices(part)]


def _unknown(key: str, struct: type[Struct]) -> str:
    from difflib import get_close_matches  # here: costs start-up time that a sound file need not pay

    known = [field for field in struct.__struct_fields__ if field != "path"]
    near = get_close_matches(key, known, n=1)
    return f"unknown key '{key}'; " + (f"did you mean '{near[0]}'?" if near else f"expected one of {', '.join(known)}")


def _place(path: list[str], tables: dict[str, Any]) -> str:
    if not path:
        return "the top of the file"
    if path[0] == "sources" and len(path) > 1:
        number = int(path[1].strip("[]"))
        place, rest = source_place(number + 1, _name(tables["sources"][number])), path[2:]
    elif path[:2] == ["topics", "[...]"]:
        place, rest = f"[topics.{_culprit(tables['topics'], path[2:])}]", path[2:]
    else:
        place, rest = f"[{path[0]}]", path[1:]
    return f"{place}, key {''.join(rest).replace('[...]', '')}" if rest else place


def _name(table: Any) -> str:
    name = table.get("name") or table.get("url") if isinstance(table, dict) else None
    return one_line(public_url(name) if "://" in name else name) if isinstance(name, str) else ""
