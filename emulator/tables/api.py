"""UpdateTable, DescribeTable and DeleteTable for replicas, which stock moto ignores in silence.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

import copy
from typing import Any, Final

from emulator.patches.mending import replace
from emulator.patches.service_keys import unusable
from emulator.tables import groups
from emulator.tables.groups import REGION_SETS, Group

_VERSION: Final = "2019.11.21"
_STRONG_MEMBERS: Final = 3


def apply() -> None:
    """Mend DynamoDB's tables."""
    _mend_updates()
    _mend_descriptions()
    _mend_keys()
    _mend_deletion()


def _invalid(message: str) -> Exception:
    from moto.dynamodb.exceptions import MockValidationException

    return MockValidationException(message)


def _mend_updates() -> None:
    from moto.dynamodb.responses import DynamoHandler

    stock = DynamoHandler.update_table

    def update_table(self: Any) -> Any:
        body: dict[str, Any] = self.body
        table = self.dynamodb_backend.get_table(body["TableName"])
        if body.get("SSESpecification"):
            _check_key(body["SSESpecification"], str(table.region_name))
            table.sse_specification = body["SSESpecification"]
        _update_replicas(table, body)
        return stock(self)

    replace(DynamoHandler, "update_table", update_table)


def _update_replicas(table: Any, body: dict[str, Any]) -> None:
    asked: list[dict[str, Any]] = body.get("ReplicaUpdates") or []
    made = [each["Create"] for each in asked if "Create" in each]
    gone = [each["Delete"]["RegionName"] for each in asked if "Delete" in each]
    watched: list[dict[str, Any]] = body.get("GlobalTableWitnessUpdates") or []
    witness = next((each["Create"]["RegionName"] for each in watched if "Create" in each), None)
    unwatched = any("Delete" in each for each in watched)
    if made:
        _create(table, made, witness, body.get("MultiRegionConsistency") or "EVENTUAL")
    if gone or unwatched:
        _delete(table, gone, unwatched=unwatched)


def _create(table: Any, made: list[dict[str, Any]], witness: str | None, mode: str) -> None:
    group = groups.group_of(table)
    regions = [str(each["RegionName"]) for each in made]
    here = str(table.region_name)
    if mode == "STRONG":
        _check_strong(table, group, [here, *regions], witness)
    elif witness or (group is not None and group.mode != mode):
        raise _invalid("A global table's consistency mode cannot be changed.")
    for each in made:
        region = str(each["RegionName"])
        if groups.table_of(region, table.name) is not None:
            raise _invalid(f"Table already exists: {table.name} in {region}")
        if each.get("KMSMasterKeyId"):
            _check_key(each, region)
        elif (table.sse_specification or {}).get("Enabled"):
            raise _invalid(f"KMSMasterKeyId must be specified for the replica in {region}.")
    if group is None:
        group = Group(name=str(table.name), mode="STRONG" if mode == "STRONG" else "EVENTUAL")
        groups.join(table, group)
    group.witness = witness or group.witness
    for each in made:
        groups.join(_copy(table, each), group)


def _check_strong(table: Any, group: Group | None, regions: list[str], witness: str | None) -> None:
    members = [*regions, *([witness] if witness else [])]
    if group is not None:
        raise _invalid("Replicas cannot be added to a table with strong consistency.")
    if len(set(members)) != _STRONG_MEMBERS:
        raise _invalid(
            "Multi-Region strong consistency needs exactly three different Regions, replicas or "
            f"one of them a witness; got {', '.join(members)}"
        )
    if not any(set(members) <= each for each in REGION_SETS):
        raise _invalid(
            "Multi-Region strong consistency cannot span Region sets: " + ", ".join(members)
        )
    if len(table):
        raise _invalid("Multi-Region strong consistency needs an empty table.")
    if table.ttl.get("TimeToLiveStatus") == "ENABLED":
        raise _invalid("Multi-Region strong consistency does not support TTL.")


def _copy(table: Any, asked: dict[str, Any]) -> Any:
    """The same table in another Region, with what the first has in it."""
    key = asked.get("KMSMasterKeyId")
    sealing = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} if key else None
    backend = groups.backend_in(str(asked["RegionName"]))
    made = backend.create_table(
        table.name,
        schema=copy.deepcopy(table.schema),
        throughput=None if table.billing_mode == "PAY_PER_REQUEST" else dict(table.throughput),
        attr=copy.deepcopy(table.attr),
        global_indexes=[],
        indexes=[],
        streams=copy.deepcopy(table.stream_specification),
        billing_mode=table.billing_mode,
        sse_specification=sealing,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    made.items = copy.deepcopy(table.items)
    made.ttl = dict(table.ttl)
    groups.stamps_of(made).update(groups.stamps_of(table))
    return made


def _delete(table: Any, gone: list[str], *, unwatched: bool) -> None:
    group = groups.group_of(table)
    missing = [each for each in gone if group is None or each not in group.regions]
    if group is None or missing:
        raise _invalid(f"{table.name} has no replica in {', '.join(missing) or 'any Region'}")
    left = len(group.members) - len(gone) - int(unwatched)
    if group.mode == "STRONG" and left != 1:
        raise _invalid("Of a table with strong consistency all replicas but one go together.")
    for region in gone:
        groups.backend_in(region).delete_table(group.name)
    if unwatched:
        group.witness = None


def _mend_descriptions() -> None:
    from moto.dynamodb.models.table import Table

    stock = Table.describe

    def describe(self: Any, base_key: str = "TableDescription") -> dict[str, Any]:
        shown: dict[str, Any] = stock(self, base_key)
        group = groups.group_of(self)
        if group is not None:
            others = [each for each in group.regions if each != self.region_name]
            shown[base_key] |= {
                "GlobalTableVersion": _VERSION,
                "MultiRegionConsistency": group.mode,
                "Replicas": [_shown(group.name, each) for each in others],
            }
            if group.witness:
                shown[base_key]["GlobalTableWitnesses"] = [
                    {"RegionName": group.witness, "WitnessStatus": "ACTIVE"}
                ]
        return shown

    replace(Table, "describe", describe)


def _shown(name: str, region: str) -> dict[str, Any]:
    table: Any = groups.table_of(region, name)
    key = (getattr(table, "sse_specification", None) or {}).get("KMSMasterKeyId")
    found = {"RegionName": region, "ReplicaStatus": "ACTIVE", "ReplicaArn": table.table_arn}
    return found | ({"KMSMasterKeyId": key} if key else {})


def _mend_keys() -> None:
    from moto.dynamodb.models import DynamoDBBackend

    stock = DynamoDBBackend.create_table

    def create_table(self: Any, name: str, **named: Any) -> Any:
        _check_key(named.get("sse_specification") or {}, str(self.region_name))
        return stock(self, name, **named)

    replace(DynamoDBBackend, "create_table", create_table)


def _check_key(specification: dict[str, Any], region: str) -> None:
    reference = specification.get("KMSMasterKeyId")
    reason = unusable(reference, region) if reference else None
    if reason is not None:
        raise _invalid(f"KMS validation error: {reason}")


def _mend_deletion() -> None:
    from moto.dynamodb.models import DynamoDBBackend

    stock = DynamoDBBackend.delete_table

    def delete_table(self: Any, name: str) -> Any:
        table = stock(self, name)
        group = groups.group_of(table)
        if group is not None and table.region_name in group.regions:
            groups.leave(table)
        return table

    replace(DynamoDBBackend, "delete_table", delete_table)
