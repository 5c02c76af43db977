"""Capacity: settings, what the program makes of them, and the quota that must carry it."""

import json
from pathlib import Path

import pytest

from infra.capacity import QuotaError, demand
from infra.settings import Settings, SettingsError, parse_settings
from infra.settings.capacity import whole_load
from tests.infra.graph import ProgramError, Recorded, Resource, run_program, stack_config

FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
PROVISIONED = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
REGIONS = ["us-east-1", "us-west-2"]


def parse(**overrides: str) -> Settings:
    return parse_settings(
        stack_config("staging", **overrides), project="understudy", stack="staging"
    )


def refusals(**overrides: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        parse(**overrides)
    return {each.key.removeprefix("understudy:"): str(each) for each in caught.value.problems}


def run(release: Path, **overrides: str) -> Recorded:
    return run_program("staging", stack_config("staging", **overrides), release)


def predicting(graph: Recorded, kind: str) -> list[Resource]:
    return [
        each for each in graph.resources.values() if each.type == kind and "predict" in each.name
    ]


@pytest.mark.parametrize(
    ("rate", "duration_ms", "busy"), [(500, 250, 125), (500, 10, 50), (1, 1, 1), (30, 100, 3)]
)
def test_the_whole_load_is_rate_by_duration_and_never_below_a_tenth_of_the_rate(
    rate: int, duration_ms: int, busy: int
) -> None:
    assert whole_load(rate, duration_ms) == busy


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("peakRequestsPerSecond", "0", "1 to 100000"),
        ("requestDurationMs", "0", "1 to 30000"),
        ("reservedConcurrency", "-1", "0 to 9000"),
        ("provisionedConcurrency", "many", "0 to 9000"),
        ("snapStart", "yes", "true or false"),
        ("canaryWeight", "1", "below 1"),
        ("canaryWeight", "-0.1", "below 1"),
        ("stableVersions", '["us-east-1"]', "us-east-1=7"),
        ("stableVersions", '["us-east-1=0"]', "us-east-1=7"),
        ("stableVersions", "us-east-1=7", "a list"),
        ("stableVersions", '["us-east-1=7", "us-east-1=8"]', "each Region once"),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(key: str, value: str, expected: str) -> None:
    said = refusals(**{key: value})
    assert list(said) == [key]
    assert expected in said[key]


def test_snap_start_and_provisioned_concurrency_are_refused_together() -> None:
    said = refusals(snapStart="true", provisionedConcurrency="5")
    assert set(said) == {"snapStart", "provisionedConcurrency"}, "either is the mistake"
    assert parse(snapStart="true").capacity.snap_start
    assert parse(provisionedConcurrency="5").capacity.provisioned_concurrency == 5


def test_a_reservation_below_the_whole_load_is_refused() -> None:
    said = refusals(reservedConcurrency="24")["reservedConcurrency"]
    assert "at least 25" in said, "100/s x 0.25 s"
    assert parse(reservedConcurrency="25").capacity.reserved_concurrency == 25
    assert parse(reservedConcurrency="0").capacity.reserved_concurrency == 0, "none is allowed"


def test_more_provisioned_than_reserved_is_refused() -> None:
    said = refusals(provisionedConcurrency="51")["provisionedConcurrency"]
    assert "at most reservedConcurrency, which is 50" in said


def test_a_canary_needs_the_stable_version_of_every_region() -> None:
    said = refusals(canaryWeight="0.1", stableVersions='["us-east-1=7"]')["stableVersions"]
    assert "us-east-1, us-west-2" in said
    said = refusals(stableVersions='["us-east-1=7", "us-west-2=3"]')["stableVersions"]
    assert "empty while canaryWeight is 0" in said


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_every_region_has_capacity_for_the_whole_load(
    stack: str, request: pytest.FixtureRequest
) -> None:
    graph: Recorded = request.getfixturevalue(stack)
    settings = parse_settings(stack_config(stack), project="understudy", stack=stack).capacity
    reserved = {
        each.inputs["region"]: each.inputs["reservedConcurrentExecutions"]
        for each in predicting(graph, FUNCTION)
    }
    assert set(reserved) == set(REGIONS)
    assert len(set(reserved.values())) == 1, "a standby has no less than the primary"
    assert min(reserved.values()) >= settings.whole_load
    assert predicting(graph, PROVISIONED) == [], "off: a cold start takes no longer than Python's"


@pytest.fixture(scope="module")
def provisioned_canary(release_zip: Path) -> Recorded:
    versions = json.dumps(["us-east-1=7", "us-west-2=3"])
    return run(release_zip, provisionedConcurrency="5", canaryWeight="0.1", stableVersions=versions)


@pytest.fixture(scope="module")
def snapped(release_zip: Path) -> Recorded:
    """With SnapStart, and a canary of which there is no version yet."""
    versions = json.dumps(["us-east-1=1", "us-west-2=1"])
    return run(release_zip, snapStart="true", canaryWeight="0.1", stableVersions=versions)


def test_provisioned_environments_are_behind_the_alias_in_every_region(
    provisioned_canary: Recorded,
) -> None:
    found = predicting(provisioned_canary, PROVISIONED)
    assert sorted(each.inputs["region"] for each in found) == REGIONS
    assert {each.inputs["qualifier"] for each in found} == {"live"}
    assert {each.inputs["provisionedConcurrentExecutions"] for each in found} == {5}


def test_a_canary_gets_its_share_and_the_stable_version_the_rest(
    provisioned_canary: Recorded,
) -> None:
    found = predicting(provisioned_canary, ALIAS)
    aliases = {each.inputs["region"]: each.inputs for each in found}
    assert aliases["us-east-1"]["functionVersion"] == "7"
    assert aliases["us-west-2"]["functionVersion"] == "3", "version numbers are a Region's own"
    weights = {"additionalVersionWeights": {"1": 0.1}}
    assert aliases["us-east-1"]["routingConfig"] == weights, "1 is the newest in this record"
    assert all(each.inputs["name"] == "live" for each in found)


def test_snap_start_is_asked_for_on_published_versions_only(snapped: Recorded) -> None:
    for each in predicting(snapped, FUNCTION):
        assert each.inputs["snapStart"] == {"applyOn": "PublishedVersions"}
        assert each.inputs["runtime"] >= "python3.12", "SnapStart's floor for Python"


def test_a_canary_that_is_not_there_yet_gets_nothing(snapped: Recorded) -> None:
    for each in predicting(snapped, ALIAS):
        assert each.inputs["functionVersion"] == "1"
        assert not each.inputs["routingConfig"].get("additionalVersionWeights"), (
            "AWS refuses a version beside itself"
        )


def test_a_quota_below_what_a_failover_demands_is_refused_with_region_quota_and_demand(
    release_zip: Path,
) -> None:
    with pytest.raises(ProgramError) as caught:
        run(release_zip, reservedConcurrency="950")
    said = str(caught.value)
    for part in ("us-east-1: ", "us-west-2: ", "is 1000", "at least 1050", "L-B99A9384"):
        assert part in said


def test_without_a_reservation_the_whole_load_is_what_is_demanded() -> None:
    assert demand(parse(reservedConcurrency="0").capacity) == 125
    assert demand(parse(reservedConcurrency="200").capacity) == 300
    assert demand(parse(reservedConcurrency="0", provisionedConcurrency="40").capacity) == 140


def test_a_quota_error_carries_what_it_says() -> None:
    error = QuotaError({"eu-west-1": 50.0}, 225)
    assert error.quotas == {"eu-west-1": 50.0}
    assert "125 for the whole load and 100 that Lambda keeps unreserved" in str(error)
