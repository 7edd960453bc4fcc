"""Which article an entry is: known by its identity, or the same as one another source (or an older guid) brought.

The rules of "one article" (see docs/how-it-works.md) stand in `is_same`; the rest finds the candidates for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select

from feeds.digests import digests_of
from feeds.model import Article, Digests
from feeds.store.schema import articles, listings, meta

Key = tuple[int, str]  # a source's id, and an identity there

_CHUNK = 500  # SQLite allows 32,766 variables (sqlite.org/limits.html); older builds 999


def fact(connection: Connection, key: str) -> str | None:
    """A single fact of the store, None where it has not been noted."""
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def set_fact(connection: Connection, key: str, value: str) -> None:
    """Note a single fact."""
    connection.execute(delete(meta).where(meta.c.key == key))
    connection.execute(insert(meta).values(key=key, value=value))


def known_by(article: Article) -> Digests:
    """The digests that *article* brought, or those that it would have."""
    return article.digests or digests_of(article)


def known(connection: Connection, source_id: int, found: Iterable[Article]) -> dict[Key, Row[Any]]:
    """The listings that this source already has for these articles."""
    rows: dict[Key, Row[Any]] = {}
    for part in chunks([article.identity for article in found]):
        for row in connection.execute(_KNOWN, {"source": source_id, "identities": part}):
            rows[source_id, row.identity] = row
    return rows


def twins(
    connection: Connection, new: Sequence[tuple[int, Article]], listed: Mapping[int, set[str]]
) -> dict[Key, Row[Any]]:
    """For each of *new*, with its source, the listing of the article that it is too, where there is one.

    No two sources of *new* may have an address in common. *listed* are the identities that each source's document
    holds: an article still listed under another guid is another article.
    """
    candidates: dict[str, list[Row[Any]]] = {}
    for part in chunks(sorted({article.url for _, article in new if article.url})):
        for row in connection.execute(_AT, {"urls": part}):
            candidates.setdefault(row.url, []).append(row)
    twins: dict[Key, Row[Any]] = {}
    taken: set[Key] = set()  # of a source's own listings: each stands for one entry
    for source_id, article in new:
        for row in candidates.get(article.url or "", ()):
            own = (source_id, row.identity) if row.source_id == source_id else None
            if own not in taken and is_same(article, row, source_id, listed[source_id]):
                twins[source_id, article.identity] = row
                if own:
                    taken.add(own)
                break
    return twins


def is_same(article: Article, row: Row[Any], source_id: int, listed: set[str]) -> bool:
    """True where *article* and what *row* lists are one: the same canonical URL with the same title.

    Within one source only if the old guid is gone from the document and the dates agree: a guid that changes at every
    fetch must not double an article, a daily programme at one address must not swallow its earlier editions.
    """
    if row.title_key != known_by(article).title:
        return False
    if row.source_id != source_id:
        return not row.url_is_shared and not article.url_is_shared
    dates_agree = row.published == article.published or row.published is None or article.published is None
    return row.identity not in listed and dates_agree


def chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """*values* in parts small enough for one statement."""
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def _with_article() -> Select[Any]:
    mine = articles.c.source_id, articles.c.entry_key, articles.c.words_key, articles.c.first_seen
    columns = (column.label(f"article_{column.name}") for column in (*mine, articles.c.published, articles.c.updated))
    return select(listings, *columns).outerjoin(articles, articles.c.pk == listings.c.article)


_KNOWN = _with_article().where(
    listings.c.source_id == bindparam("source"), listings.c.identity.in_(bindparam("identities", expanding=True))
)
_AT = _with_article().where(listings.c.url.in_(bindparam("urls", expanding=True))).order_by(listings.c.first_listed)
