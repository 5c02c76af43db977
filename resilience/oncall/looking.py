"""One look at a deployed stack: everything is asked at once, and the screen waits for nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from resilience.oncall.concerns import Limits
from resilience.oncall.merge import epoch_of, merge, watchers_of, word_sights
from resilience.oncall.room import carries, demand_of
from resilience.oncall.senses import SERVICES, WHO_SERVES, questions, sense
from resilience.oncall.sight import RegionSight, RestoreTest, Sight, Unseen
from resilience.side_by_side import ask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from resilience.deployed_stack import DeployedStack
    from resilience.oncall.merge import Merged
    from resilience.oncall.outside import Outside
    from resilience.oncall.room import Demand
    from resilience.side_by_side import Answer
    from resilience.topology import Topology

LOOK_WITHIN_S: Final = 5.0
"""A sense that has not answered by then has not answered."""

_DEFAULT_SILENT_S: Final = 120.0
_LOOKS_MISSED: Final = 3.0


def look(stack: DeployedStack, outside: Outside, release_at: Path) -> Sight:
    """Look once. Reads only.

    Args:
        stack: What to look at.
        outside: Where clients stand.
        release_at: Where the release is kept that answers are held against.
    """
    at = datetime.now(UTC)
    topology = stack.topology
    for region in topology.regions:
        for service in SERVICES:
            stack.aws.ready(service, region.region)
    answers = ask(questions(stack, outside, release_at), within_s=LOOK_WITHIN_S)
    merged = merge(_values(topology, answers, "table"))
    rooms = _values(topology, answers, "capacity")
    demand = demand_of(rooms, stated=None) if rooms else None
    tests: list[RestoreTest] = _values(topology, answers, "restore tests")
    return Sight(
        stack=topology.stack,
        account=stack.account,
        at=at,
        topology_seen_at=stack.seen_at,
        topology_source=stack.source,
        missing=stack.missing,
        serving=answers[WHO_SERVES].value,
        regions=tuple(
            _region(each.region, topology, answers, merged, demand) for each in topology.regions
        ),
        table_lags=merged.lags,
        copying=tuple(way for ways in _values(topology, answers, "copies") for way in ways),
        demand=demand,
        epoch=epoch_of(topology, merged),
        words=word_sights(merged),
        last_drill=merged.last_drill,
        last_restore_test=max(tests, key=lambda each: each.ended_at, default=None),
        garbled=merged.garbled,
        unseen=tuple(
            Unseen(what=name, why=answer.why)
            for name, answer in answers.items()
            if answer.why is not None
        ),
        asked=len(answers),
    )


def limits_of(topology: Topology) -> Limits:
    """Say what is too long in this stack: three looks missed, and the RPO."""
    observers = [region.observer for region in topology.regions if region.observer is not None]
    silent_s = max(
        (max(_LOOKS_MISSED * each.look_s, each.stale_after_s) for each in observers),
        default=_DEFAULT_SILENT_S,
    )
    return Limits(
        observer_silent_s=silent_s,
        behind_s=max(region.objectives.rpo_s for region in topology.regions),
    )


def _values(topology: Topology, answers: Mapping[str, Answer], what: str) -> list[Any]:
    """Give what the Regions answered to one sense, those that did."""
    found = [answers[sense(what, region.region)].value for region in topology.regions]
    return [value for value in found if value is not None]


def _region(
    name: str,
    topology: Topology,
    answers: Mapping[str, Answer],
    merged: Merged,
    demand: Demand | None,
) -> RegionSight:
    def seen(what: str) -> Any:
        return answers[sense(what, name)].value

    serving = answers[WHO_SERVES].value
    room = seen("capacity")
    flagged_by = [
        each.region
        for each in topology.regions
        if name in (answers[sense("flags", each.region)].value or ())
    ]
    return RegionSight(
        region=name,
        serves=None if serving is None else serving == name,
        probe=seen("own probe"),
        verdict=seen("Route 53's verdict"),
        flagged_by=tuple(flagged_by),
        watchers=watchers_of(merged, name),
        observer_age_s=merged.age_s(name),
        code_sha256=seen("code"),
        room=room,
        carries=None if room is None or demand is None else carries(room, demand),
        firing=seen("alarms"),
    )
