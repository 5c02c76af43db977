"""DynamoDB calls on global tables, as the front door sees them: what they write, what they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from emulator.door.refusals import Refusal
from emulator.tables import groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from emulator.door.request import ApiRequest
    from emulator.tables.replication import TableReplicator

_INVALID: Final = "ValidationException"
_STRONG_READS: Final = frozenset({"GetItem", "Query", "Scan"})


def operation_of(request: ApiRequest) -> str:
    """`PutItem` and the like."""
    return request.headers.get("x-amz-target", "").rpartition(".")[2]


def refusal(request: ApiRequest, replicator: TableReplicator) -> Refusal | None:
    """Why a global table does not take this call; None when it does.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
    """
    operation, document = operation_of(request), request.document
    replicator.catch_up(request.region)
    for name in _tables(operation, document):
        table = groups.table_of(request.region, name)
        group = None if table is None else groups.group_of(table)
        if group is None or group.mode != "STRONG":
            continue
        if operation in ("TransactWriteItems", "TransactGetItems", "UpdateTimeToLive"):
            text = f"{operation} is not supported by tables with multi-Region strong consistency"
            return Refusal(code=_INVALID, message=text, status=400)
        reads = operation in _STRONG_READS and bool(document.get("ConsistentRead"))
        if (reads or _writes(operation, document)) and not replicator.has_quorum(group):
            text = f"{name}: fewer than two of {', '.join(group.members)} can be reached"
            return Refusal(code="InternalServerError", message=text, status=500)
    return None


def writes(request: ApiRequest) -> Iterator[tuple[str, groups.KeyId]]:
    """(table name, key) of every item that a successful call wrote."""
    for name, attributes in _writes(operation_of(request), request.document):
        table = groups.table_of(request.region, name)
        if table is not None:
            yield str(table.name), groups.key_id(table, attributes)


def _writes(operation: str, document: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(table as named, item or key) of each write that a call asks for."""
    match operation:
        case "PutItem" | "UpdateItem" | "DeleteItem":
            return [(document["TableName"], document.get("Item") or document["Key"])]
        case "BatchWriteItem":
            asked = cast("Mapping[str, list[dict[str, Any]]]", document["RequestItems"])
            return [
                (name, each.get("Item") or each["Key"])
                for name, requests in asked.items()
                for request in requests
                for each in request.values()
            ]
        case "TransactWriteItems":
            return [
                (each["TableName"], each.get("Item") or each["Key"])
                for request in document["TransactItems"]
                for kind, each in request.items()
                if kind != "ConditionCheck"
            ]
        case _:
            return []


def _tables(operation: str, document: Mapping[str, Any]) -> set[str]:
    named = {str(document["TableName"])} if "TableName" in document else set[str]()
    return named | {name for name, _ in _writes(operation, document)}
