"""What is asked of Lambda: a target, read from a name or ARN, and one run of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from emulator.store.backends import ACCOUNT
from emulator.store.functions import LATEST

if TYPE_CHECKING:
    from emulator.store import FunctionVersion

InvocationType = Literal["RequestResponse", "Event", "DryRun"]


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One run of a function that has been resolved and admitted."""

    request_id: str
    trace_id: str
    invoked_arn: str
    version: FunctionVersion
    payload: bytes


@dataclass(frozen=True, kw_only=True)
class Target:
    """What an invocation names."""

    region: str
    name: str
    qualifier: str
    arn: str


def parse_target(name_or_arn: str, qualifier: str | None, region: str) -> Target:
    """Read `name`, `name:qualifier`, a partial or a full ARN; the ARN's own qualifier wins."""
    prefix, found, rest = name_or_arn.rpartition("function:")
    name, _, own_qualifier = rest.partition(":")
    if found and prefix.startswith("arn:"):
        region = prefix.split(":")[3]
    wanted = own_qualifier or qualifier or ""
    arn = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"
    return Target(
        region=region,
        name=name,
        qualifier=wanted or LATEST,
        arn=f"{arn}:{wanted}" if wanted else arn,
    )
