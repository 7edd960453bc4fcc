"""The shipped topics on articles written for this project: what is in, what only looks like it, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.config import Topic
from feeds.model import Article
from feeds.topics.evaluate import evaluate
from feeds.topics.folding import clean, fold
from feeds.topics.matching import Topics, load
from feeds.topics.passages import page
from tests.build import article, source

TRAPS = Path(__file__).parent / "data" / "topics" / "traps.jsonl"
SHIPPED = {"sahel": Topic(use="sahel"), "russia-africa": Topic(use="russia-africa")}


@pytest.fixture(scope="module")
def topics() -> Topics:
    return load(SHIPPED, Path())


def news(title: str, summary: str = "", language: str | None = "en", **values: Any) -> Article:
    return article(title=title, summary=summary, language=language, **({"content": ""} | values))


def traps() -> list[dict[str, Any]]:
    return [json.loads(line) for line in TRAPS.read_text(encoding="utf-8").splitlines()]


def test_trap_file_has_as_many_traps_as_true_items_in_each_language() -> None:
    count: dict[tuple[str, bool], int] = {}
    for item in traps():
        key = item["lang"], bool(item["sahel"] or item["russia_africa"])
        count[key] = count.get(key, 0) + 1
    assert all(count[language, True] == count[language, False] for language, _ in count)
    assert {count[language, True] for language in ("fr", "en", "ru", "ar", "pt")} == {20}
    assert sum(count.values()) >= 200


@pytest.mark.parametrize("topic", SHIPPED)
def test_traps_are_told_from_true_items(topics: Topics, topic: str) -> None:
    result = evaluate(traps(), topics)["topics"][topic]
    assert result["f1"] >= 0.97, result["errors"]


def test_folding_what_is_folded_changes_nothing() -> None:
    letters = "".join(map(chr, range(0x250))) + "".join(map(chr, range(0x400, 0x530))) + "ẞẶộ"
    assert fold(fold(clean(letters))) == fold(clean(letters))
    assert fold("ІЇЎҐƏẞ") == fold("іїўґəß")


IN_SAHEL = [
    ("ar", "وفد من النيجر يصل إلى الجزائر"),
    ("ar", "زيارة لموريتانيا وبوركينا فاسو"),
    ("ar", "تعاون مع تشاد"),
    ("ar", "مساعدات للنيجر"),
    ("fr", "Coup de filet à N’Djaména"),
    ("fr", "L'armée nigérienne change de chef"),
    ("fr", "D’Ouagadougou à la côte, la route est coupée"),
    ("ru", "Встреча с чадским министром"),
    ("ru", "Посол прибыл в Уагадугу"),
    ("ru", "Власти Нигера отозвали посла"),
    ("en", "CHAD'S ARMY SAYS TOWN RETAKEN"),
    ("en", "A night in Ouahigouya"),
    ("en", "Goita and Traore meet"),
    ("pt", "Presidente maliano em visita"),
    ("ha", "Shugaban Nijar ya yi jawabi"),
    ("de", "Malische Armee meldet Erfolge"),
]


@pytest.mark.parametrize(("language", "title"), IN_SAHEL)
def test_inflected_and_joined_forms_are_found(topics: Topics, language: str, title: str) -> None:
    assert "sahel" in topics.match(news(title, language=language))


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Somali pirates freed after normal formality"),
        ("ru", "Из-за того, что мали деньги"),
        ("ar", "رجال الأعمال وسوقهم"),
        ("sw", "Mali za kampuni zauzwa"),
        ("en", "The nigerian team wins again in Lagos"),
        ("fr", "Le maliciel qui vide les comptes"),
    ],
)
def test_parts_of_words_and_everyday_words_are_not_found(topics: Topics, language: str, title: str) -> None:
    assert topics.match(news(title, language=language)) == {}


def test_dateline_is_no_evidence_of_russia(topics: Topics) -> None:
    found = topics.explain(news("Kenya wins the relay", "MOSCOW, May 3. /TASS/. Kenya won the relay in Rome."))
    assert not found["russia-africa"].matched
    assert ("MOSCOW", "dateline") in {(aside.term, aside.reason) for aside in found["russia-africa"].set_aside}


def test_links_to_other_articles_are_no_evidence(topics: Topics) -> None:
    links = "".join(f'<li><a href="https://x.example/{n}">Mali: attack {n}</a></li>' for n in range(6))
    other = news("Lisbon opens a new tram line", content=f"<p>The line is four kilometres long.</p><ul>{links}</ul>")
    assert topics.match(other) == {}
    assert (
        topics.match(news("Lisbon opens a tram line", "It is long. Read also: Mali junta bans parties in Mali")) == {}
    )


def test_exclusion_takes_its_own_words_only(topics: Topics) -> None:
    verdict = topics.explain(news("Gunmen from Niger State cross into Niger, Niamey says"))["sahel"]
    assert verdict.matched
    assert [aside.reason for aside in verdict.set_aside] == ['part of "Niger State" (Niger State in Nigeria)']


def test_one_of_a_long_list_is_a_mention(topics: Topics) -> None:
    listed = "Ships from Gambia, Ghana, Mali, Togo and Benin were searched."
    verdict = topics.explain(news("Coast guard busy", listed))["sahel"]
    assert not verdict.matched
    assert "long list" in verdict.missing


def test_two_of_the_five_in_a_list_are_about_the_region(topics: Topics) -> None:
    assert "sahel" in topics.match(news("Floods", "Worst hit are Ghana, Mali, Niger, Togo and Benin this year."))


def test_both_sides_in_one_headline_are_a_match(topics: Topics) -> None:
    found = topics.match(news("Russia to train Tanzanian pilots"))
    assert list(found) == ["russia-africa"]
    assert {evidence.country for evidence in found["russia-africa"].evidence} == {"RU", "TZ"}


def test_wagner_alone_is_nothing(topics: Topics) -> None:
    assert topics.match(news("Wagner opens the season", "The orchestra of Cape Town plays tomorrow.")) == {}


def test_evidence_has_label_in_the_articles_language(topics: Topics) -> None:
    (evidence,) = topics.match(news("Сахель ждёт дождей", language="ru"))["sahel"].evidence
    assert (evidence.concept, evidence.label, evidence.where, evidence.language) == ("sahel", "Сахель", "title", "ru")


def test_country_of_a_town_is_its_countrys(topics: Topics) -> None:
    (evidence,) = topics.match(news("Kidal", language="fr"))["sahel"].evidence
    assert (evidence.concept, evidence.country) == ("kidal", "ML")


def test_four_mentions_in_the_text_need_one_in_the_lead(topics: Topics) -> None:
    said = "<p>Mali sent help.</p>" * 4
    far = news("A long report", "Nothing is named here.", content=f"<p>{'Words go on. ' * 60}</p>{said}")
    near = replace(far, summary="In France and Mali, work goes on.")
    assert topics.match(far) == {}
    assert "sahel" in topics.match(near)


def test_categories_are_weak(topics: Topics) -> None:
    assert topics.match(news("New road opened", categories=("Mali", "Bamako", "Sahel"))) == {}


def test_prior_moves_the_threshold_and_shows(topics: Topics) -> None:
    passing = news("France debates aid", "Talks in Paris turned to Mali.")
    local = source(topics={"sahel": 0.9})
    assert topics.match(passing) == {}
    evidence = topics.match(passing, local)["sahel"].evidence
    assert ("prior", "Courier") in {(one.where, one.term) for one in evidence}


def test_prior_decides_nothing_alone(topics: Topics) -> None:
    assert topics.match(news("A recipe for bread"), source(topics={"sahel": 1.0})) == {}


def test_always_takes_everything_of_a_source(topics: Topics) -> None:
    found = topics.match(news("A recipe for bread"), source(topics={"sahel": "always"}))
    assert list(found) == ["sahel"]
    assert found["sahel"].score == 1.0


def test_verdict_says_what_was_missing(topics: Topics) -> None:
    verdict = topics.explain(news("Kenya signs trade deal"))["russia-africa"]
    assert not verdict.matched
    assert verdict.missing == "nothing of Russia is named (side 1 of 2)"
    assert "score" in verdict.reason


def test_verdict_shows_the_words_around(topics: Topics) -> None:
    (found,) = topics.explain(news("Elections near in Mali this autumn"))["sahel"].evidence
    assert found.around == "Elections near in «Mali» this autumn"


@given(st.text(max_size=200), st.text(max_size=300), st.sampled_from([None, "ar", "en", "xx"]))
def test_any_text_can_be_read(title: str, summary: str, language: str | None) -> None:
    ANY.explain(news(title, summary, language, content=summary))


@given(st.lists(st.sampled_from("Mali Chad Niger مالي والنيجر , . ( / -- Russia Wagner ; | Чад".split()), max_size=30))
def test_any_mixture_of_names_matches_as_it_is_explained(words: list[str]) -> None:
    read = news(" ".join(words[:8]), " ".join(words[8:]))
    assert set(ANY.match(read)) == {name for name, verdict in ANY.explain(read).items() if verdict.matched}


ANY = load(SHIPPED, Path())


HEADING = "<h2>What the ministry said</h2><p>Mali opens a school in Bamako</p>"


@pytest.mark.parametrize(
    ("summary", "content"),
    [
        ("What the ministry said Mali opens a school in Bamako", HEADING),
        ("What the ministry said Mali opens a school in …", HEADING),
        ("What the ministry said. Mali opens a school in Bamako", HEADING),
        ("What the ministry said Mali opens a school in Bamako", f"<p>By Ada Writer</p>{HEADING}"),
        (
            "What the ministry said — Mali opens a school in Bamako",
            "What the ministry said: “Mali opens a school in Bamako”",
        ),
    ],
)
def test_body_that_the_summary_was_cut_from_is_read_once(summary: str, content: str) -> None:
    text = page(news("A new school", summary, content=content)).text
    assert (text.count("Mali"), text.count("Bamako")) == (1, 1)


def test_body_goes_on_after_what_the_summary_repeats() -> None:
    heading = "Roads" * 3
    lead = "Mali builds. " + "Nothing else was said of it, and nobody asked. " * 8
    article = news("Roads", f"{heading} {lead}", content=f"<h2>{heading}</h2><p>{lead}</p><p>Niger waits.</p>")
    text = page(article).text
    assert (text.count("Mali"), text.count("Niger waits")) == (1, 1)


def test_body_that_says_something_else_is_read_whole() -> None:
    text = page(
        news("Roads", "Mali builds roads in the north.", content="<p>Niger builds. Mali builds roads.</p>")
    ).text
    assert (text.count("Mali"), text.count("Niger")) == (2, 1)
