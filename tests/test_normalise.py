"""Entry → Article. Texts written for this project."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.model import Article, Enclosure, Entry, ParsedFeed, Text
from feeds.normalise import author_name, author_names, normalise
from tests.build import NOW, source


def articles(*entries: Entry, language: str | None = None, **settings: Any) -> tuple[Article, ...]:
    return normalise(ParsedFeed("rss20", language=language, entries=entries), source(**settings), NOW)


def article(**values: Any) -> Article:
    (made,) = articles(Entry(**({"title": Text("Title")} | values)))
    return made


# Identity


def test_guid_identifies() -> None:
    assert article(guid="g", link="https://a.example/1").identity == "guid:g"


def test_link_identifies_where_there_is_no_guid() -> None:
    assert article(link="http://a.example/1?utm_source=rss").identity == "link:https://a.example/1"


def test_link_of_several_entries_identifies_nothing() -> None:
    first, second = articles(
        Entry(title=Text("One"), link="https://a.example/"), Entry(title=Text("Two"), link="https://a.example/")
    )
    assert first.identity != second.identity
    assert first.identity.startswith("hash:")
    assert (first.url_is_shared, second.url_is_shared) == (True, True)


def test_entry_repeated_without_a_guid_is_one_article_and_keeps_its_identity() -> None:
    entry = Entry(title=Text("One"), link="https://a.example/1")
    assert [each.identity for each in articles(entry, entry)] == [each.identity for each in articles(entry)]


def test_guids_that_differ_in_what_xml_forbids_never_merge() -> None:
    assert len(articles(Entry(guid="a\x01", title=Text("T")), Entry(guid="a", title=Text("T")))) == 2


def test_hash_does_not_change_with_what_may_change() -> None:
    before = article(title=Text("One"), published="Mon, 23 Nov 2026 08:00:00 GMT", summary=Text("Early"))
    after = article(title=Text("One"), published="Mon, 23 Nov 2026 08:00:00 GMT", summary=Text("Late"))
    assert before.identity == after.identity


def test_same_guid_twice_is_one_article_the_first() -> None:
    (made,) = articles(Entry(guid="g", title=Text("One")), Entry(guid="g", title=Text("Two")))
    assert made.title == "One"


def test_entries_under_one_guid_with_links_of_their_own_are_as_many_articles_in_any_order() -> None:
    link = "https://a.example/"
    entries = [Entry(guid="g", title=Text(f"Part {number}"), link=f"{link}{number}") for number in range(3)]
    made = articles(*entries, entries[1])
    assert [each.title for each in made] == ["Part 0", "Part 1", "Part 2"]
    assert {each.identity: each.title for each in articles(*reversed(entries))} == {
        each.identity: each.title for each in made
    }


def test_edited_title_leaves_the_identity_of_an_entry_whose_guid_others_have() -> None:
    one, other = (
        Entry(guid="g", title=Text("A"), link="https://a.example/1"),
        Entry(guid="g", link="https://a.example/2"),
    )
    edited = replace(one, title=Text("B"))
    assert {each.identity for each in articles(one, other)} == {each.identity for each in articles(edited, other)}


def test_entries_under_one_guid_and_link_are_apart_where_title_and_date_both_differ() -> None:
    days = [
        Entry(guid="g", link="https://a.example/", title=Text(f"Day {day}"), published=f"2026-11-0{day}")
        for day in (1, 2, 3)
    ]
    assert len(articles(*days)) == 3


def test_same_entry_with_another_tracking_parameter_is_the_same() -> None:
    links = ("https://a.example/1?utm_source=rss", "http://a.example/1?utm_source=feed")
    assert len(articles(*(Entry(guid="g", title=Text("T"), link=link) for link in links))) == 1


@pytest.mark.parametrize("published", [None, "2026-11-20"])
def test_links_that_differ_behind_the_hash_alone_are_as_many_articles(published: str | None) -> None:
    page = "https://a.example/changes.html"
    entries = [Entry(link=f"{page}#v{n}", title=Text("Release"), published=published) for n in range(111)]
    made = articles(*entries)
    assert len({each.identity for each in made}) == len(made) == 111
    assert all(each.url_is_shared for each in made)


def test_entries_without_guid_and_link_are_told_apart_by_their_texts() -> None:
    texts = ["One thing.", "Another thing.", "One thing."]
    assert len(articles(*(Entry(title=Text("Note"), content=Text(text)) for text in texts))) == 2


def test_distinct_guids_with_one_link_are_two_articles() -> None:
    link = "https://a.example/1"
    assert len(articles(Entry(guid="a", title=Text("T"), link=link), Entry(guid="b", title=Text("T"), link=link))) == 2


def test_guid_of_a_megabyte_is_hashed() -> None:
    assert len(article(guid="x" * 1_000_000).identity) < 100


def test_entry_that_says_nothing_is_left_out() -> None:
    assert articles(Entry(), Entry(title=Text("  "), published="now"), Entry(title=Text("One"))) != ()
    assert len(articles(Entry(), Entry(title=Text("One")))) == 1


# Addresses


def test_canonical_url_comes_from_behind_the_redirector_and_link_stays() -> None:
    made = article(link="https://feeds.example/~r/1?utm_source=x", original_link="https://a.example/1?utm_source=x")
    assert (made.url, made.link) == ("https://a.example/1", "https://feeds.example/~r/1?utm_source=x")


def test_link_that_is_no_web_address_gives_no_url() -> None:
    made = article(link="javascript:alert(1)")
    assert (made.url, made.link) == (None, None)


# Texts


def test_title_is_plain_text() -> None:
    assert article(title=Text("<b>Mali</b> &amp; Niger", html=True)).title == "Mali & Niger"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"title": None, "summary": Text("First words of it. More.")}, "First words of it. More."),
        ({"title": None, "link": "https://a.example/x"}, "a.example"),
        ({"title": None, "content": Text("<p>News</p><h1>Bridge opens</h1><p>Text.</p>", html=True)}, "Bridge opens"),
        ({"title": None, "enclosures": (Enclosure("https://a.example/show.mp3"),)}, "show.mp3"),
        ({"title": Text("<img src=x>", html=True), "guid": "g"}, "g"),
    ],
)
def test_title_is_never_empty(values: dict[str, Any], expected: str) -> None:
    assert article(**values).title == expected


def test_summary_is_the_sources_own_and_content_is_clean() -> None:
    made = article(
        summary=Text("<p>Short</p>", html=True), content=Text("<p onclick=x>Long</p><script>1</script>", html=True)
    )
    assert (made.summary, made.content) == ("Short", "<p>Long</p>")


def test_summary_comes_from_the_content_where_there_is_none() -> None:
    assert article(content=Text("<p>One</p><p>Two</p>", html=True)).summary == "One Two"


def test_relative_addresses_are_resolved() -> None:
    made = article(content=Text('<a href="/x">y</a>', html=True, base="https://a.example/b/"))
    assert 'href="https://a.example/x"' in made.content


def test_page_in_place_of_a_text_gives_headline_byline_and_clean_body() -> None:
    page = """<article><div class="post-category"><a rel="category tag" href="/news">News</a></div>
