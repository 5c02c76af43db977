"""A runbook names only commands and options that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from resilience.runbooks.book import read, read_all, slugs
from tests.runbooks.commands import commands, problems, problems_of
from tests.runbooks.scenes import SCENES

if TYPE_CHECKING:
    from collections.abc import Iterable


@pytest.mark.parametrize("slug", slugs())
def test_every_command_and_option_exists(slug: str) -> None:
    assert problems(read(slug)) == []


def untried(scenes: Iterable[str]) -> set[str]:
    """Runbooks with commands that no scene types, and scenes of runbooks that are not there."""
    return {page.slug for page in read_all() if page.blocks} ^ set(scenes)


def test_every_runbook_with_a_command_has_a_scene_that_types_it() -> None:
    assert untried(SCENES) == set()


def test_a_runbook_without_a_scene_and_a_scene_without_a_runbook_are_noticed() -> None:
    assert untried([*SCENES.keys() - {"throttles"}, "forgotten"]) == {"throttles", "forgotten"}


def test_every_block_has_a_command_that_is_checked_or_does_no_more_than_print() -> None:
    found = [(page.slug, block) for page in read_all() for block in page.blocks]
    assert len(found) > 60, "the pages were read"
    none = [(slug, block.line) for slug, block in found if not list(commands(block.command))]
    assert none == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("aws lamda invoke", "no service 'lamda'"),
        ("aws cloudwatch describe-alarm", "no command 'describe-alarm'"),
        ("aws s3 list s3://bucket", "no command 'list'"),
        ("aws lambda get-alias --function f --name live", "no option --function"),
        ("aws lambda get-alias --function-name f", "needs --name"),
        ("aws lambda list-functions --query 'Functions[].['", "--query"),
        ("./run rescue", "No such command 'rescue'"),
        ("./run runbook throttles --zone a", "No such option --zone"),
        ("X=$(aws lamda invoke); echo $X", "no service 'lamda'"),
        ("for X in a; do aws lamda invoke; done | sort", "no service 'lamda'"),
        ("true && ./run rescue || true", "No such command 'rescue'"),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(text: str, problem: str) -> None:
    said = [each for command in commands(text) for each in problems_of(command)]
    assert len(said) >= 1, f"{text} passes"
    assert problem in said[0]


def test_words_that_are_no_commands_are_not_taken_for_them() -> None:
    text = "echo aws lamda; printf './run rescue' > aws; grep aws said.txt"
    assert list(commands(text)) == []
