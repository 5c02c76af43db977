"""A rehearsed restore proves the newest copy, says what it took, and leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from resilience.restore.drill import rehearse
from resilience.restore.errors import RestoreRefusedError
from resilience.restore.kinds import What
from tests.contract.backup.region_pair import EAST, WEST
from tests.contract.restore.ground import PREDICTIONS, PREFIX, Ground, Killed
from tests.contract.restore.test_tables import TABLE_ARN

if TYPE_CHECKING:
    from resilience.restore.engine import Engine
    from resilience.restore.record import Restore

ARN = f"arn:aws:s3:::{PREDICTIONS[EAST]}"


def left(ground: Ground) -> list[str]:
    """Everything that a rehearsal could leave behind."""
    buckets = [each["Name"] for each in ground.client("s3", WEST).list_buckets()["Buckets"]]
    tables = ground.client("dynamodb", WEST).list_tables()["TableNames"]
    return [each for each in (*buckets, *tables) if f"{PREFIX}-restored" in each]


def rehearsed(engine: Engine, what: What) -> Restore:
    return rehearse(engine, what, by="the schedule", reason="weekly")


@pytest.mark.parametrize("what", [What.PREDICTIONS, What.TABLE])
def test_the_newest_copy_is_restored_in_another_region_judged_and_taken_away(
    ground: Ground, what: What
) -> None:
    ground.make_table()
    ground.back_up(TABLE_ARN if what is What.TABLE else ARN)
    found = rehearsed(ground.engine(), what)
    assert (found.region, found.source_region, found.purpose) == (WEST, EAST, "rehearsal")
    assert (found.problems, len(found.digests)) == ([], found.count)
    assert found.count == (3 if what is What.TABLE else 2)
    assert found.took_s > 0
    assert left(ground) == []


def test_a_damaged_copy_fails_the_rehearsal_and_goes_all_the_same(ground: Ground) -> None:
    ground.cloud.faults.lose("recovery_point", ground.back_up(ARN))
    assert rehearsed(ground.engine(), What.PREDICTIONS).problems
    assert left(ground) == []


def test_without_a_copy_there_is_nothing_to_rehearse(ground: Ground) -> None:
    with pytest.raises(RestoreRefusedError, match="there is no copy of predictions"):
        rehearsed(ground.engine(), What.PREDICTIONS)


@pytest.mark.parametrize("what", [What.PREDICTIONS, What.TABLE])
def test_what_a_killed_rehearsal_leaves_is_gone_after_the_next(ground: Ground, what: What) -> None:
    ground.make_table()
    arn = TABLE_ARN if what is What.TABLE else ARN
    seen = False
    for step in range(1, 60):
        ground.back_up(arn)  # so that the next rehearsal is of another copy
        try:
            rehearsed(ground.engine(dies_after=step), what)
        except Killed:
            seen = seen or bool(left(ground))
            ground.days(0.1)
            ground.back_up(arn)
            assert rehearsed(ground.engine(), what).problems == []
            assert left(ground) == [], f"killed after change {step}"
        else:
            break
    assert step > 3, "it was killed"
    assert seen, "and left something behind when it was"
