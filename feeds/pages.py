"""Pages that are written one by one, as they are marked: archives, months, articles. Called by pipeline.

A row and a look at the disk for each of them, as other documents have, would make a publishing slower with every article
there ever was. So the store marks a page when what it shows changes; what all pages of a folder rest on is noted with
the folder; and the folder's own time tells whether a file came or went without us.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path

from feeds.model import Folder
from feeds.publish import in_words, remove, write_if_changed
from feeds.store import Store

# What such folders hold of ours: a month's pages, an archive's, those of articles.
_OURS = re.compile(r"\d+\.html|\d{4,}\.atom\.xml|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.html")
_NO_FOLDER = 0


def write(
    folders: Iterable[Folder], directory: Path, store: Store, stop: Callable[[], bool] = lambda: False
) -> list[str]:
    """Bring *folders* under *directory* up to date; the paths written. Called while `publish.alone`. Raises PublishError.

    Once *stop* says so it ends soon; what is still marked is written the next time.
    """
    known = store.folders()
    written: list[str] = []
    with in_words(directory):
        for folder in folders:
            if stop():
                break
            written += _write(folder, directory, store, known.get(folder.path), stop)
    return written


def clear(kept: Collection[str], directory: Path, store: Store) -> None:
    """Take away our pages in folders that are not *kept* any more; others' files stay."""
    with in_words(directory):
        for path in store.folders().keys() - set(kept):
            for name in _there(directory / path):
                remove(directory, f"{path}/{name}")
            store.forget_folder(path)


def _write(
    folder: Folder, directory: Path, store: Store, known: tuple[str, int | None] | None, stop: Callable[[], bool]
) -> list[str]:
    place = directory / folder.path
    is_marked = folder.is_marked
    if known is None or known[0] != folder.key:
        folder.again(None)
        is_marked = True
    elif known[1] != _stamp(place):
        is_marked = _restore(folder, place, directory) or is_marked
    written: list[str] = []
    for number, step in enumerate(folder.steps() if is_marked else ()):
        if not number:
            store.set_folder(folder.path, folder.key, None)  # until all is written, the folder is not as we left it
            known = None
        for document in step.documents:
            if write_if_changed(directory / document.path, document):
                written.append(document.path)
        for name in step.gone:
            remove(directory, f"{folder.path}/{name}")
        step.done()
        if stop():
            return written
    left = folder.key, _stamp(place)
    if known != left:
        store.set_folder(folder.path, *left)
    return written


def _restore(folder: Folder, place: Path, directory: Path) -> bool:
    """Have pages written again that somebody took away, and take away what belongs to none; True if some are missing."""
    there, wanted = _there(place), folder.names()
    for name in there - wanted:
        remove(directory, f"{folder.path}/{name}")
    if missing := wanted - there:
        folder.again(missing)
    return bool(missing)


def _there(place: Path) -> set[str]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return {each.name for each in place.iterdir() if _OURS.fullmatch(each.name)}
    return set()


def _stamp(place: Path) -> int:
    """Changes when a file in the folder comes, goes or is replaced."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return place.stat().st_mtime_ns
    return _NO_FOLDER
