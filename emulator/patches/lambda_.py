"""Lambda: invocations run the deployed code, under the qualifier asked for.

Stock moto reads the qualifier under a name that the API does not use, answers invocations itself,
and does not show a reserved concurrency of 0. Limits are the data plane's to enforce.
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from emulator.patches.mending import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.patches.hooks import Hooks, InvokeResult

_UNHANDLED: Final = "Unhandled"
Answer = tuple[int, dict[str, str], bytes]


def apply(hooks: Callable[[], Hooks]) -> None:
    """Send invocations to the data plane and show the concurrency that is set."""
    _mend_invoke(hooks)
    _mend_events(hooks)
    _mend_concurrency()


def _mend_invoke(hooks: Callable[[], Hooks]) -> None:
    from moto.awslambda.responses import LambdaResponse

    def invoke(self: Any) -> Answer:
        name = unquote(self.path.rsplit("/", 2)[-2])
        qualifier = self.querystring.get("Qualifier", [None])[0]
        kind = self.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        self.backend.get_function(name, qualifier)  # an unknown one is refused as AWS does
        if kind == "DryRun":
            return 204, {"status": "204"}, b""
        body = self.body or b"{}"
        payload = body.encode() if isinstance(body, str) else bytes(body)
        region = str(self.region)
        event = kind == "Event"
        result = hooks().invoke(name, qualifier, payload, region=region, event=event)
        return _answer(result, tail=self.headers.get("X-Amz-Log-Type") == "Tail")

    replace(LambdaResponse, "invoke", invoke)


def _answer(result: InvokeResult, *, tail: bool) -> Answer:
    headers = {"status": str(result.status), "content-type": "application/json"}
    if result.error == _UNHANDLED:
        headers["x-amz-function-error"] = _UNHANDLED
    elif result.error:
        headers["x-amzn-errortype"] = result.error
    if tail and result.log_tail:
        headers["x-amz-log-result"] = base64.b64encode(result.log_tail.encode()).decode()
    return result.status, headers, result.payload


def _mend_events(hooks: Callable[[], Hooks]) -> None:
    """SNS, SQS, S3 and Step Functions call functions through this method of moto's."""
    from moto.awslambda.models import LambdaFunction

    def invoke_lambda(self: Any, event: Any = None) -> tuple[str, bool, str]:
        payload = event if isinstance(event, str) else json.dumps(event or {})
        version = None if self.version == "$LATEST" else str(self.version)
        result = hooks().invoke(
            self.function_name, version, payload.encode(), region=str(self.region)
        )
        return result.payload.decode(), result.error is not None, result.log_tail

    replace(LambdaFunction, "_invoke_lambda", invoke_lambda)


def _mend_concurrency() -> None:
    from moto.awslambda.models import LambdaFunction

    stock = LambdaFunction.get_code

    def get_code(self: Any) -> dict[str, Any]:
        shown: dict[str, Any] = stock(self)
        if self.reserved_concurrency is not None:
            limit = int(self.reserved_concurrency)
            shown["Concurrency"] = {"ReservedConcurrentExecutions": limit}
        return shown

    replace(LambdaFunction, "get_code", get_code)
