"""The stack's KMS key: one key, with a copy in every Region, so that each Region stands alone.

What was encrypted in one Region is decrypted by the key of another without a call across: losing
a Region, the primary's included, leaves every other one able to read and write.
Source: https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.aws_regions import HEALTH_METRICS_REGION
from infra.key_policy import KeyUsers, key_policy
from infra.naming import RegionNames, StackNames
from infra.settings import Settings


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """What the key needs to know.

    Attributes:
        names: Names in the stack.
        settings: The stack's settings.
    """

    names: StackNames
    settings: Settings


class Keys(pulumi.ComponentResource):
    """A multi-Region key: its primary in the home Region, a replica in each of the others.

    The home Region is a setting of its own, not the first of the Regions: these change places,
    and a primary that moved with them would be another key. KMS copies the key's material and
    its rotation; policy, alias and tags are each Region's own.

    Attributes:
        arns: The key's ARN in each Region.
    """

    arns: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Keys", name, None, opts)
        home = args.settings.data.home_region
        primary = self._first(name, args, home)
        self.arns = {
            region: primary.arn if region == home else self._replica(name, args, region, primary)
            for region in _regions(args.settings)
        }
        for region, arn in self.arns.items():
            aws.kms.Alias(
                f"{name}-{region}-alias",
                region=region,
                name=f"alias/{args.names.prefix}",
                target_key_id=arn,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"arns": self.arns})

    def _kept(self, args: KeysArgs) -> pulumi.ResourceOptions:
        """A key outlives the stack where vaults and journals do: it alone opens what is in them."""
        settings = args.settings
        locked = settings.backup.locked or settings.drills.locked_for_good
        return pulumi.ResourceOptions(parent=self, retain_on_delete=locked)

    def _first(self, name: str, args: KeysArgs, region: str) -> aws.kms.Key:
        return aws.kms.Key(
            f"{name}-{region}-key",
            region=region,
            description=_description(args),
            multi_region=True,
            enable_key_rotation=True,
            deletion_window_in_days=args.settings.data.key_deletion_days,
            policy=_policy(args, region),
            tags=_tags(args, region),
            opts=self._kept(args),
        )

    def _replica(
        self, name: str, args: KeysArgs, region: str, primary: aws.kms.Key
    ) -> pulumi.Output[str]:
        replica = aws.kms.ReplicaKey(
            f"{name}-{region}-key",
            region=region,
            description=_description(args),
            primary_key_arn=primary.arn,
            deletion_window_in_days=args.settings.data.key_deletion_days,
            policy=_policy(args, region),
            tags=_tags(args, region),
            opts=self._kept(args),
        )
        return replica.arn


def _regions(settings: Settings) -> list[str]:
    """The Regions that serve, and the one where alarms on health checks must stand."""
    return list(dict.fromkeys([*settings.regions, HEALTH_METRICS_REGION]))


def _description(args: KeysArgs) -> str:
    return f"What stack {args.names.stack} of {args.names.project} keeps"


def _policy(args: KeysArgs, region: str) -> str:
    return key_policy(
        KeyUsers(
            account_id=args.names.account_id,
            prefix=args.names.prefix,
            region=region,
            operator_roles=args.settings.data.operator_roles,
        )
    )


def _tags(args: KeysArgs, region: str) -> dict[str, str]:
    return RegionNames(stack=args.names, region=region).tags(f"{args.names.prefix}-key")
