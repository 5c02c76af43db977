"""The emulator runs a Pulumi AWS program that has nothing to do with Understudy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name

from emulator.handle import EmulatorHandle
from tests.emulated_account import client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.handle import Deployment

REGION = "eu-west-1"


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[EmulatorHandle]:
    """An emulator of the program's own: nothing else is in it."""
    with EmulatorHandle.start(tmp_path / "emulator") as handle:
        yield handle


class Shop:
    """The foreign program, in a directory of its own so that a test may edit it."""

    def __init__(self, emulator: EmulatorHandle, folder: Path) -> None:
        self.project_dir = folder / "orders"
        shutil.copytree(Path(__file__).with_name("orders"), self.project_dir)
        self.events: list[dict[str, Any]] = []
        self._emulator = emulator

    def run(self, kind: str, **config: Any) -> Deployment:
        self.events.clear()
        step = getattr(self._emulator, kind)
        done: Deployment = step(
            self.project_dir, "shop", config=config, on_event=self.events.append
        )
        return done

    def call(self, service: str, operation: str, *, region: str = REGION, **params: Any) -> Any:
        asked = client(self._emulator, service, region)
        return getattr(asked, xform_name(operation))(**params)

    def changed(self) -> list[tuple[str, str]]:
        steps = (each for each in self.events if each["event"] == "resource")
        return [
            (each["op"], each["urn"].rpartition("::")[2]) for each in steps if each["op"] != "same"
        ]


def test_a_foreign_program_is_previewed_deployed_updated_and_destroyed(
    emulator: EmulatorHandle, tmp_path: Path
) -> None:
    shop = Shop(emulator, tmp_path)
    assert shop.run("preview").summary["created"] == 11
    assert "QueueUrls" not in shop.call("sqs", "ListQueues"), "a preview makes nothing"

    outputs = shop.run("deploy").outputs
    assert outputs["account"] == "123456789012"
    assert outputs["home"] == REGION
    queue = shop.call(
        "sqs", "GetQueueAttributes", QueueUrl=outputs["queue"], AttributeNames=["All"]
    )
    assert queue["Attributes"]["ReceiveMessageWaitTimeSeconds"] == "10", "the stack's own setting"
    assert json.loads(queue["Attributes"]["RedrivePolicy"])["maxReceiveCount"] == 3

    shop.call("sns", "Publish", TopicArn=outputs["topic"], Message="one order")
    received = shop.call("sqs", "ReceiveMessage", QueueUrl=outputs["queue"], WaitTimeSeconds=10)[
        "Messages"
    ]
    assert [each["Body"] for each in received] == ["one order"], "topic and queue are connected"

    tags = shop.call("s3", "GetBucketTagging", region="us-west-2", Bucket=outputs["archive"])
    assert tags["TagSet"] == [{"Key": "copy", "Value": "yes"}], "the second provider's own tags"

    again = shop.run("deploy", receiveSeconds=20)
    assert shop.changed() == [("update", "orders")], "one setting changed, one resource updated"
    assert again.outputs == outputs

    program = shop.project_dir / "__main__.py"
    text = program.read_text().replace('handler="worker.handle"', 'handler="worker.other"')
    program.write_text(
        text.replace(
            'topic = aws.sns.Topic("orders", display', 'topic = aws.sns.Topic("incoming", display'
        )
    )
    shop.run("deploy", receiveSeconds=20)
    steps = shop.changed()
    assert ("update", "worker") in steps
    assert ("create", "incoming") in steps
    assert steps[-1] == ("delete", "orders"), "the old topic goes last"

    summary = shop.run("destroy").summary
    assert summary["deleted"] == 11
    assert "QueueUrls" not in shop.call("sqs", "ListQueues")
    assert shop.call("s3", "ListBuckets")["Buckets"] == []
    assert shop.call("dynamodb", "ListTables")["TableNames"] == []
