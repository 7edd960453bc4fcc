"""What pages say of a source with each of its articles: where that changes, they are made again. Called by Published."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from feeds.store import archiving, months
from feeds.store.schema import articles, sources


def changed(connection: Connection, labels: Mapping[int, str]) -> dict[int, str]:
    """Those of *labels*, by sources' ids, that are not what is noted."""
    noted = {row.id: row.label for row in connection.execute(select(sources.c.id, sources.c.label))}
    return {number: label for number, label in labels.items() if number in noted and noted[number] != label}


def relabel(connection: Connection, labels: Mapping[int, str]) -> None:
    """Note these sources' labels, and mark the pages of those that had another."""
    for number, label in labels.items():
        mine = sources.c.id == number
        if connection.execute(select(sources.c.label).where(mine)).scalar() is not None:  # else its articles are new
            _mark(connection, number)
        connection.execute(update(sources).where(mine).values(label=label))


def _mark(connection: Connection, source_id: int) -> None:
    connection.execute(update(articles).where(articles.c.source_id == source_id).values(unpaged=True))
    archiving.again_with(connection, source_id)
    months.again_with(connection, source_id)
