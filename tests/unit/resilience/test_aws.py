"""The door to AWS: typed errors, in time; writes, flags and topology reading through it."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

import pytest
from moto.core.base_backend import BackendDict
from moto.server import ThreadedMotoServer
from topologies import topology

from resilience.aws import (
    Aws,
    AwsAvoidedError,
    AwsMissingError,
    AwsRefusedError,
    AwsUnreachableError,
    Patience,
    answered_at,
)
from resilience.clock import Clock
from resilience.evacuation import Keeper, flag_of
from resilience.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Generator

KEYS = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "test"}
BUCKETS = {"us-east-1": "us-east-1-predictions", "us-west-2": "us-west-2-predictions"}


@pytest.fixture
def aws() -> Generator[Aws]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        opened = Aws({**KEYS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"})
        for region, predictions in BUCKETS.items():
            place = {} if region == "us-east-1" else {"LocationConstraint": region}
            more = {"CreateBucketConfiguration": place} if place else {}
            for bucket in (predictions, f"{region}-evacuation"):
                opened.call("s3", "create_bucket", region=region, Bucket=bucket, **more)
        yield opened
    finally:
        server.stop()
        BackendDict.reset()


async def written(writer: Writer, count: int) -> None:
    """Let a writer make so many writes, and stop it."""
    running = asyncio.create_task(writer.run())
    while len(writer.writes) < count:  # noqa: ASYNC110 - what it did is what is looked at
        await asyncio.sleep(0.02)
    writer.stop()
    await asyncio.wait_for(running, 10)


@pytest.fixture
def silent() -> Generator[str]:
    """An endpoint that takes connections and never answers, as a lost Region does."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_what_does_not_exist_is_told_from_what_is_refused(aws: Aws) -> None:
    with pytest.raises(AwsMissingError, match="s3 head_object in us-west-2"):
        aws.call("s3", "head_object", region="us-west-2", Bucket=BUCKETS["us-west-2"], Key="x")
    with pytest.raises(AwsMissingError):
        aws.call("lambda", "get_policy", region="us-east-1", FunctionName="nothing")
    aws.call("s3", "put_object", region="us-east-1", Bucket=BUCKETS["us-east-1"], Key="x", Body=b"")
    with pytest.raises(AwsRefusedError, match="BucketNotEmpty") as refused:
        aws.call("s3", "delete_bucket", region="us-east-1", Bucket=BUCKETS["us-east-1"])
    assert not isinstance(refused.value, AwsMissingError)


def test_a_region_that_is_gone_is_unreachable_and_soon(silent: str) -> None:
    began_s = time.monotonic()
    with pytest.raises(AwsUnreachableError, match="ssm get_parameter in us-east-1"):
        Aws({**KEYS, "AWS_ENDPOINT_URL": silent}, patience=Patience(read_s=0.2)).call(
            "ssm", "get_parameter", region="us-east-1", Name="/x"
        )
    assert time.monotonic() - began_s < 10, "one retry, and no more"


def put_flag(aws: Aws, region: str) -> None:
    aws.call(
        "s3",
        "put_object",
        region=region,
        Bucket=f"{region}-evacuation",
        Key="evacuation/us-east-1",
        Body=b"{}",
    )


def test_the_evacuation_flag_is_one_object_in_the_other_region(aws: Aws) -> None:
    flag = flag_of(topology(), "us-east-1")
    assert flag.keepers == (Keeper(region="us-west-2", bucket="us-west-2-evacuation"),)
    assert flag.held_by(aws) == ()
    put_flag(aws, "us-west-2")
    assert flag.held_by(aws) == ("us-west-2",)


def test_with_one_watcher_lost_the_others_flag_counts(aws: Aws) -> None:
    """The bucket of eu-west-1 is not there: as good as a Region that is not."""
    flag = flag_of(topology(3), "us-east-1")
    assert [keeper.region for keeper in flag.keepers] == ["us-west-2", "eu-west-1"]
    put_flag(aws, "us-west-2")
    assert flag.held_by(aws) == ("us-west-2",)


def test_flags_that_nobody_can_read_are_not_flags_that_are_not_there(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resilience.aws.READ_TIMEOUT_S", 0.2)
    with pytest.raises(AwsUnreachableError):
        flag_of(topology(), "us-east-1").held_by(Aws({**KEYS, "AWS_ENDPOINT_URL": silent}))


def test_writes_are_numbered_acknowledged_and_found_again(aws: Aws) -> None:
    async def run() -> None:
        regions = iter(["us-east-1", "us-west-2", "us-east-1"] + ["us-west-2"] * 1000)
        writer = Writer(
            aws, BUCKETS, prefix="run/", target=lambda: next(regions), period_s=0.02, clock=Clock()
        )
        await written(writer, 6)
        assert [write.number for write in writer.writes] == list(range(len(writer.writes)))
        assert all(write.acknowledged for write in writer.writes)
        assert await writer.present("us-east-1") == {0, 2}
        assert {1, 3, 4, 5} <= await writer.present("us-west-2")

    asyncio.run(asyncio.wait_for(run(), 60))


def test_a_write_that_a_region_did_not_take_is_not_acknowledged(aws: Aws) -> None:
    async def run() -> None:
        writer = Writer(
            aws,
            {**BUCKETS, "us-east-1": "no-such-bucket"},
            prefix="run/",
            target=lambda: "us-east-1",
            period_s=0.02,
            clock=Clock(),
        )
        await written(writer, 2)
        assert not any(write.acknowledged for write in writer.writes)

    asyncio.run(asyncio.wait_for(run(), 60))


def test_no_call_leaves_for_a_region_that_is_said_to_be_lost(silent: str) -> None:
    aws = Aws(
        {**KEYS, "AWS_ENDPOINT_URL": silent}, patience=Patience(read_s=30), lost={"us-east-1"}
    )
    aws.ready("ssm", "us-east-1")
    began_s = time.monotonic()
    with pytest.raises(AwsAvoidedError, match="us-east-1 is said to be lost"):
        aws.call("ssm", "get_parameter", region="us-east-1", Name="/x")
    with pytest.raises(AwsAvoidedError):
        list(aws.pages("s3", "list_objects_v2", region="us-east-1", Bucket="x"))
    assert time.monotonic() - began_s < 5, "nothing was waited for: nothing was sent"


def test_the_time_is_told_by_the_clock_of_aws() -> None:
    headers = {"date": "Fri, 15 Jan 2027 08:00:00 GMT"}
    reply = {"ResponseMetadata": {"HTTPHeaders": headers}}
    assert answered_at(reply).isoformat() == "2027-01-15T08:00:00+00:00"
