"""Log lines go through subscription filters and delivery streams into buckets."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.storage.filters import PatternError, compile_pattern
from tests.contract.storage.aws import ACCOUNT, EAST, WEST, Aws, allow

GROUP, BUCKET, STREAM = "/aws/lambda/predict", "records-east", "to-records"
STREAM_ARN = f"arn:aws:firehose:{EAST}:{ACCOUNT}:deliverystream/{STREAM}"
PREDICTIONS = '{ $.type = "prediction" }'
PROCESSORS = [
    {"Type": "Decompression", "Parameters": [_gzip]}
    for _gzip in [{"ParameterName": "CompressionFormat", "ParameterValue": "GZIP"}]
] + [
    {
        "Type": "CloudWatchLogProcessing",
        "Parameters": [{"ParameterName": "DataMessageExtraction", "ParameterValue": "true"}],
    }
]


def line(**fields: Any) -> str:
    return json.dumps({"type": "prediction", **fields})


def delivery_stream(aws: Aws, **elements: Any) -> None:
    role = aws.role(
        "delivers",
        "firehose.amazonaws.com",
        allow(["s3:PutObject"], [f"arn:aws:s3:::{BUCKET}/*"]),
    )
    aws.client("firehose").create_delivery_stream(
        DeliveryStreamName=STREAM,
        ExtendedS3DestinationConfiguration={
            "RoleARN": role,
            "BucketARN": f"arn:aws:s3:::{BUCKET}",
            "Prefix": "predictions/date=!{timestamp:yyyy-MM-dd}/",
            "ErrorOutputPrefix": "errors/",
            "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
            "ProcessingConfiguration": {"Enabled": True, "Processors": PROCESSORS},
            **elements,
        },
    )


def subscribe(aws: Aws, *, pattern: str = PREDICTIONS) -> None:
    role = aws.role(
        "subscribes", "logs.amazonaws.com", allow(["firehose:PutRecord*"], [STREAM_ARN])
    )
    aws.client("logs").put_subscription_filter(
        logGroupName=GROUP,
        filterName="predictions",
        filterPattern=pattern,
        destinationArn=STREAM_ARN,
        roleArn=role,
    )


@pytest.fixture
def piped(aws: Aws) -> Aws:
    """A log group whose predictions go to a bucket."""
    aws.bucket(BUCKET)
    aws.client("logs").create_log_group(logGroupName=GROUP)
    delivery_stream(aws)
    subscribe(aws)
    return aws


def ship(aws: Aws, *lines: str, region: str = EAST) -> None:
    now_ms = int(aws.clock.now_s() * 1000)
    aws.storage.shipper.ship(region, GROUP, "2026/[1]abc", [(now_ms, each) for each in lines])


def objects(aws: Aws) -> dict[str, bytes]:
    s3 = aws.client("s3")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    return {key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


def delivered(aws: Aws) -> tuple[str, bytes]:
    found = aws.eventually(lambda: objects(aws), "an object is delivered")
    assert len(found) == 1, "one buffer is one object"
    return found.popitem()


def test_matching_lines_arrive_once_one_a_line(piped: Aws) -> None:
    ship(piped, line(row=0), "START RequestId: 1", line(row=1))
    ship(piped, '{"type":"other"}', line(row=2))
    key, body = delivered(piped)
    rows = [json.loads(each)["row"] for each in body.decode().splitlines()]
    assert rows == [0, 1, 2], "what matches arrives, in order, and nothing else"
    moment = r"\d{4}(-\d\d){5}"
    name = rf"predictions/date=\d{{4}}-\d\d-\d\d/{STREAM}-1-{moment}-[a-z0-9]{{36}}"
    assert re.fullmatch(name, key), f"prefix and name are evaluated: {key}"
    assert piped.facts("firehose.delivered")[0]["age_s"] >= 60, "the interval hint is kept"


def test_every_line_can_be_read_back_from_the_log_group(piped: Aws) -> None:
    ship(piped, line(row=0), "plain")
    logs = piped.client("logs")
    events = piped.eventually(
        lambda: logs.filter_log_events(logGroupName=GROUP)["events"], "the lines are stored"
    )
    assert [each["message"] for each in events] == [line(row=0), "plain"], "all lines are kept"


def test_lines_put_by_the_api_are_subscribed_too(piped: Aws) -> None:
    logs = piped.client("logs")
    logs.create_log_stream(logGroupName=GROUP, logStreamName="by-hand")
    import time

    events = [{"timestamp": int(time.time() * 1000), "message": line(row=9)}]
    logs.put_log_events(logGroupName=GROUP, logStreamName="by-hand", logEvents=events)
    _, body = delivered(piped)
    assert json.loads(body)["row"] == 9, "there is one way for all lines"


def test_a_full_buffer_does_not_wait_for_the_interval(aws: Aws) -> None:
    aws.bucket(BUCKET)
    delivery_stream(
        aws,
        BufferingHints={"IntervalInSeconds": 900, "SizeInMBs": 1},
        ProcessingConfiguration={"Enabled": False},
        Prefix="raw/!{firehose:random-string}/",
        CompressionFormat="GZIP",
    )
    records = [{"Data": b"x" * 500_000} for _ in range(3)]
    aws.client("firehose").put_record_batch(DeliveryStreamName=STREAM, Records=records)
    key, body = delivered(aws)
    assert gzip.decompress(body) == b"x" * 1_500_000, "records are joined as they came"
    assert re.match(r"raw/[a-z0-9]{11}/\d{4}/\d\d/\d\d/\d\d/", key), f"UTC hours are added: {key}"
    assert key.endswith(".gz"), "a compressed object says so"
    assert aws.facts("firehose.delivered")[0]["age_s"] < 900, "size comes before time"


def test_delivered_objects_replicate(piped: Aws) -> None:
    piped.bucket("records-west", WEST)
    role = piped.role("copies", "s3.amazonaws.com", allow(["s3:*"], ["*"]))
    piped.client("s3").put_bucket_replication(
        Bucket=BUCKET,
        ReplicationConfiguration={
            "Role": role,
            "Rules": [
                {
                    "ID": "all",
                    "Priority": 1,
                    "Status": "Enabled",
                    "Filter": {},
                    "DeleteMarkerReplication": {"Status": "Disabled"},
                    "Destination": {"Bucket": "arn:aws:s3:::records-west"},
                }
            ],
        },
    )
    ship(piped, line(row=0))
    west = piped.client("s3", WEST)
    piped.eventually(
        lambda: west.list_objects_v2(Bucket="records-west").get("Contents"),
        "a delivered object crosses like any other",
    )


def test_a_lost_region_keeps_lines_and_buffers_until_it_is_back(piped: Aws) -> None:
    ship(piped, line(row=0))
    piped.eventually(piped.storage.firehose.buffered, "the first line is buffered")
    fault = piped.faults.lose("region", EAST)
    ship(piped, line(row=1))
    lost_at_s = piped.clock.now_s()
    piped.eventually(lambda: piped.clock.now_s() > lost_at_s + 120, "two intervals pass")
    assert "firehose.delivered" not in piped.kinds(), "a lost Region delivers nothing"
    piped.faults.restore(fault.id)
    piped.eventually(lambda: piped.facts("firehose.delivered"), "its buffers resume")
    piped.eventually(
        lambda: b"".join(objects(piped).values()).count(b"prediction") == 2, "no line was lost"
    )


def test_a_delivery_role_that_may_not_write_keeps_the_buffer_and_says_why(piped: Aws) -> None:
    piped.allow_role("delivers", allow(["s3:GetObject"], ["*"]))
    ship(piped, line(row=0))
    failed = piped.eventually(lambda: piped.facts("firehose.failed"), "the refusal is recorded")
    assert "s3:PutObject" in failed[0]["reason"], "the missing permission is named"
    piped.allow_role("delivers", allow(["s3:PutObject"], ["*"]))
    delivered(piped)


def test_a_subscription_role_that_may_not_put_is_refused_when_put(aws: Aws) -> None:
    aws.bucket(BUCKET)
    aws.client("logs").create_log_group(logGroupName=GROUP)
    delivery_stream(aws)
    role = aws.role("subscribes", "logs.amazonaws.com", allow(["firehose:Describe*"], ["*"]))
    with pytest.raises(ClientError, match="firehose:PutRecordBatch"):
        aws.client("logs").put_subscription_filter(
            logGroupName=GROUP,
            filterName="f",
            filterPattern="",
            destinationArn=STREAM_ARN,
            roleArn=role,
        )


def test_a_subscription_role_that_lost_its_permission_loses_lines_and_says_so(piped: Aws) -> None:
    piped.allow_role("subscribes", allow(["firehose:Describe*"], ["*"]))
    ship(piped, line(row=0))
    piped.eventually(lambda: piped.facts("logs.subscription_failed"), "the loss is recorded")
    assert piped.storage.firehose.buffered() == {}, "nothing reached the stream"


@pytest.mark.parametrize(
    ("elements", "named"),
    [
        ({"CompressionFormat": "Snappy"}, "Snappy"),
        ({"Prefix": "!{partitionKeyFromQuery:x}/"}, "partitionKeyFromQuery"),
        ({"Prefix": "!{timestamp:yyyy-ww}/"}, "yyyy-ww"),
        (
            {
                "ProcessingConfiguration": {
                    "Enabled": True,
                    "Processors": [{"Type": "Lambda", "Parameters": []}],
                }
            },
            "Lambda",
        ),
    ],
)
def test_a_stream_that_asks_for_what_is_not_emulated_is_refused_by_name(
    aws: Aws, elements: dict[str, Any], named: str
) -> None:
    with pytest.raises(ClientError, match=named):
        delivery_stream(aws, **elements)


def _function(aws: Aws, *statements: dict[str, Any]) -> None:
    import io
    import zipfile

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("handler.py", "def handle(event, context): return 1")
    role = aws.role("runs", "lambda.amazonaws.com", *statements)
    aws.client("lambda").create_function(
        FunctionName="predict",
        Runtime="python3.12",
        Handler="handler.handle",
        Role=role,
        Code={"ZipFile": archive.getvalue()},
    )


def test_a_function_that_may_not_write_logs_loses_its_lines(aws: Aws) -> None:
    _function(aws)
    aws.client("logs").create_log_group(logGroupName=GROUP)
    ship(aws, "hello")
    lost = aws.eventually(lambda: aws.facts("logs.lost"), "the loss is recorded")
    assert "logs:CreateLogStream" in lost[0]["reason"], "the missing permission is named"


@pytest.mark.parametrize("may_create", [True, False])
def test_a_missing_group_is_created_only_by_a_role_that_may(aws: Aws, *, may_create: bool) -> None:
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    _function(aws, allow(actions + ["logs:CreateLogGroup"] * may_create, ["*"]))
    ship(aws, "hello")
    if may_create:
        logs = aws.client("logs")
        aws.eventually(lambda: logs.describe_log_groups()["logGroups"], "the group is created")
    else:
        lost = aws.eventually(lambda: aws.facts("logs.lost"), "the loss is recorded")
        assert "logs:CreateLogGroup" in lost[0]["reason"], "the missing permission is named"


MATCHES = [
    ("", "anything", True),
    ("ERROR", "an ERROR here", True),
    ("ERROR", "an error here", False),
    ("ERROR memory", "memory ERROR", True),
    ("ERROR memory", "ERROR", False),
    ('"out of memory"', "it is out of memory", True),
    ("?ERROR ?WARN", "a WARN", True),
    ("ERROR -retry", "ERROR retry", False),
    ('{ $.type = "prediction" }', '{"type":"prediction"}', True),
    ('{ $.type = "prediction" }', '{"type":"other"}', False),
    ('{ $.type = "prediction" }', "prediction", False),
    ('{ $.type = "pred*" }', '{"type":"prediction"}', True),
    ('{ $.type != "prediction" }', '{"type":"other"}', True),
    ('{ $.type != "prediction" }', "{}", False),
    ("{ $.answer.p >= 0.5 }", '{"answer":{"p":0.5}}', True),
    ("{ $.answer.p > 0.5 }", '{"answer":{"p":0.5}}', False),
    ("{ $.row = 1 }", '{"row":1}', True),
    ("{ $.row = 1 }", '{"row":"1"}', False),
    ("{ $.bins[1] < 3 }", '{"bins":[9,2]}', True),
    ('{ $.a = "x" && $.b = 1 }', '{"a":"x","b":2}', False),
    ('{ $.a = "x" || $.b = 1 }', '{"a":"x","b":2}', True),
    ('{ ($.a = "x" || $.b = 1) && $.c = 2 }', '{"a":"x","c":3}', False),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), MATCHES, ids=[str(m) for m in MATCHES])
def test_patterns_match_as_documented(*, pattern: str, text: str, expected: bool) -> None:
    assert compile_pattern(pattern)(text) is expected, f"{pattern} on {text}"


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("[ip, user]", "space-delimited"),
        ("%regex%", "regular expressions"),
        ("{ $.a IS NULL }", "IS"),
        ("{ $.a = 1", "closing }"),
        ("{ $.a < x }", "compares numbers"),
        ("{ a = 1 }", "selector"),
        ("{ ($.a = 1 }", r"closing \)"),
        ("{ $.a = }", "too early"),
        ("{ $.a = 1 $.b = 2 }", "not expected"),
    ],
)
def test_patterns_outside_the_subset_are_refused_by_name(
    aws: Aws, pattern: str, named: str
) -> None:
    with pytest.raises(PatternError, match=named):
        compile_pattern(pattern)
    aws.bucket(BUCKET)
    aws.client("logs").create_log_group(logGroupName=GROUP)
    delivery_stream(aws)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        subscribe(aws, pattern=pattern)
