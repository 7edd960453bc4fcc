"""Full text: what a person asks for is found in all its forms, newest first; and nothing that is asked breaks anything."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds import search, stemming
from feeds.errors import UsageError
from feeds.model import Evidence, TopicMatch
from feeds.search import Query, Term, canonical, marks, parse, snippet
from feeds.stemming import prepared, stem
from feeds.store import Store
from tests.build import DAY, HOUR, NOW, article, listed


def either(*alternatives: str | Term) -> Term:
    first, *others = [each if isinstance(each, Term) else Term((each,)) for each in alternatives]
    return replace(first, others=tuple(others))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'feeds.db'}", NOW) as opened:
        yield opened


def found(store: Store, text: str, **filters: str | None) -> list[str | None]:
    """The guids that *text* finds."""
    store.settle()
    store.index()
    articles, further = store.search(parse(text, **filters), 100)
    assert further is None
    return [each.guid for each in articles]


def written(key: str, title: str, language: str | None = "en", **values: Any) -> Any:
    return article(key, title=title, content=values.pop("content", "<p>.</p>"), language=language, **values)


# What is asked for


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("uranium", Query((Term(("uranium",)),))),
        (" uranium  niger ", Query((Term(("uranium",)), Term(("niger",))))),
        ('"prime minister"', Query((Term(("prime", "minister")),))),
        ("Russia-Africa", Query((Term(("Russia", "Africa")),))),
        ("l'or", Query((Term(("l", "or")),))),
        ("nego*", Query((Term(("nego",), is_prefix=True),))),
        ("d'eau*", Query((Term(("d",)), Term(("eau",), is_prefix=True)))),
        ("mali -football", Query((Term(("mali",)),), (Term(("football",)),))),
        ('mali -"world cup"', Query((Term(("mali",)),), (Term(("world", "cup")),))),
        ("lang:FR", Query(lang="fr")),
        ('source:"Radio Okapi" topic:sahel country:ML', Query(source="Radio Okapi", topic="sahel", country="ml")),
        (
            "since:2026-02 until:2026",
            Query(since=datetime(2026, 2, 1, tzinfo=UTC), until=datetime(2026, 1, 1, tzinfo=UTC)),
        ),
        ("12:30", Query((Term(("12", "30")),))),
        ("gold OR silver", Query((either("gold", "silver"),))),
        ("gold | silver OR tin mali", Query((either("gold", "silver", "tin"), Term(("mali",))))),
        ("mali (gold OR silver)", Query((Term(("mali",)), either("gold", "silver")))),
        ("mali -(gold OR silver)", Query((Term(("mali",)),), (Term(("gold",)), Term(("silver",))))),
        ("mali AND niger NOT gold", Query((Term(("mali",)), Term(("niger",))), (Term(("gold",)),))),
        ("((mali) (gold))", Query((Term(("mali",)), Term(("gold",))))),
        ("mali (PSC", Query((Term(("mali",)), Term(("PSC",))))),
        ("((((mali) gold) ))", Query((Term(("mali",)), Term(("gold",))))),
        ("mali) gold", Query((Term(("mali",)), Term(("gold",))))),
        ('"OR" or', Query((Term(("OR",)), Term(("or",))))),
        ('nego* OR "prime minister"', Query((either(Term(("nego",), is_prefix=True), Term(("prime", "minister"))),))),
        ("LANG:fr gold", Query((Term(("gold",)),), lang="fr")),
        ("lang:fr gold lang:fr", Query((Term(("gold",)),), lang="fr")),
        ("Mali: gold", Query((Term(("Mali",)), Term(("gold",))))),
        ("https://a.example/b", Query((Term(("https", "a", "example", "b")),))),
        ('"site:x"', Query((Term(("site", "x")),))),
        ("n'djamena", Query((Term(("n", "djamena"), joined="ndjamena"),))),
        ("mali - niger", Query((Term(("mali",)), Term(("niger",))))),
        ("a & b", Query((Term(("a",)), Term(("b",))))),
        ("", Query()),
        ("...", Query()),
    ],
)
def test_query_is_understood(text: str, query: Query) -> None:
    assert parse(text) == query


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"mali', "not closed"),
        ("-mali", "only what is not wanted"),
        ("*", "no word"),
        ("x" * 401, "longer than 400"),
        ("a " * 31, "more than 30 words"),
        ("since:tomorrow", "expected a date"),
        ("since:2026-02-30", "expected a date"),
        ("lang:french", "expected a language code"),
        ("country:mali", "expected a country code"),
        ("topic:a_b", "expected a topic"),
        ("mali -lang:fr", "can't be asked"),
        ("site:x", 'no filter "site:"; there are lang:, topic:, country:'),
        ("mali titre:or", 'no filter "titre:"'),
        ("mali язык:ru", 'no filter "язык:"'),
        ("mali lang:", "lang: says nothing; it is written as in lang:fr"),
        ('mali topic:""', "topic: says nothing"),
        ("mali since: gold", "since: says nothing"),
        ("lang:fr OR lang:en", "lang: is given twice"),
        ("OR gold", "OR and NOT stand before"),
        ("gold OR", "OR and NOT stand before"),
        ("gold OR OR mali", "OR and NOT stand before"),
        ("gold NOT", "OR and NOT stand before"),
        ("gold OR -mali", "OR joins single words"),
        ("gold OR (mali niger)", "OR joins single words"),
        ("gold OR d'eau*", "OR joins single words"),
        ("gold NOT (mali niger)", "can't be asked; write it before each"),
        ("gold -(-mali)", "NOT stands before"),
        ("(" * 190 + "gold" + ")" * 190, "too many parentheses"),
        ("NOT " * 90 + "gold", "too many parentheses"),
    ],
)
def test_query_that_can_not_be_is_one_clear_line(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as raised:
        parse(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", search.FILTERS)
def test_filter_that_is_given_empty_beside_the_text_is_said(name: str) -> None:
    with pytest.raises(UsageError, match=f"^{name}: says nothing"):
        parse("gold", **{name: " "})


def test_filters_beside_the_text_go_first() -> None:
    assert parse("mali lang:fr", lang="ru", topic=None) == Query((Term(("mali",)),), lang="ru")


def test_ways_of_asking_the_same_are_written_alike() -> None:
    assert (
        canonical(parse("Niger uranium lang:fr"))
        == canonical(parse("uranium  Niger", lang="FR"))
        == "niger uranium lang:fr"
    )
    assert canonical(parse("tin (silver OR gold)")) == canonical(parse("Gold | silver tin")) == "gold OR silver tin"
    assert canonical(parse("n'djamena")) == '"n djamena"'
    assert canonical(parse('"a b" c* -d')) == '"a b" c* -d'
    assert canonical(parse("mali since:0026")) == "mali since:0026-01-01"
    assert canonical(parse("Іран Ўсё")) == canonical(parse("іран ўсё"))


# What is found


@pytest.mark.parametrize(
    ("language", "title", "query"),
    [
        ("en", "Talks on elections go on", "election talk"),
        ("fr", "Les négociations sur la sécurité", "negociation"),
        ("fr", "Les négociations sur la sécurité", "SÉCURITÉ"),
        ("fr", "Accord signé à N’Djamena", "n'djamena"),
        ("ru", "Переговоры президента в Москве", "переговорами президент"),
        ("ru", "Путёвка в Мали", "путевка"),
        ("ar", "المحادثات بين الرئيس والوزير", "محادثات رئيس"),
        ("ar", "المُحادثات في مالي", "والمحادثات"),
        ("pt", "As negociações do presidente", "negociação presidentes"),
        ("es", "Las elecciones presidenciales", "elección presidencial"),
        ("de", "Die Wahlen in Mali", "Wahl"),
        ("fr", "La sécurité alimentaire", '"securites alimentaires"'),
        ("fr", "L'Assemblée a adopté la première loi", "assemblees adopter premier"),
        ("fr", "Accord signé en Côte d'Ivoire", '"cote d\'ivoire"'),
        ("pt", "A negociação e as eleições", '"a negociacoes" eleicao'),
        ("ha", "Ɗan takara a Nijar", "dan nijar"),
        (None, "Uranium from Arlit", "uranium"),
    ],
)
def test_word_is_found_in_its_other_forms(store: Store, language: str | None, title: str, query: str) -> None:
    listed(store, "Courier", [written("a", title, language), written("b", "Something else entirely")])
    assert found(store, query) == ["a"]
    if language:
        assert found(store, query, lang=language) == ["a"]


NDJAMENA = {
    "plain": "Accord a N'Djamena",
    "curly": "Accord à N’Djaména",
    "letter": "Accord a Nʼdjamena",
    "joined": "Accord a Ndjamena",
    "capitals": "ACCORD A N'DJAMENA",
    "small": "accord a n'djamena",
}


@pytest.mark.parametrize("query", ["ndjamena", "N'Djamena", "n’djaména", "Nʼdjamena", "NDJAMÉNA", "ndjam*"])
@pytest.mark.parametrize("language", ["fr", "en", "ha", None])
def test_name_is_found_without_its_apostrophe_and_with(store: Store, query: str, language: str | None) -> None:
    articles = [written(key, title, language) for key, title in NDJAMENA.items()]
    listed(store, "Courier", [*articles, written("other", "Accord à Djamena", language)])
    assert sorted(map(str, found(store, query))) == sorted(NDJAMENA)


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("Conor O’Brien in Accra", "obrien"),
        ("Bombs on Sana'a", "sanaa"),
        ("Bombs on Sanaa", "sana'a"),
        ("Accord en Côte d’Ivoire", "cote divoire"),
        ("Смерть в Н’Джамене", "нджамене"),
        ("Qurʾān schools", "quran"),
        ("Zoé à Sao Tomé", "zoe tome"),
    ],
)
def test_other_names_are_found_without_their_signs(store: Store, title: str, query: str) -> None:
    listed(store, "Courier", [written("a", title, "en"), written("b", "Something else")])
    assert found(store, query) == ["a"]


@pytest.mark.parametrize("query", ["lor", "quil", "isnt"])
def test_what_an_apostrophe_cuts_off_is_no_part_of_a_word(store: Store, query: str) -> None:
    listed(store, "Courier", [written("a", "Mali's mine isn't open: l'or qu'il y a", "en")])
    assert found(store, query) == []


def test_word_is_cut_as_the_articles_own_language_cuts_it(store: Store) -> None:
    """Snowball's French makes "mal" of Mali, which in other languages is another word."""
    assert (stem("mali", "fr"), stem("mali", "es")) == ("mal", "mali")
    listed(store, "Courier", [
        written("es", "El mal tiempo", "es"), written("fr", "Le Mali vote", "fr"), written("none", "Mali", None),
        written("xx", "mal", "xx"), written("en", "The Mali of today", "en"),
    ])  # fmt: skip
    assert sorted(map(str, found(store, "mali"))) == ["en", "fr", "none"]
    assert sorted(map(str, found(store, "mali", lang="es"))) == []
    assert sorted(map(str, found(store, '"Mali vote"'))) == ["fr"]
    assert sorted(map(str, found(store, "accord OR mali"))) == ["en", "fr", "none"]
    assert sorted(map(str, found(store, "mal"))) == ["es", "fr", "xx"]


