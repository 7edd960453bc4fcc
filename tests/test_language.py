"""Languages: declared, missing, contradicted. Texts written for this project."""

from __future__ import annotations

import langcodes
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.language import base_language, detect, language_of, language_tag

FRENCH = "Le gouvernement de transition du Mali a annoncé mardi la reprise des discussions avec les groupes du nord."
ENGLISH = "The transitional government of Mali said on Tuesday that talks with the groups of the north would resume."
RUSSIAN = "Переходное правительство Мали объявило во вторник о возобновлении переговоров с группами на севере страны."
ARABIC = "أعلنت الحكومة الانتقالية في مالي يوم الثلاثاء استئناف المحادثات مع جماعات الشمال."
PORTUGUESE = (
    "O governo de transição do Mali anunciou na terça-feira o reinício das conversações com os grupos do norte."
)
SPANISH = (
    "El gobierno de transición de Malí anunció el martes que se reanudan las conversaciones con los grupos del norte."
)
GERMAN = (
    "Die Übergangsregierung von Mali kündigte am Dienstag an, die Gespräche mit den Gruppen im Norden fortzusetzen."
)
HAUSA = "Gwamnatin rikon kwarya ta kasar Mali ta ce za a koma tattaunawa da kungiyoyin arewacin kasar, a cewar wata sanarwa."


@pytest.mark.parametrize(
    ("text", "expected"),
    [("fr", "fr"), ("FR_fr", "fr-FR"), ("en-us", "en-US"), ("zh-hant-tw", "zh-Hant-TW"), ("English", "en"), (" ar ", "ar"),
     ("", None), (None, None), ("x", None), ("und", None), ("fr; charset", None), ("<b>", None), ("f" * 500, None)],
)  # fmt: skip
def test_language_tag(text: str | None, expected: str | None) -> None:
    assert language_tag(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("US", None), ("GB", None), ("en-UK", "en-GB"), ("en_UK", "en-GB"), ("eng", "en"), ("fre", "fr"), ("fra", "fr"),
        ("hau", "ha"), ("arb", "ar"), ("cmn-Hans", "zh-Hans"), ("fr_FR", "fr-FR"), ("fr_FR.UTF-8", "fr-FR"),
        ("de_DE@euro", "de-DE"), ("en-EN", "en"), ("fr-FR-utf8", "fr-FR"), ("en-USA", "en"), ("ar-ZZ", "ar"), ("iw", "he"),
        ("sr-latn-rs", "sr-Latn-RS"), ("es-419", "es-419"), ("de-DE-1996", "de-DE-1996"), ("en-x-courier", "en"),
        ("fr-u-ca-gregory", "fr"), ("en-us,fr", "en-US"), ("French (France)", "fr"), ("English - US", "en"),
        ("العربية", "ar"), ("jp", "ja"), ("cz-CZ", "cs"), ("tl", "tl"), ("dje", "dje"), ("qzz", None), ("zz", None),
        ("mul", None), ("none", None), ("C", None), ("x-default", None), ("root", None), ("en--", None), ("-fr", None),
    ],
)  # fmt: skip
def test_language_tag_is_valid_bcp_47(text: str, expected: str | None) -> None:
    assert language_tag(text) == expected
    assert language_tag(expected) == expected
    assert expected is None or langcodes.tag_is_valid(expected)


@given(st.text(max_size=20) | st.from_regex(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}", fullmatch=True))
def test_whatever_is_said_is_a_valid_tag_or_none(text: str) -> None:
    tag = language_tag(text)
    assert tag is None or (langcodes.tag_is_valid(tag) and language_tag(tag) == tag)


def test_base_language() -> None:
    assert base_language("pt-BR") == "pt"


@pytest.mark.parametrize(
    ("text", "expected"),
    [(FRENCH, "fr"), (ENGLISH, "en"), (RUSSIAN, "ru"), (ARABIC, "ar"), (PORTUGUESE, "pt"), (SPANISH, "es"), (GERMAN, "de"),
     (HAUSA, "ha"), ("Mali", None), ("", None), ("12345 67890 " * 20, None)],
)  # fmt: skip
def test_language_is_detected_where_there_is_enough_text(text: str, expected: str | None) -> None:
    assert detect(text) == expected


@pytest.mark.parametrize(
    ("text", "declared", "expected"),
    [
        (FRENCH, ["fr"], "fr"),
        (FRENCH, [None, "", "fr-FR"], "fr-FR"),
        (FRENCH, ["en-US"], "fr"),  # what WordPress declares unless told
        (ENGLISH, ["en-US"], "en-US"),
        (RUSSIAN, ["en"], "ru"),
        (ARABIC, ["fr"], "ar"),
        (FRENCH, ["ru"], "fr"),
        ("Mali: Goïta à Moscou", ["en"], "en"),  # too short to contradict
        ("Мали: визит в Москву", ["ru"], "ru"),
        (FRENCH, [], "fr"),
        ("Mali", [], None),
        (PORTUGUESE, ["pt-BR"], "pt-BR"),
    ],
)
def test_declared_language_holds_unless_the_text_contradicts_it(
    text: str, declared: list[str | None], expected: str | None
) -> None:
    assert language_of(text, declared) == expected
