"""Replacing and adding to what moto has, so that moto can be given back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import ModuleType

_ABSENT: Final = object()
_paths: list[tuple[dict[str, Any], str]] = []
_replaced: list[tuple[type | ModuleType, str, Any]] = []


def replace(owner: type | ModuleType, name: str, mended: Any) -> None:
    """Put `mended` where moto has `owner.name`."""
    _replaced.append((owner, name, vars(owner)[name]))
    setattr(owner, name, mended)


def add(owner: type, name: str, made: Any) -> None:
    """Give moto's `owner` a method it does not have: an API operation it lacks, say."""
    _replaced.append((owner, name, _ABSENT))
    setattr(owner, name, made)


def add_path(paths: dict[str, Any], path: str, answer: Any) -> None:
    """Have a service answer at a path that moto does not know. `paths`: its `urls.url_paths`."""
    _paths.append((paths, path))
    paths[path] = answer


def put_back() -> None:
    """Give moto back everything that `replace` took and take what `add` gave, newest first."""
    while _paths:
        paths, path = _paths.pop()
        paths.pop(path, None)
    while _replaced:
        owner, name, stock = _replaced.pop()
        if stock is _ABSENT:
            delattr(owner, name)
        else:
            setattr(owner, name, stock)
