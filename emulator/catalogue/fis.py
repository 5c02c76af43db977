"""Fault Injection Service: experiment templates. What they do is `emulator.injection`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from emulator.catalogue.model import (
    Call,
    Read,
    ResourceType,
    Subject,
    Tags,
    emulated,
    own_id,
    recorded,
)

if TYPE_CHECKING:
    from emulator.catalogue.model import Values


def _pairs(listed: list[Values] | None) -> dict[str, str]:
    """Blocks of key and value as the map they are in AWS."""
    return {each["key"]: each["value"] for each in listed or ()}


def _actions(listed: list[Values]) -> Values:
    """Actions by their names."""
    found: Values = {}
    for each in listed:
        shown: Values = {"actionId": each["actionId"]}
        if each.get("description"):
            shown["description"] = each["description"]
        if each.get("parameters"):
            shown["parameters"] = _pairs(each["parameters"])
        if each.get("startAfters"):
            shown["startAfter"] = each["startAfters"]
        if each.get("target"):
            shown["targets"] = _pairs([each["target"]])
        found[each["name"]] = shown
    return found


def _targets(listed: list[Values]) -> Values:
    """Targets by their names."""
    found: Values = {}
    for each in listed:
        shown: Values = {
            name: each[name]
            for name in ("resourceType", "selectionMode", "resourceArns", "filters", "parameters")
            if each.get(name)
        }
        if each.get("resourceTags"):
            shown["resourceTags"] = _pairs(each["resourceTags"])
        found[each["name"]] = shown
    return found


def _report(value: Values) -> Values:
    """A report's dashboards are called by identifiers in AWS."""
    sources: Any = value.get("dataSources") or {}
    shown = {name: each for name, each in value.items() if name != "dataSources"}
    dashboards = sources.get("cloudwatchDashboards")
    if dashboards:
        named = [{"dashboardIdentifier": each["dashboardArn"]} for each in dashboards]
        shown["dataSources"] = {"cloudWatchDashboards": named}
    return shown


def _token(_subject: Subject) -> str:
    return str(uuid4())


def _arn(subject: Subject) -> str:
    return subject.arn("fis", f"experiment-template/{subject.id}")


EXPERIMENT_TEMPLATE: Final = ResourceType(
    type="aws:fis/experimentTemplate:ExperimentTemplate",
    service="fis",
    inputs={
        "description": emulated(aws="description", required=True),
        "roleArn": emulated(aws="roleArn", required=True),
        "actions": emulated(aws="actions", required=True, convert=_actions),
        "targets": emulated(aws="targets", convert=_targets, unset=[]),
        "stopConditions": emulated(aws="stopConditions", required=True),
        "experimentOptions": emulated(aws="experimentOptions", unset={}),
        "logConfiguration": recorded(
            "what becomes of an experiment is told on the event bus; nothing is logged",
            aws="logConfiguration",
        ),
        "experimentReportConfiguration": recorded(
            "no report is written", aws="experimentReportConfiguration", convert=_report
        ),
    },
    create=(Call(operation="CreateExperimentTemplate", extra={"clientToken": _token}),),
    id="experimentTemplate.id",
    reads=(
        Read(
            operation="GetExperimentTemplate",
            params={"id": own_id},
            at="experimentTemplate",
        ),
    ),
    update=(Call(operation="UpdateExperimentTemplate", extra={"id": own_id}),),
    delete=(Call(operation="DeleteExperimentTemplate", only="", extra={"id": own_id}),),
    tags=Tags(
        at="tags",
        with_create=lambda tags: {"tags": dict(tags)},
        put=lambda subject, tags: (
            "TagResource",
            {"resourceArn": _arn(subject), "tags": dict(tags)},
        ),
        drop=lambda subject, keys: (
            "UntagResource",
            {"resourceArn": _arn(subject), "tagKeys": keys},
        ),
    ),
)

TYPES: Final = (EXPERIMENT_TEMPLATE,)
"""What the catalogue has of FIS."""
