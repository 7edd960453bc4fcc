"""The words of our own pages: every catalogue is whole, compiled, and used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import feeds
from feeds.config import Site
from feeds.config.faults import site_languages
from feeds.names import direction
from feeds.render.page import filled
from feeds.render.words import catalogue, counts, words
from tests.validity.samples import settings

ROOT = Path(feeds.__file__).parent
LOCALE = ROOT / "site" / "locale"
LANGUAGES = [language for language in site_languages() if language != "en"]


def read(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "site.po").open("rb") as file:
        return read_po(file, language, abort_invalid=True)


def our_words() -> set[str]:
    """Every text that stands in the templates and in the code to be translated."""
    with (LOCALE / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = extract_from_dir(ROOT, methods, options, keywords={"_": None, "marked": None})
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


def test_there_are_words_and_languages() -> None:
    assert len(our_words()) > 80
    assert site_languages() == ("en", "fr")


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_has_every_word_and_no_other(language: str) -> None:
    catalog = read(language)
    translated = {message.id for message in catalog if message.id and message.string and not message.fuzzy}
    assert translated == our_words()
    assert not catalog.obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_was_compiled_from_it(language: str) -> None:
    with (LOCALE / language / "LC_MESSAGES" / "site.mo").open("rb") as file:
        compiled = {message.id: message.string for message in read_mo(file) if message.id}
    assert compiled == {message.id: message.string for message in read(language) if message.id}


def test_words_of_a_language_are_its_catalogue_s() -> None:
    assert words(Site(language="fr"))("Subscribe") == "S’abonner"
    assert words(Site())("Subscribe") == "Subscribe"
    assert catalogue("fr").gettext("not a text of ours") == "not a text of ours"


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_is_counted_is_translated_and_compiled(language: str) -> None:
    with (LOCALE / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = extract_from_dir(ROOT, methods, options, keywords={"ngettext": (1, 2)})
    wanted = {message for _, _, message, _, _ in found}
    folder = LOCALE / language / "LC_MESSAGES"
    with (folder / "counts.po").open("rb") as po, (folder / "counts.mo").open("rb") as mo:
        written = {message.id: message.string for message in read_po(po, language, abort_invalid=True) if message.id}
        compiled = {tuple(message.id): tuple(message.string or "") for message in read_mo(mo) if message.id}
    assert written.keys() == wanted != set()
    assert compiled == written


@pytest.mark.parametrize(
    ("language", "number", "said"), [("en", 0, "0 articles"), ("en", 1, "1 article"), ("fr", 0, "0 article"),
                                     ("fr", 1, "1 article"), ("fr", 2, "2 articles")],
)  # fmt: skip
def test_a_number_has_its_plural_as_the_language_has_it(language: str, number: int, said: str) -> None:
    found = counts(Site(language=language))("%(num)d article", "%(num)d articles", number)
    assert found % {"num": number} == said


def test_a_language_written_from_the_right_makes_pages_of_its_direction() -> None:
    assert (direction("ar"), direction("fr")) == ("rtl", "ltr")
    page = filled("about.html", settings(), "", title="x", topics=[]).decode()
    assert re.search(r'<html lang="en" dir="ltr">', page)
