"""The one door to AWS: every boto3 call of this package goes through here.

Short timeouts and one retry: a run that watches a Region being lost must find out quickly and say
so, not hang. Whoever is told that a Region is lost can have it left alone altogether (`lost`). The
same calls reach an AWS account or an emulator; an endpoint makes the difference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

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
          +-- AwsAvoidedError     never asked: its Region is said to be lost
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


class AwsAvoidedError(AwsUnreachableError):
    """The call was not made: its Region is said to be lost."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long one call may take, in real seconds, and how often it is tried."""

    connect_s: float = CONNECT_TIMEOUT_S
    read_s: float = READ_TIMEOUT_S
    attempts: int = ATTEMPTS


_ADDRESS = re.compile(r'( from| on| to)?( the)? endpoint URL: "[^"]*"')

IMPATIENT = Patience(connect_s=1.5, read_s=2.5, attempts=1)
"""For who must see a whole screen within a few seconds: what does not answer is named."""


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
        patience: How long a call may take.
        lost: Regions that are said to be lost: no call leaves for them.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        patience: Patience = Patience(),
        lost: Collection[str] = (),
    ) -> None:
        self.patience = patience
        self.lost = frozenset(lost)
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
            AwsAvoidedError: the Region is said to be lost; nothing was sent.
        """
        call = self._allowed(service, operation, region)
        try:
            return getattr(self._client(service, region), operation)(**parameters)
        except ClientError as error:
            raise _refused(call, error) from error
        except BotoCoreError as error:
            raise AwsUnreachableError(call, _silence(error)) from error

    def pages(
        self, service: str, operation: str, *, region: str, **parameters: Any
    ) -> Iterator[Any]:
        """Make a call page by page. Raises as `call` does."""
        call = self._allowed(service, operation, region)
        try:
            yield from (
                self._client(service, region).get_paginator(operation).paginate(**parameters)
            )
        except ClientError as error:
            raise _refused(call, error) from error
        except BotoCoreError as error:
            raise AwsUnreachableError(call, _silence(error)) from error

    def ready(self, service: str, region: str) -> None:
        """Make a client before its time counts: that costs far more than a call. No call is made.

        A Region that is said to be lost gets none.
        """
        if region not in self.lost:
            self._client(service, region)

    def _allowed(self, service: str, operation: str, region: str) -> Call:
        call = Call(service=service, operation=operation, region=region)
        if region in self.lost:
            raise AwsAvoidedError(call, f"not asked, because {region} is said to be lost")
        return call

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
                        connect_timeout=self.patience.connect_s,
                        read_timeout=self.patience.read_s,
                        retries={"total_max_attempts": self.patience.attempts, "mode": "standard"},
                        s3={"addressing_style": "path" if self._endpoint else "auto"},
                    ),
                )
            return self._clients[service, region]


def _silence(error: BotoCoreError) -> str:
    """Give botocore's words for no answer, without the address: the call says where it went."""
    return _ADDRESS.sub("", str(error)).rstrip(".")


def answered_at(reply: Mapping[str, Any]) -> datetime:
    """Tell the time by the clock of AWS, as a reply was dated, to the second.

    What AWS's side wrote down is held against AWS's own clock: a laptop's may be wrong.

    Raises:
        KeyError: the reply has no date.
    """
    headers = reply["ResponseMetadata"]["HTTPHeaders"]
    return parsedate_to_datetime(headers["date"]).astimezone(UTC)


def _refused(call: Call, error: ClientError) -> AwsRefusedError:
    """Type an error by its code; S3's HEAD has no body, so only a bare 404."""
    detail = error.response.get("Error", {})
    code = str(detail.get("Code", "Unknown"))
    message = str(detail.get("Message", error))
    missing = code in {"404", "403"} and call.operation.startswith("head_")
    absent = code.startswith("NoSuch") or "NotFound" in code
    kind = AwsMissingError if (missing and code == "404") or absent else AwsRefusedError
    return kind(call, code, message)
