"""An EventBridge rule that calls a function of the stack."""

from typing import Final

import pulumi
import pulumi_aws as aws

from infra.function import Function

RULE_SERVICE: Final = "events.amazonaws.com"


def call_on(
    name: str,
    rule: aws.cloudwatch.EventRule,
    function: Function,
    parent: pulumi.Resource,
    *,
    target_id: str,
    late_s: int | None = None,
) -> None:
    """Let a rule call a function by its alias: the permission first, then the target.

    Args:
        name: What the names of both begin with.
        rule: What calls, in the function's own Region.
        function: What is called.
        parent: The component that both belong to.
        target_id: What the rule knows the function by.
        late_s: A call that is later than this is worth nothing any more, and is tried once again
            within it; None leaves it to EventBridge, which tries for a day.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
    """
    permission = aws.lambda_.Permission(
        f"{name}-called",
        region=rule.region,
        action="lambda:InvokeFunction",
        function=function.name,
        qualifier=function.alias_name,
        principal=RULE_SERVICE,
        source_arn=rule.arn,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    aws.cloudwatch.EventTarget(
        f"{name}-target",
        region=rule.region,
        rule=rule.name,
        target_id=target_id,
        arn=function.alias_arn,
        retry_policy=None
        if late_s is None
        else {"maximum_event_age_in_seconds": late_s, "maximum_retry_attempts": 1},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[permission]),
    )
