"""Names that last in place of an emulated account's random identifiers.

Each emulated deploy makes new ones. They mean nothing after it, but a topology with others has
another digest, and draws other phases: the same program would not give the same bytes twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resilience.topology import Topology, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.topology import HealthCheck, Region


def with_lasting_names(topology: Topology) -> Topology:
    """Name by what it is for whatever was named at random; nothing else changes."""
    text = to_json(topology)
    for found, lasting in _names(topology):
        text = text.replace(found, lasting)
    return _sorted(from_json(text))


def _names(topology: Topology) -> Iterator[tuple[str, str]]:
    """Give each random name with its lasting one."""
    yield topology.zone_id, "ZONE"
    for region in topology.regions:
        yield region.deep_check.id, f"deep-{region.region}"
        yield region.serving_check.id, f"serving-{region.region}"
        for watch in region.watches:
            yield watch.check.id, f"evacuation-{region.region}-by-{watch.watcher}"
        # A listener's name ends with its load balancer's, and one of its own.
        yield _last(region.listener.arn), "listener"
        yield _last(region.load_balancer.arn), "balancer"
        yield _last(region.target_group.arn), "predictions"
    for check in topology.joint_checks:
        followers = sorted(
            record.set_identifier or record.name
            for record in topology.records
            if record.health_check_id == check.id
        )
        yield check.id, f"joint-{'-'.join(followers)}"


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]


def _sorted(topology: Topology) -> Topology:
    """Put in order again what the reader had ordered by the names that are gone."""
    return replace(
        topology,
        regions=tuple(map(_with_sorted_children, topology.regions)),
        joint_checks=tuple(
            sorted(map(_children_sorted, topology.joint_checks), key=lambda check: check.id)
        ),
    )


def _with_sorted_children(region: Region) -> Region:
    return replace(region, serving_check=_children_sorted(region.serving_check))


def _children_sorted(check: HealthCheck) -> HealthCheck:
    return replace(check, children=tuple(sorted(check.children)))
