"""The deployed schedule, machine and function, in emulated time: what is drilled, kept and told.

One emulator holds the staging stack. The schedule is the deployed one, moved up so that it fires
soon; nothing here calls the function or a step of its own. All of it is long: a drill measures
what clients see, and cannot share the machine with other tests.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from emulator.handle import EmulatorHandle
from inference.release import Order, build_release
from infra.settings.drills import HARMLESS, HURTING
from resilience.aws import Aws
from resilience.experiments.grounding import ground_of
from resilience.experiments.verify import differences
from resilience.functions.drill_ground import plan_of
from resilience.journal import read_journal
from resilience.outputs import parse_outputs
from resilience.topology_reader import read_topology
from tests.emulated_account import Ears, client
from tests.infra.graph import ROOT
from tests.killed_drill import killed_drill
from tests.wellness import stays_well, well

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.long
STACK, PREFIX = "staging", "understudy-staging"
SPEED = 6.0
HERE, FIRST = "us-west-2", "us-east-1"
ACCOUNT = "123456789012"
PARAMETER = "/understudy/staging/drills"
EXPERIMENTS = ("dns-switchover", *sorted({*HARMLESS, *HURTING} - {"dns-switchover"}))
"""All that a schedule may run, in turn."""
# Emulated time in which a drill is over, and the rest for a machine that is busy.
DRILL_MIN = 15.0
REAL_SLACK_S = 60.0


@dataclass
class World:
    """The deployed stack, and a queue that hears what the topic of the drills' Region says."""

    emulator: EmulatorHandle
    outputs: Mapping[str, Any]
    ears: Ears

    def client(self, service: str, region: str = HERE) -> Any:
        return client(self.emulator, service, region)

    def well(self) -> bool:
        return well(self.client, PREFIX, (FIRST, HERE))

    def told(self, drill: str) -> list[str]:
        """What the topic has said of a drill."""
        return [each for each in self.ears.listen() if each.startswith(f"Drill {drill}")]

    def eventually(self, what: Callable[[], Any], rule: str, *, minutes: float) -> Any:
        """Wait until something holds, for so many emulated minutes at most; gives it."""
        deadline = time.monotonic() + minutes * 60 / SPEED + REAL_SLACK_S
        while not (found := what()):
            assert time.monotonic() < deadline, rule
            time.sleep(0.3)
        return found

    def now(self) -> datetime:
        """The emulated time."""
        return datetime.fromisoformat(self.emulator.status()["emulated_now"])

    def executions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client("stepfunctions").list_executions(
            stateMachineArn=self.outputs["drills"]["stateMachineArn"]
        )["executions"]
        return found

    def fire(self) -> str:
        """Move the deployed schedule up, and give the name of the execution that it starts."""
        before = {each["name"] for each in self.executions()}
        scheduler = self.client("scheduler")
        found = scheduler.get_schedule(Name=f"{PREFIX}-drill")
        kept = ("Name", "FlexibleTimeWindow", "Target", "ScheduleExpressionTimezone", "KmsKeyArn")
        soon = self.now() + timedelta(minutes=2)
        scheduler.update_schedule(
            **{key: found[key] for key in kept if key in found},
            State="ENABLED",
            ScheduleExpression=f"cron({soon.minute} {soon.hour} * * ? *)",
        )
        started: str = self.eventually(
            lambda: next((e["name"] for e in self.executions() if e["name"] not in before), None),
            "the schedule starts the machine",
            minutes=4,
        )
        return started

    def ended(self, drill: str, *, minutes: float = DRILL_MIN) -> dict[str, Any]:
        """The drill's execution, once it is over."""

        def over() -> dict[str, Any] | None:
            found = next(each for each in self.executions() if each["name"] == drill)
            return None if found["status"] == "RUNNING" else found

        execution: dict[str, Any] = self.eventually(over, f"drill {drill} ends", minutes=minutes)
        return execution

    def states(self, drill: str) -> list[str]:
        """The states that its execution went through."""
        machine: str = self.outputs["drills"]["stateMachineArn"]
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{drill}"
        pages = self.client("stepfunctions").get_paginator("get_execution_history")
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages.paginate(executionArn=arn)
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]

    def kept(self, drill: str) -> dict[str, str]:
        """Keys of what a drill left in the locked bucket, by their endings."""
        bucket = self.outputs["drills"]["journalBucket"]
        found = self.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
        keys = [each["Key"] for each in found if each["Key"].split("/")[1].endswith(f"_{drill}")]
        return {key.rpartition("/")[2]: key for key in keys}

    def journal(self, drill: str) -> dict[str, Any]:
        bucket = self.outputs["drills"]["journalBucket"]
        body = self.client("s3").get_object(Bucket=bucket, Key=self.kept(drill)["journal.json"])
        journal: dict[str, Any] = json.loads(body["Body"].read())
        return journal

    def flagged(self) -> bool:
        """Whether the flag that evacuates the first Region is there."""
        bucket = f"{PREFIX}-123456789012-{HERE}-evacuation"
        found = self.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"evacuation/{FIRST}")
        return bool(found["KeyCount"])

    def calendar(self, **changes: object) -> None:
        """Write the parameter again, as the program would with other settings."""
        ssm = self.client("ssm")
        told = json.loads(ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"])
        ssm.put_parameter(Name=PARAMETER, Value=json.dumps(told | changes), Overwrite=True)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    release = build_release(
        Order(out=tmp_path_factory.mktemp("release"), module="tests.unit.inference.small_model")
    )
    config = {"release": str(release.path), "drillExperiments": json.dumps(EXPERIMENTS)}
    with EmulatorHandle.start(tmp_path_factory.mktemp("emulator"), speed=SPEED) as emulator:
        deployed = emulator.deploy(ROOT, STACK, config=config)
        world = World(emulator, deployed.outputs, Ears(emulator, HERE, f"{PREFIX}-pager"))
        world.eventually(lambda: stays_well(world.well, SPEED), "every Region is well", minutes=10)
        yield world


def test_the_schedule_fires_and_what_the_drill_proved_is_kept_and_told(
    world: World, tmp_path: Path
) -> None:
    drill = world.fire()
    execution = world.ended(drill)
    told = world.eventually(lambda: world.told(drill), "the topic hears of it", minutes=2)
    journal = world.journal(drill)
    assert execution["status"] == "SUCCEEDED", f"{told} {world.states(drill)}"
    assert journal["verdict"] == "met", journal["expectations"]
    assert journal["run"]["scenario"] == EXPERIMENTS[0], "the first in turn"
    assert told == [f"Drill {drill} ({EXPERIMENTS[0]}): met. {told[0].partition('met. ')[2]}"]
    states = world.states(drill)
    order = ("Begin", "SteadyBefore", "Inject", "Watch", "Rollback", "SteadyAfter", "Report")
    assert [each for each in dict.fromkeys(states) if each in order] == list(order)
    assert not world.flagged(), "what it set it took away"
    path = tmp_path / "journal.json"
    path.write_text(json.dumps(journal))
    assert differences(read_journal(path)) == (), "its figures follow from what it saw"
    locked_for_a_month(world, drill)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("experiment", EXPERIMENTS[1:])
def test_every_experiment_that_may_be_scheduled_passes_by_the_clock(
    world: World, experiment: str
) -> None:
    world.calendar(experiments=[experiment])
    world.eventually(
        lambda: stays_well(world.well, SPEED), "the drill before has left all well", minutes=20
    )
    drill = world.fire()
    execution = world.ended(drill, minutes=2 * DRILL_MIN)
    journal = world.journal(drill)
    assert journal["run"]["scenario"] == experiment
    assert journal["verdict"] == "met", journal["expectations"]
    assert execution["status"] == "SUCCEEDED"
    assert not world.flagged(), "what it set it took away"


def locked_for_a_month(world: World, drill: str) -> None:
    """Whether journal and report are there, and a version of them cannot be deleted."""
    bucket, s3 = world.outputs["drills"]["journalBucket"], world.client("s3")
    kept = world.kept(drill)
    assert set(kept) == {"journal.json", "report.html"}
    for key in kept.values():
        found = s3.head_object(Bucket=bucket, Key=key)
        assert found["ObjectLockMode"] == "GOVERNANCE"
        assert found["ObjectLockRetainUntilDate"] - found["LastModified"] > timedelta(days=29)
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=bucket, Key=key, VersionId=found["VersionId"])


