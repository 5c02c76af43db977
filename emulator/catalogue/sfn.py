"""Step Functions: state machines. What they do is `emulator.steps`'s."""

from __future__ import annotations

from typing import Final

from emulator.catalogue.model import (
    Call,
    Name,
    Read,
    ResourceType,
    Tags,
    Values,
    emulated,
    own_id,
    recorded,
)
from emulator.catalogue.tags import as_list

_WHICH: Final = {"stateMachineArn": own_id}


def _lower(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name.lower(): value for name, value in each.items()} for each in tags]


def _logging(value: Values) -> Values:
    """The log group as AWS has it: the one of a list of destinations."""
    shown = {name: each for name, each in value.items() if name != "logDestination"}
    group = value.get("logDestination")
    if group:
        shown["destinations"] = [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]
    return shown


STATE_MACHINE: Final = ResourceType(
    type="aws:sfn/stateMachine:StateMachine",
    service="stepfunctions",
    inputs={
        "name": emulated(aws="name", force_new=True),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "definition": emulated(aws="definition", required=True, json=True),
        "roleArn": emulated(aws="roleArn", required=True),
        "type": emulated(aws="type", force_new=True, default="STANDARD", values=("STANDARD",)),
        "loggingConfiguration": recorded(
            "the history of every execution is kept; nothing is written to the log group",
            aws="loggingConfiguration",
            convert=_logging,
            unset={"level": "OFF"},
        ),
        "tracingConfiguration": recorded(
            "nothing is traced",
            aws="tracingConfiguration",
            unset={"enabled": False},
        ),
        "encryptionConfiguration": recorded(
            "nothing is written to disk",
            aws="encryptionConfiguration",
            unset={"type": "AWS_OWNED_KEY"},
        ),
    },
    absent="publish",
    create=(Call(operation="CreateStateMachine"),),
    id="stateMachineArn",
    reads=(
        Read(operation="DescribeStateMachine", params=_WHICH),
        Read(
            operation="ListTagsForResource",
            params={"resourceArn": own_id},
            at="tags[*].{Key: key, Value: value}",
            into="Tags",
            when="tags",
        ),
    ),
    update=(Call(operation="UpdateStateMachine", extra=_WHICH),),
    delete=(Call(operation="DeleteStateMachine", only="", extra=_WHICH),),
    outputs={
        "arn": "stateMachineArn",
        "revisionId": "revisionId",
        "status": "status",
    },
    not_computed="creationDate description stateMachineVersionArn versionDescription",
    tags=Tags(
        with_create=lambda tags: {"tags": _lower(as_list(tags))},
        put=lambda subject, tags: (
            "TagResource",
            {"resourceArn": subject.id, "tags": _lower(as_list(tags))},
        ),
        drop=lambda subject, keys: (
            "UntagResource",
            {"resourceArn": subject.id, "tagKeys": keys},
        ),
    ),
    name=Name(max_length=80),
    identity="name",
)

TYPES: Final = (STATE_MACHINE,)
"""What the catalogue has of Step Functions."""
