"""Orders arrive on a topic, wait in a queue with a dead-letter queue, and are kept in a table.

A program of the kind one finds in tutorials: one Region from the provider, made-up names, default
tags, an explicit provider for a second Region, a function whose code is written in place.
"""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
caller = aws.get_caller_identity()
home = aws.get_region()

table = aws.dynamodb.Table(
    "orders",
    attributes=[{"name": "id", "type": "S"}],
    hash_key="id",
    billing_mode="PAY_PER_REQUEST",
)
dead = aws.sqs.Queue("dead", message_retention_seconds=1209600)
queue = aws.sqs.Queue(
    "orders",
    receive_wait_time_seconds=config.require_int("receiveSeconds"),
    visibility_timeout_seconds=60,
    redrive_policy=dead.arn.apply(
        lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    ),
    tags={"team": "intake"},
)
topic = aws.sns.Topic("orders", display_name="Orders")
aws.sns.TopicSubscription(
    "orders", topic=topic.arn, protocol="sqs", endpoint=queue.arn, raw_message_delivery=True
)
aws.sqs.QueuePolicy(
    "orders",
    queue_url=queue.url,
    policy=pulumi.Output.all(queue.arn, topic.arn).apply(
        lambda arns: (
            aws.iam.get_policy_document(
                statements=[
                    {
                        "actions": ["sqs:SendMessage"],
                        "resources": [arns[0]],
                        "principals": [{"type": "Service", "identifiers": ["sns.amazonaws.com"]}],
                        "conditions": [
                            {
                                "test": "ArnEquals",
                                "variable": "aws:SourceArn",
                                "values": [arns[1]],
                            }
                        ],
                    }
                ]
            ).json
        )
    ),
)

trust = aws.iam.get_policy_document(
    statements=[
        {
            "actions": ["sts:AssumeRole"],
            "principals": [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}],
        }
    ]
)
role = aws.iam.Role("worker", assume_role_policy=trust.json)
aws.iam.RolePolicy(
    "worker",
    role=role.id,
    policy=pulumi.Output.all(queue.arn, table.arn).apply(
        lambda arns: (
            aws.iam.get_policy_document(
                statements=[
                    {
                        "actions": ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
                        "resources": [arns[0]],
                    },
                    {"actions": ["dynamodb:PutItem"], "resources": [arns[1]]},
                ]
            ).json
        )
    ),
)
worker = aws.lambda_.Function(
    "worker",
    role=role.arn,
    runtime="python3.12",
    handler="worker.handle",
    code=pulumi.AssetArchive(
        {"worker.py": pulumi.StringAsset("def handle(event, context):\n    return event\n")}
    ),
    environment={"variables": {"TABLE": table.name}},
)

west = aws.Provider("west", region="us-west-2", default_tags={"tags": {"copy": "yes"}})
archive = aws.s3.Bucket("archive", force_destroy=True, opts=pulumi.ResourceOptions(provider=west))
aws.s3.BucketObjectv2(
    "readme",
    bucket=archive.id,
    key="README.txt",
    content="Orders of the past.",
    opts=pulumi.ResourceOptions(provider=west, parent=archive),
)

pulumi.export("account", caller.account_id)
pulumi.export("home", home.region)
pulumi.export("topic", topic.arn)
pulumi.export("queue", queue.url)
pulumi.export("table", table.name)
pulumi.export("worker", worker.arn)
pulumi.export("archive", archive.bucket)
