"""Reads what a stack can carry and how it lets go: for `resilience.topology_reader`. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.aws import AwsMissingError
from resilience.topology import LoadBalancer

if TYPE_CHECKING:
    from resilience.aws import Aws

_KEEP_ALIVE = "client_keep_alive.seconds"


def client_keep_alive_s(aws: Aws, region: str, balancer_arn: str) -> float:
    """Read how long a load balancer keeps a client's connection at most, in seconds."""
    reply = aws.call(
        "elbv2", "describe_load_balancer_attributes", region=region, LoadBalancerArn=balancer_arn
    )
    found = {each["Key"]: each["Value"] for each in reply["Attributes"]}
    return float(found.get(_KEEP_ALIVE, LoadBalancer.client_keep_alive_s))


def reserved_concurrency(aws: Aws, region: str, function: str) -> int | None:
    """Read a function's reserved concurrency; None without a reservation, 0 stops it."""
    reply = aws.call("lambda", "get_function_concurrency", region=region, FunctionName=function)
    found = reply.get("ReservedConcurrentExecutions")
    return None if found is None else int(found)


def provisioned_concurrency(aws: Aws, region: str, function: str, alias: str) -> int:
    """Read how many environments are kept started for an alias."""
    try:
        reply = aws.call(
            "lambda",
            "get_provisioned_concurrency_config",
            region=region,
            FunctionName=function,
            Qualifier=alias,
        )
    except AwsMissingError:
        return 0
    return int(reply["RequestedProvisionedConcurrentExecutions"])


def table_consistency(aws: Aws, region: str, table: str | None) -> str:
    """Read how the table's Regions agree: `eventual`, or `strong` at every write."""
    if table is None:
        return "eventual"
    reply = aws.call("dynamodb", "describe_table", region=region, TableName=table)
    return str(reply["Table"].get("MultiRegionConsistency", "EVENTUAL")).lower()
