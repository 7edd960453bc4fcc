"""Which articles' own pages are to be written, or taken away. Called by Store and saving.

articles.unpaged is set whenever an article changes in a way that readers could see; so a publishing asks for what
changed alone, whatever the number of pages that stand.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from feeds.model import PageTask
from feeds.store.listing import chunks
from feeds.store.schema import articles, dead_pages


def tasks(connection: Connection, limit: int) -> list[PageTask]:
    """Up to *limit* articles whose pages are to be written; of hidden ones, to be taken away."""
    query = select(articles.c.pk, articles.c.id, articles.c.hidden_at).where(articles.c.unpaged).limit(limit)
    return [PageTask(pk, id_, hidden is not None) for pk, id_, hidden in connection.execute(query)]


def done(connection: Connection, pks: Sequence[int]) -> None:
    """These articles' pages stand as they should."""
    for part in chunks(pks):
        connection.execute(update(articles).where(articles.c.pk.in_(part)).values(unpaged=False))


def again(connection: Connection, ids: Sequence[str] | None = None) -> None:
    """The pages of the articles with these ids, or of all, are to be written again."""
    if ids is None:
        connection.execute(update(articles).values(unpaged=True))
    for part in chunks(ids or ()):
        connection.execute(update(articles).where(articles.c.id.in_(part)).values(unpaged=True))


def ids(connection: Connection) -> set[str]:
    """The articles that have a page: all that are not hidden."""
    return set(connection.execute(select(articles.c.id).where(articles.c.hidden_at.is_(None))).scalars())


def bury(connection: Connection, pks: Sequence[int]) -> None:
    """Note that these articles go."""
    for part in chunks(pks):
        gone = select(articles.c.id).where(articles.c.pk.in_(part))
        connection.execute(insert(dead_pages).from_select(["id"], gone))


def dead(connection: Connection) -> list[str]:
    """The articles that went and whose pages are to be taken away."""
    return list(connection.execute(select(dead_pages.c.id)).scalars())


def forget(connection: Connection, gone: Sequence[str]) -> None:
    """These pages are taken away."""
    for part in chunks(gone):
        connection.execute(delete(dead_pages).where(dead_pages.c.id.in_(part)))
