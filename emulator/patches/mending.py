"""Replacing moto's methods, so that they can be put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import ModuleType

_ABSENT: Final = object()
_replaced: list[tuple[type | ModuleType, str, Any]] = []


def replace(owner: type | ModuleType, name: str, mended: Any) -> None:
    """Put `mended` where moto has `owner.name`."""
    _replaced.append((owner, name, vars(owner)[name]))
    setattr(owner, name, mended)


def add(owner: type, name: str, made: Any) -> None:
    """Give moto's `owner` a method it does not have: an API operation it lacks, say."""
    _replaced.append((owner, name, _ABSENT))
    setattr(owner, name, made)


def put_back() -> None:
    """Give moto back everything that `replace` took and take what `add` gave, newest first."""
    while _replaced:
        owner, name, stock = _replaced.pop()
        if stock is _ABSENT:
            delattr(owner, name)
        else:
            setattr(owner, name, stock)
