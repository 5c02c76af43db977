"""Reading moto's dictionaries while its server threads change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "123456789012"
"""The one account of the emulator: moto's default."""

PARTITION = "aws"
_ATTEMPTS = 100


def values_of(mapping: Mapping[Any, Any]) -> list[Any]:
    """The values at one moment; tried again when a server thread changes the mapping meanwhile."""
    return [value for _, value in items_of(mapping)]


def items_of(mapping: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """The items at one moment; tried again when a server thread changes the mapping meanwhile."""
    for _ in range(_ATTEMPTS):
        try:
            return list(mapping.items())
        except RuntimeError:  # "changed size during iteration"
            continue
    raise RuntimeError(f"a moto dictionary kept changing through {_ATTEMPTS} reads")


def regional(backends: Any) -> list[tuple[str, Any]]:
    """(Region, backend) of every Region that moto has something in.

    Never makes a backend: asking moto for one that is not there would create it.
    """
    return items_of(backends.get(ACCOUNT) or {})


def backend_of(backends: Any, region: str) -> Any | None:
    """The backend of one Region, or None when moto has nothing there. Never makes a backend."""
    found = backends.get(ACCOUNT)
    return None if found is None else found.get(region)


def region_of(arn: str) -> str:
    """The Region part of an ARN; empty for global resources and for what is no ARN."""
    parts = arn.split(":", 5)
    return parts[3] if len(parts) > 5 else ""  # noqa: PLR2004  # an ARN has six parts
