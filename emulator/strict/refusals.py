"""Puts every rule of this package in front of the API operation it guards."""

from __future__ import annotations

from emulator.strict import (
    access_logs,
    balancing,
    firewalls,
    functions,
    listener_actions,
    policies,
    records,
    replication,
)

_RULES = (
    access_logs,
    balancing,
    firewalls,
    functions,
    listener_actions,
    policies,
    records,
    replication,
)


def apply() -> None:
    """Guard moto's backends, in this process, with the rules of this package."""
    for rules in _RULES:
        rules.apply()
