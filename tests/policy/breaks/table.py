"""The table that Regions share: how to break these rules, and what they then say."""

from __future__ import annotations

from tests.policy.breaking import Broken, case, change, drop

BREAKS: tuple[Broken, ...] = (
    case("every-region-has-the-table", "the table is in", drop("TableReplica")),
    case(
        "tables-can-be-had-back",
        "point in time",
        change("TableReplica", pointInTimeRecovery=False),
    ),
    case(
        "tables-can-be-had-back",
        "point in time",
        change("Table", pointInTimeRecovery={"enabled": False}),
    ),
    case(
        "tables-can-be-had-back",
        "without a word",
        change("Table", deletionProtectionEnabled=False),
        change("LoadBalancer", enableDeletionProtection=True),
    ),
    case(
        "tables-are-under-their-regions-key",
        "no key of ours",
        change("Table", serverSideEncryption=None),
    ),
    case(
        "tables-are-under-their-regions-key",
        "no key of ours",
        change("TableReplica", kmsKeyArn=None),
    ),
)
