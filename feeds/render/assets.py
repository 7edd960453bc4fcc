"""The pictures that feeds name: the shipped ones, or the site's own. Called by outputs."""

from __future__ import annotations

from importlib.resources import files

from feeds.model import Document
from feeds.render.parts import ICON, LOGO


def assets(icon: bytes | None = None, logo: bytes | None = None) -> tuple[Document, ...]:
    """assets/icon.png and assets/logo.png: *icon* and *logo* where the site has its own."""
    return tuple(
        Document(path, "image/png", own or files("feeds.site").joinpath(path).read_bytes())
        for path, own in ((ICON, icon), (LOGO, logo))
    )
