"""The production stack in the emulator, which refuses what AWS would refuse."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from emulator.handle import Deployment, DeployRefusedError, EmulatorHandle
from tests.emulated_account import client
from tests.infra.conftest import write_release
from tests.infra.graph import ROOT, Graph

STACK = "prod"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorHandle]:
    """An emulator of this module's own: what is protected in it goes with it."""
    with EmulatorHandle.start(tmp_path_factory.mktemp("emulator")) as handle:
        yield handle


@pytest.fixture(scope="module")
def deployed(emulator: EmulatorHandle, release_zip: Path) -> Deployment:
    return deploy(emulator, release_zip)


def deploy(emulator: EmulatorHandle, release: Path) -> Deployment:
    return emulator.deploy(ROOT, STACK, config={"release": str(release)})


def served_code(emulator: EmulatorHandle, region: Mapping[str, Any]) -> str:
    """Return the digest of the code behind a Region's alias."""
    found = client(emulator, "lambda", region["region"]).get_function_configuration(
        FunctionName=region["functionName"], Qualifier=region["aliasName"]
    )
    digest: str = found["CodeSha256"]
    return digest


def test_everything_the_program_asks_for_is_made(deployed: Deployment, prod: Graph) -> None:
    assert deployed.summary["created"] == len(prod.resources)
    assert set(deployed.outputs) == set(prod.outputs)


def test_a_second_deploy_changes_nothing(
    emulator: EmulatorHandle, deployed: Deployment, release_zip: Path
) -> None:
    again = deploy(emulator, release_zip)
    assert again.summary["same"] == deployed.summary["created"], "a deploy must settle"


def test_a_new_release_reaches_every_region_in_place(
    emulator: EmulatorHandle, deployed: Deployment, tmp_path: Path, release_zip: Path
) -> None:
    before = {served_code(emulator, region) for region in deployed.outputs["regions"]}
    release = write_release(tmp_path / "release.zip", {"runtime": "arrays", "model": "next"})
    summary = deploy(emulator, release).summary
    after = {served_code(emulator, region) for region in deployed.outputs["regions"]}
    assert len(before) == len(after) == 1, "model parity: the Regions serve the same bytes"
    assert before != after, "the alias has moved to the new version"
    assert summary["updated"] == 14, (
        "three functions and their aliases in each Region, and those that drill from one of them"
    )
    assert summary["replaced"] == 2, "an object in each Region's release bucket"
    assert summary["created"] == 0, "and nothing else"
    deploy(emulator, release_zip)
    restored = {served_code(emulator, region) for region in deployed.outputs["regions"]}
    assert restored == before, "the way back is a deploy of the release before"


@pytest.mark.usefixtures("deployed")
def test_a_protected_stack_refuses_to_be_destroyed(
    emulator: EmulatorHandle, release_zip: Path
) -> None:
    with pytest.raises(DeployRefusedError, match="protected"):
        emulator.destroy(ROOT, STACK, config={"release": str(release_zip)})
