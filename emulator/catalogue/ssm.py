"""SSM: parameters."""

from __future__ import annotations

from typing import Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Name,
    Read,
    ResourceType,
    Subject,
    Values,
    emulated,
    given,
    own_id,
    recorded,
)


def _described(subject: Subject, answer: Values) -> Values | None:
    return next((each for each in answer["Parameters"] if each["Name"] == subject.id), None)


PARAMETER: Final = ResourceType(
    type="aws:ssm/parameter:Parameter",
    service="ssm",
    inputs={
        "name": emulated(force_new=True),
        "type": emulated(required=True, values=("String", "StringList", "SecureString")),
        "value": emulated(required=True),
        "description": recorded("a remark", read="described.Description"),
        "tier": recorded("no quotas", read="described.Tier"),
        "allowedPattern": recorded("not enforced", read="described.AllowedPattern"),
        "dataType": recorded("no image checks"),
        "overwrite": emulated(unread="steers creation only"),
    },
    absent="arn insecureValue keyId valueWo valueWoVersion",
    create=(Call(operation="PutParameter"),),
    id=lambda subject: subject.get("name"),
    reads=(
        Read(
            operation="GetParameter",
            params={"Name": own_id, "WithDecryption": True},
            at="Parameter",
        ),
        Read(
            operation="DescribeParameters",
            params={
                "ParameterFilters": [
                    lambda subject: {  # pyright: ignore[reportUnknownLambdaType]  # a leaf
                        "Key": "Name",
                        "Values": [subject.id],
                    }
                ]
            },
            at=_described,
            into="described",
            when="description tier allowedPattern",
        ),
        Read(
            operation="ListTagsForResource",
            params={"ResourceType": "Parameter", "ResourceId": own_id},
            at="TagList",
            into="Tags",
            when="tags",
        ),
    ),
    update=(
        Call(
            operation="PutParameter",
            only="name value type description tier allowedPattern dataType",
            when="value type description tier allowedPattern dataType",
            extra={"Overwrite": True},
        ),
    ),
    delete=(Call(operation="DeleteParameter", only="", extra={"Name": given("name")}),),
    outputs={"arn": "ARN", "version": "Version"},
    not_computed="hasValueWo",
    tags=tags.listed(
        put="AddTagsToResource",
        drop="RemoveTagsFromResource",
        target="ResourceId",
        more={"ResourceType": "Parameter"},
    ),
    name=Name(max_length=2048),
    identity="name",
)

TYPES: Final = (PARAMETER,)
