"""What a page shows only by scripts or in frames → plain pictures and links: lazy pictures, players, formulas, drawings.

Pure; called by safe, which cleans what comes of it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import parse_qs, quote, urlsplit

from lxml import etree
from lxml import html as lxml_html
from lxml.html import HtmlElement, defs

from feeds.markup.pictures import best, candidates, is_picture_file, is_placeholder, is_tiny
from feeds.urls import host_of, resolve

# Most markup has neither, and is told in a few microseconds.
_MAYBE = re.compile(
    r"<[ionepvamscl](?:frame|bject|mbed|oscript|icture|ideo|udio|ath|vg|anvas|pplet|mp-|ite-|embed|ml:math|:math|cript[^<>]{0,200}gist)"
)
_LAZILY = re.compile(r"data-[a-z0-9-]{0,30}(?:src|lazy|orig|echo|unveil|url|href|permalink|video|img|image|file)")
_SWALLOWING = re.compile(r"<[stblxn](?:cript|tyle|extarea|itle|elect|emplate|utton|abel|mp|oembed|oframes)(?=[\s/>])")
_SWALLOWING_TAGS = re.compile(
    r"<(/?)(script|style|textarea|title|select|template|button|label|xmp|noembed|noframes)(?=[\s/>])([^<>]{0,5000})>",
    re.IGNORECASE,
)
_MOST_ELEMENTS = 500  # of one kind; no article has more, and each costs a look at its neighbours
_TAGS = re.compile(r"<(/?)(iframe|video|audio)(?=[\s/>])", re.IGNORECASE)
_PREFIXED = re.compile(r"(</?)(?:mml|m):(?=m)", re.IGNORECASE)
# Where scripts keep the address of what they load when it comes into view, the surest first.
_LAZY = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-lazyload", "data-lazysrc", "data-original-src",
         "data-orig-src", "data-actualsrc", "data-echo", "data-unveil", "data-real-src", "data-full-src", "data-hi-res-src",
         "data-img-src", "data-image-src", "data-opt-src", "data-ezsrc", "data-cfsrc", "data-litespeed-src", "data-src-cmplz",
         "data-wpfc-original-src", "data-pagespeed-lazy-src", "data-cmp-src", "data-cookieblock-src", "data-embed-src",
         "data-iframe-src", "data-rocket-src")  # fmt: skip
_LAZY_CLASS = re.compile(r"lazy|placeholder|blur|lqip|preload", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*(?:(?:https?:)?//[^\s/]|\.{0,2}/[^\s/])", re.IGNORECASE)
_SIZE_IN_NAME = re.compile(r"-(?:\d{2,4}x\d{2,4}|scaled)(?=\.\w+$)")
# Frames that count, advertise or ask to be liked, and show nothing of the article.
_NO_EMBED = re.compile(
    r"https?://(?:[\w-]+\.)*(?:googletagmanager\.com/|doubleclick\.net/|googlesyndication\.com/|amazon-adsystem\.com/"
    r"|facebook\.com/(?:tr\b|(?:v[\d.]+/)?plugins/(?:like|share_button|follow)\b)"
    r"|platform\.twitter\.com/widgets/(?:follow|tweet)_button|addtoany\.com/)",
    re.IGNORECASE,
)
_YOUTUBE = re.compile(r"https?://(?:www\.|m\.)?youtube(?:-nocookie)?\.com/(?:embed|v|e)/([\w-]{6,20})(?=[/?&#]|$)")
# AMP's and others' own elements: the attribute that names what they show, and where that is.
_COMPONENTS = {
    "amp-youtube": ("data-videoid", "https://www.youtube.com/watch?v="),
    "lite-youtube": ("videoid", "https://www.youtube.com/watch?v="),
    "amp-vimeo": ("data-videoid", "https://vimeo.com/"),
    "lite-vimeo": ("videoid", "https://vimeo.com/"),
    "amp-dailymotion": ("data-videoid", "https://www.dailymotion.com/video/"),
    "amp-twitter": ("data-tweetid", "https://twitter.com/i/status/"),
    "amp-instagram": ("data-shortcode", "https://www.instagram.com/p/"),
    "amp-gist": ("data-gistid", "https://gist.github.com/"),
    "amp-facebook": ("data-href", ""),
    "amp-iframe": ("src", ""),
    "oembed": ("url", ""),
}
# Where an empty element names the post that a script would put into it.
_POSTS = ("data-href", "data-oembed-url", "data-instgrm-permalink", "cite")
_FRAMES = ("x-iframe", "x-open-iframe")
_PLAYERS = ("video", "audio", "x-open-video", "x-open-audio")
_INLINE = frozenset("p a span em strong b i u li dt dd td th h1 h2 h3 h4 h5 h6 figcaption small sub sup label".split())
_LONGEST_FALLBACK = 300  # characters that a frame has for browsers without frames; more is the article's own text
_UNSHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Formulas in one line: what stands between the parts, or what a part becomes.
_RAISED = {"msup": ("sup",), "msub": ("sub",), "msubsup": ("sub", "sup"), "mover": ("sup",), "munder": ("sub",),
           "munderover": ("sub", "sup")}  # fmt: skip


def without_scripts(fragment: str, base: str) -> str:
    """*fragment* with plain pictures and links for what only scripts and frames would show; the same where there is none.

    A lazy picture gets its address. A frame, object or player that a feed can't hold leaves a link, titled as it says
    or by its host. What stands behind one that was never closed stands there again.
    """
    lower = fragment.lower()
    if _SWALLOWING.search(lower):
        fragment = _without_unclosed(fragment)
    if not _MAYBE.search(lower) and not ("data-" in lower and _LAZILY.search(lower)):
        return fragment
    try:
        root = lxml_html.fragment_fromstring(_renamed(fragment), create_parent="div")
    except (etree.ParserError, ValueError):
        return fragment
    for element in _first(root, "math"):
        _write_formula(element)
    for element in _first(root, "svg"):
        _write_drawing(element)
    for element in _first(root, "amp-img", "amp-anim", "image"):
        _make_picture(element)
    for element in _first(root, "img", "source", *_FRAMES, *_PLAYERS):
        _wake(element, base)
    shown = {_name(each) for each in _shown(root) if next(each.iterancestors("noscript"), None) is None}
    for element in _first(root, "noscript"):
        _unwrap(element, shown)
    for element in _first(root, "picture"):
        _choose(element, base)
    for element in _first(root, "x-open-video", "x-open-audio", "amp-video", "amp-audio"):
        _close_player(element)
    for element in _first(root, *_FRAMES, *_COMPONENTS, "object", "embed", "applet", "canvas"):
        _replace(element, base)
    for element in _first(root, "script", "div", "blockquote"):
        _link_what_scripts_fill(element, base)
    children = "".join(lxml_html.tostring(child, encoding="unicode") for child in root)
    return html.escape(root.text or "", quote=False) + children


def _without_unclosed(fragment: str) -> str:
    """*fragment* without start tags of what a browser hides or takes for plain characters, where nothing closes it.

    XHTML closes such an element in its start tag, and HTML doesn't see it: all that follows would go with it. Code that
    stands in an open <script> or <style> goes, as it should.
    """
    parts: list[str] = []
    following: dict[str, str] = {}
    end = len(fragment)
    for tag in reversed(list(_SWALLOWING_TAGS.finditer(fragment))):
        slash, name, attributes = tag[1], tag[2].lower(), tag[3]
        is_closed = bool(slash) or (following.get(name) == "/" and not attributes.endswith("/"))
        is_code = name in ("script", "style") and not re.search(r"\bsrc\s*=|/$", attributes, re.IGNORECASE)
        following[name] = slash
        parts += [fragment[tag.end() : end], tag[0] if is_closed or is_code else ""]
        end = tag.start()
    return "".join(reversed([*parts, fragment[:end]]))


def _first(root: HtmlElement, *tags: str) -> list[HtmlElement]:
    return list(islice(root.iter(*tags), _MOST_ELEMENTS))


def _renamed(fragment: str) -> str:
    """Frames as elements that no parser knows: it would take what is in them, or behind them, for plain characters.

    One whose next tag of the same name is no end tag was never closed: "x-open-iframe". Prefixes of MathML go.
    """
    parts: list[str] = []
    following: dict[str, str] = {}
    end = len(fragment)
    for tag in reversed(list(_TAGS.finditer(fragment))):
        slash, name = tag[1], tag[2].lower()
        is_open = not slash and following.get(name) != "/"
        following[name] = slash
        new = f"x-open-{name}" if is_open else "x-iframe" if name == "iframe" else name
        parts += [fragment[tag.end() : end], f"<{slash}{new}"]
        end = tag.start()
    return _PREFIXED.sub(r"\1", "".join(reversed([*parts, fragment[:end]])))


def _write_formula(math: HtmlElement) -> None:
    """MathML in one line of letters: x<sup>2</sup>, (a+b)/c, √2."""
    for element in list(math.iter("annotation", "annotation-xml")):
        element.drop_tree()
    for element in list(math.iter("mfrac", "msqrt", "mroot", *_RAISED)):
        parts = [child for child in element if isinstance(child.tag, str)]
        if element.tag in _RAISED:
            for part, tag in zip(parts[1:], _RAISED[element.tag], strict=False):
                part.tag = tag
        elif element.tag == "mfrac" and len(parts) == 2:
            _bracket(parts[0])
            _bracket(parts[1])
            parts[0].tail = "/"
        elif element.tag != "mfrac":
            _bracket(element)
            element.text = "√" + (element.text or "").strip()
    if not math.text_content().strip():
        math.text = math.get("alttext") or ""
    _strip(math)


def _strip(element: HtmlElement) -> None:
    """Leave of *element* and of what is in it what HTML knows."""
    names = {str(each.tag) for each in element.iterdescendants() if isinstance(each.tag, str)}
    etree.strip_tags(element, *(names - defs.tags - {"image"}))
    element.drop_tag()


def _bracket(element: HtmlElement) -> None:
    """Brackets around more than one sign."""
    if len("".join(element.text_content().split())) < 2 or element.text_content().strip().isalnum():
        return
    element.text = "(" + (element.text or "").lstrip()
    if len(element):
        element[-1].tail = (element[-1].tail or "").rstrip() + ")"
    else:
        element.text = element.text.rstrip() + ")"


def _write_drawing(svg: HtmlElement) -> None:
    """The words that stand in a drawing, apart from each other; where it has none, what it says to be."""
    for element in list(svg.iter("style", "script", "metadata")):
        element.drop_tree()
    names = [*svg.iter("title", "desc")]
    said = next((words for each in names if (words := " ".join(each.text_content().split()))), svg.get("aria-label"))
    for element in names:
        element.drop_tree()
    for element in list(svg.iter("text", "tspan", "foreignobject")):
        element.tail = f" {element.tail or ''}"
    if not svg.text_content().strip() and svg.get("aria-hidden") != "true" and next(svg.iter("image"), None) is None:
        svg.text = said
    svg.text = f" {svg.text or ''}"
    _strip(svg)


def _make_picture(element: HtmlElement) -> None:
    """AMP's picture, or SVG's, as HTML's. What is in it, for browsers that don't know it, comes to stand behind it."""
    attributes = {str(name): str(value) for name, value in element.items() if ":" not in str(name)}
    source = attributes.pop("src", None) or element.get("xlink:href") or attributes.pop("href", None) or ""
    element.addprevious(element.makeelement("img", {**attributes, "src": source}))
    element.drop_tag()


def _wake(element: HtmlElement, base: str) -> None:
    """Give *element* the address that a script would give it when it comes into view."""
    said = resolve(base, element.get("src") or "")
    is_missing = said is None or is_placeholder(said)
    data = {str(name): str(value) for name, value in element.items() if str(name).startswith("data-")}
    real = next((data[name] for name in _LAZY if name in data and _is_address(data[name], base)), None)
    if real is None and is_missing and element.tag in ("img", "source"):
        real = next((value for value in data.values() if is_picture_file(value) and _is_address(value, base)), None)
    offered = (value for name, value in data.items() if name.endswith("srcset") and candidates(base, value))
    if (srcset := next(offered, None)) is not None:
        element.set("srcset", srcset)
        real = real or (best(candidates(base, srcset)) if element.tag == "img" else None)
    if real is not None:
        element.set("src", real.strip())
        if _LAZY_CLASS.search(element.get("class") or ""):  # hidden until it is there
            element.attrib.pop("style", None)
            element.attrib.pop("hidden", None)


def _is_address(value: str, base: str) -> bool:
    is_written_so = _ADDRESS.match(value) or (is_picture_file(value) and value[:1] not in "{[")
    return bool(is_written_so) and (url := resolve(base, value)) is not None and not is_placeholder(url)


def _shown(root: HtmlElement) -> Iterator[HtmlElement]:
    return (each for each in root.iter("img", *_FRAMES, "video", "audio") if each.get("src"))


def _name(element: HtmlElement) -> str:
    """By what a picture or frame is known again where its size or its server differ: the file, or all of a short address."""
    address = (element.get("src") or "").partition(":")[2] or element.get("src") or ""
    path = _SIZE_IN_NAME.sub("", address.partition("?")[0].rstrip("/"))
    file = path.rpartition("/")[2]
    return file if len(file) >= 8 else path


def _unwrap(noscript: HtmlElement, shown: set[str]) -> None:
    """What stands there for readers without scripts, and nowhere else; not that they should allow scripts."""
    if noscript.getparent() is None:
        return
    for child in noscript.iter("img", *_FRAMES):
        child.attrib.pop("loading", None)
    pictures = list(_shown(noscript))
    words = noscript.text_content().lower()
    if pictures and all(_name(each) in shown for each in pictures):
        noscript.drop_tree()
    elif pictures:
        if (stand_in := _stand_in(noscript)) is not None:
            stand_in.drop_tree()
        noscript.drop_tag()
    elif "javascript" in words or "جافا" in words:
        noscript.drop_tree()
    else:
        noscript.drop_tag()


def _stand_in(noscript: HtmlElement) -> HtmlElement | None:
    """The lazy picture or frame beside *noscript*, in whose place a script would put what *noscript* holds."""
    before, after = noscript.getprevious(), noscript.getnext()
    beside = [before] if before is not None and not (before.tail or "").strip() else []
    beside += [after] if after is not None and not (noscript.tail or "").strip() else []
    for element in beside:
        found = list(islice(element.iter("img", *_FRAMES), 2)) if isinstance(element.tag, str) else []
        is_lazy = len(found) == 1 and (
            _LAZY_CLASS.search(f"{found[0].get('class') or ''} {found[0].get('loading') or ''}")
            or not found[0].get("src")
            or is_placeholder(found[0].get("src"))
        )
        if is_lazy:
            return found[0]
    return None


def _choose(picture: HtmlElement, base: str) -> None:
    """Give *picture* an <img> with an address, which alone readers and `first_image` look at."""
    image = next(picture.iter("img"), None)
    said = None if image is None else resolve(base, image.get("src") or "")
    if said is not None and not is_placeholder(said):
        return
    sources = sorted(picture.iter("source"), key=lambda source: source.get("type") in ("image/avif", "image/webp"))
    offered = (best(candidates(base, source.get("srcset") or source.get("src") or "")) for source in sources)
    url = next((each for each in offered if each), None)
    if url is None:
        return
    if image is None:
        image = picture.makeelement("img")
        picture.append(image)
    image.set("src", url)


def _close_player(element: HtmlElement) -> None:
    """A player with its sources alone: what stands behind one that was left open is the article's."""
    attributes = {
        str(name): str(value) for name, value in element.items() if str(name) in ("src", "width", "height", "controls")
    }
    player = element.makeelement(str(element.tag).rpartition("-")[2], attributes)
    for source in list(element.iter("source")):
        player.append(source.makeelement("source", {str(name): str(value) for name, value in source.items()}))
        source.drop_tag()
    element.addprevious(player)
    element.drop_tag()