def test_on_a_blackout_date_nothing_runs_and_it_is_said(world: World) -> None:
    today = world.now()
    dates = [f"{today + timedelta(days=ahead):%Y-%m-%d}" for ahead in (0, 1)]
    world.calendar(blackout_dates=dates)
    try:
        drill = world.fire()
        execution = world.ended(drill, minutes=5)
    finally:
        world.calendar(blackout_dates=[])
    assert execution["status"] == "SUCCEEDED", "a closed window is no failure"
    assert "Inject" not in world.states(drill)
    assert not world.flagged()
    (told,) = world.eventually(lambda: world.told(drill), "the topic hears of it", minutes=2)
    assert "refused" in told
    assert "is a blackout date" in told
    assert "_refused_" in world.kept(drill)["journal.json"]


def test_a_drill_that_is_stopped_by_hand_is_taken_back_by_its_function(world: World) -> None:
    world.calendar(experiments=["dns-switchover"])
    drill = world.fire()
    world.eventually(world.flagged, "the drill sets the flag", minutes=DRILL_MIN)
    machine = world.outputs["drills"]["stateMachineArn"]
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{drill}"
    world.client("stepfunctions").stop_execution(executionArn=arn)
    world.eventually(lambda: not world.flagged(), "the flag is taken away", minutes=5)
    (told,) = world.eventually(lambda: world.told(drill), "the topic hears of it", minutes=3)
    assert "ended as ABORTED" in told
    assert "_broken_" in world.kept(drill)["journal.json"]


