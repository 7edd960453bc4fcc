"""articles/ID.html, a page for every article: writes those that changed, takes away those that went. Called by pipeline.

A row and a look at the disk for each file, as other documents have, would make a publishing slower with every article
there ever was. So each article is marked when it changes; and the folder's own time tells whether a page was removed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from feeds.config import Config
from feeds.outputs import article_documents, article_pages_key
from feeds.publish import in_words, write_if_changed
from feeds.render import RenderSettings
from feeds.store import Store

_STEP = 500
_OURS = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.html")


def write(
    config: Config, store: Store, settings: RenderSettings, stop: Callable[[], bool] = lambda: False
) -> list[str]:
    """Bring articles/ up to date; the paths written. Called while `publish.alone`, after `settle`. Raises PublishError."""
    directory = config.output_dir / "articles"
    with in_words(config.output_dir):
        if "html" not in config.publish.formats:
            _clear(directory, store)
            return []
        rests_on = article_pages_key(settings)
        known, _, stamp = (store.fact("pages") or "").partition(" ")
        if known != rests_on:
            store.pages_again()
        elif stamp != _stamp(directory):
            _restore(directory, store)
        store.set_fact("pages", f"{rests_on} -")  # until all is written, the folder is not as we left it
        written = _write_changed(config.output_dir, settings, store, stop)
        _remove(directory, store)
        if not stop():
            store.set_fact("pages", f"{rests_on} {_stamp(directory)}")
    return written


def _write_changed(output: Path, settings: RenderSettings, store: Store, stop: Callable[[], bool]) -> list[str]:
    written = []
    while not stop() and (tasks := store.page_tasks(_STEP)):
        for task in tasks:
            if task.is_hidden:
                (output / "articles" / f"{task.id}.html").unlink(missing_ok=True)
        shown = [task.pk for task in tasks if not task.is_hidden]
        for document in article_documents(settings, store, shown):
            if write_if_changed(output / document.path, document):
                written.append(document.path)
        store.pages_done(tasks)
    return written


def _remove(directory: Path, store: Store) -> None:
    """Take away the pages of articles that retention deleted."""
    gone = store.dead_pages()
    for each in gone:
        (directory / f"{each}.html").unlink(missing_ok=True)
    store.forget_dead_pages(gone)


def _restore(directory: Path, store: Store) -> None:
    """Have pages written again that somebody took away."""
    missing = store.paged_ids() - _there(directory)
    if missing:
        store.pages_again(sorted(missing))


def _clear(directory: Path, store: Store) -> None:
    """No pages are published any more: ours go, others' files stay."""
    if store.fact("pages"):
        for each in _there(directory) & (store.paged_ids() | set(store.dead_pages())):
            (directory / f"{each}.html").unlink(missing_ok=True)
        with suppress(OSError):
            directory.rmdir()
        store.set_fact("pages", "")


def _there(directory: Path) -> set[str]:
    if not directory.is_dir():
        return set()
    return {found[1] for each in directory.iterdir() if (found := _OURS.fullmatch(each.name))}


def _stamp(directory: Path) -> str:
    """Changes when a file in *directory* comes, goes or is replaced."""
    return str(directory.stat().st_mtime_ns) if directory.is_dir() else "-"
