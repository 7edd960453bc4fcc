"""Words as the full-text index knows them: folded, and cut to their stems. Pure; called by search and store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
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
_APOSTROPHE = re.compile("['’‘`´′＇]")
# Unicode has them as letters: ʼ of Hausa, ʻ, ʾ and ʿ of transliterations.
_LETTERS_LIKE_APOSTROPHES = re.compile("[ʹʻʼʽʾʿˈ]")
# What French leaves letters out of, before a vowel.
_ELIDED, _VOWELS = frozenset("cdjlmnstCDJLMNST"), frozenset("aeiouyhàâéèêëîïôùûœæ")
_CONJUNCTIONS = frozenset(("qu", "jusqu", "lorsqu", "puisqu", "quoiqu"))
_CLITICS = frozenset(("s", "t", "d", "m", "re", "ve", "ll"))
_LONGEST = 60  # characters of a word that count


def words(text: str) -> Iterator[tuple[str, int, int]]:
    """The words of *text*, which is `prepared`, with where they begin and end."""
    for found in _WORD.finditer(fold(text)):
        yield text[found.start() : found.end()], found.start(), found.end()


def prepared(text: str) -> str:
    """*text* as `words` wants it: composed, without silent signs, its space single, its apostrophes no letters."""
    cleaned = clean(text)
    return cleaned if cleaned.isascii() else _LETTERS_LIKE_APOSTROPHES.sub("’", cleaned)


def joined_words(text: str) -> set[str]:
    """The words of *text*, which is `prepared`, that an apostrophe parts and that may be written without: N'Djamena as
    ndjamena, O'Brien, Sana'a.

    Not so where an apostrophe stands for letters that were left out (l'or, qu'il, Mali's, isn't), but before a capital
    (Côte d'Ivoire).
    """
    found: set[str] = set()
    for before, after in pairwise(_APOSTROPHE.split(text)):
        if before[-1:] in _ELIDED and after[:1] in _VOWELS and not before[-2:-1].isalnum():
            continue  # most, in French
        backwards, second = _WORD.match(before[: -_LONGEST - 1 : -1]), _WORD.match(after)
        if backwards is None or second is None or second[0].lower() in _CLITICS:
            continue
        first = backwards[0][::-1]
        if not (first.lower() in _CONJUNCTIONS and second[0][0] in _VOWELS):
            found.add(folded(first + second[0]))
    return found


def joined(word: str) -> str | None:
    """*word*, as a person asks for it, without the apostrophe in it; None where it has none, or no name has it so."""
    parts = _APOSTROPHE.split(word)
    if len(parts) != 2 or not all(map(_WORD.fullmatch, parts)) or parts[1].lower() in _CLITICS:
        return None
    return folded("".join(parts)) if max(map(len, parts)) > 2 else None


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
