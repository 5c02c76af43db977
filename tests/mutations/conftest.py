"""The program, compiled once, to copy and break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.infra.conftest import release_zip
from tests.mutations.program import copy_program

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["release_zip"]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_program(tmp_path_factory.mktemp("program") / "sound")