@pytest.mark.parametrize(
    ("query", "guids"),
    [
        ("mali", ["a", "b", "c"]),
        ("mali gold", ["a", "b"]),
        ('"gold mine"', ["a"]),
        ('"mine gold"', []),
        ("mali -mine", ["b", "c"]),
        ("min*", ["a", "c"]),
        ("mali -min*", ["b"]),
        ("mali OR nothing", ["a", "b", "c"]),
        ("mine OR minister", ["a", "c"]),
        ("gold (mine OR minister)", ["a"]),
        ("mine OR from mali", ["a", "b"]),
        ("mali -(mine OR minister)", ["b"]),
        ('"gold mine" | minis*', ["a", "c"]),
    ],
)
def test_phrases_minus_and_prefixes(store: Store, query: str, guids: list[str]) -> None:
    titles = {"a": "A gold mine in Mali", "b": "Gold from Mali", "c": "Mali's minister"}
    listed(store, "Courier", [written(key, title) for key, title in titles.items()])
    assert sorted(map(str, found(store, query))) == guids


def test_text_is_searched_and_its_markup_is_not(store: Store) -> None:
    listed(store, "Courier", [written("a", "News", content='<p class="strong">Uranium <b>ore</b></p>')])
    assert found(store, '"uranium ore"') == ["a"]
    assert found(store, "strong") == []