def test_a_drill_whose_step_fails_rolls_back_as_soon_as_that_can_be_done(world: World) -> None:
    world.calendar(experiments=["dns-switchover"])
    drill = world.fire()
    world.eventually(world.flagged, "the drill sets the flag", minutes=DRILL_MIN)
    ssm = world.client("ssm")
    parameter = ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    ssm.delete_parameter(Name=PARAMETER)
    world.eventually(
        lambda: "Rollback" in world.states(drill), "a failing step goes to the rollback", minutes=10
    )
    assert world.flagged(), "which cannot know yet what to take back"
    ssm.put_parameter(Name=PARAMETER, Value=parameter, Type="String")
    execution = world.ended(drill, minutes=DRILL_MIN)
    assert execution["status"] == "FAILED", "a drill that broke proved nothing"
    assert not world.flagged()
    (told,) = world.eventually(lambda: world.told(drill), "the topic hears of it", minutes=3)
    assert "broken. a step failed" in told


def test_what_a_dead_drill_from_a_laptop_left_is_taken_back_kept_and_told(world: World) -> None:
    world.calendar(experiments=["dns-switchover"])
    topology = read_topology(
        Aws(world.emulator.aws_environment()), parse_outputs(dict(world.outputs))
    )
    function = {"FunctionName": topology.primary.function.name}
    functions = world.client("lambda", FIRST)
    had = functions.get_function_concurrency(**function)["ReservedConcurrentExecutions"]
    ledger, dead = killed_drill(world.emulator, topology, ACCOUNT, made=False)
    drill = world.fire()
    execution = world.ended(drill)
    assert execution["status"] == "SUCCEEDED"
    left = ledger.drill(dead.id)
    assert left is not None
    assert (left.undone, left.step, left.verdict) == (True, "over", "broken")
    assert functions.get_function_concurrency(**function)["ReservedConcurrentExecutions"] == had
    assert world.journal(dead.id)["verdict"] == "broken"
    (told,) = world.eventually(lambda: world.told(dead.id), "the topic hears of it", minutes=2)
    assert "took it back" in told
    assert world.kept(drill), "the drill that took it back has a journal of its own"


def test_the_age_of_the_last_drill_that_passed_is_told(world: World) -> None:
    rule = world.client("events").describe_rule(Name=f"{PREFIX}-drill-age")
    assert rule["ScheduleExpression"] == "rate(1 hour)"
    answer = world.client("lambda").invoke(
        FunctionName=f"{PREFIX}-drill",
        Qualifier="live",
        Payload=json.dumps({"detail-type": "Scheduled Event"}).encode(),
    )
    told = json.loads(answer["Payload"].read())
    assert 0 < told["age_s"] < timedelta(days=1).total_seconds(), told

    def emitted() -> bool:
        known = world.emulator.known_metrics()["emitted"]
        return any(each["name"] == "DrillAge" and each["region"] == HERE for each in known)

    assert world.eventually(emitted, "the age is a metric", minutes=1)


def test_the_parameter_tells_the_stack_as_a_laptop_reads_it(world: World) -> None:
    told = world.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    aws = Aws(world.emulator.aws_environment())
    read = ground_of(read_topology(aws, parse_outputs(world.outputs)), ACCOUNT)
    # What needs no load balancer is not told of one.
    places = tuple(replace(each, listener_arn="", load_balancer_arn="") for each in read.places)
    assert plan_of(told).ground == replace(read, places=places)


def test_an_experiment_that_is_not_scheduled_is_refused_before_it_does_anything(
    world: World,
) -> None:
    machine = world.outputs["drills"]["stateMachineArn"]
    world.client("stepfunctions").start_execution(
        stateMachineArn=machine, name="by-hand", input=json.dumps({"experiment": "az-loss"})
    )
    execution = world.ended("by-hand", minutes=5)
    assert execution["status"] == "SUCCEEDED"
    (told,) = world.eventually(lambda: world.told("by-hand"), "the topic hears of it", minutes=2)
    assert "az-loss is none of the experiments that run here" in told
