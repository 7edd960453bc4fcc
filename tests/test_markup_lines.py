"""What the first and last lines of a text repeat or ask, in the gazetteer's languages. Texts written for this project."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from feeds.markup import cut_furniture, plain_text, title_and_rest
from feeds.model import Article, Entry, ParsedFeed, Text
from feeds.normalise import normalise
from feeds.topics.passages import page
from tests.build import NOW, source

# By language: the label, the headline, the byline, its name, the text, and the form below it.
PAGES = {
    "en": (
        ("News", "Dam on the Niger opens at last", "By Awa Diop", "Awa Diop", "The dam was opened on Tuesday."),
        (
            "Leave a Reply Cancel reply",
            "Your email address will not be published. Required fields are marked *",
            "Comment *",
            "Name *",
            "Save my name, email, and website in this browser for the next time I comment.",
            "Post Comment",
        ),
    ),
    "fr": (
        ("Actualités", "Le barrage du Niger est ouvert", "Par Awa Diop", "Awa Diop", "Le barrage a été ouvert mardi."),
        (
            "Laisser un commentaire",
            "Votre adresse e-mail ne sera pas publiée. Les champs obligatoires sont indiqués avec *",
            "Nom *",
            "Publier le commentaire",
        ),
    ),
    "ru": (
        ("Новости", "Плотина на Нигере открыта", "Автор: Иван Петров", "Иван Петров", "Плотину открыли во вторник."),
        (
            "Добавить комментарий",
            "Ваш адрес email не будет опубликован. Обязательные поля помечены *",
            "Имя *",
            "Отправить комментарий",
        ),
    ),
    "ar": (
        ("أخبار", "افتتاح سد على نهر النيجر", "بقلم أحمد ولد سيدي", "أحمد ولد سيدي", "افتتح السد يوم الثلاثاء."),
        (
            "اترك تعليقاً",
            "لن يتم نشر عنوان بريدك الإلكتروني. الحقول الإلزامية مشار إليها بـ *",
            "الاسم *",
            "إرسال التعليق",
        ),
    ),
    "pt": (
        (
            "Notícias",
            "Barragem do Níger foi aberta",
            "Por Ana Lopes",
            "Ana Lopes",
            "A barragem foi aberta na terça-feira.",
        ),
        (
            "Deixe um comentário",
            "O seu endereço de e-mail não será publicado. Campos obrigatórios são marcados com *",
            "Nome *",
            "Publicar comentário",
        ),
    ),
    "es": (
        ("Noticias", "Abre la presa del Níger", "Por Ana López", "Ana López", "La presa abrió el martes."),
        (
            "Deja una respuesta",
            "Tu dirección de correo electrónico no será publicada. Los campos obligatorios están marcados con *",
            "Nombre *",
            "Publicar el comentario",
        ),
    ),
    "de": (
        (
            "Nachrichten",
            "Staudamm am Niger geöffnet",
            "Von Anna Weber",
            "Anna Weber",
            "Der Damm wurde am Dienstag geöffnet.",
        ),
        (
            "Schreibe einen Kommentar",
            "Deine E-Mail-Adresse wird nicht veröffentlicht. Erforderliche Felder sind mit * markiert",
            "Name *",
            "Kommentar abschicken",
        ),
    ),
    "ha": (
        (
            "Labarai",
            "An buɗe madatsar ruwa ta Neja",
            "Daga Musa Garba",
            "Musa Garba",
            "An buɗe madatsar a ranar Talata.",
        ),
        ("Bar amsa", "Ba za a buga adireshin imel ɗin ku ba. Ana yiwa filayen da ake bukata alama *", "Suna *"),
    ),
}


def as_lines(lines: tuple[str, ...]) -> str:
    return "\n".join(lines)


def as_paragraphs(lines: tuple[str, ...]) -> str:
    return "<div>" + "".join(f"<p>{line}</p>\n" for line in lines) + "</div>"


def as_headings(lines: tuple[str, ...]) -> str:
    return f"<span>{lines[0]}</span><h1>{lines[1]}</h1>" + "".join(f"<p>{line}</p>" for line in lines[2:])


def with_breaks(lines: tuple[str, ...]) -> str:
    return "<br />\n".join(lines)


@pytest.mark.parametrize("language", PAGES)
@pytest.mark.parametrize(
    ("write", "is_html"),
    [(as_lines, False), (as_lines, True), (as_paragraphs, True), (as_headings, True), (with_breaks, True)],
)
def test_what_a_page_says_around_its_article_goes(
    language: str, write: Callable[[tuple[str, ...]], str], is_html: bool
) -> None:
    (label, title, byline, name, text), form = PAGES[language]
    entry = Entry(
        guid="1", title=Text(title), content=Text(write((label, title, byline, text, "—— " + text, *form)), is_html)
    )
    (article,) = normalise(ParsedFeed(format="json11", entries=(entry,)), source(), NOW)
    assert plain_text(Text(article.content, True)) == article.summary == f"{text} —— {text}"
    assert article.authors == (name,)
    assert article.title == title


def test_byline_gives_way_to_the_author_that_the_feed_names() -> None:
    entry = Entry(
        guid="1", title=Text("Dam opens"), authors=("Moussa Sy",), content=Text("Dam opens\nBy Awa Diop\n\nText.")
    )
    (article,) = normalise(ParsedFeed(format="json11", entries=(entry,)), source(), NOW)
    assert article.authors == ("Moussa Sy",)
    assert article.summary == "Text."


def test_summary_beside_a_text_is_cut_too() -> None:
    said = "News\nDam opens at last\nBy Awa Diop\nThe dam was opened.\nLeave a Reply"
    entry = Entry(guid="1", title=Text("Dam opens at last"), summary=Text(said), content=Text("Another text.", True))
    (article,) = normalise(ParsedFeed(format="json11", entries=(entry,)), source(), NOW)
    assert article.summary == "The dam was opened."


@pytest.mark.parametrize(
    "head",
    [
        "Dam opens at last",
        "DAM OPENS AT LAST",
        "“Dam opens at last” – Courier",
        "Home\nNews\nDam opens at last",
        "Dam opens at last\n12 March 2026",
        "Dam opens at last\nMarch 12, 2026 | 10:15 GMT\n3 min read",
        "Dam opens at last\nPublié le 12/03/2026 à 10h15\nPar Awa Diop",
        "By Awa Diop\nDam opens at last",
        "Dam opens at last\nBy Reuters",
        "Dam opens at last\nNews\nBy Awa Diop | 12 March 2026",
        "By Awa Diop",
        "Politics\nBy Awa Diop",
    ],
)
def test_forms_of_what_stands_above_a_text(head: str) -> None:
    assert (
        cut_furniture(f"{head}\n\nThe dam was opened.", "Dam opens at last", is_html=False)[0] == "The dam was opened."
    )


@pytest.mark.parametrize(
    "prose",
    [
        "The dam opens at last, and the mayor came to see it.\nBy noon all was over.",
        "Dam opens at last. The mayor came, and with him the whole town council in its cars.\nMore.",
        "It was a long road to the dam, and it was raining all day.\nDam opens at last\nMore.",
        "By Monday it was over.\nThe dam stood.",
        "By the river",
        "Von hier aus sieht man den Damm.\nEr ist hoch.",
        "The dam stands.\nLeave a reply, she said, even a short one.",
        "The dam stands.\nLeave a comment on the law\nThe judges did so, at some length and with many good reasons.",
        "The report will not be published.",
        "The dam stands.\nThe mayor will join the conversation, he said.",
        "Dam opens at last",
        "Leave a Reply",
        "Dam opens at last\nThe post Dam opens at last appeared first on Courier.",
    ],
)
def test_prose_stays(prose: str) -> None:
    assert cut_furniture(prose, "Dam opens at last", is_html=False) == (prose, None)


@pytest.mark.parametrize(
    "end",
    [
        "Leave a comment",
        "3 Comments\nLeave a Reply",
        "Be the first to comment",
        "You must be logged in to post a comment.",
        "Join the conversation",
        "Soyez le premier à commenter",
        "Оставьте комментарий",
        "كن أول من يعلق",
        "Únete a la conversación",
        "Diskutieren Sie mit!",
        "Ku bar sharhi",
        "Your email address will not be published. Required fields are marked *\nName\nEmail",
        "Comments are closed.",
    ],
)
def test_invitation_at_the_end_goes(end: str) -> None:
    assert cut_furniture(f"The dam was opened.\n\n{end}", "", is_html=False)[0] == "The dam was opened."
    markup = "".join(f"<div><p>{line}</p></div>" for line in end.split("\n"))
    said = cut_furniture(f"<p>The dam was opened.</p>{markup}", "")[0]
    assert plain_text(Text(said, True)) == "The dam was opened."


def test_form_in_one_line_with_the_text_goes() -> None:
    form = "Leave a Reply Your email address will not be published. Required fields are marked * Name * Email *"
    assert cut_furniture(f"The dam was opened. {form}", "", is_html=False)[0] == "The dam was opened."


def test_picture_and_film_above_the_text_stay() -> None:
    said, name = cut_furniture(
        '<p>News</p><figure><img src="/a.jpg"></figure><h1>Dam opens at last</h1><p>By <b>Awa Diop</b></p>'
        '<iframe src="https://films.example/1"></iframe><p>The dam was opened.</p>',
        "Dam opens at last",
    )
    assert name == "Awa Diop"
    assert 'src="/a.jpg"' in said
    assert "films.example" in said
    assert plain_text(Text(said, True)) == "The dam was opened."


@pytest.mark.parametrize("language", PAGES)
def test_headline_of_a_pasted_text_is_below_its_label(language: str) -> None:
    (label, title, byline, _, text), form = PAGES[language]
    assert title_and_rest(as_lines((label, "", title, byline, "", text, *form))) == (title, text)
    assert title_and_rest(as_lines((title, byline, text))) == (title, text)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Home > News > Africa\nDam opens at last\nText.", "Dam opens at last"),
        ("Regional\nDam opens at last\nBy Awa Diop\nText.", "Dam opens at last"),
        ("Africa\nThe continent grows.", "Africa"),
        ("Coup in Mali\nSoldiers took the palace at dawn\nText.", "Coup in Mali"),
        ("Mali and Russia", "Mali and Russia"),
        ("", ""),
    ],
)
def test_first_line_of_a_pasted_text_is_its_headline_unless_it_is_a_label(text: str, title: str) -> None:
    assert title_and_rest(text)[0] == title


def test_body_without_a_summary_is_read_once() -> None:
    body = (
        "<p>Bamako</p><p>The army of Mali met. "
        + "A sentence about the river stands here. " * 20
        + "</p><p>The end</p>"
    )
    entry = Entry(guid="1", title=Text("Dam"), content=Text(body, True))
    (article,) = normalise(ParsedFeed(format="json11", entries=(entry,)), source(), NOW)
    read = page(article).text
    assert read.count("The army of Mali met") == 1
    assert read.count("A sentence about the river") == 20
    assert read.count("The end") == 1


def test_summary_of_its_own_and_the_text_are_both_read() -> None:
    said = Article(
        identity="1",
        guid=None,
        url=None,
        link=None,
        title="Dam",
        summary="The army met.",
        content="<p>The river rose.</p>",
    )
    read = page(said).text
    assert "The army met" in read
    assert "The river rose" in read


@pytest.mark.parametrize(
    "text",
    [
        "By " * 60_000,
        "News\n" * 40_000,
        "<p>" * 60_000 + "Leave a Reply",
        "<p>By A" * 20_000,
        "Leave a Reply " * 14_000,
        "<a><b>" * 30_000,
        "e-mail, " * 20_000,
        "Dam " * 50_000,
    ],
    ids=lambda text: text[:8],
)
@pytest.mark.parametrize("is_html", [True, False])
def test_what_is_made_to_hurt_is_over_soon(text: str, is_html: bool) -> None:
    started = time.process_time()
    cut_furniture(text, "Dam by the news", is_html=is_html)
    title_and_rest(text)
    assert time.process_time() - started < 2
