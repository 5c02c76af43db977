from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.inference.served import Client, Served, serve, unpack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A release of the small model; nobody may change its files."""
    return serve(tmp_path_factory.mktemp("small"))


@pytest.fixture
def own(small: Served, tmp_path: Path) -> Served:
    """A copy of it, to be damaged."""
    return unpack(small.built, tmp_path / "own")


@pytest.fixture
def client(small: Served) -> Client:
    return small.open(AWS_REGION="us-east-1")
