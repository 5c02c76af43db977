"""The one way from the engine to the AWS API: checked, cached, counted.

Every call is checked against its botocore model before it is sent. Clients are kept for each
service and Region, because making one costs more than ten calls.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from emulator import botocore_model
from emulator.administrator import ACCESS_KEY, SECRET_KEY
from emulator.door.direct import sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from emulator.door.refusals import Answer

_READS: Final = ("Describe", "Get", "List", "Head")
_UNREACHABLE: Final = "Unreachable"
_REFUSALS: Final = range(400, 500)
_CONFIG: Final = Config(
    retries={"total_max_attempts": 1},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=16,
    parameter_validation=False,  # `botocore_model` checks more
    s3={"addressing_style": "path"},
)


class AwsError(Exception):
    """AWS refused a call, or the call itself was unfit. `code` is AWS's own.

    `status` is that of AWS's answer; None when there was none.
    """

    def __init__(
        self, operation: str, code: str, message: str, *, status: int | None = None
    ) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.operation = operation
        self.code = code
        self.message = message
        self.status = status

    @property
    def did_nothing(self) -> bool:
        """Whether it is certain that the call changed nothing: AWS said what is wrong with it."""
        return self.status in _REFUSALS

    @property
    def unreachable(self) -> bool:
        """Whether nobody answered."""
        return self.code == _UNREACHABLE

    @property
    def missing(self) -> bool:
        """Whether AWS says that the thing asked for does not exist."""
        marks = ("NotFound", "NotAttached", "NoSuch", "NonExist", "NotExist", "404")
        # Route 53 says it in words, under the code it has for every unfit change.
        gone = self.code == "InvalidChangeBatch" and "but it was not found" in self.message
        return gone or any(mark in self.code for mark in marks)


class ReadOnlyError(AssertionError):
    """A preview was about to change something: a defect of the engine."""


class Aws:
    """AWS API at one endpoint, as its administrator. Safe to use from any thread.

    Args:
        endpoint: URL of the AWS API.
        answer: What answers behind that URL, when it is in this process: it is then called as it
            is, without a network in between.
    """

    def __init__(
        self, endpoint: str, answer: Callable[[dict[str, Any]], Answer] | None = None
    ) -> None:
        self._endpoint = endpoint
        self._session = boto3.Session(
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
        )
        if answer is not None:
            self._session.events.register("before-send", sender(answer))
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._account = ""
        self.read_only = False
        """While set (during a preview), a call that could change anything is refused."""
        self.calls = 0

    def client(self, service: str, region: str) -> Any:
        """The boto3 client of a service in a Region."""
        key = (service, region)
        found = self._clients.get(key)
        if found is not None:
            return found
        with self._lock:  # a boto3 session is not safe to make clients from in parallel
            if key not in self._clients:
                self._clients[key] = self._session.client(
                    service, region_name=region, endpoint_url=self._endpoint, config=_CONFIG
                )
            return self._clients[key]

    def warm_up(self, services: Iterable[str]) -> None:
        """Load the models of these services and make a client of each: nothing is called."""
        for service in services:
            botocore_model.service_model(service)
            self.client(service, "us-east-1")

    @property
    def account(self) -> str:
        """The account's twelve digits."""
        if not self._account:
            self._account = str(self.call("sts", "us-east-1", "GetCallerIdentity", {})["Account"])
        return self._account

    def call(
        self, service: str, region: str, operation: str, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Make one call.

        Raises:
            AwsError: The model forbids the parameters (`ValidationError`), AWS refused, or AWS
                did not answer (`Unreachable`).
        """
        unfit = botocore_model.problems(service, operation, params)
        if unfit:
            message = "; ".join(unfit)
            raise AwsError(operation, "ValidationError", message, status=_REFUSALS.start)
        if self.read_only and not operation.startswith(_READS):
            raise ReadOnlyError(f"{operation} in a preview, which must change nothing")
        client = self.client(service, region)
        method = getattr(client, _method_names(client)[operation])
        self.calls += 1
        try:
            return cast("dict[str, Any]", method(**params))
        except ClientError as error:
            answer = cast("dict[str, dict[str, Any]]", error.response)
            told, status = answer["Error"], answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
            code, message = str(told.get("Code", "")), str(told.get("Message", ""))
            raise AwsError(operation, code, message, status=status) from error
        except BotoCoreError as error:
            raise AwsError(operation, _UNREACHABLE, f"{service} in {region}: {error}") from error
        except ResponseParserError as error:
            message = f"{service} in {region} answered with something that is no answer"
            raise AwsError(operation, "InternalFailure", message) from error


def _method_names(client: Any) -> dict[str, str]:
    mapping = cast("dict[str, str]", client.meta.method_to_api_mapping)
    names = client.__dict__.get("_operation_names")
    if names is None:
        names = {operation: method for method, operation in mapping.items()}
        client.__dict__["_operation_names"] = names
    return cast("dict[str, str]", names)
