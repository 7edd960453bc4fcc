"""One statement for many rows, without what SQLAlchemy does anew for each of them. Called by Store's parts.

SQLAlchemy's executemany looks at each value of each row again; here a column's conversion is looked up once a statement:
1,000 rows of thirty columns take a quarter of the time. And sqlite3 gives up the interpreter's lock at each row of an
executemany, and waits for the threads that fetch to give it back; so rows are inserted by the dozen, in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from itertools import chain
from operator import itemgetter
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Dialect, Table, UpdateBase

Convert = Callable[[Any], Any]
Row = Mapping[str, Any]

_MOST_VALUES = 900  # in one statement: SQLite allows 32,766 (sqlite.org/limits.html), older builds 999


def insert(connection: Connection, table: Table, rows: Sequence[Row], together: int = _MOST_VALUES) -> None:
    """Insert *rows*, which all name the same columns of *table*, and all of those that need a value.

    Up to *together* go in one step: where they are large, few, as SQLite copies all of them for it.
    """
    if rows:
        _insert_together(connection, _insert(table, tuple(rows[0])), rows, together)


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert *rows*; where one with the same primary key is there, add the other columns' numbers to its own."""
    if rows:
        _insert_together(connection, _add(connection.dialect, table, tuple(rows[0])), rows, _MOST_VALUES)


def run(connection: Connection, statement: UpdateBase, rows: Sequence[Row]) -> None:
    """Run *statement*, one object for all calls, for each of *rows*, by the names of its parameters."""
    if rows and connection.dialect.positional:
        sql, names, converts = _prepared(connection.dialect, statement)
        connection.exec_driver_sql(sql, _values(rows, names, converts))
    elif rows:
        connection.execute(statement, rows)


def _insert_together(connection: Connection, statement: UpdateBase, rows: Sequence[Row], together: int) -> None:
    if not connection.dialect.positional:
        connection.execute(statement, rows)
        return
    sql, names, converts = _prepared(connection.dialect, statement)
    head, _, rest = sql.partition(" VALUES ")
    marks, on, more = rest.partition(" ON CONFLICT ")
    values = _values(rows, names, converts)
    at_once = min(together, _MOST_VALUES // len(names))
    for start in range(0, len(values), at_once):
        part = values[start : start + at_once]
        whole = f"{head} VALUES {', '.join([marks] * len(part))}{on}{more}"
        connection.exec_driver_sql(whole, tuple(chain.from_iterable(part)))


def _values(
    rows: Sequence[Row], names: Sequence[str], converts: Sequence[tuple[int, Convert]]
) -> list[tuple[Any, ...]]:
    pick = itemgetter(*names) if len(names) > 1 else (lambda row: (row[names[0]],))
    return [_converted(pick(row), converts) for row in rows]


def _converted(values: tuple[Any, ...], converts: Sequence[tuple[int, Convert]]) -> tuple[Any, ...]:
    if not converts:
        return values
    found = list(values)
    for place, convert in converts:
        found[place] = convert(found[place])
    return tuple(found)


@lru_cache(64)
def _insert(table: Table, names: tuple[str, ...]) -> UpdateBase:
    return sqlalchemy.insert(table).values({name: sqlalchemy.bindparam(name) for name in names})


@lru_cache(64)
def _add(dialect: Dialect, table: Table, names: tuple[str, ...]) -> UpdateBase:
    # To name both here would load both, which takes 50 ms.
    its_own: Any = import_module(f"sqlalchemy.dialects.{dialect.name}")
    statement = its_own.insert(table).values({name: sqlalchemy.bindparam(name) for name in names})
    keys = [column.name for column in table.primary_key]
    sums = {name: table.c[name] + statement.excluded[name] for name in names if name not in keys}
    adding: UpdateBase = statement.on_conflict_do_update(index_elements=keys, set_=sums)
    return adding


@lru_cache(64)
def _prepared(dialect: Dialect, statement: UpdateBase) -> tuple[str, list[str], list[tuple[int, Convert]]]:
    """The statement's text, its parameters in order, and how the values at these places are converted."""
    compiled: Any = statement.compile(dialect=dialect)
    names = list(compiled.positiontup)
    found = ((place, compiled.binds[name].type) for place, name in enumerate(names))
    processors = ((place, kind.dialect_impl(dialect).bind_processor(dialect)) for place, kind in found)
    return str(compiled), names, [(place, convert) for place, convert in processors if convert is not None]
