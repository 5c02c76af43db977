"""What a restore test found, before it becomes a verdict."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# A backup is no moment: what is written while it runs may be in it or not, and replication has
# its own quarter of an hour. What had been there for a day must be in it.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/s3-backups.html
SETTLED: Final = timedelta(days=1)
# Left for the verdict and the metric when reading has to stop.
RESERVE_MS: Final = 60_000

# https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutRestoreValidationResult.html
MESSAGE_MAX_LENGTH: Final = 1024
_NAMED_AT_MOST: Final = 3


@dataclass(kw_only=True)
class Findings:
    """What was found. `problems` empty: the verdict is good.

    Attributes:
        what: What is counted: "objects" or "items".
        problems: What is wrong, one sentence each.
        by_digest: How many hold the digest in their own name.
        by_replica: How many equal their replica.
        since: How many were written or expired since the backup, and cannot be compared.
        alone: How many nothing here tells the right bytes of.
        unread: How many were left when time was up.
    """

    what: str
    problems: list[str] = field(default_factory=list[str])
    by_digest: int = 0
    by_replica: int = 0
    since: int = 0
    alone: int = 0
    unread: int = 0

    def message(self) -> str:
        """One line that fits AWS's field, the worst first."""
        named = self.problems[:_NAMED_AT_MOST]
        more = len(self.problems) - len(named)
        parts = [*named, *([f"and {more} more"] if more else [])]
        parts.append(
            f"{self.by_digest} {self.what} hold their digest, {self.by_replica} equal their"
            f" replica, {self.alone} have none, {self.since} changed since,"
            f" {self.unread} left unread"
        )
        return "; ".join(parts)[:MESSAGE_MAX_LENGTH]


def digest_of(digests: Mapping[str, str]) -> str:
    """One SHA-256 over all keys and their digests (lower-case hex), in the order of the keys."""
    lines = (f"{digest}  {key}\n" for key, digest in sorted(digests.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
