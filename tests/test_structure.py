"""Reads the imports of feeds/ and keeps the lines that docs/how-it-works.md draws."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

import feeds

ROOT = Path(feeds.__file__).parent
MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py") if "migrations" not in path.parts)

# Each of these libraries is imported by one module or package, which speaks our types on its other side.
ALONE = {
    "requests": "fetch",
    "urllib3": "fetch",
    "feedparser": "parse",
    "pebble": "parse",
    "feedgen": "render",
    "jinja2": "render",
    "pygal": "render",
    "sqlalchemy": "store",
    "alembic": "store",
    "sqlite3": "store",
    "apscheduler": "daemon.py",
    "nh3": "markup",
    "lingua": "language.py",
    "ftfy": "markup",
    "idna": "urls.py",
    "langcodes": "language.py",
    "ahocorasick_rs": "topics",
    "snowballstemmer": "stemming.py",
    "babel": "names.py",
    "starlette": "serve",
    "uvicorn": "serve",
    "tomlkit": "config",
    "click": "cli",
    "rich": "cli",
}
# What is pure imports nothing that touches files, processes, the network, the clock or chance.
PURE = (
    "model",
    "normalise",
    "urls",
    "markup",
    "dates",
    "language",
    "schedule",
    "opml",
    "export",
    "render",
    "explain",
    "search",
    "stemming",
)
IMPURE = {"socket", "subprocess", "sqlite3", "random", "requests", "urllib", "http", "shutil", "tempfile", "os", "time",
          "threading", "multiprocessing"}  # fmt: skip


def imported(module: Path) -> set[str]:
    """The top-level names that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / module).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
    return found


def room(module: Path) -> str:
    """The module's own name, or its package's."""
    return module.parts[0] if len(module.parts) > 1 else module.name


@pytest.mark.parametrize(("library", "home"), ALONE.items())
def test_library_is_imported_in_one_place(library: str, home: str) -> None:
    users = {room(module) for module in MODULES if any(name.split(".")[0] == library for name in imported(module))}
    assert {user.removesuffix(".py") for user in users} == {home.removesuffix(".py")}


# What is imported under another name than it is installed by; and what is there for others: uvicorn's parser, zoneinfo's data.
MODULES_OF = {
    "lingua-language-detector": "lingua",
    "ahocorasick-rs": "ahocorasick_rs",
    "charset-normalizer": "charset_normalizer",
}
UNIMPORTED = {"httptools", "tzdata"}


def test_every_dependency_is_imported_and_every_import_is_a_dependency() -> None:
    declared = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split("[<>=]", line)[0].strip().lower() for line in declared}
    used = {name.split(".")[0] for module in MODULES for name in imported(module)}
    foreign = used - set(sys.stdlib_module_names) - {"feeds"}
    assert foreign == {MODULES_OF.get(name, name) for name in names - UNIMPORTED}


@pytest.mark.parametrize("name", PURE)
def test_pure_module_touches_nothing_outside(name: str) -> None:
    mine = [module for module in MODULES if room(module).removesuffix(".py") == name]
    assert mine
    for module in mine:
        names = {found for found in imported(module) if not found.startswith("urllib.parse")}
        assert not {found.split(".")[0] for found in names} & IMPURE, module


@pytest.mark.parametrize("name", ["soundness", "recovering", "carving"])
def test_what_looks_beneath_the_store_is_for_the_checkup_alone(name: str) -> None:
    users = {module.name for module in MODULES if re.search(rf"import .*\b{name}\b", (ROOT / module).read_text())}
    assert users
    assert users <= {"soundness.py", "recovering.py", "checkup.py"}


def test_model_imports_nobody() -> None:
    assert not [name for name in imported(Path("model.py")) if name.startswith("feeds")]


def test_middle_never_reads_the_clock() -> None:
    edges = {"cli", "daemon.py", "pipeline.py", "demo", "fetch", "serve"}
    for module in MODULES:
        if room(module) not in edges:
            text = (ROOT / module).read_text()
            assert ".now(" not in text, module
            assert "utcnow" not in text, module
