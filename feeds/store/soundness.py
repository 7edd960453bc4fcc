"""Whether a store on SQLite is sound: its faults, in words, and how each is mended in its place. Called by checkup alone.

What speaks of the file itself (pages, schema) comes first, and alone: the rest can't be judged before that is well.
"""

from __future__ import annotations

import re
import sqlite3
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Engine, Table, delete, exists, func, or_, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from feeds.counted import counted
from feeds.errors import StoreError
from feeds.language import base_language
from feeds.store import archiving, membership, months, opening, reading, schema, searching
from feeds.store.listing import chunks
from feeds.store.membership import Placed

_MOST_FAULTS = 20  # that SQLite is asked for: one is enough to act on
_AHEAD = timedelta(days=365)  # what is dated later than this was dated by a wrong clock
_DAMAGE = re.compile(
    "malformed|not a database|file format|out of range|UTF-8"
)  # other errors may be gone the next time
# What integrity_check says of indexes alone (sqlite.org/pragma.html#pragma_integrity_check).
_OF_INDEXES = re.compile(r"row \d+ missing from index|wrong # of entries in index|non-unique entry in index")
# Values of ours as JSON, and what stands in for one that can't be read.
_JSON = (
    ("articles", "authors", "[]"), ("articles", "categories", "[]"), ("articles", "enclosures", "[]"),
    ("texts", "entry", "{}"), ("article_topics", "evidence", "[]"), ("sources", "skip_hours", "[]"),
    ("sources", "skip_days", "[]"), ("months", "pages", "[]"), ("months", "written", "[]"),
)  # fmt: skip

Mend = Callable[[Connection], object]


class Fault(Struct, frozen=True):
    """One thing that is wrong. *mend* sets it right within a transaction; None where only a new file helps."""

    words: str
    mend: Mend | None = None


def faults(url: str, now: datetime) -> list[Fault]:
    """What is wrong with the store at *url*, the deepest first; none of a database other than SQLite is known.

    Raises StoreError where it can't be looked at now: it is locked, or the disk has no room.
    """
    path = opening.file_of(url)
    if path is None or opening.fault_of_place(path) or opening.is_empty(path):
        return []
    try:
        with _transaction(url) as connection:
            found = _of_the_file(connection)
            if found or not _is_ours(connection):
                return found
            return _of_the_schema(connection) or list(_of_the_rows(connection, now))
    except (SQLAlchemyError, sqlite3.Error) as error:
        if not _DAMAGE.search(str(error)):
            raise StoreError(f"the store {opening.shown(url)}: {opening.reason(url, error)}") from error
        return [Fault(opening.reason(url, error))]


def mend(url: str, fault: Fault) -> None:
    """Set one fault right in its place. Raises StoreError where that fails; then all is as it was."""
    assert fault.mend is not None
    try:
        with _transaction(url, keep=True) as connection:
            fault.mend(connection)
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreError(f"{fault.words}: {opening.reason(url, error)}") from error


@contextmanager
def _transaction(url: str, *, keep: bool = False) -> Iterator[Connection]:
    """A connection that writes (looking at the full-text index is a writing, too); undone unless it is to *keep*."""
    engine: Engine = opening.bare_engine(url)
    try:
        with engine.connect().execution_options(writes=True) as connection, connection.begin() as transaction:
            yield connection
            if not keep:
                transaction.rollback()
    finally:
        engine.dispose()


def _is_ours(connection: Connection) -> bool:
    """True for a store of this version of the program: of others, what belongs there is not known."""
    tables = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())
    if "alembic_version" not in tables:
        return {"articles", "listings", "sources"} <= tables
    number = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return number in (None, schema.HEAD)


def _of_the_file(connection: Connection) -> list[Fault]:
    lines = list(connection.execute(text(f"PRAGMA integrity_check({_MOST_FAULTS})")).scalars())
    if lines == ["ok"]:
        return []
    if all(_OF_INDEXES.match(line) for line in lines):
        return [Fault(f"indexes do not agree with their tables ({lines[0]})", _reindex)]
    return [Fault(f"pages of the file are damaged ({' '.join(lines[0].split())})")]


def _reindex(connection: Connection) -> None:
    connection.execute(text("REINDEX"))


