"""Tables come back: item by item, from a backup or any second, and never over what is newer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from resilience.restore.errors import RestoreRefusedError
from resilience.restore.kinds import What
from resilience.restore.table_place import TablePlace
from resilience.restore.tags import State
from tests.contract.backup.region_pair import EAST, WEST
from tests.contract.restore.ground import PREFIX, Ground, asked

if TYPE_CHECKING:
    from datetime import datetime

    from resilience.restore.order import Order

TABLE_ARN = f"arn:aws:dynamodb:{EAST}:123456789012:table/{PREFIX}"
GOOD = {"outcome/1": "benign", "outcome/2": "malignant", f"observer/{EAST}": "epoch 7"}


@pytest.fixture
def table(ground: Ground) -> Ground:
    ground.make_table()
    return ground


def corrupted(ground: Ground, *, dated: bool = True) -> datetime:
    """Corrupt an item and lose another, in both Regions; the last good moment."""
    good = ground.now()
    ground.days(0.5)
    ground.put("outcome", "1", "wrong", dated=dated)
    key = {"pk": {"S": "outcome"}, "sk": {"S": "2"}}
    ground.client("dynamodb").delete_item(TableName=PREFIX, Key=key)
    ground.put("observer", EAST, "epoch 8")
    ground.put("outcome", "3", "new since")
    ground.days(0.5)
    assert ground.items() == {
        "outcome/1": "wrong",
        f"observer/{EAST}": "epoch 8",
        "outcome/3": "new since",
    }, "corrupted data replicates"
    return good


def ordered(ground: Ground, way: str, good: datetime) -> Order:
    if way == "backup":
        return ground.newest(What.TABLE, at=good)
    return ground.moment(What.TABLE, at=good, region=WEST)


@pytest.mark.parametrize("way", ["backup", "point-in-time"])
def test_a_table_comes_back_as_a_table_of_its_own_with_its_figures(table: Ground, way: str) -> None:
    table.back_up(TABLE_ARN)
    good = table.now()
    table.days(1)
    found = table.restore(ordered(table, way, good))
    assert (found.count, found.by_replica, found.problems) == (3, 3, [])
    assert (table.items(found.place), table.items()) == (GOOD, GOOD)
    place = TablePlace(table.aws, WEST, found.place)
    assert (place.label() or pytest.fail("it has none")).state is State.VERIFIED
    assert "Replicas" not in (place.shown() or {}), "it is no replica of anything"


def test_one_changed_character_in_the_backup_is_caught(table: Ground) -> None:
    table.cloud.faults.lose("recovery_point", table.back_up(TABLE_ARN))
    found = table.restore(table.newest(What.TABLE), switch=True)
    assert len(found.problems) == 3
    assert "outcome/1 differs from its replica" in found.problems
    assert found.switched is None


@pytest.mark.parametrize("way", ["backup", "point-in-time"])
def test_what_was_corrupted_and_replicated_is_recovered_from_before(
    table: Ground, way: str
) -> None:
    table.back_up(TABLE_ARN)
    good = corrupted(table)
    order = ordered(table, way, good)
    careful = table.restore(order, switch=True)
    assert (careful.problems, careful.since, careful.alone) == ([], 3, 1)
    assert careful.switched is not None
    assert careful.switched.brought == [], "nothing proves that the live items are the wrong ones"
    trusting = table.restore(order, switch=True, trusted=True)
    assert trusting.trusted == 3, "the operator's word, and the report says how much rests on it"
    assert trusting.switched is not None
    assert trusting.switched.brought == ["outcome/1", "outcome/2"]
    assert trusting.switched.of_the_moment == 1, "an old epoch is a wrong one"
    table.seconds(30)
    for region in (EAST, WEST):
        assert table.items(region=region) == {
            "outcome/1": "benign",
            "outcome/2": "malignant",
            "outcome/3": "new since",
            f"observer/{EAST}": "epoch 8",
        }, "brought back in one Region, it replicates, and what is newer stays"
    again = table.restore(order, switch=True, trusted=True).switched
    assert again is not None
    assert (again.brought, again.right) == ([], 2), "asked for again, there is nothing to do"


def test_a_dispute_without_dates_is_a_problem_until_the_operator_decides(table: Ground) -> None:
    good = corrupted(table, dated=False)
    order = table.moment(What.TABLE, at=good, region=WEST)
    assert table.restore(order).problems == ["outcome/1 differs from its replica"]
    found = table.restore(order, trusted=True, switch=True)
    assert (found.problems, table.items()["outcome/1"]) == ([], "benign")


def test_a_writer_who_is_quicker_is_not_overwritten(
    table: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = table.moment(What.TABLE, at=corrupted(table), region=WEST)
    engine, call = table.engine(), table.aws.call

    def racing(service: str, operation: str, **rest: object) -> object:
        if operation == "put_item":
            monkeypatch.undo()
            item = {"pk": {"S": "outcome"}, "sk": {"S": "1"}, "value": {"S": "quicker"}}
            table.client("dynamodb", WEST).put_item(TableName=PREFIX, Item=item)
        return call(service, operation, **rest)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(table.aws, "call", racing)
    found = engine.restore(order, asked(switch=True, trusted=True))
    assert found.switched is not None
    assert (found.switched.newer, found.switched.brought) == (["outcome/1"], ["outcome/2"])
    assert table.items()["outcome/1"] == "quicker"


def test_a_table_that_is_there_is_refused_by_name(table: Ground) -> None:
    table.back_up(TABLE_ARN)
    order = table.newest(What.TABLE)
    place = f"{PREFIX}-restored-mine"
    table.client("dynamodb", WEST).create_table(
        TableName=place,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(RestoreRefusedError, match=f"table {place} in {WEST} is there already"):
        table.restore(order, into=place)
    with pytest.raises(RestoreRefusedError, match="nothing was deleted"):
        table.engine().discard(What.TABLE, WEST, place)
    first = table.restore(order)
    later = table.moment(What.TABLE, at=table.then(0.5), region=WEST)
    with pytest.raises(RestoreRefusedError, match="holds the restore of arn:aws:backup"):
        table.restore(later, into=first.place)


@pytest.mark.parametrize("way", ["backup", pytest.param("point-in-time", marks=pytest.mark.long)])
def test_killed_after_any_change_it_goes_on_and_brings_everything_back_once(
    table: Ground, way: str
) -> None:
    table.back_up(TABLE_ARN)
    good = table.now()
    table.days(1)
    order = ordered(table, way, good)
    table.put("outcome", "1", "wrong")
    table.put("outcome", "2", "wrong")

    def look(found: object) -> None:
        table.seconds(30)
        assert table.items() == GOOD
        table.engine().discard(What.TABLE, WEST, order.place(PREFIX))
        table.put("outcome", "1", "wrong")
        table.put("outcome", "2", "wrong")
        assert getattr(found, "problems", None) == []

    killed = table.killed_at_every_step(
        lambda engine: engine.restore(order, asked(switch=True, trusted=True)), look
    )
    assert killed >= 5, "start, label, mark, bring back twice"
    jobs = table.cloud.backup(WEST).list_restore_jobs()["RestoreJobs"]
    assert len(jobs) == (killed + 1 if way == "backup" else 0), "one job a restore, not one a run"


# --- any second, as the emulator has it ----------------------------------------------------------


def test_a_table_is_restored_as_it_was_at_any_second_of_its_window(table: Ground) -> None:
    dynamodb = table.client("dynamodb")
    before = table.now()
    table.seconds(30)
    table.put("outcome", "1", "first")
    between = table.now()
    table.seconds(30)
    table.put("outcome", "1", "second")
    table.days(1)
    for moment, value in ((before, "benign"), (between, "first"), (table.then(0.5), "second")):
        name = f"as-of-{int(moment.timestamp())}"
        shown = dynamodb.restore_table_to_point_in_time(
            SourceTableName=PREFIX, TargetTableName=name, RestoreDateTime=moment
        )["TableDescription"]
        assert shown["TableStatus"] == "ACTIVE"
        assert table.items(name, EAST)["outcome/1"] == value
    shown = dynamodb.describe_table(TableName=name)["Table"]
    assert shown["RestoreSummary"]["SourceTableArn"] == TABLE_ARN


def test_the_window_begins_when_recovery_is_switched_on_and_ends_five_minutes_ago(
    table: Ground,
) -> None:
    dynamodb = table.client("dynamodb")
    shown = dynamodb.describe_continuous_backups(TableName=PREFIX)["ContinuousBackupsDescription"]
    window = shown["PointInTimeRecoveryDescription"]
    assert (table.now() - window["LatestRestorableDateTime"]).total_seconds() == 300
    assert (table.now() - window["EarliestRestorableDateTime"]).total_seconds() == 3 * 86_400 + 90
    with pytest.raises(ClientError, match="InvalidRestoreTimeException"):
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=PREFIX, TargetTableName="too-new", RestoreDateTime=table.now()
        )
    off = {"PointInTimeRecoveryEnabled": False}
    dynamodb.update_continuous_backups(TableName=PREFIX, PointInTimeRecoverySpecification=off)
    with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailable"):
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=PREFIX, TargetTableName="never", UseLatestRestorableTime=True
        )
