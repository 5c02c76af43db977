"""The observer's function against DynamoDB, S3 and SNS: moto's server, in this process."""

from __future__ import annotations

import importlib
import json
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer

from resilience.functions import golden_request, observer_world
from resilience.functions.observer_look import WorldError
from resilience.functions.observer_memory import Memory, item_of, memory_of
from tests.unit.resilience.observer_ground import EAST, RELEASE, WEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from resilience.functions.observer_world import AwsWorld

TABLE, FLAGS, PREDICTIONS = (
    "understudy-test",
    "understudy-test-flags",
    "understudy-test-predictions",
)
NUMBERS = {
    "look_s": 10,
    "agreement_s": 20,
    "hold_down_s": 30,
    "stale_after_s": 30,
    "lease_s": 60,
    "caught_up_s": 300,
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def environment(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """The function's environment, and what the stack has in its Region."""
    told = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": WEST,
        "AWS_DEFAULT_REGION": WEST,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "UNDERSTUDY_OBSERVER": json.dumps(NUMBERS),
        "UNDERSTUDY_REGIONS": f"{EAST},{WEST}",
        "UNDERSTUDY_WATCHED_REGIONS": EAST,
        "UNDERSTUDY_DEPUTY": EAST,
        "UNDERSTUDY_ZONE": "example.test",
        "UNDERSTUDY_TABLE": TABLE,
        "UNDERSTUDY_EVACUATION_BUCKET": FLAGS,
        "UNDERSTUDY_PREDICTION_BUCKET": PREDICTIONS,
        "UNDERSTUDY_RELEASE_DIGEST": RELEASE,
        "UNDERSTUDY_METRICS_NAMESPACE": "Understudy/test",
    }
    moto_api_backend.reset()
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "golden.json").write_text('{"golden": [{"request": {}, "response": {}}]}')
    monkeypatch.setattr(golden_request, "__file__", str(tmp_path / "golden_request.py"))
    told["UNDERSTUDY_TOPIC"] = boto3.client("sns").create_topic(Name="understudy-test")["TopicArn"]
    monkeypatch.setenv("UNDERSTUDY_TOPIC", told["UNDERSTUDY_TOPIC"])
    for bucket in (FLAGS, PREDICTIONS):
        boto3.client("s3").create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": WEST}
        )
    keys = {"pk": "HASH", "sk": "RANGE"}
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
    )
    return told


@pytest.fixture
def world(environment: dict[str, str]) -> AwsWorld:
    return observer_world.AwsWorld(environment)


def item(version: int) -> Any:
    memory = Memory(version=version, since_s=0.0)
    return item_of(memory, WEST, release=RELEASE, written_at="2026-11-23T00:00:00+00:00")


def test_the_item_is_written_over_the_version_that_was_read_and_no_other(world: AwsWorld) -> None:
    assert world.write(item(1), over_version=None)
    assert not world.write(item(1), over_version=None), "somebody was first"
    assert world.write(item(2), over_version=1)
    assert not world.write(item(2), over_version=1), "somebody wrote meanwhile"
    observers, intents = world.items()
    assert memory_of(observers[WEST]).version == 2
    assert intents == {}


def test_a_garbled_item_without_a_version_is_written_over(world: AwsWorld) -> None:
    boto3.client("dynamodb").put_item(
        TableName=TABLE, Item={"pk": {"S": "observer"}, "sk": {"S": WEST}}
    )
    assert world.write(item(1), over_version=None)


def test_a_flag_is_one_object_in_the_own_bucket(world: AwsWorld) -> None:
    assert not world.flag(EAST)
    world.set_flag(EAST, '{"region": "us-east-1"}')
    assert world.flag(EAST)
    listed = boto3.client("s3").list_objects_v2(Bucket=FLAGS)["Contents"]
    assert [each["Key"] for each in listed] == [f"evacuation/{EAST}"]
    world.clear_flag(EAST)
    world.clear_flag(EAST)
    assert not world.flag(EAST)


def test_a_bucket_that_cannot_be_read_is_no_flag_that_is_not_there(
    environment: dict[str, str],
) -> None:
    lost = observer_world.AwsWorld(environment | {"UNDERSTUDY_EVACUATION_BUCKET": "of-nobody"})
    with pytest.raises(WorldError):
        lost.set_flag(EAST, "{}")


def test_the_newest_marker_of_a_region_is_found(world: AwsWorld) -> None:
    assert world.marker(EAST, 0) is None
    for key in ("0000000007-0000000002", "0000000012-0000000009"):
        boto3.client("s3").put_object(Bucket=PREDICTIONS, Key=f"markers/{EAST}/{WEST}/{key}")
    world.put_marker(EAST, 99, 12)
    assert world.marker(EAST, 0) == (12, 9)
    assert world.marker(EAST, 12) is None, "there is no news"
    keys = [
        each["Key"] for each in boto3.client("s3").list_objects_v2(Bucket=PREDICTIONS)["Contents"]
    ]
    assert f"markers/{WEST}/{EAST}/0000000099-0000000012" in keys


@pytest.mark.parametrize("address", ["192.0.2.1", "192.0.2.2", "127.0.0.1"])
def test_a_verdict_is_an_address_and_nobody_is_connected_to(
    world: AwsWorld, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    asked: list[str] = []

    def found(name: str, *_: object) -> list[Any]:
        asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    assert world.verdict(EAST) is (address == "192.0.2.1")
    assert asked == ["verdict.us-east-1.example.test"]


class Context(SimpleNamespace):
    """An invocation with so much time left."""

    def get_remaining_time_in_millis(self) -> float:
        return self.left_ms


def test_the_function_looks_until_its_time_is_over(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = socket.getaddrinfo

    def nowhere(name: str, *rest: Any, **more: Any) -> Any:
        if name.endswith("example.test"):
            raise OSError("no such name")
        return own(name, *rest, **more)

    observer = importlib.import_module("resilience.functions.observer")
    importlib.reload(observer)
    assert environment["AWS_REGION"] == WEST
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    moved_s = [0.0]
    monkeypatch.setattr(observer.time, "sleep", lambda s: moved_s.append(moved_s[-1] + s))
    real = observer.time.monotonic
    monkeypatch.setattr(observer.time, "monotonic", lambda: real() + moved_s[-1])
    ends = observer.handle({}, Context(aws_request_id="one", left_ms=90_000.0))
    assert ends == {"thought and written down": 6}, "every ten seconds of a minute"
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["ObserverLooks"] for line in lines] == [1] * 6
    assert all(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Region"]] for line in lines)
    short = observer.handle({}, Context(aws_request_id="two", left_ms=15_000.0))
    assert short == {"thought and written down": 1}, "no look is begun that cannot end"
