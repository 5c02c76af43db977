"""Service quotas: what an account may have in a Region, by default and as applied.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from moto.servicequotas.models import servicequotas_backends

from emulator.store.backends import ACCOUNT, backend_of

_APPLIED: Final = "_applied_quotas"


@dataclass(frozen=True, kw_only=True)
class Quota:
    """One quota. `value` is AWS's default."""

    service: str
    service_name: str
    code: str
    name: str
    value: float
    adjustable: bool = True


CONCURRENT_EXECUTIONS: Final = Quota(
    service="lambda",
    service_name="AWS Lambda",
    code="L-B99A9384",
    name="Concurrent executions",
    value=1000.0,
)
"""Environments that serve at the same time, over all functions of an account in a Region."""

KNOWN: Final = (CONCURRENT_EXECUTIONS,)


def find(service: str, code: str) -> Quota | None:
    """The quota of these codes; None when the emulator does not know it."""
    return next((each for each in KNOWN if (each.service, each.code) == (service, code)), None)


def applied(quota: Quota, region: str) -> float:
    """What the account has in a Region: the default, unless `apply` said otherwise."""
    # `backend_of` makes no backend; one that nobody asked anything of yet has no quota applied.
    values: dict[str, float] = getattr(backend_of(servicequotas_backends, region), _APPLIED, {})
    return values.get(quota.code, quota.value)


def apply(quota: Quota, region: str, value: float) -> None:
    """Give the account another value in a Region, higher or lower, until moto is emptied."""
    backend: Any = servicequotas_backends[ACCOUNT][region]
    vars(backend).setdefault(_APPLIED, {})[quota.code] = value