def _replace(element: HtmlElement, base: str) -> None:
    """A link in place of a frame or an object, before what it holds for those that can't show it."""
    url = _shown_at(element, base)
    if url is not None and not _is_repeated_within(element, url, base):
        element.addprevious(_picture_or_link(element, url))
    if element.get("srcdoc") and url is None:
        element.append(lxml_html.fragment_fromstring(element.get("srcdoc"), create_parent="div"))
        element.drop_tag()
    elif element.tag == "x-iframe" and len(element.text_content().strip()) <= _LONGEST_FALLBACK:
        element.drop_tree()
    else:
        element.drop_tag()


def _shown_at(element: HtmlElement, base: str) -> str | None:
    """The address of what an embed shows; None where it shows nothing."""
    tag = str(element.tag)
    if tag in _COMPONENTS:
        attribute, place = _COMPONENTS[tag]
        said = (element.get(attribute) or "").strip()
        address = place + quote(said, safe="") if place and said else said
    elif tag == "object":
        named = (
            each.get("value")
            for each in element.iter("param")
            if (each.get("name") or "").lower() in ("movie", "src", "url")
        )
        address = element.get("data") or next((value for value in named if value), "")
    else:
        address = element.get("src") or ""
    url = resolve(base, address) if address and not address.startswith("#") else None
    is_unshown = _UNSHOWN.search(element.get("style") or "") or (
        is_tiny(element.get("width")) and is_tiny(element.get("height"))
    )
    is_quoted = "wp-embedded-content" in (element.get("class") or "")  # WordPress: beside a quotation that links to it
    if url is None or is_quoted or (is_unshown and tag != "object") or _NO_EMBED.match(url):
        return None
    return _page_of(url)


