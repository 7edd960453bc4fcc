"""Words as the full-text index knows them: folded, and cut to their stems. Pure; called by search and store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from feeds.topics.folding import clean, fold

LANGUAGES = ("ar", "de", "en", "es", "fr", "pt", "ru")
_NAMES = {"ar": "arabic", "de": "german", "en": "english", "es": "spanish", "fr": "french", "pt": "portuguese",
          "ru": "russian"}  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_ARTICLE = re.compile("[وفبك]?ال(?=..)|لل(?=..)")  # the article with what is written as one word with it
_LONGEST = 60  # characters of a word that count


def words(text: str) -> Iterator[tuple[str, int, int]]:
    """The words of *text*, which is `clean`, with where they begin and end."""
    for found in _WORD.finditer(text):
        yield found[0], found.start(), found.end()


def prepared(text: str) -> str:
    """*text* as `words` wants it: composed, without silent signs, its space single."""
    return clean(text)


@lru_cache(20_000)
def folded(word: str) -> str:
    """*word* in small letters without accents."""
    return fold(word[:_LONGEST]).replace(" ", "")


@lru_cache(20_000)
def stem(word: str, language: str | None) -> str:
    """The stem of *word* in *language* (ISO 639-1), folded; the word itself where nobody knows its language's stems.

    Snowball's algorithms (snowballstem.org). In Arabic the article goes first, which they leave in some forms.
    """
    lower = word[:_LONGEST].lower()
    if language not in _NAMES:
        return folded(lower)
    if language == "ar":
        lower = _ARTICLE.sub("", lower, count=1) if _ARTICLE.match(lower) else lower
    return folded(_stemmer(language).stemWord(lower)) or folded(lower)


@cache
def _stemmer(language: str) -> Any:
    import snowballstemmer  # here: only who searches or indexes needs it

    return snowballstemmer.stemmer(_NAMES[language])


def tokens(text: str, language: str | None) -> list[tuple[str, str]]:
    """The words of *text*, which is `prepared`, in order: the stem of each, and the word itself, folded."""
    return [_token(word, language) for word in _WORD.findall(text)]


@lru_cache(50_000)
def _token(word: str, language: str | None) -> tuple[str, str]:
    return stem(word, language), folded(word)


def stems(word: str, language: str | None) -> frozenset[str]:
    """What *word* may stand as in the index: its stem in *language*, or in every language where none is given."""
    found = {stem(word, each) for each in ((language,) if language else LANGUAGES)}
    return frozenset(found | {folded(word)}) - {""}