def test_filters_narrow_what_is_found(store: Store) -> None:
    about = TopicMatch(1.5, (Evidence("niger", "Niger", "title", 1.0, country="NE"),))
    listed(store, "Courier", [
        written("a", "Uranium", "fr-FR", topics={"sahel": about}), written("b", "Uranium", published=NOW - 9 * DAY),
    ])  # fmt: skip
    listed(store, "Le Fleuve", [written("c", "Uranium", "fr")])
    assert found(store, "uranium", lang="fr") == ["a", "c"] or found(store, "uranium", lang="fr") == ["c", "a"]
    assert found(store, "uranium topic:sahel") == ["a"]
    assert found(store, "country:ne") == ["a"]
    assert found(store, "country:ml") == []
    assert found(store, 'uranium source:"Le Fleuve"') == ["c"]
    assert found(store, "until:2026-11-20") == ["b"]
    assert len(found(store, "since:2026-11-20")) == 2
    with pytest.raises(UsageError, match="no source is called"):
        found(store, "source:Unknown")


def test_source_finds_what_it_carried_too(store: Store) -> None:
    listed(store, "Courier", [written("a", "Uranium")])
    listed(store, "Herald", [written("h", "Uranium", url="https://courier.example/a")])
    assert found(store, "source:Herald") == ["a"]


