"""Documents → output/: atomic, and only if the bytes changed. Called by pipeline."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from feeds.errors import PublishError
from feeds.model import Document

_PREFIX = ".feeds-"  # of temporary files; what a killed process left is swept up by the next


def write(documents: Iterable[Document], directory: Path, formerly: set[str]) -> tuple[list[str], set[str]]:
    """Write what changed, take away what is no longer made; the paths written, and all that now stand.

    *formerly* are the paths of the last time: of other files in *directory* none is touched. Raises PublishError.
    """
    try:
        with _alone(directory):
            standing: set[str] = set()
            written = []
            for document in documents:
                standing.add(document.path)
                if _write_if_changed(directory / document.path, document):
                    written.append(document.path)
            for path in sorted(formerly - standing):
                _remove(directory, path)
            return written, standing
    except OSError as error:
        raise PublishError(f"{error.filename or directory} can't be written: {error.strerror}") from error


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One writer at a time; what a killed one left half done is swept up."""
    directory.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for left in directory.rglob(f"{_PREFIX}*"):
            left.unlink()
        yield
    finally:
        os.close(descriptor)


def _write_if_changed(path: Path, document: Document) -> bool:
    with suppress(FileNotFoundError, NotADirectoryError):
        if path.read_bytes() == document.body:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=_PREFIX, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(document.body)
            file.flush()
            os.fchmod(file.fileno(), 0o644)  # mkstemp's 0600 would keep the web server out
            if document.media_type != "text/html":
                os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True


def _remove(directory: Path, path: str) -> None:
    """Take a file away, and the folders that it leaves empty."""
    (directory / path).unlink(missing_ok=True)
    with suppress(OSError):
        for parent in (directory / path).parents:
            if parent == directory:
                return
            parent.rmdir()
