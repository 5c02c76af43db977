"""A role that an AWS service takes to act for a stack."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames
from infra.policies import trust_policy


@dataclass(frozen=True, kw_only=True)
class ServiceRoleArgs:
    """What a service's role needs to know.

    Attributes:
        names: Names in the Region it works in.
        what: What it is for; ends its name.
        service: The AWS service that takes it.
        policy: What it may do, as JSON text.
    """

    names: RegionNames
    what: str
    service: str
    policy: pulumi.Input[str]


class ServiceRole(pulumi.ComponentResource):
    """A role with one policy.

    Its ARN is handed out once the policy is in place: a service that is given a role tries it at
    once, and remembers that it was refused.
    """

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: ServiceRoleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:ServiceRole", name, None, opts)
        role_name = args.names.role(args.what)
        role = aws.iam.Role(
            f"{name}-role",
            name=role_name,
            description=f"{args.what} in {args.names.region}",
            assume_role_policy=trust_policy(args.service, args.names.stack.account_id),
            tags=args.names.tags(role_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        attached = aws.iam.RolePolicy(
            f"{name}-policy",
            name=args.what,
            role=role.name,
            policy=args.policy,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = pulumi.Output.all(role.arn, attached.id).apply(lambda each: str(each[0]))
        self.register_outputs({"arn": self.arn})
