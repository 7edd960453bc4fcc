"""URLs: the canonical form that tells articles apart, safe links, and what may be shown. Pure; called by many."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit, urlunsplit

import idna

_MAX_LENGTH = 4096  # longer ones are no addresses that a reader could open
_LONGEST_LABEL = 63  # RFC 1035 section 2.3.4
DEFAULT_PORTS = {"http": 80, "https": 443}

# Parameters that say where a reader came from and never which article it is. Names only; a trailing * is a prefix.
_TRACKING = re.compile(
    r"""utm_.* | at_(medium|campaign|format|link.*|ptr.*|custom.*|recipient.*|bbc_team)
    | ns_(mchannel|source|campaign|linkname|fee) | fbclid | gclid | dclid | gbraid | wbraid | msclkid | yclid | ysclid
    | twclid | igshid | mc_(cid|eid) | _hs(enc|mi) | mkt_tok | wt_mc | wt\.mc_id | xtor | xtcr | traffic_source | maca
    | ftag | cmp | cmpid | smid | syndication | pk_.* | piwik_.* | mtm_.* | hsa_.* | __twitter_impression | from_rss
    | oly_(enc|anon)_id | vero_id | spm""",
    re.VERBOSE | re.IGNORECASE,
)
# Of those, what some sites may mean something by: it tells articles apart no less, but an address keeps it.
_AMBIGUOUS = re.compile(r"cmp|ftag|maca|smid|spm|syndication|traffic_source|from_rss", re.IGNORECASE)
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
_REDIRECTING_HOSTS = tuple({place.partition("/")[0] for place in _REDIRECTORS})
_SECRET_NAMES = re.compile(
    r"(.*[_-])?(token|key|apikey|auth|authorization|access|secret|sig|signature|passw(or)?d|pwd?|pass|session(id)?|sid"
    r"|jwt|hash|hmac|credential)s?"
    r"|.*(token|secret|(api|auth|access|pass|user|feed|rss)key|passw(or)?d|signature|sess(ion)?[_-]?id)",
    re.IGNORECASE,
)
# What needs no work: nine of ten addresses.
_NORMAL = re.compile(
    r"https?://[a-z0-9-]+(\.[a-z0-9-]*[a-z][a-z0-9-]*)+(/[\w:@!$&'()*+,;=.~/-]*)?(\?[\w:@!$&'()*+,;=.~/?-]*)?", re.ASCII
)
_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_PATH_SAFE = "/:@!$&'()*+,;=-._~"
_QUERY_SAFE = _PATH_SAFE + "?"
_USER_SAFE = ":!$&'()*+,;=-._~"


def host_of(url: str) -> str:
    """The lower-case host name of *url*, "" where it has none or is no URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def ascii_host(host: str) -> str:
    """A host name in the ASCII letters that DNS knows, as browsers write it. Raises UnicodeError where it has none.

    UTS 46, nontransitional (https://url.spec.whatwg.org/#concept-domain-to-ascii): IDNA 2008, by which "straße" is not
    "strasse", and beyond it underscores and emoji, which hosts have all the same.
    """
    if host.isascii():
        return host
    labels = idna.uts46_remap(host, std3_rules=False).split(".")
    written = [label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in labels]
    if any(len(label) > _LONGEST_LABEL for label in written):
        raise UnicodeError("a part of the host name is too long")
    return ".".join(written)


def canonical_url(url: str) -> str | None:
    """The form by which two links to one article are equal; None where *url* is no web address.

    https, the host in lower case and ASCII, no default port, no fragment but #! and #/ routes, escapes as RFC 3986
    section 6.2 has them, no tracking parameters (the others stay, in their order), known redirectors unwrapped.
    """
    absolute = resolve("", url)
    if absolute is None:
        return None
    parts = urlsplit(_behind_redirectors(absolute))
    query = "&".join(part for part in parts.query.split("&") if part and not _is_tracking(part))
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    found = urlunsplit(("https", parts.netloc, parts.path or "/", query, fragment))
    return found if len(found) <= _MAX_LENGTH else None


def reader_url(link: str | None, original: str | None) -> str | None:
    """The address that readers are sent to: the source's own *link*, letter by letter; None where it gave none.

    In place of a redirector's link stands the *original* that the feed names, or the one within the link. Parameters
    that do nothing but track are left out. This is never the canonical URL: that one tells articles apart, and may lead
    nowhere (https on a site without it, a page without the place that the fragment names).
    """
    address = original if original and resolve("", original) else link
    return address and _without_tracking(_behind_redirectors(address))


def _behind_redirectors(url: str) -> str:
    """Where known redirectors lead; *url* itself where it is none of theirs."""
    while (target := _redirect_target(url)) is not None:
        url = target  # each shorter than the one before
    return url


