"""What an experiment changes, and how each change is taken back. Pure data, kept as JSON.

A change is planned before it is made: `undo` puts back what was found, so that it is harmless
before the change, after it, and any number of times.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resilience.experiments.core.world import World

CALL: Final = "call"


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something to do. `kind` is `call` (one call to AWS) or the name of an act of its own.

    `tolerates` are the error codes that say it is done already; `facts` what a `call` passes.
    """

    kind: str = CALL
    region: str
    service: str = ""
    operation: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tolerates: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change: what it is in words, how to make it, how to take it back."""

    what: str
    do: Act
    undo: Act


Performer = "Callable[[World, Act], None]"
_PERFORMERS: dict[str, Callable[[World, Act], None]] = {}


def performs(kind: str) -> Callable[[Callable[[World, Act], None]], Callable[[World, Act], None]]:
    """Register how an act of its own is done. It must be idempotent."""

    def register(do: Callable[[World, Act], None]) -> Callable[[World, Act], None]:
        _PERFORMERS[kind] = do
        return do

    return register


def perform(world: World, act: Act) -> None:
    """Do it. Changes AWS state; idempotent. Raises `CallError`."""
    from resilience.experiments.core.world import CallError

    if act.kind != CALL:
        _PERFORMERS[act.kind](world, act)
        return
    try:
        world.call(act.service, act.operation, region=act.region, **act.facts)
    except CallError as error:
        if error.code not in act.tolerates:
            raise


def call(
    service: str, operation: str, *, region: str, tolerates: tuple[str, ...] = (), **facts: Any
) -> Act:
    """Make the act of one call."""
    return Act(
        region=region, service=service, operation=operation, facts=facts, tolerates=tolerates
    )


def nothing(region: str) -> Act:
    """Make the act of doing nothing."""
    return Act(kind="nothing", region=region)


@performs("nothing")
def _nothing(_world: World, _act: Act) -> None:
    """Nothing to do."""
