"""Each thing that can be wrong in a topology is found, by the resource and the cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from topologies import link, nearest, topology

from resilience.findings import find
from resilience.topology import Record, Region, Topology

Change = Callable[[Region], Region]


def broken(change: Change, *, where: int = 1) -> Topology:
    """Change one Region of the sound topology; by default the standby."""
    sound = topology()
    regions = list(sound.regions)
    regions[where] = change(regions[where])
    return replace(sound, regions=tuple(regions))


def record_broken(
    which: str = "us-west-2", *, sound: Topology | None = None, **change: object
) -> Topology:
    """Change the record with one set identifier; by default the standby's."""
    deployed = sound or topology()
    return replace(
        deployed,
        records=tuple(
            replace(each, **change) if each.set_identifier == which else each  # type: ignore[arg-type]
            for each in deployed.records
        ),
    )


def evacuation_broken(**change: object) -> Topology:
    """Change the check by which us-east-1 can take us-west-2 out."""
    return broken(
        lambda r: replace(
            r,
            watches=tuple(
                replace(watch, check=replace(watch.check, **change))  # type: ignore[arg-type]
                for watch in r.watches
            ),
        )
    )


def one_watcher() -> Topology:
    """Take the second watcher, its check and its part in the serving check from one Region."""
    sound = topology(3)
    second = sound.regions[1]
    serving = replace(
        second.serving_check,
        children=second.serving_check.children[:2],
        child_threshold=2,
    )
    changed = replace(second, watches=second.watches[:1], serving_check=serving)
    return replace(sound, regions=(sound.regions[0], changed, sound.regions[2]))


@pytest.mark.parametrize("sound", [topology(2), topology(3), topology(5), nearest(2), nearest(5)])
def test_a_sound_topology_has_no_finding(sound: Topology) -> None:
    assert find(sound) == ()


CASES: dict[str, tuple[Topology, str, str]] = {
    "evacuation check not inverted": (
        evacuation_broken(inverted=False),
        "evacuation-us-west-2",
        "not inverted",
    ),
    "evacuation check watches its own Region": (
        evacuation_broken(host=topology().regions[1].regional_name),
        "evacuation-us-west-2",
        "dies with it",
    ),
    "evacuation check looks elsewhere": (
        evacuation_broken(host="predict.x"),
        "evacuation-us-west-2",
        "not at its watcher us-east-1",
    ),
    "evacuation check reads another flag": (
        evacuation_broken(path="/x"),
        "evacuation-us-west-2",
        "looks at /x",
    ),
    "a Region of three with one watcher": (
        one_watcher(),
        "Region us-west-2",
        "is watched by eu-west-1",
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
    "an onward record that follows the wrong check": (
        record_broken("us-west-2-onward", health_check_id="later-us-east-1", sound=topology(3)),
        "us-west-2-onward",
        "whether any of the Regions behind it is ready",
    ),
    "an onward record without health check": (
        record_broken("us-east-1-onward", health_check_id=None, sound=topology(3)),
        "us-east-1-onward",
        "follows no joint check",
    ),
    "a latency record for clients elsewhere": (
        record_broken(latency_region="us-east-1", sound=nearest(3)),
        "us-west-2",
        "answers clients near us-east-1",
    ),
    "a latency record without health check": (
        record_broken(health_check_id=None, sound=nearest(3)),
        "us-west-2",
        "no health check",
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


def test_a_chain_that_ends_early_leaves_regions_out_by_name() -> None:
    sound = topology(3)
    short = record_broken(
        "us-west-2-onward", sound=sound, targets=(sound.regions[1].load_balancer.host,)
    )
    causes = [finding.cause for finding in find(short)]
    assert any("never lead to eu-west-1" in cause for cause in causes), causes


def test_two_primaries_are_found() -> None:
    found = find(record_broken("us-west-2-onward", failover_role="PRIMARY"))
    assert any("have the roles PRIMARY, PRIMARY" in each.cause for each in found), found


def test_a_record_may_reach_its_region_by_name() -> None:
    sound = topology()
    second = sound.regions[1]
    regional = led_to(second.regional_name, second.load_balancer.host)
    by_name = record_broken(targets=(second.regional_name,))
    assert find(replace(by_name, records=(*by_name.records, regional))) == ()
    assert link("us-west-2") in {record.name for record in sound.way}


def led_to(name: str, target: str) -> Record:
    return Record(name=name, kind="A", targets=(target,), alias=True, ttl_s=60)
