"""Each thing that can be wrong in a topology is found, by the resource and the cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from topologies import topology

from resilience.findings import find
from resilience.topology import Region, Topology

Change = Callable[[Region], Region]


def broken(change: Change, *, where: int = 1) -> Topology:
    """Change one Region of the sound topology; by default the standby."""
    sound = topology()
    regions = list(sound.regions)
    regions[where] = change(regions[where])
    return replace(sound, regions=tuple(regions))


def record_broken(**change: object) -> Topology:
    sound = topology()
    second = replace(sound.records[1], **change)  # type: ignore[arg-type]
    return replace(sound, records=(sound.records[0], second))


def test_a_sound_topology_has_no_finding() -> None:
    assert find(topology()) == ()


CASES: dict[str, tuple[Topology, str, str]] = {
    "evacuation check not inverted": (
        broken(lambda r: replace(r, evacuation_check=replace(r.evacuation_check, inverted=False))),
        "evacuation-us-west-2",
        "not inverted",
    ),
    "evacuation check watches its own Region": (
        broken(
            lambda r: replace(r, evacuation_check=replace(r.evacuation_check, host=r.regional_name))
        ),
        "evacuation-us-west-2",
        "dies with it",
    ),
    "evacuation check reads another flag": (
        broken(lambda r: replace(r, evacuation_check=replace(r.evacuation_check, path="/x"))),
        "evacuation-us-west-2",
        "looks at /x",
    ),
    "deep check inverted": (
        broken(lambda r: replace(r, deep_check=replace(r.deep_check, inverted=True))),
        "deep-us-west-2",
        "inverted",
    ),
    "deep check disabled": (
        broken(lambda r: replace(r, deep_check=replace(r.deep_check, disabled=True))),
        "deep-us-west-2",
        "disabled",
    ),
    "deep check shallow": (
        broken(lambda r: replace(r, deep_check=replace(r.deep_check, path="/health/live"))),
        "deep-us-west-2",
        "/health/live",
    ),
    "deep check of another Region": (
        broken(lambda r: replace(r, deep_check=replace(r.deep_check, host="predict.x"))),
        "deep-us-west-2",
        "not at its own Region",
    ),
    "deep check reads no answer": (
        broken(lambda r: replace(r, deep_check=replace(r.deep_check, kind="TCP"))),
        "deep-us-west-2",
        "does not read the answer",
    ),
    "check without timing": (
        broken(lambda r: replace(r, deep_check=replace(r.deep_check, interval_s=None))),
        "deep-us-west-2",
        "no interval",
    ),
    "calculated threshold too low": (
        broken(lambda r: replace(r, serving_check=replace(r.serving_check, child_threshold=1))),
        "serving-us-west-2",
        "does not move traffic",
    ),
    "calculated threshold too high": (
        broken(lambda r: replace(r, serving_check=replace(r.serving_check, child_threshold=3))),
        "serving-us-west-2",
        "never healthy",
    ),
    "calculated from other children": (
        broken(lambda r: replace(r, serving_check=replace(r.serving_check, children=("x",)))),
        "serving-us-west-2",
        "calculated from",
    ),
    "record without health check": (
        record_broken(health_check_id=None),
        "us-west-2",
        "no health check",
    ),
    "record led by another check": (
        record_broken(health_check_id="serving-us-east-1"),
        "us-west-2",
        "not by its Region's serving check",
    ),
    "record to another Region": (
        record_broken(targets=("lb.us-east-1.elb.example",)),
        "us-west-2",
        "not us-west-2's load balancer",
    ),
    "two primaries": (
        record_broken(failover_role="PRIMARY"),
        "records predict.staging.test.example",
        "have the roles PRIMARY, PRIMARY",
    ),
    "standby's target group leads to the primary": (
        broken(
            lambda r: replace(
                r, target_group=replace(r.target_group, targets=("arn:fn:us-east-1:live",))
            )
        ),
        "arn:tg:us-west-2",
        "not to its own Region's function",
    ),
    "empty target group": (
        broken(lambda r: replace(r, target_group=replace(r.target_group, targets=()))),
        "arn:tg:us-west-2",
        "leads to nothing",
    ),
    "target health check off": (
        broken(
            lambda r: replace(r, target_group=replace(r.target_group, health_check_enabled=False))
        ),
        "arn:tg:us-west-2",
        "health check off",
    ),
    "listener forwards elsewhere": (
        broken(
            lambda r: replace(r, listener=replace(r.listener, default_target_group_arn="arn:x"))
        ),
        "arn:listener:us-west-2",
        "forwards to arn:x",
    ),
    "no invoke permission": (
        broken(lambda r: replace(r, function=replace(r.function, invocable_by=()))),
        "arn:fn:us-west-2:live",
        "may not be invoked",
    ),
    "different code": (
        broken(lambda r: replace(r, function=replace(r.function, code_sha256="d" * 64))),
        "arn:fn:us-west-2:live",
        "different code",
    ),
    "release object missing": (
        broken(lambda r: replace(r, release_present=False)),
        "us-west-2-releases",
        "does not hold releases/",
    ),
    "predictions not replicated": (
        broken(
            lambda r: replace(r, prediction_bucket=replace(r.prediction_bucket, replicates_to=()))
        ),
        "us-west-2-predictions",
        "does not replicate to us-east-1-predictions",
    ),
    "releases not replicated": (
        broken(lambda r: replace(r, release_bucket=replace(r.release_bucket, replicates_to=()))),
        "us-west-2-releases",
        "does not replicate to us-east-1-releases",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_found_by_resource_and_cause(case: str) -> None:
    deployed, resource, cause = CASES[case]
    found = find(deployed)
    assert any(resource in each.resource and cause in each.cause for each in found), found
    assert len(found) == 1, f"one fault, one finding: {found}"
    assert found[0].next_step


def test_a_record_may_reach_its_region_by_name() -> None:
    sound = topology()
    regional = replace(
        sound.records[1],
        name=sound.regions[1].regional_name,
        set_identifier=None,
        failover_role=None,
        health_check_id=None,
    )
    by_name = replace(sound.records[1], targets=(sound.regions[1].regional_name,))
    assert find(replace(sound, records=(sound.records[0], by_name, regional))) == ()
