"""The resources of an experiment's targets: named by ARN, or found by their tags.

https://docs.aws.amazon.com/fis/latest/userguide/targets.html
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from emulator.store.backends import ACCOUNT, backend_of, values_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping

    from emulator.injection.state import Values

SELECTION: Final = re.compile(r"ALL|(COUNT|PERCENT)\((\d+)\)")
_WHOLE: Final = 100


def resolve(target: Values, region: str, chance: random.Random) -> tuple[str, ...]:
    """ARNs of the resources that a target means now; those that do not exist are none."""
    there = dict(_FINDERS[target["resourceType"]](region))
    if target.get("resourceArns"):
        found = [arn for arn in target["resourceArns"] if arn in there]
    else:
        wanted: dict[str, str] = target["resourceTags"]
        found = sorted(arn for arn, tags in there.items() if wanted.items() <= tags.items())
    kind, number = (SELECTION.fullmatch(target["selectionMode"]) or _EVERY).groups()
    if kind is None:
        return tuple(found)
    count = int(number) if kind == "COUNT" else math.floor(len(found) * int(number) / _WHOLE)
    # A share of few is one at least, as AWS rounds; more than there are is all of them.
    count = max(count, 1) if found else 0
    return tuple(sorted(chance.sample(found, min(count, len(found)))))


_EVERY: Final[Any] = SELECTION.fullmatch("ALL")


def _buckets(region: str) -> Iterator[tuple[str, dict[str, str]]]:
    from moto.s3.models import s3_backends

    backend = s3_backends[ACCOUNT]["aws"]
    for bucket in values_of(backend.buckets):
        if bucket.region_name == region:
            yield str(bucket.arn), dict(backend.tagger.get_tag_dict_for_resource(bucket.arn))


def _tables(region: str) -> Iterator[tuple[str, dict[str, str]]]:
    from moto.dynamodb.models import dynamodb_backends

    backend = backend_of(dynamodb_backends, region)
    for table in values_of(backend.tables) if backend else ():
        yield str(table.table_arn), {each["Key"]: each["Value"] for each in table.tags}


def _subnets(region: str) -> Iterator[tuple[str, dict[str, str]]]:
    from moto.ec2.models import ec2_backends

    backend = backend_of(ec2_backends, region)
    for by_zone in values_of(backend.subnets) if backend else ():
        for subnet in values_of(by_zone):
            arn = f"arn:aws:ec2:{region}:{ACCOUNT}:subnet/{subnet.id}"
            yield arn, {each["key"]: each["value"] for each in subnet.get_tags()}


# ARN and tags of every resource of a type in a Region.
_FINDERS: Final[Mapping[str, Callable[[str], Iterator[tuple[str, dict[str, str]]]]]] = {
    "aws:s3:bucket": _buckets,
    "aws:dynamodb:global-table": _tables,
    "aws:ec2:subnet": _subnets,
}
