"""State machines over the API: kept, run under their roles, told of, started by others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.engine.play import allow
from tests.contract.steps.conftest import ACCOUNT, FUNCTION, INVOKE, REGION, ROLE, TOPIC, Ran

if TYPE_CHECKING:
    from tests.contract.steps.conftest import Site

WAIT: dict[str, Any] = {"Type": "Wait", "Seconds": 30, "End": True}
LONG_WAIT: dict[str, Any] = {"Type": "Wait", "Seconds": 80_000, "End": True}
TASK: dict[str, Any] = {**INVOKE, "End": True}


def refused(call: Any, **params: Any) -> tuple[str, str]:
    """Make a call that must be refused: the error's code and message."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return str(error["Code"]), str(error["Message"])


def test_a_machine_is_kept_changed_listed_and_deleted(site: Site) -> None:
    arn = site.machine({"A": WAIT})
    assert site.machine({"A": WAIT}) == arn, "the same again is no other machine"
    with pytest.raises(ClientError, match="StateMachineAlreadyExists"):
        site.machine({"A": LONG_WAIT})
    told = site.states.update_state_machine(
        stateMachineArn=arn, definition=json.dumps({"StartAt": "B", "States": {"B": WAIT}})
    )
    shown = site.states.describe_state_machine(stateMachineArn=arn)
    assert json.loads(shown["definition"])["StartAt"] == "B"
    assert (shown["status"], shown["revisionId"]) == ("ACTIVE", told["revisionId"])
    site.states.tag_resource(resourceArn=arn, tags=[{"key": "drill", "value": "yes"}])
    tags = site.states.list_tags_for_resource(resourceArn=arn)["tags"]
    assert tags == [{"key": "drill", "value": "yes"}]
    site.machine({"A": WAIT}, name="another")
    paged = site.states.get_paginator("list_state_machines").paginate(
        PaginationConfig={"PageSize": 1}
    )
    names = [each["name"] for page in paged for each in page["stateMachines"]]
    assert names == ["another", "drill"]
    execution = site.start(arn)
    site.states.delete_state_machine(stateMachineArn=arn)
    assert refused(site.states.describe_execution, executionArn=execution)[0] == (
        "ExecutionDoesNotExist"
    )
    assert refused(site.states.describe_state_machine, stateMachineArn=arn)[0] == (
        "StateMachineDoesNotExist"
    )


def test_what_is_unsound_or_not_emulated_is_refused(site: Site) -> None:
    create = site.states.create_state_machine
    sound = {"name": "m", "definition": '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}'}
    unsound = '{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}'
    code, message = refused(create, name="m", definition=unsound, roleArn=ROLE)
    assert code == "InvalidDefinition"
    assert "MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next" in message
    code, message = refused(create, roleArn=ROLE + "-gone", **sound)
    assert (code, "does not exist" in message) == ("AccessDeniedException", True)
    code, message = refused(create, roleArn=ROLE, type="EXPRESS", **sound)
    assert (code, "EXPRESS is not emulated" in message) == ("ValidationException", True)
    assert refused(create, roleArn=ROLE, **(sound | {"name": "a b"}))[0] == "InvalidName"
    assert refused(site.states.create_activity, name="a")[0] == "UnknownOperationException"
    checked = site.states.validate_state_machine_definition(definition=unsound)
    assert checked["result"] == "FAIL"
    assert checked["diagnostics"][0]["location"] == "/States/A/Next"
    ok = site.states.validate_state_machine_definition(definition=sound["definition"])
    assert (ok["result"], ok["diagnostics"]) == ("OK", [])


def test_an_execution_runs_its_tasks_and_keeps_its_history(site: Site) -> None:
    site.answers.append(Ran(payload=b'{"next":"watch"}'))
    shown = site.run(
        {"A": TASK | {"Next": "B"} | {"End": False}, "B": WAIT}, input='{"step":"begin"}'
    )
    assert (shown["status"], json.loads(shown["output"])) == (
        "SUCCEEDED",
        {"said": {"next": "watch"}},
    )
    assert site.invoked == [(FUNCTION, {"step": "begin"}, False)]
    took_s = (shown["stopDate"] - shown["startDate"]).total_seconds()
    assert took_s >= 30, "a wait passes in emulated time"
    history = site.states.get_execution_history(executionArn=shown["executionArn"])["events"]
    assert [each["type"] for each in history] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "WaitStateEntered",
        "WaitStateExited",
        "ExecutionSucceeded",
    ]
    assert history[2]["taskScheduledEventDetails"]["resource"] == "invoke"


