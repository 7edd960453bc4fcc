"""Lazy pictures, frames, players, formulas and drawings, as a feed can show them. Markup written for this project."""

from __future__ import annotations

import time

import pytest

from feeds.markup import clean_html, first_image, plain_text
from feeds.model import Text

PAGE = "https://courier.example/2026/dam/"


def clean(markup: str) -> str:
    cleaned = clean_html(Text(markup, True, PAGE))
    assert clean_html(Text(cleaned, True, PAGE)) == cleaned
    return cleaned


def image(markup: str) -> str | None:
    return first_image(clean(markup))


def link(url: str, words: str) -> str:
    return f'<a href="{url}" rel="noopener noreferrer">{words}</a>'


@pytest.mark.parametrize(
    ("embed", "expected"),
    [
        ('<iframe src="https://films.example/e/7" title="The dam, filmed"></iframe>', "The dam, filmed"),
        ('<iframe src="https://films.example/e/7"></iframe>', "films.example"),
        ('<iframe src="//films.example/e/7"/>', "films.example"),
        ("<iframe src=https://films.example/e/7>", "films.example"),
        ('<IFRAME SRC="https://films.example/e/7">Your browser shows no frames.</IFRAME>', "films.example"),
        ('<iframe data-src="https://films.example/e/7" src="about:blank"></iframe>', "films.example"),
        ('<iframe data-lazy-src="https://films.example/e/7" loading="lazy"></iframe>', "films.example"),
        (
            '<iframe data-src="https://films.example/e/7"></iframe><noscript><iframe src="https://films.example/e/7">'
            "</iframe></noscript>",
            "films.example",
        ),
        ('<object data="https://films.example/e/7" type="video/mp4"></object>', "films.example"),
        ('<object><param name="movie" value="https://films.example/e/7"></object>', "films.example"),
        (
            '<object><param name="movie" value="https://films.example/e/7"><embed src="https://films.example/e/7"></object>',
            "films.example",
        ),
        ('<embed src="https://films.example/e/7">', "films.example"),
        ('<embed src="https://films.example/e/7"/>', "films.example"),
        ('<embed src="https://films.example/e/7" title="The film"></embed>', "The film"),
        ('<amp-iframe src="https://films.example/e/7" layout="fill"></amp-iframe>', "films.example"),
        ('<oembed url="https://films.example/e/7"></oembed>', "films.example"),
        ('<div class="fb-video" data-href="https://films.example/e/7"></div>', "films.example"),
        ('<blockquote data-instgrm-permalink="https://films.example/e/7"><div></div></blockquote>', "films.example"),
    ],
)
def test_embed_leaves_a_link_and_what_is_around_it_stays(embed: str, expected: str) -> None:
    said = clean(f"<p>Before.</p>{embed}<p>Behind.</p>")
    assert said.count(link("https://films.example/e/7", expected)) == 1
    assert plain_text(Text(said, True)).startswith("Before.")
    assert plain_text(Text(said, True)).endswith("Behind.")
    assert said.count("<a ") == 1


@pytest.mark.parametrize(
    ("frame", "page"),
    [
        ("https://www.youtube.com/embed/aBcD_123-xy?rel=0", "https://www.youtube.com/watch?v=aBcD_123-xy"),
        (
            "https://www.youtube-nocookie.com/embed/aBcD_123-xy?start=90",
            "https://www.youtube.com/watch?v=aBcD_123-xy&amp;t=90s",
        ),
        ("https://www.youtube.com/embed/videoseries?list=PL1", "https://www.youtube.com/playlist?list=PL1"),
        ("https://player.vimeo.com/video/1", "https://player.vimeo.com/video/1"),
        ("https://www.google.com/maps/embed?pb=1&amp;x=2", "https://www.google.com/maps/embed?pb=1&amp;x=2"),
        ("https://docs.google.com/forms/d/e/1/viewform", "https://docs.google.com/forms/d/e/1/viewform"),
        ("/charts/7", "https://courier.example/charts/7"),
    ],
)
def test_link_of_an_embed_leads_to_what_it_showed(frame: str, page: str) -> None:
    assert f'href="{page}"' in clean(f'<iframe src="{frame}"></iframe>')


