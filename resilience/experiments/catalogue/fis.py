"""Experiments of the Fault Injection Service, by the templates that the stack deploys.

A template is found by its tag `understudy:experiment`. Its own stop conditions and its duration
end it even if nobody does; so the undo has only to stop what still runs.
https://docs.aws.amazon.com/fis/latest/userguide/experiments.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.experiments.core.change import Act, Change, performs
from resilience.experiments.core.world import CallError

if TYPE_CHECKING:
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World

EXPERIMENT_TAG: Final = "understudy:experiment"
DRILL_TAG: Final = "understudy:drill"
_START, _STOP = "start-fis-experiment", "stop-fis-experiments"
_BEGINNING: Final = frozenset({"pending", "initiating"})
_RUNNING: Final = _BEGINNING | {"running"}
_BEGINS_WITHIN_S: Final = 120.0
_LOOK_S: Final = 1.0


def experiment(world: World, region: str, template: str, drill: Drill) -> Change:
    """Plan to start a template's experiment, and to stop it. Raises `CallError` without one."""
    found = _template(world, region, template)
    facts = {"template": found, "drill": drill.id}
    return Change(
        what=f"FIS experiment {template} ({found}) in {region}, which AWS charges by the minute",
        do=Act(kind=_START, region=region, facts=facts),
        undo=Act(kind=_STOP, region=region, facts=facts),
    )


def deployed(world: World, region: str, template: str) -> bool:
    """Tell whether a stack has a template. Raises `CallError`."""
    try:
        _template(world, region, template)
    except CallError as error:
        if error.code == "NoSuchTemplate":
            return False
        raise
    return True


def _template(world: World, region: str, name: str) -> str:
    reply = world.call("fis", "list_experiment_templates", region=region)
    for each in reply["experimentTemplates"]:
        if each.get("tags", {}).get(EXPERIMENT_TAG) == name:
            return str(each["id"])
    raise CallError(
        f"fis list_experiment_templates in {region}",
        "NoSuchTemplate",
        f"no template is tagged {EXPERIMENT_TAG}={name}: deploy the stack with its templates",
    )


def _of_drill(world: World, act: Act) -> list[tuple[str, str, str]]:
    """List the experiments that this drill started: ids, states, and their reasons."""
    reply = world.call("fis", "list_experiments", region=act.region)
    return [
        (str(each["id"]), str(each["state"]["status"]), str(each["state"].get("reason", "")))
        for each in reply["experiments"]
        if each.get("tags", {}).get(DRILL_TAG) == act.facts["drill"]
        and each["experimentTemplateId"] == act.facts["template"]
    ]


@performs(_START)
def _start(world: World, act: Act) -> None:
    if not _of_drill(world, act):
        world.call(
            "fis",
            "start_experiment",
            region=act.region,
            clientToken=act.facts["drill"],
            experimentTemplateId=act.facts["template"],
            tags={DRILL_TAG: act.facts["drill"]},
        )
    _wait_until_it_runs(world, act)


def _wait_until_it_runs(world: World, act: Act) -> None:
    """FIS answers before it has looked for targets: what is done meanwhile meets nothing broken."""
    give_up_s = world.now_s() + _BEGINS_WITHIN_S
    while True:
        # Just started, it may not be listed yet.
        name, state, reason = next(iter(_of_drill(world, act)), ("", "pending", ""))
        if state not in _BEGINNING | {"failed"}:
            return
        if state == "failed" or world.now_s() >= give_up_s:
            raise CallError(
                f"fis start_experiment in {act.region}",
                "NotBegun",
                f"experiment {name} is {state} and breaks nothing: {reason or 'FIS says not why'}",
            )
        world.watch(_LOOK_S)


@performs(_STOP)
def _stop(world: World, act: Act) -> None:
    for name, state, _ in _of_drill(world, act):
        if state in _RUNNING:
            world.call("fis", "stop_experiment", region=act.region, id=name)
