"""What concepts are called: a name that people write, in every language of the gazetteer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel import Locale

from feeds.config import Config, Topic
from feeds.topics import rules
from feeds.topics.gazetteer import Concept, shipped
from feeds.topics.matching import load
from tests.test_topics import news

LANGUAGES = ("en", "fr", "ru", "ar", "pt", "es", "de", "ha", "sw")
# Their words count only for other concepts, or against them: no reader sees them.
UNSEEN = {"namesakes", "elsewhere", "inside-nigeria", "public-life"}
CONTEXT = {"jihadism", "coups", "mining"}
SCRIPTS = {"ru": re.compile("[а-яё]", re.IGNORECASE), "ar": re.compile("[\u0620-\u064a]")}
# "The movements of Azawad": in Russian, the last word is in the genitive.
GENITIVES = {"coups", "tuareg-rebellion", "russia-africa-relations"}
# Words before a name, which a name alone has not.
PREPOSITIONS = "in|near|of|from|to|à|de|en|vers|au|du|em|no|na|del|bei|aus|в|на|из|под|о|города|في|من|إلى"
# Where people write another name than Unicode's list.
OTHER_COUNTRIES = {
    *("dr-congo", "congo", "cote-divoire", "mauritius", "south-africa", "seychelles", "sao-tome-and-principe", "mali"),
    *("united-states", "united-kingdom", "united-arab-emirates", "bosnia-herzegovina", "myanmar", "saudi-arabia"),
    *("trinidad-tobago", "vatican-city", "vietnam"),
}


def ancestors(concept: Concept) -> Iterator[str]:
    for parent in concept.parents:
        yield parent
        yield from ancestors(shipped()[parent])


def seen() -> Iterator[Concept]:
    for concept in shipped().values():
        is_named = any(term.kind != "exclude" for term in concept.terms)
        above = {concept.id, *ancestors(concept)}
        if is_named and (above.isdisjoint(UNSEEN) or concept.id in CONTEXT):
            yield concept


def label(concept: Concept, language: str) -> str:
    return concept.labels.get(language) or concept.name


SEEN = list(seen())
NAMES = [(concept, language, label(concept, language)) for concept in SEEN for language in LANGUAGES]


def test_there_are_names_to_look_at() -> None:
    assert len(SEEN) > 500


@pytest.mark.parametrize("language", SCRIPTS)
def test_name_is_in_the_languages_script(language: str) -> None:
    wrong = [one.id for one in SEEN if not SCRIPTS[language].search(label(one, language))]
    assert wrong == []


def test_name_begins_with_a_capital() -> None:
    """An adjective ("ouagalais"), a phrase ("in Gao") and an everyday word would not."""
    assert [(concept.id, name) for concept, _, name in NAMES if name[0].islower()] == []


def test_name_begins_with_no_preposition() -> None:
    before = re.compile(rf"(?:{PREPOSITIONS})\s", re.IGNORECASE)
    assert [(concept.id, name) for concept, _, name in NAMES if before.match(name)] == [("vtb", "في تي بي")]


def test_name_is_no_pattern() -> None:
    assert [(concept.id, name) for concept, _, name in NAMES if "*" in name] == []


def oblique(name: str, forms: set[str]) -> bool:
    """Whether *name* is another case of one of *forms*, told by the endings that they have together."""
    stem, ending = name[:-2], name[-2:]
    if ending in ("ой", "ей") and {stem + "а", stem + "я"} & forms:
        return True
    if (
        name[-1] in "уюеыи"
        and {name[:-1] + "а", name[:-1] + "я"} & forms
        and {name[:-1] + "ой", name[:-1] + "ей"} & forms
    ):
        return True
    if name[-1] in "ауе" and {name[:-1], name[:-1] + "ом", name[:-1] + "ым"} & forms:
        return True
    return ending in ("ом", "ым", "ем") and bool({stem, stem + "й", stem + "ь"} & forms)


def test_russian_name_is_in_the_nominative() -> None:
    """The gazetteer lists the cases of a name, so each name can be held against the others."""
    wrong = []
    for concept in SEEN:
        forms = [term.text.split() for term in concept.terms if term.language == "ru"]
        words = label(concept, "ru").split()
        if oblique(words[0], {form[0] for form in forms}):
            wrong.append((concept.id, words[0]))
        is_attribute = len(words) > 1 and concept.id in GENITIVES
        if oblique(words[-1], {form[-1] for form in forms}) and not is_attribute:
            wrong.append((concept.id, words[-1]))
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Кашмирой", {"Кашмира", "Кашмиру"}),
        ("Петрова", {"Петров", "Петровым"}),
        ("Орлова", {"Орловым"}),
        ("Минском", {"Минск"}),
    ],
)
def test_oblique_name_is_told(name: str, forms: set[str]) -> None:
    assert oblique(name, forms)


def test_german_name_is_no_genitive() -> None:
    found = {one.id: ({term.text for term in one.terms}, label(one, "de")) for one in SEEN}
    assert [name for forms, name in found.values() if name.endswith("s") and name[:-1] in forms] == ["Tripolis"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_country_has_the_name_that_unicode_gives(language: str) -> None:
    names = Locale(language).territories
    other = {
        concept.id: (label(concept, language), names[concept.country])
        for concept in SEEN
        if concept.country
        and concept.id not in OTHER_COUNTRIES
        and label(concept, language) != names.get(concept.country)
    }
    known = {
        "ha": {"chad", "mauritania", "syria", "ukraine"},
        "pt": {"burkina-faso"},
        "sw": {one.id for one in SEEN if label(one, "sw") == one.name or one.id == "ukraine"},
    }
    assert set(other) <= known.get(language, set()), other


@pytest.mark.parametrize("language", LANGUAGES)
def test_name_of_a_country_of_the_sahel_is_found_in_a_text(language: str) -> None:
    countries = [concept for concept in SEEN if "sahel" in concept.parents and concept.country]
    assert len(countries) == 5
    topics = load({"sahel": Topic(use="sahel")}, Path())
    for concept in countries:
        name = label(concept, language)
        text = "رئيس " + name if language == "ar" else f"{name}, {name}"
        found = topics.explain(news(text, "Bamako Niamey Moundou Kaédi Ouahigouya", language))["sahel"].evidence
        assert concept.id in {each.evidence.concept for each in found if each.evidence.where == "title"}, name


@pytest.mark.parametrize(
    ("concept", "language", "expected"),
    [
        ("ndjamena", "ru", "Нджамена"),
        ("assimi-goita", "ru", "Ассими Гойта"),
        ("vladimir-putin", "ar", "فلاديمير بوتين"),
        ("vladimir-putin", "fr", "Vladimir Poutine"),
        ("vladimir-putin", "de", "Wladimir Putin"),
        ("gao", "fr", "Gao"),
        ("bamako", "fr", "Bamako"),
        ("china", "de", "China"),
        ("ukraine", "fr", "Ukraine"),
        ("ecowas", "fr", "Cédéao"),
        ("operation-barkhane", "ru", "Операция «Бархан»"),
        ("niger-state", "ha", "Jihar Neja"),
    ],
)
def test_names_as_people_write_them(concept: str, language: str, expected: str) -> None:
    assert label(shipped()[concept], language) == expected


def test_pattern_of_ones_own_shows_the_word_that_was_found() -> None:
    plain = load({"mine": Topic(any_of=("золот*",))}, Path())
    (evidence,) = plain.match(news("Цены на золото растут", language="ru"))["mine"].evidence
    assert (evidence.label, evidence.term) == ("золото", "золото")


def test_own_concept_is_called_by_its_label_its_first_term_or_the_word_found() -> None:
    terms = {"gold": {"label": "fr Or", "terms": "en: gold mine, gold\nfr: orpaillage\npt: garimp*"}}
    topics = load({"mine": Topic(any_of=("@gold",), terms=terms)}, Path())  # type: ignore[arg-type]
    texts = {"en": "Gold again", "fr": "L'orpaillage recule", "pt": "O garimpo cresce"}
    labels = {
        language: topics.match(news(text, language=language))["mine"].evidence[0].label
        for language, text in texts.items()
    }
    assert labels == {"en": "gold mine", "fr": "Or", "pt": "garimpo"}


def test_rules_show_a_pattern_as_the_beginning_of_words(tmp_path: Path) -> None:
    config = Config(path=tmp_path / "config.toml", topics={"mine": Topic(any_of=("золот*", "шахта"))})
    (shown,) = rules(config)
    assert shown.sides == (("золот…", "шахта"),)


def test_conditions_name_concepts() -> None:
    concepts = shipped()
    named = {name for concept in concepts.values() for name in concept.sure_with}
    assert named
    assert named <= set(concepts)
    codes = [code for concept in concepts.values() for code in concept.unsure_in]
    assert codes
    assert all(re.fullmatch("[A-Z]{2}", code) for code in codes)
