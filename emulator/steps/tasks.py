"""What Task states do: under the machine's role, by the emulator's policy engine and data plane.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html and
https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html. The names of errors are those
that executions in AWS show (`Lambda.TooManyRequestsException`); that a refused invocation is a
`Lambda.AWSLambdaException` and a refused publication an `SNS.AuthorizationErrorException` is
unverified.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from emulator.door import key_access
from emulator.steps.errors import PERMISSIONS, RUNTIME, StateError
from emulator.storage.roles import Need, denial
from emulator.store import functions
from emulator.store.backends import ACCOUNT, backend_of, region_of
from emulator.watch import permissions
from emulator.watch.permissions import Sender

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.steps.state import Machine

SERVICE: Final = "states.amazonaws.com"
_PARTS: Final = 7  # of a function's ARN without a qualifier
_SENT: Final = 200


class Tasks:
    """Carries out tasks. Runs in the event loop; calls into moto are made in a thread."""

    def __init__(self, invoke: Callable[..., Awaitable[Any]]) -> None:
        self._invoke = invoke

    async def perform(self, machine: Machine, role_arn: str, resource: str, parameters: Any) -> Any:
        """A task's answer.

        Raises:
            StateError: It fails, is refused, or is called in a wrong way.
        """
        sender = Sender(service=SERVICE, source_arn=machine.arn, role_arn=role_arn)
        unusable = denial(role_arn, (SERVICE,), (), source_arn=machine.arn)
        if unusable is not None:
            raise StateError(PERMISSIONS, unusable)
        if not isinstance(parameters, dict):
            raise StateError(RUNTIME, f"the parameters of {resource} are {parameters!r}")
        given: dict[str, Any] = parameters
        if resource.endswith(":lambda:invoke"):
            return await self._call(machine.region, sender, given)
        return await asyncio.to_thread(_publish, sender, machine.region, given)

    async def _call(self, region: str, sender: Sender, given: dict[str, Any]) -> Any:
        arn = _function_arn(region, str(given.get("FunctionName", "")), given.get("Qualifier"))
        if region_of(arn) != region:
            message = f"Functions from '{region_of(arn)}' are not reachable in this region"
            raise StateError("Lambda.ResourceNotFoundException", f"{message} ('{region}')")
        function = functions.read_function(region, arn.split(":")[6])
        if function is None:
            raise StateError("Lambda.ResourceNotFoundException", f"Function not found: {arn}")
        reason = permissions.may_invoke(sender, function, arn)
        if reason is not None:
            raise StateError("Lambda.AWSLambdaException", reason)
        event = given.get("InvocationType") == "Event"
        payload = json.dumps(given.get("Payload", {})).encode()
        answer = await self._invoke(arn, None, payload, region=region, event=event)
        if answer.error is None:
            return _answered(answer)
        raise _failed(answer)


def _function_arn(region: str, name: str, qualifier: str | None) -> str:
    """A function's ARN, qualified where the name or `qualifier` says so."""
    if not name.startswith("arn:"):
        name = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"
    qualified = len(name.split(":")) > _PARTS
    return name if qualified or not qualifier else f"{name}:{qualifier}"


def _answered(answer: Any) -> dict[str, Any]:
    found = {
        "StatusCode": answer.status,
        "SdkHttpMetadata": {"HttpStatusCode": answer.status},
    }
    if answer.payload:
        found["Payload"] = json.loads(answer.payload)
    if answer.executed_version:
        found["ExecutedVersion"] = answer.executed_version
    return found


def _failed(answer: Any) -> StateError:
    """The function's own error by its type; Lambda's by its code."""
    said = answer.payload.decode(errors="replace")
    if not answer.function_failed:
        return StateError(f"Lambda.{answer.error}", said)
    try:
        kind = json.loads(said)["errorType"]
    except (ValueError, KeyError, TypeError):
        kind = "Lambda.Unknown"
    return StateError(str(kind), said)


def _publish(sender: Sender, region: str, given: dict[str, Any]) -> Any:
    from moto.sns.models import sns_backends

    arn = str(given.get("TopicArn", ""))
    reason = permissions.may(sender, "sns:Publish", arn, ())
    if reason is not None:
        raise StateError("SNS.AuthorizationErrorException", reason)
    if region_of(arn) != region:
        raise StateError("SNS.InvalidParameterException", f"TopicArn is not of {region}: {arn}")
    backend = backend_of(sns_backends, region)
    topic = None if backend is None else backend.topics.get(arn)
    if topic is None:
        raise StateError("SNS.NotFoundException", f"Topic does not exist: {arn}")
    if "Message" not in given:
        raise StateError("SNS.InvalidParameterException", "Message is missing")
    reason = _key_denial(sender, str(topic.kms_master_key_id or ""), region)
    if reason is not None:
        raise StateError("SNS.KmsAccessDeniedException", reason)
    message = given["Message"]
    body = message if isinstance(message, str) else json.dumps(message)
    message_id: str = topic.publish(body, subject=given.get("Subject"))
    return {"MessageId": message_id, "SdkHttpMetadata": {"HttpStatusCode": _SENT}}


def _key_denial(sender: Sender, key_id: str, region: str) -> str | None:
    """Why the role may not write to a topic that this key encrypts; keys of AWS's let it."""
    if not key_id or "alias/aws/" in key_id:
        return None
    key = key_access.find(key_id, region)
    if key is None:
        return f"key {key_id} does not exist in {region}"
    # SNS uses the key for whoever publishes, and says so.
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    used = key_access.via("sns", region)
    needs = [
        (Need(action=action, resource=key.arn, context=used), ())
        for action in ("kms:GenerateDataKey", "kms:Decrypt")
    ]
    return denial(str(sender.role_arn), (SERVICE,), needs, source_arn=sender.source_arn)
