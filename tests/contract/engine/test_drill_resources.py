"""What drills are made of, deployed: state machines and experiment templates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from emulator import injection, steps
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.injection import FaultInjection
from emulator.steps import StateMachines
from emulator.storage import Storage
from emulator.watch.watch import Watch
from tests.contract.engine.play import trust
from tests.unit.emulator.conftest import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.door.refusals import Answer
    from emulator.door.request import ApiRequest
    from tests.contract.engine.cloud import Cloud
    from tests.contract.engine.play import Play

MACHINE = "aws:sfn/stateMachine:StateMachine"
TEMPLATE = "aws:fis/experimentTemplate:ExperimentTemplate"


@pytest.fixture
def drills(
    cloud: Cloud, own_services: dict[str, Callable[[ApiRequest], Answer]]
) -> Iterator[Cloud]:
    """A cloud with the services that drills are run by."""
    clock, faults = HandClock(1_800_000_000.0), FaultBoard()
    events = EventLog(clock)
    watch = Watch(clock, faults, events)
    storage = Storage(clock, faults, events, metrics=watch.metrics, seed=1)
    machines = StateMachines(clock, faults, events, watch)
    experiments = FaultInjection(clock, faults, events, storage.objects, watch)
    own_services[steps.SIGNED_AS] = machines.answer
    own_services[injection.SIGNED_AS] = experiments.answer
    yield cloud
    own_services.clear()
    storage.close()


def role(play: Play, name: str, service: str) -> Any:
    inputs = {"name": name, "assumeRolePolicy": trust(service)}
    return play.resource("aws:iam/role:Role", name, inputs)


def machine(play: Play, *, wait_s: int = 1, **more: Any) -> None:
    made = role(play, "machine", "states.amazonaws.com")
    definition = {
        "StartAt": "A",
        "States": {"A": {"Type": "Wait", "Seconds": wait_s, "End": True}},
    }
    inputs = {
        "name": "drill",
        "roleArn": made.outputs["arn"],
        "definition": json.dumps(definition),
        "tags": {"drill": "yes"},
        **more,
    }
    found = play.resource(MACHINE, "drill", inputs, uses={"roleArn": [made]})
    play.export(arn=found.outputs.get("arn"))


def test_a_state_machine_is_created_changed_and_deleted(drills: Cloud) -> None:
    group = "arn:aws:logs:us-east-1:123456789012:log-group:drills:*"
    logged = {"level": "ALL", "includeExecutionData": True, "logDestination": group}
    outcome = drills.deploy(lambda play: machine(play, loggingConfiguration=logged))
    arn = outcome.outputs["arn"]
    assert arn == "arn:aws:states:us-east-1:123456789012:stateMachine:drill"
    drills.deploy(lambda play: machine(play, wait_s=2))
    assert drills.steps() == [("update", "drill")]
    shown = drills.call("stepfunctions", "DescribeStateMachine", stateMachineArn=arn)
    assert json.loads(shown["definition"])["States"]["A"]["Seconds"] == 2
    assert shown["loggingConfiguration"]["level"] == "OFF"
    drills.deploy(lambda _play: None)
    assert drills.call("stepfunctions", "ListStateMachines")["stateMachines"] == []


def test_an_unsound_state_machine_is_not_deployed(drills: Cloud) -> None:
    outcome = drills.run(lambda play: machine(play, definition='{"StartAt":"B","States":{}}'))
    assert outcome.result == "refused"
    assert "Invalid State Machine Definition" in outcome.problems[0].message


def template(play: Play, *, duration: str = "PT5M", scope: str = "all") -> None:
    made = role(play, "injects", "fis.amazonaws.com")
    action = {
        "name": "cut",
        "actionId": "aws:network:disrupt-connectivity",
        "parameters": [
            {"key": "duration", "value": duration},
            {"key": "scope", "value": scope},
        ],
        "target": {"key": "Subnets", "value": "zone"},
    }
    after = {
        "name": "look",
        "actionId": "aws:fis:wait",
        "parameters": [{"key": "duration", "value": "PT1M"}],
        "startAfters": ["cut"],
    }
    target = {
        "name": "zone",
        "resourceType": "aws:ec2:subnet",
        "selectionMode": "ALL",
        "resourceTags": [{"key": "drill", "value": "allowed"}],
    }
    bucket = {"s3Configuration": {"bucketName": "journal", "prefix": "fis/"}}
    inputs = {
        "description": "a zone is lost",
        "roleArn": made.outputs["arn"],
        "actions": [action, after],
        "targets": [target],
        "stopConditions": [{"source": "none"}],
        "experimentOptions": {"emptyTargetResolutionMode": "skip"},
        "experimentReportConfiguration": {"outputs": bucket, "preExperimentDuration": "PT5M"},
        "tags": {"drill": "yes"},
    }
    found = play.resource(TEMPLATE, "zone", inputs, uses={"roleArn": [made]})
    play.export(id=found.id)


def test_an_experiment_template_is_created_changed_and_deleted(drills: Cloud) -> None:
    outcome = drills.deploy(template)
    found = drills.call("fis", "GetExperimentTemplate", id=outcome.outputs["id"])
    shown = found["experimentTemplate"]
    assert shown["actions"]["look"]["startAfter"] == ["cut"]
    assert shown["actions"]["cut"]["targets"] == {"Subnets": "zone"}
    assert shown["targets"]["zone"]["resourceTags"] == {"drill": "allowed"}
    assert shown["tags"] == {"drill": "yes"}
    drills.deploy(lambda play: template(play, duration="PT10M"))
    assert drills.steps() == [("update", "zone")]
    drills.deploy(lambda _play: None)
    assert drills.call("fis", "ListExperimentTemplates")["experimentTemplates"] == []


def test_an_unfit_experiment_template_is_not_deployed(drills: Cloud) -> None:
    outcome = drills.run(lambda play: template(play, scope="s3"))
    assert outcome.result == "refused"
    assert "scope 's3' is not emulated" in outcome.problems[0].message
