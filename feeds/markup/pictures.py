"""Which pictures show something: no placeholders, pixels, emoji or avatars; and the candidates of a srcset. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from feeds.urls import resolve

_MOST_CANDIDATES = 50
_LONGEST_SRCSET = 20_000
_WIDEST = 1600  # pixels: what a page of text shows at most
_USUAL_WIDTH = 800  # of a candidate that only says "2x"

_TINY = re.compile(r"\s*0*[01](?:\.\d*)?(?:px|%)?\s*")
_ICON = re.compile(r"\s*0*(?:[0-9]|[12]\d|3[0-2])(?:px)?\s*")
UNSEEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:^|[;\s])(?:max-)?(?:width|height)\s*:\s*[01](?:px)?\s*(?:!|;|$)",
    re.IGNORECASE,
)
# Pictures that only count readers, by the address that publishing services give them.
_COUNTER = re.compile(
    r"https?://(?:feeds\d?\.feedburner\.com/~|feeds\.feedblitz\.com/~|(?:pixel|stats)\.wp\.com/|stats\.wordpress\.com/b\.gif"
    r"|feeds\.wordpress\.com/1\.0/|[\w.-]*\.doubleclick\.net/|(?:www\.)?facebook\.com/tr\b|(?:www\.)?google-analytics\.com/"
    r"|[\w.-]*\.scorecardresearch\.com/|[\w.-]*\.quantserve\.com/|[\w.-]*feedsportal\.com/|counter\.theconversation\.com/"
    r"|(?:www\.)?assoc-amazon\.[a-z.]+/e/ir|ir-[a-z]{2}\.amazon-adsystem\.com/|api\.follow\.it/track|medium\.com/_/stat\b"
    r"|tracking\.feedpress\.(?:it|com)/|counter\.yadro\.ru/|mc\.yandex\.ru/watch/|top-fwz1\.mail\.ru/|b\.scorecardresearch)",
    re.IGNORECASE,
)
_EMOJI = re.compile(
    r"https?://s\.w\.org/images/core/emoji/|/wp-includes/images/smilies/|https?://abs(?:-\d)?\.twimg\.com/emoji/"
    r"|/twemoji[@/]|https?://static\.xx\.fbcdn\.net/images/emoji\.php/|/images/emoji/|/joypixels/|/emojione/",
    re.IGNORECASE,
)
# Pictures of the author, or that only tell that somebody reads: known by their services, by their folder, and by a name
# that has no other words: tracking-pixel.php is no picture, google-pixel-9.jpg is one.
_AVATARS = re.compile(
    r"https?://([\w-]+\.)*(gravatar\.com|libravatar\.org|avatars\d*\.githubusercontent\.com|ui-avatars\.com)[/:]"
    r"|/avatars?/",
    re.IGNORECASE,
)
_LIKELY_COUNTER = re.compile(
    r"https?://(pixel\.|([\w-]+\.)*(doubleclick\.net|google-analytics\.com)/)|[?&](w|h|width|height)=[01](&|$)",
    re.IGNORECASE,
)
_NO_PICTURE = frozenset("1px avatar beacon tracker tracking webbug".split())
_BESIDE_NO_PICTURE = frozenset("author blank clear default empty gif image img pixel profile transparent user".split())
# These are too often avatars for a picture that stands for its article.
_MAYBE_AVATAR = re.compile(r"gravatar\.com/|/avatars?[.-]|/profile_images/|[?&]avatar=", re.IGNORECASE)
# What files are called that hold a place until a script puts the picture there, or keep things apart.
_PLACE = frozenset(
    "blank spacer placeholder 1x1 transparent transp lazyload lazyloader noimage nothumb preloader".split()
)
# These only where they are drawings: the photograph of an empty street may be called empty.jpg.
_DRAWN = frozenset("pixel lazy loading loader spinner empty clear cleardot dummy trans pix shim".split())
_BESIDE = frozenset(
    "img image images picture photo thumb thumbnail bg icon default load gif grey gray white no".split()
)
_SIZE = re.compile(r"\d*(?:x\d+)?(?:px)?")
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|bmp|svg|jxl|heic)(?:$|[?#!:])", re.IGNORECASE)


_CANDIDATE = re.compile(r"[\s,]*(\S+)")
_META = re.compile(r"<meta\b[^<>]{1,2000}>", re.IGNORECASE)
_META_NAME = re.compile(
    r"""\b(?:property|name)\s*=\s*["']?(?:og:image(?::url|:secure_url)?|twitter:image(?::src)?)["'\s/>]""",
    re.IGNORECASE,
)
_META_CONTENT = re.compile(r"""\bcontent\s*=\s*(?:"([^"]+)"|'([^']+)')""", re.IGNORECASE)