def test_a_task_runs_under_the_machines_role(site: Site) -> None:
    site.client("iam").put_role_policy(
        RoleName="machine",
        PolicyName="may",
        PolicyDocument=allow(["lambda:InvokeFunction"], [FUNCTION.removesuffix(":live")]),
    )
    caught = TASK | {"Catch": [{"ErrorEquals": ["Lambda.AWSLambdaException"], "Next": "B"}]}
    shown = site.run({"A": caught, "B": {"Type": "Succeed"}})
    told = json.loads(shown["output"])
    assert told["Error"] == "Lambda.AWSLambdaException"
    assert f"no policy statement allows lambda:InvokeFunction on {FUNCTION}" in told["Cause"]
    assert site.invoked == [], "a function is not run for who may not"


def test_a_functions_own_error_and_lambdas_are_told_apart(site: Site) -> None:
    own = json.dumps({"errorType": "GateShut", "errorMessage": "not now"}).encode()
    site.answers.extend(
        [
            Ran(status=429, payload=b"{}", error="TooManyRequestsException"),
            Ran(payload=own, error="Unhandled"),
        ]
    )
    retry = [{"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 60}]
    shown = site.run({"A": TASK | {"Retry": retry}})
    assert (shown["status"], shown["error"]) == ("FAILED", "GateShut")
    assert json.loads(shown["cause"])["errorMessage"] == "not now"
    assert len(site.invoked) == 2
    took_s = (shown["stopDate"] - shown["startDate"]).total_seconds()
    assert took_s >= 60, "a retry waits in emulated time"


def test_a_verdict_is_published_by_who_may(site: Site) -> None:
    site.client("sns").create_topic(Name="verdicts")
    publish = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": TOPIC, "Message.$": "$", "Subject": "drill"},
        "End": True,
    }
    arn = site.machine({"A": publish})
    assert site.ended(site.start(arn))["error"] == "SNS.AuthorizationErrorException"
    site.client("iam").put_role_policy(
        RoleName="machine", PolicyName="tell", PolicyDocument=allow(["sns:Publish"], [TOPIC])
    )
    shown = site.ended(site.start(arn, input='{"verdict":"met"}'))
    assert shown["status"] == "SUCCEEDED"
    assert json.loads(shown["output"])["MessageId"]


def test_a_name_is_one_executions(site: Site) -> None:
    arn = site.machine({"A": LONG_WAIT})
    first = site.start(arn, name="nightly", input='{"n":1}')
    assert site.start(arn, name="nightly", input='{"n":1}') == first, "the same start, once"
    again = {"stateMachineArn": arn, "name": "nightly"}
    start = site.states.start_execution
    assert refused(start, input='{"n":2}', **again)[0] == "ExecutionAlreadyExists"
    site.states.stop_execution(executionArn=first, error="Stopped", cause="by hand")
    shown = site.ended(first)
    assert (shown["status"], shown["error"], shown["cause"]) == ("ABORTED", "Stopped", "by hand")
    assert refused(start, input='{"n":1}', **again)[0] == "ExecutionAlreadyExists"
    assert refused(start, stateMachineArn=arn, input="{")[0] == "InvalidExecutionInput"
    listed = site.states.list_executions(stateMachineArn=arn, statusFilter="ABORTED")
    assert [each["name"] for each in listed["executions"]] == ["nightly"]


def test_an_execution_ends_whatever_breaks_in_the_data_plane(site: Site) -> None:
    site.answers.append(Ran(payload=b"no JSON"))
    shown = site.run({"A": TASK})
    assert (shown["status"], shown["error"]) == ("FAILED", "States.Runtime")
    assert "JSONDecodeError" in shown["cause"]


def test_a_stopped_execution_does_nothing_more(site: Site) -> None:
    site.hang.set()
    execution = site.start(site.machine({"A": TASK | {"Next": "B", "End": False}, "B": TASK}))
    site.until(lambda: site.invoked, "the first task is asked for")
    site.states.stop_execution(executionArn=execution)
    site.hang.clear()
    assert site.ended(execution)["status"] == "ABORTED"
    history = site.states.get_execution_history(executionArn=execution, reverseOrder=True)
    assert history["events"][0]["type"] == "ExecutionAborted"
    assert len(site.invoked) == 1


def test_an_execution_of_a_lost_region_stands_still(site: Site) -> None:
    site.hang.set()
    execution = site.start(site.machine({"A": TASK | {"Next": "B", "End": False}, "B": TASK}))
    site.until(lambda: site.invoked, "the first task is asked for")
    fault = site.faults.lose("region", REGION)
    site.hang.clear()
    lost_at_s = site.clock.now_s()
    site.until(lambda: site.clock.now_s() > lost_at_s + 60, "time passes")
    assert len(site.invoked) == 1, "what was asked for comes back, and nothing follows"
    site.faults.restore(fault.id)
    assert site.ended(execution)["status"] == "SUCCEEDED"
    assert len(site.invoked) == 2


def test_what_becomes_of_executions_is_told_on_the_bus_and_counted(site: Site) -> None:
    queue = site.client("sqs").create_queue(QueueName="ears")["QueueUrl"]
    ears = f"arn:aws:sqs:{REGION}:{ACCOUNT}:ears"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": ears,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    site.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    pattern = {"source": ["aws.states"], "detail": {"status": ["FAILED"]}}
    site.client("events").put_rule(Name="failed", EventPattern=json.dumps(pattern))
    site.client("events").put_targets(Rule="failed", Targets=[{"Id": "q", "Arn": ears}])
    arn = site.machine({"A": {"Type": "Fail", "Error": "Missed", "Cause": "too slow"}})
    execution = site.start(arn, name="nightly", input='{"n":1}')

    def heard() -> Any:
        return site.client("sqs").receive_message(QueueUrl=queue).get("Messages")

    event = json.loads(site.until(heard, "a rule matches the event")[0]["Body"])
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert event["resources"] == [execution]
    detail = event["detail"]
    assert {
        key: detail[key] for key in ("status", "error", "cause", "input", "output", "name")
    } == {
        "status": "FAILED",
        "error": "Missed",
        "cause": "too slow",
        "input": '{"n":1}',
        "output": None,
        "name": "nightly",
    }
    assert site.counted("ExecutionsStarted", arn) == 1
    assert site.counted("ExecutionsFailed", arn) == 1
    assert site.counted("ExecutionsSucceeded", arn) == 0


def test_a_schedule_starts_a_machine_if_its_role_may(site: Site) -> None:
    arn = site.machine({"A": TASK})
    site.role("starts", "scheduler.amazonaws.com", ["states:StartExecution"], [f"{arn}-other"])
    site.client("scheduler").create_schedule(
        Name="nightly",
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": arn,
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/starts",
            "Input": '{"step":"begin"}',
        },
    )
    began_s = site.clock.now_s()
    site.until(lambda: site.clock.now_s() > began_s + 150, "two minutes pass")
    assert site.states.list_executions(stateMachineArn=arn)["executions"] == []
    site.client("iam").put_role_policy(
        RoleName="starts", PolicyName="may", PolicyDocument=allow(["states:StartExecution"], [arn])
    )
    site.until(lambda: site.invoked, "the schedule starts the machine")
    assert site.invoked[0][1] == {"step": "begin"}


def test_a_rule_starts_a_machine_by_the_role_it_must_have(site: Site) -> None:
    arn = site.machine({"A": TASK})
    site.role("starts", "events.amazonaws.com", ["states:StartExecution"], [arn])
    events = site.client("events")
    events.put_rule(Name="minutely", ScheduleExpression="rate(1 minute)")
    target = {"Id": "m", "Arn": arn, "Input": '{"step":"begin"}'}
    code, message = refused(events.put_targets, Rule="minutely", Targets=[target])
    assert (code, message) == ("ValidationException", f"RoleArn is required for target {arn}.")
    role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/starts"}
    events.put_targets(Rule="minutely", Targets=[target | role])
    site.until(lambda: site.invoked, "the rule starts the machine")
    assert site.invoked[0][1] == {"step": "begin"}
