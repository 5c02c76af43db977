"""The whole rehearsals that tests look at: each a process, one after the other, each run once."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import yaml
from commands import ROOT, SPEED, Ended, run

from tests.mutations.program import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROJECT: Final = ("Pulumi.yaml", "Pulumi.staging.yaml", *PARTS)
SHORT_HOLD_S: Final = 10

# Each look of a canary starts two functions, at speed on two cores: not what is looked at here.
QUIET: Final[dict[str, object]] = {"canaryIntervalMinutes": 60}


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One edit of the program, which must fit exactly once."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Job:
    """A rehearsal of a copy of the program: settings changed, and perhaps one edit."""

    settings: dict[str, object] = field(default_factory=dict[str, object])
    edit: Edit | None = None
    speed: float = SPEED


JOBS: Final[dict[str, Job]] = {
    "staging": Job(),
    "slow checks": Job(
        settings={
            "failureThreshold": 10,
            "healthCheckIntervalSeconds": 30,
            "failbackHoldSeconds": SHORT_HOLD_S,
        },
        speed=20,  # at three times the interval, checkers look no more often than at speed 7
    ),
    "the evacuation check is not inverted": Job(
        settings={"failbackHoldSeconds": SHORT_HOLD_S},
        edit=Edit(file="infra/health.py", old="inverted=True)", new="inverted=False)"),
    ),
    "the standby's target group points at the primary's function": Job(
        edit=Edit(
            file="infra/region.py",
            old="alias_arn=self.function.alias_arn,",
            new="alias_arn=self.function.alias_arn.apply("
            'lambda arn: arn.replace("us-west-2", "us-east-1")),',
        ),
    ),
    "the standby's invoke permission is missing": Job(
        edit=Edit(
            file="infra/lambda_target.py",
            old="permission = aws.lambda_.Permission(",
            new='permission = group if region == "us-west-2" else aws.lambda_.Permission(',
        ),
    ),
    "the standby's release object is missing": Job(
        edit=Edit(
            file="infra/region.py",
            old="key=stored.key)",
            new='key=stored.key if args.names.region == "us-east-1" else "releases/missing.zip")',
        ),
    ),
}


class Rehearsals:
    """Runs jobs, each once and each with the machine to itself, and hands out how they ended."""

    def __init__(self, release: Path, folder: Path) -> None:
        self._release = release
        self._folder = folder
        self._ended: dict[str, Ended] = {}

    def out(self, name: str) -> Path:
        """Where a job writes its journal and report."""
        return self._folder / name / "out"

    def ended(self, name: str) -> Ended:
        """Run a job, if it did not run yet."""
        if name not in self._ended:
            self._ended[name] = self._run(name, JOBS[name])
        return self._ended[name]

    def _run(self, name: str, job: Job) -> Ended:
        project = copy_project(self._folder / name / "project", job)
        return run(
            "rehearse",
            "--project",
            str(project),
            "--release",
            str(self._release),
            "--speed",
            str(job.speed),
            "--out",
            str(self.out(name)),
            "--json",
        )


def copy_project(project: Path, job: Job) -> Path:
    """Copy the program as a job wants it."""
    for part in PROJECT:
        source, target = ROOT / part, project / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    if job.edit is not None:
        path = project / job.edit.file
        text = path.read_text()
        assert text.count(job.edit.old) == 1, f"the edit must fit exactly once: {job.edit}"
        path.write_text(text.replace(job.edit.old, job.edit.new))
    stack_file(project / "Pulumi.staging.yaml", job.settings)
    return project


def stack_file(path: Path, settings: Mapping[str, object]) -> Path:
    """Write the staging settings with some of them changed."""
    content = yaml.safe_load((ROOT / "Pulumi.staging.yaml").read_text())
    content["config"] |= {
        f"understudy:{key}": value for key, value in (QUIET | dict(settings)).items()
    }
    path.write_text(yaml.safe_dump(content))
    return path
