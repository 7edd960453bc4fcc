"""Topics of one's own: what their keys mean, what is refused, and what the shipped files may not hold."""

from __future__ import annotations

import pickle
from collections import defaultdict
from pathlib import Path

import pytest

from feeds.config import Topic
from feeds.errors import ConfigError
from feeds.topics.evaluate import item_article
from feeds.topics.folding import clean, fold
from feeds.topics.gazetteer import shipped
from feeds.topics.matching import Topics, load
from tests.build import source
from tests.test_topics import news

GOLD = {"gold": "en: gold mine*, gold panning\nfr: orpaillage, mine d'or"}


def own(**keys: object) -> Topics:
    return load({"mine": Topic(**keys)}, Path())  # type: ignore[arg-type]


def is_in(topics: Topics, title: str, summary: str = "", language: str = "en", by: str = "Courier") -> bool:
    return "mine" in topics.match(news(title, summary, language), source(by))


def test_plain_words_match_in_any_language() -> None:
    topics = own(any_of=("Orpailleur", "gold rush"))
    assert is_in(topics, "A Gold Rush begins")
    assert is_in(topics, "Un Orpailleur raconte", language="fr")
    assert not is_in(topics, "A goldrush begins")


def test_star_stands_for_any_ending() -> None:
    assert is_in(own(any_of=("золот*",)), "О золотодобыче", language="ru")


def test_capitals_in_a_term_must_be_capitals_in_the_text() -> None:
    topics = own(any_of=("COSI",))
    assert is_in(topics, "COSI speaks")
    assert not is_in(topics, "Così fan tutte")


def test_concept_takes_what_belongs_to_it_in_all_languages() -> None:
    topics = own(any_of=("@mali",))
    assert is_in(topics, "Assimi Goïta à Kidal", language="fr")
    assert not is_in(topics, "Niamey")


def test_all_of_needs_every_side() -> None:
    topics = own(all_of=("@sahel", ("@gold", "uranium")), terms=GOLD)
    assert is_in(topics, "Niger sells uranium")
    assert is_in(topics, "Burkina Faso closes gold mines")
    assert not is_in(topics, "Ghana closes gold mines")
    assert not is_in(topics, "Burkina Faso closes schools")


def test_none_of_excludes_by_headline_and_lead() -> None:
    topics = own(any_of=("@mali",), none_of=("football",))
    assert not is_in(topics, "Mali win at football")
    assert is_in(topics, "Mali raises taxes")


def test_near_says_how_close_the_sides_must_be() -> None:
    far = ("Bamako in the rain", "Streets are empty. Prices of uranium fell.")
    assert is_in(own(all_of=("@mali", "uranium"), near="article"), *far)
    assert not is_in(own(all_of=("@mali", "uranium"), near="sentence"), *far)


def test_topic_can_be_an_ingredient() -> None:
    topics = load({"mine": Topic(all_of=("topic:sahel", "@gold"), terms=GOLD)}, Path())
    assert topics.names == ("mine",)
    assert is_in(topics, "Mali reopens a gold mine")
    assert not is_in(topics, "Ghana reopens a gold mine")


def test_languages_and_sources_limit_a_topic() -> None:
    topics = own(any_of=("@mali",), languages=("fr",), sources=("Courier",))
    assert is_in(topics, "Mali", language="fr")
    assert not is_in(topics, "Mali", language="en")
    assert not is_in(topics, "Mali", language="fr", by="Herald")


def test_shipped_definition_can_be_extended() -> None:
    topics = own(use="sahel", any_of=("Casamance",), none_of=("football",))
    assert is_in(topics, "Casamance votes")
    assert not is_in(topics, "Mali lose at football")


def test_file_holds_a_definition(tmp_path: Path) -> None:
    (tmp_path / "gold.toml").write_text(
        "version = '1'\nall_of = [['@sahel'], ['@gold']]\n[terms.gold]\nlabel = 'en Gold, fr Or'\nterms = '''\nen: gold\n'''\n",
        encoding="utf-8",
    )
    topics = load({"mine": Topic(file="gold.toml")}, tmp_path)
    found = topics.match(news("Gold fever in Mali"))["mine"].evidence
    assert {evidence.label for evidence in found} == {"Gold", "Mali"}


