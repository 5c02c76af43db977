"""What a rehearsal in the emulator does not prove: for the deployed stacks, by name."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from emulator import catalogue
from emulator.engine.state import StackState

if TYPE_CHECKING:
    from pathlib import Path

ABSENT: Final = (
    "packets: security groups, routes and network ACLs do not filter; latency is this machine's",
    "Lambda: memory and CPU limits are not enforced; cold starts are this machine's",
    "signatures of API calls are not verified; access keys, roles and policies are",
    "service quotas and API throttling, except Lambda concurrency",
    "costs",
)
"""What the emulator does not do at all, whatever is deployed."""


def of_stacks(folder: Path) -> dict[str, list[str]]:
    """Resource types deployed, and the inputs given to them that are recorded and nothing more.

    Inputs that the emulator does not know are refused at deploy; so they are never part of this.
    `emulator.catalogue.coverage` has the table of all types and inputs.
    """
    emulated: set[str] = set()
    recorded: dict[tuple[str, str], str] = {}
    for file in sorted(folder.glob("*.json")):
        for resource in StackState.load(file).resources():
            if not resource.custom or resource.type.startswith("pulumi:"):
                continue
            emulated.add(resource.type)
            inputs = catalogue.entry(resource.type).inputs
            for name in resource.inputs:
                reason = inputs[name].recorded if name in inputs else ""
                if reason:
                    recorded[resource.type, name] = reason
    return {
        "emulated": sorted(emulated),
        "recorded": [
            f"{token} {name} ({reason})" for (token, name), reason in sorted(recorded.items())
        ],
        "absent": list(ABSENT),
    }


@cache
def regions() -> tuple[str, ...]:
    """Every AWS Region that has Lambda, by botocore's endpoint data."""
    import boto3

    return tuple(boto3.Session().get_available_regions("lambda"))
