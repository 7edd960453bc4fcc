"""Every kind of page in headless Chromium: axe-core's violations, weights, console errors and screenshots.

python -m bench.pages OUTPUT [--pictures DIR] [--chromium /usr/bin/chromium]      (pip install '.[pages]')
OUTPUT is a published folder. Ends with 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

HEAVIEST = 100_000  # bytes
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (360, 1440)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    given = parser.parse_args()
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    faults = list(_faults(given.output.resolve(), given.pictures, given.chromium))
    print("\n".join(faults) or "nothing wrong")
    return 1 if faults else 0


def _faults(output: Path, pictures: Path | None, chromium: str | None) -> Iterator[str]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for path, scheme, width in product(kinds(output), SCHEMES, WIDTHS):
            name = f"{path.relative_to(output)} {scheme} {width}"
            page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
            yield from (f"{name}: {fault}" for fault in _page_faults(page, path))
            if pictures:
                page.screenshot(path=pictures / f"{name.replace('/', '-').replace(' ', '-')}.png")
            page.close()
        browser.close()


def _page_faults(page: Page, path: Path) -> Iterator[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda asked: said.append(asked.url) if not asked.url.startswith("file:") else None)
    page.goto(path.as_uri())
    found = Axe().run(page).response["violations"]
    yield from (f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found)
    yield from said
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield "wider than the screen"
    if path.stat().st_size > HEAVIEST:
        yield f"{path.stat().st_size} bytes"


def kinds(output: Path) -> list[Path]:
    """A page of each kind, and for articles one of each direction of writing."""
    articles = sorted((output / "articles").glob("*.html"))
    right_to_left = [path for path in articles if 'dir="rtl"' in path.read_text()]
    months = sorted(output.glob("all/2*/*/*.html"))
    parts = sorted(output.glob("*/lang/*/index.html"))
    named = ("index.html", "sahel/index.html", "all/index.html", "about.html", "subscribe.html", "status/index.html",
             "status/freshness.html", "all/statistics.html", "sahel/statistics.html")  # fmt: skip
    return [output / name for name in named] + months[-1:] + parts[:1] + articles[:1] + right_to_left[:1]


if __name__ == "__main__":
    sys.exit(main())
