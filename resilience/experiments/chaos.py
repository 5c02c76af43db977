"""Drills in Chaos Toolkit's words: an experiment that its library accepts, and its journal.

https://chaostoolkit.org/reference/api/experiment/ and .../journal/: the experiment's activities
are own actions and probes (`actions`, `probes`), which do a step of a drill, or look.
"""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resilience.experiments.core.experiment import Experiment
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.memory import Drill

_MODULE: Final = "resilience.experiments"
_STATUS: Final = {"met": "completed", "missed": "completed", "refused": "aborted"}


def experiment(ground: Ground, each: Experiment, options: Mapping[str, str]) -> dict[str, Any]:
    """Write an experiment on a stack in Chaos Toolkit's format. Pure; JSON alone."""
    arguments = {"experiment": each.name, "stack": ground.stack, "options": dict(options)}
    hit = options.get("region", ground.primary.region)
    return {
        "version": "1.0.0",
        "title": f"{each.title} ({ground.stack})",
        "description": f"{each.description} Blast radius: {each.blast}",
        "tags": ["understudy", ground.stack, hit],
        "contributions": dict(each.contributions),
        "configuration": {
            "account": ground.account,
            "stack": ground.stack,
            "regions": [place.region for place in ground.places],
        },
        "steady-state-hypothesis": {
            "title": "Each Region serves, clients are led to the first, nothing is evacuated",
            "probes": [
                _probe("stack-is-steady", "stack_is_steady", {"stack": ground.stack}),
            ],
        },
        "method": [
            _action("begin", "begin", arguments),
            _action("inject", "inject", arguments),
            _action("watch", "watch", arguments),
        ],
        "rollbacks": [
            _action("rollback", "rollback", {"experiment": each.name, "stack": ground.stack})
        ],
        "extensions": [
            {
                "name": "understudy",
                "deadline_s": each.deadline_s(ground),
                "options": dict(options),
                "recovers": each.recovers,
            }
        ],
    }


def journal(ground: Ground, each: Experiment, drill: Drill) -> dict[str, Any]:
    """Write what became of a drill as Chaos Toolkit's journal. Pure but for names of versions."""
    found = {expected.name: expected.held for expected in drill.expected}
    before, after = found.get("steady state before"), found.get("steady state after")
    ended_s = max((event.at_s for event in drill.events), default=drill.began_s)
    return {
        "chaoslib-version": _version("chaostoolkit-lib"),
        "platform": platform.platform(),
        "node": drill.owner.partition(":")[0],
        "experiment": experiment(ground, each, drill.options),
        "start": _time(drill.began_s),
        "end": _time(ended_s),
        "duration": round(ended_s - drill.began_s, 3),
        "status": "interrupted" if drill.verdict == "broken" else _STATUS.get(drill.verdict, ""),
        "deviated": drill.verdict == "missed",
        "steady_states": {
            "before": _steady(before),
            "after": _steady(after),
            "during": [],
        },
        "run": [_done(e.detail, e.at_s) for e in drill.events if e.kind == "drill.injected"],
        "rollbacks": [_done(e.detail, e.at_s) for e in drill.events if e.kind == "drill.undone"],
    }


def _steady(met: bool | None) -> dict[str, Any] | None:  # noqa: FBT001 - yes, no, or not looked
    return None if met is None else {"steady_state_met": met, "probes": []}


def _done(what: str, at_s: float) -> dict[str, Any]:
    activity = {"type": "action", "name": what, "provider": _provider("inject", {})}
    return {"activity": activity, "status": "succeeded", "start": _time(at_s), "end": _time(at_s)}


def _time(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _action(name: str, func: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "action", "name": name, "provider": _provider(func, arguments)}


def _probe(name: str, func: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    provider = _provider(func, arguments) | {"module": f"{_MODULE}.probes"}
    return {"type": "probe", "name": name, "tolerance": True, "provider": provider}


def _provider(func: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "python",
        "module": f"{_MODULE}.actions",
        "func": func,
        "arguments": dict(arguments),
    }