def _page_of(url: str) -> str:
    """The page that shows what a player at *url* does: YouTube's refuses to play where no other page holds it."""
    film = _YOUTUBE.match(url)
    if film is None:
        return url
    asked = parse_qs(urlsplit(url).query)
    if film[1] == "videoseries":
        return f"https://www.youtube.com/playlist?list={quote(asked.get('list', [''])[0])}"
    start = asked.get("start", [""])[0]
    return f"https://www.youtube.com/watch?v={film[1]}" + (f"&t={start}s" if start.isdecimal() else "")


def _is_repeated_within(element: HtmlElement, url: str, base: str) -> bool:
    """True where what *element* holds leads to the same, or is a picture in its place."""
    is_picture = _is_picture(element, url)
    for each in element.iterdescendants("a", "embed", "img", "object", *_FRAMES):
        said = resolve(base, each.get("href") or each.get("src") or each.get("data") or "")
        if (is_picture and each.tag == "img") or (said and _page_of(said) == url):
            return True
    return False


def _is_picture(element: HtmlElement, url: str) -> bool:
    return (element.get("type") or "").startswith("image/") or (
        element.tag in ("object", "embed") and is_picture_file(url)
    )


def _picture_or_link(element: HtmlElement, url: str) -> HtmlElement:
    if _is_picture(element, url):
        return element.makeelement("img", {"src": url, "alt": element.get("title") or element.get("alt") or ""})
    said = element.get("title") or element.get("aria-label") or ""
    return _link(element, url, " ".join(said.split())[:200] or host_of(url).removeprefix("www."))


def _link(element: HtmlElement, url: str, words: str) -> HtmlElement:
    """A link for the place of *element*: in a paragraph of its own where there is none."""
    link = element.makeelement("a", {"href": url})
    link.text = words
    if element.getparent().tag in _INLINE and element.getparent().getparent() is not None:
        return link
    paragraph = element.makeelement("p")
    paragraph.append(link)
    return paragraph


def _link_what_scripts_fill(element: HtmlElement, base: str) -> None:
    """A link for code that a script would show, and for a post that one would put into an empty element."""
    if element.tag == "script":
        url = resolve(base, element.get("src") or "")
        url = url.partition(".js")[0] if url and host_of(url) == "gist.github.com" else None
    else:
        is_empty = next(element.iter("a", "img"), None) is None and not element.text_content().strip()
        said = next((value for name in _POSTS if (value := element.get(name))), "")
        url = resolve(base, said) if is_empty else None
    if url and element.getparent() is not None:
        element.addprevious(_link(element, url, host_of(url).removeprefix("www.")))
