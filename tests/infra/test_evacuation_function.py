"""The evacuation switch against a real S3 API: moto's server, in this process."""

import importlib
import json
import socket
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from resilience.functions import evacuation

BUCKET = "understudy-test-flags"
WATCHED = "us-east-1"
SEARCH_STRING = '"evacuated":true'


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket without flags, and an environment like the function's."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("UNDERSTUDY_EVACUATION_BUCKET", BUCKET)
    monkeypatch.setenv("UNDERSTUDY_METRICS_NAMESPACE", "Understudy/test")
    monkeypatch.setenv("UNDERSTUDY_WATCHED_REGIONS", f"{WATCHED},eu-west-1")
    importlib.reload(evacuation)
    client = boto3.client("s3")
    client.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    yield client
    for entry in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=entry["Key"])
    client.delete_bucket(Bucket=BUCKET)


def ask(path: str, *, method: str = "GET", multi_value: bool = True) -> dict[str, Any]:
    """Call the function as the load balancer does."""
    headers: dict[str, Any] = (
        {"multiValueHeaders": {"host": ["predict.us-west-2.example"]}}
        if multi_value
        else {"headers": {"host": "predict.us-west-2.example"}}
    )
    target_group = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/evacuation/1"
    return evacuation.handle(
        {
            "requestContext": {"elb": {"targetGroupArn": target_group}},
            "httpMethod": method,
            "path": path,
            "body": "",
            "isBase64Encoded": False,
            **headers,
        },
        None,
    )


@pytest.mark.usefixtures("s3")
def test_a_missing_flag_reads_as_not_evacuated() -> None:
    answer = ask(f"/evacuation/{WATCHED}")
    assert answer["statusCode"] == 200, "a missing flag is an answer, not an error"
    assert answer["body"] == '{"evacuated":false}', "no flag means not evacuated"


def test_a_set_flag_says_the_search_string_first(s3: Any) -> None:
    flag = {"region": WATCHED, "reason": "drill", "by": "ops", "at": "2026-01-01T00:00:00Z"}
    s3.put_object(Bucket=BUCKET, Key=f"evacuation/{WATCHED}", Body=json.dumps(flag))
    answer = ask(f"/evacuation/{WATCHED}")
    assert answer["statusCode"] == 200
    assert answer["body"].startswith("{" + SEARCH_STRING), "the checkers read the beginning"
    assert json.loads(answer["body"]) == {"evacuated": True} | flag, "the flag's facts come along"


def test_a_flag_taken_back_reads_as_not_evacuated_again(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"evacuation/{WATCHED}", Body=b"{}")
    assert SEARCH_STRING in ask(f"/evacuation/{WATCHED}")["body"]
    s3.delete_object(Bucket=BUCKET, Key=f"evacuation/{WATCHED}")
    assert SEARCH_STRING not in ask(f"/evacuation/{WATCHED}")["body"], "nothing may be remembered"


@pytest.mark.parametrize("body", [b"", b"not json", b"\xff\xfe", b"[1]", b'"text"', b"null"])
def test_a_flag_counts_whatever_is_in_it(s3: Any, body: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"evacuation/{WATCHED}", Body=body)
    assert ask(f"/evacuation/{WATCHED}")["body"] == '{"evacuated":true}', "presence decides"


def test_a_long_flag_stays_within_what_checkers_read(s3: Any) -> None:
    flag = dict.fromkeys(("region", "reason", "by", "at", "other"), "x" * 10_000)
    s3.put_object(Bucket=BUCKET, Key=f"evacuation/{WATCHED}", Body=json.dumps(flag))
    body = ask(f"/evacuation/{WATCHED}")["body"]
    assert len(body.encode()) <= 5_120, "Route 53 searches the first 5,120 bytes"
    assert "other" not in body, "only what a flag is known to tell is passed on"


def test_the_flag_of_one_region_says_nothing_of_another(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"evacuation/{WATCHED}", Body=b"{}")
    assert ask("/evacuation/eu-west-1")["body"] == '{"evacuated":false}'


@pytest.mark.parametrize(
    "path",
    ["/evacuation/us-west-2", "/evacuation/", "/evacuation", "/", "/us-east-1", "/evacuation/us"],
)
def test_only_watched_regions_are_answered(s3: Any, path: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"evacuation/{path.rpartition('/')[2] or 'x'}", Body=b"{}")
    answer = ask(path)
    assert answer["statusCode"] == 404, f"{path} names no watched Region"
    assert SEARCH_STRING not in answer["body"]


def test_an_unreadable_bucket_is_an_error_without_the_search_string(
    s3: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"evacuation/{WATCHED}", Body=b"{}")
    monkeypatch.setenv("UNDERSTUDY_EVACUATION_BUCKET", f"{BUCKET}-gone")
    answer = ask(f"/evacuation/{WATCHED}")
    assert answer["statusCode"] == 503, "a missing bucket is not a missing flag"
    assert SEARCH_STRING not in answer["body"]
    line = json.loads(capsys.readouterr().out)
    assert "NoSuchBucket" in line["error"], "the log says why"
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Understudy/test"
    assert [line[metric["Name"]] for metric in directive["Metrics"]] == [1], "and counts it"
    assert line["Region"] == "us-west-2", "under the Region that cannot read"


@pytest.mark.usefixtures("s3")
def test_an_s3_that_never_answers_is_an_error_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        importlib.reload(evacuation)
        answer = ask(f"/evacuation/{WATCHED}")
    assert answer["statusCode"] == 503, "silence is not an answer"


@pytest.mark.usefixtures("s3")
def test_no_client_is_made_while_a_request_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        pytest.fail("a client costs more than a read: it is made while the environment starts")

    monkeypatch.setattr(boto3, "client", refuse)
    assert ask(f"/evacuation/{WATCHED}")["statusCode"] == 200


@pytest.mark.usefixtures("s3")
def test_headers_come_back_in_the_form_they_were_sent() -> None:
    many = ask(f"/evacuation/{WATCHED}")
    assert many["multiValueHeaders"]["content-type"] == ["application/json"]
    assert "headers" not in many
    single = ask(f"/evacuation/{WATCHED}", multi_value=False)
    assert single["headers"]["content-type"] == "application/json"
    assert "multiValueHeaders" not in single


@pytest.mark.usefixtures("s3")
def test_other_methods_are_refused() -> None:
    assert ask(f"/evacuation/{WATCHED}", method="PUT")["statusCode"] == 405
