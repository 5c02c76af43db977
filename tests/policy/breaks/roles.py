"""Who may do what: how to break these rules, and what they then say."""

from __future__ import annotations

from tests.policy.breaking import Broken, add, case, change, drop, say

BREAKS: tuple[Broken, ...] = (
    case(
        "roles-allow-no-wildcard-action",
        "allows s3:*",
        say("us-east-1-predict-runs", "policy", Action=["s3:*"]),
    ),
    case(
        "roles-name-what-they-reach",
        "reaches *",
        say("us-east-1-predict-runs", "policy", Resource=["*"]),
    ),
    case("roles-have-one-policy-of-their-own", "has 0 policies", drop("RolePolicy")),
    case(
        "roles-have-one-policy-of-their-own",
        "attaches arn:aws:iam::aws:policy/AdministratorAccess",
        add(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "admin",
            policyArn="arn:aws:iam::aws:policy/AdministratorAccess",
        ),
    ),
    case(
        "roles-trust-one-service-for-this-account",
        "on behalf of any account",
        say("releases-from-us-east-1", "assumeRolePolicy", Condition=None),
    ),
    case(
        "roles-trust-one-service-for-this-account",
        "trusts *",
        say("us-east-1-predict-runs", "assumeRolePolicy", Principal="*"),
    ),
    case(
        "policies-name-what-exists",
        "UNKNOWN_ACTION: Unknown action logs:PutLogEvent",
        say("us-east-1-predict-runs", "policy", Action=["logs:PutLogEvent"]),
    ),
    case(
        "policies-name-what-exists",
        "RESOURCE_MISMATCH",
        say("us-east-1-evacuation-runs", "policy", Action=["s3:GetObject"]),
    ),
    case(
        "evacuation-switches-tell-missing-from-forbidden",
        "cannot tell a flag that is not set",
        drop("RolePolicy", "us-east-1-evacuation-runs"),
    ),
    case(
        "resource-policies-allow-nobody-everything",
        "to everybody",
        change(
            "BucketPolicy",
            policy='{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*"}]}',
        ),
    ),
)