def _without_tracking(url: str) -> str:
    if "?" not in url:
        return url
    address, mark, fragment = url.partition("#")
    path, _, query = address.partition("?")
    said = query.split("&")
    kept = [part for part in said if not _only_tracks(part.partition("=")[0])]
    if len(kept) == len(said):
        return url
    return path + (f"?{'&'.join(kept)}" if kept else "") + mark + fragment


def _only_tracks(name: str) -> bool:
    return _TRACKING.fullmatch(name) is not None and _AMBIGUOUS.fullmatch(name) is None


@lru_cache(1000)  # a document's own address is the base of all its texts, and most links come twice
def resolve(base: str, url: str) -> str | None:
    """*url* made absolute against *base*, its spaces and other letters escaped; None unless it is http or https."""
    cleaned = re.sub(r"[\x00-\x1f\x7f]", "", url.strip())
    if not cleaned or len(cleaned) > _MAX_LENGTH:
        return None
    if _NORMAL.fullmatch(cleaned) and "/." not in cleaned:
        return cleaned
    try:
        parts = urlsplit(urljoin(base, cleaned))
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            return None
        netloc = _netloc(parts.scheme, parts.hostname, parts.port, parts.netloc.rpartition("@")[0])
    except ValueError:
        return None
    path = without_dots(_escape(parts.path, _PATH_SAFE))
    query, fragment = _escape(parts.query, _QUERY_SAFE), _escape(parts.fragment, _QUERY_SAFE)
    found = urlunsplit((parts.scheme, netloc, path, query, fragment)) if netloc else ""
    return found if 0 < len(found) <= _MAX_LENGTH else None


def web_url(url: str) -> str:
    """*url* as a web address where it is one by another scheme: feed://HOST/…, feed:https://…, itpc://… of podcasts."""
    found = re.match(r"(?:feeds?|rss|itpc|pcast|podcast):(//)?", url, re.IGNORECASE)
    if found is None:
        return url
    if found[1] is None:
        return url[found.end() :]
    return f"{'https' if url[:6].lower() == 'feeds:' else 'http'}://{url[found.end() :]}"


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

    A parameter goes by its name (token, key, auth …) or where its value looks random. "" where *url* is none.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # no number: what stands there is a password with a / in it
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2]
    is_whole = bool(host) if parts.netloc else not parts.path.startswith("//")
    if not is_whole or ("[" in host) != ("]" in host):
        return ""
    path = parts.path if parts.netloc else parts.path.rpartition("@")[2]  # user:password@host/path, without http://
    query = "&".join(part for part in parts.query.split("&") if part and not _is_secret(part))
    return urlunsplit((parts.scheme if path == parts.path else "", host, path, query, ""))


def shown(name: str) -> str:
    """A source's name as it is; its URL, where it is called by that, as `public_url` has it."""
    return public_url(name) if re.match(r"[^\s:/]+:(//|\S*@)", name) else name


def secrets_in(url: str) -> tuple[str, ...]:
    """What `public_url` leaves out that is no plain word: the password, and the values of parameters, escaped and plain."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    password = parts.netloc.rpartition("@")[0].partition(":")[2]
    values = [part.partition("=")[2] for part in parts.query.split("&") if _is_secret(part)]
    said = [password, *(value for value in values if re.search(r"\d", value) or _looks_random(unquote(value)))]
    return tuple(dict.fromkeys(form for text in said if text for form in (text, unquote(text))))


def _netloc(scheme: str, host: str, port: int | None, user: str) -> str:
    if ":" in host:  # an IPv6 address; a zone behind it is nobody else's business
        name, allowed = f"[{host}]", r"\[[0-9a-f:.]+\]"
    else:
        name, allowed = ascii_host(host).rstrip("."), "[a-z0-9._~-]+"
    if not re.fullmatch(allowed, name):
        return ""
    shown = name if port is None or port == DEFAULT_PORTS[scheme] else f"{name}:{port}"
    return f"{_escape(user, _USER_SAFE)}@{shown}" if user else shown


def without_dots(path: str) -> str:
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

    def normal(escape: str) -> str:
        character = chr(int(escape[1:], 16))
        return character if character in _UNRESERVED else escape.upper()

    return "".join(
        normal(part) if number % 2 else quote(part, safe=safe, errors="replace")
        for number, part in enumerate(re.split(r"(%[0-9a-fA-F]{2})", text))
    )


def _redirect_target(url: str) -> str | None:
    if not url.partition("://")[2].startswith(_REDIRECTING_HOSTS):
        return None
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
    return _SECRET_NAMES.fullmatch(unquote(name)) is not None or _looks_random(unquote(value))


def _looks_random(value: str) -> bool:
    """16 characters or more of letters and digits mixed, with the entropy of dice and not of words."""
    if not re.fullmatch(r"[A-Za-z0-9_+/=-]{16,}", value) or value.isalpha() or value.isdigit():
        return False
    digits = sum(character.isdigit() for character in value)
    if digits < 3 or re.fullmatch(r"[0-9-]+", value) or re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", value):
        return False
    counts = Counter(value)
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())
    return entropy > 3.0
