"""Names that mean something else: by where a paper is from, by what else a text names, and by a person's first name."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.config import Topic
from feeds.topics.evaluate import evaluate
from feeds.topics.matching import load
from tests.build import source
from tests.test_topics import news

TOPICS = load({"sahel": Topic(use="sahel"), "all": Topic(any_of=("@africa", "@russia"))}, Path())


def is_sahel(title: str, summary: str = "", country: str | tuple[str, ...] = (), language: str = "en") -> bool:
    return "sahel" in TOPICS.match(news(title, summary, language), source(country=country))


def countries(title: str, summary: str = "", language: str = "en", country: str = "") -> set[str | None]:
    found = TOPICS.match(news(title, summary, language), source(country=country or ()))
    return {evidence.country for evidence in found["all"].evidence} if "all" in found else set()


def concepts(title: str, summary: str = "", language: str = "en") -> set[str]:
    found = TOPICS.match(news(title, summary, language))
    return {evidence.concept for match in found.values() for evidence in match.evidence}


@pytest.mark.parametrize(
    ("title", "summary"),
    [
        ("Niger students march over unpaid grants", ""),
        ("Police parade nine suspects in Niger", ""),
        ("Niger: council workers suspend strike", ""),
        ("Boat capsizes in Niger, 14 missing", "Rescue goes on, an official said."),
        ("Bandits attack farmers in Niger, Kaduna", "Villagers fled at dawn."),
        ("NEMA counts losses after Niger flood", ""),
    ],
)
def test_bare_niger_in_a_nigerian_paper_is_the_state(title: str, summary: str) -> None:
    assert not is_sahel(title, summary, "NG")
    assert "NE" not in countries(title, summary, country="NG")


@pytest.mark.parametrize(
    "title",
    [
        "Niger Republic reopens its border",
        "Niger junta names a new envoy",
        "Nigeria, Niger sign a power deal",
        "Nigeria and Niger resume flights",
        "Niger, Mali and Burkina Faso leave the court",
        "ECOWAS speaks with Niger",
        "Tiani: Niger wants no war",
        "Nigerien traders protest",
        "France to close its embassy in Niger",
    ],
)
def test_text_says_that_the_republic_is_meant(title: str) -> None:
    assert is_sahel(title, country="NG")


@pytest.mark.parametrize(
    "title",
    [
        "Niger residents block the road from Bida to Mokwa",
        "Niger LGA gets a new chairman",
        "Troops rescue farmers in Niger, Kwara",
        "Niger governor signs budget",
        "Oil tanker burns in Niger; The post Oil tanker burns in Niger appeared first on Premium Times Nigeria",
    ],
)
def test_nigerian_places_and_offices_speak_against_the_republic_in_any_paper(title: str) -> None:
    assert not is_sahel(title)


@pytest.mark.parametrize("country", ["", "FR", "NE", ("NE", "NG")])
def test_bare_niger_elsewhere_is_the_republic(country: str) -> None:
    assert is_sahel("Niger students march over unpaid grants", country=country)
    assert is_sahel("Niger votes", country=country)


def test_a_papers_own_country_needs_no_company() -> None:
    title = "Niger wrestlers win in Kano"
    assert is_sahel(title, country="NE")
    assert not is_sahel(title)


def test_set_aside_namesake_says_why() -> None:
    verdict = TOPICS.explain(news("Police parade nine suspects in Niger"), source(country="NG"))["sahel"]
    assert [aside.reason for aside in verdict.set_aside] == [
        "may be a namesake here, and nothing else speaks for Niger"
    ]


def test_labelled_item_may_say_where_its_source_is() -> None:
    item = {"id": 1, "lang": "en", "title": "Police parade nine suspects in Niger", "sahel": 0}
    assert evaluate([{**item, "country": "NG"}, {**item, "country": ["NG"]}], TOPICS)["topics"]["sahel"]["errors"] == []
    assert len(evaluate([item], TOPICS)["topics"]["sahel"]["errors"]) == 1


@pytest.mark.parametrize(
    ("language", "country", "title", "summary", "expected"),
    [
        ("es", "GQ", "Guinea aprueba su presupuesto", "", {"GQ"}),
        ("pt", "GW", "Guiné aprova orçamento", "", {"GW"}),
        ("en", "", "Guinea approves its budget", "", {"GN"}),
        ("en", "", "Guinea-Bissau approves its budget", "Guinea has no oil.", {"GW"}),
        ("en", "", "Guinea and Equatorial Guinea sign", "", {"GN", "GQ"}),
        ("en", "", "Papua New Guinea approves its budget", "", set()),
        ("pt", "", "Governo guineense reage em Bissau", "", {"GW"}),
        ("fr", "CD", "Congo : les prix montent", "", {"CD"}),
        ("fr", "", "Congo : les prix montent", "", {"CG"}),
        ("fr", "", "Congo : les rebelles avancent", "Le M23 est entré à Goma.", {"CD"}),
        ("en", "", "Congo prices rise", "", {"CD"}),
        ("en", "CG", "Congo prices rise", "", {"CG"}),
        ("en", "", "Congo prices rise in Brazzaville", "", {"CG"}),
        ("en", "", "South Sudanese leaders meet", "South Sudan waits.", {"SS"}),
        ("en", "", "Sudanese leaders meet", "", {"SD"}),
        ("en", "NG", "Two held in Benin over theft", "", {"NG"}),
        ("en", "NG", "Benin Republic votes", "", {"BJ"}),
        ("en", "", "Two held in Benin over theft", "", {"BJ"}),
    ],
)
def test_shared_name_is_the_papers_own_or_what_the_text_names(
    language: str, country: str, title: str, summary: str, expected: set[str]
) -> None:
    assert countries(title, summary, language, country) - {None} == expected


def test_coast_called_sahel() -> None:
    assert not is_sahel("Sahel hotels are full", country="EG")
    assert is_sahel("Sahel states meet in Bamako", country="EG")
    assert is_sahel("Sahel hotels are full", country="SN")


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Alessia Russo scores twice"),
        ("en", "Russo says the shop will stay"),
        ("fr", "Le styliste Renzo Russo ouvre une boutique"),
        ("pt", "Daniel Russo vence a corrida"),
        ("pt", "Futebol: Russo assina contrato"),
    ],
)
def test_russo_is_a_surname(language: str, title: str) -> None:
    assert "russia" not in concepts(title, language=language)


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("pt", "Governo russo envia trigo"),
        ("pt", "Exército Russo recua"),
        ("en", "Russo-Ukrainian war enters a new year"),
        ("fr", "La coopération russo-malienne avance"),
    ],
)
def test_russo_is_russian(language: str, title: str) -> None:
    assert "russia" in concepts(title, language=language)


@pytest.mark.parametrize(
    ("concept", "language", "title", "summary"),
    [
        ("ibrahim-traore", "en", "Traoré signs for Fulham", "The Burkina Faso striker is 24."),
        ("ibrahim-traore", "fr", "Bertrand Traoré quitte Ajax", "L'international burkinabè, au Burkina Faso hier."),
        ("ibrahim-traore", "fr", "Rokia Traoré chante à Bamako", "Le public attendait Traoré."),
        ("ibrahim-traore", "ar", "تراوري ينتقل إلى ناد فرنسي", "لاعب بوركينا فاسو"),
        ("alassane-ouattara", "en", "Dango Ouattara scores again", "It was Ouattara's fifth."),
        ("alassane-ouattara", "fr", "Mercato : Ouattara vers Brighton", "L'ailier ivoirien a dit oui."),
        ("mamadi-doumbouya", "fr", "Doumbouya prêté à Lorient", "Le footballeur guinéen est arrivé."),
        ("maria-zakharova", "ru", "Светлана Захарова танцует в Каире", ""),
        ("sergey-lavrov", "ru", "Кирилл Лавров: сто лет со дня рождения", "Лаврова помнят и в Алжире."),
        ("alexander-novak", "ru", "Новак Джокович выиграл матч", "Россия, Москва."),
        ("yevgeny-prigozhin", "ru", "Иосиф Пригожин дал концерт", ""),
        ("mahamat-idriss-deby", "fr", "Idriss Déby, une vie", "Déby est mort en 2021."),
    ],
)
def test_namesake_of_a_person_is_not_the_person(concept: str, language: str, title: str, summary: str) -> None:
    assert concept not in concepts(title, summary, language)


@pytest.mark.parametrize(
    ("concept", "language", "title", "summary"),
    [
        ("ibrahim-traore", "fr", "Burkina Faso : Traoré dissout le gouvernement", ""),
        ("ibrahim-traore", "en", "Ibrahim Traoré opens the football cup", "Traoré kicked off in Ouagadougou."),
        ("alassane-ouattara", "en", "Ouattara sworn in", ""),
        ("assimi-goita", "fr", "Selon Goïta, la route est ouverte", ""),
        ("assimi-goita", "en", "Junta leader Goita speaks", ""),
        ("maria-zakharova", "ru", "Захарова ответила журналистам", ""),
        ("sergey-lavrov", "ru", "Встреча Сергея Лаврова в Мали", ""),
        ("sergey-lavrov", "ru", "Сергей Викторович Лавров прилетел в Мали", ""),
        ("vladimir-putin", "ru", "Если Путин приедет", ""),
        ("vladimir-putin", "ar", "بوتين يستقبل رئيس مالي", ""),
        ("mahamat-idriss-deby", "en", "Deby names a cabinet", ""),
    ],
)
def test_person_is_known_by_surname(concept: str, language: str, title: str, summary: str) -> None:
    assert concept in concepts(title, summary, language)