<h1>Mali's Ruler Received in the Kremlin After His Country Leaves ECOWAS</h1><p class="byline">By Caroline Dale</p>
<p>The head of Mali's military government met Russia's president in Moscow on Monday.</p><p>It was their third meeting.</p>
<div id="respond" class="comment-respond"><h3 class="comment-reply-title">Leave a Reply</h3>
<form class="comment-form"><p>Your email address will not be published.</p><textarea></textarea></form></div></article>"""
    made = article(title=Text("Mali&#8217;s Ruler Received in the Kremlin After His Country Leaves ECOWAS", html=True),
                   content=Text(page, html=True))  # fmt: skip
    assert made.title == "Mali’s Ruler Received in the Kremlin After His Country Leaves ECOWAS"
    assert made.authors == ("Caroline Dale",)
    assert (
        made.summary
        == "The head of Mali's military government met Russia's president in Moscow on Monday. It was their third meeting."
    )
    assert not [word for word in ("News", "By Caroline", "Leave a Reply", "email") if word in made.content]


# Dates


@pytest.mark.parametrize(
    ("published", "updated", "expected"),
    [
        ("Mon, 23 Nov 2026 08:00:00 GMT", None, ("2026-11-23T08:00", None)),
        (None, "2026-11-23T08:00:00Z", ("2026-11-23T08:00", "2026-11-23T08:00")),
        ("2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z", ("2026-11-22T08:00", "2026-11-23T08:00")),
        ("2026-11-23T08:00:00Z", "2026-11-22T08:00:00Z", ("2026-11-23T08:00", None)),
        ("2099-01-01T00:00:00Z", None, (None, None)),
        ("1899-01-01T00:00:00Z", "2026-11-23T08:00:00Z", (None, "2026-11-23T08:00")),
        ("yesterday", None, (None, None)),
        (None, None, (None, None)),
    ],
)
def test_dates(published: str | None, updated: str | None, expected: tuple[str | None, str | None]) -> None:
    made = article(published=published, updated=updated)
    said = tuple(None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC) for text in expected)
    assert (made.published, made.updated) == said


def test_missing_zone_is_the_given_one() -> None:
    feed = ParsedFeed("rss20", entries=(Entry(title=Text("T"), published="23.11.2026 11:00"),))
    (made,) = normalise(feed, source(), NOW, ZoneInfo("Europe/Moscow"))
    assert made.published == NOW - timedelta(hours=28)


# Language, people, media


FRENCH = Text("Le gouvernement malien a annoncé la reprise des discussions avec les groupes armés du nord du pays.")


def test_language_of_the_entry_comes_first_then_the_sources() -> None:
    assert articles(Entry(title=Text("Mali"), language="pt-br"), language="en", **{"name": "X"})[0].language == "pt-BR"
    assert (
        normalise(ParsedFeed("rss20", language="en", entries=(Entry(title=FRENCH),)), source(language="fr"), NOW)[
            0
        ].language
        == "fr"
    )


def test_language_is_a_valid_tag_or_none() -> None:
    (made,) = articles(Entry(title=Text("Mali")), language="US")
    assert made.language is None
    (made,) = articles(Entry(title=Text("Mali"), language="en_UK"), language="fr")
    assert made.language == "en-GB"
    (made,) = articles(Entry(title=Text("Mali", language="fre")), language="US")
    assert made.language == "fr"


def test_language_that_the_text_contradicts_is_detected() -> None:
    assert articles(Entry(title=FRENCH), language="en-US")[0].language == "fr"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Caroline Ameh", "Caroline Ameh"),
        ("By Caroline Ameh", "Caroline Ameh"),
        ("Par Awa Diop", "Awa Diop"),
        ("Автор: Иван Петров", "Иван Петров"),
        ("noreply@a.example (Jane Doe)", "Jane Doe"),
        ("Jane Doe <jane@a.example>", "Jane Doe"),
        ("Jane Doe (jane@a.example)", "Jane Doe"),
        ("jane@a.example", None),
        ("admin", None),
        ("https://a.example/jane", None),
        ("  ", None),
        ("Byron Smith", "Byron Smith"),
        ("Portia Lee", "Portia Lee"),
        ("Jos&eacute; &amp; Ana", "José & Ana"),
        ("AT&T Staff", "AT&T Staff"),
        ("Derby Smith", "Derby Smith"),
        ("Shelby Rowe", "Shelby Rowe"),
        ("Ursula von der Leyen", "Ursula von der Leyen"),
        ("Von Max Muster", "Max Muster"),
        ("A. Diop, B. Keita and C. Sow", "A. Diop, B. Keita and C. Sow"),
        ("x" * 290 + " jane@a-long-host.example", "x" * 200),
    ],
)
def test_author_is_a_name_without_an_address(text: str, name: str | None) -> None:
    assert author_name(text) == name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("anne@news.photography (Anne Keita)", ("Anne Keita",)),
        ("anne@news.photography", ()),
        ("Anne Keita <anne@xn--e1afmkfd.xn--p1ai>", ("Anne Keita",)),
        ("Anne Keita <anne@почта.рф>", ("Anne Keita",)),
        ("Anne Keita &lt;anne@a.example&gt;", ("Anne Keita",)),
        ("&quot;Keita, Anne&quot; &lt;anne@a.example&gt;", ("Keita, Anne",)),
        ("mailto:anne@a.example?subject=Hi (Anne Keita)", ("Anne Keita",)),
        ("anne@a.example (Anne Keita (Bamako))", ("Anne Keita (Bamako)",)),
        ("anne@a.example Anne Keita", ("Anne Keita",)),
        ("Anne Keita anne@localhost", ("Anne Keita",)),
        ("anne [at] a [dot] example", ()),
        ("Anne Keita (at) Reuters", ("Anne Keita (at) Reuters",)),
        ("@annekeita", ("@annekeita",)),
        ("Anne Keita; Binta Sow", ("Anne Keita", "Binta Sow")),
        ("anne@a.example (Anne Keita), binta@b.museum (Binta Sow)", ("Anne Keita", "Binta Sow")),
        (
            "Anne Keita <anne@a.example>, Binta Sow <binta@b.example> and Coumba Ba",
            ("Anne Keita", "Binta Sow", "Coumba Ba"),
        ),
        ("anne@a.example (Anne Keita) binta@b.example (Binta Sow)", ("Anne Keita", "Binta Sow")),
        ("anne@a.example, binta@b.example", ()),
        ("Keita, Anne", ("Keita, Anne",)),
        ("Jos&amp;eacute; Ba &amp;amp; Co", ("José Ba & Co",)),
        ("", ()),
    ],
)
def test_authors_are_names_without_addresses(text: str, names: tuple[str, ...]) -> None:
    assert author_names(text) == names


def test_entry_without_an_author_has_that_of_its_byline_or_else_the_feeds() -> None:
    page = "<h1>Rain</h1><p class='byline'>By A. Diop</p><p>It rained.</p>"
    entries = (
        Entry(guid="1"),
        Entry(guid="2", authors=("A. Diop",)),
        Entry(guid="3", authors=("diop@courier.news",)),
        Entry(guid="4", title=Text("Rain"), content=Text(page, True)),
    )
    feed = ParsedFeed("atom10", authors=("desk@courier.news (The Desk)", "Courier"), entries=entries)
    made = normalise(feed, source(), NOW)
    assert [each.authors for each in made] == [("The Desk", "Courier"), ("A. Diop",), (), ("A. Diop",)]


def test_nobody_is_named_twice() -> None:
    assert article(authors=("By A. Diop", "A. Diop", "x@a.example")).authors == ("A. Diop",)


def test_guid_that_stands_for_a_title_is_one_line() -> None:
    assert article(guid=" a\n\tb ", title=None).title == "a b"


def test_image_is_the_entrys_own_then_an_enclosure_then_the_texts_first() -> None:
    text = Text('<img src="https://a.example/3.jpg">', html=True)
    picture = Enclosure("https://a.example/2.jpg", "image/jpeg")
    assert (
        article(image="https://a.example/1.jpg", enclosures=(picture,), content=text).image == "https://a.example/1.jpg"
    )
    assert article(enclosures=(picture,), content=text).image == "https://a.example/2.jpg"
    assert article(content=text).image == "https://a.example/3.jpg"


def test_enclosures_are_safe_and_each_there_once() -> None:
    good = Enclosure("https://a.example/a.mp3", "Audio/MPEG; x=y", 5)
    made = article(enclosures=(good, good, Enclosure("javascript:x"), Enclosure("https://a.example/b", "nonsense", -1)))
    assert made.enclosures == (
        Enclosure("https://a.example/a.mp3", "audio/mpeg", 5), Enclosure("https://a.example/b", None, None),
    )  # fmt: skip


def test_fifty_thousand_categories_are_cut() -> None:
    assert len(article(categories=tuple(f"c{number}" for number in range(50_000))).categories) == 30


texts = st.none() | st.builds(
    Text, st.text(max_size=60), st.booleans(), st.sampled_from(["", "https://a.example/", "http://[::1"])
)
words = st.none() | st.text(max_size=40)
entries = st.builds(
    Entry, guid=words, link=words, original_link=words, title=texts, summary=texts, content=texts, published=words,
    updated=words, language=words, image=words, authors=st.lists(st.text(max_size=20), max_size=2).map(tuple),
    categories=st.lists(st.text(max_size=20), max_size=2).map(tuple),
)  # fmt: skip


@given(st.lists(entries, max_size=4))
def test_whatever_a_source_says_becomes_articles_with_distinct_identities(said: list[Entry]) -> None:
    made = articles(*said)
    assert len({each.identity for each in made}) == len(made) <= len(said)
    assert all(each.title for each in made)
