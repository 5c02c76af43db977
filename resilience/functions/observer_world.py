"""What an observer touches in AWS: data planes of its own Region, and the others as a client."""

from __future__ import annotations

import http.client
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError

from resilience.functions.client_credential import (
    Credential,
    CredentialError,
    read_credential,
)
from resilience.functions.golden_request import ask, connect, golden_cases
from resilience.functions.observer_config import read_config
from resilience.functions.observer_look import WorldError
from resilience.functions.observer_memory import INTENT, OBSERVER
from resilience.functions.observer_senses import Probe

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from resilience.functions.observer_memory import Item

WELL: Final = "192.0.2.1"
"""What a verdict's name leads to while Route 53 finds the deep check well; nobody is there.

Addresses for documentation: https://www.rfc-editor.org/rfc/rfc5737
"""

MANY: Final = 8
"""How many requests at once show that there is room for more than one."""

_CREDENTIAL_LASTS_S: Final = 60.0
_SUBJECT_MAX_LENGTH: Final = 100
_MARKERS: Final = "markers"
_CLIENT: Final = ClientConfig(
    connect_timeout=1.0,
    read_timeout=2.0,
    retries={"total_max_attempts": 2},
    max_pool_connections=16,
)


class AwsWorld:
    """`observer_look.World` in Lambda.

    Clients are made once, while the environment starts: a client costs far more than a call.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._config = read_config(environment)
        self._region = self._config.place.region
        self._table = environment["UNDERSTUDY_TABLE"]
        self._flags = environment["UNDERSTUDY_EVACUATION_BUCKET"]
        self._predictions = environment["UNDERSTUDY_PREDICTION_BUCKET"]
        self._topic = environment["UNDERSTUDY_TOPIC"]
        self._dynamodb: Any = boto3.client("dynamodb", config=_CLIENT)
        self._s3: Any = boto3.client("s3", config=_CLIENT)
        self._sns: Any = boto3.client("sns", config=_CLIENT)
        self._cases = golden_cases()
        self._asked = 0
        self._credential: tuple[float, Credential] | None = None

    def now_s(self) -> float:
        """Unix time on this Region's clock."""
        return time.time()

    def items(self) -> tuple[dict[str, Item], dict[str, Item]]:
        """Read all observers' items and all intents."""
        with _translated():
            return self._query(OBSERVER), self._query(INTENT)

    def _query(self, partition: str) -> dict[str, Item]:
        reply = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}},
            ConsistentRead=True,
        )
        return {item["sk"]["S"]: item for item in reply["Items"]}

    def write(self, item: Item, *, over_version: int | None) -> bool:
        """Write this Region's item over the version that was read; False if it is another now."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(version)"}
        if over_version is not None:
            condition = {
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": {":version": {"N": str(over_version)}},
            }
        try:
            self._dynamodb.put_item(TableName=self._table, Item=item, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise WorldError(str(error)) from error
        except BotoCoreError as error:
            raise WorldError(str(error)) from error
        return True

    def probe(self, target: str) -> Probe:
        """Ask one golden request, another one at every look; never raises for what it meets."""
        self._asked += 1
        return self._ask(target, self._asked)

    def many(self, target: str) -> bool:
        """Ask many at once."""
        with ThreadPoolExecutor(max_workers=MANY) as threads:
            return all(each.well for each in threads.map(self._ask, [target] * MANY, range(MANY)))

    def _ask(self, target: str, number: int) -> Probe:
        try:
            credential = self._known()
        except CredentialError as error:
            raise WorldError(str(error)) from error
        connection = connect(self._config.names[target], credential)
        case = self._cases[number % len(self._cases)]
        try:
            answer = ask(
                connection,
                case,
                credential.headers,
                own_release=self._config.release,
                who="observer",
            )
        except (OSError, http.client.HTTPException):
            return Probe(well=False)
        finally:
            connection.close()
        return Probe(well=not answer.problem, release=answer.release)

    def _known(self) -> Credential:
        """The credential, read anew once a minute: a new one counts soon."""
        now_s = time.monotonic()
        if self._credential is None or now_s - self._credential[0] > _CREDENTIAL_LASTS_S:
            found = read_credential(self._environment.get("UNDERSTUDY_CANARY_SECRET", ""))
            self._credential = (now_s, found)
        return self._credential[1]

    def verdict(self, region: str) -> bool:
        """Ask the name servers what Route 53 thinks of a Region; nothing is sent to the answer."""
        try:
            found = socket.getaddrinfo(self._config.verdicts[region], None, socket.AF_INET)
        except OSError as error:
            raise WorldError(str(error)) from error
        return {str(each[4][0]) for each in found} == {WELL}

    def flag(self, target: str) -> bool:
        """Tell whether the own flag on a target is there."""
        try:
            self._s3.head_object(Bucket=self._flags, Key=f"evacuation/{target}")
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
                return False
            raise WorldError(str(error)) from error
        except BotoCoreError as error:
            raise WorldError(str(error)) from error
        return True

    def set_flag(self, target: str, body: str) -> None:
        """Set the own flag."""
        with _translated():
            self._s3.put_object(
                Bucket=self._flags,
                Key=f"evacuation/{target}",
                Body=body.encode(),
                ContentType="application/json",
            )

    def clear_flag(self, target: str) -> None:
        """Clear the own flag."""
        with _translated():
            self._s3.delete_object(Bucket=self._flags, Key=f"evacuation/{target}")

    def marker(self, peer: str, after: int) -> tuple[int, int] | None:
        """Find the newest marker of a Region's that was replicated here."""
        prefix = f"{_MARKERS}/{peer}/{self._region}/"
        with _translated():
            reply = self._s3.list_objects_v2(
                Bucket=self._predictions, Prefix=prefix, StartAfter=f"{prefix}{after:010d}-~"
            )
        found = [each["Key"].removeprefix(prefix) for each in reply.get("Contents", ())]
        try:
            number, ack = map(int, max(found).split("-")) if found else (0, 0)
        except ValueError as error:
            raise WorldError(f"{max(found)!r} is no marker") from error
        return (number, ack) if found else None

    def put_marker(self, peer: str, number: int, ack: int) -> None:
        """Send a marker: objects never change, so each is one of its own."""
        key = f"{_MARKERS}/{self._region}/{peer}/{number:010d}-{ack:010d}"
        with _translated():
            self._s3.put_object(Bucket=self._predictions, Key=key, Body=b"")

    def tell(self, subject: str, facts: Mapping[str, Any]) -> None:
        """Tell the topic."""
        message = json.dumps({"observer": self._region, **facts})
        with _translated():
            self._sns.publish(
                TopicArn=self._topic,
                Subject=f"{self._region}: {subject}"[:_SUBJECT_MAX_LENGTH],
                Message=message,
            )


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise WorldError(str(error)) from error
