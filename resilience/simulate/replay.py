"""One scenario's outcome, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import inf
from typing import TYPE_CHECKING

from resilience.figures import PART_NAMES
from resilience.measurement import PARTS
from resilience.simulator import to_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.simulator import Outcome, Scenario


def as_text(scenario: Scenario, outcome: Outcome) -> str:
    """Write an outcome for a person."""
    return "\n".join(_lines(scenario, outcome))


def as_json_text(scenario: Scenario, outcome: Outcome) -> str:
    """Write an outcome as one JSON object; a recovery that never came is null, with `never`."""
    facts = asdict(outcome)
    never = outcome.recovery_s == inf
    facts["recovery_s"] = None if never else outcome.recovery_s
    return json.dumps({"scenario": to_text(scenario), "never": never, **facts})


def _lines(scenario: Scenario, outcome: Outcome) -> Iterator[str]:
    yield to_text(scenario)
    yield f"recovery time     {_recovery(outcome.recovery_s)}"
    if outcome.parts is not None:
        parts = ((PART_NAMES[name], getattr(outcome.parts, name)) for name in PARTS)
        yield "  " + ", ".join(f"{name} {part_s:.1f} s" for name, part_s in parts)
    yield f"data loss window  {outcome.data_loss_window_s:.1f} s"
    yield f"availability      {100 * outcome.availability_ratio:.2f} %"
    yield f"outages           {outcome.outages}"
    yield f"events            {outcome.events}"
    if not outcome.violations:
        yield "no rule broken"
    for violation in outcome.violations:
        yield f"rule broken at {violation.at_s:.1f} s: {violation.rule}: {violation.detail}"


def _recovery(recovery_s: float | None) -> str:
    if recovery_s is None:
        return "no outage"
    return "never recovered" if recovery_s == inf else f"{recovery_s:.1f} s"
