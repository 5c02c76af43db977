"""Where data lies: how to break these rules, and what they then say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.policy.breaking import (
    Broken,
    case,
    change,
    drop,
    first,
    forget_dependencies,
    in_first_rule,
    say,
)

if TYPE_CHECKING:
    from policy import Graph


def copy_flags(graph: Graph) -> None:
    config = first(graph, "BucketReplicationConfig", "releases")
    flags = [each for each in graph.of("Bucket") if each.inputs["bucket"].endswith("-evacuation")]
    config.inputs["bucket"] = flags[0].inputs["bucket"]
    config.inputs["rules"][0]["destination"]["bucket"] = flags[1].outputs["arn"]


BREAKS: tuple[Broken, ...] = (
    case(
        "buckets-keep-versions",
        "forgets",
        change("BucketVersioning", versioningConfiguration={"status": "Suspended"}),
    ),
    case(
        "buckets-are-private",
        "blockPublicPolicy is off",
        change("BucketPublicAccessBlock", blockPublicPolicy=False),
    ),
    case(
        "buckets-are-private",
        "access lists",
        change("BucketOwnershipControls", rule={"objectOwnership": "ObjectWriter"}),
    ),
    case("buckets-are-encrypted", "found 0", drop("BucketServerSideEncryptionConfiguration")),
    case("buckets-answer-over-tls-only", "plain HTTP", change("BucketPolicy", policy="{}")),
    case(
        "only-predictions-age",
        "deletes current objects",
        in_first_rule("BucketLifecycleConfiguration", "releases", "expiration", value={"days": 30}),
    ),
    case(
        "only-predictions-age",
        "evicts old versions",
        in_first_rule(
            "BucketLifecycleConfiguration",
            "releases",
            "noncurrentVersionExpiration",
            value={"noncurrentDays": 30},
        ),
    ),
    case(
        "only-predictions-age",
        "keeps old versions",
        change("BucketLifecycleConfiguration", "predictions", rules=[]),
    ),
    case("replication-goes-both-ways", "are not copied from", drop("BucketReplicationConfig")),
    case("replication-goes-both-ways", "a flag set in", copy_flags),
    case(
        "replication-copies-all-on-time",
        "whole bucket",
        in_first_rule("BucketReplicationConfig", "", "status", value="Disabled"),
    ),
    case(
        "replication-copies-all-on-time",
        "no metrics",
        in_first_rule("BucketReplicationConfig", "", "destination", "metrics", value=None),
    ),
    case(
        "replication-may-read-its-source",
        "may not read",
        say("releases-from-us-east-1", "policy", Resource=["arn:aws:s3:::other"]),
    ),
    case(
        "replication-waits-for-versioning",
        "keeps versions",
        forget_dependencies(
            "BucketReplicationConfig", "BucketVersioning", "BucketLifecycleConfiguration"
        ),
    ),
    case(
        "predictions-flow-into-their-own-regions-bucket",
        "writes under",
        change("FirehoseDeliveryStream", extendedS3Configuration={"prefix": "predictions/"}),
    ),
    case(
        "predictions-flow-into-their-own-regions-bucket",
        "before its role",
        forget_dependencies("LogSubscriptionFilter", "RolePolicy"),
    ),
    case("objectives-are-in-every-region", "does not tell", change("Parameter", value="{}")),
)