# What changes


def test_edited_hidden_and_retired_articles_are_found_as_they_are(store: Store) -> None:
    listed(store, "Courier", [written("a", "Uranium")])
    assert found(store, "uranium") == ["a"]
    listed(store, "Courier", [written("a", "Gold")], NOW + HOUR)
    assert (found(store, "uranium"), found(store, "gold")) == ([], ["a"])
    (one,) = store.articles()
    store.hide(one.id, NOW)
    assert found(store, "gold") == []
    store.hide(one.id, None)
    assert found(store, "gold") == ["a"]
    listed(store, "Courier", [], NOW + 2 * HOUR)
    assert store.retire(NOW + DAY, [1]) == 1
    assert found(store, "gold") == []


def test_burst_at_one_moment_stays_in_its_place(store: Store) -> None:
    midnight = NOW.replace(hour=0)
    after, before = midnight + HOUR / 2, midnight - HOUR / 3600
    listed(store, "Courier", [written("after", "Gold", published=after), written("before", "Gold", published=before)])
    store.index()
    listed(store, "Herald", [written(f"{number}", "Gold", published=midnight, url=None) for number in range(200)])
    store.index()
    dates = [each.date for each in store.search(parse("gold"), 500)[0]]
    assert dates == [after, *[midnight] * 200, before]
    ids = [each.id for each in store.search(parse("gold"), 500)[0] if each.date == midnight]
    assert ids == sorted(ids)
    assert found(store, f"gold until:{midnight:%Y-%m-%d}") == ["before"]


def test_articles_whose_ids_begin_alike_stay_in_order(store: Store, tmp_path: Path) -> None:
    listed(store, "Courier", [written(f"{number}", "Gold", published=NOW) for number in range(9)])
    with sqlite3.connect(tmp_path / "feeds.db") as database:
        for place, (pk,) in enumerate(database.execute("SELECT pk FROM articles ORDER BY id").fetchall()):
            database.execute(
                "UPDATE articles SET id = ? WHERE pk = ?", [f"aaaaa{(place * 5) % 9}00-0000-5000-8000-000000000000", pk]
            )
    store.settle()
    store.index()
    ids = [each.id for each in store.search(parse("gold"), 10)[0]]
    assert ids == sorted(ids)


def test_outlet_is_found_by_its_name(store: Store) -> None:
    listed(store, "Le Fleuve", [written("a", "Gold", "fr", content="<p>Rien</p>")])
    assert found(store, "gold fleuves") == ["a"]
    assert found(store, '"le fleuve"') == ["a"]
    assert found(store, '"rien le"') == []


