"""The emulated account, as its administrator has it: clients, and ears for a topic."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from emulator.handle import EmulatorHandle

_ACCOUNT: Final = "123456789012"


def client(emulator: EmulatorHandle, service: str, region: str, **config: Any) -> Any:
    """Make a client; what is not answered is asked once more, unless `config` says otherwise."""
    environment = emulator.aws_environment()
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=emulator.aws_endpoint,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(**{"retries": {"total_max_attempts": 2}, **config}),
    )


@dataclass
class Ears:
    """A queue of our own that hears what a Region's topic says, beside whoever is woken by it.

    Attributes:
        emulator: Where the topic is.
        region: Its Region.
        topic: Its name.
        heard: What it has said so far, oldest first.
    """

    emulator: EmulatorHandle
    region: str
    topic: str
    heard: list[str] = field(default_factory=list[str])
    _queue: str = field(init=False)

    def __post_init__(self) -> None:
        """Make the queue, and subscribe it."""
        sqs = client(self.emulator, "sqs", self.region)
        self._queue = sqs.create_queue(QueueName="ears")["QueueUrl"]
        queue = f"arn:aws:sqs:{self.region}:{_ACCOUNT}:ears"
        topic = f"arn:aws:sns:{self.region}:{_ACCOUNT}:{self.topic}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        client(self.emulator, "sns", self.region).subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=queue
        )

    def listen(self) -> list[str]:
        """Take what has been said since, and give all that was heard."""
        sqs, asked = client(self.emulator, "sqs", self.region), {"QueueUrl": self._queue}
        while found := sqs.receive_message(**asked, MaxNumberOfMessages=10).get("Messages"):
            for each in found:
                self.heard.append(json.loads(each["Body"])["Message"])
                sqs.delete_message(**asked, ReceiptHandle=each["ReceiptHandle"])
        return self.heard
