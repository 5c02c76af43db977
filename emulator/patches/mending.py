"""Replacing moto's methods, so that they can be put back."""

from __future__ import annotations

from typing import Any

_replaced: list[tuple[type, str, Any]] = []


def replace(owner: type, name: str, mended: Any) -> None:
    """Put `mended` where moto has `owner.name`."""
    _replaced.append((owner, name, vars(owner)[name]))
    setattr(owner, name, mended)


def put_back() -> None:
    """Give moto back everything that `replace` took, newest first."""
    while _replaced:
        owner, name, stock = _replaced.pop()
        setattr(owner, name, stock)
