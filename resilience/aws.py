"""The one door to AWS: every boto3 call of this package goes through here.

Short timeouts and one retry: a run that watches a Region being lost must find out quickly and say
so, not hang. The same calls reach an AWS account or an emulator; an endpoint makes the difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 5.0
ATTEMPTS = 2
CHUNK_BYTES = 1024 * 1024


class AwsError(Exception):
    """A call that AWS refused, or that never reached it.

    AwsError
     +-- AwsRefusedError      AWS answered with an error code (`code`)
     |    +-- AwsMissingError     ... that says the thing does not exist
     +-- AwsUnreachableError  no answer: timeout, closed connection, no endpoint, no credentials
    """

    def __init__(self, call: Call, explanation: str) -> None:
        super().__init__(f"{call}: {explanation}")
        self.call = call
        self.explanation = explanation


class AwsRefusedError(AwsError):
    """AWS answered with an error."""

    def __init__(self, call: Call, code: str, explanation: str) -> None:
        super().__init__(call, f"{code}: {explanation}")
        self.code = code


class AwsMissingError(AwsRefusedError):
    """AWS answered that the thing does not exist."""


class AwsUnreachableError(AwsError):
    """No answer came."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What was called, and where."""

    service: str
    operation: str
    region: str

    def __str__(self) -> str:
        """Read as `s3 head_object in us-west-2`."""
        return f"{self.service} {self.operation} in {self.region}"


class Aws:
    """Clients of one account (or emulator), made once each. Safe to use from several threads.

    Args:
        environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` and
            `AWS_ENDPOINT_URL` are read from it; what is absent comes from boto3's own chain
            (profile, environment, role).
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._endpoint = environment.get("AWS_ENDPOINT_URL")
        self._session = boto3.Session(
            aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=environment.get("AWS_SESSION_TOKEN"),
        )
        self._clients: dict[tuple[str, str], Any] = {}
        self._making = Lock()

    def call(self, service: str, operation: str, *, region: str, **parameters: Any) -> Any:
        """Make one call and return its reply. Changes state if the operation does.

        Raises:
            AwsRefusedError: AWS answered with an error; `AwsMissingError` if with "not found".
            AwsUnreachableError: no answer came within the timeouts and one retry.
        """
        call = Call(service=service, operation=operation, region=region)
        try:
            return getattr(self._client(service, region), operation)(**parameters)
        except ClientError as error:
            raise _refused(call, error) from error
        except BotoCoreError as error:
            raise AwsUnreachableError(call, str(error)) from error

    def pages(
        self, service: str, operation: str, *, region: str, **parameters: Any
    ) -> Iterator[Any]:
        """Make a call page by page. Raises as `call` does."""
        call = Call(service=service, operation=operation, region=region)
        try:
            yield from (
                self._client(service, region).get_paginator(operation).paginate(**parameters)
            )
        except ClientError as error:
            raise _refused(call, error) from error
        except BotoCoreError as error:
            raise AwsUnreachableError(call, str(error)) from error

    def chunks(self, *, region: str, **parameters: Any) -> Iterator[bytes]:
        """Read an object of S3 piece by piece (`get_object`). Raises as `call` does."""
        body = self.call("s3", "get_object", region=region, **parameters)["Body"]
        try:
            yield from body.iter_chunks(CHUNK_BYTES)
        except BotoCoreError as error:
            call = Call(service="s3", operation="get_object", region=region)
            raise AwsUnreachableError(call, str(error)) from error
        finally:
            body.close()

    def _client(self, service: str, region: str) -> Any:
        with self._making:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._session.client(
                    service,
                    region_name=region,
                    endpoint_url=self._endpoint,
                    config=Config(
                        connect_timeout=CONNECT_TIMEOUT_S,
                        read_timeout=READ_TIMEOUT_S,
                        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
                        s3={"addressing_style": "path" if self._endpoint else "auto"},
                    ),
                )
            return self._clients[service, region]


def _refused(call: Call, error: ClientError) -> AwsRefusedError:
    """Type an error by its code; S3's HEAD has no body, so only a bare 404."""
    detail = error.response.get("Error", {})
    code = str(detail.get("Code", "Unknown"))
    message = str(detail.get("Message", error))
    missing = code in {"404", "403"} and call.operation.startswith("head_")
    absent = code.startswith("NoSuch") or "NotFound" in code
    kind = AwsMissingError if (missing and code == "404") or absent else AwsRefusedError
    return kind(call, code, message)
