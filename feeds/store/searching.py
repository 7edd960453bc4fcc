"""The full-text index, on SQLite's FTS5 (sqlite.org/fts5.html). Called by Store alone.

Every article that is not hidden has a row: the stems of its title, text and outlet's name, the words that differ from
their stems (for prefixes) with those that an apostrophe parts as one (ndjamena), and facets (topic, language,
countries, sources) as words of their own, so that one walk through the index answers all. A row's number ascends with
the article's date, to the second, and within it against its id: the newest come first without sorting, a date is a
bound on the number, and a place in the results is one, too. PostgreSQL's index will stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, text, update

from feeds.errors import UsageError
from feeds.language import base_language
from feeds.markup import plain_text
from feeds.model import StoredArticle, Text
from feeds.search import Query, Term
from feeds.stemming import LANGUAGES, folded, joined_words, prepared, stem, tokens
from feeds.store.listing import chunks
from feeds.store.membership import countries
from feeds.store.reading import complete_articles, rows_of_articles
from feeds.store.schema import MAKE_SEARCH, articles, listings, sources, texts
from feeds.urls import shown

_MOST_TEXT = 30_000  # characters of an article that are indexed
_A_SECOND = 16**5  # row numbers: five digits of the id
_ALL = "_all"
_END = "_end"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_INSERT = text("INSERT INTO search (rowid, title, body, forms, facets) VALUES (:row, :title, :body, :forms, :facets)")
_FIND = text(
    # CROSS: SQLite shall walk the index, newest first, and end at the limit (sqlite.org/optoverview.html#crossjoin).
    "SELECT search.rowid FROM search CROSS JOIN articles ON articles.search_row = search.rowid"
    " WHERE search MATCH :match AND search.rowid >= :low AND search.rowid < :high"
    " AND articles.hidden_at IS NULL AND NOT articles.held ORDER BY search.rowid DESC LIMIT :limit"
)


def index(connection: Connection, limit: int) -> int:
    """Bring up to *limit* articles that changed into the index; says how many."""
    query = rows_of_articles(articles.c.hidden_at, articles.c.search_row, articles.c.date)
    rows = connection.execute(query.where(articles.c.unindexed).limit(limit)).all()
    if not rows:
        return 0
    remove(connection, [row.search_row for row in rows if row.search_row is not None])
    numbers: dict[int, int] = _numbers(connection, [row for row in rows if row.hidden_at is None])
    carriers = _carriers(connection, list(numbers))
    shown = [(row.pk, each) for row, each in zip(rows, complete_articles(connection, rows), strict=True)
             if row.pk in numbers]  # fmt: skip
    entries = [{"row": numbers[pk]} | _columns(article, carriers.get(pk, ())) for pk, article in shown]
    if entries:
        # FTS5 writes a segment for every number that is lower than the one before.
        connection.execute(_INSERT, sorted(entries, key=lambda entry: int(entry["row"])))
    statement = (
        update(articles).where(articles.c.pk == bindparam("key")).values(search_row=bindparam("row"), unindexed=False)
    )
    connection.execute(statement, [{"key": row.pk, "row": numbers.get(row.pk)} for row in rows])
    return len(rows)


def remove(connection: Connection, numbers: Sequence[int]) -> None:
    """Take rows out of the index."""
    if numbers:
        connection.execute(text("DELETE FROM search WHERE rowid = :row"), [{"row": number} for number in numbers])


def make_anew(connection: Connection) -> None:
    """Begin the index again; `index` fills it."""
    connection.execute(text("DROP TABLE IF EXISTS search"))
    connection.execute(text(MAKE_SEARCH))
    connection.execute(update(articles).values(search_row=None, unindexed=True))


def out_of_step(connection: Connection) -> int:
    """How many articles are not in the index as they are noted to be, or are in it and should not."""
    wrong = (
        "SELECT count(*) FROM articles WHERE (search_row IS NOT NULL AND search_row NOT IN (SELECT id FROM search_content))"
        " OR (search_row IS NULL AND NOT unindexed AND hidden_at IS NULL)",
        "SELECT count(*) FROM search_content WHERE id NOT IN"
        " (SELECT search_row FROM articles WHERE search_row IS NOT NULL)",
    )
    return sum(connection.execute(text(query)).scalar_one() for query in wrong)


def row_numbers(connection: Connection, pks: Sequence[int]) -> list[int]:
    """The rows of articles in the index."""
    found: list[int] = []
    for part in chunks(pks):
        query = select(articles.c.search_row).where(articles.c.pk.in_(part), articles.c.search_row.is_not(None))
        found += connection.execute(query).scalars()
    return found


def _numbers(connection: Connection, rows: Sequence[Row[Any]]) -> dict[int, int]:
    """A row number for each article, by its key: its second's, and in it by its id; the next one where that is taken."""
    # The highest id first: where two begin alike, the next number is the other's, and keeps the order.
    ordered = sorted(rows, key=lambda row: str(row.id), reverse=True)
    wanted = {row.pk: _number(row.date) + _A_SECOND - 1 - int(row.id[:5], 16) for row in ordered}
    taken: set[int] = set()
    for part in chunks(list(wanted.values())):
        near = articles.c.search_row.in_(part)
        taken |= set(connection.execute(select(articles.c.search_row).where(near)).scalars())
    for pk, number in wanted.items():
        while number in taken:
            number += 1
            if number not in taken and _is_taken(connection, number):
                taken.add(number)
        taken.add(number)
        wanted[pk] = number
    return wanted


