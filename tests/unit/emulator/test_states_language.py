"""The States Language: what is refused, what paths, templates and choices mean, how states run."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from emulator.steps import choices, definition, paths, templates
from emulator.steps.errors import StateError
from emulator.steps.history import History
from emulator.steps.interpreter import Ended, Interpreter, first_of
from emulator.steps.intrinsics import IntrinsicError
from emulator.steps.paths import PathError

if TYPE_CHECKING:
    from collections.abc import Coroutine

INVOKE = "arn:aws:states:::lambda:invoke"
BEGAN_S = 1_800_000_000.0
DONE: dict[str, Any] = {"Type": "Succeed"}


def task(**more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": "f"}} | more


class VirtualGrounds:
    """Time that passes at once, and tasks that answer from a list."""

    def __init__(self, *answers: Any) -> None:
        self.at_s = BEGAN_S
        self.answers = list(answers)
        self.asked: list[tuple[float, Any]] = []
        self.lost_until_s = 0.0

    def now_s(self) -> float:
        return self.at_s

    async def sleep(self, emulated_s: float) -> None:
        await asyncio.sleep(0)
        self.at_s += max(emulated_s, 0.0)

    async def present(self) -> None:
        self.at_s = max(self.at_s, self.lost_until_s)

    def perform(self, resource: str, parameters: Any) -> Coroutine[Any, Any, Any]:
        assert resource == INVOKE
        return self._answer(parameters)

    async def _answer(self, parameters: Any) -> Any:
        self.asked.append((self.at_s - BEGAN_S, parameters))
        answer = self.answers.pop(0)
        if isinstance(answer, StateError):
            raise answer
        if answer is HANGS:
            await asyncio.Event().wait()
        return answer

    async def within(self, work: Coroutine[Any, Any, Any], limit_s: float | None) -> Any:
        return await (work if limit_s is None else first_of(work, self.sleep(limit_s)))


HANGS = object()


def run(
    states: dict[str, Any], data: Any = None, *, grounds: VirtualGrounds | None = None, **top: Any
) -> Ended:
    """Run a machine that must be sound, from its first state on."""
    machine = {"StartAt": next(iter(states)), "States": states, **top}
    _, problems = definition.read(json.dumps(machine))
    assert problems == []
    there = grounds or VirtualGrounds()
    context = {"Execution": {"Name": "drill-1", "Input": data}}
    history = History(there.now_s, "us-west-2")
    interpreter = Interpreter(
        machine,
        context,
        history,
        there,
        began_s=BEGAN_S,
        chance=random.Random(1),  # noqa: S311  # a seeded draw
    )
    return asyncio.run(interpreter.run({} if data is None else data))


UNSOUND: dict[str, tuple[dict[str, Any], str]] = {
    "a start that is no state": ({"StartAt": "B", "States": {"A": DONE}}, "'StartAt' target: B"),
    "a next that is no state": (
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}},
        "'Next' target: B at /States/A/Next",
    ),
    "a catcher that leads nowhere": (
        {
            "StartAt": "A",
            "States": {"A": task(End=True, Catch=[{"ErrorEquals": ["E"], "Next": "B"}])},
        },
        "'Next' target: B at /States/A/Catch[0]/Next",
    ),
    "a state that nothing leads to": (
        {"StartAt": "A", "States": {"A": DONE, "B": DONE}},
        'State "B" is not reachable. at /States/B',
    ),
    "a machine without an end": (
        {
            "StartAt": "A",
            "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}},
        },
        "No reachable state ends it",
    ),
    "a state that neither ends nor goes on": (
        {"StartAt": "A", "States": {"A": {"Type": "Pass"}}},
        "[Next, End] at /States/A",
    ),
    "an unknown field": (
        {"StartAt": "A", "States": {"A": DONE | {"Nxt": "B"}}},
        'Field "Nxt" is not supported at /States/A/Nxt',
    ),
    "an unknown field at the top": (
        {"StartAt": "A", "States": {"A": DONE}, "Timeout": 5},
        'Field "Timeout" is not supported at /Timeout',
    ),
    "a state that is not emulated": (
        {"StartAt": "A", "States": {"A": {"Type": "Map", "End": True}}},
        "Type 'Map' is not emulated",
    ),
    "JSONata": (
        {"StartAt": "A", "States": {"A": DONE}, "QueryLanguage": "JSONata"},
        "QueryLanguage 'JSONata' is not emulated",
    ),
    "a resource that is not emulated": (
        {"StartAt": "A", "States": {"A": task(Resource="arn:aws:states:::ecs:runTask", End=True)}},
        "'arn:aws:states:::ecs:runTask' is not emulated",
    ),
    "a parameter that the task does not have": (
        {"StartAt": "A", "States": {"A": task(Parameters={"Function": "f"}, End=True)}},
        'The field "Function" is not supported',
    ),
    "a path that is not emulated": (
        {"StartAt": "A", "States": {"A": DONE | {"InputPath": "$.a[*]"}}},
        "'$.a[*]' is not emulated from '[*]' on",
    ),
    "a template that is no path": (
        {"StartAt": "A", "States": {"A": task(Parameters={"Payload.$": "a"}, End=True)}},
        "'Payload.$' is not valid",
    ),
    "an intrinsic function that is not emulated": (
        {
            "StartAt": "A",
            "States": {"A": task(Parameters={"Payload.$": "States.Hash($, 'x')"}, End=True)},
        },
        "States.Hash is not emulated",
    ),
    "a wait for two things": (
        {
            "StartAt": "A",
            "States": {"A": {"Type": "Wait", "Seconds": 1, "SecondsPath": "$", "End": True}},
        },
        "Exactly one of these fields",
    ),
    "a choice without a rule": (
        {"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": []}}},
        "at least one rule",
    ),
    "a comparison that does not exist": (
        {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Choice", "Choices": [{"Variable": "$", "Is": 1, "Next": "B"}]},
                "B": DONE,
            },
        },
        'Field "Is" is not supported',
    ),
    "States.ALL that does not stand alone": (
        {
            "StartAt": "A",
            "States": {"A": task(End=True, Retry=[{"ErrorEquals": ["States.ALL", "E"]}])},
        },
        "States.ALL stands alone",
    ),
    "a backoff that shrinks": (
        {
            "StartAt": "A",
            "States": {"A": task(End=True, Retry=[{"ErrorEquals": ["E"], "BackoffRate": 0.5}])},
        },
        "BackoffRate must be a number from 1.0 on",
    ),
}


@pytest.mark.parametrize("case", UNSOUND)
def test_an_unsound_definition_is_refused_by_name(case: str) -> None:
    machine, expected = UNSOUND[case]
    _, problems = definition.read(json.dumps(machine))
    assert any(expected in str(each) for each in problems), [str(each) for each in problems]


def test_what_is_no_json_is_refused() -> None:
    _, (problem,) = definition.read("{")
    assert problem.code == "INVALID_JSON_DESCRIPTION"


def test_paths_read_and_write() -> None:
    data = {"a": {"b-c": [1, {"d": 2}]}}
    assert paths.read("$.a['b-c'][1].d", data, {}) == 2
    assert paths.read("$$.Execution.Name", data, {"Execution": {"Name": "x"}}) == "x"
    assert paths.put("$.a.e.f", data, 3) == {"a": {"b-c": [1, {"d": 2}], "e": {"f": 3}}}
    assert data == {"a": {"b-c": [1, {"d": 2}]}}, "what is written to is a copy"
    for nowhere in ("$.b", "$.a[0]", "$.a['b-c'][2]"):
        with pytest.raises(PathError, match="could not be found"):
            paths.read(nowhere, data, {})
    with pytest.raises(PathError, match="leads nowhere"):
        paths.put("$.a['b-c'].d", data, 3)


def test_templates_are_filled_in() -> None:
    template = {
        "plain": "$.id",
        "id.$": "$.id",
        "name.$": r"States.Format('drill-{} of \'{}\' \{\}', $.id, $$.Stack)",
        "list": [{"n.$": "States.MathAdd($.id, -1)"}, 1],
        "text.$": "States.JsonToString(States.Array($.id, null, true))",
        "json.$": "States.StringToJson('{\"a\":1}')",
    }
    assert templates.fill(template, {"id": 7}, {"Stack": "prod"}) == {
        "plain": "$.id",
        "id": 7,
        "name": "drill-7 of 'prod' {}",
        "list": [{"n": 6}, 1],
        "text": "[7,null,true]",
        "json": {"a": 1},
    }
    unlike = {templates.fill({"u.$": "States.UUID()"}, {}, {})["u"] for _ in range(2)}
    assert len(unlike) == 2
    with pytest.raises(IntrinsicError, match="1 places"):
        templates.fill({"a.$": "States.Format('{}', 1, 2)"}, {}, {})


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"Variable": "$.n", "NumericGreaterThanEquals": 3}, True),
        ({"Variable": "$.n", "NumericLessThan": 3}, False),
        ({"Variable": "$.n", "StringEquals": "3"}, False),
        ({"Variable": "$.s", "StringMatches": "re*on"}, True),
        ({"Variable": "$.s", "StringMatches": r"re\*on"}, False),
        ({"Variable": "$.s", "StringEqualsPath": "$.t"}, True),
        ({"Variable": "$.b", "BooleanEquals": False}, True),
        ({"Variable": "$.at", "TimestampLessThan": "2026-01-01T00:00:01+00:00"}, True),
        ({"Variable": "$.gone", "IsPresent": False}, True),
        ({"Variable": "$.null", "IsNull": True}, True),
        ({"Variable": "$.b", "IsNumeric": True}, False),
        ({"Variable": "$.at", "IsTimestamp": True}, True),
        ({"Not": {"Variable": "$.n", "NumericEquals": 3}}, False),
        (
            {
                "And": [
                    {"Variable": "$.n", "NumericEquals": 3},
                    {"Variable": "$.b", "IsBoolean": True},
                ]
            },
            True,
        ),
        (
            {"Or": [{"Variable": "$.n", "NumericEquals": 4}, {"Variable": "$.b", "IsNull": True}]},
            False,
        ),
    ],
)
def test_a_choice_rule_decides(rule: dict[str, Any], *, expected: bool) -> None:
    data = {
        "n": 3,
        "s": "region",
        "t": "region",
        "b": False,
        "at": "2026-01-01T00:00:00Z",
        "null": None,
    }
    assert list(choices.problems(rule | {"Next": "A"}, "/")) == []
    assert choices.holds(rule, data, {}) is expected


def test_a_choice_without_a_rule_that_holds_fails() -> None:
    rules = [{"Variable": "$.n", "NumericEquals": 1, "Next": "B"}]
    ended = run({"A": {"Type": "Choice", "Choices": rules}, "B": DONE}, {"n": 2})
    assert (ended.status, ended.error) == ("FAILED", "States.NoChoiceMatched")


def test_a_path_that_names_nothing_ends_the_execution_past_every_catcher() -> None:
    states = {
        "A": task(
            Parameters={"Payload.$": "$.gone"},
            Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B"}],
            Next="B",
        ),
        "B": DONE,
    }
    ended = run(states)
    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")
    assert "'$.gone'" in str(ended.cause)


def test_input_and_result_travel_as_the_paths_say() -> None:
    grounds = VirtualGrounds({"Payload": {"next": "watch"}, "StatusCode": 200})
    states = {
        "A": task(
            InputPath="$.drill",
            Parameters={
                "FunctionName": "f",
                "Payload": {"id.$": "$.id", "run.$": "$$.Execution.Name"},
            },
            ResultSelector={"next.$": "$.Payload.next"},
            ResultPath="$.step",
            OutputPath="$.step",
            Next="B",
        ),
        "B": {"Type": "Pass", "Result": 1, "ResultPath": "$.one", "Next": "C"},
        "C": {"Type": "Pass", "Parameters": {"both.$": "$"}, "ResultPath": None, "End": True},
    }
    ended = run(states, {"drill": {"id": 7}}, grounds=grounds)
    assert grounds.asked[0][1] == {"FunctionName": "f", "Payload": {"id": 7, "run": "drill-1"}}
    assert ended == Ended(status="SUCCEEDED", output={"next": "watch", "one": 1})


def test_a_wait_takes_the_seconds_it_is_told() -> None:
    grounds = VirtualGrounds({})
    states = {
        "A": {"Type": "Wait", "SecondsPath": "$.wait_s", "Next": "B"},
        "B": {"Type": "Wait", "Timestamp": "2027-01-15T08:10:00Z", "Next": "C"},
        "C": task(End=True),
    }
    assert run(states, {"wait_s": 90}, grounds=grounds).status == "SUCCEEDED"
    assert grounds.asked[0][0] == 600, "08:10 is ten minutes after the beginning"


def test_a_failed_task_is_tried_again_with_growing_waits() -> None:
    failure = StateError("Lambda.TooManyRequestsException", "slow down")
    grounds = VirtualGrounds(failure, failure, failure, failure)
    retry = [
        {
            "ErrorEquals": ["Lambda.TooManyRequestsException"],
            "IntervalSeconds": 2,
            "BackoffRate": 3,
            "MaxAttempts": 3,
            "MaxDelaySeconds": 10,
        }
    ]
    ended = run({"A": task(Retry=retry, End=True)}, grounds=grounds)
    assert [at_s for at_s, _ in grounds.asked] == [0, 2, 8, 18], "2, 6, and 18 held to 10"
    assert (ended.status, ended.error) == ("FAILED", "Lambda.TooManyRequestsException")


def test_a_failed_task_is_caught_where_its_error_is_named() -> None:
    states = {
        "A": task(
            Catch=[
                {"ErrorEquals": ["Other"], "Next": "B"},
                {"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.why", "Next": "C"},
            ],
            Next="B",
        ),
        "B": {"Type": "Fail", "Error": "Wrong"},
        "C": DONE,
    }
    ended = run(states, {"id": 1}, grounds=VirtualGrounds(StateError("ValueError", "no")))
    assert ended.output == {"id": 1, "why": {"Error": "ValueError", "Cause": "no"}}


def test_a_task_that_takes_too_long_times_out_and_is_no_failed_task() -> None:
    grounds = VirtualGrounds(HANGS)
    states = {
        "A": task(
            TimeoutSeconds=30,
            Catch=[
                {"ErrorEquals": ["States.TaskFailed"], "Next": "B"},
                {"ErrorEquals": ["States.Timeout"], "Next": "C"},
            ],
            Next="B",
        ),
        "B": {"Type": "Fail", "Error": "Wrong"},
        "C": DONE,
    }
    assert run(states, grounds=grounds).status == "SUCCEEDED"
    assert grounds.now_s() == BEGAN_S + 30


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Wait", "Seconds": 1000, "End": True},
        task(TimeoutSeconds=1000, End=True, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B"}]),
        task(End=True, Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1000}]),
    ],
    ids=["while waiting", "in a task", "between tries"],
)
def test_an_execution_has_the_time_of_its_machine(state: dict[str, Any]) -> None:
    hanging = state.get("TimeoutSeconds") is not None
    grounds = VirtualGrounds(HANGS if hanging else StateError("E", ""))
    states = {"A": state, "B": DONE} if "Catch" in state else {"A": state}
    ended = run(states, grounds=grounds, TimeoutSeconds=60)
    assert ended.status == "TIMED_OUT"
    assert grounds.now_s() == BEGAN_S + 60


def test_an_execution_of_a_lost_region_stands_still_and_finds_its_time_over() -> None:
    wait = {"Type": "Wait", "Seconds": 10, "End": True}
    grounds = VirtualGrounds()
    grounds.lost_until_s = BEGAN_S + 500
    assert run({"A": wait}, grounds=grounds, TimeoutSeconds=1000).status == "SUCCEEDED"
    assert grounds.now_s() == BEGAN_S + 510, "the wait begins when the Region is back"
    late = VirtualGrounds()
    late.lost_until_s = BEGAN_S + 500
    assert run({"A": wait}, grounds=late, TimeoutSeconds=400).status == "TIMED_OUT"


def test_an_execution_that_goes_round_for_ever_fills_its_history() -> None:
    rules = [{"Variable": "$.on", "BooleanEquals": False, "Next": "C"}]
    states = {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Choice", "Choices": rules, "Default": "A"},
        "C": DONE,
    }
    ended = run(states, {"on": True})
    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")
    assert "history events (25000)" in str(ended.cause)


def test_a_fail_state_says_why() -> None:
    states = {"A": {"Type": "Fail", "ErrorPath": "$.error", "Cause": "the drill missed"}}
    ended = run(states, {"error": "Missed"})
    assert ended == Ended(status="FAILED", error="Missed", cause="the drill missed")


def test_a_result_that_is_too_large_fails_its_task() -> None:
    states = {
        "A": task(Catch=[{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "B"}], Next="B")
    }
    ended = run(states | {"B": DONE}, grounds=VirtualGrounds("x" * 300_000))
    assert ended.output["Error"] == "States.DataLimitExceeded"