def test_digest_changes_with_the_definition_and_not_without() -> None:
    first, same, other = own(any_of=("@mali",)), own(any_of=("@mali",)), own(any_of=("@mali", "@niger"))
    assert first.digests == same.digests != other.digests


def test_digest_changes_with_an_ingredient() -> None:
    def whole(inner: str) -> Topics:
        return load({"a": Topic(any_of=(inner,)), "b": Topic(all_of=("topic:a", "gold"))}, Path())

    assert whole("x").digests["b"] != whole("y").digests["b"]


def test_what_topics_are_made_from_can_be_sent_to_a_process() -> None:
    topics = {"sahel": Topic(use="sahel")}
    assert load(pickle.loads(pickle.dumps(topics)), Path()).names == ("sahel",)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "a topic needs terms"),
        ({"use": "sahara"}, 'key use: expected one of "sahel", "russia-africa"'),
        ({"any_of": ("@malli",)}, 'did you mean "@mali"'),
        ({"any_of": ("",)}, "empty term"),
        ({"any_of": ("topic:other",)}, 'there is no topic "other"'),
        ({"any_of": ("topic:mine",)}, "uses itself"),
        ({"any_of": ("x",), "none_of": ("topic:sahel",)}, "any_of and all_of only"),
        ({"any_of": ("@mali",), "terms": {"mali": "en: x"}}, "concept of the gazetteer already"),
        ({"any_of": ("@x",), "terms": {"x": "gold"}}, 'expected "language: term, term"'),
        ({"file": "missing.toml"}, "no such file"),
        ({"use": "sahel", "file": "x.toml"}, "not both"),
    ],
)
def test_bad_definition_is_one_clear_line(keys: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        own(**keys)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["any_of = 3", "[terms.x]\nword = 'y'", "anyof = ['x']", "any_of = [", "[terms.x]\nterms = 3"]
)
def test_bad_file_is_one_clear_line_that_names_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"own\.toml") as caught:
        load({"mine": Topic(file="own.toml")}, tmp_path)
    assert "\n" not in str(caught.value)


def test_gazetteer_has_no_term_twice_in_a_concept() -> None:
    twice = []
    for concept in shipped().values():
        seen: dict[tuple[str, str, str], int] = defaultdict(int)
        for term in concept.terms:
            seen[fold(clean(term.text)), term.language, term.text if term.text.isupper() else ""] += 1
        twice += [(concept.id, term) for term, count in seen.items() if count > 1]
    assert twice == []


def test_gazetteer_has_no_term_that_can_never_match() -> None:
    dead = [t.text for c in shipped().values() for t in c.terms if not fold(clean(t.text)).strip(" *")]
    assert dead == []


def test_gazetteer_parents_and_conditions_exist() -> None:
    concepts = shipped()
    named = {
        name for c in concepts.values() for name in (*c.parents, c.unsure_with, c.only_with, c.only_without) if name
    }
    assert named
    assert named <= set(concepts)


def test_sure_names_of_one_country_are_not_another_countrys() -> None:
    """Congo is two countries, and some words are common to neighbours; all else would be a mistake."""
    owners: dict[str, set[str]] = defaultdict(set)
    for concept in shipped().values():
        for term in concept.terms:
            if concept.country and term.kind == "terms" and term.text[:1].isupper():
                owners[fold(clean(term.text))].add(concept.country)
    shared = {name: found for name, found in owners.items() if len(found) > 1}
    assert set(shared) <= {"congo", "congolese", "kongo", "конго", "republic of congo"}, shared


def test_own_term_is_not_hidden_by_a_longer_one_of_the_gazetteer() -> None:
    topics = {"gold": Topic(any_of=("orpaillage",))}
    article = item_article({"title": "Mali : un site d'orpaillage s'effondre", "lang": "fr"})
    assert "gold" in load(topics, Path()).match(article)
