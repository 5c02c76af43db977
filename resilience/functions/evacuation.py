"""The evacuation switch: says whether the Region it stands in wants another Region out of service.

`GET /evacuation/<region>` is asked by Route 53's health checkers through the load balancer, and
answered from one object in this Region's own bucket. The check is inverted: only the words
`"evacuated":true` take a Region out, so whatever goes wrong here must not say them.

| the flag | the answer |
| --- | --- |
| object `evacuation/<region>` exists | 200 `{"evacuated":true,...}` with what the object tells |
| there is none | 200 `{"evacuated":false}` |
| the bucket cannot be read | 503, without the words |
| a Region this switch does not watch | 404, without the words |

This file is a whole Lambda package: standard library, and boto3 from Lambda's runtime.
Events and answers: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

import json
import os
import time
from http import HTTPStatus
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_PREFIX: Final = "evacuation/"
_DETAILS: Final = ("region", "reason", "by", "at")

# Route 53 searches the first 5,120 bytes of an answer, and gives up two seconds after connecting:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
_DETAIL_MAX_LENGTH: Final = 200
_CONNECT_TIMEOUT_S: Final = 0.5
_READ_TIMEOUT_S: Final = 1.0

# Made while the environment starts, where Lambda lends a whole CPU whatever the memory, and once:
# a client costs far more than a read.
# https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
_S3: Final[Any] = boto3.client(
    "s3",
    config=Config(
        connect_timeout=_CONNECT_TIMEOUT_S,
        read_timeout=_READ_TIMEOUT_S,
        retries={"total_max_attempts": 1},
    ),
)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request of the load balancer; changes nothing."""
    status, body = _answer(event["httpMethod"], event["path"])
    reply: dict[str, Any] = {
        "statusCode": status.value,
        "statusDescription": f"{status.value} {status.phrase}",
        "isBase64Encoded": False,
        "body": json.dumps(body, separators=(",", ":")),
    }
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    # The load balancer wants headers in the form it sent them.
    if "multiValueHeaders" in event:
        return reply | {"multiValueHeaders": {name: [value] for name, value in headers.items()}}
    return reply | {"headers": headers}


def _answer(method: str, path: str) -> tuple[HTTPStatus, dict[str, object]]:
    if method not in {"GET", "HEAD"}:
        return HTTPStatus.METHOD_NOT_ALLOWED, {"error": "ask with GET"}
    region = path.removeprefix(f"/{_PREFIX}")
    watched = os.environ["UNDERSTUDY_WATCHED_REGIONS"].split(",")
    if region == path or region not in watched:
        return HTTPStatus.NOT_FOUND, {"error": "no such Region is watched here"}
    try:
        flag = _read_flag(region)
    except (BotoCoreError, ClientError) as error:
        _tell_unreadable(region, error)
        return HTTPStatus.SERVICE_UNAVAILABLE, {"error": "the flag cannot be read"}
    if flag is None:
        return HTTPStatus.OK, {"evacuated": False}
    return HTTPStatus.OK, {"evacuated": True, **_details(flag)}


def _tell_unreadable(region: str, error: Exception) -> None:
    """Write why, and that it happened, as one line; the answer must stay without the words.

    The line is a metric too, in CloudWatch's embedded metric format:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    directive = {
        "Namespace": os.environ["UNDERSTUDY_METRICS_NAMESPACE"],
        "Dimensions": [["Region"]],
        "Metrics": [{"Name": "EvacuationUnreadable", "Unit": "Count"}],
    }
    line = {
        "type": "evacuation",
        "level": "ERROR",
        "Region": os.environ["AWS_REGION"],
        "watched": region,
        "error": str(error),
        "EvacuationUnreadable": 1,
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
    }
    print(json.dumps(line))  # noqa: T201 - a log line


def _read_flag(region: str) -> bytes | None:
    """Return the flag's content, or None if it is not set."""
    bucket = os.environ["UNDERSTUDY_EVACUATION_BUCKET"]
    try:
        return _S3.get_object(Bucket=bucket, Key=f"{_PREFIX}{region}")["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise


def _details(flag: bytes) -> dict[str, str]:
    """Return what the flag tells of itself; a flag set by hand at 3 a.m. may tell nothing."""
    try:
        told = json.loads(flag)
    except ValueError:
        return {}
    if not isinstance(told, dict):
        return {}
    return {key: str(told[key])[:_DETAIL_MAX_LENGTH] for key in _DETAILS if key in told}
