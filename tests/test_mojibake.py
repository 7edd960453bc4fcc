"""Text that was encoded twice, and text that only looks like it or shows it. Texts written for this project."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.markup import valid, without_mojibake
from feeds.normalise import normalise
from tests.build import NOW, source
from tests.test_parse import atom, read, rss


def twice(text: str, encoding: str = "windows-1252") -> str:
    """*text* in UTF-8, read as *encoding*; bytes that it lacks as controls, as browsers have them."""
    return "".join(
        bytes([byte]).decode(encoding) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in text.encode()
    )


@pytest.mark.parametrize(
    "text",
    [
        "Déjà vu à Ségou", "L’armée « rouge » — 5 € …", "Où est l’Œuvre ?", "São Tomé, Açores", "Ñandú y año", "Łódź, Kraków",
        "Größe, Straße", "Мали и Россия", "Ελλάδα", "مالي تعلن النصر", "マリの大統領", "马里总统", "Emoji 😀 et ☃",
        "ሰላም ለዓለም",
    ],
)  # fmt: skip
def test_what_was_encoded_twice_is_decoded(text: str) -> None:
    assert without_mojibake(twice(text)) == text
    assert without_mojibake(twice(twice(text))) == text


def test_russian_that_was_read_as_windows_1251_is_decoded() -> None:
    assert without_mojibake("Россия и Мали".encode().decode("windows-1251", "replace")) == "Россия и Мали"


@pytest.mark.parametrize("odd", ["☃", "“fine”", "é", "Москва", "\U0001f600", "\ue000", "مالي"])
def test_odd_character_does_not_stop_it(odd: str) -> None:
    assert without_mojibake(f"{odd} {twice('déjà l’or')} {odd}") == f"{odd} déjà l’or {odd}"
    assert without_mojibake(f"<p>{twice('Ségou')}</p><p>{odd}</p>") == f"<p>Ségou</p><p>{odd}</p>"


@pytest.mark.parametrize(
    "text",
    [
        # Quoted on purpose
        "It shows “Ã©” for é",
        'The letters "Ã©" and "â€™" mean UTF-8 was read as Latin-1',
        "Why «Â» stands before each £",
        "It said 'CafÃ©' instead of 'Café'",
        "<p>Look for <code>dÃ©jÃ vu</code> in your pages</p>",
        "<pre>dÃ©jÃ\n</pre>",
        # Right as it is
        "AMANHÃ» – é", "“AMANHÃ”", "NÃO É…", "CAFÉ…", "SÃO PAULO", "ÂNGELO", "«Â»", "Å koda", "ÅÄÖ", "Ørsted à Århus",
        "Ærø",  "Ð", "×2",  "Рёв и рёв", "Съешь ещё", "é…", "Íñigo", "naïve", "", "plain",
    ],
)  # fmt: skip
def test_what_is_right_or_quoted_on_purpose_stays(text: str) -> None:
    assert without_mojibake(text) == text


def test_what_stands_beside_a_quotation_is_decoded_all_the_same() -> None:
    said = f"<p>{twice('Le président')} writes “Ã©” in <code>dÃ©jÃ</code> {twice('déjà')}</p>"
    assert without_mojibake(said) == "<p>Le président writes “Ã©” in <code>dÃ©jÃ</code> déjà</p>"


def test_space_of_html_is_a_part_of_it() -> None:
    assert without_mojibake("<p>dÃ©jÃ&nbsp; vu, Â&nbsp;5</p>") == "<p>déjà vu, \xa05</p>"


def test_title_text_author_and_category_of_an_entry_are_mended() -> None:
    said = twice("Déjà l’été")
    for feed in (
        read(rss(f"<item><title>{said}</title><author>{said}</author><category>{said}</category><description>&lt;p>{said}"
                 "&lt;/p></description></item>")),
        read(atom(f"<entry><title>{said}</title><author><name>{said}</name></author><category term='{said}'/>"
                  f"<content type='html'>&lt;p>{said}&lt;/p></content></entry>")),
    ):  # fmt: skip
        (made,) = normalise(feed, source(), NOW)
        assert (made.title, made.content, made.summary) == ("Déjà l’été", "<p>Déjà l’été</p>", "Déjà l’été")
        assert (made.authors, made.categories) == (("Déjà l’été",), ("Déjà l’été",))


def test_title_stays_one_line_with_plain_spaces() -> None:
    (made,) = normalise(read(rss("<item><title>OÃ¹ va le Mali Â : Ã  Moscou</title></item>")), source(), NOW)
    assert made.title == "Où va le Mali : à Moscou"


def test_quotation_survives_its_whole_way() -> None:
    said = "The letters “Ã©” mean é"
    for title in (said, 'The letters "Ã©" appear'):
        (made,) = normalise(read(rss(f"<item><title>{title}</title></item>")), source(), NOW)
        assert made.title == title


def test_identity_does_not_change_with_it() -> None:
    guid = twice("https://courier.example/été/1")
    (entry,) = read(rss(f"<item><title>x</title><guid isPermaLink='false'>{guid}</guid></item>")).entries
    assert entry.guid == "https://courier.example/été/1"  # as feedparser has always given it


@given(st.text() | st.text("éà“”’Ã© \xa0'\"ÐœÐ<code>/&;", max_size=60))
def test_mended_text_is_valid_and_never_fails(text: str) -> None:
    mended = without_mojibake(valid(text))
    assert mended == valid(mended)
    (made,) = normalise(read(rss("<item><title>x</title></item>")), source(), NOW)
    assert made.title == "x"


@pytest.mark.parametrize("part", ["“Ã© ", "Ã©", "<code>Ã©", "'Ã©'", "â€", "Ã&nbsp;"])
def test_what_is_made_of_it_is_read_soon(part: str) -> None:
    started = time.process_time()
    without_mojibake(part * (100_000 // len(part)))
    assert time.process_time() - started < 2
