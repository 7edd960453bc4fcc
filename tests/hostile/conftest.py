"""The machine's cases begin with a site that is well: made once a module, copied for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.machine import Machine, Rounds, copied, prepare
from tests.web import Web


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, web: Web) -> Machine:
    return prepare(tmp_path_factory.mktemp("well"), Rounds(web))


@pytest.fixture
def rounds(web: Web) -> Rounds:
    fresh = Rounds(web)
    fresh.serve(0)
    return fresh


@pytest.fixture
def machine(template: Machine, tmp_path: Path) -> Machine:
    return copied(template, tmp_path)
