"""Which article an entry is: known by its identity, or the same as one another source (or an older guid) brought.

The rules of "one article" (see docs/how-it-works.md) stand in `is_same` and `_possible`; the rest finds the candidates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Row, Select, bindparam, delete, func, insert, select

from feeds.digests import digests_of, fragment_of, shared_identity
from feeds.model import Article, Digests
from feeds.store.schema import articles, listings, meta, sources

Key = tuple[int, str]  # a source's id, and an identity there

_LONGEST_BETWEEN_COPIES = timedelta(days=30)
_CHUNK = 500  # SQLite allows 32,766 variables (sqlite.org/limits.html); older builds 999


def fact(connection: Connection, key: str) -> str | None:
    """A single fact of the store, None where it has not been noted."""
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def set_fact(connection: Connection, key: str, value: str) -> None:
    """Note a single fact."""
    connection.execute(delete(meta).where(meta.c.key == key))
    connection.execute(insert(meta).values(key=key, value=value))


def next_key(connection: Connection, column: Column[int]) -> int:
    """The first free key of a table: above all that are there, and all that ever were."""
    highest = connection.execute(select(func.max(column))).scalar() or 0
    return max(highest, int(fact(connection, _used_up(column)) or 0)) + 1


def use_up_keys(connection: Connection, column: Column[int]) -> None:
    """Note how high the keys of a table went, before rows of it are deleted: no key ever stands for another row."""
    set_fact(connection, _used_up(column), str(next_key(connection, column) - 1))


def _used_up(column: Column[int]) -> str:
    return f"last {column.table.name}"


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


def no_longer_one(connection: Connection, source_id: int, known: Mapping[Key, Row[Any]], listed: set[str]) -> list[Key]:
    """Of *known*, those that were taken for an article that another entry of the same document stands for.

    An entry that took the place of another under a new guid was the same article, until both stood in one document: the
    one that was listed first keeps it. *listed* are the identities that the document holds.
    """
    shared = sorted({row.article for row in known.values() if row.listing_count > 1 and row.article is not None})
    first: dict[int, str] = {}
    for part in chunks(shared):
        for row in connection.execute(_LISTINGS_OF, {"source": source_id, "articles": part}):
            if row.identity in listed:
                first.setdefault(row.article, row.identity)
    return [key for key, row in known.items() if first.get(row.article, row.identity) != row.identity]


def twins(
    connection: Connection,
    new: Sequence[tuple[int, Article]],
    listed: Mapping[int, set[str]],
    taken: Iterable[tuple[int, int]],
) -> dict[Key, Row[Any]]:
    """For each of *new*, with its source, the listing of the article that it is too, where there is one.

    No two sources of *new* may have an address or a text in common. *listed* are the identities that each source's
    document holds, *taken* the articles, with the source, that its other entries stand for: what tells the entries of one
    document apart never merges them.
    """
    taken = set(taken)
    candidates = _candidates(connection, new)
    alike = Counter((source_id, known_by(article).title, article.published) for source_id, article in new)
    twins: dict[Key, Row[Any]] = {}
    gone: set[Key] = set()  # of a source's own listings: each stands for one entry
    for source_id, article in new:
        is_alone = alike[source_id, known_by(article).title, article.published] == 1
        for row in _possible(article, source_id, candidates, is_alone, listed[source_id]):
            own = (source_id, row.identity) if row.source_id == source_id else None
            if own not in gone and (source_id, row.article) not in taken:
                twins[source_id, article.identity] = row
                if own:
                    gone.add(own)
                if row.article is not None:
                    taken.add((source_id, row.article))
                break
    return twins


class _Candidates(NamedTuple):
    """Listings that new entries may repeat: by URL, by source, title and date, and by the words of their article."""

    by_url: dict[str, list[Row[Any]]]
    by_title: dict[tuple[int, str, datetime], list[Row[Any]]]
    by_words: dict[str, list[Row[Any]]]


def _candidates(connection: Connection, new: Sequence[tuple[int, Article]]) -> _Candidates:
    found = _Candidates({}, {}, {})
    for part in chunks(sorted({article.url for _, article in new if article.url})):
        for row in connection.execute(_AT, {"urls": part}):
            found.by_url.setdefault(row.url, []).append(row)
    titles: dict[int, set[str]] = {}
    for source_id, article in new:
        if article.published is not None:
            titles.setdefault(source_id, set()).add(known_by(article).title)
    for source_id, dated in titles.items():
        for part in chunks(sorted(dated)):
            for row in connection.execute(_TITLED, {"source": source_id, "titles": part}):
                found.by_title.setdefault((source_id, row.title_key, row.published), []).append(row)
    for part in chunks(sorted({copied_words(article) for _, article in new} - {""})):
        for row in connection.execute(_SAYING, {"words": part}):
            found.by_words.setdefault(row.article_words_key, []).append(row)
    return found


def copied_words(article: Article) -> str:
    """The digest by which copies of *article* are known, "" where its text is too short to tell it from another's."""
    digests = known_by(article)
    return digests.words if digests.is_telling else ""


