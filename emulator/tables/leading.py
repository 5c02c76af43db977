"""The partition keys that a DynamoDB call is about, as IAM sees them (`dynamodb:LeadingKeys`).

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from emulator.tables import groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from emulator.door.request import ApiRequest

# What a condition on a partition key looks like: it knows equality alone.
_EQUALS: Final = re.compile(r"(#?[A-Za-z0-9_.-]+)\s*=\s*(:[A-Za-z0-9_]+)")


def leading_keys(request: ApiRequest) -> tuple[str, ...]:
    """Give every partition key of a call; none where the call names none (Scan, a table's own)."""
    return tuple(dict.fromkeys(_found(request)))


def _found(request: ApiRequest) -> Iterator[str]:
    document: Mapping[str, Any] = request.document
    for name, key in _keyed(document):
        table = groups.table_of(request.region, name)
        attribute = None if table is None else key.get(str(table.hash_key_attr))
        if attribute is not None:
            yield _plain(attribute)
    if "KeyConditionExpression" in document:
        yield from _queried(request.region, document)


def _keyed(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(table, key or item) of everything that a call names one by one."""
    if "TableName" in document and (key := document.get("Item") or document.get("Key")):
        yield document["TableName"], key
    requested = cast("Mapping[str, Any]", document.get("RequestItems") or {})
    for name, asked in requested.items():
        if isinstance(asked, dict):  # BatchGetItem
            reads = cast("Mapping[str, Any]", asked)
            yield from ((name, key) for key in reads["Keys"])
            continue
        for each in asked:  # BatchWriteItem
            for write in each.values():
                yield name, write.get("Item") or write["Key"]
    for each in document.get("TransactItems") or ():
        for part in each.values():
            yield part["TableName"], part.get("Item") or part["Key"]


def _queried(region: str, document: Mapping[str, Any]) -> Iterator[str]:
    table = groups.table_of(region, document["TableName"])
    names: Mapping[str, str] = document.get("ExpressionAttributeNames") or {}
    values: Mapping[str, Any] = document.get("ExpressionAttributeValues") or {}
    for name, value in _EQUALS.findall(document["KeyConditionExpression"]):
        if table is not None and names.get(name, name) == table.hash_key_attr and value in values:
            yield _plain(values[value])


def _plain(attribute: Mapping[str, Any]) -> str:
    return str(next(iter(attribute.values())))
