"""What is an edit that readers should hear of, and what is none."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from feeds.edits import is_material
from feeds.model import Entry, Text
from feeds.store import Store
from tests.build import HOUR, NOW, article, listed

_LONG = "<p>" + "The minister opened the bridge over the river, and the market behind it, on Monday. " * 4 + "</p>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A report. (Visited 899 times, 1 visits today)", "A report. (Visited 912 times, 14 visits today)"),
        ("<p>A.</p><p>9 comments &middot; read in 1 minutes</p>", "<p>A.</p><p>3 comments &middot; read in 9 minutes</p>"),
        ("<p>A report.</p><p>Points: 12</p><p># Comments: 3</p>", "<p>A report.</p><p>Points: 14</p><p># Comments: 5</p>"),
        ("<p>A report.</p><div>899</div>", "<p>A report.</p><div>1,204</div>"),
        ("<p>A report.</p><p>12 likes, 3 shares</p>", "<p>A report.</p><p>15 likes, 4 shares</p>"),
        ("Posted 2 hours ago. A report.", "Posted 1 day ago. A report."),
        ("An hour ago the army took the town.", "3 hours ago the army took the town."),
        ("Il y a 3 heures, l'armée avance. 12 commentaires", "Il y a 2 jours, l'armée avance. 15 commentaires"),
        ("<p>Un texte.</p><p>Lu 45 fois</p>", "<p>Un texte.</p><p>Lu 1 046 fois</p>"),
        ("Публикация 2 часа назад. Текст. Просмотров: 12", "Публикация 5 дней назад. Текст. Просмотров: 1 015"),
        ("منذ ساعتين دخل الجيش المدينة. المشاهدات: 12", "منذ 5 ساعات دخل الجيش المدينة. المشاهدات: 19"),
        ("Há 2 horas, o exército tomou a cidade. 5 comentários", "Há 3 dias, o exército tomou a cidade. 7 comentários"),
        ("Hace 2 horas el ejército tomó la ciudad.", "Hace 3 días el ejército tomó la ciudad."),
        ("Vor 2 Stunden nahm die Armee die Stadt ein. 3 Kommentare", "Vor 3 Tagen nahm die Armee die Stadt ein. 8 Kommentare"),
        ("Rahoto. Awa 2 da suka wuce.", "Rahoto. Awa 5 da suka wuce."),
        ("See https://a.example/x?token=abc123 for more.", "See https://a.example/x?token=xyz789 for more."),
        (
            "<p>A report.</p><ul><li><a href='/1'>One more thing</a></li><li><a href='/2'>Another</a></li></ul>",
            "<p>A report.</p><ul><li><a href='/2'>Another</a></li><li><a href='/1'>One more thing</a></li></ul>",
        ),
        (
            _LONG + "<p>Read also: <a href='/1'>The market</a> | <a href='/2'>The ferry</a></p>",
            _LONG + "<p>Read also: <a href='/3'>The harbour</a> | <a href='/1'>The market</a></p>",
        ),
    ],
)  # fmt: skip
def test_counters_ages_and_links_are_no_edits(before: str, after: str) -> None:
    assert not is_material(("A headline", before), ("A headline", after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("12 dead", "19 dead"),
        ("At least 12 people died in Mopti.", "At least 19 people died in Mopti."),
        ("<p>The toll.</p><ul><li>Killed: 12</li></ul>", "<p>The toll.</p><ul><li>Killed: 19</li></ul>"),
        ("<p>The toll of the day</p><h2>12 dead</h2>", "<p>The toll of the day</p><h2>19 dead</h2>"),
        (
            "The state sold 500 shares in the mine to the bank on Monday, and more may follow.",
            "The state sold 900 shares in the mine to the bank on Monday, and more may follow.",
        ),
        ("One. Two.", "One. Three."),
        ("<p>One.</p>", "<p>One.</p><p>Two.</p>"),
        (
            "<ul><li><a href='/1'>One</a></li></ul>",
            "<ul><li><a href='/1'>One</a></li><li><a href='/2'>Two</a></li></ul>",
        ),
    ],
)
def test_words_and_figures_are_edits(before: str, after: str) -> None:
    assert is_material(("A headline", before), ("A headline", after))


def test_figure_in_a_headline_is_an_edit() -> None:
    assert is_material(("12 dead in Mopti", "Text"), ("19 dead in Mopti", "Text"))
    assert not is_material(("Live, 2 hours ago", "Text"), ("Live, 3 hours ago", "Text"))


def test_counter_is_taken_over_and_moves_no_date(tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path / 'feeds.db'}", NOW) as store:
        said = article(content="<p>A report.</p><p>12 comments</p>")
        listed(store, "Courier", [said])
        assert listed(store, "Courier", [replace(said, content="<p>A report.</p><p>15 comments</p>")], NOW + HOUR) == (
            0,
            0,
        )
        (kept,) = store.articles()
        assert kept.updated == said.published
        assert "15" in kept.content


def test_other_reading_of_the_same_words_is_no_edit(tmp_path: Path) -> None:
    """As after an update of the program that cleans texts better."""
    with Store(f"sqlite:///{tmp_path / 'feeds.db'}", NOW) as store:
        entry = Entry(guid="a", title=Text("Title a"), content=Text("<p>Leave a reply</p><p>A report.</p>", True))
        listed(store, "Courier", [article(content="<p>Leave a reply</p><p>A report.</p>", entry=entry)])
        assert listed(store, "Courier", [article(content="<p>A report.</p>", entry=entry)], NOW + HOUR) == (0, 0)
        edited = replace(entry, content=Text("<p>Leave a reply</p><p>Another report.</p>", True))
        assert listed(store, "Courier", [article(content="<p>Another report.</p>", entry=edited)], NOW + HOUR) == (0, 1)


def test_edit_of_an_article_whose_text_a_damaged_store_has_lost_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "feeds.db"
    with Store(f"sqlite:///{path}", NOW) as store:
        listed(store, "Courier", [article("a"), article("b")])
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("DELETE FROM texts WHERE article = 1")
        edited = [article(key, content=f"<p>Another text of {key}</p>") for key in ("a", "b")]
        assert listed(store, "Courier", edited, NOW + HOUR) == (0, 2)
