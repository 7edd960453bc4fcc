"""Which language a text is in: as declared, or as detected where that is missing or contradicted. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any

# What feeds write instead of a BCP 47 tag: names, and countries where their language is meant and no language is called so.
_NAMES = {
    "english": "en", "anglais": "en", "английский": "en", "french": "fr", "francais": "fr", "français": "fr",
    "французский": "fr", "الفرنسية": "fr", "russian": "ru", "русский": "ru", "russe": "ru", "arabic": "ar", "arabe": "ar",
    "العربية": "ar", "عربي": "ar", "portuguese": "pt", "português": "pt", "portugues": "pt", "portugais": "pt",
    "spanish": "es", "español": "es", "espanol": "es", "castellano": "es", "german": "de", "deutsch": "de",
    "italian": "it", "italiano": "it", "hausa": "ha", "swahili": "sw", "kiswahili": "sw", "somali": "so", "amharic": "am",
    "turkish": "tr", "türkçe": "tr", "ukrainian": "uk", "українська": "uk", "chinese": "zh", "japanese": "ja",
    "jp": "ja", "cn": "zh", "cz": "cs", "gr": "el", "dk": "da", "ua": "uk",
}  # fmt: skip
_NO_LANGUAGES = {"und", "xx", "zxx", "mul", "mis", "qaa"}
_NO_COUNTRIES = {"zz", "xx"}
# ISO 639-1, as most feeds have it: valid as it stands.
_PLAIN_TAGS = frozenset(
    "af am ar az be bg bm bn bs ca cs cy da de el en eo es et eu fa ff fi fr ga gl gu ha he hi hr hu hy id ig is it ja ka kk"
    " km kn ko ku ky lb ln lo lt lv mg mk ml mn mr ms my ne nl nn no ny om pa pl ps pt rn ro ru rw sd si sk sl sn so sq sr"
    " st sv sw ta te tg th ti tk tl tn tr ts tt ug uk ur uz vi wo xh yo zh zu".split()
)
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
    """A valid BCP 47 tag as it should be written ("fr", "pt-BR"), from what a feed says; None where that is no language.

    What is written otherwise is mended ("eng", "en_UK", "fr_FR.UTF-8"), and what is not registered left out ("en-EN").
    """
    if not text:
        return None
    cleaned = re.split(r"[.@,]", text.strip(), maxsplit=1)[0].strip().replace("_", "-")[:60]
    lower = cleaned.lower()
    if lower in _PLAIN_TAGS:
        return lower
    name = re.sub(r"\s*[(-].*$", "", lower)
    if lower in _NAMES or name in _NAMES:
        return _NAMES.get(lower) or _NAMES[name]
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", lower):
        return None
    return _registered(*lower.split("-"))


def _registered(first: str, *more: str) -> str | None:
    """The tag of those of these subtags that IANA has registered; None where the language is none of them."""
    import langcodes  # here: 50 ms, and most feeds need it not

    language = langcodes.standardize_tag(first, macro=len(first) == 3)
    if language in _NO_LANGUAGES or not langcodes.tag_is_valid(language):
        return None
    tag = language
    for subtag in more:
        if len(subtag) == 1:  # extensions, and what is private
            break
        is_left_out = subtag in _NO_COUNTRIES or (len(subtag) == 3 and subtag.isalpha())
        with suppress(ValueError):  # no subtag at all
            longer = langcodes.standardize_tag(f"{tag}-{subtag}")
            tag = longer if not is_left_out and langcodes.tag_is_valid(longer) else tag
    return tag


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
