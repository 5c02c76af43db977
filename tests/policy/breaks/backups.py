"""Backups: how to break these rules, and what they then say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.policy.breaking import Broken, add, case, change, drop, first, in_first_rule

if TYPE_CHECKING:
    from policy import Graph


def clients_depend_on_it(graph: Graph) -> None:
    first(graph, "Zone").inputs["tags"]["production"] = "true"


def restore_what_is_here(graph: Graph) -> None:
    selection = first(graph, "RestoreTestingSelection")
    selection.inputs["protectedResourceArns"] = [f"arn:aws:s3:::x-{selection.region}-releases"]


def leave_out_the_table(graph: Graph) -> None:
    selection = first(graph, "Selection", "us-east-1")
    found = selection.inputs["resources"]
    selection.inputs["resources"] = [arn for arn in found if ":dynamodb:" not in arn]


BREAKS: tuple[Broken, ...] = (
    case(
        "backups-leave-the-region",
        "alone",
        in_first_rule("Plan", "", "copyActions", value=[]),
    ),
    case(
        "backups-leave-the-region",
        "keeps copies for 1 days",
        in_first_rule("Plan", "", "copyActions", value=[{"lifecycle": {"deleteAfter": 1}}]),
    ),
    case(
        "everything-that-is-kept-is-backed-up",
        "in no backup selection",
        change("Selection", resources=[]),
    ),
    case(
        "everything-that-is-kept-is-backed-up",
        "us-east-1-table: is in no backup selection of us-east-1",
        leave_out_the_table,
    ),
    case(
        "everything-that-is-kept-is-backed-up",
        "strong-table: is in no backup selection of us-east-2",
        add(
            "aws:dynamodb/table:Table",
            "strong-table",
            region="us-east-1",
            replicas=[{"regionName": "us-east-2"}],
        ),
    ),
    case(
        "restores-are-tested-where-the-copies-are",
        "nothing of S3 is ever restored",
        drop("RestoreTestingSelection", "buckets"),
    ),
    case(
        "restores-are-tested-where-the-copies-are",
        "nothing of DynamoDB is ever restored",
        drop("RestoreTestingSelection", "tables"),
    ),
    case(
        "restores-are-tested-where-the-copies-are",
        "nothing of S3 is ever restored",
        drop("RestoreTestingPlan"),
    ),
    case("restores-are-tested-where-the-copies-are", "its own Region's", restore_what_is_here),
    case(
        "restore-tests-that-stop-are-noticed",
        "nobody asks how old the last verdict in us-east-1 is",
        change("EventRule", "us-east-1-tests-hourly", scheduleExpression=None),
    ),
    case(
        "restore-tests-that-stop-are-noticed",
        "nobody asks how old the last verdict in us-east-1 is",
        drop("EventTarget", "us-east-1-tests-hourly"),
    ),
    case(
        "restore-tests-that-stop-are-noticed",
        "no alarm in us-east-1 looks at RestoreTestAge",
        drop("MetricAlarm", "us-east-1-watch-alarms-restore-test-missing"),
    ),
    case(
        "restore-tests-that-stop-are-noticed",
        "takes silence for a verdict",
        change("MetricAlarm", "restore-test-missing", treatMissingData="notBreaching"),
    ),
    case(
        "vaults-are-locked-in-production",
        "is not locked, and this is production",
        clients_depend_on_it,
    ),
    case("vaults-are-locked-in-production", "stack's key", change("Vault", kmsKeyArn=None)),
)
