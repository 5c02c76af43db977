"""The deployed alarms, watched: what must fire does, in time, and is heard; silence counts as said.

One emulator holds the staging stack. Nothing here puts a metric or sets a state by hand: functions
are throttled, schedules stopped and permissions taken by API calls, as in AWS.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from emulator.handle import EmulatorHandle
from inference.release import Order, build_release
from tests.emulated_account import Ears, client
from tests.infra.graph import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STACK = "staging"
PREFIX = "understudy-staging"
SPEED = 20.0
HERE, THERE = "us-west-2", "us-east-1"
MINUTE_S = 60.0
# Own metrics that take a day of emulated time: where they are seen to be emitted.
ELSEWHERE = {
    "RestoreTestsFailed": "tests/unit/resilience/test_restore_validation.py",
    "RestoreTestAge": "tests/contract/backup/test_the_program.py",
    "DrillAge": "tests/contract/drills/test_scheduled_drills.py",
}
REAL_SLACK_S = 20.0  # this machine may be busy; the deadline is not what is measured

Message = dict[str, Any]
# Region, namespace, name and names of the dimensions.
Reference = tuple[str, str, str, frozenset[str]]


@dataclass
class World:
    """The deployed stack, and a queue that hears what each Region's topic says."""

    emulator: EmulatorHandle
    ears: dict[str, Ears]

    def client(self, service: str, region: str = HERE) -> Any:
        return client(self.emulator, service, region)

    def messages(self, region: str, alarm: str) -> list[Message]:
        """What a Region's topic has said of an alarm so far, oldest first."""
        said = [json.loads(each) for each in self.ears[region].listen()]
        return [each for each in said if each.get("AlarmName") == f"{PREFIX}-{alarm}"]

    def state(self, region: str, alarm: str) -> str:
        kinds = ["MetricAlarm", "CompositeAlarm"]
        found = self.client("cloudwatch", region).describe_alarms(
            AlarmNames=[f"{PREFIX}-{alarm}"], AlarmTypes=kinds
        )
        (one,) = [*found["MetricAlarms"], *found["CompositeAlarms"]]
        state: str = one["StateValue"]
        return state

    def eventually(self, what: Callable[[], bool], rule: str, *, minutes: float) -> None:
        """Wait until something holds, for so many emulated minutes at most."""
        deadline = time.monotonic() + minutes * MINUTE_S / SPEED + REAL_SLACK_S
        while not what():
            assert time.monotonic() < deadline, rule
            time.sleep(0.3)

    def heard_of(self, region: str, alarm: str, state: str) -> Callable[[], bool]:
        """Whether the topic's last word on an alarm is this state."""

        def last() -> bool:
            found = self.messages(region, alarm)
            return bool(found) and found[-1]["NewStateValue"] == state

        return last


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    release = build_release(
        Order(out=tmp_path_factory.mktemp("release"), module="tests.unit.inference.small_model")
    )
    work_dir = tmp_path_factory.mktemp("emulator")
    with EmulatorHandle.start(work_dir, speed=SPEED) as emulator:
        emulator.deploy(ROOT, STACK, config={"release": str(release.path)})
        yield World(emulator, {HERE: Ears(emulator, HERE, f"{PREFIX}-pager")})


@pytest.fixture(scope="module")
def incident(world: World) -> None:
    """Everything has spoken once; then one Region's canary is stopped, and its function too."""
    have_said_what_is_said_only_on_failure(world)
    world.eventually(
        lambda: all(emitted(world, "CanarySuccess", region) for region in (HERE, THERE)),
        "canaries look every minute",
        minutes=4,
    )
    world.eventually(
        lambda: world.state(HERE, "canary-silent") == "OK", "a canary that looks", minutes=5
    )
    scheduler = world.client("scheduler")
    found = scheduler.get_schedule(Name=f"{PREFIX}-canary")
    kept = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{key: found[key] for key in kept}, State="DISABLED")
    world.client("lambda").put_function_concurrency(
        FunctionName=f"{PREFIX}-predict", ReservedConcurrentExecutions=0
    )


def emitted(world: World, name: str, region: str) -> bool:
    known = world.emulator.known_metrics()["emitted"]
    return any(each["name"] == name and each["region"] == region for each in known)


def references_of(world: World) -> set[Reference]:
    """Every metric that an alarm or a dashboard names."""
    found: set[Reference] = set()
    for region in (HERE, THERE):
        cloudwatch = world.client("cloudwatch", region)
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
            for metric in [
                alarm,
                *(q.get("MetricStat", {}).get("Metric") for q in alarm.get("Metrics", [])),
            ]:
                if metric and "MetricName" in metric:
                    names = frozenset(each["Name"] for each in metric["Dimensions"])
                    found.add((region, metric["Namespace"], metric["MetricName"], names))
    body = world.client("cloudwatch").get_dashboard(DashboardName=PREFIX)["DashboardBody"]
    for widget in json.loads(body)["widgets"]:
        for namespace, name, *rest in (
            row for row in widget["properties"].get("metrics", []) if isinstance(row[0], str)
        ):
            *dimensions, shown = rest
            found.add((shown["region"], namespace, name, frozenset(dimensions[::2])))
    return found


