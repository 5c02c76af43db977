"""A release to deploy, and the graph of each stack."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from tests.infra.graph import Recorded, run_program, stack_config


def write_release(path: Path, manifest: dict[str, object] | bytes) -> Path:
    """Write a zip that looks like a release, with this manifest in it."""
    content = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("handler.py", "def handle(event, context): ...\n")
        package.writestr("manifest.json", content)
        package.writestr("golden.json", '{"golden": []}')
    return path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="session")
def release_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(tmp_path_factory.mktemp("release") / "release.zip", {"runtime": "arrays"})


@pytest.fixture(scope="session")
def staging(release_zip: Path) -> Recorded:
    return run_program("staging", stack_config("staging"), release_zip)


@pytest.fixture(scope="session")
def prod(release_zip: Path) -> Recorded:
    return run_program("prod", stack_config("prod"), release_zip)


@pytest.fixture(scope="session", params=["staging", "prod"])
def graph(request: pytest.FixtureRequest) -> Recorded:
    """Every stack there is, one after the other."""
    found: Recorded = request.getfixturevalue(request.param)
    return found