@pytest.mark.parametrize(
    "unclosed",
    [
        '<iframe src="https://films.example/1"/>',
        '<iframe src="https://films.example/1">',
        '<p><iframe src="https://films.example/1"></p>',
        '<iframe src="https://films.example/1"/><p>Between.</p><iframe src="https://films.example/2"></iframe>',
        '<video src="/a.mp4"/>',
        '<video controls><source src="/a.mp4" type="video/mp4">',
        '<audio src="/a.mp3" controls>',
        '<object data="/a.pdf">',
        '<object data="/a.pdf"/>',
        '<embed src="/a.swf">',
        "<canvas>",
        "<canvas/>",
        '<svg viewBox="0 0 1 1"><path d="M0 0"/>',
        '<svg width="9"/>',
        "<math><mi>x</mi>",
        '<amp-img src="/a.jpg">',
        "<noscript><img src='/a.jpg'>",
        '<applet code="a.class">',
        '<script async src="https://posts.example/widget.js"/>',
        '<script async src="https://posts.example/widget.js">',
        *(
            "<style/>",
            "<textarea/>",
            "<textarea>",
            "<title/>",
            "<select>",
            "<template/>",
            "<button/>",
            "<label>",
            "<noembed/>",
        ),
    ],
)
def test_what_stands_behind_an_embed_that_nothing_closes_is_there(unclosed: str) -> None:
    said = clean(f"<p>Before.</p>{unclosed}<p>The <b>text</b> goes on.</p>")
    assert "<p>The <b>text</b> goes on.</p>" in said
    for name in ("video", "audio"):  # within one, browsers would hide it
        assert "goes on" not in said.partition(f"<{name}")[2].partition(f"</{name}>")[0]


def test_code_that_nothing_closes_is_not_shown() -> None:
    assert clean("<p>Text.</p><script>var a = 1;<p>More") == "<p>Text.</p>"
    assert clean("<p>Text.</p><style>.a{}</style><script src='/x.js'></script><p>More</p>") == "<p>Text.</p><p>More</p>"


def test_article_that_a_frame_wraps_is_kept() -> None:
    text = "The dam was opened to the public on Monday. " * 20
    assert text.strip() in plain_text(Text(clean(f'<iframe src="/x"><p>{text}</p></iframe>'), True))


def test_text_for_readers_without_objects_is_kept_and_its_picture_takes_their_place() -> None:
    said = clean('<object data="/map.svg" type="image/svg+xml"><img src="/map.png" alt="Map"></object>')
    assert said.count("<img") == 1
    assert "/map.png" in said
    assert "/map.svg" in clean('<object data="/map.svg" type="image/svg+xml"></object>')
    assert clean('<object data="/r.pdf"><p>See <a href="/r.pdf">the report</a>.</p></object>').count("<a ") == 1


@pytest.mark.parametrize(
    "unseen",
    [
        '<iframe src="https://www.googletagmanager.com/ns.html?id=1" height="0" width="0"></iframe>',
        '<iframe src="https://ads.example/x" style="display:none;visibility:hidden"></iframe>',
        '<iframe src="https://ad.doubleclick.net/x"></iframe>',
        '<iframe src="https://www.facebook.com/plugins/like.php?href=x"></iframe>',
        '<iframe src="javascript:alert(1)"></iframe>',
        "<iframe></iframe>",
        '<iframe class="wp-embedded-content" src="https://other.example/post/embed/#?secret=x"></iframe>',
        '<noscript><img height="1" width="1" src="https://www.facebook.com/tr?id=1&ev=PageView"></noscript>',
        "<noscript>Please enable JavaScript to view the <a href='https://talk.example'>comments</a>.</noscript>",
    ],
)
def test_what_shows_nothing_leaves_nothing(unseen: str) -> None:
    assert clean(f"<p>Text.</p>{unseen}") == "<p>Text.</p>"


def test_frame_that_a_script_widens_is_seen() -> None:
    style = "width: 0; min-width: 100% !important; border: none;"
    assert ">Map</a>" in clean(
        f'<iframe src="https://charts.example/1/" style="{style}" aria-label="Map" height="90"></iframe>'
    )


def test_link_for_readers_without_scripts_stays() -> None:
    assert clean(
        '<script src="/p.js"></script><noscript><a href="https://polls.example/1">Our poll</a></noscript>'
    ) == link("https://polls.example/1", "Our poll")


def test_code_that_a_script_would_show_leaves_a_link() -> None:
    said = clean('<p>See:</p><script src="https://gist.github.com/awa/12ab.js"></script>')
    assert link("https://gist.github.com/awa/12ab", "gist.github.com") in said


