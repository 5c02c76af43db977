"""What is encrypted under which key: how to break these rules, and what they then say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.policy.breaking import Broken, case, change, drop, first, in_first_rule

if TYPE_CHECKING:
    from policy import Graph

_WIDE = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Resource": "*"}


def policy(**statement: object) -> str:
    return json.dumps({"Statement": [_WIDE | {"Sid": "Wide"} | statement]})


def use_the_other_regions_key(graph: Graph) -> None:
    config = first(graph, "BucketServerSideEncryptionConfiguration", "us-east-1-predictions")
    other = next(
        each for each in graph.all("Key") + graph.all("ReplicaKey") if each.region != "us-east-1"
    )
    default = config.inputs["rules"][0]["applyServerSideEncryptionByDefault"]
    default["kmsMasterKeyId"] = other.outputs["arn"]


BREAKS: tuple[Broken, ...] = (
    case("every-region-has-the-key-and-its-name", "keys are in", drop("ReplicaKey")),
    case("every-region-has-the-key-and-its-name", "0 keys", drop("Key")),
    case("every-region-has-the-key-and-its-name", "1 keys", change("Key", multiRegion=False)),
    case("every-region-has-the-key-and-its-name", "goes by", drop("Alias", "keys-")),
    case("keys-rotate", "never rotated", change("Key", enableKeyRotation=False)),
    case("keys-let-in-only-whom-they-name", "default policy", change("Key", policy=None)),
    case(
        "keys-let-in-only-whom-they-name",
        "allows kms:*",
        change("Key", policy=policy(Action="kms:*")),
    ),
    case(
        "keys-let-in-only-whom-they-name",
        "lets everybody in",
        change("Key", policy=policy(Action=["kms:Decrypt"], Principal="*")),
    ),
    case(
        "keys-let-in-only-whom-they-name",
        "without saying which roles",
        change("ReplicaKey", policy=policy(Action=["kms:Decrypt"])),
    ),
    case(
        "buckets-are-under-their-regions-key",
        "is under the key of us-west-2",
        use_the_other_regions_key,
    ),
    case(
        "buckets-are-under-their-regions-key",
        "asks KMS for every object",
        in_first_rule(
            "BucketServerSideEncryptionConfiguration",
            "predictions",
            "bucketKeyEnabled",
            value=False,
        ),
    ),
    case(
        "log-groups-are-under-their-regions-key",
        "kmsKeyId is None",
        change("LogGroup", kmsKeyId=None),
    ),
    case(
        "replicas-are-readable-where-they-arrive",
        "leaves encrypted objects behind",
        in_first_rule(
            "BucketReplicationConfig",
            "",
            "sourceSelectionCriteria",
            "sseKmsEncryptedObjects",
            value={"status": "Disabled"},
        ),
    ),
    case(
        "replicas-are-readable-where-they-arrive",
        "puts replicas under",
        in_first_rule(
            "BucketReplicationConfig", "", "destination", "encryptionConfiguration", value=None
        ),
    ),
    case(
        "replication-keeps-buckets-alike",
        "leaves deletions behind",
        in_first_rule(
            "BucketReplicationConfig", "", "deleteMarkerReplication", value={"status": "Disabled"}
        ),
    ),
    case(
        "replication-keeps-buckets-alike",
        "leaves changes of replicas behind",
        in_first_rule(
            "BucketReplicationConfig",
            "",
            "sourceSelectionCriteria",
            "replicaModifications",
            value=None,
        ),
    ),
)
