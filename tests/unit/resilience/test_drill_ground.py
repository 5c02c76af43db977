"""What the stack's parameter must tell of a ground to drill on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from resilience.experiments.core.ground import GroundError
from resilience.functions.drill_ground import plan_of

PLACE = {"zones": ["a", "b"], "deep_check_id": "c", "watchers": ["us-west-2"]}
STACK: dict[str, Any] = {
    **dict.fromkeys(("account", "project", "stack", "table", "function", "alias"), "x"),
    **dict.fromkeys(("rto_s", "rpo_s", "hold_s", "look_s", "agreement_s"), 60),
    "predict_name": "predict.zone.example",
    "routing": "failover",
    "observer": "x-observer",
    "availability_ratio": 0.9,
    "interval_s": 10,
    "failure_threshold": 3,
    "ttl_s": 60,
    "bucket": "x-{region}-{kind}",
    "name": "predict.{region}.zone.example",
    "places": [PLACE | {"region": "us-east-1"}, PLACE | {"region": "us-west-2"}],
}
TOLD: dict[str, Any] = {
    "experiments": ["region-loss"],
    "injections": True,
    "stop_s": 600,
    "stack": STACK,
}


def test_what_differs_by_the_region_alone_is_told_once() -> None:
    plan = plan_of(json.dumps(TOLD))
    first, second = plan.ground.places
    assert first.evacuation_bucket == "x-us-east-1-evacuation"
    assert second.name == "predict.us-west-2.zone.example"
    assert plan.ground.ceiling_s == 3 * 10 + 6 + 60
    assert plan.ground.turn_s == 3 * 10 + 6


@pytest.mark.parametrize("missing", ["stack", "experiments", "stop_s", "injections"])
def test_a_parameter_without_one_of_them_is_refused(missing: str) -> None:
    told = {key: value for key, value in TOLD.items() if key != missing}
    with pytest.raises(GroundError, match=missing):
        plan_of(json.dumps(told))


@pytest.mark.parametrize("text", ["", "[]", "null", '{"stack": {}}'])
def test_what_is_no_ground_is_refused_with_the_next_step(text: str) -> None:
    with pytest.raises(GroundError, match="deploy it"):
        plan_of(text)
