"""What the program says about alarms, pages, canaries and the dashboard."""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest

from infra.watching.alarm import Maths, Metric
from infra.watching.alarms import _queries
from policy import check
from tests.infra.graph import ROOT, Graph, Recorded, Resource, run_program, stack_config

if TYPE_CHECKING:
    from pathlib import Path

HEALTH_METRICS_REGION = "us-east-1"
OWN = "Understudy/staging"
EXPLAINED = ROOT / "docs" / "explanation" / "watching.md"
# Where our own metrics come from, and the dimensions they have there.
SOURCES = {
    "inference/serving/telemetry.py": {"Region"},
    "resilience/functions/evacuation.py": {"Region"},
    "resilience/functions/canary.py": {"Region", "Target"},
    "resilience/functions/observer.py": {"Region"},
    "resilience/functions/restore_validation.py": {"Region"},
    "resilience/functions/restore_age.py": {"Region"},
    "resilience/functions/drill_age.py": {"Region"},
}

Reference = tuple[str, str, frozenset[str]]


def in_region(graph: Graph, kind: str, region: str) -> dict[str, Resource]:
    return {each.inputs["name"]: each for each in graph.of(kind) if each.region == region}


def references(alarm: Resource) -> set[Reference]:
    """Namespace, name and dimensions of every metric that an alarm looks at."""
    if alarm.inputs.get("metricName"):
        return {_reference(alarm.inputs)}
    return {
        _reference(each["metric"]) for each in alarm.inputs["metricQueries"] if "metric" in each
    }


def _reference(metric: dict[str, Any]) -> Reference:
    return metric["namespace"], metric["metricName"], frozenset(metric["dimensions"])


def unsaid(references_: set[Reference]) -> list[Reference]:
    """Metrics of our own that none of our functions writes under these dimensions."""
    texts = {(ROOT / path).read_text(): allowed for path, allowed in SOURCES.items()}
    return [
        (namespace, name, dimensions)
        for namespace, name, dimensions in references_
        if namespace == OWN
        and not any(f'"{name}"' in text and dimensions <= may for text, may in texts.items())
    ]


@pytest.fixture(scope="module")
def far(release_zip: Path) -> Recorded:
    """A stack that does not serve from the Region that Route 53 tells its metrics in."""
    config = stack_config("staging", regions='["eu-west-1", "us-west-2", "ap-northeast-1"]')
    return run_program("staging", config, release_zip)


def test_every_own_metric_that_an_alarm_names_is_written_by_a_function(staging: Graph) -> None:
    named = {each for alarm in staging.of("MetricAlarm") for each in references(alarm)}
    assert unsaid(named) == [], "an alarm on a metric that nobody writes never fires"


def test_a_misspelt_metric_is_noticed() -> None:
    misspelt = (OWN, "CanarySucces", frozenset({"Region", "Target"}))
    crowded = (OWN, "Requests", frozenset({"Region", "Release"}))
    assert set(unsaid({misspelt, crowded})) == {misspelt, crowded}, (
        "a wrong name, or one dimension more, is another metric"
    )


def test_thresholds_follow_the_settings(release_zip: Path) -> None:
    config = stack_config(
        "staging",
        alarmErrorRatio="0.2",
        alarmLatencyMs="2500",
        alarmReplicationSeconds="600",
        canaryIntervalMinutes="5",
        rpoSeconds="400",
        restoreTestSchedule="cron(0 8 ? * MON,THU *)",
        drillOverdueDays="20",
    )
    graph = run_program("staging", config, release_zip)
    alarms = in_region(graph, "MetricAlarm", "us-west-2")
    seen = {
        name.removeprefix("understudy-staging-"): each.inputs["threshold"]
        for name, each in alarms.items()
    }
    assert seen["availability"] == 0.2
    assert seen["latency"] == 2.5, "CloudWatch has it in seconds"
    assert seen["replication-latency-releases"] == 600
    assert seen["restore-test-missing"] == 5 * 86_400, "four days apart, and one to be late"
    assert seen["drill-missing"] == 20 * 86_400
    ages = [alarms[f"understudy-staging-{each}-missing"] for each in ("drill", "restore-test")]
    assert {each.inputs["statistic"] for each in ages} == {"Minimum"}, (
        "an age that is small ends it"
    )
    assert seen["delivery-delay"] == 400, "the RPO is what delivery is held against"
    canary = alarms["understudy-staging-canary-failure-us-east-1"]
    assert canary.inputs["period"] == 300, "a period holds one look of the canary"
    mismatch = alarms["understudy-staging-release-mismatch"]
    assert mismatch.inputs["evaluationPeriods"] * 300 == 900, "longer than a deploy takes"
    for schedule in graph.of("Schedule"):
        if schedule.inputs["name"].endswith("-drill"):
            continue
        canaries = schedule.inputs["name"].endswith("-canary")
        assert schedule.inputs["scheduleExpression"] == (
            "rate(5 minutes)" if canaries else "rate(1 minute)"
        )


