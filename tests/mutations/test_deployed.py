"""Mistakes that only a deploy into the emulator shows, or a look at what was deployed.

Each is deployed over the sound program, or over the mistake before it: what changes is the mistake
alone, as it would be in an account.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from emulator.handle import DeployRefusedError, EmulatorHandle
from tests.mutations.program import apply
from tests.mutations.table import MUTATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.mutations.mutation import Mutation

REFUSED = [each for each in MUTATIONS if each.stage == "emulator"]


@pytest.fixture(scope="module")
def emulator(
    tmp_path_factory: pytest.TempPathFactory, compiled: Path, release_zip: Path
) -> Iterator[EmulatorHandle]:
    """An emulator with the sound program in it."""
    with EmulatorHandle.start(tmp_path_factory.mktemp("emulator"), speed=20.0) as handle:
        handle.deploy(compiled, "staging", config={"release": str(release_zip)})
        yield handle


@pytest.mark.long
@pytest.mark.parametrize("mutation", REFUSED, ids=lambda each: each.mistake)
def test_the_emulator_refuses_the_mistake(
    emulator: EmulatorHandle, mutation: Mutation, compiled: Path, tmp_path: Path, release_zip: Path
) -> None:
    root = tmp_path / "program"
    shutil.copytree(compiled, root)
    apply(mutation, root)
    with pytest.raises(DeployRefusedError) as refused:
        emulator.deploy(root, mutation.stack, config={"release": str(release_zip)})
    said = "\n".join(each.message for each in refused.value.problems)
    assert mutation.says in said, said
