"""IAM: roles and their policies. The policy evaluator and the front door act on them."""

from __future__ import annotations

from typing import Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Name,
    Read,
    ResourceType,
    emulated,
    given,
    own_id,
    recorded,
)

ROLE: Final = ResourceType(
    type="aws:iam/role:Role",
    service="iam",
    scope="global",
    inputs={
        "name": emulated(aws="RoleName", force_new=True),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "assumeRolePolicy": emulated(required=True, aws="AssumeRolePolicyDocument", json=True),
        "description": recorded("a remark", unset=""),
        "maxSessionDuration": recorded("sessions do not expire", unset=3600),
        "path": recorded("part of the ARN only", default="/", force_new=True),
        "forceDetachPolicies": recorded("steers deletion only", unread="steers deletion only"),
    },
    absent="inlinePolicies managedPolicyArns permissionsBoundary",
    create=(Call(operation="CreateRole"),),
    id=lambda subject: subject.get("name"),
    reads=(Read(operation="GetRole", params={"RoleName": own_id}, at="Role"),),
    update=(
        Call(
            operation="UpdateAssumeRolePolicy",
            only="",
            when="assumeRolePolicy",
            extra={"RoleName": own_id, "PolicyDocument": given("assumeRolePolicy")},
        ),
        Call(
            operation="UpdateRole",
            only="description maxSessionDuration",
            extra={"RoleName": own_id},
        ),
    ),
    delete=(Call(operation="DeleteRole", only="", extra={"RoleName": own_id}),),
    outputs={
        "arn": "Arn",
        "uniqueId": "RoleId",
        "createDate": lambda subject: subject.document["CreateDate"].isoformat(),
    },
    not_computed="inlinePolicies managedPolicyArns",
    tags=tags.listed(put="TagRole", drop="UntagRole", target="RoleName"),
    name=Name(max_length=64),
    identity="name",
)

_POLICY_TARGET: Final = {
    "RoleName": lambda subject: subject.id.partition(":")[0],  # pyright: ignore[reportUnknownLambdaType]  # a leaf
    "PolicyName": lambda subject: subject.id.partition(":")[2],  # pyright: ignore[reportUnknownLambdaType]  # a leaf
}

ROLE_POLICY: Final = ResourceType(
    type="aws:iam/rolePolicy:RolePolicy",
    service="iam",
    scope="global",
    inputs={
        "name": emulated(aws="PolicyName", force_new=True),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "role": emulated(aws="RoleName", required=True, force_new=True),
        "policy": emulated(aws="PolicyDocument", required=True, json=True),
    },
    create=(Call(operation="PutRolePolicy"),),
    id=lambda subject: f"{subject.get('role')}:{subject.get('name')}",
    reads=(Read(operation="GetRolePolicy", params=_POLICY_TARGET),),
    update=(Call(operation="PutRolePolicy", when="policy"),),
    delete=(Call(operation="DeleteRolePolicy", only="", extra=_POLICY_TARGET),),
    name=Name(max_length=128),
    identity="name role",
)

TYPES: Final = (ROLE, ROLE_POLICY)