def _possible(
    article: Article, source_id: int, candidates: _Candidates, is_alone: bool, listed: set[str]
) -> Iterator[Row[Any]]:
    """The listings of what *article* is too, the likeliest first."""
    for row in candidates.by_url.get(article.url or "", ()):
        if is_same(article, row, source_id, listed):
            yield row
    if article.published is not None and is_alone:
        titled = candidates.by_title.get((source_id, known_by(article).title, article.published), [])
        if len({row.article for row in titled}) == 1 and all(row.identity not in listed for row in titled):
            yield titled[-1]
    copies = candidates.by_words.get(copied_words(article), ())
    still_listed = {row.article for row in copies if row.source_id == source_id and row.identity in listed}
    for row in copies:
        if row.source_id != source_id and row.article not in still_listed and _are_near(article, row):
            yield row


def _are_near(article: Article, row: Row[Any]) -> bool:
    """False where one is so much older that it was not copied, but written again: a notice that comes every year."""
    if article.published is None or row.article_published is None:
        return True
    between: timedelta = abs(article.published - row.article_published)
    return between <= _LONGEST_BETWEEN_COPIES


def is_same(article: Article, row: Row[Any], source_id: int, listed: set[str]) -> bool:
    """True where *article* and what *row* lists are one: the same canonical URL with the same title.

    Within one source only if the old guid is gone from the document, the dates agree, and of a URL that several share the
    fragments do, too: a guid that changes at every fetch must not double an article, a daily programme at one address
    must not swallow its earlier editions.
    """
    if row.title_key != known_by(article).title:
        return False
    is_shared = bool(row.url_is_shared or article.url_is_shared)
    if row.source_id != source_id:
        return not is_shared
    if is_shared and row.article_link is not None and fragment_of(row.article_link) != fragment_of(article.link):
        return False
    dates_agree = row.published == article.published or row.published is None or article.published is None
    return bool(dates_agree and row.identity not in listed)


def set_apart(
    connection: Connection, source_id: int, known: Mapping[Key, Row[Any]], found: Iterable[Article]
) -> dict[str, Row[Any]]:
    """The listings of those of *found* that once stood beside another entry with their guid, by that guid's identity.

    The guid alone would lead to the other entry. Both title and URL differ from what it is known as: else it was edited.
    """
    others: dict[str, Article] = {}
    for article in found:
        row = known.get((source_id, article.identity))
        if row is not None and article.url and row.url != article.url and row.title_key != known_by(article).title:
            others[article.url] = article
    apart: dict[str, Row[Any]] = {}
    for part in chunks(sorted(others)):
        for row in connection.execute(_AT, {"urls": part}):
            article = others[row.url]
            is_own = row.source_id == source_id and row.title_key == known_by(article).title
            if is_own and row.identity != article.identity == shared_identity(row.identity):
                apart[article.identity] = row
    return apart


def chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """*values* in parts small enough for one statement."""
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def _with_article() -> Select[Any]:
    mine = articles.c.source_id, articles.c.entry_key, articles.c.words_key, articles.c.first_seen
    dates = articles.c.published, articles.c.updated
    columns = (column.label(f"article_{column.name}") for column in (*mine, *dates, articles.c.link))
    of_owner = sources.c.position.label("article_position")
    others = listings.alias()
    count = (
        select(func.count())
        .where(others.c.article == listings.c.article, others.c.source_id == listings.c.source_id)
        .scalar_subquery()
    )
    return (
        select(listings, *columns, of_owner, count.label("listing_count"))
        .outerjoin(articles, articles.c.pk == listings.c.article)
        .outerjoin(sources, sources.c.id == articles.c.source_id)
    )


_KNOWN = _with_article().where(
    listings.c.source_id == bindparam("source"), listings.c.identity.in_(bindparam("identities", expanding=True))
)
_AT = _with_article().where(listings.c.url.in_(bindparam("urls", expanding=True))).order_by(listings.c.first_listed)
_TITLED = (
    _with_article()
    .where(listings.c.source_id == bindparam("source"), listings.c.title_key.in_(bindparam("titles", expanding=True)))
    .order_by(listings.c.first_listed)
)
_SAYING = (
    _with_article()
    .where(articles.c.words_key.in_(bindparam("words", expanding=True)))
    .order_by(articles.c.pk, listings.c.first_listed)
)
_LISTINGS_OF = (
    select(listings.c.identity, listings.c.article)
    .where(listings.c.source_id == bindparam("source"), listings.c.article.in_(bindparam("articles", expanding=True)))
    .order_by(listings.c.first_listed, listings.c.identity)
)
