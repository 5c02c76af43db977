"""Global tables: writes travel, conflicts end, a lost Region catches up, conditions hold."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from emulator.lag import ReplicationLag
from emulator.patches import mending
from emulator.tables import api
from tests.contract.storage.aws import EAST, SPEED, WEST, Aws

if TYPE_CHECKING:
    from collections.abc import Iterator

OHIO, IRELAND = "us-east-2", "eu-west-1"
TABLE = "stack"


@pytest.fixture(autouse=True)
def mended() -> Iterator[None]:
    api.apply()
    yield
    mending.put_back()


def make_table(aws: Aws, region: str = EAST, **more: Any) -> None:
    aws.client("dynamodb", region).create_table(
        TableName=TABLE,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
        ],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )


def update(
    aws: Aws, *, create: tuple[str, ...] = (), delete: tuple[str, ...] = (), **more: Any
) -> Any:
    updates = [{"Create": {"RegionName": each}} for each in create]
    updates += [{"Delete": {"RegionName": each}} for each in delete]
    replicas = {"ReplicaUpdates": updates} if updates else {}
    return aws.client("dynamodb").update_table(TableName=TABLE, **replicas, **more)


@pytest.fixture
def eventual(aws: Aws) -> Aws:
    make_table(aws)
    update(aws, create=(WEST,))
    return aws


@pytest.fixture
def strong(aws: Aws) -> Aws:
    make_table(aws)
    update(aws, create=(WEST, OHIO), MultiRegionConsistency="STRONG")
    return aws


@pytest.fixture
def slow(eventual: Aws) -> Aws:
    """Writes take a second of real time to cross: long enough to do something before."""
    eventual.storage.tables.lag = ReplicationLag(median_s=SPEED, p99_s=1.01 * SPEED)
    return eventual


def put(aws: Aws, region: str, value: str, *, key: str = "k", **more: Any) -> None:
    item = {"pk": {"S": key}, "sk": {"S": "-"}, "value": {"S": value}}
    aws.client("dynamodb", region).put_item(TableName=TABLE, Item=item, **more)


def get(aws: Aws, region: str, *, key: str = "k", **more: Any) -> str | None:
    named = {"pk": {"S": key}, "sk": {"S": "-"}}
    found = aws.client("dynamodb", region).get_item(TableName=TABLE, Key=named, **more)
    return str(found["Item"]["value"]["S"]) if "Item" in found else None


def advance(aws: Aws, region: str, expected: str, to: str) -> bool:
    """Advance an epoch by a conditional write, as fencing does."""
    try:
        aws.client("dynamodb", region).update_item(
            TableName=TABLE,
            Key={"pk": {"S": "k"}, "sk": {"S": "-"}},
            UpdateExpression="SET #v = :to",
            ConditionExpression="#v = :expected",
            ExpressionAttributeNames={"#v": "value"},
            ExpressionAttributeValues={":to": {"S": to}, ":expected": {"S": expected}},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def refusal(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


# --- eventual ----------------------------------------------------------------------------------


def test_a_write_in_one_region_is_read_in_another_after_a_lag(eventual: Aws) -> None:
    put(eventual, EAST, "1")
    eventual.eventually(lambda: get(eventual, WEST) == "1", "the write arrives")
    (arrived,) = eventual.facts("table.replicated")
    assert arrived["lag_s"] > 0, "after a lag"
    eventual.client("dynamodb", WEST).delete_item(
        TableName=TABLE, Key={"pk": {"S": "k"}, "sk": {"S": "-"}}
    )
    eventual.eventually(lambda: get(eventual, EAST) is None, "a deletion travels too, and back")


def test_every_way_to_write_travels(eventual: Aws) -> None:
    client = eventual.client("dynamodb")
    item = {"sk": {"S": "-"}, "value": {"S": "1"}}
    client.batch_write_item(
        RequestItems={TABLE: [{"PutRequest": {"Item": item | {"pk": {"S": "batch"}}}}]}
    )
    client.transact_write_items(
        TransactItems=[{"Put": {"TableName": TABLE, "Item": item | {"pk": {"S": "transact"}}}}]
    )
    put(eventual, EAST, "0")
    assert advance(eventual, EAST, "0", "1")
    for key in ("batch", "transact", "k"):
        eventual.eventually(lambda key=key: get(eventual, WEST, key=key) == "1", f"{key} travels")


def test_of_two_writes_of_an_item_the_later_one_stands_everywhere(slow: Aws) -> None:
    put(slow, EAST, "earlier")
    put(slow, WEST, "later")
    assert get(slow, EAST) == "earlier", "each Region answers with its own copy until then"
    slow.eventually(lambda: get(slow, EAST) == "later", "the later write crosses")
    slow.eventually(lambda: slow.storage.tables.backlog() == 0, "and all has arrived")
    assert get(slow, WEST) == "later", "the earlier one does not undo it"
    (lost,) = slow.facts("table.superseded")
    assert (lost["from"], lost["to"]) == (EAST, WEST), "what lost is told"


def test_what_had_not_crossed_when_a_region_was_lost_arrives_on_its_return(slow: Aws) -> None:
    put(slow, EAST, "last words", key="east")
    fault = slow.faults.lose("region", EAST)
    put(slow, WEST, "while away", key="west")
    time.sleep(1.2)
    assert get(slow, WEST, key="east") is None, "the data loss window: acknowledged, and not here"
    assert slow.storage.tables.backlog() == 2, "both directions wait"
    slow.faults.restore(fault.id)
    slow.eventually(lambda: get(slow, WEST, key="east") == "last words", "nothing is lost for good")
    slow.eventually(lambda: get(slow, EAST, key="west") == "while away", "and it catches up")


def test_an_epoch_is_taken_twice_where_regions_agree_only_eventually(slow: Aws) -> None:
    put(slow, EAST, "1")
    slow.eventually(lambda: get(slow, WEST) == "1", "both know epoch 1")
    assert advance(slow, WEST, "1", "2: west"), "the condition holds in the west's own copy"
    assert advance(slow, EAST, "1", "2: east"), "and in the east's: it is no fence across Regions"
    slow.eventually(lambda: get(slow, WEST) == "2: east", "the later one stands in the end")


def test_a_region_that_leaves_takes_only_its_own_replica(eventual: Aws) -> None:
    update(eventual, create=(IRELAND,))
    put(eventual, EAST, "1")
    eventual.eventually(lambda: get(eventual, IRELAND) == "1", "a new replica takes part")
    update(eventual, delete=(WEST,))
    assert refusal(lambda: get(eventual, WEST)) == "ResourceNotFoundException"
    put(eventual, IRELAND, "2")
    eventual.eventually(lambda: get(eventual, EAST) == "2", "the others go on")
    shown = eventual.client("dynamodb").describe_table(TableName=TABLE)["Table"]
    assert [each["RegionName"] for each in shown["Replicas"]] == [IRELAND]
    assert shown["MultiRegionConsistency"] == "EVENTUAL"


def test_a_new_replica_has_what_was_there(eventual: Aws) -> None:
    put(eventual, EAST, "1")
    update(eventual, create=(IRELAND,))
    assert get(eventual, IRELAND) == "1"


def test_a_protected_replica_is_not_deleted(eventual: Aws) -> None:
    west = eventual.client("dynamodb", WEST)
    west.update_table(TableName=TABLE, DeletionProtectionEnabled=True)
    assert refusal(lambda: update(eventual, delete=(WEST,))) == "ValidationException"
    assert refusal(lambda: west.delete_table(TableName=TABLE)) == "ValidationException"
    eventual.client("dynamodb").delete_table(TableName=TABLE)
    assert get(eventual, WEST) is None, "the other one is there, and alone"


# --- strong ------------------------------------------------------------------------------------


def test_a_strong_write_is_everywhere_when_it_is_acknowledged(strong: Aws) -> None:
    for writer, value in ((EAST, "1"), (WEST, "2"), (OHIO, "3")):
        put(strong, writer, value)
        assert [get(strong, each) for each in (EAST, WEST, OHIO)] == [value] * 3


def test_an_epoch_is_advanced_once_where_regions_agree_at_every_write(strong: Aws) -> None:
    put(strong, EAST, "1")
    strong.faults.lose("region", EAST)
    assert advance(strong, WEST, "1", "2: west")
    strong.faults.restore(strong.faults.active()[0].id)
    assert not advance(strong, EAST, "1", "2: east"), "a returned Region knows what it missed"
    assert [get(strong, each) for each in (EAST, WEST, OHIO)] == ["2: west"] * 3


def test_one_region_alone_of_a_strong_table_takes_no_writes(strong: Aws) -> None:
    put(strong, EAST, "1")
    for region in (WEST, OHIO):
        strong.faults.lose("region", region)
    assert refusal(lambda: put(strong, EAST, "2")) == "InternalServerError"
    assert refusal(lambda: get(strong, EAST, ConsistentRead=True)) == "InternalServerError"
    assert get(strong, EAST) == "1", "an eventual read is answered by what is there"


def test_a_witness_has_a_say_and_no_data(aws: Aws) -> None:
    make_table(aws)
    witness = [{"Create": {"RegionName": OHIO}}]
    update(aws, create=(WEST,), MultiRegionConsistency="STRONG", GlobalTableWitnessUpdates=witness)
    aws.faults.lose("region", WEST)
    put(aws, EAST, "1")
    assert refusal(lambda: get(aws, OHIO)) == "ResourceNotFoundException"
    shown = aws.client("dynamodb").describe_table(TableName=TABLE)["Table"]
    assert [each["RegionName"] for each in shown["GlobalTableWitnesses"]] == [OHIO]


@pytest.mark.parametrize(
    "regions", [(WEST,), (WEST, IRELAND), (WEST, OHIO, IRELAND)], ids=["two", "sets", "four"]
)
def test_a_strong_table_needs_three_regions_of_one_set(aws: Aws, regions: tuple[str, ...]) -> None:
    make_table(aws)
    code = refusal(lambda: update(aws, create=regions, MultiRegionConsistency="STRONG"))
    assert code == "ValidationException"


def test_a_strong_table_starts_empty_and_keeps_its_members(strong: Aws, aws: Aws) -> None:
    assert refusal(lambda: update(strong, delete=(WEST,))) == "ValidationException"
    assert refusal(lambda: update(strong, create=(IRELAND,))) == "ValidationException"
    update(strong, delete=(WEST, OHIO))
    put(aws, EAST, "1")
    again = {"create": (WEST, OHIO), "MultiRegionConsistency": "STRONG"}
    assert refusal(lambda: update(aws, **again)) == "ValidationException"


def test_a_strong_table_knows_neither_ttl_nor_transactions(strong: Aws) -> None:
    client = strong.client("dynamodb")
    ttl = {"AttributeName": "expires_at", "Enabled": True}
    assert (
        refusal(lambda: client.update_time_to_live(TableName=TABLE, TimeToLiveSpecification=ttl))
        == "ValidationException"
    )
    item = {"pk": {"S": "k"}, "sk": {"S": "-"}}
    writes = [{"Put": {"TableName": TABLE, "Item": item}}]
    refused = refusal(lambda: client.transact_write_items(TransactItems=writes))
    assert refused == "ValidationException"