def _of_the_schema(connection: Connection) -> list[Fault]:
    rows = connection.execute(text("SELECT name FROM sqlite_master"))
    there = set(rows.scalars())
    tables = schema.metadata.sorted_tables
    for table in tables:
        if table.name in there and {column.name for column in table.c} - _columns(connection, table):
            return [Fault(f"the table {table.name} is not as this version of the program makes it")]
    if "alembic_version" not in there or not connection.execute(text("SELECT * FROM alembic_version")).first():
        return [Fault("the schema's number is missing")]
    found = [Fault(f"the table {table.name} is missing", partial(_create_table, table))
             for table in tables if table.name not in there]  # fmt: skip
    if "search" not in there:
        found.append(Fault("the full-text index is missing", searching.make_anew))
    if found:
        return found
    return [Fault(f"the index {index.name} is missing", partial(_execute, CreateIndex(index)))
            for table in tables for index in sorted(table.indexes, key=lambda each: str(each.name))
            if index.name not in there]  # fmt: skip


def _columns(connection: Connection, table: Table) -> set[str]:
    return {row.name for row in connection.execute(text(f"PRAGMA table_info({table.name})"))}


def _create_table(table: Table, connection: Connection) -> None:
    connection.execute(CreateTable(table))
    for index in table.indexes:
        connection.execute(CreateIndex(index))


def _execute(statement: Any, connection: Connection) -> None:
    connection.execute(statement)


def _of_the_rows(connection: Connection, now: datetime) -> Iterator[Fault]:
    yield from _facts(connection, now)
    yield from _references(connection)
    yield from _texts(connection)
    yield from _unreadable_values(connection)
    yield from _snapshots(connection)
    yield from _wrong_clock(connection, now)
    yield from _places(connection)
    yield from _archives(connection)
    yield from _search(connection)


def _facts(connection: Connection, now: datetime) -> Iterator[Fault]:
    there = set(connection.execute(select(schema.meta.c.key)).scalars())
    if not {"namespace", "created"} <= there:
        words = "the namespace of all ids is lost (a backup has it); known articles keep theirs, new ones get another's"
        yield Fault(words, partial(_new_facts, now=now))


def _new_facts(connection: Connection, now: datetime) -> None:
    first = connection.execute(select(func.min(schema.articles.c.first_seen))).scalar()
    facts = {"namespace": str(uuid.uuid4()), "created": (first or now).isoformat(timespec="seconds")}
    there = set(connection.execute(select(schema.meta.c.key)).scalars())
    for key in facts.keys() - there:
        connection.execute(schema.meta.insert().values(key=key, value=facts[key]))


def _references(connection: Connection) -> Iterator[Fault]:
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        yield Fault(
            f"{counted(len(broken), 'row speaks', 'rows speak')} of what is not there (in {tables})", _mend_references
        )


def _mend_references(connection: Connection) -> None:
    """Bring back the sources that articles or listings name; what else speaks of nothing goes.

    So a listing whose article is gone goes too, and the article may come back from its source, under its old id.
    """
    for (number,) in connection.execute(text(
        "SELECT source_id FROM articles UNION SELECT source_id FROM listings EXCEPT SELECT id FROM sources"
    )).all():  # fmt: skip
        connection.execute(schema.sources.insert().values(_remembered(connection, number)))
    for table, rowid, *_ in connection.execute(text("PRAGMA foreign_key_check")).all():
        connection.execute(text(f'DELETE FROM "{table}" WHERE rowid = :rowid'), {"rowid": rowid})
    _ask_in_full(connection)


def _remembered(connection: Connection, number: int) -> dict[str, Any]:
    """A source as the snapshots of its articles remember it; its history is found again by its name."""
    query = select(schema.snapshots.c.id).join(schema.articles, schema.articles.c.pk == schema.snapshots.c.article)
    key = connection.execute(query.where(schema.articles.c.source_id == number).limit(1)).scalar()
    known = archiving.load_snapshots(connection, [key]).get(key) if key is not None else None
    name, url = (known.article.source.name, known.article.source.url) if known else (f"Source {number}", "")
    if connection.execute(select(schema.sources.c.id).where(schema.sources.c.name == name)).first():
        name = f"{name} (until {number})"
    return {"id": number, "url_key": f"lost {number}", "url": url, "name": name}


def _texts(connection: Connection) -> Iterator[Fault]:
    lost = ~exists().where(schema.texts.c.article == schema.articles.c.pk)
    pks = list(connection.execute(select(schema.articles.c.pk).where(lost)).scalars())
    if pks:
        yield Fault(
            counted(len(pks), "article has lost its text", "articles have lost their text"),
            partial(_texts_anew, pks=pks),
        )


def _texts_anew(connection: Connection, pks: list[int]) -> None:
    """The articles stay, with their titles; what their sources still list is read anew."""
    connection.execute(
        schema.texts.insert(), [{"article": pk, "summary": "", "content": "", "entry": {}} for pk in pks]
    )
    for part in chunks(pks):
        connection.execute(update(schema.articles).where(schema.articles.c.pk.in_(part)).values(entry_key=""))
    archiving.touch(connection, pks)
    _ask_in_full(connection)


