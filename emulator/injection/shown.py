"""Templates, experiments and actions as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.injection.actions import KNOWN

if TYPE_CHECKING:
    from emulator.injection.actions import Action
    from emulator.injection.state import ActionRun, Experiment, Template, Values

_TOLD = (
    "description",
    "targets",
    "actions",
    "stopConditions",
    "roleArn",
    "logConfiguration",
    "experimentReportConfiguration",
)
_OPTIONS = {"accountTargeting": "single-account", "emptyTargetResolutionMode": "fail"}


def template(each: Template) -> Values:
    """A template, whole."""
    return {
        "id": each.id,
        "arn": each.arn,
        "creationTime": each.created_s,
        "lastUpdateTime": each.updated_s,
        "tags": each.tags,
        "targetAccountConfigurationsCount": 0,
        "experimentOptions": _OPTIONS | (each.told.get("experimentOptions") or {}),
        **{name: each.told[name] for name in _TOLD if each.told.get(name) is not None},
    }


def template_summary(each: Template) -> Values:
    """A template in a list."""
    return {
        "id": each.id,
        "arn": each.arn,
        "description": each.told["description"],
        "creationTime": each.created_s,
        "lastUpdateTime": each.updated_s,
        "tags": each.tags,
    }


def experiment(each: Experiment) -> Values:
    """An experiment, whole."""
    told = each.told
    options = _OPTIONS | (told.get("experimentOptions") or {})
    shown = {
        "roleArn": told["roleArn"],
        "targets": told.get("targets") or {},
        "actions": {name: _action(run) for name, run in each.actions.items()},
        "stopConditions": told["stopConditions"],
        "startTime": each.started_s,
        "endTime": each.ended_s,
        "logConfiguration": told.get("logConfiguration"),
        "experimentOptions": options | {"actionsMode": each.actions_mode},
        "targetAccountConfigurationsCount": 0,
    }
    return experiment_summary(each) | {
        name: value for name, value in shown.items() if value is not None
    }


def experiment_summary(each: Experiment) -> Values:
    """An experiment in a list."""
    return {
        "id": each.id,
        "arn": each.arn,
        "experimentTemplateId": each.template_id,
        "state": {"status": each.status, "reason": each.reason},
        "creationTime": each.created_s,
        "tags": each.tags,
    }


def _action(run: ActionRun) -> Values:
    times = {"startTime": run.started_s, "endTime": run.ended_s}
    return {
        **run.told,
        "state": {"status": run.status, "reason": run.reason},
        **{name: value for name, value in times.items() if value is not None},
    }


def action(each: Action) -> Values:
    """A kind of action, as ListActions and GetAction show it."""
    names = sorted(each.required | each.optional)
    shown: Values = {
        "id": each.id,
        "description": each.description,
        "parameters": {name: {"required": name in each.required} for name in names},
        "tags": {},
    }
    if each.target:
        shown["targets"] = {each.target: {"resourceType": each.resource_type}}
    return shown


def actions() -> list[Values]:
    """Every kind of action that is emulated."""
    return [action(each) for _, each in sorted(KNOWN.items())]
