"""The state machine that a drill is run by: what it may do, and where its errors are written."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.drills.definition import DrillMachine, definition
from infra.drills.names import WHAT, machine_arn
from infra.naming import RegionNames
from infra.service_role import ServiceRole, ServiceRoleArgs

# Log groups of this prefix need no entry in the Region's resource policy, whose size is limited:
# https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
_GROUP_PREFIX: Final = "/aws/vendedlogs/states/"
# https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
_DELIVER_LOGS: Final = (
    *("logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups"),
    *("logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy"),
    *("logs:DescribeResourcePolicies", "logs:UpdateLogDelivery"),
)


@dataclass(frozen=True, kw_only=True)
class MachineArgs:
    """What the machine needs to know.

    Attributes:
        names: Names in its Region.
        function_arn: The function that does the steps, by its alias.
        topic_arn: Who hears of the verdict.
        key_arn: The stack's key there.
        log_retention_days: How long its errors are kept.
    """

    names: RegionNames
    function_arn: pulumi.Input[str]
    topic_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    log_retention_days: int


class Machine(pulumi.ComponentResource):
    """A standard state machine: each state is run and kept once, for as long as a drill takes.

    Attributes:
        arn: Its ARN.
    """

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: MachineArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:DrillMachine", name, None, opts)
        names = args.names
        group = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            region=names.region,
            name=f"{_GROUP_PREFIX}{names.name(WHAT)}",
            retention_in_days=args.log_retention_days,
            kms_key_id=args.key_arn,
            tags=names.tags(names.name(WHAT)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        machine = aws.sfn.StateMachine(
            f"{name}-machine",
            region=names.region,
            name=names.name(WHAT),
            type="STANDARD",
            role_arn=self._role(name, args).arn,
            definition=pulumi.Output.all(args.function_arn, args.topic_arn).apply(
                lambda arns: definition(
                    DrillMachine(function_arn=str(arns[0]), topic_arn=str(arns[1]))
                )
            ),
            logging_configuration={
                "level": "ERROR",
                "include_execution_data": True,
                "log_destination": pulumi.Output.concat(group.arn, ":*"),
            },
            encryption_configuration={
                "type": "CUSTOMER_MANAGED_KMS_KEY",
                "kms_key_id": args.key_arn,
                "kms_data_key_reuse_period_seconds": 300,
            },
            tags=names.tags(names.name(WHAT)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = machine.arn
        self.register_outputs({"arn": self.arn})

    def _role(self, name: str, args: MachineArgs) -> ServiceRole:
        names = args.names
        return ServiceRole(
            f"{name}-steps",
            ServiceRoleArgs(
                names=names,
                what="drill-steps",
                service=policies.STATES,
                policy=pulumi.Output.all(args.function_arn, args.topic_arn, args.key_arn).apply(
                    lambda arns: policies.policy(*run_steps(names, *map(str, arns)))
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def run_steps(
    names: RegionNames, function_arn: str, topic_arn: str, key_arn: str
) -> tuple[policies.Statement, ...]:
    """Call the function, tell the topic, write errors down, and keep executions encrypted.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    own = policies.Statement(
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=[key_arn],
        condition={
            "StringEquals": {"kms:EncryptionContext:aws:states:stateMachineArn": machine_arn(names)}
        },
    )
    sns = f"sns.{names.region}.amazonaws.com"
    return (
        policies.Statement(actions=["lambda:InvokeFunction"], resources=[function_arn]),
        policies.Statement(actions=["sns:Publish"], resources=[topic_arn]),
        policies.use_key(key_arn, "Decrypt", "GenerateDataKey", service=sns),
        own,
        # IAM knows no resource for any of these.
        policies.Statement(actions=_DELIVER_LOGS, resources=["*"]),
    )
