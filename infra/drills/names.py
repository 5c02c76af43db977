"""What the parts of scheduled drills are called, and where they stand."""

from collections.abc import Sequence
from typing import Final

from infra.naming import RegionNames

WHAT: Final = "drill"
"""What ends the names of function, machine and schedule."""

DRILL_AGE: Final = "DrillAge"
"""Seconds since the last drill that passed (`resilience/functions/drill_age.py`)."""

TAG: Final = "understudy:drills"
ALLOWED: Final = "allowed"


def drilled_from(regions: Sequence[str]) -> str:
    """Return the Region that drills run in: the first to take over, so never the first hurt."""
    return regions[1]


def drilled_first(regions: Sequence[str]) -> str:
    """Return the Region that drills hurt: the one that serves while all are well."""
    return regions[0]


def parameter_name(names: RegionNames) -> str:
    """Return where drills read when they may run, on a laptop as in AWS."""
    return f"/{names.stack.project}/{names.stack.stack}/drills"


def machine_arn(names: RegionNames) -> str:
    """The ARN of the machine, for what must be there before it."""
    return f"arn:aws:states:{names.region}:{names.stack.account_id}:stateMachine:{names.name(WHAT)}"


def topic_arn(names: RegionNames) -> str:
    """The ARN of the Region's topic."""
    return f"arn:aws:sns:{names.region}:{names.stack.account_id}:{names.name('pager')}"


def may_be_hurt(*, injections: bool) -> dict[str, str]:
    """Return the tag of what experiments may break; nothing where they may not."""
    return {TAG: ALLOWED} if injections else {}
