"""Words as the full-text index knows them: folded, and cut to their stems. Pure; called by search and store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from feeds.topics.folding import clean, fold

LANGUAGES = ("ar", "de", "en", "es", "fr", "pt", "ru")
_NAMES = {"ar": "arabic", "de": "german", "en": "english", "es": "spanish", "fr": "french", "pt": "portuguese",
          "ru": "russian"}  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
# The article with what is written as one word with it: Snowball leaves it in some forms.
_ARTICLE = re.compile("[وفبك]?ال(?=..)|لل(?=..)")
# Endings that Snowball knows by accents that are folded away, and another that it does as well with: assemblée as
# assemble, première as premier, negociações as negociação.
_FRENCH = re.compile("(?<=..)(?:ees?|(er)es?)$")
_PORTUGUESE = re.compile("(?<=..)[ao]es$")
_LONGEST = 60  # characters of a word that count


def words(text: str) -> Iterator[tuple[str, int, int]]:
    """The words of *text*, which is `prepared`, with where they begin and end."""
    for found in _WORD.finditer(fold(text)):
        yield text[found.start() : found.end()], found.start(), found.end()


def prepared(text: str) -> str:
    """*text* as `words` wants it: composed, without silent signs, its space single."""
    return clean(text)


@lru_cache(20_000)
def folded(word: str) -> str:
    """*word* in small letters without accents."""
    return fold(word)[:_LONGEST].replace(" ", "")


def stem(word: str, language: str | None) -> str:
    """The stem of *word* in *language* (ISO 639-1), folded; the word itself where nobody knows its language's stems.

    It is folded before it is cut, or a word written without its accents would have another stem.
    Snowball's algorithms (snowballstem.org).
    """
    return _stem(folded(word), language)


@lru_cache(50_000)
def _stem(word: str, language: str | None) -> str:
    """The stem of a folded word."""
    if language not in _NAMES:
        return word
    if language == "ar":
        word = _ARTICLE.sub("", word, count=1) if _ARTICLE.match(word) else word
    elif language == "fr":
        word = _FRENCH.sub(lambda ending: ending[1] or "e", word)
    elif language == "pt":
        word = _PORTUGUESE.sub("ao", word)
    return _stemmer(language).stemWord(word) or word


def _stemmer(language: str) -> Any:
    """A new one for each word: it keeps its place in the word it cuts, and several threads may be at it."""
    import snowballstemmer  # here: only who searches or indexes needs it

    return snowballstemmer.stemmer(_NAMES[language])


def tokens(text: str, language: str | None) -> list[tuple[str, str]]:
    """The words of *text*, which is `prepared`, in order: the stem of each, and the word itself, folded."""
    return [(_stem(word, language), word) for word in [each[:_LONGEST] for each in _WORD.findall(fold(text))]]


@lru_cache(20_000)
def stems(word: str, language: str | None) -> frozenset[str]:
    """What *word* may stand as in the index: its stem in *language*, or in every language where none is given."""
    found = {stem(word, each) for each in ((language,) if language else LANGUAGES)}
    return frozenset(found | {folded(word)}) - {""}