def test_host_of_an_untitled_embed_is_no_word_of_the_summary() -> None:
    text = '<p>Watch it.</p><iframe src="https://films.example/7"></iframe><p>Then vote.</p>'
    assert plain_text(Text(text, True)) == plain_text(Text(clean(text), True)) == "Watch it. Then vote."


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("<math><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></math>", "E=mc<sup>2</sup>"),
        ("<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>", "1/2"),
        (
            "<math><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac></math>",
            "(a+b)/c",
        ),
        ("<math><msqrt><mn>2</mn></msqrt></math>", "√2"),
        ("<math><msub><mi>H</mi><mn>2</mn></msub><mi>O</mi></math>", "H<sub>2</sub>O"),
        ("<mml:math><mml:mi>x</mml:mi><mml:mo>&lt;</mml:mo><mml:mi>y</mml:mi></mml:math>", "x&lt;y"),
        (
            "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>\\x</annotation></semantics></math>",
            "x",
        ),
        ('<math alttext="a+b"></math>', "a+b"),
    ],
)
def test_formula_keeps_its_letters(formula: str, expected: str) -> None:
    assert clean(f"<p>It is {formula} here.</p>") == f"<p>It is {expected} here.</p>"


@pytest.mark.parametrize(
    ("drawing", "words"),
    [
        ("<svg><style>.a{}</style><text x='1'>Gold</text><g><text>12 t</text></g></svg>", "Gold 12 t"),
        ("<svg><title>Map of the dam</title><path d='M0'/></svg>", "Map of the dam"),
        ('<svg role="img" aria-label="A chart"><path/></svg>', "A chart"),
        ('<svg aria-hidden="true"><title>Icon</title><path/></svg>', ""),
        ("<svg><foreignObject><p>Inside</p></foreignObject></svg>", "Inside"),
        ("<svg><script>alert(1)</script><text>Safe</text></svg>", "Safe"),
    ],
)
def test_drawing_keeps_its_words(drawing: str, words: str) -> None:
    assert plain_text(Text(clean(f"<p>A</p>{drawing}<p>B</p>"), True)) == " ".join(["A", *words.split(), "B"])


REAL = "https://courier.example/i/dam.jpg"


@pytest.mark.parametrize(
    "lazy",
    [
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="/i/dam.jpg">',
        '<img data-src="//courier.example/i/dam.jpg">',
        '<img class="lazyload" src="/blank.gif" data-lazy-src="/i/dam.jpg">',
        '<img src="/assets/img/placeholder-16x9.png" data-original="/i/dam.jpg">',
        '<img src="/i/dam-tiny.jpg" data-src="/i/dam.jpg">',
        '<img class="lazy" style="display:none" data-src="/i/dam.jpg">',
        '<img src="/1x1.png" data-original-set="x" data-srcset="/i/dam.jpg 600w">',
        '<img src="data:," data-lazy-srcset="/i/dam-300.jpg 300w, /i/dam.jpg 1200w, /i/dam-big.jpg 4000w">',
        '<img data-photo-file="/i/dam.jpg" src="/spacer.gif">',
        '<img srcset="/i/dam.jpg 1x, /i/dam2.jpg 4x">',
        '<img src="/lazy-loader.svg" srcset="/i/dam.jpg">',
        '<img class="lazy" src="/spinner.gif"><noscript><img src="/i/dam.jpg" alt="Dam"></noscript>',
        '<img class="lazy" src="/i/blurred.jpg"><noscript><img src="/i/dam.jpg"></noscript>',
        '<img class="lazy" data-src="/i/dam.jpg"><noscript><img src="/i/dam.jpg"></noscript>',
        '<img data-src="/i/dam-300x200.jpg" src="data:,"><noscript><img src="/i/dam.jpg"></noscript>',
        '<noscript><img src="/i/dam.jpg"></noscript><img class="lazyload" src="data:,">',
        '<picture><source srcset="/i/dam.webp" type="image/webp"><source srcset="/i/dam.jpg 1x"></picture>',
        '<picture><source data-srcset="/i/dam.webp" type="image/webp"><img data-src="/i/dam.jpg" src="data:,"></picture>',
        '<picture><source srcset="/i/dam.jpg"><img src="/blank.gif"></picture>',
        '<amp-img src="/i/dam.jpg" width="900" height="600" layout="responsive"></amp-img>',
        '<amp-img src="/i/dam.jpg"><noscript><img src="/i/dam.jpg"></noscript></amp-img>',
        '<image src="/i/dam.jpg">',
        '<svg><image xlink:href="/i/dam.jpg"/></svg>',
    ],
)
def test_lazy_picture_is_shown_once_and_leads(lazy: str) -> None:
    said = clean(f"<p>Text.</p>{lazy}")
    assert said.count("<img") == 1
    assert first_image(said) in (REAL, REAL.replace("dam.jpg", "dam-300x200.jpg"))


