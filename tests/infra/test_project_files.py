"""`Pulumi.yaml` and the stack files, as the real CLI reads them."""

import json
from typing import Any

import pytest
import yaml

from infra.settings import Problem, SettingsError, parse_settings
from tests.infra.graph import ROOT, stack_config

# https://github.com/pulumi/pulumi/blob/master/sdk/go/common/workspace/project.json
CONFIG_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list}
DECLARATION_KEYS = {"type", "items", "description", "secret", "default"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    return loaded


def test_the_program_runs_in_the_projects_own_environment(project: dict[str, Any]) -> None:
    assert project["name"] == "understudy"
    assert project["runtime"] == {"name": "python", "options": {"virtualenv": ".venv"}}


def test_every_declaration_is_one_the_cli_accepts(project: dict[str, Any]) -> None:
    for key, entry in project["config"].items():
        assert set(entry) <= DECLARATION_KEYS, f"{key}: the schema knows no other keys"
        assert type(entry["default"]) is CONFIG_TYPES[entry["type"]], f"{key}: default and type"
        assert ("items" in entry) == (entry["type"] == "array"), f"{key}: arrays declare items"
        assert entry["description"].endswith("."), f"{key}: a description is a sentence"


def test_exactly_the_settings_that_are_read_are_declared(project: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings({}, project="understudy", stack="staging")
    read = {problem.key.removeprefix("understudy:") for problem in caught.value.problems}
    assert set(project["config"]) == read, "a declared setting nobody reads is a lie"


def test_the_defaults_are_a_valid_stack(project: dict[str, Any]) -> None:
    defaults = {
        key: entry["default"] if isinstance(entry["default"], str) else json.dumps(entry["default"])
        for key, entry in project["config"].items()
    }
    settings = parse_settings(defaults, project="understudy", stack="dev")
    assert settings.deletion_protection, "what nobody decided is protected"


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_the_providers_region_is_not_the_first_one(stack: str) -> None:
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    first = json.loads(stack_config(stack)["regions"])[0]
    assert config["aws:region"] != first, "a preview must work on the day the first Region is gone"


def test_a_problem_says_value_expectation_and_next_step() -> None:
    problem = Problem(key="understudy:a", got='"1"', expected="2", next_step="set it")
    assert str(problem) == 'understudy:a: got "1"; expected 2; set it'


def test_the_program_is_short() -> None:
    lines = (ROOT / "__main__.py").read_text().splitlines()
    assert len(lines) <= 80, "settings, components, outputs: nothing else is in __main__.py"
