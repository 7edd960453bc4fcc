"""The open database that Store's methods run on, each in one transaction. Called by Store and Published alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from feeds.errors import StoreError
from feeds.store import opening, schema


class Database:
    """An open database. Raises StoreError where it can't be opened, or is not ours."""

    def __init__(self, url: str, now: datetime) -> None:
        self._url = url
        self._engine = opening.open_engine(url, now)
        with self._read() as connection:
            facts = {row.key: row.value for row in connection.execute(select(schema.meta))}
        try:
            self.namespace = uuid.UUID(facts["namespace"])
            self.created = datetime.fromisoformat(facts["created"])
        except (KeyError, ValueError):
            self.close()
            raise StoreError(f"the store {opening.shown(url)} is damaged: it has lost what all ids rest on") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _connect(self, writes: bool) -> Iterator[Connection]:
        try:
            with self._engine.connect().execution_options(writes=writes) as connection, connection.begin():
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(f"the store {opening.shown(self._url)}: {opening.reason(self._url, error)}") from error

    def _read(self) -> AbstractContextManager[Connection]:
        return self._connect(writes=False)

    def _write(self) -> AbstractContextManager[Connection]:
        return self._connect(writes=True)
