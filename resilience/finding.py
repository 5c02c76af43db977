"""One thing that is wrong with a deployed stack, and what finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from resilience.topology import Topology


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing wrong: the resource, the cause, and what to change."""

    resource: str
    cause: str
    next_step: str

    def __str__(self) -> str:
        """Read as one line."""
        return f"{self.resource}: {self.cause}; {self.next_step}"


Rule = Callable[[Topology], Iterator[Finding]]
