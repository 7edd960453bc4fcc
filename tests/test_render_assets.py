"""The pictures that feeds name, and how each format names them."""

from __future__ import annotations

import json
import struct
import tomllib
from pathlib import Path

import pytest
from lxml import etree

import feeds
from feeds.config.images import read_png
from feeds.render import render_feed
from feeds.render.assets import assets, favicon
from feeds.render.mended import Head, Link, new_feed
from tests.validity.checks import check_document
from tests.validity.samples import BASE, NOW, output_feed, settings

ATOM = "{http://www.w3.org/2005/Atom}"
ICON, LOGO = f"{BASE}assets/icon.png", f"{BASE}assets/logo.png"
HEAD = Head(
    "en", (Link("self", f"{BASE}x.xml"),), f"{BASE}sahel/", NOW, "hourly", 2, icon=ICON, logo=LOGO
)  # fmt: skip


def written(kind: str) -> etree._Element:
    """The head of a feed with pictures, as feedgen writes it."""
    generator, _ = new_feed(HEAD, ())
    for value in (generator.id, generator.title, generator.subtitle):
        value("urn:x:y")
    generator.author(name="-")
    generator.link(href=BASE)
    return etree.fromstring(generator.atom_str() if kind == "atom" else generator.rss_str())


def test_shipped_pictures_are_small_and_fit_for_every_format() -> None:
    sizes = {}
    for document in assets():
        assert document.media_type == "image/png"
        assert len(document.body) < 4_000
        sizes[document.path] = struct.unpack(">II", document.body[16:24])
    assert sizes == {"assets/icon.png": (144, 144), "assets/logo.png": (144, 72)}


def test_shipped_pictures_are_what_a_site_may_have_of_its_own() -> None:
    folder = Path(feeds.__file__).parent / "site" / "assets"
    assert [read_png(kind, folder / f"{kind}.png") for kind in ("icon", "logo")] == [each.body for each in assets()]


def test_sites_own_pictures_take_the_place_of_the_shipped_ones() -> None:
    assert [each.body for each in assets(b"own icon", b"own logo")] == [b"own icon", b"own logo"]
    assert [each.body for each in assets(logo=b"own logo")] == [assets()[0].body, b"own logo"]


@pytest.mark.parametrize("own", [None, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 256, 256) + b"rest"])
def test_favicon_is_an_ico_file_with_the_icon_in_it(own: bytes | None) -> None:
    document = favicon(own)
    assert (document.path, document.media_type) == ("favicon.ico", "image/vnd.microsoft.icon")
    reserved, kind, count = struct.unpack("<HHH", document.body[:6])
    width, height, _, _, _, _, size, start = struct.unpack("<BBBBHHII", document.body[6:22])
    assert (reserved, kind, count) == (0, 1, 1)
    assert (width, height) == ((0, 0) if own else (144, 144))  # 0 stands for 256
    assert document.body[start:] == (own or assets()[0].body)
    assert len(document.body) == start + size


def test_pages_name_the_favicon() -> None:
    made = {each.path: each.body for each in render_feed(output_feed(path="sahel/lang/fr"), settings())}
    assert b'<link rel="icon" href="../../../favicon.ico" sizes="any">' in made["sahel/lang/fr/index.html"]


def test_pictures_are_shipped_with_the_package() -> None:
    project = tomllib.loads((Path(feeds.__file__).parent.parent / "pyproject.toml").read_text("utf-8"))
    assert "*.png" in project["tool"]["setuptools"]["package-data"]["*"]


def test_atom_has_icon_and_logo() -> None:
    root = written("atom")
    assert (root.findtext(f"{ATOM}icon"), root.findtext(f"{ATOM}logo")) == (ICON, LOGO)
    assert [len(root.findall(f"{ATOM}{name}")) for name in ("icon", "logo")] == [1, 1]


def test_rss_has_an_image_that_is_called_as_its_channel() -> None:
    images = written("rss").findall("channel/image")
    assert [[(each.tag, each.text) for each in image] for image in images] == [
        [("url", LOGO), ("title", "urn:x:y"), ("link", f"{BASE}sahel/")]
    ]


def test_json_feed_has_icon_and_favicon() -> None:
    made = json.loads({each.path: each.body for each in render_feed(output_feed(), settings())}["sahel/feed.json"])
    assert (made["icon"], made["favicon"]) == (ICON, ICON)


@pytest.mark.parametrize(("name", "value"), [("icon", "x y"), ("favicon", "")])
def test_json_feed_with_a_picture_that_has_no_address_is_found_out(name: str, value: str) -> None:
    made = json.loads({each.path: each.body for each in render_feed(output_feed(), settings())}["sahel/feed.json"])
    body = json.dumps(made | {name: value}).encode()
    assert name in "\n".join(check_document("sahel/feed.json", body, f"{BASE}sahel/feed.json", NOW))
