"""Where the topology is to come from, as asked on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from resilience.command_line import project_of

if TYPE_CHECKING:
    from resilience.progress import Progress
    from resilience.topology import Topology


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Options of `simulate` that say what to simulate."""

    stack: str
    project: Path
    config_file: Path | None
    release: Path | None
    snapshot: Path | None
    deployed: bool
    outputs: Path | None
    fresh: bool

    def checked(self) -> Asked:
        """Refuse what contradicts itself."""
        if self.snapshot is not None and self.deployed:
            raise typer.BadParameter(
                "got --snapshot and --deployed; expected one source of the topology",
                param_hint="--snapshot",
            )
        if self.outputs is not None and not self.deployed:
            raise typer.BadParameter(
                "it says where the outputs of a deployed stack are: give --deployed too, or "
                "leave it out",
                param_hint="--outputs",
            )
        return self

    def way(self) -> str:
        """Say it as options of the command."""
        if self.snapshot is not None:
            return f"--snapshot {self.snapshot}"
        if self.deployed:
            return "--deployed" + (f" --outputs {self.outputs}" if self.outputs else "")
        return f"--config-file {self.config_file}" if self.config_file else ""

    def topology(self, progress: Progress, save: Path | None) -> Topology:
        """Get the topology, and keep it in a file if asked to.

        Raises:
            SourceError: there is none.
            RefusedError, ReleaseError, StageGoneError: it could not be deployed.
        """
        from resilience.simulate import source

        found = self._found(progress)
        if found.stack != self.stack:
            raise source.SourceError(
                f"this is the topology of stack {found.stack}: expected {self.stack}; name it "
                f"with --stack {found.stack}"
            )
        if save is not None:
            source.save_snapshot(found, save)
        return found

    def _found(self, progress: Progress) -> Topology:
        from resilience.rehearsal.options import Options as Deploy
        from resilience.simulate import source

        if self.snapshot is not None:
            return source.from_snapshot(self.snapshot)
        if self.deployed:
            progress.step(f"read the deployed stack {self.stack}")
            return source.from_deployed(self.project, self.stack, self.outputs)
        deploy = Deploy(
            stack=self.stack,
            project_dir=project_of(self.project, self.stack, self.config_file),
            config_file=self.config_file,
            release=self.release,
            scenario=None,
            speed=1.0,
            seed=0,
            rate_per_s=1.0,
            out=Path(),
        )
        return source.from_emulated(deploy, progress, fresh=self.fresh)
