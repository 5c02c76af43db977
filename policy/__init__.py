"""Rules over what a stack deploys, each with its reason and a source.

Pure: the standard library only, no I/O. The same rules run in tests over a recorded graph, in
every rehearsal over what was deployed, and in `pulumi preview --policy-pack policy/pack`.
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
