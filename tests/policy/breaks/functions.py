"""What serves: how to break these rules, and what they then say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.policy.breaking import (
    Broken,
    add,
    case,
    change,
    first,
    forget_dependencies,
    replace,
    say,
)

if TYPE_CHECKING:
    from policy import Graph


def swap_code(graph: Graph) -> None:
    one, other = (each for each in graph.of("Function") if each.inputs.get("s3Bucket"))
    one.inputs["s3Bucket"] = other.inputs["s3Bucket"]


def delete_releases(graph: Graph) -> None:
    replace(graph, first(graph, "BucketObjectv2"), retain_on_delete=False)


PREDICT = "us-east-1-predict-function"

LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"


def expires(status: str, count_type: str, number: int) -> str:
    """A lifecycle policy of one rule."""
    selection = {"tagStatus": status, "countType": count_type, "countNumber": number}
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    return json.dumps({"rules": [rule]})


BREAKS: tuple[Broken, ...] = (
    case(
        "lambda-targets-are-checked",
        "health check is off",
        change("TargetGroup", healthCheck={"enabled": False}),
    ),
    case(
        "lambda-targets-are-checked",
        "repeated headers",
        change("TargetGroup", lambdaMultiValueHeadersEnabled=False),
    ),
    case(
        "permissions-precede-registrations",
        "before it may be invoked",
        forget_dependencies("TargetGroupAttachment", "Permission"),
    ),
    case(
        "permissions-precede-registrations",
        "alias live",
        change("Permission", "-target", qualifier="x"),
    ),
    case("functions-run-their-own-regions-release", "not from its Region's bucket", swap_code),
    case(
        "functions-run-their-own-regions-release",
        "publishes no version",
        change("Function", publish=False),
    ),
    case("model-keys-are-immutable", "no digest", change("Function", PREDICT, s3Key="latest.zip")),
    case(
        "model-keys-are-immutable",
        "which release it is",
        change("Function", PREDICT, environment={"variables": {}}),
    ),
    case(
        "every-region-serves-the-same-release", "2 releases", change("Function", PREDICT, s3Key="x")
    ),
    case("releases-stay-where-they-are", "when another", delete_releases),
    case(
        "the-request-path-calls-no-aws",
        "something to call",
        change("Function", PREDICT, environment={"variables": {"UNDERSTUDY_URL": "https://x"}}),
    ),
    case(
        "the-request-path-calls-no-aws",
        "needs vpcConfig",
        change("Function", PREDICT, vpcConfig={"subnetIds": ["a"]}),
    ),
    case(
        "the-request-path-may-only-log",
        "may dynamodb:GetItem",
        say("us-east-1-predict-runs", "policy", Action=["dynamodb:GetItem"]),
    ),
    case(
        "functions-log-where-they-are-expected-to",
        "expected one LogGroup",
        change("LogGroup", name="/aws/lambda/other"),
    ),
    case("log-groups-forget", "for ever", change("LogGroup", retentionInDays=None)),
    *(
        case(
            "images-that-may-be-served-never-expire",
            f"whose tag status is {status}",
            add(LIFECYCLE, "lifecycle", policy=expires(status, "sinceImagePushed", 90)),
        )
        for status in ("tagged", "any")
    ),
    *(
        case(
            "images-that-may-be-served-never-expire",
            "before 14 days",
            add(LIFECYCLE, "lifecycle", policy=expires("untagged", *count)),
        )
        for count in (("sinceImagePushed", 1), ("imageCountMoreThan", 20))
    ),
)
