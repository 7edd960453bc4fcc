"""What a person asks for, as a Query; and where it stands in a text. Pure; called by cli, serve and store."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from feeds.errors import UsageError
from feeds.stemming import folded, joined, prepared, stems, words

MAX_LENGTH = 400  # characters
MAX_WORDS = 30
FILTERS = ("lang", "topic", "country", "source", "since", "until")

_SIGNS = {"(": "(", ")": ")", "|": "OR", "OR": "OR", "AND": "AND", "NOT": "-"}
_MOST_NESTED = 8
_EXAMPLES = {
    "lang": "lang:fr",
    "topic": "topic:sahel",
    "country": "country:ml",
    "source": 'source:"Radio Okapi"',
    "since": "since:2026-01-31",
    "until": "until:2026",
}
_PART = re.compile(
    r"\s*(?:(?P<sign>[()|])|(?P<minus>-?)(?:(?P<filter>[^\W\d_]+):(?!//))?"
    r"(?:\"(?P<quoted>[^\"]*)\"|(?P<bare>[^\s\"()|]+(?:\([^\s\"()|]*\)[^\s\"()|]*)*))?)"
)
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


class Term(Struct, frozen=True):
    """A word, or the words of a phrase in their order. *is_prefix*: it is one word, which may go on.

    *joined* is the same as one word, where an apostrophe parts it. One of *others* does as well (OR); they have none.
    """

    words: tuple[str, ...]
    is_prefix: bool = False
    joined: str | None = None
    others: tuple[Term, ...] = ()

    @property
    def alternatives(self) -> tuple[Term, ...]:
        return (self, *self.others)


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
    """The Query that *text* means: words, "phrases", prefix*, -without, OR, and filters such as lang:fr or since:2026-01-01.

    OR binds more closely than words that stand side by side, which must all be there. *filters* are more of the same by
    name (None: not given); they go before those in the text. Raises UsageError, in one line.
    """
    if len(text) > MAX_LENGTH:
        raise UsageError(f"the query is longer than {MAX_LENGTH} characters")
    if text.count('"') % 2:
        raise UsageError('the query has a quotation mark (") that is not closed')
    given: dict[str, str] = {}
    signs: list[str | tuple[Term, ...]] = []
    for part in _PART.finditer(text):
        is_quoted = part["quoted"] is not None
        name, value = part["filter"], part["quoted"] if is_quoted else part["bare"]
        if name and (value is not None or name.lower() in FILTERS):
            _give(given, name, (value or "").strip(), part["minus"])
            continue
        value = value or name  # "Mali: …", as a headline has it, is a word
        if part["sign"] or (value in _SIGNS and not is_quoted and not part["minus"]):
            signs.append(_SIGNS[part["sign"] or value])
        elif part["minus"] and not value and text.startswith("(", part.end()):
            signs.append("-")
        elif value and (terms := _terms(value, is_quoted, part["minus"])):
            signs += ["-", terms] if part["minus"] else [terms]
    query = _Reader(_closed([sign for sign in signs if sign != "AND"])).read()
    given |= {name: value.strip() for name, value in filters.items() if value is not None}
    for name, value in given.items():
        changed: dict[str, Any] = {name: _filter(name, value)}
        query = replace(query, **changed)
    asked = [each for term in (*query.terms, *query.without) for each in term.alternatives]
    if sum(len(term.words) for term in asked) > MAX_WORDS:
        raise UsageError(f"the query has more than {MAX_WORDS} words")
    if query.without and replace(query, without=()).is_empty:
        raise UsageError("the query says only what is not wanted; add a word that is")
    return query


def _give(given: dict[str, str], name: str, value: str, minus: str) -> None:
    known = name.lower()
    if known not in FILTERS:
        names = ", ".join(f"{each}:" for each in FILTERS)
        raise UsageError(f'there is no filter "{name}:"; there are {names}; in quotation marks it is searched for')
    if minus:
        raise UsageError(f'"-{known}:" can\'t be asked: a filter says what is wanted')
    if given.get(known, value) != value:
        raise UsageError(f"{known}: is given twice, and differs")
    given[known] = value


def _closed(signs: list[str | tuple[Term, ...]]) -> list[str | tuple[Term, ...]]:
    """*signs* without parentheses that are never opened, or never closed."""
    opened: list[int] = []
    single: set[int] = set()
    for place, sign in enumerate(signs):
        if sign == "(":
            opened.append(place)
        elif sign == ")" and opened:
            opened.pop()
        elif sign == ")":
            single.add(place)
    single.update(opened)
    return [sign for place, sign in enumerate(signs) if place not in single]


class _Reader:
    """What words and signs mean together: of each OR any, all of what stands side by side, and what is not wanted."""

    def __init__(self, signs: list[str | tuple[Term, ...]]) -> None:
        self._left = signs[::-1]

    def read(self) -> Query:
        return self._side_by_side(0)

    def _side_by_side(self, depth: int) -> Query:
        query = Query()
        while self._left and self._left[-1] != ")":
            one = self._one(depth)
            while self._left and self._left[-1] == "OR":
                self._left.pop()
                one = _either(one, self._one(depth))
            query = _both(query, one)
        return query

    def _one(self, depth: int) -> Query:
        """A word or phrase, a parenthesis, or one of them that is not wanted."""
        sign = self._left.pop() if self._left else ""
        if depth > _MOST_NESTED:
            raise UsageError("the query has too many parentheses within each other")
        if sign == "-":
            return _unwanted(self._one(depth + 1))
        if sign == "(":
            inside = self._side_by_side(depth + 1)
            self._left.pop()
            return inside
        if isinstance(sign, str):
            raise UsageError(
                "OR and NOT stand before a word or phrase; to look for them, write them in quotation marks"
            )
        return Query(sign)


def _both(one: Query, other: Query) -> Query:
    return Query((*one.terms, *other.terms), (*one.without, *other.without))


def _either(one: Query, other: Query) -> Query:
    if len(one.terms) != 1 or len(other.terms) != 1 or one.without or other.without:
        raise UsageError("OR joins single words and phrases that are wanted")
    (first,), (second,) = one.terms, other.terms
    alternatives = (*first.alternatives[1:], replace(second, others=()), *second.others)
    return Query((replace(first, others=alternatives),))


def _unwanted(query: Query) -> Query:
    if not query.terms or query.without:
        raise UsageError("NOT stands before a word or phrase that is not wanted")
    if len(query.terms) > 1 and not _is_open_phrase(query.terms):
        raise UsageError("NOT before several words can't be asked; write it before each")
    return Query(without=tuple(replace(each, others=()) for term in query.terms for each in term.alternatives))


def _is_open_phrase(terms: tuple[Term, ...]) -> bool:
    """Whether they are d'eau*, as `_terms` has it."""
    return len(terms) == 2 and terms[1].is_prefix