def test_hidden_article_is_not_found_from_that_moment_on(store: Store) -> None:
    listed(store, "Courier", [written("a", "Gold")])
    assert found(store, "gold") == ["a"]
    (one,) = store.articles()
    store.hide(one.id, NOW)
    assert store.search(parse("gold"), 10) == ([], None)


def test_held_articles_do_not_flood_a_search(store: Store) -> None:
    listed(store, "Courier", [written("a", "Gold")])
    store.set_documents({}, NOW)
    listed(store, "Herald", [written(f"{number}", "Gold", published=None, url=None) for number in range(15)])
    assert len(found(store, "gold")) == 11


def test_place_to_go_on_from_may_be_any_number(store: Store) -> None:
    assert store.search(parse("gold"), 10, -(2**70)) == ([], None)
    assert store.search(parse("gold"), 10, 2**70) == ([], None)


def test_article_that_gets_another_date_moves(store: Store) -> None:
    listed(store, "Courier", [written("a", "Gold", published=None), written("b", "Gold", published=NOW - HOUR)])
    assert found(store, "gold") == ["a", "b"]
    dated = replace(
        written("a", "Gold", published=NOW - 2 * HOUR), entry=replace(article().entry, published="now it has one")
    )
    listed(store, "Courier", [dated, written("b", "Gold", published=NOW - HOUR)], NOW + HOUR)
    assert found(store, "gold") == ["b", "a"]


def test_results_go_on_where_they_ended_whatever_comes_new(store: Store) -> None:
    listed(store, "Courier", [written(f"{number:03}", "Gold", published=NOW - number * HOUR) for number in range(250)])
    store.settle()
    store.index()
    query, before, seen = parse("gold"), None, []
    while True:
        articles, before = store.search(query, 100, before)
        seen += [each.guid for each in articles]
        if before is None:
            break
        listed(store, "Herald", [written(f"new{before}", "Gold", published=NOW)])
        store.settle()
        store.index()
    assert seen == [f"{number:03}" for number in range(250)]


def test_a_thousand_articles_of_one_moment_are_all_found(store: Store) -> None:
    for start in (0, 600):
        listed(store, "Courier", [written(f"{start + more}", "Gold", published=NOW) for more in range(600)])
    store.settle()
    store.index()
    assert len({each.id for each in store.search(parse("gold"), 2000)[0]}) == 1200


# Marks


def test_marks_stand_where_the_words_do() -> None:
    text = prepared("Les négociations, la négociation et rien")
    assert [text[low:high] for low, high in marks(text, parse("negociation"))] == ["négociations", "négociation"]


def test_name_is_marked_with_its_apostrophe_and_without() -> None:
    text = prepared("N’Djaména, Ndjamena et Djamena")
    for query in ("ndjamena", "n'djamena"):
        assert [text[low:high] for low, high in marks(text, parse(query))] == ["N", "Djaména", "Ndjamena"]


def test_marks_are_those_of_the_articles_language_and_of_each_alternative() -> None:
    text = "Mal gemacht in Mali: Gold und Zinn"
    assert [text[low:high] for low, high in marks(text, parse("mali OR zinn"), "de")] == ["Mali", "Zinn"]


def test_words_of_a_phrase_are_marked_where_they_stand_together() -> None:
    text = "The house is white. The white house stands."
    assert [text[low:high] for low, high in marks(text, parse('"white house"'))] == ["white", "house"]


def test_threads_do_not_cut_each_others_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snowball's own stemmers keep the word, and their place in it, in themselves."""
    together = Barrier(2)

    class Stemmer:
        def stemWord(self, word: str) -> str:
            self.word = word
            together.wait(10)
            return self.word

    monkeypatch.setitem(stemming._NAMES, "xx", "new")
    monkeypatch.setattr("snowballstemmer.stemmer", lambda _: Stemmer())
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda word: stem(word, "xx"), ("gold", "mine"))) == ["gold", "mine"]


def test_snippet_is_cut_between_words_around_the_first_hit() -> None:
    text = "one two three " * 50 + "uranium " + "four five six " * 50
    shown, found = snippet(text, parse("uranium"), 80)
    assert [shown[low:high] for low, high in found] == ["uranium"]
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) <= 82
    assert set(shown.strip("…").split()) <= set(text.split())


