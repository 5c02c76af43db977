"""A restore's journal: its figures, and its objective held against them."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from resilience.journal import Expectation, Journal, Run, commit_of
from resilience.objectives import Verdict

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from resilience.restore.engine import Asked
    from resilience.restore.order import Order
    from resilience.restore.record import Restore

OBJECTIVE: Final = "restore_s"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a journal says of its run: the stack, the objective in seconds, the project."""

    stack: str
    within_s: float
    project_dir: Path


def journal_of(found: Restore, run: Facts) -> Journal:
    """Judge a restore: right, and in time."""
    verdict = Verdict(
        objective=OBJECTIVE,
        bound=run.within_s,
        measured=found.took_s if found.verified else None,
        met=found.verified and found.took_s <= run.within_s,
    )
    return Journal(
        run=_run(
            f"{found.purpose} of {found.what} from {found.origin}",
            run,
            started_at=found.began,
            duration_s=sum(part.duration_s for part in found.parts),
        ),
        verdict="met" if verdict.met else "missed",
        expectations=[
            Expectation(
                name="what came back is what was there", held=found.verified, detail=found.found
            )
        ],
        verdicts=[verdict],
        restore=found,
    )


def broken(order: Order, asked: Asked, why: str, run: Facts) -> Journal:
    """Write down a restore that broke: who wanted it, why, and what was in the way."""
    return Journal(
        run=_run(
            f"{order.purpose} of {order.what} from {order.origin}",
            run,
            started_at=None,
            duration_s=0.0,
        ),
        verdict="broken",
        broken=why,
        notes=[f"asked for by {asked.by}: {asked.reason}", f"{order}, within {run.within_s:g} s"],
    )


def _run(scenario: str, run: Facts, *, started_at: datetime | None, duration_s: float) -> Run:
    return Run(
        kind="restore",
        scenario=scenario,
        stack=run.stack,
        seed=0,
        speed=1.0,
        rate_per_s=0.0,
        clients=0,
        commit=commit_of(run.project_dir),
        started_at=started_at,
        duration_s=duration_s,
        environment={"python": platform.python_version()},
    )
