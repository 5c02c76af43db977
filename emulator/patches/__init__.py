"""Defects of moto mended in place: each small, named, and tested against stock moto.

Applied once, when the emulator starts (`apply_all`), together with the refusals of
`emulator.strict`. When moto mends one, its test says so and the patch goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.patches import acm, elbv2, lambda_, route53, s3
from emulator.strict import refusals

if TYPE_CHECKING:
    from emulator.patches.hooks import Hooks

_applied: list[Hooks] = []


def apply_all(hooks: Hooks) -> None:
    """Mend moto in this process, once; later calls only exchange the hooks."""
    first = not _applied
    _applied[:] = [hooks]
    if not first:
        return
    for patch in (acm, s3):
        patch.apply()
    for hooked in (elbv2, lambda_, route53):
        hooked.apply(lambda: _applied[0])
    refusals.apply()
