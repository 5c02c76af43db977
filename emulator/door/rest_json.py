"""A service that moto does not have: its API over rest-json, by its botocore model.

A call is matched to its operation, its parameters are gathered from path, query and body and held
against the model, and what the operation returns is written as JSON.
https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs
from uuid import uuid4

from emulator import botocore_model
from emulator.door import actions
from emulator.door.refusals import Answer

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from emulator.door.request import ApiRequest

Values = dict[str, Any]
"""A structure of the API, as botocore names its members."""


_NUMBERS: Final = ("integer", "long")


class ServiceError(Exception):
    """A refusal of an operation, in the API's own words."""

    def __init__(
        self, code: str, message: str, *, status: int, facts: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.facts = dict(facts or {})
        """Further members of the error's structure."""


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
        operation, found = actions.rest_operation(request)
        if operation is None or operation not in self._operations:
            message = f"{operation or request.method + ' ' + request.path} is not emulated"
            return _refused(ServiceError("UnknownOperationException", message, status=404))
        params = _parameters(self._name, operation, request, found)
        unfit = botocore_model.problems(self._name, operation, params)
        if unfit:
            return _refused(ServiceError("ValidationException", "; ".join(unfit), status=400))
        try:
            with self._lock:
                result = self._operations[operation](request.region, params)
        except ServiceError as error:
            return _refused(error)
        model: Any = botocore_model.service_model(self._name).operation_model(operation)
        return _answer(int(model.http.get("responseCode", 200)), result)


def _parameters(
    service: str, operation: str, request: ApiRequest, found: Mapping[str, Any]
) -> Values:
    """The call's parameters by their names in the model."""
    shape: Any = botocore_model.service_model(service).operation_model(operation).input_shape
    params = dict(request.document)
    for name, member in shape.members.items() if shape is not None else ():
        if member.serialization.get("location") not in ("uri", "querystring"):
            continue
        called = member.serialization.get("name", name)
        value = found.get(called)
        if value is not None and member.type_name == "list":
            params[name] = parse_qs(request.query_string)[called]
        elif value is not None:
            params[name] = int(value) if member.type_name in _NUMBERS else value
    return params


def _refused(error: ServiceError) -> Answer:
    body = {"message": error.message, **error.facts}
    return _answer(error.status, body, ("x-amzn-ErrorType", error.code))


def _answer(status: int, body: Values, *headers: tuple[str, str]) -> Answer:
    sent = json.dumps(body).encode()
    every = (
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(sent))),
        ("x-amzn-RequestId", str(uuid4())),
        *headers,
    )
    return Answer(status=status, headers=every, body=sent)