def test_silence_means_failure_where_something_always_speaks(staging: Graph) -> None:
    for region in staging.regions:
        silent = {
            name.removeprefix("understudy-staging-")
            for name, alarm in in_region(staging, "MetricAlarm", region).items()
            if alarm.inputs["treatMissingData"] == "breaching"
        }
        always = {"backup-missing", "canary-silent", "evacuation-switch", "restore-test-missing"}
        drilled = {"drill-missing"} if region == staging.regions[1] else set[str]()
        assert silent == always | {"observer-silent"} | drilled


def test_a_page_waits_only_for_one_that_stands_beside_it(graph: Graph) -> None:
    pages = {(each.region, each.inputs["alarmName"]) for each in graph.of("CompositeAlarm")}
    for page in graph.of("CompositeAlarm"):
        suppressor = page.inputs.get("actionsSuppressor")
        if suppressor is not None:
            assert (page.region, suppressor["alarm"]) in pages
            assert page.inputs["alarmName"].endswith("-recovery-at-risk"), (
                "what hurts clients today is never kept back"
            )


def test_the_pager_hears_pages_and_nothing_else(prod: Graph, staging: Graph) -> None:
    for region in prod.regions:
        subscription = prod.one("TopicSubscription", region=region)
        assert subscription.inputs["endpoint"] == "pager@understudy.example"
        assert subscription.inputs["protocol"] == "email"
        assert subscription.inputs["filterPolicyScope"] == "MessageBody"
        assert json.loads(subscription.inputs["filterPolicy"]) == {"AlarmRule": [{"exists": True}]}
    assert not staging.all("TopicSubscription"), "nobody is woken for staging"


def test_a_production_stack_that_wakes_nobody_is_doubted(release_zip: Path) -> None:
    quiet = run_program("prod", stack_config("prod", pagerEndpoint=""), release_zip)
    assert any("wake nobody" in warning for warning in quiet.warnings)


def test_health_alarms_stand_where_route_53_tells_of_health(staging: Graph, far: Recorded) -> None:
    for graph in (staging, far):
        alarms = graph.matching("MetricAlarm", metricName="HealthCheckStatus")
        assert {alarm.region for alarm in alarms} == {HEALTH_METRICS_REGION}
        watched = {alarm.inputs["dimensions"]["HealthCheckId"] for alarm in alarms}
        serving = {each["servingCheckId"] for each in graph.outputs["regions"]}
        assert watched == serving, "one for what each Region's records follow"


def test_a_stack_that_serves_from_elsewhere_keeps_every_rule(far: Recorded) -> None:
    assert [str(each) for each in check(far)] == []
    (topic,) = (each for each in far.of("Topic") if each.region == HEALTH_METRICS_REGION)
    assert topic.inputs["kmsMasterKeyId"], "the key has a replica there for it"


def test_no_region_hears_of_its_own_loss_alone(far: Recorded) -> None:
    for region in far.regions:
        for other in set(far.regions) - {region}:
            names = in_region(far, "MetricAlarm", region)
            assert f"understudy-staging-canary-failure-{other}" in names