def _unreadable_values(connection: Connection) -> Iterator[Fault]:
    for table, column, stand_in in _JSON:
        broken = f"FROM {table} WHERE NOT json_valid({column})"
        count = connection.execute(text(f"SELECT count(*) {broken}")).scalar_one()
        if count:
            mended = text(f"UPDATE {table} SET {column} = '{stand_in}' WHERE NOT json_valid({column})")
            yield Fault(
                f"{counted(count, 'value', 'values')} in {table}.{column} can't be read", partial(_execute, mended)
            )


def _snapshots(connection: Connection) -> Iterator[Fault]:
    broken = [key for key, body in connection.execute(select(schema.snapshots.c.id, schema.snapshots.c.body))
              if not _can_be_read(body)]  # fmt: skip
    if broken:
        words = counted(
            len(broken),
            "article as the archives keep it can't be read",
            "articles as the archives keep them can't be read",
        )
        yield Fault(words, partial(archiving.take_again, keys=broken))


def _can_be_read(body: bytes) -> bool:
    try:
        archiving.unpacked(body)
    except (zlib.error, msgspec.MsgspecError, TypeError):
        return False
    return True


def _wrong_clock(connection: Connection, now: datetime) -> Iterator[Fault]:
    found = schema.articles.c
    ahead = or_(*(column > now + _AHEAD for column in (found.date, found.first_seen, found.updated)))
    pks = list(connection.execute(select(found.pk).where(ahead)).scalars())
    if pks:
        dated = counted(len(pks), "article is", "articles are")
        words = f"{dated} dated in the future: the machine's clock was wrong, or is"
        yield Fault(words, partial(membership.date_anew, pks=pks, now=now))


def _places(connection: Connection) -> Iterator[Fault]:
    """Every article is in `all`, if in nothing else."""
    everywhere = select(schema.memberships.c.article).where(schema.memberships.c.feed == membership.ALL)
    lost = list(
        connection.execute(select(schema.articles.c.pk).where(schema.articles.c.pk.not_in(everywhere))).scalars()
    )
    if lost:
        yield Fault(counted(len(lost), "article is in no feed", "articles are in no feed"), partial(_place, pks=lost))


def _place(connection: Connection, pks: list[int]) -> None:
    found = reading.load(connection, pks)
    placed = [Placed(pk, each.date, each.language and base_language(each.language), each.topics)
              for pk, each in found.items()]  # fmt: skip
    membership.replace(connection, placed)


def _archives(connection: Connection) -> Iterator[Fault]:
    last = {row.feed: row.last for row in connection.execute(select(schema.archives))}
    places = schema.archive_places.c
    highest = connection.execute(select(places.feed, func.max(places.position)).group_by(places.feed))
    behind = {feed: top for feed, top in highest if last.get(feed, 0) < top}
    if behind:
        yield Fault(
            f"archives are counted wrong ({', '.join(sorted(behind))})", partial(archiving.count_on, tops=behind)
        )
    homeless = archiving.homeless(connection)
    if homeless:
        yield Fault(
            f"{counted(len(homeless), 'article is', 'articles are')} missing from archives",
            partial(archiving.touch, pks=homeless),
        )
    for part, where in ((archiving, "archives"), (months, "months")):
        wrong = part.wrong_pages(connection)
        if wrong:
            count = counted(len(wrong), "page", "pages")
            words = f"{count} of {where} noted as what is not there ({wrong[0][0]}, {wrong[0][1]})"
            yield Fault(words, part.count_again)


def _search(connection: Connection) -> Iterator[Fault]:
    try:
        connection.execute(text("INSERT INTO search (search) VALUES ('integrity-check')"))
    except SQLAlchemyError:
        yield Fault("the full-text index is damaged", searching.make_anew)
        return
    wrong = searching.out_of_step(connection)
    if wrong:
        yield Fault(
            f"the full-text index is out of step ({counted(wrong, 'article', 'articles')})", searching.make_anew
        )


def _ask_in_full(connection: Connection) -> None:
    """Have every source's document fetched and read whole: of what was known of its items some may be lost."""
    connection.execute(update(schema.sources).values(etag=None, last_modified=None, body_hash=None))
    connection.execute(delete(schema.documents_read))


def begin_again(connection: Connection) -> None:
    """Have everything made anew that is made from the articles: places, pages, files; and every source asked in full."""
    articles = schema.articles
    connection.execute(update(articles).values(touched=True, unpaged=True))
    connection.execute(update(schema.documents).values(key=None))
    _ask_in_full(connection)
    connection.execute(update(schema.folders).values(key=""))
    archiving.count_again(connection)
    months.count_again(connection)
