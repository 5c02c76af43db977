"""Operations on executions: started, read, stopped; their histories.

A name is an execution's for as long as it is remembered: the same start again while it runs is the
same execution, anything else is refused.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Final

from emulator.steps.errors import refused
from emulator.steps.history import History
from emulator.steps.interpreter import PAYLOAD_LIMIT_BYTES
from emulator.steps.machines import check_name, find
from emulator.steps.pages import page
from emulator.steps.state import RUNNING, Execution

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.clock import Clock
    from emulator.steps.running import Runner
    from emulator.steps.state import Account, Values

_INCLUDED: Final = {"included": True}


class Executions:
    """Operations on executions; each takes a Region and a call's parameters."""

    def __init__(self, account: Account, runner: Runner, clock: Clock) -> None:
        self._account = account
        self._runner = runner
        self._clock = clock

    def operations(self) -> Mapping[str, Callable[[str, Values], Values]]:
        """Every operation by its name."""
        return {
            "StartExecution": self.start,
            "StopExecution": self.stop,
            "DescribeExecution": self.describe,
            "DescribeStateMachineForExecution": self.describe_machine,
            "ListExecutions": self.list_all,
            "GetExecutionHistory": self.history,
        }

    def start(self, region: str, params: Values) -> Values:
        """StartExecution."""
        machine = find(self._account, region, params["stateMachineArn"])
        name = params.get("name") or str(uuid.uuid4())
        check_name(name)
        text = params.get("input", "{}")
        _check_input(text)
        execution = Execution(
            machine=machine,
            name=name,
            input_text=text,
            role_arn=machine.role_arn,
            definition=machine.definition,
            started_s=self._clock.now_s(),
            history=History(self._clock.now_s, region),
        )
        executions = self._account.of(region).executions
        there = executions.get(execution.arn)
        if there is None:
            executions[execution.arn] = execution
            self._runner.start(execution)
        elif there.status != RUNNING or there.input_text != text:
            message = f"Execution Already Exists: '{there.arn}'"
            raise refused("ExecutionAlreadyExists", message)
        kept = there or execution
        return {"executionArn": kept.arn, "startDate": kept.started_s}

    def stop(self, region: str, params: Values) -> Values:
        """StopExecution. Idempotent: what has ended stays as it ended."""
        execution = self._find(region, params)
        if execution.status == RUNNING:
            self._runner.abort(execution, error=params.get("error"), cause=params.get("cause"))
        return {"stopDate": execution.stopped_s}

    def describe(self, region: str, params: Values) -> Values:
        """DescribeExecution."""
        execution = self._find(region, params)
        ended = {
            "stopDate": execution.stopped_s,
            "output": execution.output,
            "outputDetails": None if execution.output is None else _INCLUDED,
            "error": execution.error,
            "cause": execution.cause,
        }
        return {
            **_summary(execution),
            "input": execution.input_text,
            "inputDetails": _INCLUDED,
            "redriveStatus": "NOT_REDRIVABLE",
            **{name: value for name, value in ended.items() if value is not None},
        }

    def describe_machine(self, region: str, params: Values) -> Values:
        """DescribeStateMachineForExecution: the machine as the execution has it."""
        execution = self._find(region, params)
        return {
            "stateMachineArn": execution.machine.arn,
            "name": execution.machine.name,
            "definition": json.dumps(execution.definition),
            "roleArn": execution.role_arn,
            "updateDate": execution.started_s,
        }

    def list_all(self, region: str, params: Values) -> Values:
        """ListExecutions, the newest first."""
        if "stateMachineArn" not in params:
            raise refused("ValidationException", "stateMachineArn is required: no map runs here")
        machine = find(self._account, region, params["stateMachineArn"])
        found = [
            _summary(each)
            for each in reversed(self._account.of(region).executions.values())
            if each.machine is machine and params.get("statusFilter") in (None, each.status)
        ]
        return page("executions", found, params)

    def history(self, region: str, params: Values) -> Values:
        """GetExecutionHistory."""
        events = list(self._find(region, params).history.events)
        if params.get("reverseOrder"):
            events.reverse()
        return page("events", events, params)

    def _find(self, region: str, params: Values) -> Execution:
        arn = params["executionArn"]
        execution = self._account.of(region).executions.get(arn)
        if execution is None:
            raise refused("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return execution


def _check_input(text: str) -> None:
    if len(text.encode()) > PAYLOAD_LIMIT_BYTES:
        message = f"input is longer than {PAYLOAD_LIMIT_BYTES} bytes"
        raise refused("ValidationException", message)
    try:
        json.loads(text)
    except ValueError as error:
        message = f"Invalid State Machine Execution Input: '{error}'"
        raise refused("InvalidExecutionInput", message) from error


def _summary(execution: Execution) -> Values:
    ended = {} if execution.stopped_s is None else {"stopDate": execution.stopped_s}
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started_s,
        **ended,
    }
