"""What breaks a rule of `policy` in a deployed stack, as findings of a rehearsal. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import policy
from resilience.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping


def findings_of(deployed: Mapping[str, object]) -> tuple[Finding, ...]:
    """Return what breaks a rule in `{"resources": [...], "outputs": {...}}`, as findings."""
    return tuple(
        Finding(
            resource="the stack" if each.resource is None else str(each.resource),
            cause=each.message,
            next_step=f"rule {each.rule.id}: {each.rule.holds}",
        )
        for each in policy.check(policy.Graph.from_json(deployed))
    )
