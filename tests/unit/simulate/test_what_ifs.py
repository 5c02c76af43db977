"""One setting changed: the topology says so, nothing else does, and the price is what is listed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from topologies import nearest, topology

from resilience.simulate.prices import PRICES
from resilience.simulate.what_ifs import (
    endpoint_checks,
    variants,
    with_hold,
    with_interval,
    with_threshold,
    with_ttl,
)

if TYPE_CHECKING:
    from resilience.topology import Topology


@pytest.mark.parametrize("stack", [topology(), topology(3), nearest(3)])
def test_each_variant_changes_one_setting_alone(stack: Topology) -> None:
    def facts(found: Topology) -> dict[str, object]:
        timing, way = found.timing, found.way
        return {
            "healthCheckIntervalSeconds": timing.interval_s,
            "failureThreshold": timing.failure_threshold,
            "recordType, recordTtlSeconds": [(each.ttl_s, each.alias) for each in way],
            "failbackHoldSeconds": found.primary.failback_hold_s,
            "provisionedConcurrency": [r.function.provisioned_concurrency for r in found.regions],
            "client_keep_alive": [r.load_balancer.client_keep_alive_s for r in found.regions],
        }

    as_it_is = facts(stack)
    found = variants(stack)
    assert {each.setting for each in found} >= {
        "healthCheckIntervalSeconds",
        "failureThreshold",
        "recordType, recordTtlSeconds",
        "failbackHoldSeconds",
        "provisionedConcurrency",
    }
    *bought, resolvers = found
    assert (resolvers.topology, resolvers.month_usd) == (stack, None)
    for variant in bought:
        changed = {key for key, value in facts(variant.topology).items() if value != as_it_is[key]}
        assert changed == {variant.setting}, f"{variant.setting} {variant.now} -> {variant.then}"


def test_every_endpoint_check_and_no_calculated_one_is_changed() -> None:
    changed = with_threshold(with_interval(topology(3), 30), 9)
    for region in changed.regions:
        for check in (region.deep_check, *(watch.check for watch in region.watches)):
            assert (check.interval_s, check.failure_threshold) == (30, 9)
        assert region.serving_check.interval_s is None
    assert endpoint_checks(changed) == 9


def test_only_records_that_lead_clients_change_their_ttl() -> None:
    stack = topology()
    aside = replace(stack.records[0], name="_validation.example", targets=("elsewhere.example",))
    changed = with_ttl(replace(stack, records=(*stack.records, aside)), 60, alias=True)
    assert changed.records[-1] == aside
    assert {(record.ttl_s, record.alias) for record in changed.way} == {(60, True)}


def test_the_hold_is_every_regions() -> None:
    assert {each.failback_hold_s for each in with_hold(topology(3), 7).regions} == {7}


def test_a_faster_check_costs_a_dollar_each_and_a_slower_one_saves_it() -> None:
    by_setting = {each.setting: each for each in variants(topology())}
    assert by_setting["healthCheckIntervalSeconds"].month_usd == -4.0
    slow = {each.setting: each for each in variants(with_interval(topology(), 30))}
    assert slow["healthCheckIntervalSeconds"].month_usd == 4.0


def test_an_alias_saves_the_queries_that_a_cname_costs() -> None:
    by_setting = {each.setting: each for each in variants(topology())}
    to_alias = by_setting["recordType, recordTtlSeconds"]
    # 1,000 resolvers x 2 names x 2,628,000 s / 10 s = 525.6 million, at 0.40 US$ a million
    assert to_alias.month_usd == pytest.approx(-210.24)


def test_every_price_is_dated_and_says_where_it_is_from() -> None:
    for price in PRICES:
        assert price.source.startswith(("https://aws.amazon.com/", "https://docs.aws.amazon.com/"))
        assert price.read_on > "2026-01-01"
        assert price.usd >= 0
