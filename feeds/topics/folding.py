"""Text as the matcher compares it: one character for one character, so that places in both are the same. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Letters that have no decomposition and a plain twin: œ stands for o in names and terms alike.
_TWINS = {
    **dict(zip("ßæœøłđðþıħƙɗɓƴŋə", "saooldd" + "tihkdbyne", strict=True)),
    **dict(zip("ÆŒØŁĐÐÞĦƘƊƁƳŊ", "AOOLDDTHKDBYN", strict=True)),
    "ẞ": "s", "Ə": "E", "ё": "е", "Ё": "Е", "ў": "у", "Ў": "У", "і": "и", "І": "И", "ї": "и", "Ї": "И", "ґ": "г", "Ґ": "Г",
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه", "ک": "ك", "گ": "غ",
}  # fmt: skip
# Vowel signs and the tatweel stretch Arabic words and say nothing; joiners and soft hyphens hide inside words.
_SILENT = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u00ad\u200b-\u200f\u2060\ufeff\u0300-\u036f]")
# Where Latin letters with marks are: Latin-1, Extended-A and -B, Additional.
_LATIN = (range(0x80, 0x250), range(0x1E00, 0x1F00))
_LETTERS = (range(0x41, 0x5B), range(0x61, 0x7B), range(0x30, 0x3A))
_OTHER_SPACES = (range(0x80), range(0x2000, 0x2070), range(0x3000, 0x3040), range(0xFF00, 0xFF10))
_ARABIC_SIGNS = "،؛؟۔٪٫٬ـ«»"


def _table() -> dict[int, str]:
    """What each character becomes; all that is neither letter nor digit becomes a space."""
    table: dict[int, str] = {}
    for block in _LATIN:
        for code in block:
            plain = unicodedata.normalize("NFD", chr(code))[0]
            table[code] = _TWINS.get(plain, plain) if plain.isalpha() else " "
    for block in _OTHER_SPACES:
        table.update({code: " " for code in block if not any(code in letters for letters in _LETTERS)})
    del table[ord("\n")]  # keeps passages, and lists of terms, apart
    table.update({ord(char): " " for char in _ARABIC_SIGNS})
    table.update({ord(char): twin for char, twin in _TWINS.items()})
    return table


_FOLDS = _table()


def clean(text: str) -> str:
    """*text* composed and without silent signs, its space single: what offsets are counted in."""
    if text.isascii():
        return " ".join(text.split())
    return " ".join(_SILENT.sub("", unicodedata.normalize("NFC", text)).split())


def clean_lines(lines: Sequence[str]) -> list[str]:
    """Each of *lines* as `clean` has it; faster than one by one."""
    joined = _SILENT.sub("", unicodedata.normalize("NFC", "\n".join(lines)))
    return joined.split("\n")


def fold(cleaned: str) -> str:
    """*cleaned* in small plain letters, all else but line ends a space. It has the same length.

    Accents, apostrophes, dashes, ё and the forms of alef make no difference after it.
    """
    return cleaned.translate(_FOLDS).lower()
