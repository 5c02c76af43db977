"""Every mistake in the table is caught by what the table says, and says so.

Cheapest first: what the program itself refuses, what a rule says of its graph, what the emulator
refuses, what a look at the deployed stack finds, and only then a rehearsal.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from policy import RULES
from tests.mutations.mutation import STAGES, Mutation
from tests.mutations.program import apply, caught_without_aws
from tests.mutations.table import MUTATIONS

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_AWS = [each for each in MUTATIONS if each.stage in {"settings", "program", "rule", "doubt"}]
BEYOND = [each for each in MUTATIONS if each not in WITHOUT_AWS]


@pytest.fixture
def mutant(compiled: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of the program with the mistake in it."""
    root = tmp_path / "program"
    shutil.copytree(compiled, root)
    apply(request.param, root)
    return root


def by_mistake(found: object) -> str | None:
    return found.mistake if isinstance(found, Mutation) else None


def pair(mutations: list[Mutation]) -> pytest.MarkDecorator:
    """Each mutation, and the copy it is in."""
    return pytest.mark.parametrize(
        ("mutant", "mutation"),
        [(each, each) for each in mutations],
        indirect=["mutant"],
        ids=by_mistake,
    )


def test_the_sound_program_is_caught_by_nothing(compiled: Path, release_zip: Path) -> None:
    configs = {(each.stack, tuple(each.config.items())) for each in MUTATIONS}
    for stack, config in sorted({("staging", ()), ("prod", ()), *configs}):
        assert caught_without_aws(compiled, stack, release_zip, **dict(config)) == []


@pair(WITHOUT_AWS)
def test_the_mistake_is_caught_before_anything_is_deployed(
    mutant: Path, mutation: Mutation, release_zip: Path
) -> None:
    caught = caught_without_aws(mutant, mutation.stack, release_zip, **mutation.config)
    told = [(each.by, each.said[-400:]) for each in caught]
    assert caught, "nothing caught it"
    ours = [each for each in caught if each.by == mutation.caught_by]
    assert ours, f"expected {mutation.caught_by}, it was caught by {told}"
    assert any(mutation.says in each.said for each in ours), f"said {told}"


@pair(BEYOND)
def test_the_mistake_is_not_caught_any_earlier_than_told(
    mutant: Path, mutation: Mutation, release_zip: Path
) -> None:
    found = caught_without_aws(mutant, mutation.stack, release_zip, **mutation.config)
    assert found == [], f"'{mutation.mistake}' is caught by cheaper means: {found}"


def test_the_table_is_long_enough_and_in_order() -> None:
    caught = [each for each in MUTATIONS if each.stage != "nothing"]
    assert len(caught) >= 40
    mistakes = [each.mistake for each in MUTATIONS]
    assert len(set(mistakes)) == len(mistakes), "each is told once"
    assert {each.stage for each in MUTATIONS} <= set(STAGES)
    rules = {f"rule:{rule.id}" for rule in RULES}
    assert {each.caught_by for each in MUTATIONS if each.stage == "rule"} <= rules
