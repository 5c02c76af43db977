"""Global tables as moto's tables carry them: which replicas belong together, in which mode."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from emulator.store.backends import ACCOUNT, backend_of, regional, values_of

Mode = Literal["EVENTUAL", "STRONG"]

# Regions a table with strong consistency may span, and nothing across sets:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html#V2globaltables_HowItWorks.consistency-modes.mrsc
REGION_SETS: Final = (
    frozenset({"us-east-1", "us-east-2", "us-west-2"}),
    frozenset({"eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3"}),
    frozenset({"ap-northeast-1", "ap-northeast-2", "ap-northeast-3"}),
)
_GROUP: Final = "global_table"
_STAMPS: Final = "write_stamps"

KeyId = tuple[Any, Any]
"""Partition and sort key of an item, as moto's own hashable values."""


@dataclass
class Group:
    """One global table, shared by the tables of its Regions."""

    name: str
    mode: Mode
    regions: list[str] = field(default_factory=list[str])
    witness: str | None = None

    @property
    def members(self) -> list[str]:
        """Every Region that has a say: replicas, and the witness of a strong table."""
        return [*self.regions, *([self.witness] if self.witness else [])]


@dataclass(frozen=True, order=True)
class Stamp:
    """When and where an item was last written: the later one wins, ties go by Region."""

    at_s: float = 0.0
    region: str = ""


def table_of(region: str, name: str) -> Any | None:
    """Moto's table in one Region; None when there is none. `name` may be an ARN."""
    from moto.dynamodb.models import dynamodb_backends

    backend = backend_of(dynamodb_backends, region)
    return None if backend is None else backend.tables.get(name.rpartition("/")[2])


def backend_in(region: str) -> Any:
    """Moto's backend of one Region, made when there is none."""
    from moto.dynamodb.models import dynamodb_backends

    return dynamodb_backends[ACCOUNT][region]


def group_of(table: Any) -> Group | None:
    """The global table a table is a replica of; None for a table of one Region."""
    return getattr(table, _GROUP, None)


def replicas() -> frozenset[str]:
    """Every replica of a table with eventual consistency, as `region/table`."""
    from moto.dynamodb.models import dynamodb_backends

    return frozenset(
        f"{region}/{table.name}"
        for region, backend in regional(dynamodb_backends)
        for table in values_of(backend.tables)
        if (group := group_of(table)) is not None and group.mode == "EVENTUAL"
    )


def join(table: Any, group: Group) -> None:
    """Make a table a replica."""
    setattr(table, _GROUP, group)
    group.regions.append(str(table.region_name))


def leave(table: Any) -> None:
    """Make a replica a table of its own; a group of one is no group."""
    group = group_of(table)
    if group is not None:
        group.regions.remove(str(table.region_name))
        setattr(table, _GROUP, None)
        if len(group.regions) == 1:
            setattr(table_of(group.regions[0], group.name), _GROUP, None)


def stamps_of(table: Any) -> dict[KeyId, Stamp]:
    """When each item was last written, deleted ones included."""
    found: dict[KeyId, Stamp] | None = getattr(table, _STAMPS, None)
    if found is None:
        found = {}
        setattr(table, _STAMPS, found)
    return found


# --- items ---------------------------------------------------------------------------------------


def key_id(table: Any, attributes: dict[str, Any]) -> KeyId:
    """The key of an item, given by the item or by its key alone, as the API spells them."""
    from moto.dynamodb.models.dynamo_type import DynamoType

    sort = table.range_key_attr
    return (
        DynamoType(attributes[table.hash_key_attr]),
        DynamoType(attributes[sort]) if sort else None,
    )


def read_item(table: Any, key: KeyId) -> Any | None:
    """Moto's item under a key; None when there is none."""
    partition, sort = key
    if sort is None:
        return table.items.get(partition)
    return (table.items.get(partition) or {}).get(sort)


def write_item(table: Any, key: KeyId, item: Any | None) -> None:
    """Put moto's item under a key, or take away what is there."""
    partition, sort = key
    if sort is None:
        if item is None:
            table.items.pop(partition, None)
        else:
            table.items[partition] = item
    elif item is None:
        (table.items.get(partition) or {}).pop(sort, None)
    else:
        table.items[partition][sort] = item
