"""Languages and countries have the names that their readers know."""

from __future__ import annotations

import pytest

from feeds.names import country_name, language_name


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("fr", "en", "French"),
        ("fr", "fr", "français"),
        ("ha", "en", "Hausa"),
        ("ar", "fr", "arabe"),
        ("zz", "en", "zz"),
    ],
)
def test_language_has_its_name(code: str, language: str, name: str) -> None:
    assert language_name(code, language) == name


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [("ml", "en", "Mali"), ("TD", "fr", "Tchad"), ("ci", "en", "Côte d’Ivoire"), ("qq", "en", "QQ")],
)
def test_country_has_its_name(code: str, language: str, name: str) -> None:
    assert country_name(code, language) == name
