"""A call that is handed to the door is the call that the door would have read from a socket."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from emulator.door.refusals import Answer, NoAnswerError
from emulator.door.request import ApiRequest, from_environ
from emulator.door.server import ApiServer
from emulator.engine.aws import Aws, AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("s3", "PutObject", {"Bucket": "b", "Key": "a b/ü+%.zip", "Body": b"\x00\xff", "Metadata": {}}),
    (
        "s3",
        "PutObject",
        {"Bucket": "b", "Key": "k", "Body": b"", "Metadata": {"my_key": "1", "my-key": "2"}},
    ),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "Body": b"1", "Metadata": {"a_b": "x"}}),
    ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "a/ü&=", "MaxKeys": 3}),
    (
        "s3",
        "PutBucketVersioning",
        {"Bucket": "b", "VersioningConfiguration": {"Status": "Enabled"}},
    ),
    ("ec2", "DescribeVpcs", {"Filters": [{"Name": "cidr", "Values": ["10.0.0.0/16"]}]}),
    ("ssm", "GetParameter", {"Name": "/a/ü", "WithDecryption": True}),
    ("route53", "ListResourceRecordSets", {"HostedZoneId": "Z1", "MaxItems": "5"}),
    ("lambda", "GetPolicy", {"FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:f"}),
    ("cloudwatch", "DescribeAlarms", {"AlarmNames": ["a"]}),
]
# Of one connection, or of one moment (and what is made from it).
OF_THE_WIRE = ("connection", "accept-encoding", "expect", "transfer-encoding", "user-agent")
OF_THE_MOMENT = ("authorization", "x-amz-date", "amz-sdk-invocation-id", "amz-sdk-request")


class Door:
    """Remembers what it was asked, and how moto would read it."""

    def __init__(self) -> None:
        self.asked: list[tuple[ApiRequest, dict[str, str]]] = []
        self.answer = Answer(status=404, headers=(("x-amzn-errortype", "Nothing"),), body=b"{}")
        self.lost = False

    def __call__(self, environ: dict[str, Any]) -> Answer:
        if self.lost:
            raise NoAnswerError("lost")
        request = from_environ(environ)
        moto = {key: str(environ[key]) for key in ("RAW_URI", "REQUEST_URI", "HTTP_HOST")}
        self.asked.append((request, moto | environ["moto.preserved_header_names"]))
        return self.answer


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def endpoint(door: Door) -> Iterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = ApiServer(listener, door)
    server.start()
    host, port = listener.getsockname()
    yield f"http://{host}:{port}"
    server.stop()


def seen(request: ApiRequest) -> tuple[object, ...]:
    headers = {
        name: value
        for name, value in request.headers.items()
        if name not in OF_THE_WIRE + OF_THE_MOMENT
    }
    return (
        request.method,
        request.path,
        request.query_string,
        headers,
        request.body,
        request.access_key,
        request.region,
        request.service,
    )


@pytest.mark.parametrize(("service", "operation", "params"), CALLS, ids=[c[1] for c in CALLS])
def test_both_ways_say_the_same(
    door: Door, endpoint: str, service: str, operation: str, params: dict[str, Any]
) -> None:
    for aws in (Aws(endpoint), Aws(endpoint, door)):
        with pytest.raises(AwsError):
            aws.call(service, "eu-west-1", operation, params)
    (over_the_wire, moto_over_the_wire), (handed, moto_handed) = door.asked
    assert seen(handed) == seen(over_the_wire)
    assert moto_handed == moto_over_the_wire


def test_an_answer_comes_back_with_its_body_and_headers(door: Door, endpoint: str) -> None:
    door.answer = Answer(
        status=200, headers=(("ETag", '"x"'), ("Content-Length", "3")), body=b"abc"
    )
    aws = Aws(endpoint, door)
    got = aws.call("s3", "us-east-1", "GetObject", {"Bucket": "b", "Key": "k"})
    assert (got["ETag"], got["Body"].read()) == ('"x"', b"abc")
    head = aws.call("s3", "us-east-1", "HeadObject", {"Bucket": "b", "Key": "k"})
    assert head["ContentLength"] == 3, "of a body that is not sent"


def test_what_is_lost_does_not_answer_either_way(door: Door, endpoint: str) -> None:
    door.lost = True
    for aws in (Aws(endpoint), Aws(endpoint, door)):
        with pytest.raises(AwsError) as lost:
            aws.call("ssm", "eu-west-1", "DescribeParameters", {})
        assert lost.value.unreachable
        assert "Connection was closed" in lost.value.message
