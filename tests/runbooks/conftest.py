"""One deployed staging stack for the runbooks of one speed, and a shell that is led to it."""

from __future__ import annotations

import json
import os
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from emulator.handle import EmulatorHandle
from inference.release import Order, build_release
from resilience.aws import Aws
from resilience.outputs import parse_outputs
from resilience.topology_reader import read_topology
from tests.infra.conftest import graph, prod, release_zip, staging
from tests.infra.graph import ROOT
from tests.runbooks.shell import EmulatedClock, Shell, tools
from tests.runbooks.world import SPEED, STACK, World

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

__all__ = ["graph", "prod", "release_zip", "staging"]


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The world, and what leads commands to it."""

    world: World
    outputs: Path
    folder: Path
    environment: dict[str, str]
    aws: Aws

    def shell(self, name: str) -> Shell:
        """A shell of its own for a runbook."""
        return Shell(self.folder / name, self.environment)


@pytest.fixture(scope="module")
def ground_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[float], Ground]]:
    """`ground_at(speed)`: the stack where time passes as fast, deployed when first asked for.

    One at a time: asked for another speed, the one before ends, and leaves the machine to it.
    """
    with ExitStack() as stack:
        known: dict[float, Ground] = {}

        def at(speed: float) -> Ground:
            if speed not in known:
                known.clear()
                stack.close()
                folder = tmp_path_factory.mktemp("runbooks")
                known[speed] = stack.enter_context(deployed_ground(folder, speed))
            return known[speed]

        yield at


@pytest.fixture(scope="module")
def ground(ground_at: Callable[[float], Ground]) -> Ground:
    """The stack that most runbooks are tried on."""
    return ground_at(SPEED)


@contextmanager
def deployed_ground(folder: Path, speed: float) -> Generator[Ground]:
    """Deploy the staging stack into an emulator of its own, and stop that at the end."""
    release = build_release(
        Order(out=folder / "release", module="tests.unit.inference.small_model")
    )
    with EmulatorHandle.start(folder / "emulator", speed=speed) as emulator:
        deployed = emulator.deploy(ROOT, STACK, config={"release": str(release.path)})
        outputs = folder / "outputs.json"
        outputs.write_text(json.dumps(deployed.outputs))
        aws = Aws(emulator.aws_environment())
        topology = read_topology(aws, parse_outputs(dict(deployed.outputs)))
        world = World(emulator, topology, release.path)
        yield Ground(
            world=world,
            outputs=outputs,
            folder=folder,
            environment=environment(emulator, folder),
            aws=aws,
        )


def environment(emulator: EmulatorHandle, folder: Path) -> dict[str, str]:
    """What commands are led to the emulator by, as `./run emulate` prints it."""
    now = datetime.fromisoformat(str(emulator.status()["emulated_now"])).timestamp()
    clock = EmulatedClock(then_s=now, real_s=time.time(), speed=emulator.speed)
    bin_folder = tools(folder / "bin", clock)
    host, port = emulator.dns_address
    return {
        **emulator.aws_environment(),
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "HOME": str(folder),
        "USER": "on-call",
        "LC_ALL": "C.UTF-8",
        "UNDERSTUDY_NAME_SERVER": f"{host}:{port}",
        "UNDERSTUDY_HTTPS_PORT": str(emulator.listener_port(443)),
        "UNDERSTUDY_CA_FILE": str(emulator.ca_file),
    }
