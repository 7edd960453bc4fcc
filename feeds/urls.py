"""URLs: the canonical form that tells articles apart, safe links, and what may be shown. Pure; called by many."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit, urlunsplit

_MAX_LENGTH = 4096  # longer ones are no addresses that a reader could open
_PORTS = {"http": 80, "https": 443}

# Parameters that say where a reader came from and never which article it is. Names only; a trailing * is a prefix.
_TRACKING = re.compile(
    r"""utm_.* | at_(medium|campaign|format|link.*|ptr.*|custom.*|recipient.*|bbc_team)
    | ns_(mchannel|source|campaign|linkname|fee) | fbclid | gclid | dclid | gbraid | wbraid | msclkid | yclid | ysclid
    | twclid | igshid | mc_(cid|eid) | _hs(enc|mi) | mkt_tok | wt_mc | wt\.mc_id | xtor | xtcr | traffic_source | maca
    | ftag | cmp | cmpid | smid | syndication | pk_.* | piwik_.* | mtm_.* | hsa_.* | __twitter_impression | from_rss
    | oly_(enc|anon)_id | vero_id | spm""",
    re.VERBOSE | re.IGNORECASE,
)
# These are tracking only with such a value: elsewhere a site may mean something by them.
_TRACKING_PAIRS = re.compile(
    r"(ref|source|src|from|via|medium|origin|output|mode)=(rss\d*|feeds?|atom|twitter|facebook|newsletter)",
    re.IGNORECASE,
)
_REDIRECTORS = {
    "www.google.com/url": ("url", "q"), "google.com/url": ("url", "q"), "l.facebook.com/l.php": ("u",),
    "lm.facebook.com/l.php": ("u",), "out.reddit.com": ("url",), "t.umblr.com/redirect": ("z",),
    "www.youtube.com/redirect": ("q",), "vk.com/away.php": ("to",), "slack-redir.net/link": ("url",),
}  # fmt: skip
_SECRET_NAMES = re.compile(
    r"(.*[_-])?(token|key|apikey|auth|authorization|access|secret|sig|signature|passw(or)?d|pwd?|pass|session(id)?|sid"
    r"|jwt|hash|hmac|credential)s?",
    re.IGNORECASE,
)
# What needs no work: nine of ten addresses.
_NORMAL = re.compile(
    r"https?://[a-z0-9-]+(\.[a-z0-9-]*[a-z][a-z0-9-]*)+(/[\w:@!$&'()*+,;=.~/-]*)?(\?[\w:@!$&'()*+,;=.~/?-]*)?", re.ASCII
)
_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_PATH_SAFE = "/:@!$&'()*+,;=-._~"
_QUERY_SAFE = _PATH_SAFE + "?"


def host_of(url: str) -> str:
    """The lower-case host name of *url*, "" where it has none or is no URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def canonical_url(url: str) -> str | None:
    """The form by which two links to one article are equal; None where *url* is no web address.

    https, the host in lower case and ASCII, no default port, no fragment but #! and #/ routes, escapes as RFC 3986
    section 6.2 has them, no tracking parameters (the others stay, in their order), known redirectors unwrapped.
    """
    absolute = resolve("", url)
    for _ in range(3):
        target = _redirect_target(absolute) if absolute else None
        if target is None:
            break
        absolute = target
    if absolute is None:
        return None
    parts = urlsplit(absolute)
    query = "&".join(part for part in parts.query.split("&") if part and not _is_tracking(part))
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    return urlunsplit(("https", parts.netloc, parts.path or "/", query, fragment))


def resolve(base: str, url: str) -> str | None:
    """*url* made absolute against *base*, its spaces and other letters escaped; None unless it is http or https."""
    cleaned = re.sub(r"[\x00-\x1f\x7f]", "", url.strip())
    if not cleaned or len(cleaned) > _MAX_LENGTH:
        return None
    if _NORMAL.fullmatch(cleaned) and "/." not in cleaned:
        return cleaned
    try:
        parts = urlsplit(urljoin(base, cleaned))
        if parts.scheme not in _PORTS or not parts.hostname:
            return None
        netloc = _netloc(parts.scheme, parts.hostname, parts.port, parts.netloc.rpartition("@")[0])
    except ValueError:
        return None
    path = _escape(_without_dots(parts.path), _PATH_SAFE)
    query, fragment = _escape(parts.query, _QUERY_SAFE), _escape(parts.fragment, _QUERY_SAFE)
    return urlunsplit((parts.scheme, netloc, path, query, fragment)) if netloc else None


