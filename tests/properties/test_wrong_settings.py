"""Any wrong settings are refused, with every mistake named by its key, before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings

from infra.settings import SettingsError, parse_settings
from tests.infra.graph import ProgramError, run_program
from tests.properties.mistakes import CONTRADICTIONS, FREE, WRONG, Mistake, Planted, planted
from tests.properties.settings_space import BASE, valid

if TYPE_CHECKING:
    from pathlib import Path


def problems_of(chosen: dict[str, str]) -> dict[str, str]:
    """What is said of each key."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(chosen, project="understudy", stack="staging")
    return {each.key.removeprefix("understudy:"): str(each) for each in caught.value.problems}


@settings(max_examples=max(200, settings.default.max_examples), deadline=None)
@given(found=planted())
def test_every_mistake_is_named_by_its_key_and_nothing_else_is(found: Planted) -> None:
    said = problems_of(found.settings)
    assert set(said) == found.blamed, "all of them at once, and none that is right"
    for mistake in found.mistakes:
        for key in mistake.blames:
            assert f"understudy:{key}: " in said[key]
            assert mistake.plants[key] is None or f'got "{mistake.plants[key]}"' in said[key]
            if mistake.meant:
                assert f"understudy:{mistake.meant}" in said[key].rpartition("did you mean")[2]


@settings(max_examples=5, deadline=None, derandomize=True, phases=[Phase.generate])
@given(found=planted())
def test_a_program_with_wrong_settings_ends_before_anything_is_registered(
    release_zip: Path, found: Planted
) -> None:
    if found.blamed & {"release", *FREE} or any(
        "release" in each.plants for each in found.mistakes
    ):
        return  # the program is given a release that is there
    with pytest.raises(ProgramError) as ended:
        run_program("staging", found.settings, release_zip)
    assert ended.value.registered == []
    for key in found.blamed:
        assert f"understudy:{key}: " in str(ended.value)


def test_a_program_that_ends_after_it_asked_for_something_is_found_out(
    tmp_path: Path, release_zip: Path
) -> None:
    (tmp_path / "__main__.py").write_text(
        "import pulumi_aws as aws\n"
        "def refuse(_):\n"
        "    raise RuntimeError('too late')\n"
        "aws.s3.Bucket('early', region='us-east-1', bucket='early').id.apply(refuse)\n"
    )
    with pytest.raises(ProgramError, match="too late") as ended:
        run_program("staging", BASE, release_zip, root=tmp_path)
    assert [urn.rpartition("::")[2] for urn in ended.value.registered] == ["early"]


def test_there_is_a_mistake_for_every_key() -> None:
    assert set(WRONG) | FREE == set(BASE), (
        "Pulumi.yaml and WRONG (tests/properties/mistakes.py) hold the same keys"
    )


@settings(max_examples=15, deadline=None, derandomize=True, phases=[Phase.generate])
@given(chosen=valid())
def test_each_contradiction_is_refused_by_itself(chosen: dict[str, str]) -> None:
    for group in CONTRADICTIONS:
        for mistake in group(chosen):
            assert set(problems_of(_with(chosen, mistake))) == mistake.blames, mistake


def _with(chosen: dict[str, str], mistake: Mistake) -> dict[str, str]:
    return chosen | {key: value for key, value in mistake.plants.items() if value is not None}
