"""One release for all, whole rehearsals, and one deployed emulator to share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from typing import TYPE_CHECKING

from commands import ROOT, SPEED
from drilled import Drilled
from jobs import SHORT_HOLD_S, Rehearsals, stack_file

from resilience.aws import Aws
from resilience.clock import Clock
from resilience.golden import read_release
from resilience.outputs import parse_outputs
from resilience.progress import Progress
from resilience.rehearsal.options import Options, ScenarioName, default_rate_per_s
from resilience.rehearsal.run import Rehearsal, deploy
from resilience.stage import Stage
from resilience.topology_reader import read_topology

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from resilience.journal import Journal
    from resilience.topology import Topology


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a rehearsal, and has a rehearsal's time."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("rehearsal")


@pytest.fixture(scope="session")
def release_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release")
    subprocess.run(
        [sys.executable, "-m", "inference", "release", "--out", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return out / "release.zip"


@pytest.fixture(scope="session")
def rehearsals(release_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Rehearsals:
    return Rehearsals(release_zip, tmp_path_factory.mktemp("rehearsals"))


class Shared:
    """One emulator for the tests of this process; a stack is deployed into it, and then updated."""

    def __init__(self, stage: Stage, release: Path, folder: Path) -> None:
        self.stage = stage
        self._release = release
        self._folder = folder
        self._progress = Progress()
        self._settings: dict[str, object] = {}
        self._topology: Topology | None = None
        self._drilled: Drilled | None = None

    def drilled(self, **settings: object) -> Drilled:
        """Deploy the staging stack with these settings, tagged for drills, to be drilled."""
        settings = {"failbackHoldSeconds": SHORT_HOLD_S, **settings}
        if self._drilled is None or settings != self._settings:
            outputs = self.stage.deploy(
                ROOT,
                "staging",
                config_file=stack_file(self._folder / "Pulumi.shared.yaml", settings),
                config={"release": str(self._release)},
                progress=lambda _: None,
            )
            topology = read_topology(Aws(self.stage.aws_environment), parse_outputs(outputs))
            self._topology, self._settings = topology, settings
            self._drilled = Drilled(self.stage, topology, outputs, self._folder / "drills")
        return self._drilled

    def play(self, scenario: ScenarioName, **settings: object) -> Journal:
        """Play a scenario on the staging stack with these settings."""
        options, topology = self._deployed(scenario, settings)
        rehearsal = Rehearsal(options, self._progress, Clock(SPEED))
        return rehearsal.play(self.stage, topology, read_release(self._release))

    def topology(self) -> Topology:
        """Give the staging stack, deployed with nothing changed; whatever is played first."""
        return self._deployed(None, {})[1]

    def _deployed(
        self, scenario: ScenarioName | None, changed: Mapping[str, object]
    ) -> tuple[Options, Topology]:
        settings = {"failbackHoldSeconds": SHORT_HOLD_S, **changed}
        options = Options(
            stack="staging",
            project_dir=ROOT,
            config_file=stack_file(self._folder / "Pulumi.shared.yaml", settings),
            release=self._release,
            scenario=scenario,
            speed=SPEED,
            seed=3,
            rate_per_s=default_rate_per_s(SPEED),
            out=Path(),
        )
        if self._topology is None or settings != self._settings:
            self._topology = deploy(self.stage, options, self._release, self._progress)
            self._settings, self._drilled = settings, None
        return options, self._topology


@pytest.fixture(scope="session")
def shared(release_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Shared]:
    folder = tmp_path_factory.mktemp("shared")
    with Stage.start(folder / "emulator", speed=SPEED, seed=3) as stage:
        yield Shared(stage, release_zip, folder)
