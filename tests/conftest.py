"""A server of pages that several files' tests ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web import Web


@pytest.fixture(scope="module")
def running() -> Iterator[Web]:
    with Web() as started:
        yield started


@pytest.fixture
def web(running: Web) -> Web:
    running.pages.clear()
    running.requests.clear()
    return running
