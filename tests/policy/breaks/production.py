"""What production must have: how to break these rules, and what they then say."""

from __future__ import annotations

from tests.policy.breaking import Broken, case
from tests.policy.breaks.backups import clients_depend_on_it

# Staging has no deletion protection: with clients it would break the rule three times over.
BREAKS: tuple[Broken, ...] = (
    case("production-is-not-deleted-by-a-slip", "deleted by one command", clients_depend_on_it),
    case("production-is-not-deleted-by-a-slip", "no deletion protection", clients_depend_on_it),
)
