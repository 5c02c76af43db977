"""The journal of a run: everything its figures were computed from, and what came of them.

One schema for every rung. `version` changes when a reader of the old one would misread the new.
Probes are the bulk of it and are kept as columns, with each distinct text written once.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from resilience.measurement import Evidence, Marks, Measurements, Steady
from resilience.objectives import (  # noqa: TC001 - pydantic reads the annotations at run time
    Bounds,
    Objectives,
    Verdict,
)
from resilience.records import Connection, Event, Outcome, Probe, Write
from resilience.restore.record import (
    Restore,  # noqa: TC001 - pydantic reads the annotations at run time
)
from resilience.simulate.record import (
    Simulation,  # noqa: TC001 - pydantic reads the annotations at run time
)

VERSION: Literal[1] = 1
Overall = Literal["met", "missed", "broken"]


class JournalError(Exception):
    """A file that is no journal of this version."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProbeTable(_Model):
    """Probes as columns. `texts` holds each distinct text once; -1 stands for none."""

    texts: list[str]
    scheduled_s: list[float]
    latency_s: list[float]
    client: list[int]
    kept: list[bool]
    outcome: list[int]
    address: list[int]
    region: list[int]
    release: list[int]
    status: list[int]

    @classmethod
    def pack(cls, probes: tuple[Probe, ...]) -> Self:
        """Write probes down as columns."""
        numbers: dict[str, int] = {}

        def number(text: str | None) -> int:
            return -1 if text is None else numbers.setdefault(text, len(numbers))

        columns = {
            "scheduled_s": [p.scheduled_s for p in probes],
            "latency_s": [p.latency_s for p in probes],
            "client": [p.client for p in probes],
            "kept": [p.connection is Connection.KEPT for p in probes],
            "outcome": [number(p.outcome.value) for p in probes],
            "address": [number(p.address) for p in probes],
            "region": [number(p.region) for p in probes],
            "release": [number(p.release) for p in probes],
            "status": [-1 if p.status is None else p.status for p in probes],
        }
        return cls.model_validate({"texts": list(numbers), **columns})

    def unpack(self) -> tuple[Probe, ...]:
        """Read the columns back into probes."""
        texts: list[str | None] = [*self.texts, None]
        return tuple(
            Probe(
                scheduled_s=self.scheduled_s[row],
                latency_s=self.latency_s[row],
                client=self.client[row],
                connection=Connection.KEPT if self.kept[row] else Connection.FRESH,
                outcome=Outcome(texts[self.outcome[row]]),
                address=texts[self.address[row]],
                region=texts[self.region[row]],
                release=texts[self.release[row]],
                status=None if self.status[row] < 0 else self.status[row],
            )
            for row in range(len(self.scheduled_s))
        )


class Phase(_Model):
    """A stretch of the run, in scenario seconds."""

    name: str
    from_s: float
    until_s: float


class Expectation(_Model):
    """Something the scenario promised to see, and whether it did."""

    name: str
    held: bool
    detail: str


class Raw(_Model):
    """The evidence as it is stored."""

    probes: ProbeTable
    writes: list[Write]
    steady: Steady
    marks: Marks
    from_s: float
    until_s: float
    lost_region: str
    lost_at_s: float
    held_at_takeover: list[int] | None
    held_at_end: list[int] | None

    @classmethod
    def pack(cls, evidence: Evidence) -> Self:
        """Store evidence."""

        def ordered(held: frozenset[int] | None) -> list[int] | None:
            return None if held is None else sorted(held)

        return cls(
            probes=ProbeTable.pack(evidence.probes),
            writes=list(evidence.writes),
            steady=evidence.steady,
            marks=evidence.marks,
            from_s=evidence.from_s,
            until_s=evidence.until_s,
            lost_region=evidence.lost_region,
            lost_at_s=evidence.lost_at_s,
            held_at_takeover=ordered(evidence.held_at_takeover),
            held_at_end=ordered(evidence.held_at_end),
        )

    def unpack(self) -> Evidence:
        """Give the evidence back, exactly."""

        def held(numbers: list[int] | None) -> frozenset[int] | None:
            return None if numbers is None else frozenset(numbers)

        return Evidence(
            probes=self.probes.unpack(),
            writes=tuple(self.writes),
            steady=self.steady,
            marks=self.marks,
            from_s=self.from_s,
            until_s=self.until_s,
            lost_region=self.lost_region,
            lost_at_s=self.lost_at_s,
            held_at_takeover=held(self.held_at_takeover),
            held_at_end=held(self.held_at_end),
        )


