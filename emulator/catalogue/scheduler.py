"""EventBridge Scheduler: schedules and their groups."""

from __future__ import annotations

from typing import Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Name,
    Read,
    ResourceType,
    Subject,
    Tags,
    Values,
    emulated,
    given,
    recorded,
)

_TARGET_KNOWN: Final = frozenset({"arn", "roleArn", "input", "retryPolicy", "deadLetterConfig"})


def _unknown_targets(inputs: Values) -> list[str]:
    return [
        f"target block {name!r} is not emulated; known are {', '.join(sorted(_TARGET_KNOWN))}"
        for name, value in inputs["target"].items()
        if name not in _TARGET_KNOWN and value is not None
    ]


_KEY: Final = {"Name": given("name"), "GroupName": given("groupName")}

SCHEDULE: Final = ResourceType(
    type="aws:scheduler/schedule:Schedule",
    service="scheduler",
    inputs={
        "name": emulated(force_new=True),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "groupName": emulated(default="default", force_new=True),
        "description": emulated(unset=""),
        "scheduleExpression": emulated(required=True),
        "scheduleExpressionTimezone": emulated(default="UTC"),
        "startDate": emulated(unread="shown as a timestamp"),
        "endDate": emulated(unread="shown as a timestamp"),
        "state": emulated(default="ENABLED", values=("ENABLED", "DISABLED")),
        "flexibleTimeWindow": recorded("a schedule fires at the window's start", required=True),
        "target": emulated(required=True),
        "kmsKeyArn": recorded("nothing is written to disk"),
        "actionAfterCompletion": emulated(values=("NONE", "DELETE")),
    },
    create=(Call(operation="CreateSchedule"),),
    id=lambda subject: f"{subject.get('groupName')}/{subject.get('name')}",
    reads=(Read(operation="GetSchedule", params=_KEY),),
    update=(Call(operation="UpdateSchedule"),),
    delete=(Call(operation="DeleteSchedule", only="", extra=_KEY),),
    outputs={"arn": "Arn"},
    name=Name(max_length=64),
    identity="name groupName",
    check=_unknown_targets,
)


def _group_arn(subject: Subject) -> str:
    return subject.arn("scheduler", f"schedule-group/{subject.id}")


SCHEDULE_GROUP: Final = ResourceType(
    type="aws:scheduler/scheduleGroup:ScheduleGroup",
    service="scheduler",
    inputs={
        "name": emulated(force_new=True),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
    },
    create=(Call(operation="CreateScheduleGroup"),),
    id=given("name"),
    reads=(
        Read(operation="GetScheduleGroup", params={"Name": given("name")}),
        Read(
            operation="ListTagsForResource",
            params={"ResourceArn": _group_arn},
            at="Tags",
            into="Tags",
            when="tags",
        ),
    ),
    delete=(Call(operation="DeleteScheduleGroup", only="", extra={"Name": given("name")}),),
    outputs={"arn": "Arn", "state": "State"},
    not_computed="creationDate lastModificationDate",
    tags=Tags(
        with_create=lambda given_tags: {"Tags": tags.as_list(given_tags)},
        put=lambda subject, given_tags: (
            "TagResource",
            {"ResourceArn": _group_arn(subject), "Tags": tags.as_list(given_tags)},
        ),
        drop=lambda subject, keys: (
            "UntagResource",
            {"ResourceArn": _group_arn(subject), "TagKeys": keys},
        ),
    ),
    name=Name(max_length=64),
    identity="name",
)

TYPES: Final = (SCHEDULE, SCHEDULE_GROUP)
