"""The topic of one Region: where its alarms are told, and who is woken by them."""

import json
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames
from infra.policies import document

# A composite alarm's message says its rule; a metric alarm's has none.
# https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
_PAGES_ONLY: Final = {"AlarmRule": [{"exists": True}]}


@dataclass(frozen=True, kw_only=True)
class TopicArgs:
    """What a topic needs to know.

    Attributes:
        names: Names in its Region.
        key_arn: The stack's key there; the one that AWS manages for SNS refuses CloudWatch.
        pager_endpoint: Who is woken: an email address, an https URL, or nobody.
    """

    names: RegionNames
    key_arn: pulumi.Input[str]
    pager_endpoint: str | None


class Topic(pulumi.ComponentResource):
    """An encrypted topic that alarms of this account alone may publish to.

    All alarms are told here; the pager's subscription takes the pages among them.
    """

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: TopicArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Topic", name, None, opts)
        names = args.names
        topic = aws.sns.Topic(
            f"{name}-topic",
            region=names.region,
            name=names.name("pager"),
            kms_master_key_id=args.key_arn,
            tags=names.tags(names.name("pager")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        policy = aws.sns.TopicPolicy(
            f"{name}-publishers",
            region=names.region,
            arn=topic.arn,
            policy=topic.arn.apply(lambda arn: alarms_may_publish(arn, names)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        if args.pager_endpoint is not None:
            aws.sns.TopicSubscription(
                f"{name}-pager",
                region=names.region,
                topic=topic.arn,
                protocol="https" if args.pager_endpoint.startswith("https:") else "email",
                endpoint=args.pager_endpoint,
                filter_policy=json.dumps(_PAGES_ONLY),
                filter_policy_scope="MessageBody",
                opts=pulumi.ResourceOptions(parent=self),
            )
        # Handed out once the policy is in place: an alarm that fires before is not heard.
        self.arn = pulumi.Output.all(topic.arn, policy.id).apply(lambda each: str(each[0]))
        self.register_outputs({"arn": self.arn})


def alarms_may_publish(topic_arn: str, names: RegionNames) -> str:
    """Return the policy that lets the stack's alarms publish, over TLS, and nobody else.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    account_id = names.stack.account_id
    alarms = f"arn:aws:cloudwatch:{names.region}:{account_id}:alarm:{names.stack.prefix}-*"
    return document(
        [
            {
                "Sid": "Alarms",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {
                    "ArnLike": {"aws:SourceArn": alarms},
                    "StringEquals": {"aws:SourceAccount": account_id},
                },
            },
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ]
    )
