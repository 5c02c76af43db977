"""The catalogue: one declarative entry for each resource type the emulator knows."""

from __future__ import annotations

import difflib
from functools import cache
from typing import TYPE_CHECKING

from emulator.catalogue import (
    acm,
    arczonalshift,
    backup,
    bucket_settings,
    cloudwatch,
    dynamodb,
    dynamodb_replica,
    ec2,
    ecr,
    events,
    firehose,
    fis,
    iam,
    kms,
    lambda_,
    lambda_capacity,
    lb,
    logs,
    messaging,
    route53,
    s3,
    scheduler,
    secrets,
    security_groups,
    sfn,
    ssm,
    target_groups,
    topics,
    trust_stores,
    wafv2,
)
from emulator.engine.request import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.catalogue.model import ResourceType

_SERVICES = (
    acm,
    arczonalshift,
    backup,
    bucket_settings,
    cloudwatch,
    dynamodb,
    dynamodb_replica,
    ec2,
    ecr,
    events,
    firehose,
    fis,
    iam,
    kms,
    lambda_,
    lambda_capacity,
    lb,
    logs,
    messaging,
    route53,
    s3,
    scheduler,
    secrets,
    security_groups,
    sfn,
    ssm,
    target_groups,
    topics,
    trust_stores,
    wafv2,
)


@cache
def all_types() -> Mapping[str, ResourceType]:
    """Every catalogued type by its Pulumi token."""
    return {each.type: each for service in _SERVICES for each in service.TYPES}


def entry(token: str) -> ResourceType:
    """The entry for a type.

    Raises:
        RefusedError: The catalogue does not have it; the message names its neighbours.
    """
    types = all_types()
    if token not in types:
        near = difflib.get_close_matches(token, types, n=3)
        hint = f"; near it are {', '.join(near)}" if near else ""
        raise RefusedError(
            f"resource type {token!r} is not in the emulator's catalogue{hint}. "
            "Add an entry under emulator/catalogue to deploy it here"
        )
    return types[token]
