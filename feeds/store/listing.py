"""Which article an entry is: known by its identity, or the same as one another source (or an older guid) brought.

The rules of "one article" (see docs/how-it-works.md) stand in `is_same`; the rest finds the candidates for it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from feeds.model import Article
from feeds.store.schema import articles, listings, meta

_CHUNK = 500  # SQLite allows 32,766 variables (sqlite.org/limits.html); older builds 999


def fact(connection: Connection, key: str) -> str | None:
    """A single fact of the store, None where it has not been noted."""
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def set_fact(connection: Connection, key: str, value: str) -> None:
    """Note a single fact."""
    connection.execute(delete(meta).where(meta.c.key == key))
    connection.execute(insert(meta).values(key=key, value=value))


def words(text: str) -> str:
    """The words of *text* alone: what stays the same under changes of case, punctuation, white space and markup."""
    return " ".join(re.findall(r"\w+", re.sub(r"<[^>]*>", " ", text).casefold()))


def digest(*texts: str) -> str:
    """A short hash that tells texts apart."""
    return hashlib.blake2b("\0".join(texts).encode(), digest_size=16).hexdigest()


def title_key(article: Article) -> str:
    """Equal for equal titles."""
    return digest(words(article.title))


def words_key(article: Article) -> str:
    """Equal as long as edits are cosmetic."""
    return digest(words(article.title), words(article.content or article.summary))


def known(connection: Connection, source_id: int, found: Sequence[Article]) -> dict[str, Row[Any]]:
    """The listings that this source already has for these articles, by identity."""
    rows: dict[str, Row[Any]] = {}
    for part in chunks([article.identity for article in found]):
        where = (listings.c.source_id == source_id) & listings.c.identity.in_(part)
        rows |= {row.identity: row for row in connection.execute(_with_article().where(where))}
    return rows


def twins(connection: Connection, source_id: int, new: Sequence[Article], listed: set[str]) -> dict[str, Row[Any]]:
    """For each of *new*, by identity, the listing of the article that it is too, where there is one.

    *listed* are the identities that the document holds: an article still listed under another guid is another article.
    """
    urls = {article.url for article in new if article.url}
    candidates: dict[str, list[Row[Any]]] = {}
    for part in chunks(sorted(urls)):
        for row in connection.execute(
            _with_article().where(listings.c.url.in_(part)).order_by(listings.c.first_listed)
        ):
            candidates.setdefault(row.url, []).append(row)
    twins: dict[str, Row[Any]] = {}
    taken: set[str] = set()  # of this source's own listings: each stands for one entry
    for article in new:
        for row in candidates.get(article.url or "", ()):
            is_own = row.source_id == source_id
            if not (is_own and row.identity in taken) and is_same(article, row, source_id, listed):
                twins[article.identity] = row
                if is_own:
                    taken.add(row.identity)
                break
    return twins


def is_same(article: Article, row: Row[Any], source_id: int, listed: set[str]) -> bool:
    """True where *article* and what *row* lists are one: the same canonical URL with the same title.

    Within one source only if the old guid is gone from the document and the dates agree: a guid that changes at every
    fetch must not double an article, a daily programme at one address must not swallow its earlier editions.
    """
    if row.title_key != title_key(article):
        return False
    if row.source_id != source_id:
        return not row.url_is_shared and not article.url_is_shared
    dates_agree = row.published == article.published or row.published is None or article.published is None
    return row.identity not in listed and dates_agree


def chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """*values* in parts small enough for one statement."""
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def _with_article() -> Any:
    mine = (articles.c.source_id, articles.c.entry_key, articles.c.words_key, articles.c.first_seen, articles.c.entry)
    columns = (column.label(f"article_{column.name}") for column in (*mine, articles.c.published, articles.c.updated))
    return select(listings, *columns).outerjoin(articles, articles.c.pk == listings.c.article)
