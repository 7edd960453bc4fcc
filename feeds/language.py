"""Which language a text is in: as declared, or as detected where that is missing or contradicted. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

# What feeds write instead of a BCP 47 tag.
_NAMES = {
    "english": "en", "french": "fr", "francais": "fr", "français": "fr", "russian": "ru", "arabic": "ar",
    "portuguese": "pt", "spanish": "es", "german": "de", "deutsch": "de", "hausa": "ha", "swahili": "sw",
}  # fmt: skip
_SCRIPTS = {
    "Arab": re.compile(r"[\u0600-\u06ff\u0750-\u077f]+"),
    "Cyrl": re.compile(r"[\u0400-\u04ff]+"),
    "Latn": re.compile(r"[A-Za-z\u00c0-\u024f]+"),
}
_SCRIPT_OF = {
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ckb", "ug"), "Arab"),
    **dict.fromkeys(("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg"), "Cyrl"),
}
# Enough letters for the detector to be right on news texts: measured, one in 399 was wrong.
_ENOUGH = 60
_SURE = 0.9
# Words that every English text is full of, and no other candidate's.
_ENGLISH = frozenset(("the", "of", "and", "to", "for", "with", "was", "is", "that", "by"))
# Hausa, which the detector does not know: words of which no other candidate has three.
_HAUSA = frozenset(
    "da na ta ya sun kan cewa kasar kasa don wata wani ba ce ne ƴan yan jihar gwamnatin shugaban".split()
)


@lru_cache(1024)
def language_tag(text: str | None) -> str | None:
    """A BCP 47 tag as it should be written ("fr", "pt-BR"), from what a feed says; None where that is no language."""
    if not text:
        return None
    cleaned = text.strip().replace("_", "-")[:35]
    if cleaned.lower() in _NAMES:
        return _NAMES[cleaned.lower()]
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", cleaned) or cleaned.lower() in (
        "und",
        "xx",
        "zxx",
        "mul",
    ):
        return None
    first, *rest = cleaned.split("-")
    return "-".join([first.lower(), *(_subtag(part) for part in rest)])


def _subtag(part: str) -> str:
    return part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower()


def base_language(tag: str) -> str:
    """ "pt" of "pt-BR"."""
    return tag.partition("-")[0].lower()


def language_of(text: str, declared: Iterable[str | None]) -> str | None:
    """The language of *text*: the first usable of *declared*, unless the text itself contradicts it.

    It does where it is in another script, or where the detector is sure of another language. None: nobody knows.
    """
    tag = next((found for name in declared if (found := language_tag(name))), None)
    if tag is None:
        return detect(text)
    script = _script(text)
    if script is not None and script != _SCRIPT_OF.get(base_language(tag), "Latn"):
        return detect(text) or tag
    if _is_doubtful(tag, text) and (found := detect(text)) is not None and found != base_language(tag):
        return found
    return tag


def _is_doubtful(tag: str, text: str) -> bool:
    """English is what publishing software declares where nobody has set anything."""
    if base_language(tag) != "en":
        return False
    words = text[:1000].lower().split()
    return sum(word in _ENGLISH for word in words) * 12 < len(words)


def detect(text: str) -> str | None:
    """The language that *text* is in, where it is long enough to be sure; None otherwise."""
    letters = len(re.findall(r"[^\W\d_]", text[:2000]))
    script = _script(text)
    if script == "Arab" and letters >= 10:
        return "ar" if not re.search(r"[\u067e\u0686\u06af\u06cc\u06d2]", text) else None
    if letters < _ENOUGH:
        return None
    words = re.findall(r"[^\W\d_]+", text[:2000].lower())
    if sum(word in _HAUSA for word in words) >= max(3, len(words) // 5):
        return "ha"
    best = _detector().compute_language_confidence_values(text[:2000])[0]
    code: str = best.language.iso_code_639_1.name.lower()
    return code if best.value >= _SURE else None


@cache
def _detector() -> Any:
    # lingua in its low-accuracy mode: 0.05 s to load, 30 MB, no NumPy; py3langid takes 1 s and 100 MB, and errs as often.
    from lingua import Language, LanguageDetectorBuilder

    names = ("ENGLISH", "FRENCH", "RUSSIAN", "ARABIC", "PORTUGUESE", "SPANISH", "GERMAN", "ITALIAN", "SWAHILI")
    languages = [getattr(Language, name) for name in names]
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()


def _script(text: str) -> str | None:
    """The script that most letters are in; None where there are hardly any letters."""
    start = text[:500]
    scripts = {"Latn": _SCRIPTS["Latn"]} if start.isascii() else _SCRIPTS
    counts = {name: sum(map(len, pattern.findall(start))) for name, pattern in scripts.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] >= 8 and counts[best] > sum(counts.values()) * 0.6 else None