class Candidate(Struct, frozen=True):
    """A picture of a srcset: its address, absolute, and the size it is said to have, as "640w" or "2x"."""

    url: str
    size: str = ""

    @property
    def width(self) -> float:
        number = float(self.size[:-1]) if self.size else 1.0
        return number if self.size.endswith("w") else number * _USUAL_WIDTH


def candidates(base: str, srcset: str) -> list[Candidate]:
    """What a srcset offers, the unusable left out. Addresses may hold commas.

    HTML Living Standard, section 4.8.4.3.10, "Parsing a srcset attribute".
    """
    found: list[Candidate] = []
    text, at = srcset[:_LONGEST_SRCSET], 0
    while len(found) < _MOST_CANDIDATES and (start := _CANDIDATE.match(text, at)):
        written, at = start[1], start.end()
        size = ""
        if written.endswith(","):
            written = written.rstrip(",")
        else:
            end = text.find(",", at)
            size, at = text[at : end if end >= 0 else None].strip(), end + 1 if end >= 0 else len(text)
        url = resolve(base, written)
        # A size where an address should stand: the comma before it belonged to an address that was cut out.
        is_whole = not size or re.fullmatch(r"\d{1,6}(?:\.\d{1,4})?[wxh]", size)
        if url and is_whole and not re.fullmatch(r"\d+(?:\.\d+)?[wxh]", written) and not is_placeholder(url):
            found.append(Candidate(url, size))
    return found


def best(offered: list[Candidate]) -> str | None:
    """The address of the widest that a page needs; the smallest where all are wider."""
    fitting = [each for each in offered if each.width <= _WIDEST]
    if fitting:
        return max(fitting, key=lambda each: each.width).url
    return min(offered, key=lambda each: each.width).url if offered else None


def is_placeholder(url: str) -> bool:
    """True for "blank.gif", "lazy-placeholder_16x9.svg": names of nothing but such words, at least one of them telling."""
    if url.startswith(("data:", "about:")):
        return True
    stem, _, kind = url.partition("?")[0].partition("#")[0].rpartition("/")[2].lower().rpartition(".")
    if not stem or len(stem) > 60:
        return False
    words = re.split(r"[-_.]", stem)
    telling = _PLACE | _DRAWN if kind in ("gif", "png", "svg") else _PLACE
    return not telling.isdisjoint(words) and all(
        word in telling or word in _BESIDE or _SIZE.fullmatch(word) for word in words
    )


def is_counter(url: str) -> bool:
    """True where the address is known to count readers and show nothing."""
    return _COUNTER.match(url) is not None


def shows_nothing(url: str) -> bool:
    """True for the address of a picture that shows nothing of its article: an avatar, a placeholder, a pixel."""
    if is_placeholder(url) or is_counter(url) or _AVATARS.search(url) or _LIKELY_COUNTER.search(url):
        return True
    words = re.split("[_-]", urlsplit(url).path.rpartition("/")[2].partition(".")[0].lower())
    return not _NO_PICTURE.isdisjoint(words) and (_NO_PICTURE | _BESIDE_NO_PICTURE).issuperset(words)


def is_emoji(url: str) -> bool:
    """True where the picture stands for a character, which its `alt` holds."""
    return _EMOJI.search(url) is not None


def is_unseen(attributes: Mapping[str, str]) -> bool:
    """True for what nobody sees: by its size, its style, or as hidden."""
    return (
        _has(attributes, _TINY)
        or "hidden" in attributes
        or UNSEEN_STYLE.search(attributes.get("style", "")) is not None
    )


def is_tiny(size: str | None) -> bool:
    """True for a width or height of no more than one pixel."""
    return size is not None and _TINY.fullmatch(size) is not None


def _has(attributes: Mapping[str, str], size: re.Pattern[str]) -> bool:
    return any(map(size.fullmatch, (attributes.get("width") or "", attributes.get("height") or "")))


def may_lead(url: str, attributes: Mapping[str, str] | None = None) -> bool:
    """True where the picture can stand for its article: no pixel, placeholder, emoji, icon or avatar."""
    if attributes is not None and (is_unseen(attributes) or _has(attributes, _ICON)):
        return False
    return not (shows_nothing(url) or is_emoji(url) or _MAYBE_AVATAR.search(url))


def is_picture_file(url: str) -> bool:
    """True where the address ends like a picture's."""
    return _PICTURE_FILE.search(url) is not None


def page_image(fragment: str, base: str) -> str | None:
    """The picture that a page in *fragment* names as its own (`og:image`), absolute; None where it names none."""
    if "og:image" not in fragment and "twitter:image" not in fragment:
        return None
    for tag in _META.finditer(fragment):
        content = _META_CONTENT.search(tag[0]) if _META_NAME.search(tag[0]) else None
        url = resolve(base, html.unescape(content[1] or content[2])) if content else None
        if url and may_lead(url):
            return url
    return None
