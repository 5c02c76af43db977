"""A mended moto of this folder's own, kept over the tests of a module."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.contract.engine.cloud import NoHooks
from tests.contract.engine.conftest import engine_endpoint, shared_aws
from tests.contract.regions.changes import Stack
from tests.infra.conftest import release_zip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from emulator.engine.aws import Aws

__all__ = ["Stacks", "engine_endpoint", "release_zip", "shared_aws"]

Stacks = Callable[[], Stack]


@pytest.fixture(scope="module")
def stacks(
    shared_aws: Aws, tmp_path_factory: pytest.TempPathFactory, release_zip: Path
) -> Iterator[Stacks]:
    """Makes stacks, each in an empty account: the one before it is forgotten."""
    from moto.moto_api._internal.models import moto_api_backend

    from emulator import patches

    def make() -> Stack:
        moto_api_backend.reset()
        return Stack(shared_aws, tmp_path_factory.mktemp("stack"), release_zip)

    put_back = patches.apply_all(NoHooks())
    shared_aws.read_only = False
    yield make
    put_back()
