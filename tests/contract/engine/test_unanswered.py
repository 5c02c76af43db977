"""A Region that does not answer a question is the program's to judge, not the engine's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pulumi.runtime.proto import resource_pb2

from emulator.engine import wire
from emulator.engine.aws import AwsError
from emulator.engine.monitor import Monitor

TOKEN = "aws:servicequotas/getServiceQuota:getServiceQuota"


def asked(error: Exception) -> tuple[Any, list[str]]:
    """What a program is answered when a call fails so, and what the run is refused with."""
    refusals: list[str] = []

    def answer(*_: Any) -> Any:
        raise error

    deployment: Any = SimpleNamespace(
        defaults=lambda _: None, refuse=lambda message, _name=None: refusals.append(message)
    )
    invokes: Any = SimpleNamespace(answer=answer)
    request = resource_pb2.ResourceInvokeRequest(tok=TOKEN, args=wire.encode({}))
    context: Any = SimpleNamespace()
    return Monitor(deployment, invokes).Invoke(request, context), refusals


def test_a_call_that_nobody_answered_fails_for_the_program_alone() -> None:
    answer, refusals = asked(AwsError("GetServiceQuota", "Unreachable", "us-east-1 is gone"))
    assert "us-east-1 is gone" in answer.failures[0].reason
    assert refusals == [], "the program may know a way round a lost Region"


@pytest.mark.parametrize("code", ["NoSuchResourceException", "AccessDeniedException"])
def test_a_call_that_aws_refused_refuses_the_run(code: str) -> None:
    answer, refusals = asked(AwsError("GetServiceQuota", code, "no", status=400))
    assert answer.failures
    assert refusals == [f"{TOKEN}: GetServiceQuota: {code}: no"]
