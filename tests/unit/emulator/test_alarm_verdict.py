"""Missing data, as the tables of AWS's own documentation have it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import pytest

from emulator.watch.alarm import ALARM, INSUFFICIENT_DATA, OK
from emulator.watch.alarm_verdict import Sensitivity, verdict

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
POINTS = {"0": False, "X": True, "-": None}
STAYS = None

THREE_OF_THREE = {
    "0 - X - X": (0, (OK, OK, OK, OK)),
    "0 - - - -": (2, (OK, OK, OK, OK)),
    "- - - - -": (3, (INSUFFICIENT_DATA, STAYS, ALARM, OK)),
    "0 X X - X": (0, (ALARM, ALARM, ALARM, ALARM)),
    "- - X - -": (2, (ALARM, STAYS, ALARM, OK)),
}
TWO_OF_THREE = {
    "0 - X - X": (0, (ALARM, ALARM, ALARM, ALARM)),
    "0 0 X 0 X": (0, (ALARM, ALARM, ALARM, ALARM)),
    "0 - X - -": (1, (OK, OK, ALARM, OK)),
    "- - - - 0": (2, (OK, OK, ALARM, OK)),
    "- - - X -": (2, (ALARM, STAYS, ALARM, OK)),
}
CASES = [
    (points, 3, to_alarm, treatment, filled, states[column])
    for to_alarm, table in ((3, THREE_OF_THREE), (2, TWO_OF_THREE))
    for points, (filled, states) in table.items()
    for column, treatment in enumerate(TREATMENTS)
]


@pytest.mark.parametrize(("points", "periods", "to_alarm", "treatment", "filled", "state"), CASES)
def test_an_alarm_does_what_awss_table_says(  # a row of the table
    points: str, periods: int, to_alarm: int, treatment: str, filled: int, state: str | None
) -> None:
    how = Sensitivity(periods=periods, to_alarm=to_alarm, missing=treatment)
    found = verdict([POINTS[each] for each in points.split()], how)
    assert found.state == state, f"{points} with missing data as {treatment}"
    assert found.filled == filled, "missing points are used as few times as possible"


@pytest.mark.parametrize("points", ["- - - - X", "- - - X -"])
def test_an_alarm_is_not_premature_while_the_next_point_may_be_fine(points: str) -> None:
    how = Sensitivity(periods=3, to_alarm=3, missing="missing")
    found = verdict([POINTS[each] for each in points.split()], how)
    assert found.state is None, "the state stays until the breach is as old as M points"


def test_one_of_one_keeps_to_the_last_real_point_while_it_is_in_range() -> None:
    how = Sensitivity(periods=1, to_alarm=1, missing="notBreaching")
    assert how.range == 3
    assert verdict([True, None, None], how).state == ALARM, (
        "with as many real points as periods, the setting for missing data is not asked"
    )
    assert verdict([None, None, None], how).state == OK
