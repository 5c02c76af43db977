"""Events of AWS services, in EventBridge's envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.watch.bus import EventBus

if TYPE_CHECKING:
    from tests.unit.emulator.conftest import HandClock


def test_an_event_has_eventbridges_envelope(clock: HandClock) -> None:
    bus = EventBus(clock, FaultBoard(), EventLog(clock))
    bus.emit("us-west-2", "aws.backup", "Restore Job State Change", {"a": 1}, resources=["arn:x"])
    (event,) = bus.take()
    assert {key: value for key, value in event.items() if key != "id"} == {
        "version": "0",
        "detail-type": "Restore Job State Change",
        "source": "aws.backup",
        "account": "123456789012",
        "time": "2027-01-15T08:00:00Z",
        "region": "us-west-2",
        "resources": ["arn:x"],
        "detail": {"a": 1},
    }
    assert bus.take() == [], "an event is taken once"


def test_a_lost_region_emits_no_event(clock: HandClock) -> None:
    faults = FaultBoard()
    bus = EventBus(clock, faults, EventLog(clock))
    faults.lose("region", "us-west-2")
    bus.emit("us-west-2", "aws.backup", "Restore Job State Change", {})
    bus.emit("us-east-1", "aws.backup", "Restore Job State Change", {})
    assert [each["region"] for each in bus.take()] == ["us-east-1"]
