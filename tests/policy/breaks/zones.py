"""The loss of one zone: how to break these rules, and what they then say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.policy.breaking import Broken, case, change, drop, first

if TYPE_CHECKING:
    from policy import Graph

_AUTOSHIFT = "ZonalAutoshiftConfiguration"
_PRACTISED = "practice-runs-are-ended-by-alarms-of-their-region"


def _watch_elsewhere(graph: Graph) -> None:
    """Let a practice run be watched by the other Region's alarm of the same name."""
    autoshift = first(graph, _AUTOSHIFT)
    other = next(
        each
        for each in graph.of("MetricAlarm")
        if each.region != autoshift.region and "availability" in each.name
    )
    autoshift.inputs["outcomeAlarms"] = [{"alarmIdentifier": other.get("arn")}]


def _set_off_by_silence(graph: Graph) -> None:
    watching = graph.behind(first(graph, _AUTOSHIFT), "outcomeAlarms", "MetricAlarm")
    watching[0].inputs["treatMissingData"] = "breaching"


BREAKS: tuple[Broken, ...] = (
    case(
        "load-balancers-can-leave-a-zone",
        "no part in zonal shifts",
        change("LoadBalancer", enableZonalShift=False),
    ),
    case(_PRACTISED, "never shifts", change(_AUTOSHIFT, zonalAutoshiftStatus="DISABLED")),
    case(_PRACTISED, "no outcome alarm", change(_AUTOSHIFT, outcomeAlarms=[])),
    case(_PRACTISED, "which looks at", _watch_elsewhere),
    case(_PRACTISED, "silence alone", _set_off_by_silence),
    case(_PRACTISED, "all of the load is here", change(_AUTOSHIFT, blockingAlarms=None)),
    case("zones-are-left-alike-in-every-region", "has no zonal autoshift", drop(_AUTOSHIFT)),
)
