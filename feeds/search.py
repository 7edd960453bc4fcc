"""What a person asks for, as a Query; and where it stands in a text. Pure; called by cli, serve and store."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from feeds.errors import UsageError
from feeds.stemming import folded, prepared, stems, words

MAX_LENGTH = 400  # characters
MAX_WORDS = 30
FILTERS = ("lang", "topic", "country", "source", "since", "until")

_PART = re.compile(r'\s*(?P<minus>-?)(?:(?P<filter>[a-z]+):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]+))')
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


class Term(Struct, frozen=True):
    """A word, or the words of a phrase in their order. *is_prefix*: it is one word, which may go on."""

    words: tuple[str, ...]
    is_prefix: bool = False


class Query(Struct, frozen=True):
    """What is asked for: every one of *terms*, none of *without*, and what the filters say.

    *lang* is ISO 639-1, *country* ISO 3166-1 alpha-2 in small letters, *source* a name or URL; dates are aware, *since*
    inclusive, *until* exclusive.
    """

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    lang: str | None = None
    topic: str | None = None
    country: str | None = None
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_empty(self) -> bool:
        return self == Query()


def parse(text: str, **filters: str | None) -> Query:
    """The Query that *text* means: words, "phrases", prefix*, -without and filters such as lang:fr or since:2026-01-01.

    *filters* are more of the same by name; they go before those in the text. Raises UsageError, in one line.
    """
    if len(text) > MAX_LENGTH:
        raise UsageError(f"the query is longer than {MAX_LENGTH} characters")
    if text.count('"') % 2:
        raise UsageError('the query has a quotation mark (") that is not closed')
    query = Query()
    given: dict[str, str] = {}
    for part in _PART.finditer(text):
        name, value = part["filter"], part["quoted"] if part["quoted"] is not None else part["bare"]
        if name in FILTERS and part["minus"]:
            raise UsageError(f'"-{name}:" can\'t be asked: a filter says what is wanted')
        if name in FILTERS:
            given[name] = value
        else:
            query = _with_term(query, f"{name}:{value}" if name else value, part["quoted"] is not None, part["minus"])
    given |= {name: value for name, value in filters.items() if value}
    for name, value in given.items():
        changed: dict[str, Any] = {name: _filter(name, value)}
        query = replace(query, **changed)
    if sum(len(term.words) for term in (*query.terms, *query.without)) > MAX_WORDS:
        raise UsageError(f"the query has more than {MAX_WORDS} words")
    if query.without and replace(query, without=()).is_empty:
        raise UsageError("the query says only what is not wanted; add a word that is")
    return query


def _with_term(query: Query, value: str, is_quoted: bool, minus: str) -> Query:
    is_prefix = value.endswith("*") and not is_quoted
    found = tuple(word for word, _, _ in words(prepared(value)) if folded(word))
    if not found:
        if is_prefix or minus:
            raise UsageError(f'"{minus}{value}" has no word in it')
        return query
    # What is written as one word of several (Russia-Africa, l'or) is asked for as a phrase; a phrase has no prefix.
    added = (Term(found),)
    if is_prefix:
        added = (*((Term(found[:-1]),) if found[1:] else ()), Term(found[-1:], is_prefix=True))
    if minus:
        return replace(query, without=(*query.without, *added))
    return replace(query, terms=(*query.terms, *added))


def _filter(name: str, value: str) -> str | datetime:
    if name in ("since", "until"):
        return _date(name, value)
    if name == "lang" and not re.fullmatch(r"[a-zA-Z]{2,3}", value):
        raise UsageError(f'lang: expected a language code such as fr, got "{value}"')
    if name == "country" and not re.fullmatch(r"[a-zA-Z]{2}", value):
        raise UsageError(f'country: expected a country code such as ml (ISO 3166-1), got "{value}"')
    if name == "topic" and not re.fullmatch(r"[a-z0-9-]+", value):
        raise UsageError(f'topic: expected a topic\'s name, got "{value}"')
    return value.lower() if name in ("lang", "country") else value


def _date(name: str, value: str) -> datetime:
    """The first moment of a day, a month or a year, in UTC."""
    try:
        if not _DATE.fullmatch(value):
            raise ValueError
        year, month, day = (*map(int, value.split("-")), 1, 1)[:3]
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        raise UsageError(f'{name}: expected a date such as 2026-01-31, 2026-01 or 2026, got "{value}"') from None


def canonical(query: Query) -> str:
    """*query* written out, the same for all ways of asking the same."""
    parts = sorted({_written(term) for term in query.terms}) + sorted({f"-{_written(term)}" for term in query.without})
    for name in FILTERS:
        value = getattr(query, name)
        if value is not None:
            words = value.date().isoformat() if isinstance(value, datetime) else value
            parts.append(f"{name}:{words}" if re.fullmatch(r"[\w-]+", words) else f'{name}:"{words}"')
    return " ".join(parts)


def _written(term: Term) -> str:
    text = " ".join(folded(word) for word in term.words)
    return f"{text}*" if term.is_prefix else f'"{text}"' if len(term.words) > 1 else text


def marks(text: str, query: Query) -> list[tuple[int, int]]:
    """Where words that *query* asks for stand in *text*, which is `prepared`, in order; a phrase's where all do."""
    found = list(words(text))
    forms = [stems(word, query.lang) for word, _, _ in found]
    plain = [folded(word) for word, _, _ in found]
    marked: set[int] = set()
    for term in query.terms:
        wanted = [stems(word, query.lang) for word in term.words]
        begin = folded(term.words[0]) if term.is_prefix else None
        for place in range(len(found) - len(wanted) + 1):
            if (begin and plain[place].startswith(begin)) or _stand_at(place, forms, wanted):
                marked.update(range(place, place + len(wanted)))
    return [found[place][1:] for place in sorted(marked)]


def _stand_at(place: int, forms: list[frozenset[str]], wanted: list[frozenset[str]]) -> bool:
    return all(forms[place + number] & each for number, each in enumerate(wanted))


def snippet(text: str, query: Query, length: int = 240) -> tuple[str, list[tuple[int, int]]]:
    """*length* characters of *text* around the first word asked for, cut between words, and the marks in them."""
    text = prepared(text)
    found = marks(text, query)
    if len(text) <= length:
        return text, found
    first = found[0][0] if found else 0
    start = 0 if first < length * 2 // 3 else text.rfind(" ", 0, first - length // 4) + 1
    end = text.rfind(" ", start, start + length)
    end = end if end > start else start + length
    shown = ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
    shift = (1 if start else 0) - start
    return shown, [(low + shift, high + shift) for low, high in found if low >= start and high <= end]
