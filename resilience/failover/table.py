"""The transition table, as data: every change there is.

A phase and reading without a row stay where they are. The docs' diagram is drawn from this, and
the tests walk every cell of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from resilience.failover.signals import Reading


class Phase(StrEnum):
    """Where a watched Region's traffic is meant to be, as one of its watchers sees it."""

    SERVING = "serving"
    FAILING_OVER = "failing over"
    LATCHED = "latched"
    EVACUATED = "evacuated"
    FAILING_BACK = "failing back"
    BOTH_IMPAIRED = "both impaired"
    SPLIT = "observers split"


FLAGGED: Final = frozenset({Phase.LATCHED, Phase.EVACUATED, Phase.FAILING_BACK})
"""The phases in which this watcher's evacuation flag is to be there."""


class Action(StrEnum):
    """A step for whoever runs the decision."""

    SET_FLAG = "set the evacuation flag"
    CLEAR_FLAG = "clear the evacuation flag"
    CLAIM_EPOCH = "claim the epoch"
    RESIGN_EPOCH = "resign the epoch"
    NOTIFY = "notify"
    REFUSE = "refuse"


class Wait(StrEnum):
    """How long a reading must last, without a break, before its rule applies."""

    NONE = "at once"
    AGREEMENT = "agreement_s"
    HOLD_DOWN = "hold_down_s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One row: in this phase, a reading that lasts this long leads there, by this action.

    `gated` rows also need every gate of failback open.
    """

    to: Phase
    wait: Wait = Wait.NONE
    action: Action | None = None
    gated: bool = False


_ON = Wait.AGREEMENT

TABLE: Final[dict[tuple[Phase, Reading], Rule]] = {
    (Phase.SERVING, Reading.TARGET_BAD): Rule(to=Phase.FAILING_OVER),
    (Phase.SERVING, Reading.BOTH_BAD): Rule(wait=_ON, action=Action.NOTIFY, to=Phase.BOTH_IMPAIRED),
    (Phase.SERVING, Reading.SPLIT): Rule(wait=_ON, action=Action.NOTIFY, to=Phase.SPLIT),
    (Phase.FAILING_OVER, Reading.TARGET_BAD): Rule(
        wait=_ON, action=Action.SET_FLAG, to=Phase.LATCHED
    ),
    (Phase.FAILING_OVER, Reading.WELL): Rule(to=Phase.SERVING),
    (Phase.FAILING_OVER, Reading.REFUGE_BAD): Rule(to=Phase.SERVING),
    (Phase.FAILING_OVER, Reading.BOTH_BAD): Rule(to=Phase.SERVING),
    (Phase.FAILING_OVER, Reading.SPLIT): Rule(to=Phase.SERVING),
    (Phase.FAILING_OVER, Reading.BLIND): Rule(to=Phase.SERVING),
    (Phase.BOTH_IMPAIRED, Reading.WELL): Rule(to=Phase.SERVING),
    (Phase.BOTH_IMPAIRED, Reading.REFUGE_BAD): Rule(to=Phase.SERVING),
    (Phase.BOTH_IMPAIRED, Reading.SPLIT): Rule(to=Phase.SERVING),
    (Phase.BOTH_IMPAIRED, Reading.TARGET_BAD): Rule(to=Phase.FAILING_OVER),
    (Phase.SPLIT, Reading.WELL): Rule(to=Phase.SERVING),
    (Phase.SPLIT, Reading.REFUGE_BAD): Rule(to=Phase.SERVING),
    (Phase.SPLIT, Reading.BOTH_BAD): Rule(to=Phase.SERVING),
    (Phase.SPLIT, Reading.TARGET_BAD): Rule(to=Phase.FAILING_OVER),
    (Phase.LATCHED, Reading.REFUGE_BAD): Rule(wait=_ON, action=Action.CLEAR_FLAG, to=Phase.SERVING),
    (Phase.EVACUATED, Reading.REFUGE_BAD): Rule(
        wait=_ON, action=Action.CLEAR_FLAG, to=Phase.SERVING
    ),
    (Phase.FAILING_BACK, Reading.WELL): Rule(
        wait=Wait.HOLD_DOWN, action=Action.CLEAR_FLAG, to=Phase.SERVING, gated=True
    ),
    (Phase.FAILING_BACK, Reading.REFUGE_BAD): Rule(
        wait=_ON, action=Action.CLEAR_FLAG, to=Phase.SERVING
    ),
    (Phase.FAILING_BACK, Reading.TARGET_BAD): Rule(
        wait=_ON, action=Action.NOTIFY, to=Phase.LATCHED
    ),
}


class IntentKind(StrEnum):
    """What an operator can ask for."""

    EVACUATE = "evacuate"
    FAILBACK = "failback"
    WITHDRAW = "withdraw"
    HOLD = "hold"
    RESUME = "resume"
    PROMOTE = "promote"


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What an intent does in a phase: at once, or only with a refuge that is well."""

    to: Phase
    action: Action | None = None
    needs_refuge: bool = False


_LEAVE = Order(to=Phase.EVACUATED, action=Action.SET_FLAG, needs_refuge=True)
_STAY_AWAY = Order(to=Phase.EVACUATED)
_BACK = Order(to=Phase.FAILING_BACK)

ORDERS: Final[dict[tuple[Phase, IntentKind], Order]] = {
    (Phase.SERVING, IntentKind.EVACUATE): _LEAVE,
    (Phase.FAILING_OVER, IntentKind.EVACUATE): _LEAVE,
    (Phase.BOTH_IMPAIRED, IntentKind.EVACUATE): _LEAVE,
    (Phase.SPLIT, IntentKind.EVACUATE): _LEAVE,
    (Phase.LATCHED, IntentKind.EVACUATE): _STAY_AWAY,
    (Phase.FAILING_BACK, IntentKind.EVACUATE): _STAY_AWAY,
    (Phase.LATCHED, IntentKind.FAILBACK): _BACK,
    (Phase.EVACUATED, IntentKind.FAILBACK): _BACK,
    (Phase.FAILING_BACK, IntentKind.WITHDRAW): Order(to=Phase.LATCHED),
}
"""Every change an operator can ask for; a phase and intent without a row are as asked already."""

FORCED_FAILBACK: Final = Order(to=Phase.SERVING, action=Action.CLEAR_FLAG)
"""A forced failback asks no gate and waits for nothing, in every phase with a flag."""
