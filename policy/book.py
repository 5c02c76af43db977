"""All rules, and how a graph is held against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.rule import Rule, Violation
from policy.rules import (
    backups,
    data,
    doors,
    drills,
    edge,
    encryption,
    functions,
    health,
    images,
    messages,
    observers,
    production,
    regions,
    roles,
    table,
    traffic,
    watching,
    zones,
)
from policy.settled import Settled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from policy.graph import Graph

_CHAPTERS: Final[Sequence[ModuleType]] = (
    regions,
    edge,
    zones,
    doors,
    health,
    traffic,
    functions,
    images,
    data,
    encryption,
    table,
    backups,
    messages,
    production,
    roles,
    watching,
    observers,
    drills,
)


def _rules_of(chapter: ModuleType) -> list[Rule]:
    return [each for each in vars(chapter).values() if isinstance(each, Rule)]


CHAPTERS: Final = {
    chapter.__name__.rpartition(".")[2]: tuple(_rules_of(chapter)) for chapter in _CHAPTERS
}
"""The rules by what they are about, in the order they are written."""

RULES: Final = tuple(rule for rules in CHAPTERS.values() for rule in rules)


def check(graph: Graph, undecided: list[str] | None = None) -> tuple[Violation, ...]:
    """Return everything in a graph that breaks a rule.

    Args:
        graph: What is deployed, or will be.
        undecided: Takes what a preview cannot decide; without it that is raised.

    Raises:
        UndecidedError: A value is known only after the deploy.
    """
    settled = Settled.of_graph(graph)
    return tuple(violation for rule in RULES for violation in rule.check(settled, undecided))