def _terms(value: str, is_quoted: bool, minus: str) -> tuple[Term, ...]:
    """What one word or phrase of a query asks for; nothing where it has no letters."""
    is_prefix = value.endswith("*") and not is_quoted
    found = tuple(word for word, _, _ in words(prepared(value)) if folded(word))
    if not found:
        if is_prefix or minus:
            raise UsageError(f'"{minus}{value}" has no word in it')
        return ()
    # What is written as one word of several (Russia-Africa, l'or) is asked for as a phrase; a phrase has no prefix.
    if is_prefix:
        return (*((Term(found[:-1]),) if found[1:] else ()), Term(found[-1:], is_prefix=True))
    return (Term(found, joined=joined(prepared(value))),)


def _filter(name: str, value: str) -> str | datetime:
    if not value:
        raise UsageError(f"{name}: says nothing; it is written as in {_EXAMPLES[name]}")
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
    if term.others:
        return " OR ".join(sorted(_written(replace(each, others=())) for each in term.alternatives))
    text = " ".join(folded(word) for word in term.words)
    return f"{text}*" if term.is_prefix else f'"{text}"' if len(term.words) > 1 else text


def marks(text: str, query: Query, language: str | None = None) -> list[tuple[int, int]]:
    """Where words that *query* asks for stand in *text*, which is `prepared`, in order; a phrase's where all do.

    The words are those of *language* (ISO 639-1), else of the one asked for, else of any.
    """
    language = language or query.lang
    found = list(words(text))
    forms = [stems(word, language) for word, _, _ in found]
    plain = [folded(word) for word, _, _ in found]
    marked: set[int] = set()
    for term in (each for asked in query.terms for each in asked.alternatives):
        wanted = [stems(word, language) for word in term.words]
        begin = folded(term.words[0]) if term.is_prefix else None
        as_one = term.joined or (folded(term.words[0]) if len(wanted) == 1 else None)
        for place in range(len(found)):
            if (begin and plain[place].startswith(begin)) or _stand_at(place, forms, wanted):
                marked.update(range(place, place + len(wanted)))
            elif plain[place] == as_one:
                marked.add(place)
            elif as_one and "".join(plain[place : place + 2]) == as_one and found[place][2] + 1 == found[place + 1][1]:
                marked.update((place, place + 1))
    return [found[place][1:] for place in sorted(marked)]


def _stand_at(place: int, forms: list[frozenset[str]], wanted: list[frozenset[str]]) -> bool:
    return place + len(wanted) <= len(forms) and all(forms[place + number] & each for number, each in enumerate(wanted))


def snippet(
    text: str, query: Query, length: int = 240, language: str | None = None
) -> tuple[str, list[tuple[int, int]]]:
    """*length* characters of *text* around the first word asked for, cut between words, and the marks in them."""
    text = prepared(text)
    found = marks(text, query, language)
    if len(text) <= length:
        return text, found
    first = found[0][0] if found else 0
    start = 0 if first < length * 2 // 3 else text.rfind(" ", 0, first - length // 4) + 1
    end = text.rfind(" ", start, start + length)
    end = end if end > start else start + length
    shown = ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
    shift = (1 if start else 0) - start
    return shown, [(low + shift, high + shift) for low, high in found if low >= start and high <= end]
