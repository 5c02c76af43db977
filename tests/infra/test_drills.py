"""What the program asks AWS for to drill a stack: where, by whom, and what that may touch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from infra.drills.definition import DrillMachine, definition
from infra.drills.permissions import Drilled, drill
from infra.naming import RegionNames, StackNames
from infra.policies import Encrypted
from infra.settings.drills import HARMLESS, HURTING
from resilience.experiments.catalogue import CATALOGUE
from resilience.functions.drill_ground import plan_of
from tests.infra.graph import Graph, run_program, stack_config

if TYPE_CHECKING:
    from pathlib import Path

HERE, FIRST = "us-west-2", "us-east-1"
STACK = StackNames(project="understudy", stack="prod", account_id="123456789012")
KEY = f"arn:aws:kms:{HERE}:123456789012:key/mrk-1"
FIRST_KEY = f"arn:aws:kms:{FIRST}:123456789012:key/mrk-1"
DRILLED = Drilled(
    here=RegionNames(stack=STACK, region=HERE),
    first=RegionNames(stack=STACK, region=FIRST),
    places=[RegionNames(stack=STACK, region=each) for each in (FIRST, HERE)],
    key_arn=KEY,
    first_key_arn=FIRST_KEY,
    journals=Encrypted(bucket_arn="arn:aws:s3:::journals", key_arn=KEY, region=HERE),
    secret_arn="",
)
READS = ("Get", "List", "Describe", "Query", "Decrypt")


def writes(*experiments: str) -> set[tuple[str, str]]:
    """What a drill may change by these experiments that it may not without them."""

    def changed(chosen: tuple[str, ...]) -> set[tuple[str, str]]:
        return {
            (action, resource)
            for statement in drill(DRILLED, chosen)
            for action in statement.actions
            for resource in statement.resources
            if not action.partition(":")[2].startswith(READS)
        }

    return changed(experiments) - changed(())


def of_drills(graph: Graph) -> set[str]:
    return {each.kind for each in graph.custom if each.name.startswith("drills-")}


def parameter(graph: Graph) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        graph.one("Parameter", name=f"/understudy/{graph.outputs['stack']}/drills").get("value")
    )
    return found


def test_what_runs_unattended_is_known_by_name_and_hurts_as_it_says() -> None:
    assert {*HARMLESS, *HURTING} <= set(CATALOGUE)
    assert [name for name in HARMLESS if CATALOGUE[name].hurts] == []
    assert [name for name in HURTING if not CATALOGUE[name].hurts] == []


def test_a_drill_that_asks_observers_alone_may_break_nothing() -> None:
    assert writes("evacuation-and-return") == set()


def test_a_lost_region_is_one_function_stopped() -> None:
    function = f"arn:aws:lambda:{FIRST}:123456789012:function:understudy-prod-predict"
    put, delete = "lambda:PutFunctionConcurrency", "lambda:DeleteFunctionConcurrency"
    assert writes("region-loss") == {(put, function), (delete, function)}


def test_a_switchover_by_dns_is_one_object_where_the_drill_runs() -> None:
    flag = f"arn:aws:s3:::understudy-prod-123456789012-{HERE}-evacuation/evacuation/{FIRST}"
    objects = {each for each in writes("dns-switchover") if each[0].startswith("s3:")}
    assert objects == {("s3:PutObject", flag), ("s3:DeleteObject", flag)}


def test_dead_observers_are_those_that_watch_the_lost_region() -> None:
    stopped = {resource.rpartition(":function:")[2] for _, resource in writes("observer-dead")}
    regions = {
        resource.split(":")[3] for _, resource in writes("observer-dead") if "observer" in resource
    }
    assert stopped == {"understudy-prod-predict", "understudy-prod-observer"}
    assert regions == {HERE}


def test_production_is_tagged_for_nothing_and_has_no_faults_prepared(prod: Graph) -> None:
    assert not prod.all("ExperimentTemplate")
    for function in prod.of("Function"):
        assert "understudy:drills" not in function.inputs["tags"]


def test_staging_says_what_may_be_hurt(staging: Graph) -> None:
    hurt = {
        (each.region, each.get("name"))
        for each in staging.of("Function")
        if each.inputs["tags"].get("understudy:drills") == "allowed"
    }
    names = ("understudy-staging-predict", "understudy-staging-observer")
    assert hurt == {(region, name) for region in staging.regions for name in names}


def test_faults_are_prepared_where_drills_hurt_and_found_by_experiment(staging: Graph) -> None:
    found = {
        each.inputs["tags"]["understudy:experiment"]: each
        for each in staging.of("ExperimentTemplate")
    }
    assert set(found) == {"az-loss", "replication-stalled"} <= set(CATALOGUE)
    assert {each.region for each in found.values()} == {FIRST}
    (bucket,) = found["replication-stalled"].inputs["targets"]
    assert bucket["resourceArns"] == [
        f"arn:aws:s3:::understudy-staging-123456789012-{FIRST}-predictions"
    ]


def test_what_the_dashboard_shows_of_a_fault_is_reported_where_the_role_may_put_it(
    staging: Graph,
) -> None:
    bucket = f"understudy-staging-123456789012-{FIRST}-accesslogs"
    assert staging.one("Bucket", bucket=bucket).region == FIRST
    name = staging.one("Dashboard").get("dashboardName")
    dashboard = f"arn:aws:cloudwatch::123456789012:dashboard/{name}"
    for template in staging.of("ExperimentTemplate"):
        reported = template.inputs["experimentReportConfiguration"]
        kept = reported["outputs"]["s3Configuration"]
        assert kept == {"bucketName": bucket, "prefix": "fis-reports"}
        shown = reported["dataSources"]["cloudwatchDashboards"]
        assert [each["dashboardArn"] for each in shown] == [dashboard]
    policy = json.loads(staging.one("RolePolicy", name="faults").get("policy"))
    allowed = {
        action: statement["Resource"]
        for statement in policy["Statement"]
        for action in statement["Action"]
    }
    assert allowed["s3:PutObject"] == [f"arn:aws:s3:::{bucket}/fis-reports/*"]
    assert allowed["cloudwatch:GetDashboard"] == [dashboard]


def test_a_stack_that_is_not_drilled_by_the_clock_keeps_its_calendar_alone(
    release_zip: Path,
) -> None:
    config = stack_config("staging", drillsScheduled="false", drillInjections="false")
    graph = run_program("staging", config, release_zip)
    assert of_drills(graph) == {"Parameter"}
    assert not graph.matching("MetricAlarm", metricName="DrillAge")
    assert set(graph.outputs["drills"]) == {"region", "parameter"}


def test_the_calendar_holds_what_the_settings_say(release_zip: Path) -> None:
    config = stack_config(
        "staging",
        drillWindows='["mon-fri 05:00-07:00"]',
        drillBlackoutDates='["2027-12-24"]',
        drillStopSeconds="321",
    )
    told = parameter(run_program("staging", config, release_zip))
    assert told["windows"] == ["mon-fri 05:00-07:00"]
    assert told["blackout_dates"] == ["2027-12-24"]
    plan = plan_of(json.dumps(told))
    assert plan.stop_s == 321
    assert plan.experiments == ("region-loss",)
    assert [place.region for place in plan.ground.places] == [FIRST, HERE]
    assert plan.ground.ceiling_s == 3 * 10 + 6 + 10, "checks, their time-outs, and the TTL"


def test_eight_regions_fit_into_a_standard_parameter(release_zip: Path) -> None:
    regions = [
        *("us-east-1", "us-west-2", "ap-southeast-1", "ap-northeast-1"),
        *("ap-southeast-2", "eu-central-1", "ca-central-1", "ap-northeast-2"),
    ]
    dates = json.dumps([f"2027-12-{day}" for day in range(10, 25)])
    config = stack_config("staging", regions=json.dumps(regions), drillBlackoutDates=dates)
    graph = run_program("staging", config, release_zip)
    found = graph.one("Parameter", name="/understudy/staging/drills")
    assert len(found.get("value").encode()) <= 4096


def test_a_journal_that_is_locked_for_good_outlives_the_stack(graph: Graph) -> None:
    production = graph.outputs["stack"] == "prod"
    bucket = next(each for each in graph.of("Bucket") if each.get("bucket").endswith("-journals"))
    (lock,) = graph.of("BucketObjectLockConfiguration")
    assert bucket.retain_on_delete is production
    assert lock.retain_on_delete is production
    mode = "COMPLIANCE" if production else "GOVERNANCE"
    assert lock.inputs["rule"]["defaultRetention"]["mode"] == mode


@pytest.mark.parametrize("failing", ["Begin", "SteadyBefore", "Inject", "Watch"])
def test_every_step_before_the_rollback_leads_there_when_it_fails(failing: str) -> None:
    states = json.loads(definition(DrillMachine(function_arn="f", topic_arn="t")))["States"]
    assert [each["Next"] for each in states[failing]["Catch"]] == ["Rollback"]
    assert states["Rollback"]["Retry"][0]["MaxAttempts"] > 60, "for an hour: nobody else does it"