def test_other_picture_behind_a_noscript_stays() -> None:
    said = clean('<img src="/i/one.jpg"><noscript><img src="/i/two.jpg"></noscript>')
    assert said.count("<img") == 2


@pytest.mark.parametrize(
    ("srcset", "expected"),
    [
        ("/a.jpg 1x, nonsense here 2x, /b.jpg 2x", "/a.jpg 1x, /b.jpg 2x"),
        ("/a.jpg 300w,/b.jpg 600w", "/a.jpg 300w, /b.jpg 600w"),
        ("/w_300,h_200/a.jpg 300w, /w_600,h_400/a.jpg 600w", "/w_300,h_200/a.jpg 300w, /w_600,h_400/a.jpg 600w"),
        ("data:image/gif;base64,R0lGODlh 1x, /b.jpg 2x", "/b.jpg 2x"),
        ("data:, 2x, /b.jpg 3x", "/b.jpg 3x"),
        ("/a.jpg, /b.jpg 2x", "/a.jpg, /b.jpg 2x"),
        ("javascript:x 1x,, ,/b.jpg 1.5x", "/b.jpg 1.5x"),
        ("/blank.gif 1x, /b.jpg 100px", None),
    ],
)
def test_bad_candidate_of_a_srcset_costs_only_itself(srcset: str, expected: str | None) -> None:
    said = clean(f'<img src="/x.jpg" srcset="{srcset}">')
    absolute = expected and ", ".join(f"https://courier.example{each}" for each in expected.split(", "))
    assert ('srcset="' in said) == (expected is not None)
    assert f'srcset="{absolute}"' in said or expected is None


@pytest.mark.parametrize(
    "no_lead",
    [
        '<img src="/blank.gif">',
        '<img src="/images/spacer.gif" width="600">',
        '<img src="/theme/lazy_placeholder.png">',
        '<img src="data:image/png;base64,iVBORw0KGgo=">',
        '<img src="https://pixel.wp.com/b.gif?x=1">',
        '<img src="https://s.w.org/images/core/emoji/14.0.0/72x72/1f4a7.png" alt="💧">',
        '<img src="https://secure.gravatar.com/avatar/12?s=96" width="96">',
        '<img src="https://ui-avatars.com/api/?name=A+Diallo">',
        '<img src="/i.gif?article=7&amp;w=1&amp;h=1">',
        '<img src="/tracking-pixel.php?article=7">',
        '<img src="/icons/share.png" width="24" height="24">',
        '<img src="/count.gif" width="1" height="1">',
    ],
)
def test_what_shows_nothing_of_the_article_never_leads(no_lead: str) -> None:
    assert image(no_lead) is None
    assert image(f"{no_lead}<img src='/i/dam.jpg'>") == REAL


@pytest.mark.parametrize(
    "file", ["empty-street.jpg", "clear.jpg", "loading-docks.png", "pixel-8.jpg", "transparency.png", "white-house.gif"]
)
def test_photograph_is_no_placeholder_for_its_name(file: str) -> None:
    assert image(f'<img src="/i/{file}">') == f"https://courier.example/i/{file}"


def test_emoji_is_its_character_again() -> None:
    emoji = '<img src="https://s.w.org/images/core/emoji/14.0.0/72x72/1f600.png" alt="😀" class="wp-smiley">'
    assert clean(f"<p>Good {emoji}</p>") == "<p>Good 😀</p>"


@pytest.mark.parametrize(
    "markup",
    [
        "<iframe>" * 20_000,
        "<iframe src='/x'></iframe>" * 7_000,
        "<noscript><img src='/a.jpg'></noscript>" * 4_000,
        "<math><mfrac><mi>a</mi></math>" * 6_000,
        "<svg><text>" * 90,
        "<picture><source srcset='" + "a, " * 9000,
        "<img data-src='/a' srcset='" + "," * 100_000 + "'>",
        "<object><param name='movie' value='/a'>" * 90 + "</object>" * 90,
        "<video><source>" * 10_000,
        "<img srcset='" + "/a.jpg 1x," * 15_000 + "'>",
        '<meta property="og:image" ' * 7_000,
    ],
    ids=lambda markup: markup[:12],
)
def test_what_is_made_to_hurt_is_over_soon(markup: str) -> None:
    started = time.process_time()
    clean_html(Text(markup, True, PAGE))
    plain_text(Text(markup, True, PAGE))
    assert time.process_time() - started < 4
