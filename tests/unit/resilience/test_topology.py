"""The topology: roles from records, one digest for one deployment, JSON there and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from topologies import topology

from resilience.outputs import OutputsError, parse_outputs
from resilience.topology import TopologyError, digest, from_json, to_json


def test_roles_follow_the_records_not_the_order_of_regions() -> None:
    deployed = topology()
    assert (deployed.primary.region, deployed.standby.region) == ("us-east-1", "us-west-2")
    swapped = replace(
        deployed,
        records=tuple(
            replace(r, failover_role="SECONDARY" if r.failover_role == "PRIMARY" else "PRIMARY")
            for r in deployed.records
        ),
    )
    assert (swapped.primary.region, swapped.standby.region) == ("us-west-2", "us-east-1")


def test_a_topology_comes_back_from_json_as_it_went() -> None:
    assert from_json(to_json(topology())) == topology()


def test_the_digest_changes_with_anything_deployed_and_with_nothing_else() -> None:
    deployed = topology()
    assert digest(deployed) == digest(from_json(to_json(deployed)))
    first = replace(deployed.records[0], ttl_s=11.0)
    assert digest(deployed) != digest(replace(deployed, records=(first, deployed.records[1])))


def test_the_timing_is_that_of_the_primarys_check_and_the_slowest_record() -> None:
    timing = topology().timing
    assert (timing.interval_s, timing.failure_threshold, timing.record_ttl_s) == (10, 3, 10)


def test_a_stack_without_a_role_is_named_as_such() -> None:
    deployed = topology()
    with pytest.raises(TopologyError, match="SECONDARY"):
        replace(deployed, records=deployed.records[:1]).require_two_roles()
    with pytest.raises(TopologyError, match="expected one of us-east-1, us-west-2"):
        deployed.region("eu-west-1")


def test_outputs_of_another_program_are_refused_by_name() -> None:
    with pytest.raises(OutputsError, match="zoneId: field required"):
        parse_outputs({"project": "p", "stack": "s"})