def nobodys(world: World, references: set[Reference]) -> set[Reference]:
    """Metrics that nobody has emitted in that Region, nor any part of AWS would."""
    known = world.emulator.known_metrics()
    there = {
        (each["region"], each["namespace"], each["name"], frozenset(each["dimensions"]))
        for each in known["emitted"]
    }
    could = {
        (each["namespace"], each["name"], frozenset(each["dimensions"]))
        for each in known["emittable"]
    }
    return {
        each
        for each in references
        if each not in there and each[1:] not in could and each[2] not in ELSEWHERE
    }


@pytest.mark.usefixtures("incident")
def test_an_alarm_that_must_fire_does_and_its_page_follows_and_both_recover(world: World) -> None:
    # Two of three minutes; the health checkers' own questions are refused as clients' would be.
    world.eventually(
        world.heard_of(HERE, "throttles", "ALARM"), "a stopped function is told", minutes=5
    )
    world.eventually(
        world.heard_of(HERE, "region-impaired", "ALARM"), "its page follows", minutes=2
    )
    page = world.messages(HERE, "region-impaired")[-1]
    assert "AlarmRule" in page, "by this the pager's subscription knows a page"
    alarm = next(
        each for each in world.messages(HERE, "throttles") if each["NewStateValue"] == "ALARM"
    )
    assert "AlarmRule" not in alarm, "and by its absence what it need not be woken for"
    assert alarm["AlarmDescription"].endswith("/how-to/runbooks/throttles")
    world.client("lambda").delete_function_concurrency(FunctionName=f"{PREFIX}-predict")
    world.eventually(world.heard_of(HERE, "throttles", "OK"), "its end is told too", minutes=6)
    world.eventually(world.heard_of(HERE, "region-impaired", "OK"), "and the page's", minutes=6)


@pytest.mark.usefixtures("incident")
def test_silence_counts_as_each_alarm_says(world: World) -> None:
    world.eventually(
        world.heard_of(HERE, "canary-silent", "ALARM"),
        "a canary that says nothing is a failure",
        minutes=6,
    )
    world.eventually(
        lambda: world.state(HERE, f"canary-failure-{THERE}") == "OK",
        "what it saw before counts no more, and its silence is not held against its target",
        minutes=4,
    )
    assert world.state(HERE, "wrong-answers") == "OK", "no data is no wrong answer"


@pytest.mark.usefixtures("incident")
def test_every_metric_that_is_watched_is_one_that_somebody_emits(world: World) -> None:
    references = references_of(world)
    assert len(references) > 40, "alarms and dashboard were read"
    assert nobodys(world, references) == set(), "an alarm on them would never fire"


def test_a_misspelt_metric_is_one_that_nobody_emits(world: World) -> None:
    misspelt = {
        (HERE, "AWS/Lambda", "Throttels", frozenset({"FunctionName"})),
        (HERE, "AWS/Lambda", "Throttles", frozenset({"Function"})),
        (HERE, "Understudy/staging", "CanarySucces", frozenset({"Region", "Target"})),
    }
    assert nobodys(world, misspelt) == misspelt


def have_said_what_is_said_only_on_failure(world: World) -> None:
    """Have each Region's function call itself unready, and its switch fail to read its flag."""
    iam, policies = world.client("iam"), dict[str, str]()
    for region in (HERE, THERE):
        function, role = world.client("lambda", region), f"{PREFIX}-{region}-evacuation"
        name, event = f"{PREFIX}-predict", {"httpMethod": "GET", "path": "/health/ready"}
        variables = function.get_function_configuration(FunctionName=name)["Environment"]
        wrong = {**variables["Variables"], "UNDERSTUDY_RELEASE_DIGEST": "0" * 64}
        # Only what no alias leads to: clients and health checkers are served as before.
        function.update_function_configuration(FunctionName=name, Environment={"Variables": wrong})
        function.invoke(FunctionName=name, Payload=json.dumps(event))
        found = iam.get_role_policy(RoleName=role, PolicyName="evacuation")["PolicyDocument"]
        policies[role] = json.dumps(found)
        # What is left it is writing its log.
        logs = [each for each in found["Statement"] if "logs:PutLogEvents" in each["Action"]]
        document = json.dumps({**found, "Statement": logs})
        iam.put_role_policy(RoleName=role, PolicyName="evacuation", PolicyDocument=document)
    expected = [
        (name, region) for name in ("EvacuationUnreadable", "Unready") for region in (HERE, THERE)
    ]
    for metric, region in expected:
        world.eventually(
            lambda metric=metric, region=region: emitted(world, metric, region),
            f"{metric} is counted in {region}",
            minutes=3,
        )
    for role, document in policies.items():
        iam.put_role_policy(RoleName=role, PolicyName="evacuation", PolicyDocument=document)
