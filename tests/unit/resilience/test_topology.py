"""The topology: roles from records, one digest for one deployment, JSON there and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from topologies import NAMES, link, nearest, topology

from resilience.outputs import OutputsError, parse_outputs
from resilience.topology import TopologyError, digest, from_json, to_json


def test_roles_follow_the_records_not_the_order_of_regions() -> None:
    deployed = topology()
    assert (deployed.primary.region, deployed.standby.region) == ("us-east-1", "us-west-2")
    turned = replace(
        deployed,
        records=(
            replace(deployed.records[0], targets=(link("us-west-2"),)),
            deployed.records[1],
            replace(deployed.records[2], targets=deployed.records[1].targets),
            deployed.records[3],
            replace(deployed.records[4], targets=(link("us-east-1"),)),
        ),
    )
    assert (turned.primary.region, turned.standby.region) == ("us-west-2", "us-east-1")


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_chain_is_followed_to_its_end(count: int) -> None:
    deployed = topology(count)
    assert deployed.routing == "failover"
    assert [region.region for region in deployed.order] == list(NAMES[:count])
    assert [each.region for each in deployed.others("us-west-2")] == [
        name for name in NAMES[:count] if name != "us-west-2"
    ]


def test_a_chain_that_leads_back_to_itself_ends() -> None:
    deployed = topology()
    looped = tuple(
        replace(r, targets=(link("us-east-1"),)) if r.set_identifier == "us-west-2-onward" else r
        for r in deployed.records
    )
    assert len(replace(deployed, records=looped).order) == 2


def test_latency_records_give_no_region_precedence_over_the_settings_order() -> None:
    deployed = nearest(3)
    assert deployed.routing == "latency"
    assert [region.region for region in deployed.order] == list(NAMES[:3])


def test_the_watchers_of_a_region_are_those_whose_checks_it_has() -> None:
    deployed = topology(3)
    assert [each.region for each in deployed.watchers("us-west-2")] == ["eu-west-1", "us-east-1"]


def test_a_topology_comes_back_from_json_as_it_went() -> None:
    assert from_json(to_json(topology())) == topology()


def test_the_digest_changes_with_anything_deployed_and_with_nothing_else() -> None:
    deployed = topology()
    assert digest(deployed) == digest(from_json(to_json(deployed)))
    first = replace(deployed.records[0], ttl_s=11.0)
    assert digest(deployed) != digest(replace(deployed, records=(first, *deployed.records[1:])))


def test_the_timing_is_that_of_the_primarys_check_and_the_slowest_record() -> None:
    timing = topology().timing
    assert (timing.interval_s, timing.failure_threshold, timing.record_ttl_s) == (10, 3, 10)


def test_a_stack_without_a_role_is_named_as_such() -> None:
    deployed = topology()
    with pytest.raises(TopologyError, match="lead to us-east-1: expected a chain"):
        replace(deployed, records=deployed.records[:3]).require_two_roles()
    with pytest.raises(TopologyError, match="expected one of us-east-1, us-west-2"):
        deployed.region("eu-west-1")


def test_outputs_of_another_program_are_refused_by_name() -> None:
    with pytest.raises(OutputsError, match="zoneId: field required"):
        parse_outputs({"project": "p", "stack": "s"})
