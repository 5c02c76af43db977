"""What came back, held against what is known of it: the verdict of a restore."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from resilience.functions.restore_findings import SETTLED, digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from resilience.functions.restore_findings import Findings
    from resilience.restore.order import Order

# A moment of a table is a moment, and its replicas are seconds apart.
_MOMENT_SETTLED: Final = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found in a place.

    Attributes:
        findings: What it was held against, and what is wrong.
        count: Objects or items in the place.
        size_bytes: Their bytes; of items, those of their canonical form.
        digests: SHA-256 by key, lower-case hex, of what is known to be right (and, where the
            operator trusts it, of what nothing speaks against).
        stated: How many hold a digest that the operator stated.
        trusted: How many count as right by the operator's word alone.
    """

    findings: Findings
    count: int
    size_bytes: int
    digests: Mapping[str, str] = field(default_factory=dict[str, str])
    stated: int = 0
    trusted: int = 0

    @property
    def holds(self) -> bool:
        """Whether it is what was there."""
        return not self.findings.problems

    @property
    def digest(self) -> str:
        """One SHA-256 over all that is verified, as `digest_of` makes it."""
        return digest_of(self.digests)

    def message(self) -> str:
        """Say what was found in one line, the worst first."""
        parts = [self.findings.message()]
        parts += [f"{self.stated} hold the digest that was stated"] if self.stated else []
        parts += [f"{self.trusted} are taken on the operator's word"] if self.trusted else []
        return "; ".join(parts)


def settled(order: Order) -> datetime:
    """Give the time by which everything that was written must be in the place.

    A backup is no moment: what was written while it ran may be in it or not.
    """
    return order.moment - (SETTLED if order.point else _MOMENT_SETTLED)
