"""Where what failed for good is kept in one Region, until somebody has looked at it."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.naming import RegionNames

# The most there is: a weekend and a holiday must not lose what nobody has read.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
_KEPT_S: Final = 14 * 86_400


@dataclass(frozen=True, kw_only=True)
class DeadLettersArgs:
    """What the queue needs to know.

    Attributes:
        names: Names in its Region.
        key_arn: The stack's key there.
    """

    names: RegionNames
    key_arn: pulumi.Input[str]


class DeadLetters(pulumi.ComponentResource):
    """An encrypted queue for events that no function could handle, and runs that never began.

    Attributes:
        name: The queue's name.
        arn: Its ARN.
        key_arn: What it is encrypted with, which whoever sends to it must be let use.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: DeadLettersArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:DeadLetters", name, None, opts)
        names = args.names
        queue = aws.sqs.Queue(
            f"{name}-queue",
            region=names.region,
            name=names.name("dead-letters"),
            kms_master_key_id=args.key_arn,
            message_retention_seconds=_KEPT_S,
            tags=names.tags(names.name("dead-letters")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name, self.arn = queue.name, queue.arn
        self.key_arn = pulumi.Output.from_input(args.key_arn)
        self.register_outputs({"arn": self.arn})


def send(queue_arn: str, key_arn: str, region: str) -> tuple[policies.Statement, ...]:
    """Put messages into one encrypted queue.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    return (
        policies.Statement(actions=["sqs:SendMessage"], resources=[queue_arn]),
        policies.use_key(
            key_arn, "Decrypt", "GenerateDataKey", service=f"sqs.{region}.amazonaws.com"
        ),
    )
