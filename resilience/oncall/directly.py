"""The evacuation flag, written by hand: for the day that no observer is alive to carry a word out.

It is one object in the bucket of a Region that watches the target. Nothing stands between this
write and the clients: who calls it has seen that somebody else serves, or means not to ask.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from resilience.aws import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from resilience.deployed_stack import DeployedStack
    from resilience.oncall.merge import Merged

BYPASSED: Final = (
    "what this goes round:",
    "  - the observers' own judgement, and that both their signals agree",
    "  - that the step is written down before it is taken, and taken again if it is lost",
    "  - an operator's hold: automation's word is not asked",
    "an observer that comes back finds the flag, adopts it, and keeps it until a failback",
)


def alive(merged: Merged, watchers: tuple[str, ...], silent_s: float) -> tuple[str, ...]:
    """Name the watchers whose observers have looked lately."""
    return tuple(
        name for name in watchers if (age_s := merged.age_s(name)) is not None and age_s <= silent_s
    )


def set_flag(stack: DeployedStack, target: str, *, by: str, reason: str, at: datetime) -> str:
    """Write the flag in the first watcher's bucket that takes it, and name that Region.

    Changes AWS state: one object; idempotent.

    Raises:
        AwsError: no watcher's bucket took it.
    """
    flag = {"region": target, "reason": reason, "by": by, "at": at.isoformat()}
    errors: list[AwsError] = []
    for watcher in stack.topology.watchers(target):
        try:
            stack.aws.call(
                "s3",
                "put_object",
                region=watcher.region,
                Bucket=watcher.evacuation_bucket,
                Key=f"evacuation/{target}",
                Body=json.dumps(flag).encode(),
                ContentType="application/json",
            )
        except AwsError as error:
            errors.append(error)
            continue
        return watcher.region
    raise errors[0]
