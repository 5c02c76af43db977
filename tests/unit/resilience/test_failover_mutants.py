"""A changed comparison, boolean or number anywhere in the brain fails a test, or is listed here."""

from __future__ import annotations

from typing import Final

import pytest
from mutants import MODULES, Mutant, killer, mutants

EQUIVALENT: Final[dict[str, str]] = {}
"""Changes that change nothing, each with the reason."""


def survivors(found: list[Mutant]) -> list[str]:
    return [each.name for each in found if each.name not in EQUIVALENT and killer(each) is None]


def test_the_tests_pass_without_a_change() -> None:
    assert killer(None) is None


def test_a_changed_comparison_in_the_trigger_fails_a_test() -> None:
    """Signals with their ages, and the truth table."""
    found = list(mutants("signals"))
    assert len(found) > 10
    assert survivors(found) == []


@pytest.mark.long
@pytest.mark.parametrize("module", [each for each in MODULES if each != "signals"])
def test_a_changed_comparison_in_the_brain_fails_a_test(module: str) -> None:
    assert survivors(list(mutants(module))) == []


@pytest.mark.long
def test_every_change_that_is_called_equivalent_is_one() -> None:
    found = {each.name: each for module in MODULES for each in mutants(module)}
    assert set(EQUIVALENT) <= set(found), "what is listed is still in the code"
    killed = [name for name in EQUIVALENT if killer(found[name]) is not None]
    assert killed == [], "what a test sees is not equivalent"
