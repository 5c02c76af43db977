"""What a stack keeps that cannot be made again, and where: by names alone, without asking AWS.

Names follow the program's (`infra/naming.py`): a vault in every Region, and a role in every Region
that AWS Backup restores under, into places of its own and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resilience.aws import AwsError
from resilience.restore.errors import RestoreRefusedError
from resilience.restore.kinds import What

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resilience.aws import Aws
    from resilience.outputs import StackOutputs
    from resilience.topology import Topology


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls AWS: the account, and the caller's ARN."""

    account_id: str
    arn: str


@dataclass(frozen=True, kw_only=True)
class Stock:
    """What a stack keeps. `buckets` are by kind and Region; `table` is the same in every Region."""

    project: str
    stack: str
    account_id: str
    regions: tuple[str, ...]
    buckets: Mapping[What, Mapping[str, str]]
    table: str | None

    @property
    def prefix(self) -> str:
        """What every name of the stack begins with."""
        return f"{self.project}-{self.stack}"

    @property
    def vault(self) -> str:
        """The vault's name, the same in every Region."""
        return f"{self.prefix}-backup"

    def restorer(self, region: str) -> str:
        """Give the ARN of the role that AWS Backup restores under in a Region."""
        return f"arn:aws:iam::{self.account_id}:role/{self.prefix}-{region}-restore"

    def name(self, what: What, region: str) -> str:
        """Name the bucket or table that holds it in a Region.

        Raises:
            RestoreRefusedError: the stack has none there.
        """
        if what is What.TABLE:
            if self.table is not None and region in self.regions:
                return self.table
        elif region in self.buckets[what]:
            return self.buckets[what][region]
        raise RestoreRefusedError(
            f"stack {self.stack} keeps no {what} in {region}: expected one of "
            f"{', '.join(self.regions)}"
        )

    def arn(self, what: What, region: str) -> str:
        """Give the ARN of what holds it in a Region, as AWS Backup names it."""
        name = self.name(what, region)
        if what is What.TABLE:
            return f"arn:aws:dynamodb:{region}:{self.account_id}:table/{name}"
        return f"arn:aws:s3:::{name}"


def stock_of(outputs: StackOutputs, account_id: str) -> Stock:
    """Read what a stack keeps from its outputs."""
    return Stock(
        project=outputs.project,
        stack=outputs.stack,
        account_id=account_id,
        regions=tuple(each.region for each in outputs.regions),
        buckets={
            What.RELEASES: {each.region: each.release_bucket for each in outputs.regions},
            What.PREDICTIONS: {each.region: each.prediction_bucket for each in outputs.regions},
        },
        table=outputs.table_name,
    )


def stock_in(topology: Topology, account_id: str) -> Stock:
    """Read what a stack keeps from its topology: a saved one will do."""
    regions = topology.regions
    return Stock(
        project=topology.project,
        stack=topology.stack,
        account_id=account_id,
        regions=tuple(each.region for each in regions),
        buckets={
            What.RELEASES: {each.region: each.release_bucket.name for each in regions},
            What.PREDICTIONS: {each.region: each.prediction_bucket.name for each in regions},
        },
        table=topology.table_name,
    )


def caller(aws: Aws, regions: tuple[str, ...]) -> Caller:
    """Ask who calls, in the first Region that answers.

    Raises:
        AwsError: none did.
    """
    errors: list[AwsError] = []
    for region in regions:
        try:
            found = aws.call("sts", "get_caller_identity", region=region)
        except AwsError as error:
            errors.append(error)
        else:
            return Caller(account_id=found["Account"], arn=found["Arn"])
    raise errors[0]
