"""Invented articles by the thousand, alike in size and shape to real ones. Called by the benchmarks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from feeds.config import Source
from feeds.model import Article, Entry, Evidence, Outcome, ParsedFeed, Reading, SourceState, Text, TopicMatch
from feeds.store import Store

LANGUAGES = ("en", "fr", "ru", "ar", "pt", "es", "de", "ha")
COUNTRIES = (
    ("ML", "Mali"), ("BF", "Burkina Faso"), ("NE", "Niger"), ("TD", "Chad"), ("MR", "Mauritania"), ("SN", "Senegal"),
    ("NG", "Nigeria"), ("CF", "Central African Republic"), ("SD", "Sudan"), ("LY", "Libya"), ("DZ", "Algeria"),
    ("EG", "Egypt"), ("ZA", "South Africa"), ("ET", "Ethiopia"), ("CM", "Cameroon"), ("GH", "Ghana"), ("TG", "Togo"),
    ("BJ", "Benin"), ("GN", "Guinea"), ("CI", "Ivory Coast"),
)  # fmt: skip
TOPICS = ("sahel", "russia-africa")
SOURCES = 100
PER_DOCUMENT = 500

_WORDS = {
    "en": "the minister said that talks on trade and security would go on after the summit while farmers wait for rain",
    "fr": "le ministre a dit que les entretiens sur le commerce et la sécurité vont se poursuivre après le sommet",
    "ru": "министр сказал что переговоры о торговле и безопасности продолжатся после встречи на высшем уровне",
    "ar": "قال الوزير إن المحادثات حول التجارة والأمن ستستمر بعد القمة بينما ينتظر المزارعون المطر",
    "pt": "o ministro disse que as conversações sobre comércio e segurança vão continuar depois da cimeira",
    "es": "el ministro dijo que las conversaciones sobre comercio y seguridad seguirán después de la cumbre",
    "de": "der Minister sagte dass die Gespräche über Handel und Sicherheit nach dem Gipfel weitergehen",
    "ha": "ministan ya ce za a ci gaba da tattaunawa kan kasuwanci da tsaro bayan taron kolin",
}
_WORDS_OF = {language: words.split() for language, words in _WORDS.items()}
RARE = [f"{first}{second}{third}" for first in ("ka", "ti", "mo", "zu", "be") for second in ("ran", "lim", "dor", "sen")
         for third in ("go", "ba", "ti", "nu", "re", "fa")]  # fmt: skip


def article(number: int, published: datetime, sentences: int = 5) -> Article:
    """Article *number*, its text as long as *sentences* are: equal numbers give equal articles."""
    chance = random.Random(number)
    language = LANGUAGES[number % len(LANGUAGES)]
    country, name = chance.choice(COUNTRIES)
    words = _WORDS_OF[language]
    title = f"{name}: {' '.join(chance.choices(words, k=8))} {chance.choice(RARE)}"
    said = [f"{' '.join(chance.choices(words, k=14)).capitalize()} {chance.choice(RARE)}." for _ in range(sentences)]
    text = " ".join(said[:5])
    url = f"https://site{number % SOURCES}.example/{published:%Y/%m}/{number}.html"
    return Article(
        identity=f"guid:{number}",
        guid=str(number),
        url=url,
        link=url,
        title=title,
        summary=text,
        content="".join(f"<p>{' '.join(said[start : start + 5])}</p>" for start in range(0, sentences, 5)),
        language=language,
        published=published,
        authors=(f"{chance.choice(RARE).title()} {chance.choice(RARE).title()}",),
        image=f"https://site{number % SOURCES}.example/{number}.jpg" if number % 3 == 0 else None,
        entry=Entry(guid=str(number), link=url, title=Text(title), summary=Text(text, html=True)),
        topics=_topics(number, chance, country, name),
    )


def _topics(number: int, chance: random.Random, country: str, name: str) -> dict[str, TopicMatch]:
    concept = name.lower().replace(" ", "-")
    found = (
        Evidence(concept, name, "title", 0.8, label=name, language="en", country=country),
        Evidence("minister", "minister", "lead", 0.3, label="minister", language="en"),
    )
    return {topic: TopicMatch(1.2, found) for topic in TOPICS if chance.random() < 0.4}


def words_of(language: str) -> list[str]:
    """The words that articles in *language* are made of, each in a fifth of them or more."""
    return sorted(set(_WORDS_OF[language]))


def sources() -> tuple[Source, ...]:
    """The sources that the articles come from."""
    return tuple(Source(url=f"https://site{number}.example/feed", name=f"Site {number}") for number in range(SOURCES))


def fill(store: Store, numbers: Sequence[int], newest: datetime, apart: timedelta, sentences: int = 5) -> None:
    """Put the articles *numbers* into *store*, the last dated *newest*, each *apart* from the one before."""
    states = store.sync_sources(sources())
    for state, found in _documents(states, numbers, newest, apart, sentences):
        reading = Reading(ParsedFeed("rss20", title=state.name), tuple(found))
        at = newest
        fresh = replace(state, checked_at=at, succeeded_at=at, document_at=at)
        store.save([Outcome(state=fresh, reading=reading, status=200)], at)


def _documents(
    states: dict[str, SourceState], numbers: Sequence[int], newest: datetime, apart: timedelta, sentences: int
) -> Iterator[tuple[SourceState, list[Article]]]:
    last = len(numbers) - 1
    dated = [(number, newest - (last - place) * apart) for place, number in enumerate(numbers)]
    for name, state in states.items():
        mine = [each for each in dated if each[0] % SOURCES == int(name.removeprefix("Site "))]
        for start in range(0, len(mine), PER_DOCUMENT):
            yield state, [article(number, at, sentences) for number, at in mine[start : start + PER_DOCUMENT]]
