"""How long ago a drill last passed: one that never runs misses nothing.

Once an hour this looks at the names of the journals there are. A stack that was never drilled is
as old as the machine that would run its drills.

| metric | dimensions | meaning |
| --- | --- | --- |
| DrillAge | Region | seconds since the last drill that met its objectives |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.functions.metric_line import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from resilience.functions.drill_journals import Kept

PASSED: Final = "met"


def age_s(kept: Sequence[Kept], made: datetime, now: datetime) -> float:
    """Seconds since the last drill that passed; since `made` if none has."""
    passed = [each.at for each in kept if each.verdict == PASSED]
    return (now - max(passed, default=made)).total_seconds()


def tell(kept: Sequence[Kept], made: datetime, now: datetime) -> float:
    """Write the age as one line that is a metric; changes nothing."""
    found_s = age_s(kept, made, now)
    say("drill_age", {"DrillAge": found_s, "journals": len(kept)}, ["DrillAge"], [["Region"]])
    return found_s
