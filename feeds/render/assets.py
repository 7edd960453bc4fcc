"""The pictures that feeds and pages name: the shipped ones, or the site's own. Called by outputs."""

from __future__ import annotations

import struct
from importlib.resources import files

from feeds.model import Document
from feeds.render.parts import FAVICON, ICON, LOGO


def assets(icon: bytes | None = None, logo: bytes | None = None) -> tuple[Document, ...]:
    """assets/icon.png and assets/logo.png: *icon* and *logo* where the site has its own."""
    return tuple(Document(path, "image/png", own or _shipped(path)) for path, own in ((ICON, icon), (LOGO, logo)))


def favicon(icon: bytes | None = None) -> Document:
    """favicon.ico, which browsers and feed readers ask for where nothing names another: the icon in a file of that kind.

    An ICO file may hold a PNG as it is: en.wikipedia.org/wiki/ICO_(file_format).
    """
    image = icon or _shipped(ICON)
    width, height = struct.unpack(">II", image[16:24])
    sizes = (size if size < 256 else 0 for size in (width, height))
    header = struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", *sizes, 0, 0, 1, 32, len(image), 22)
    return Document(FAVICON, "image/vnd.microsoft.icon", header + image)


def _shipped(path: str) -> bytes:
    return files("feeds.site").joinpath(path).read_bytes()
