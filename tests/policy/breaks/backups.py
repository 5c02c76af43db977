"""Backups: how to break these rules, and what they then say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.policy.breaking import Broken, case, change, drop, first, in_first_rule

if TYPE_CHECKING:
    from policy import Graph


def clients_depend_on_it(graph: Graph) -> None:
    first(graph, "Zone").inputs["tags"]["production"] = "true"


def restore_what_is_here(graph: Graph) -> None:
    selection = first(graph, "RestoreTestingSelection")
    selection.inputs["protectedResourceArns"] = [f"arn:aws:s3:::x-{selection.region}-releases"]


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
        "restores-are-tested-where-the-copies-are",
        "nothing is ever restored",
        drop("RestoreTestingSelection"),
    ),
    case("restores-are-tested-where-the-copies-are", "its own Region's", restore_what_is_here),
    case(
        "vaults-are-locked-in-production",
        "is not locked, and this is production",
        clients_depend_on_it,
    ),
    case("vaults-are-locked-in-production", "stack's key", change("Vault", kmsKeyArn=None)),
)
