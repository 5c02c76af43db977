"""Where the topology of a simulation comes from: a file, a deployed stack, or an emulated one."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from resilience.aws import Aws, AwsError
from resilience.journal import write_atomically
from resilience.outputs import OutputsError, parse_outputs
from resilience.simulate.lasting_names import with_lasting_names
from resilience.topology import Topology, TopologyError, from_json, to_json
from resilience.topology_reader import read_topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.progress import Progress
    from resilience.rehearsal.options import Options

CACHE: Final = Path("build") / "simulate"
"""Where emulated topologies are kept, within the project: ignored by git."""

_READ: Final = frozenset({".py", ".yaml", ".yml", ".json", ".toml", ".txt", ".j2", ".pem"})
_SKIPPED: Final = frozenset(
    {"build", "reports", "docs", "tests", "benchmarks", "__pycache__", "simulator", "simulate"}
)
_PULUMI_TIMEOUT_S: Final = 120


class SourceError(Exception):
    """There is no topology to simulate; says why, and what to do."""


def from_snapshot(path: Path) -> Topology:
    """Read a topology that `--save-snapshot` wrote.

    Raises:
        SourceError: no such file, or no topology in it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
    return _checked(text, str(path))


def save_snapshot(topology: Topology, path: Path) -> None:
    """Write a topology for `from_snapshot`.

    Raises:
        SourceError: it cannot be written there.
    """
    try:
        write_atomically(path, to_json(topology) + "\n")
    except OSError as error:
        raise SourceError(f"the snapshot cannot be written to {path}: {error}") from error


def from_deployed(project_dir: Path, stack: str, outputs: Path | None) -> Topology:
    """Read a deployed stack back through AWS APIs. Reads only.

    Args:
        project_dir: The project, where the Pulumi CLI is asked for the stack's outputs.
        stack: The stack's name.
        outputs: What `pulumi stack output --json` printed; None asks the CLI.

    Raises:
        SourceError: no outputs, or what they name cannot be read.
    """
    found = outputs_of(project_dir, stack, outputs)
    try:
        topology = read_topology(Aws(os.environ), parse_outputs(found))
        topology.require_two_roles()
    except (AwsError, OutputsError, TopologyError) as error:
        raise SourceError(
            f"the deployed stack {stack} cannot be read: {error}. Check the credentials and the "
            "Region's control plane; a saved topology (--snapshot) needs neither"
        ) from error
    if topology.stack != stack:
        raise SourceError(
            f"these are the outputs of stack {topology.stack}: expected those of {stack}"
        )
    return topology


def from_emulated(options: Options, progress: Progress, *, fresh: bool) -> Topology:
    """Deploy the stack into an emulated AWS and read it back; the second time, from the cache.

    Args:
        options: What is deployed.
        progress: Told what goes on.
        fresh: Deploy even if the same was deployed before.

    Raises:
        RefusedError, ReleaseError, StageGoneError: it could not be deployed.
    """
    kept = options.project_dir / CACHE / f"{options.stack}-{program_digest(options)}.json"
    if not fresh and kept.is_file():
        try:
            topology = from_snapshot(kept)
        except SourceError as error:
            progress.note(f"{error}; deploying again")
        else:
            progress.step(f"stack {options.stack} as it was deployed into the emulator before")
            return topology
    topology = with_lasting_names(_deployed_into_emulator(options, progress))
    save_snapshot(topology, kept)
    return topology


def program_digest(options: Options) -> str:
    """Give a digest of everything that decides what an emulated deploy makes."""
    digest = hashlib.sha256()
    for path in _program_files(options.project_dir):
        digest.update(f"{path.relative_to(options.project_dir).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for extra in (options.config_file, options.release):
        digest.update(b"-" if extra is None else hashlib.sha256(extra.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _program_files(project_dir: Path) -> Iterator[Path]:
    """List the project's files, in one order everywhere."""
    found: list[Path] = []
    for folder, folders, names in os.walk(project_dir):
        folders[:] = sorted(n for n in folders if n not in _SKIPPED and not n.startswith("."))
        found += [Path(folder) / name for name in names if Path(name).suffix in _READ]
    return iter(sorted(found, key=lambda path: path.relative_to(project_dir).as_posix()))


def _deployed_into_emulator(options: Options, progress: Progress) -> Topology:
    # Heavy imports: a run from a snapshot starts without them.
    from resilience.rehearsal.run import deploy, release_zip
    from resilience.stage import Stage

    with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
        work = Path(folder)
        progress.step("build the release and start the emulator")
        package = release_zip(options, work)
        with Stage.start(work / "emulator", speed=options.speed, seed=options.seed) as stage:
            return deploy(stage, options, package, progress)


def _checked(text: str, where: str) -> Topology:
    try:
        topology = from_json(text)
        topology.require_two_roles()
    except (ValueError, TopologyError) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(
            f"{where} holds no topology that this version reads ({reason}): expected a file "
            "that --save-snapshot wrote; save it again"
        ) from error
    return topology


def outputs_of(project_dir: Path, stack: str, outputs: Path | None) -> dict[str, Any]:
    """Give a stack's outputs: from a file, or else from the Pulumi CLI.

    Raises:
        SourceError: there are none; says how to give them.
    """
    return _asked_of_pulumi(project_dir, stack) if outputs is None else outputs_in(outputs)


def _asked_of_pulumi(project_dir: Path, stack: str) -> dict[str, Any]:
    command = ["pulumi", "stack", "output", "--json", "--stack", stack]
    way_out = (
        "give them in a file: pulumi stack output --json > outputs.json, --outputs outputs.json"
    )
    try:
        done = subprocess.run(
            command,
            cwd=project_dir,
            capture_output=True,
            text=True,
            timeout=_PULUMI_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(
            f"the Pulumi CLI could not be asked for the stack's outputs ({error}); {way_out}"
        ) from error
    if done.returncode != 0:
        tail = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise SourceError(f"{' '.join(command)} failed: {tail}; {way_out}")
    return _parsed(done.stdout, " ".join(command))


def outputs_in(path: Path) -> dict[str, Any]:
    """Read what `pulumi stack output --json` printed into a file.

    Raises:
        SourceError: it cannot be read, or holds something else.
    """
    try:
        return _parsed(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise SourceError(
            f"{where} is no JSON ({error}): expected what `pulumi stack output --json` prints"
        ) from error
    if not isinstance(found, dict):
        raise SourceError(
            f"{where} holds {type(found).__name__}: expected the object that "
            "`pulumi stack output --json` prints"
        )
    return found