def _is_taken(connection: Connection, number: int) -> bool:
    return connection.execute(select(articles.c.pk).where(articles.c.search_row == number)).first() is not None


def _number(date: datetime) -> int:
    return int((date - _EPOCH).total_seconds()) * _A_SECOND


def _columns(article: StoredArticle, carriers: Iterable[int]) -> dict[str, Any]:
    language = base_language(article.language) if article.language else None
    title, read = prepared(article.title), prepared(_body(article)[:_MOST_TEXT])
    forms: set[str] = set()
    outlet = _stemmed(prepared(article.source.name), language, forms)
    body = f"{_stemmed(read, language, forms)} {_END} {outlet}"  # no phrase goes from one into the other
    columns = {"title": _stemmed(title, language, forms), "body": body}
    forms |= joined_words(title) | joined_words(read)
    facets = [_ALL, *(_facet("s", str(number)) for number in sorted(carriers))]
    facets += [_facet("t", topic) for topic in sorted(article.topics)]
    facets += [_facet("c", country.lower()) for country in sorted(countries(article.topics))]
    if language:
        facets.append(_facet("l", language))
    return columns | {"forms": " ".join(sorted(forms)), "facets": " ".join(facets)}


def _body(article: StoredArticle) -> str:
    content = plain_text(Text(article.content, html=True)) if article.content else ""
    return content if article.summary[:60] in content else f"{article.summary} {content}"


def _stemmed(text: str, language: str | None, forms: set[str]) -> str:
    """The stems of *text* in order; words that differ from theirs are added to *forms*."""
    found = tokens(text, language)
    forms.update([plain for cut, plain in found if plain != cut])
    return " ".join([cut for cut, _ in found])


def _facet(kind: str, value: str) -> str:
    return f"_{kind}_{value.replace('-', '_')}"


def _carriers(connection: Connection, pks: Sequence[int]) -> dict[int, set[int]]:
    """The sources that list each article."""
    found: dict[int, set[int]] = {}
    for part in chunks(pks):
        query = select(listings.c.article, listings.c.source_id).where(listings.c.article.in_(part))
        for pk, source in connection.execute(query):
            found.setdefault(pk, set()).add(source)
    return found


