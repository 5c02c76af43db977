"""The stack's table: what its Regions must agree on, item by item.

Partition key `pk`, sort key `sk`: the epoch of a role, keys of requests already done, outcomes of
predictions. Nothing on the way of a prediction reads or writes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames, StackNames
from infra.settings import Settings
from infra.settings.data import STRONG

EXPIRES_AT: Final = "expires_at"
# When an item was last written, ISO 8601 in UTC. Every writer sets it: a restore test reads from it
# which items may differ from a backup (`resilience/functions/restored_items.py`).
WRITTEN_AT: Final = "written_at"


@dataclass(frozen=True, kw_only=True)
class TableArgs:
    """What the table needs to know.

    Attributes:
        names: Names in the stack.
        settings: The stack's settings.
        key_arns: The stack's KMS key in each Region.
    """

    names: StackNames
    settings: Settings
    key_arns: Mapping[str, pulumi.Output[str]]


class Table(pulumi.ComponentResource):
    """A DynamoDB global table, one replica a Region, restorable to any second of 35 days.

    With eventual consistency each further Region is a resource of its own, so that Regions come
    and go one by one and a lost one holds up nothing but itself. With strong consistency AWS makes
    all three members in one call and lets none of them go: they are one resource. Strong tables
    know no TTL: what expires is left out by whoever reads it.
    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html

    Attributes:
        arns: The table's ARN in each Region.
    """

    name: pulumi.Output[str]
    arns: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: TableArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Table", name, None, opts)
        home = args.settings.data.home_region
        others = [region for region in args.settings.regions if region != home]
        strong = args.settings.data.table_consistency == STRONG
        table = self._table(name, args, strong_replicas=others if strong else [])
        replicas = (
            {} if strong else {each: self._replica(name, args, each, table) for each in others}
        )
        self.name = table.name
        self.arns = {
            region: replicas.get(region, _arn_in(table, home, region))
            for region in args.settings.regions
        }
        self.register_outputs({"name": self.name})

    def _table(
        self, name: str, args: TableArgs, *, strong_replicas: list[str]
    ) -> aws.dynamodb.Table:
        settings = args.settings
        home, witness = settings.data.home_region, settings.data.table_witness_region
        return aws.dynamodb.Table(
            f"{name}-{home}-table",
            region=home,
            name=args.names.prefix,
            billing_mode="PAY_PER_REQUEST",
            hash_key="pk",
            range_key="sk",
            attributes=[{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}],
            # Replicas are fed from it under eventual consistency; strong tables do without.
            stream_enabled=None if strong_replicas else True,
            stream_view_type=None if strong_replicas else "NEW_AND_OLD_IMAGES",
            ttl=None if strong_replicas else {"attribute_name": EXPIRES_AT, "enabled": True},
            point_in_time_recovery={"enabled": True},
            deletion_protection_enabled=settings.deletion_protection,
            server_side_encryption={"enabled": True, "kms_key_arn": args.key_arns[home]},
            replicas=[_strong(args, region) for region in strong_replicas] or None,
            global_table_witness={"region_name": witness} if witness else None,
            tags=RegionNames(stack=args.names, region=home).tags(args.names.prefix),
            opts=pulumi.ResourceOptions(
                parent=self,
                # Replicas that are resources of their own show up here when the table is read.
                ignore_changes=None if strong_replicas else ["replicas"],
            ),
        )

    def _replica(
        self, name: str, args: TableArgs, region: str, table: aws.dynamodb.Table
    ) -> pulumi.Output[str]:
        replica = aws.dynamodb.TableReplica(
            f"{name}-{region}-table",
            region=region,
            global_table_arn=table.arn,
            kms_key_arn=args.key_arns[region],
            point_in_time_recovery=True,
            deletion_protection_enabled=args.settings.deletion_protection,
            tags=RegionNames(stack=args.names, region=region).tags(args.names.prefix),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return replica.arn


def arn_by_name(names: RegionNames) -> str:
    """The ARN of the table in a Region, for what must not wait for that Region."""
    return f"arn:aws:dynamodb:{names.region}:{names.stack.account_id}:table/{names.stack.prefix}"


def _strong(args: TableArgs, region: str) -> aws.dynamodb.TableReplicaArgsDict:
    return {
        "region_name": region,
        "consistency_mode": "STRONG",
        "kms_key_arn": args.key_arns[region],
        "point_in_time_recovery": True,
        "deletion_protection_enabled": args.settings.deletion_protection,
        "propagate_tags": True,
    }


def _arn_in(table: aws.dynamodb.Table, home: str, region: str) -> pulumi.Output[str]:
    return table.arn.apply(lambda arn: arn.replace(f":{home}:", f":{region}:"))
