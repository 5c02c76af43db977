"""The parts of a restore that need no AWS: versions by time, orders, labels, waits, choices."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resilience.restore.errors import RestoreFailedError, RestoreRefusedError
from resilience.restore.kinds import Origin, Purpose, What
from resilience.restore.order import Order
from resilience.restore.sources import Reach, RecoveryPoint, Sources, from_backup, to_point_in_time
from resilience.restore.tags import Label, State, label_of, others
from resilience.restore.versions import Version, by_key, current_at, held_at
from resilience.restore.waiting import Wait

EAST, WEST = "us-east-1", "us-west-2"
ZERO = datetime(2026, 11, 1, tzinfo=UTC)
WRITES = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.booleans()),
    max_size=12,
    unique_by=lambda each: each[:2],
)


@given(writes=WRITES, at=st.integers(-1, 10))
def test_what_a_bucket_held_is_what_replaying_its_writes_gives(
    writes: list[tuple[str, int, bool]], at: int
) -> None:
    held: dict[str, int] = {}
    for key, minute, marker in sorted(writes, key=lambda each: each[1]):
        if minute <= at and marker:
            held.pop(key, None)
        elif minute <= at:
            held[key] = minute
    found = by_key(
        Version(
            key=key,
            id=str(minute),
            written=ZERO + timedelta(minutes=minute),
            size_bytes=0,
            marker=marker,
        )
        for key, minute, marker in writes
    )
    moment = ZERO + timedelta(minutes=at)
    assert {key: int(each.id) for key, each in held_at(found, moment).items()} == held
    for versions in found.values():
        assert list(versions) == sorted(versions, key=lambda each: each.written, reverse=True)
        assert current_at(versions, ZERO - timedelta(days=1)) is None


def test_a_rehearsal_needs_nothing_that_lambda_does_not_have() -> None:
    absent = "import sys; sys.modules |= dict.fromkeys(('pydantic', 'typer', 'rich', 'jinja2'));"
    subprocess.run(
        [sys.executable, "-c", f"{absent} import resilience.restore.drill"],
        check=True,
        timeout=60,
    )


def order(**more: object) -> Order:
    found: dict[str, object] = {
        "what": What.PREDICTIONS,
        "origin": Origin.POINT_IN_TIME,
        "region": WEST,
        "source": "predictions-there",
        "source_region": WEST,
        "moment": ZERO,
    }
    return Order(**(found | more))  # type: ignore[arg-type]


def test_the_same_order_has_the_same_place_and_another_has_another() -> None:
    place = order().place("understudy-prod")
    assert order().place("understudy-prod") == place
    assert place.startswith("understudy-prod-restored-predictions-")
    assert len(place) <= 63, "a bucket's name has no more"
    different = [
        order(moment=ZERO + timedelta(seconds=1)),
        order(region=EAST),
        order(source="another"),
        order(point="arn:aws:backup:us-west-2:123456789012:recovery-point:1"),
        order(purpose=Purpose.REHEARSAL),
    ]
    assert len({place, *(each.place("understudy-prod") for each in different)}) == 6


def test_a_label_is_read_back_from_tags_and_leaves_others_tags_alone() -> None:
    label = Label(
        order=order().text, state=State.BEGUN, began=ZERO, by="me: it was lost", token="1"
    )
    mine = [{"Key": "team", "Value": "us"}]
    assert label_of([*mine, *label.pairs()]) == label
    assert label_of(mine) is None
    assert label_of(label.pairs()[1:]) is None, "half a label is none"
    assert others([*mine, *label.pairs()]) == mine
    wild = Label(order="o", state=State.BEGUN, began=ZERO, by="a<b>\u2603" * 99, token="1")
    for pair in wild.pairs():
        assert len(pair["Value"]) <= 256
        assert not set(pair["Value"]) & set("<>")


def test_a_wait_has_an_end_and_says_what_is_not_done() -> None:
    slept: list[float] = []
    with pytest.raises(RestoreFailedError, match="the job is RUNNING after"):
        Wait(at_most_s=60, sleep=slept.append).until(lambda: False, lambda: "the job is RUNNING")
    assert 60 <= sum(slept) < 60 + 15
    assert slept == sorted(slept), "looks come further and further apart"
    Wait(at_most_s=0, sleep=slept.append).until(lambda: True, lambda: "")


def point(arn: str, days_ago: float, *, region: str = EAST) -> RecoveryPoint:
    return RecoveryPoint(
        arn=arn,
        region=region,
        source="predictions-here",
        source_region=EAST,
        taken=ZERO - timedelta(days=days_ago),
        size_bytes=1,
        ends=None,
    )


def known(*points: RecoveryPoint) -> Sources:
    reach = Reach(region=EAST, source="s", earliest=ZERO - timedelta(days=3), latest=ZERO)
    return Sources(what=What.PREDICTIONS, points=points, reaches=(reach,), unseen=("x: lost",))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, "newest"),
        ({"region": WEST}, "copy"),
        ({"purpose": Purpose.REHEARSAL}, "copy"),
        ({"at": ZERO - timedelta(days=2)}, "old"),
        ({"at": ZERO - timedelta(days=9)}, None),
        ({"region": "eu-west-1"}, None),
        ({"at": ZERO - timedelta(days=2), "purpose": Purpose.REHEARSAL}, None),
    ],
)
def test_the_newest_recovery_point_that_fits_is_taken(
    asked: dict[str, object], expected: str | None
) -> None:
    sources = known(point("newest", 0), point("copy", 1, region=WEST), point("old", 2))
    if expected is None:
        with pytest.raises(RestoreRefusedError, match=r"3 recovery points.*not seen: x: lost"):
            from_backup(sources, **asked)  # type: ignore[arg-type]
    else:
        assert from_backup(sources, **asked).point == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("days_ago", [-1, 4])
def test_a_moment_outside_of_all_windows_is_refused_with_the_windows(days_ago: int) -> None:
    with pytest.raises(RestoreRefusedError, match="us-east-1 from 2026-10-29"):
        to_point_in_time(known(), at=ZERO - timedelta(days=days_ago))
    assert to_point_in_time(known(), at=ZERO).region == EAST