def find(
    connection: Connection, query: Query, before: int | None, limit: int, size: int | None = None
) -> tuple[list[StoredArticle], int | None]:
    """The newest *limit* articles that *query* asks for, and where the next ones begin (None: there are no more).

    Fewer where they have more than *size* characters in all, but never none of them. Hidden ones are left out from that
    moment on, and held ones: a search is a subscription feed, too. *before* is what the last call said. Raises
    UsageError for a source that there is not.
    """
    low = _number(query.since) if query.since else 0
    high = min(_number(query.until) if query.until else 2**62, max(before, 0) if before is not None else 2**62)
    asked = {"match": _match(connection, query), "low": low, "high": high, "limit": limit + 1}
    numbers = list(connection.execute(_FIND, asked).scalars())
    if size is not None:
        limit = min(limit, _how_many(connection, numbers, size))
    rows: dict[int, Any] = {}
    for part in chunks(numbers[:limit]):
        for row in connection.execute(rows_of_articles(articles.c.search_row).where(articles.c.search_row.in_(part))):
            rows[row.search_row] = row
    found = complete_articles(connection, [rows[number] for number in numbers[:limit] if number in rows])
    return found, numbers[limit - 1] if len(numbers) > limit else None


def _how_many(connection: Connection, numbers: Sequence[int], size: int) -> int:
    """How many of the articles in these rows, the first ones and at least one, have no more than *size* characters."""
    lengths: dict[int, int] = {}
    for part in chunks(numbers):
        length = func.length(texts.c.content) + func.length(texts.c.summary)
        query = select(articles.c.search_row, length).join(texts, texts.c.article == articles.c.pk)
        lengths |= dict(connection.execute(query.where(articles.c.search_row.in_(part))).all())
    sums = accumulate(lengths.get(number, 0) for number in numbers)
    return max(1, sum(total <= size for total in sums))


def _match(connection: Connection, query: Query) -> str:
    """*query* in FTS5's own language. All that a person wrote stands in quotation marks, and has none itself."""
    facets = [
        _facet(kind, value) for kind, value in (("l", query.lang), ("t", query.topic), ("c", query.country)) if value
    ]
    parts = [f'facets : "{facet}"' for facet in facets or ([] if query.terms else [_ALL])]
    if query.source:
        parts.append(_any_of("facets", [_facet("s", str(number)) for number in _source_ids(connection, query.source)]))
    parts += [_term(term, query.lang) for term in query.terms]
    match = " AND ".join(f"({part})" for part in parts)
    without = " OR ".join(f"({_term(term, query.lang)})" for term in query.without)
    return f"({match}) NOT ({without})" if without else match


def _source_ids(connection: Connection, source: str) -> list[int]:
    is_it = (sources.c.name == source) | (sources.c.url == source)
    found = list(connection.execute(select(sources.c.id).where(is_it)).scalars())
    if not found:
        raise UsageError(f'no source is called "{shown(source)}"')
    return found


def _any_of(columns: str, words: Iterable[str]) -> str:
    quoted = " OR ".join(f'"{word}"' for word in words)
    return f"{{{columns}}} : ({quoted})"


def _term(term: Term, lang: str | None) -> str:
    return " OR ".join(f"({_one(each, lang)})" for each in term.alternatives)


def _one(term: Term, lang: str | None) -> str:
    """A word or phrase, in articles of each language by its stem in that language: "mali" is "mal" in French ones alone."""
    plain = " ".join(folded(word) for word in term.words)
    if term.is_prefix:
        return f'{{title body forms}} : ("{plain}" *)'
    by_stem: dict[str, list[str]] = {}
    for language in (lang,) if lang else LANGUAGES:
        by_stem.setdefault(" ".join(stem(word, language) for word in term.words), []).append(language)
    parts = [_any_of("forms", [plain])] if len(term.words) == 1 else []
    if term.joined:
        parts.append(_one(Term((term.joined,)), lang))
    if lang:
        return " OR ".join([*parts, _any_of("title body", by_stem)])
    others = _any_of("title body", [plain])  # articles in which it is its own stem, or that have no stems
    cut = [_facet("l", language) for found, languages in by_stem.items() if found != plain for language in languages]
    parts.append(f"({others} NOT {_any_of('facets', cut)})" if cut else others)
    for found, languages in by_stem.items():
        if found != plain:
            of_them = _any_of("facets", [_facet("l", language) for language in languages])
            parts.append(f"({_any_of('title body', [found])} AND {of_them})")
    return " OR ".join(parts)