class Run(_Model):
    """What was run, on what, and how.

    A simulation (`kind` "simulation") has no wall clock: its `speed` is 0, its `duration_s` is that
    of one scenario, and `started_at` is None, so that the same seed gives the same journal.
    """

    kind: str
    scenario: str
    stack: str
    seed: int
    speed: float
    rate_per_s: float
    clients: int
    commit: str | None
    started_at: datetime | None
    duration_s: float
    environment: dict[str, str]


class Journal(_Model):
    """One run. A broken one has `verdict` "broken", a `broken` reason, and judges nothing.

    `chaos` is a drill's journal as Chaos Toolkit writes one; `raw_digest` is set when it is
    written.
    """

    version: Literal[1] = VERSION
    run: Run
    verdict: Overall
    broken: str | None = None
    topology_digest: str | None = None
    topology: dict[str, Any] | None = None
    objectives: Objectives | None = None
    bounds: Bounds | None = None
    phases: list[Phase] = []
    timeline: list[Event] = []
    findings: list[str] = []
    notes: list[str] = []
    not_proven: list[str] = []
    expectations: list[Expectation] = []
    measurements: Measurements | None = None
    verdicts: list[Verdict] = []
    raw: Raw | None = None
    simulation: Simulation | None = None
    restore: Restore | None = None
    chaos: dict[str, Any] | None = None
    raw_digest: str | None = None

    def missed(self) -> list[str]:
        """Name every objective and expectation that did not hold."""
        if self.verdict == "broken":
            return []
        return [
            *(v.objective for v in self.verdicts if not v.met),
            *(e.name for e in self.expectations if not e.held),
        ]

    def summary(self) -> dict[str, Any]:
        """Give everything but the bulk: what `--json` prints."""
        return self.model_dump(mode="json", exclude={"raw", "topology", "timeline", "chaos"})


def digest_of(raw: Raw) -> str:
    """Give the SHA-256 of a journal's evidence in canonical JSON, lower-case hex."""
    content = raw.model_dump(mode="json")
    for name in ("takeover_addresses", "moved_clients"):  # sets: in no order
        content["marks"][name] = sorted(content["marks"][name])
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def write_journal(journal: Journal, path: Path) -> None:
    """Write a journal, with the digest of its evidence; a reader never sees half of one."""
    if journal.raw is not None:
        journal = journal.model_copy(update={"raw_digest": digest_of(journal.raw)})
    write_atomically(path, journal.model_dump_json(indent=None))


def read_journal(path: Path) -> Journal:
    """Read a journal.

    Raises:
        JournalError: no such file, or not a journal of this version.
    """
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise JournalError(f"{path} cannot be read as a journal: {error}") from error
    version = content.get("version") if isinstance(content, dict) else None
    if version != VERSION:
        raise JournalError(
            f"{path} has journal version {version!r}: expected {VERSION}; read it with the commit "
            "it names"
        )
    return Journal.model_validate(content)


def write_atomically(path: Path, text: str) -> None:
    """Write a file by renaming a finished one into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    Path(file.name).chmod(0o644)
    os.replace(file.name, path)  # noqa: PTH105 - the one call that promises to replace atomically


def default_out(kind: str) -> Path:
    """Name the folder of a run that starts now."""
    return Path("reports") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{kind}"


def commit_of(project_dir: Path) -> str | None:
    """Name the commit that is checked out, with `+` when files differ from it; None outside git."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(project_dir), *arguments],
                capture_output=True,
                text=True,
                timeout=10,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    if commit is None:
        return None
    return f"{commit}+" if git("status", "--porcelain", "--untracked-files=no") else commit
