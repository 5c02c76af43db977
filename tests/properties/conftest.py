"""A release, and real authorities, for settings that name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.certificates import Authority
from tests.infra.conftest import release_zip, write_release
from tests.properties.settings_space import BUNDLE

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["release_zip"]


@pytest.fixture(scope="session")
def container_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that only a container image can run."""
    return write_release(
        tmp_path_factory.mktemp("container") / "release.zip", {"runtime": "joblib"}
    )


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a certificate authority in it."""
    folder = tmp_path_factory.mktemp("authorities")
    return Authority(folder).ca_file.rename(folder / BUNDLE)
