"""EventBridge: rules on the default bus and their targets."""

from __future__ import annotations

from typing import Any, Final

from emulator.catalogue import tags
from emulator.catalogue.convert import pascal
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
    own_id,
)


def _rule_arn(subject: Subject) -> str:
    return subject.arn("events", f"rule/{subject.id}")


EVENT_RULE: Final = ResourceType(
    type="aws:cloudwatch/eventRule:EventRule",
    service="events",
    inputs={
        "name": emulated(force_new=True),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "description": emulated(unset=""),
        "eventPattern": emulated(json=True),
        "scheduleExpression": emulated(),
        "state": emulated(default="ENABLED", values=("ENABLED", "DISABLED")),
        "eventBusName": emulated(default="default", force_new=True, values=("default",)),
        "forceDestroy": emulated(unread="steers deletion only", unset=False),
    },
    absent="isEnabled roleArn",
    create=(Call(operation="PutRule"),),
    id=given("name"),
    reads=(
        Read(operation="DescribeRule", params={"Name": own_id}),
        Read(
            operation="ListTagsForResource",
            params={"ResourceARN": _rule_arn},
            at="Tags",
            into="Tags",
            when="tags",
        ),
    ),
    update=(Call(operation="PutRule"),),
    delete=(Call(operation="DeleteRule", only="", extra={"Name": own_id}),),
    outputs={"arn": "Arn"},
    tags=Tags(
        with_create=lambda given_tags: {"Tags": tags.as_list(given_tags)},
        put=lambda subject, given_tags: (
            "TagResource",
            {"ResourceARN": _rule_arn(subject), "Tags": tags.as_list(given_tags)},
        ),
        drop=lambda subject, keys: (
            "UntagResource",
            {"ResourceARN": _rule_arn(subject), "TagKeys": keys},
        ),
    ),
    name=Name(max_length=64),
    identity="name",
)


def _block(value: dict[str, Any]) -> Values:
    return {pascal(name): each for name, each in value.items()}


def _transformer(value: dict[str, Any]) -> Values:
    shown: Values = {"InputTemplate": value["inputTemplate"]}
    if value.get("inputPaths"):
        shown["InputPathsMap"] = value["inputPaths"]
    return shown


def _target(subject: Subject) -> list[Values]:
    """The one target, made of every input that is part of it."""
    members: Values = {}
    for name, rule in subject.kind.inputs.items():
        value = subject.get(name)
        if value is not None and rule.aws and name not in ("rule", "eventBusName"):
            members[rule.aws] = rule.convert(value) if rule.convert else value
    return [members]


def _found(subject: Subject, answer: Values) -> Values | None:
    wanted = subject.get("targetId")
    return next((each for each in answer["Targets"] if each["Id"] == wanted), None)


_TARGET: Final = (
    "targetId arn roleArn input inputPath inputTransformer deadLetterConfig retryPolicy sqsTarget"
)


def _put_target() -> Call:
    return Call(
        operation="PutTargets",
        only="",
        when=f"rule eventBusName {_TARGET}",
        extra={"Rule": given("rule"), "Targets": _target},
    )


EVENT_TARGET: Final = ResourceType(
    type="aws:cloudwatch/eventTarget:EventTarget",
    service="events",
    inputs={
        "rule": emulated(required=True, force_new=True, unread="targets are read by it"),
        "eventBusName": emulated(
            default="default", force_new=True, values=("default",), unread="targets are read by it"
        ),
        "targetId": emulated(aws="Id", force_new=True),
        "arn": emulated(aws="Arn", required=True),
        "roleArn": emulated(aws="RoleArn"),
        "input": emulated(aws="Input", json=True),
        "inputPath": emulated(aws="InputPath"),
        "inputTransformer": emulated(aws="InputTransformer", convert=_transformer),
        "deadLetterConfig": emulated(aws="DeadLetterConfig", convert=_block),
        "retryPolicy": emulated(aws="RetryPolicy", convert=_block),
        "sqsTarget": emulated(aws="SqsParameters", convert=_block),
        "forceDestroy": emulated(unread="steers deletion only", unset=False),
    },
    absent="appsyncTarget batchTarget ecsTarget httpTarget kinesisTarget redshiftTarget "
    "runCommandTargets sagemakerPipelineTarget",
    create=(_put_target(),),
    id=lambda subject: f"{subject.get('rule')}-{subject.get('targetId')}",
    reads=(Read(operation="ListTargetsByRule", params={"Rule": given("rule")}, at=_found),),
    update=(_put_target(),),
    delete=(
        Call(
            operation="RemoveTargets",
            only="",
            extra={"Rule": given("rule"), "Ids": [given("targetId")]},
        ),
    ),
    name=Name(input="targetId", max_length=64),
    identity="rule targetId",
)

TYPES: Final = (EVENT_RULE, EVENT_TARGET)
