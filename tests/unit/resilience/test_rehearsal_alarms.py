"""What a rehearsal says of the alarms that the loss set off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from resilience.records import Event
from resilience.rehearsal import alarms
from resilience.stage import StageEvent

PREFIX = "understudy-staging-"


def changed(at_s: float, before: str, state: str, **facts: Any) -> StageEvent:
    told = {"alarm": f"{PREFIX}latency", "region": "us-west-2", "before": before, "state": state}
    return StageEvent(at_unix_s=at_s, kind="alarm.changed", facts=told | facts)


def kinds(*events: StageEvent) -> list[str]:
    return [each.kind for each in alarms.of_run(events, PREFIX, lambda unix_s: unix_s - 100)]


def test_alarms_are_told_when_they_are_raised_and_when_they_are_over() -> None:
    events = (changed(110, "OK", "ALARM"), changed(120, "ALARM", "OK"))
    assert kinds(*events) == ["alarm.raised", "alarm.over"]
    (first, _) = alarms.of_run(events, PREFIX, lambda unix_s: unix_s - 100)
    assert (first.at_s, first.region) == (10, "us-west-2")
    lost = Event(at_s=5, kind="fault.lost", detail="us-east-1 is lost")
    told = ["alarms raised from the loss on: latency in us-west-2"]
    assert alarms.note([first, lost]) == told
    assert alarms.note([first, replace(lost, at_s=15)]) == [], "it was up before the loss"


def test_what_is_no_news_of_the_run_is_left_out() -> None:
    assert kinds(changed(90, "OK", "ALARM")) == [], "up before the run began"
    assert kinds(changed(110, "INSUFFICIENT_DATA", "OK")) == [], "nothing was raised"
    assert kinds(changed(110, "OK", "ALARM", alarm="somebody-elses")) == []
    assert alarms.note([]) == []
