"""Whether config, store and output are well, said in plain words; and what can be mended, mended. Called by cli."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from feeds import pipeline, publish
from feeds.config import Config, load
from feeds.counted import counted
from feeds.errors import ClockError, FeedsError, StoreError
from feeds.health import Finding, source_findings
from feeds.store import Store, recovering, soundness
from feeds.topics import load_config

_PASSES = 5  # mending one thing may bring another to light
_MENDS = "`feeds check --repair` mends it"


def findings(path: Path, now: datetime) -> Iterator[Finding]:
    """Config first, then output, store and each source; stops where nothing further can be looked at.

    Raises ConfigError.
    """
    config = load(path)
    load_config(config)
    topics = ", ".join(config.topics) or "no topics"
    sources = counted(len(config.sources), "source", "sources")
    yield Finding(f"{path}: {len(config.enabled_sources)} of {sources} enabled; topics: {topics}")
    yield _output_finding(config)
    if now < pipeline.WRITTEN:  # by such a clock every article is dated in the future
        yield Finding(f"the machine's clock says {now:%Y-%m-%d}, long ago: set it; nothing else was looked at", True)
        return
    try:
        faults = soundness.faults(config.store_url, now)
        yield from (Finding(f"the store {_name(config)}: {fault.words}; {_MENDS}", True) for fault in faults)
        if any(fault.mend is None for fault in faults):
            return  # nothing more is written to a damaged file
        with Store(config.store_url, now) as store:
            yield from _store_findings(config, store, now)
    except StoreError as error:
        yield Finding(f"{error}; {_advice(error)}", is_trouble=True)


def _store_findings(config: Config, store: Store, now: datetime) -> Iterator[Finding]:
    store.set_fact("checked", now.isoformat())  # that it can be written is known once it was
    yield Finding(f"the store can be opened and written; made {store.created:%Y-%m-%d}")
    try:
        pipeline.mind_the_clock(store, now)
    except ClockError as error:
        yield Finding(str(error), is_trouble=True)
    yield from _file_findings(config, store)
    yield from source_findings(config, store, now)


def _file_findings(config: Config, store: Store) -> Iterator[Finding]:
    """What stands in the way of files that are to be published."""
    files = store.documents()
    for name in sorted({*files, *store.folders()}):
        path = config.output_dir / name
        is_blocked = path.is_dir() if name in files else path.is_file()
        blocking = path if is_blocked else next((each for each in path.parents if each.is_file()), None)
        if blocking:
            yield Finding(f"{blocking} stands in the way of {name}: move it elsewhere", is_trouble=True)


def _name(config: Config) -> str:
    return Path(config.store_url).name


def _advice(error: StoreError) -> str:
    """What to do about a store that can't be opened."""
    words = str(error)
    known = {
        "newer version": "install that version, or restore the backup from before it",
        "locked": "wait for the other process, or end it",
        "read-only": "let this user write there",
        "disk is full": "make room; nothing is lost",
        "disk I/O error": "look at the disk, and at the system's log; copy feeds.db elsewhere before all else",
        "no folder": "make that folder, or set [store] url right",
        "it is a folder": "move it elsewhere, or set [store] url right",
        "another program": "set [store] url to a file of its own",
        "beside it is not": "nothing else is wrong with it",
    }
    return next((advice for key, advice in known.items() if key in words), f"{_MENDS}, or restore a backup")


def _output_finding(config: Config) -> Finding:
    directory = config.output_dir
    if fault := publish.fault_of_place(directory):
        return Finding(f"{directory} can't be written: {fault}", is_trouble=True)
    existing = next(parent for parent in (directory, *directory.parents) if parent.exists())
    if not existing.is_dir():
        return Finding(f"{directory} can't be written: {existing} is no folder", is_trouble=True)
    if not os.access(existing, os.W_OK):
        return Finding(f"{directory} can't be written: {existing} is read-only here", is_trouble=True)
    try:
        with tempfile.NamedTemporaryFile(prefix=".feeds-", dir=existing) as probe:
            probe.write(bytes(10_000))
            probe.flush()
    except OSError as error:
        return Finding(f"{directory} can't be written: {error.strerror}", is_trouble=True)
    left = publish.left_over(directory)
    files = counted(left, "file", "files")
    return Finding(f"{directory} can be written" + (f"; the next publishing sweeps up {files}" if left else ""))


def repair(path: Path, now: datetime) -> Iterator[Finding]:
    """Mend what can be mended without loss; each thing done, and each that can't be. Raises ConfigError."""
    config = load(path)
    load_config(config)
    if now < pipeline.WRITTEN:
        return  # the check that follows says so
    try:
        mended = False
        for done in _mended_store(config, now):
            mended = True
            yield Finding(f"mended: {done}")
        with Store(config.store_url, now) as store:
            store.sync_sources(config.sources)
            yield from _mended_output(config, store, now)
            store.index()
        if not mended:
            yield Finding("there was nothing to mend in the store")
    except FeedsError as error:
        yield Finding(str(error), is_trouble=True)


def _mended_store(config: Config, now: datetime) -> Iterator[str]:
    url = config.store_url
    for _ in range(_PASSES):
        found = soundness.faults(url, now)
        for fault in found:
            if fault.mend is None or not _mend(url, fault):
                done = recovering.recover(url, now)
                yield f"{fault.words}; a new file was made of what could be read"
                yield from done
                break
            yield fault.words
        if not found:
            return


def _mend(url: str, fault: soundness.Fault) -> bool:
    try:
        soundness.mend(url, fault)
    except StoreError:
        return False
    return True


def _mended_output(config: Config, store: Store, now: datetime) -> Iterator[Finding]:
    """Make every file again, and write those that differ; sweep up what killed processes left."""
    left = publish.left_over(config.output_dir)
    with publish.alone(config.output_dir):
        publish.sweep(config.output_dir)
    if left:
        swept = counted(left, "file of a killed process was", "files of a killed process were")
        yield Finding(f"mended: {swept} swept up in {config.output_dir}")
    store.publish_again()
    written = pipeline.publish_all(config, store, now)
    if written:
        yield Finding(f"mended: {counted(len(written), 'file was', 'files were')} written again in {config.output_dir}")
