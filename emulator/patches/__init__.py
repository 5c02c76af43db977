"""Defects of moto mended in place: each small, named, and tested against stock moto.

Applied once, when the emulator starts (`apply_all`), together with the refusals of
`emulator.strict`. When moto mends one, its test says so and the patch goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.patches import (
    acm,
    ecr,
    elbv2,
    kms,
    lambda_,
    lambda_capacity,
    lambda_settings,
    logs,
    mending,
    prefix_lists,
    route53,
    s3,
    s3_locks,
    s3_versions,
    service_keys,
    service_quotas,
    sqs,
    trust_stores,
)
from emulator.strict import refusals
from emulator.tables import api as global_tables
from emulator.watch import cloudwatch_api, notifications, rules, schedules

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.patches.hooks import Hooks

# One a line, in the order of their names: what is mended without the data plane, and with it.
_PATCHES = (
    acm,
    ecr,
    global_tables,
    kms,
    lambda_settings,
    logs,
    prefix_lists,
    s3,
    s3_versions,
    schedules,
    service_keys,
    service_quotas,
    sqs,
    trust_stores,
)
_HOOKED = (
    cloudwatch_api,
    elbv2,
    lambda_,
    lambda_capacity,
    notifications,
    route53,
    rules,
    s3_locks,
)

_hooks: list[Hooks] = []


def apply_all(hooks: Hooks) -> Callable[[], None]:
    """Mend moto in this process; returns what gives moto back as it was.

    Applied already, only the hooks are exchanged.
    """
    first = not _hooks
    _hooks[:] = [hooks]
    if first:
        for patch in _PATCHES:
            patch.apply()
        for hooked in _HOOKED:
            hooked.apply(lambda: _hooks[0])
        refusals.apply()
    return _put_back


def _put_back() -> None:
    _hooks.clear()
    mending.put_back()
