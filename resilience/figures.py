"""Figures as words: one wording for the terminal and for the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resilience.journal import Journal
    from resilience.measurement import DataLoss
    from resilience.objectives import Verdict

PART_NAMES = {
    "detect": "detect",
    "decide": "decide",
    "shift": "shift",
    "first_good_reply": "first good reply",
    "steady": "steady",
}
PART_ENDS = {
    "detect": "until the health check turned unhealthy",
    "decide": "until DNS answered with another Region",
    "shift": "until a first client went there",
    "first_good_reply": "until it got a right answer",
    "steady": "until replies were good for a whole window",
}


BOUNDED = {"primary-lost", "first-two-lost", "nearest-lost", "region-loss"}
"""Scenarios and experiments whose recovery is that of health checks and DNS alone."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure, its objective, and whether it was met (None where nothing is promised)."""

    name: str
    measured: str
    objective: str = ""
    met: bool | None = None
    detail: str = ""
    part: bool = False


def rows(journal: Journal) -> list[Row]:
    """Give the figures of a run in the order they are read."""
    measured = journal.measurements
    if measured is None:
        return []
    verdicts = {verdict.objective: verdict for verdict in journal.verdicts}
    parts = [
        Row(
            name=PART_NAMES[part.name],
            measured=seconds(part.duration_s) if part.observed else "not seen",
            detail=PART_ENDS[part.name],
            part=True,
        )
        for part in measured.recovery.parts
    ]
    good = measured.probes - measured.bad_probes
    recovery = (
        "never recovered"
        if measured.recovery.recovery_time_s is None
        else seconds(measured.recovery.recovery_time_s)
    )
    loss = "not known" if measured.data_loss is None else seconds(measured.data_loss.window_s)
    ratio = measured.availability_ratio
    availability = "not known" if ratio is None else f"{100 * ratio:.2f} %"
    detail = f"{good} of {measured.probes} replies good"
    figures = (
        ("rto_s", "recovery time", recovery, _bounds(journal)),
        ("rpo_s", "data loss window", loss, _loss(journal.run.kind, measured.data_loss)),
        ("availability", "availability", availability, detail),
    )
    # A drill is held against what it is about; a rehearsal against all of them.
    return [
        row
        for objective, name, figure, told in figures
        if objective in verdicts
        for row in (
            _objective(name, figure, verdicts[objective], detail=told),
            *(parts if objective == "rto_s" else ()),
        )
    ]


def headline(journal: Journal) -> str:
    """Say in one line what came of the run."""
    if journal.verdict == "broken":
        return f"the run broke: {journal.broken}; nothing counts as a pass or a miss"
    if journal.verdict == "met":
        return "objectives met"
    return "missed: " + ", ".join(journal.missed())


def seconds(value: float) -> str:
    """Write seconds with one decimal."""
    return f"{value:.1f} s"


def _objective(name: str, measured: str, verdict: Verdict, *, detail: str) -> Row:
    bound = (
        f"at least {100 * verdict.bound:g} %"
        if verdict.objective == "availability"
        else f"at most {verdict.bound:g} s ({verdict.objective.removesuffix('_s').upper()})"
    )
    return Row(name=name, measured=measured, objective=bound, met=verdict.met, detail=detail)


def _bounds(journal: Journal) -> str:
    if journal.bounds is None or journal.run.scenario not in BOUNDED:
        return ""
    return (
        f"health checks and DNS allow {journal.bounds.floor_s:.1f} s at best, "
        f"{journal.bounds.ceiling_s:.1f} s at worst"
    )


def _loss(kind: str, loss: DataLoss | None) -> str:
    if loss is None:
        return "the surviving Region could not be read"
    # A drill takes no bucket away: what is copied after its onset does not count.
    when = "onset" if kind == "drill" else "takeover"
    return f"{loss.missing} of {loss.acknowledged} acknowledged writes missing at the {when}"