def test_a_canary_asks_every_other_region_and_never_its_own(far: Recorded) -> None:
    for region in far.regions:
        function = far.one("Function", region=region, name="understudy-staging-canary")
        targets = json.loads(
            function.inputs["environment"]["variables"]["UNDERSTUDY_CANARY_TARGETS"]
        )
        assert targets == {
            other: f"predict.{other}.staging.understudy.example"
            for other in far.regions
            if other != region
        }
        packed = {each.rpartition("/")[2] for each in function.inputs["code"]}
        shared = {"client_credential.py", "golden_request.py", "metric_line.py"}
        assert packed == {"canary.py", "golden.json", *shared}


def test_a_canary_has_a_secret_only_where_clients_say_who_they_are(
    prod: Graph, staging: Graph
) -> None:
    assert not staging.all("Secret")
    for region in prod.regions:
        function = prod.one("Function", region=region, name="understudy-prod-canary")
        secret = prod.one("Secret", region=region)
        assert secret.inputs["name"] == "understudy-prod-canary"
        variables = function.inputs["environment"]["variables"]
        assert variables["UNDERSTUDY_CANARY_SECRET"] == secret.inputs["name"]


def test_the_dashboard_shows_regions_side_by_side(far: Recorded) -> None:
    widgets = json.loads(far.one("Dashboard").inputs["dashboardBody"])["widgets"]
    for one, other in combinations(widgets, 2):
        apart = (
            one["x"] + one["width"] <= other["x"]
            or other["x"] + other["width"] <= one["x"]
            or one["y"] + one["height"] <= other["y"]
            or other["y"] + other["height"] <= one["y"]
        )
        assert apart, "no widget lies on another"
    assert max(each["x"] + each["width"] for each in widgets) <= 24, "a dashboard is 24 wide"
    titles: dict[str, set[int]] = {}
    for widget in widgets:
        if widget["type"] == "metric":
            titles.setdefault(widget["properties"]["title"], set()).add(widget["y"])
    assert all(len(rows) == 1 for rows in titles.values()), "one question, one row"


def test_an_alarm_on_too_many_metrics_is_refused_with_the_reason() -> None:
    metric = Metric(namespace="n", name="m", stat="Sum", dimensions={})
    maths = Maths(expression="", label="x", metrics={f"m{n}": metric for n in range(11)})
    with pytest.raises(ValueError, match="an alarm takes 10"):
        _queries(maths, 60)


def test_the_table_of_alarms_says_what_is_deployed(prod: Graph) -> None:
    rows = [line.split(" | ") for line in EXPLAINED.read_text().splitlines()]
    told = {row[0].strip("| "): row[2] for row in rows if len(row) == 4}
    deployed = {
        each.inputs["alarmDescription"].rpartition("/")[2]: each.inputs["treatMissingData"]
        for each in prod.of("MetricAlarm")
    }
    assert {slug: told[slug] for slug in told.keys() & deployed.keys()} == deployed


def test_an_observer_is_started_by_alarms_of_its_own_stack_that_fire(staging: Graph) -> None:
    for region in staging.regions:
        rule = staging.one("EventRule", region=region, name="understudy-staging-observer")
        pattern = json.loads(rule.inputs["eventPattern"])
        assert pattern["detail"] == {
            "alarmName": [{"prefix": "understudy-staging-"}],
            "state": {"value": ["ALARM"]},
        }, "not by those that end, nor by another stack's"


def test_an_observer_is_told_what_the_settings_say(release_zip: Path) -> None:
    config = stack_config(
        "staging", observerLookSeconds="20", agreementSeconds="45", failbackHoldSeconds="77"
    )
    graph = run_program("staging", config, release_zip)
    function = graph.one("Function", region="us-west-2", name="understudy-staging-observer")
    variables = function.inputs["environment"]["variables"]
    assert json.loads(variables["UNDERSTUDY_OBSERVER"]) == {
        "look_s": 20,
        "agreement_s": 45,
        "hold_down_s": 77,
        "stale_after_s": 60,
        "lease_s": 120,
        "caught_up_s": 300,
    }
    assert variables["UNDERSTUDY_WATCHED_REGIONS"] == "us-east-1"
    assert variables["UNDERSTUDY_DEPUTY"] == "us-east-1"
    packed = set(function.inputs["code"])
    here = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "resilience/failover").glob("*.py")
    }
    assert here <= packed, "the whole brain comes along"
