"""A service that is not moto's: its API over JSON with a target header, by its botocore model.

https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from emulator import botocore_model
from emulator.door.refusals import Answer
from emulator.door.rest_json import ServiceError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from emulator.door.request import ApiRequest

Values = dict[str, Any]
"""A structure of the API, as botocore names its members."""

_OK: Final = 200


class Service:
    """Answers calls of one service by `operations`, one at a time."""

    def __init__(
        self,
        name: str,
        operations: Mapping[str, Callable[[str, Values], Values]],
        lock: threading.RLock,
    ) -> None:
        self._name = name
        self._operations = operations
        self._lock = lock

    def answer(self, request: ApiRequest) -> Answer:
        """Answer one call; what the model forbids is a ValidationException."""
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        params = request.document
        try:
            self._check(operation, params)
            with self._lock:
                return _answer(_OK, self._operations[operation](request.region, params))
        except ServiceError as error:
            body = {"__type": error.code, "message": error.message, **error.facts}
            return _answer(error.status, body)

    def _check(self, operation: str, params: Values) -> None:
        if operation not in self._operations:
            message = f"{operation or 'a call without a target'} is not emulated"
            raise ServiceError("UnknownOperationException", message, status=400)
        unfit = botocore_model.problems(self._name, operation, params)
        if unfit:
            raise ServiceError("ValidationException", "; ".join(unfit), status=400)


def _answer(status: int, body: Values) -> Answer:
    sent = json.dumps(body).encode()
    headers = (
        ("Content-Type", "application/x-amz-json-1.0"),
        ("Content-Length", str(len(sent))),
        ("x-amzn-RequestId", str(uuid4())),
    )
    return Answer(status=status, headers=headers, body=sent)
