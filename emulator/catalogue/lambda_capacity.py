"""Lambda: environments provisioned ahead of any invocation."""

from __future__ import annotations

import time
from typing import Any, Final

from emulator.catalogue.lambda_ import function_name
from emulator.catalogue.model import Call, Caller, Read, ResourceType, Subject, emulated, given
from emulator.catalogue.parameters import filled
from emulator.engine.request import RefusedError

READY_WITHIN_S: Final = 60.0
"""Real seconds that starting environments may take; pulumi-aws itself waits 15 minutes."""

_LOOK_AGAIN_S: Final = 0.1


def _function(subject: Subject) -> str:
    return function_name(subject.get("functionName"))


_CONFIG: Final[dict[str, Any]] = {"FunctionName": _function, "Qualifier": given("qualifier")}


def _wait_ready(subject: Subject, call: Caller) -> None:
    """Wait, as pulumi-aws does, until every environment is ready."""
    deadline_s = time.monotonic() + READY_WITHIN_S
    while True:
        answer = call("lambda", "GetProvisionedConcurrencyConfig", **filled(_CONFIG, subject))
        if answer["Status"] == "READY":
            return
        if answer["Status"] == "FAILED" or time.monotonic() > deadline_s:
            raise RefusedError(
                f"{answer['AvailableProvisionedConcurrentExecutions']} of "
                f"{answer['RequestedProvisionedConcurrentExecutions']} provisioned environments "
                f"are ready: {answer.get('StatusReason', 'the others did not come in time')}"
            )
        time.sleep(_LOOK_AGAIN_S)


_PUT: Final = Call(operation="PutProvisionedConcurrencyConfig")

PROVISIONED_CONCURRENCY: Final = ResourceType(
    type="aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
    service="lambda",
    inputs={
        "functionName": emulated(
            required=True, force_new=True, unread="it is read by it", convert=function_name
        ),
        "qualifier": emulated(required=True, force_new=True, unread="it is read by it"),
        "provisionedConcurrentExecutions": emulated(
            required=True, read="RequestedProvisionedConcurrentExecutions"
        ),
        "skipDestroy": emulated(unread="steers deletion only", default=False),
    },
    create=(_PUT,),
    id=lambda subject: f"{_function(subject)},{subject.get('qualifier')}",
    reads=(Read(operation="GetProvisionedConcurrencyConfig", params=_CONFIG),),
    update=(
        Call(operation="PutProvisionedConcurrencyConfig", when="provisionedConcurrentExecutions"),
    ),
    delete=(
        Call(
            operation="DeleteProvisionedConcurrencyConfig",
            only="",
            only_if=lambda subject: not subject.get("skipDestroy"),
            extra=_CONFIG,
        ),
    ),
    settle=_wait_ready,
    identity="functionName qualifier",
)

TYPES: Final = (PROVISIONED_CONCURRENCY,)
