"""A whole emulator runs state machines and experiments by itself, on its clock."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from emulator.handle_errors import EmulatorRequestError
from tests.contract.dataplane.cloud import package
from tests.contract.engine.play import allow, trust
from tests.emulated_account import client

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.handle import EmulatorHandle

REGION = "eu-north-1"  # nobody else's in the session's emulator
ROLE = "arn:aws:iam::123456789012:role/{}"
DEADLINE_S = 60.0


class Account:
    """Clients of the session's emulator."""

    def __init__(self, emulator: EmulatorHandle) -> None:
        self._emulator = emulator

    def client(self, service: str) -> Any:
        return client(self._emulator, service, REGION)

    def role(self, name: str, service: str, *actions: str) -> str:
        iam = self.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))
        if actions:
            document = allow([*actions], ["*"])
            iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=document)
        return ROLE.format(name)


@pytest.fixture
def account(emulator: EmulatorHandle) -> Account:
    return Account(emulator)


def eventually(what: Callable[[], bool], rule: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not what():
        assert time.monotonic() < deadline, rule
        time.sleep(0.2)


def test_an_execution_waits_ends_and_is_counted(account: Account, emulator: EmulatorHandle) -> None:
    states = account.client("stepfunctions")
    waits = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 20, "End": True}}}
    machine = states.create_state_machine(
        name="waits",
        definition=json.dumps(waits),
        roleArn=account.role("waits", "states.amazonaws.com"),
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]

    def shown() -> Any:
        return states.describe_execution(executionArn=execution)

    eventually(lambda: shown()["status"] == "SUCCEEDED", "an execution runs by itself")
    took_s = (shown()["stopDate"] - shown()["startDate"]).total_seconds()
    assert took_s >= 20, "in emulated time"
    emitted = emulator.known_metrics()["emitted"]
    assert {"ExecutionsStarted", "ExecutionsSucceeded"} <= {
        each["name"] for each in emitted if each["values"].get("StateMachineArn") == machine
    }


def test_a_schedule_starts_a_machine_that_runs_a_function(account: Account) -> None:
    account.client("lambda").create_function(
        FunctionName="adds-one",
        Runtime="python3.12",
        Role=account.role("adds-one", "lambda.amazonaws.com"),
        Handler="handler.handle",
        Code={"ZipFile": package("def handle(event, context): return event['n'] + 1")},
        Timeout=30,
    )
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "adds-one", "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "End": True,
    }
    states = account.client("stepfunctions")
    machine = states.create_state_machine(
        name="adds",
        definition=json.dumps({"StartAt": "A", "States": {"A": task}}),
        roleArn=account.role("adds", "states.amazonaws.com", "lambda:InvokeFunction"),
    )["stateMachineArn"]
    account.client("scheduler").create_schedule(
        Name="adds",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": machine,
            "RoleArn": account.role("starts", "scheduler.amazonaws.com", "states:StartExecution"),
            "Input": '{"n":1}',
        },
    )

    def ended() -> list[Any]:
        listed = states.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")
        return list(listed["executions"])

    eventually(lambda: bool(ended()), "the schedule fires, and the function answers")
    shown = states.describe_execution(executionArn=ended()[0]["executionArn"])
    assert (json.loads(shown["input"]), shown["output"]) == ({"n": 1}, "2")


def test_an_experiment_ends_when_its_time_is_over(account: Account) -> None:
    fis = account.client("fis")
    template = fis.create_experiment_template(
        description="nothing",
        roleArn=account.role("experiments", "fis.amazonaws.com"),
        stopConditions=[{"source": "none"}],
        actions={"wait": {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"}}},
    )["experimentTemplate"]["id"]
    experiment = fis.start_experiment(experimentTemplateId=template)["experiment"]["id"]

    def status() -> str:
        return str(fis.get_experiment(id=experiment)["experiment"]["state"]["status"])

    assert status() != "completed"
    eventually(lambda: status() == "completed", "an experiment ends by itself")


@pytest.mark.parametrize("kind", ["bucket_replication", "table_replication"])
def test_only_what_is_replicated_can_be_paused(emulator: EmulatorHandle, kind: str) -> None:
    with pytest.raises(EmulatorRequestError, match=f"there is no {kind} 'eu-north-1/none' here"):
        emulator.lose(kind, "eu-north-1/none")
