"""Rules over what a stack deploys, each with its reason and a source.

Pure, no I/O: the standard library, and a vocabulary of IAM (`policy.iam`). The same rules run in
tests over a recorded graph, and in every rehearsal over what was deployed.
"""

from policy.book import RULES, check
from policy.graph import Graph, MissingError, Resource, UndecidedError
from policy.rule import Rule, Violation

__all__ = [
    "RULES",
    "Graph",
    "MissingError",
    "Resource",
    "Rule",
    "UndecidedError",
    "Violation",
    "check",
]
