"""WAF: web ACLs and what they stand in front of. Rate-based rules act; managed groups are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Caller,
    Name,
    Read,
    ResourceType,
    Subject,
    Tags,
    Values,
    emulated,
    given,
    own_id,
    recorded,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCOPE: Final = "REGIONAL"


def _arn(subject: Subject) -> str:
    return subject.arn("wafv2", f"regional/webacl/{subject.get('name')}/{subject.id}")


def _put_tags(subject: Subject, given_tags: Mapping[str, str]) -> tuple[str, Values]:
    return "TagResource", {"ResourceARN": _arn(subject), "Tags": tags.as_list(given_tags)}


def _drop_tags(subject: Subject, keys: list[str]) -> tuple[str, Values]:
    return "UntagResource", {"ResourceARN": _arn(subject), "TagKeys": keys}


def _lock(subject: Subject, call: Caller) -> Values:
    """The token that a change must carry: of the web ACL as it is now."""
    if not subject.id:
        return {}
    name = subject.get("name")
    found = call("wafv2", "GetWebACL", Name=name, Scope=_SCOPE, Id=subject.id)
    return {"LockToken": found["LockToken"]}


def _lock_token(subject: Subject) -> Any:
    return subject.facts.get("LockToken")


_WHICH: Final = {"Name": given("name"), "Scope": given("scope"), "Id": own_id}

WEB_ACL: Final = ResourceType(
    type="aws:wafv2/webAcl:WebAcl",
    service="wafv2",
    inputs={
        "name": emulated(force_new=True),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "scope": emulated(
            required=True, force_new=True, values=(_SCOPE,), unread="part of the ARN"
        ),
        "description": recorded("words for people"),
        "defaultAction": emulated(required=True),
        "rules": emulated(),
        "visibilityConfig": recorded("no metrics or samples are taken", required=True),
    },
    absent="associationConfig captchaConfig challengeConfig customResponseBodies "
    "dataProtectionConfig monetizationConfig ruleJson tokenDomains",
    create=(Call(operation="CreateWebACL"),),
    id="Summary.Id",
    reads=(
        Read(operation="GetWebACL", params=_WHICH, at="WebACL"),
        Read(
            operation="ListTagsForResource",
            params={"ResourceARN": _arn},
            at="TagInfoForResource.TagList",
            into="Tags",
            when="tags",
        ),
    ),
    update=(
        Call(
            operation="UpdateWebACL",
            when="description defaultAction rules visibilityConfig",
            extra={"Id": own_id, "LockToken": _lock_token},
        ),
    ),
    delete=(Call(operation="DeleteWebACL", only="", extra={**_WHICH, "LockToken": _lock_token}),),
    outputs={"arn": _arn, "capacity": "Capacity", "lockToken": "LockToken"},
    not_computed="applicationIntegrationUrl monetizationConfig",
    tags=Tags(
        with_create=lambda given_tags: {"Tags": tags.as_list(given_tags)},
        put=_put_tags,
        drop=_drop_tags,
    ),
    name=Name(max_length=128),
    identity="name",
    facts=_lock,
)

ASSOCIATION: Final = ResourceType(
    type="aws:wafv2/webAclAssociation:WebAclAssociation",
    service="wafv2",
    inputs={
        "webAclArn": emulated(aws="WebACLArn", read="ARN", required=True, force_new=True),
        "resourceArn": emulated(
            required=True, force_new=True, unread="it is what the web ACL is looked up by"
        ),
    },
    create=(Call(operation="AssociateWebACL"),),
    id=lambda subject: f"{subject.get('webAclArn')},{subject.get('resourceArn')}",
    reads=(
        Read(
            operation="GetWebACLForResource",
            params={"ResourceArn": given("resourceArn")},
            at="WebACL",
        ),
    ),
    delete=(Call(operation="DisassociateWebACL", only="resourceArn"),),
    identity="resourceArn",
)


def _logging(name: str, **more: Any) -> Any:
    """An input of the configuration's own block."""
    return emulated(aws=f"LoggingConfiguration.{name}", read=name, **more)


_LOGGED: Final = {"ResourceArn": own_id}

LOGGING: Final = ResourceType(
    type="aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
    service="wafv2",
    inputs={
        "resourceArn": _logging("ResourceArn", required=True, force_new=True),
        "logDestinationConfigs": _logging("LogDestinationConfigs", required=True, force_new=True),
        "redactedFields": _logging("RedactedFields", unset=[]),
        "loggingFilter": _logging("LoggingFilter"),
    },
    create=(Call(operation="PutLoggingConfiguration"),),
    id=given("resourceArn"),
    reads=(Read(operation="GetLoggingConfiguration", params=_LOGGED, at="LoggingConfiguration"),),
    update=(Call(operation="PutLoggingConfiguration", whole=True),),
    delete=(Call(operation="DeleteLoggingConfiguration", only="", extra=_LOGGED),),
    identity="resourceArn",
)

TYPES: Final = (WEB_ACL, ASSOCIATION, LOGGING)
