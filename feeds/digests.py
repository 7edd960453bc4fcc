"""Digests by which an article is known again: by its title, by its words, by all of it. Pure; called by reading and store."""

from __future__ import annotations

import hashlib
import re

import msgspec

from feeds.model import Article, Digests

# What does not change the meaning: where in its document it stood, what we make of it, when the feed around it changed,
# and the digests themselves.
_LEFT_OUT = {"position": 0, "topics": {}}
_SAID = tuple(name for name in Article.__struct_fields__ if name not in ("digests", "feed_updated"))
_APART = "apart:"
_SHORTEST_TELLING = 40  # characters of a summary


def words(text: str) -> str:
    """The words of *text* alone: what stays the same under changes of case, punctuation, white space and markup."""
    return " ".join(re.findall(r"\w+", re.sub(r"<[^>]*>", " ", text).casefold()))


def digest(*texts: str) -> str:
    """A short hash that tells texts apart."""
    return hashlib.blake2b("\0".join(texts).encode(), digest_size=16).hexdigest()


def fragment_of(link: str | None) -> str:
    """What stands behind the # of *link*, "" where nothing does."""
    return (link or "").partition("#")[2]


def identity_apart(identity: str, *told_apart_by: str) -> str:
    """The identity of one of several entries that one document holds under *identity*; the same in any order of them."""
    return f"{_APART}{digest(*told_apart_by)} {identity}"


def shared_identity(identity: str) -> str:
    """The identity that `identity_apart` began with; *identity* itself where it is a plain one."""
    return identity.removeprefix(_APART).partition(" ")[2] if identity.startswith(_APART) else identity


def digests_of(article: Article) -> Digests:
    """Of *title*: equal for equal titles; of *words*: as long as edits are cosmetic; of *all*: while nothing changes.

    Words of a short text, or of one that only repeats the title, may be another article's by chance.
    """
    title = words(article.title)
    is_telling = len(article.summary) >= _SHORTEST_TELLING and words(article.summary) != title
    said = {name: getattr(article, name) for name in _SAID} | _LEFT_OUT
    return Digests(
        title=digest(title),
        words=digest(title, words(article.content or article.summary)),
        all=digest(msgspec.json.encode(said).decode()),
        is_telling=is_telling,
    )