def as_given(base: str, url: str) -> str | None:
    """*url* as its source wrote it, where it is whole already; else made absolute. None unless it is http or https."""
    written = url.strip()
    whole = re.match(r"https?://[^/\s]", written, re.IGNORECASE) and not re.search(r"[\s\x00-\x1f\x7f]", written)
    return written if whole and resolve(base, written) else resolve(base, written)


def is_safe_link(url: str) -> bool:
    """True for http, https and mailto addresses: what may stand in what we publish."""
    return re.match(r"(https?://[^/]|mailto:[^\s])", url, re.IGNORECASE) is not None


def public_url(url: str) -> str:
    """The URL as it may be shown to others: user and password removed, and every parameter that looks like a secret.

    A parameter goes by its name (token, key, auth …) or where its value looks random.
    """
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    query = "&".join(part for part in parts.query.split("&") if part and not _is_secret(part))
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def _netloc(scheme: str, host: str, port: int | None, user: str) -> str:
    if ":" in host:  # an IPv6 address
        name = f"[{host}]"
    else:
        name = host.rstrip(".") if host.isascii() else host.encode("idna").decode()
        if not re.fullmatch(r"[a-z0-9._~%-]+", name):
            return ""
    shown = name if port is None or port == _PORTS[scheme] else f"{name}:{port}"
    return f"{user}@{shown}" if user else shown


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4, for a path that urljoin left alone."""
    if "/." not in path:
        return path
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(segment)
    if path.endswith(("/.", "/..")):
        kept.append("")
    return "/".join(kept)


def _escape(text: str, safe: str) -> str:
    """Escapes in upper case, unreserved characters plain, everything that may not stand there escaped."""

    def normal(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if character in _UNRESERVED else found[0].upper()

    once = re.sub(r"%([0-9a-fA-F]{2})", normal, text)
    return "".join(
        part if number % 2 else quote(part, safe=safe, errors="replace")
        for number, part in enumerate(re.split(r"(%[0-9A-F]{2})", once))
    )


def _redirect_target(url: str) -> str | None:
    parts = urlsplit(url)
    for name in _REDIRECTORS.get(f"{parts.netloc}{parts.path.rstrip('/')}", ()):
        for key, value in parse_qsl(parts.query):
            if key == name and (target := resolve("", value)):
                return target
    return None


def _is_tracking(parameter: str) -> bool:
    name = parameter.partition("=")[0]
    return _TRACKING.fullmatch(name) is not None or _TRACKING_PAIRS.fullmatch(parameter) is not None


def _is_secret(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return _SECRET_NAMES.fullmatch(unquote(name)) is not None or looks_random(unquote(value))


def secrets_in(url: str) -> Iterator[str]:
    """What `public_url` leaves out of *url*, as it stands there: "user:password@", "token=…", a random value alone.

    Not what is hardly one: `sid=5` is a section's number on many sites, and stands in the links of its articles.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    login = parts.netloc.rpartition("@")[0]
    if login:
        yield f"{login}@"
        yield from filter(looks_random, (unquote(login.partition(":")[2]),))
    for parameter in filter(_is_secret, parts.query.split("&")):
        value = parameter.partition("=")[2]
        if looks_random(unquote(value)):
            yield value
        elif re.fullmatch(r"(?=.*[A-Za-z])(?=.*\d).{6,}", unquote(value)):
            yield parameter


def looks_random(value: str) -> bool:
    """16 characters or more of letters and digits mixed, with the entropy of dice and not of words."""
    if not re.fullmatch(r"[A-Za-z0-9_+/=-]{16,}", value) or value.isalpha() or value.isdigit():
        return False
    digits = sum(character.isdigit() for character in value)
    if digits < 3 or re.fullmatch(r"[0-9-]+", value) or re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", value):
        return False
    counts = Counter(value)
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())
    return entropy > 3.0
