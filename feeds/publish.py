"""Documents → output/: only what was made from something new, atomic, and only if the bytes changed. Called by pipeline."""

from __future__ import annotations

import errno
import fcntl
import filecmp
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

from feeds.errors import PublishError
from feeds.model import Batch, Document, Standing, Stream

Progress = Callable[[int, int], None]  # so much is done, of so much
Note = Callable[[str], None]  # this file is about to be replaced

SUBSCRIBED = ("/atom.xml", "/rss.xml", "/feed.json")  # the files that readers subscribe to, of all that are published
_PREFIX = ".feeds-"  # of temporary files; what a killed process left is swept up by the next
_IN_MEMORY = 500_000  # bytes
_AT_WORK = f"{_PREFIX}at-work"  # there while files are written: found at the start, it tells that a process was killed


def write(
    batches: Sequence[Batch],
    directory: Path,
    formerly: Mapping[str, Standing],
    stop: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
    note: Note = lambda _: None,
) -> tuple[list[str], dict[str, Standing]]:
    """Write what changed, take away what is no longer made; the paths written, and all that now stand.

    *note* is told of each file before it is replaced, so that no change is forgotten where this fails midway.

    *formerly* are the files of the last time: of others in *directory* none is touched. A batch is made again only if
    its key differs, or a file of it is no longer as we left it. Once *stop* says so no more is made, and the rest
    stands as it was. To be called while `alone`. Raises PublishError.
    """
    standing: dict[str, Standing] = {}
    written: list[str] = []
    with in_words(directory):
        for done, batch in enumerate(batches, 1):
            if stop():
                return written, {**formerly, **standing}
            if _stands(batch, directory, formerly):
                standing |= {path: formerly[path] for path in batch.paths}
            else:
                for document in batch.make():
                    if write_if_changed(directory / document.path, document, note):
                        written.append(document.path)
                    standing[document.path] = _left(directory / document.path, batch.key)
            if progress:
                progress(done, len(batches))
        for path in sorted(formerly.keys() - standing.keys()):
            remove(directory, path)
    return written, standing


@contextmanager
def in_words(directory: Path) -> Iterator[None]:
    """What the system says of a file in *directory*, as a PublishError."""
    try:
        yield
    except OSError as error:
        raise PublishError(f"{error.filename or directory} can't be written: {error.strerror}") from error


def _stands(batch: Batch, directory: Path, formerly: Mapping[str, Standing]) -> bool:
    """True where all files of *batch* are there, as they were left, made from the same."""
    if batch.key is None:
        return False
    with suppress(OSError):
        return all(path in formerly and formerly[path] == _left(directory / path, batch.key) for path in batch.paths)
    return False


def _left(path: Path, key: str | None) -> Standing:
    facts = path.stat()
    return Standing(key, facts.st_size, facts.st_mtime_ns)


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """One writer of *directory* at a time; what a killed one left half done is swept up. Raises PublishError."""
    if fault := fault_of_place(directory):
        raise PublishError(f"{directory} can't be written: {fault}")
    with in_words(directory):
        _make_folder(directory)
        descriptor = os.open(directory, os.O_RDONLY)
    try:
        with in_words(directory):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            at_work = directory / _AT_WORK
            if at_work.exists():
                sweep(directory)
            at_work.touch()
        try:
            yield
        finally:
            at_work.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def spool(directory: Path) -> IO[bytes]:
    """A file for what can't be put in its place yet, in memory until it is long."""
    return cast(IO[bytes], tempfile.SpooledTemporaryFile(_IN_MEMORY, prefix=_PREFIX, dir=str(directory)))


def sweep(directory: Path) -> None:
    """Take away what a killed process left half written. To be called while `alone`."""
    for left in directory.rglob(f"{_PREFIX}*"):
        if left.name != _AT_WORK:
            left.unlink()


def left_over(directory: Path) -> int:
    """How many files a killed process left half written; 0 while another is at work there."""
    if not directory.is_dir():
        return 0
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return sum(1 for _ in directory.rglob(f"{_PREFIX}*"))
    except OSError:
        return 0
    finally:
        os.close(descriptor)


def fault_of_place(directory: Path) -> str | None:
    """Why *directory* can be no folder to publish to; None where nothing speaks against it."""
    if directory.is_symlink() and not directory.exists():
        return f"it is a link to {directory.readlink()}, which is not there"
    return "it is no folder" if directory.exists() and not directory.is_dir() else None


def _make_folder(folder: Path) -> None:
    """Make *folder*, and those above it, so that a web server may enter them and nobody else write, whatever the umask."""
    if folder.is_dir():
        return
    if folder.exists():
        raise NotADirectoryError(errno.ENOTDIR, "it is no folder", str(folder))
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)


def write_if_changed(path: Path, document: Document | Stream, note: Note = lambda _: None) -> bool:
    """Put *document* at *path* whole, or not at all; True if there was anything else, which *note* is told before."""
    if isinstance(document, Document):
        with suppress(FileNotFoundError, NotADirectoryError):
            if path.read_bytes() == document.body:
                return False
    parts = (document.body,) if isinstance(document, Document) else document.parts
    _make_folder(path.parent)
    descriptor, name = tempfile.mkstemp(prefix=_PREFIX, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(parts)
            file.flush()
            if isinstance(document, Stream) and path.is_file() and filecmp.cmp(name, path, shallow=False):
                temporary.unlink()
                return False
            os.fchmod(file.fileno(), 0o644)  # mkstemp's 0600 would keep the web server out
            if document.media_type != "text/html":
                os.fsync(file.fileno())
        note(document.path)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return True


def remove(directory: Path, path: str) -> None:
    """Take a file away, and the folders that it leaves empty."""
    (directory / path).unlink(missing_ok=True)
    with suppress(OSError):
        for parent in (directory / path).parents:
            if parent == directory:
                return
            parent.rmdir()
