"""The history of drills: every journal in a folder or a bucket, oldest first, and its trends."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from resilience.journal import Journal, JournalError, read_journal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from resilience.aws import Aws

BUCKET: Final = "s3://"
NAME: Final = "journal.json"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One drill of the history."""

    where: str
    started_at: datetime
    experiment: str
    stack: str
    verdict: str
    recovery_time_s: float | None
    rto_s: float | None
    availability_ratio: float | None
    missed: tuple[str, ...]
    commit: str | None

    def to_json(self) -> dict[str, Any]:
        """Give it for a machine."""
        return {**self.__dict__, "started_at": self.started_at.isoformat()}


@dataclass(frozen=True, kw_only=True)
class Trend:
    """How one experiment on one stack has gone: recovery times in seconds, where measured."""

    experiment: str
    stack: str
    drills: int
    missed: int
    broken: int
    first_s: float | None
    median_s: float | None
    worst_s: float | None
    last_s: float | None


@dataclass(frozen=True, kw_only=True)
class History:
    """Drills, oldest first, and the files that are no journals of this version, with reasons."""

    entries: tuple[Entry, ...]
    unread: tuple[str, ...]

    def trends(self) -> tuple[Trend, ...]:
        """Sum up each experiment of each stack."""
        keys = dict.fromkeys((each.experiment, each.stack) for each in self.entries)
        return tuple(
            _trend([e for e in self.entries if (e.experiment, e.stack) == key]) for key in keys
        )

    def to_json(self) -> dict[str, Any]:
        """Give it for a machine."""
        return {
            "drills": [each.to_json() for each in self.entries],
            "trends": [each.__dict__ for each in self.trends()],
            "unread": list(self.unread),
        }


def in_folder(folder: Path) -> History:
    """Read every journal below a folder."""
    return _history((str(path), path) for path in sorted(folder.rglob(NAME)))


def in_bucket(aws: Aws, address: str, *, region: str) -> History:
    """Read every journal below `s3://bucket/prefix`. Reads only. Raises `AwsError`."""
    bucket, _, prefix = address.removeprefix(BUCKET).partition("/")
    with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
        found: list[tuple[str, Path]] = []
        pages = aws.pages("s3", "list_objects_v2", region=region, Bucket=bucket, Prefix=prefix)
        keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
        for number, key in enumerate(key for key in keys if key.endswith(NAME)):
            path = Path(folder) / f"{number}.json"
            reply = aws.call("s3", "get_object", region=region, Bucket=bucket, Key=key)
            path.write_bytes(reply["Body"].read())
            found.append((f"{BUCKET}{bucket}/{key}", path))
        return _history(iter(found))


def _history(found: Iterator[tuple[str, Path]]) -> History:
    entries: list[Entry] = []
    unread: list[str] = []
    for where, path in found:
        try:
            journal = read_journal(path)
        except (JournalError, ValueError) as error:
            unread.append(f"{where}: {str(error).splitlines()[0]}")
            continue
        if journal.run.kind == "drill" and journal.run.started_at is not None:
            entries.append(_entry(where, journal, journal.run.started_at))
    return History(entries=tuple(sorted(entries, key=lambda e: e.started_at)), unread=tuple(unread))


def _entry(where: str, journal: Journal, started_at: datetime) -> Entry:
    measured, objectives = journal.measurements, journal.objectives
    judged = {each.objective for each in journal.verdicts}
    recovery_s = None
    if measured is not None and "rto_s" in judged:
        recovery_s = measured.recovery.recovery_time_s
    return Entry(
        where=where,
        started_at=started_at,
        experiment=journal.run.scenario,
        stack=journal.run.stack,
        verdict=journal.verdict,
        recovery_time_s=recovery_s,
        rto_s=None if objectives is None else objectives.rto_s,
        availability_ratio=None if measured is None else measured.availability_ratio,
        missed=tuple(journal.missed()),
        commit=journal.run.commit,
    )


def _trend(entries: Sequence[Entry]) -> Trend:
    times = [each.recovery_time_s for each in entries if each.recovery_time_s is not None]
    return Trend(
        experiment=entries[0].experiment,
        stack=entries[0].stack,
        drills=len(entries),
        missed=sum(each.verdict == "missed" for each in entries),
        broken=sum(each.verdict == "broken" for each in entries),
        first_s=times[0] if times else None,
        median_s=statistics.median(times) if times else None,
        worst_s=max(times, default=None),
        last_s=times[-1] if times else None,
    )
