"""Every kind of page in headless Chromium: axe-core's violations, weights, shifts, console errors and screenshots.

python -m bench.pages OUTPUT [URL…] [--pictures DIR] [--chromium /usr/bin/chromium]      (pip install '.[pages]')
OUTPUT is a published folder, URLs are pages of a running `feeds serve`. Ends with 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

HEAVIEST = 100_000  # bytes
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (360, 1440)
SHIFTED = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => sum += entry.value))
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 100);
})"""  # the Layout Instability API


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("urls", nargs="*")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    given = parser.parse_args()
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    pages = {str(path.relative_to(given.output.resolve())): path.as_uri() for path in kinds(given.output.resolve())}
    pages |= {urlsplit(url).path.strip("/"): url for url in given.urls}
    faults = list(_faults(pages, given.pictures, given.chromium))
    print("\n".join(faults) or "nothing wrong")
    return 1 if faults else 0


def _faults(pages: Mapping[str, str], pictures: Path | None, chromium: str | None) -> Iterator[str]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for (path, url), scheme, width in product(pages.items(), SCHEMES, WIDTHS):
            name = f"{path} {scheme} {width}"
            page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
            yield from (f"{name}: {fault}" for fault in _page_faults(page, url))
            if pictures:
                page.screenshot(path=pictures / f"{name.replace('/', '-').replace(' ', '-')}.png")
            page.close()
        browser.close()


def _page_faults(page: Page, url: str) -> Iterator[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda asked: said.append(asked.url) if urlsplit(asked.url)[:2] != urlsplit(url)[:2] else None)
    answer = page.goto(url)
    assert answer
    size = len(answer.body())
    shifted = page.evaluate(SHIFTED)
    found = Axe().run(page).response["violations"]
    yield from (f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found)
    yield from said
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield "wider than the screen"
    if size > HEAVIEST:
        yield f"{size} bytes"
    if shifted:
        yield f"moves while it loads: {shifted}"


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
