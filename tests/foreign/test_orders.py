"""The emulator runs a Pulumi AWS program that has nothing to do with Understudy."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulator.engine import Engine, Outcome, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.engine.request import Kind

REGION = "eu-west-1"


@pytest.fixture
def endpoint() -> Iterator[str]:
    """A mended, empty moto server."""
    from moto.moto_api._internal.models import moto_api_backend
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    from emulator import patches
    from tests.contract.engine.cloud import NoHooks

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            """Say nothing: a line for each call would be all one sees."""

    moto_api_backend.reset()
    put_back = patches.apply_all(NoHooks())
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)
    server.server_close()
    put_back()


class Shop:
    """The foreign program, in a directory of its own so that a test may edit it."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.project_dir = folder / "orders"
        shutil.copytree(Path(__file__).with_name("orders"), self.project_dir)
        self.events: list[dict[str, Any]] = []
        self._engine = Engine(endpoint, folder / "work", self.events.append)

    def run(self, kind: Kind, **config: Any) -> Outcome:
        self.events.clear()
        outcome = self._engine.run(
            Request(kind=kind, project_dir=self.project_dir, stack="shop", config=config)
        )
        assert outcome.result == "done", outcome
        return outcome

    def call(self, service: str, operation: str, *, region: str = REGION, **params: Any) -> Any:
        aws = self._engine._aws
        assert aws is not None
        return aws.call(service, region, operation, params)

    def changed(self) -> list[tuple[str, str]]:
        steps = (each for each in self.events if each["event"] == "resource")
        return [
            (each["op"], each["urn"].rpartition("::")[2]) for each in steps if each["op"] != "same"
        ]


def test_a_foreign_program_is_previewed_deployed_updated_and_destroyed(
    endpoint: str, tmp_path: Path
) -> None:
    shop = Shop(endpoint, tmp_path)
    assert shop.run("preview").summary["created"] == 10
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
    received = shop.call("sqs", "ReceiveMessage", QueueUrl=outputs["queue"])["Messages"]
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
    assert summary["deleted"] == 10
    assert "QueueUrls" not in shop.call("sqs", "ListQueues")
    assert shop.call("s3", "ListBuckets")["Buckets"] == []
    assert shop.call("dynamodb", "ListTables")["TableNames"] == []