def test_short_text_is_its_own_snippet() -> None:
    assert snippet("A gold mine", parse("gold")) == ("A gold mine", [(2, 6)])


# Anything at all

ANYTHING = st.text(alphabet=st.one_of(st.sampled_from('"*-:() ^{}+AORNDET\x00maliéя'), st.characters()), max_size=60)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path_factory.mktemp('search') / 'feeds.db'}", NOW) as opened:
        listed(opened, "Courier", [written("a", "Mali")])
        opened.settle()
        opened.index()
        yield opened


@settings(deadline=None, max_examples=400)
@given(text=ANYTHING)
def test_whatever_is_asked_gives_results_or_one_clear_line(shared: Store, text: str) -> None:
    try:
        query = parse(text)
        assert parse(canonical(query)) == parse(canonical(parse(canonical(query))))
        shared.search(query, 10)
        snippet("Mali and more", query)
    except UsageError as error:
        line = str(error)
        assert "\n" not in line


@settings(deadline=None, max_examples=200)
@given(word=st.text(min_size=1, max_size=20), language=st.sampled_from([*search.FILTERS, "ar", "ru", "fr", None]))
def test_every_word_has_a_stem(word: str, language: str | None) -> None:
    assert isinstance(stem(word, language), str)


# The commands

CONFIG = """
[topics.sahel]
any_of = ["Sahel"]
[[sources]]
url = "https://courier.example/feed"
name = "Courier"
control = "state"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    with Store(f"sqlite:///{tmp_path / 'feeds.db'}", NOW) as store:
        listed(store, "Courier", [
            written("a", "Gold in Mali", content="<p>Gold was found.</p>"), written("b", "=cmd()", published=NOW - DAY),
        ])  # fmt: skip
        store.settle()
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "feeds", *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_search_shows_what_it_found(folder: Path) -> None:
    shown = run(folder, "search", "gold").stdout
    assert (
        "2026-11-24 11:00  Courier (state-controlled)\n  Gold in Mali\n  https://courier.example/a\n  Gold was found.\n"
        in shown
    )
    assert run(folder, "search", "silver").stdout == "nothing found\n"
    assert "--before" in run(folder, "search", "since:2026", "--limit", "1").stdout


def test_search_says_what_it_understood(folder: Path) -> None:
    words = ["search", "Mali", "gold OR silver", "lang:EN"]
    assert run(folder, *words).stderr == "looking for: gold OR silver mali lang:en\n"
    found = json.loads(run(folder, *words, "--json").stdout)
    assert (found["understood"], len(found["articles"])) == ("gold OR silver mali lang:en", 1)


def test_search_in_json_can_be_gone_on_with(folder: Path) -> None:
    first = json.loads(run(folder, "search", "--since", "2026", "--limit", "1", "--json").stdout)
    assert [each["guid"] for each in first["articles"]] == ["a"]
    second = json.loads(run(folder, "search", "--since", "2026", "--before", str(first["next"]), "--json").stdout)
    assert [each["guid"] for each in second["articles"]] == ["b"]
    assert second["next"] is None


@pytest.mark.parametrize(
    "words",
    [
        ["search"],
        ["search", '"'],
        ["search", "gold", "--topic", "oil"],
        ["search", "--", "-x"],
        ["search", "gold", "site:x"],
        ["search", "gold", "--lang", ""],
        ["export", "--search", "gold OR"],
        ["export", "--topic", ""],
    ],
)
def test_search_that_can_not_be_ends_with_2(folder: Path, words: list[str]) -> None:
    ended = run(folder, *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("feeds: ")
    assert ended.stderr.count("\n") == 1


def test_export_takes_the_same_filters(folder: Path) -> None:
    lines = run(folder, "export", "--search", "gold").stdout.splitlines()
    assert [json.loads(line)["guid"] for line in lines] == ["a"]
    rows = list(
        csv.DictReader(
            io.StringIO(run(folder, "export", "--csv", "--until", "2026-11-24").stdout.removeprefix("\ufeff"))
        )
    )
    assert [row["title"] for row in rows] == ["'=cmd()"]
