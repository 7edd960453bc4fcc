"""The site's own pictures: PNG files that every reader takes. Called by config."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Literal

ImageKind = Literal["icon", "logo"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_BYTES = 200_000
_WANTED = {
    "icon": "a square PNG of 16 to 1024 pixels",
    "logo": "a PNG twice as wide as high, and at most 144 pixels wide",  # RFC 4287 section 4.2.8; RSS 2.0 <image>
}


def read_png(kind: ImageKind, path: Path) -> bytes:
    """The file at *path*. Raises ValueError, in words, where it can't be read or is not fit to be the site's *kind*."""
    try:
        with path.open("rb") as file:
            image = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}") from error
    if len(image) > _MOST_BYTES:
        raise ValueError(f"expected a file of at most {_MOST_BYTES // 1000} KB, {path} is larger")
    if not image.startswith(_SIGNATURE) or image[12:16] != b"IHDR" or len(image) < 24:
        raise ValueError(f"expected {_WANTED[kind]}, {path} is no PNG")
    width, height = struct.unpack(">II", image[16:24])
    fits = 16 <= width <= 1024 and width == height if kind == "icon" else 2 <= width <= 144 and width == 2 * height
    if not fits:
        raise ValueError(f"expected {_WANTED[kind]}, {path} has {width} × {height}")
    return image
