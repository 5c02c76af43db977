"""One alarm: what it was told to watch, the state it is in, and how it got there.

Alarms are kept in moto's CloudWatch backend (`alarms`, by name), so that they go with its reset.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from emulator.store.backends import ACCOUNT
from emulator.watch import alarm_rule, queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OK: Final = "OK"
ALARM: Final = "ALARM"
INSUFFICIENT_DATA: Final = "INSUFFICIENT_DATA"
STATES: Final = (OK, ALARM, INSUFFICIENT_DATA)

ACTIONS_OF: Final = {
    OK: "OKActions",
    ALARM: "AlarmActions",
    INSUFFICIENT_DATA: "InsufficientDataActions",
}
HISTORY_KEPT: Final = 1000
_UNCHECKED: Final = "Unchecked: Initial alarm creation"

_DEFAULTS: Final = {
    "ActionsEnabled": True,
    "OKActions": [],
    "AlarmActions": [],
    "InsufficientDataActions": [],
}


@dataclass(frozen=True, kw_only=True)
class HistoryItem:
    """One line of DescribeAlarmHistory. `at_s` is emulated Unix time."""

    at_s: float
    kind: str
    """`ConfigurationUpdate`, `StateUpdate` or `Action`."""
    summary: str
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class State:
    """A state, since `since_s` (emulated Unix time), and why."""

    value: str
    reason: str
    data: Mapping[str, Any] | None
    since_s: float

    @property
    def data_text(self) -> str | None:
        """The reason's data as JSON."""
        return None if self.data is None else json.dumps(self.data)

    def described(self) -> dict[str, Any]:
        """The state as a line of history holds it."""
        return {
            "stateValue": self.value,
            "stateReason": self.reason,
            "stateReasonData": self.data,
        }


class Alarm:
    """A metric alarm, or a composite one when it has a rule. `told` is what the API was given."""

    def __init__(self, region: str, told: Mapping[str, Any], at_s: float) -> None:
        self.region = region
        self.name = str(told["AlarmName"])
        self.alarm_arn = f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{self.name}"
        self.history: deque[HistoryItem] = deque(maxlen=HISTORY_KEPT)
        self.state = State(value=INSUFFICIENT_DATA, reason=_UNCHECKED, data=None, since_s=at_s)
        self.suppressed_by: str | None = None
        """Why a composite alarm holds actions back: `WaitPeriod`, `ExtensionPeriod`, `Alarm`."""
        self.suppressed_reason = ""
        self.suppression_since_s: float | None = None
        self.configure(told, at_s)

    def configure(self, told: Mapping[str, Any], at_s: float) -> None:
        """Take a (new) configuration; the state stays."""
        self.told: dict[str, Any] = _DEFAULTS | {
            name: value for name, value in told.items() if value is not None and name != "Tags"
        }
        self.updated_s = at_s
        text = self.told.get("AlarmRule")
        self.rule = alarm_rule.parse(text) if text is not None else None
        self.queries = queries.parse(self.told.get("Metrics") or ())
        self.period_s = int(self.told.get("Period") or queries.period_of(self.queries))

    @property
    def state_value(self) -> str:
        """The state's name; moto and the data plane read it here."""
        return self.state.value

    @property
    def composite(self) -> bool:
        """Whether it watches other alarms."""
        return self.rule is not None

    @property
    def kind(self) -> str:
        """The name of its type in the API."""
        return "CompositeAlarm" if self.composite else "MetricAlarm"

    def actions(self, state: str) -> Sequence[str]:
        """ARNs of what is done on entering a state."""
        found: list[str] = self.told[ACTIONS_OF[state]]
        return found

    def note(self, at_s: float, kind: str, summary: str, data: Mapping[str, Any]) -> None:
        """Add a line to the history."""
        self.history.append(HistoryItem(at_s=at_s, kind=kind, summary=summary, data=data))

    def enter(self, state: State) -> State:
        """Change the state, with a line in the history; returns the state it was in."""
        before, self.state = self.state, state
        self.note(
            state.since_s,
            "StateUpdate",
            f"Alarm updated from {before.value} to {state.value}",
            {"version": "1.0", "oldState": before.described(), "newState": state.described()},
        )
        return before

    def described(self) -> dict[str, Any]:
        """The alarm as DescribeAlarms shows it."""
        shown = self.told | {
            "AlarmArn": self.alarm_arn,
            "AlarmConfigurationUpdatedTimestamp": utc(self.updated_s),
            "StateValue": self.state.value,
            "StateReason": self.state.reason,
            "StateReasonData": self.state.data_text,
            "StateUpdatedTimestamp": utc(self.state.since_s),
            "StateTransitionedTimestamp": utc(self.state.since_s),
        }
        if self.suppressed_by is not None:
            shown |= {
                "ActionsSuppressedBy": self.suppressed_by,
                "ActionsSuppressedReason": self.suppressed_reason,
            }
        return {name: value for name, value in shown.items() if value is not None}

    def described_history(self) -> list[dict[str, Any]]:
        """The history as DescribeAlarmHistory shows it, newest first."""
        return [
            {
                "AlarmName": self.name,
                "AlarmType": self.kind,
                "Timestamp": utc(each.at_s),
                "HistoryItemType": each.kind,
                "HistorySummary": each.summary,
                "HistoryData": json.dumps(each.data),
            }
            for each in reversed(self.history)
        ]


def utc(at_s: float) -> datetime:
    """Emulated Unix time as a datetime."""
    return datetime.fromtimestamp(at_s, UTC)
