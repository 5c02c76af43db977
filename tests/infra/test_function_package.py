"""Packages of the stack's own functions are whole, or there is no deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.function_package import package

if TYPE_CHECKING:
    from pathlib import Path


def test_an_observer_takes_the_whole_brain_along() -> None:
    packed = package(("observer",), {}, brain=True)
    assert "resilience/failover/decision.py" in packed.assets


def test_an_observer_without_its_brain_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="expected the failover brain"):
        package(("observer",), {}, brain=True)
