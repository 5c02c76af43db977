"""Project and stack files are read as the Pulumi CLI reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.engine import project
from emulator.engine.request import RefusedError, Request

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
name: shop
runtime: {name: python, options: {virtualenv: .venv}}
config:
  zone: {type: string, default: example.test}
  size: {type: integer}
  open: {type: boolean, default: false}
  names: {type: array, items: {type: string}, default: [a, b]}
  deep: {type: object, default: {x: 1}}
  aws:region: {value: eu-west-1}
  short: plain
"""


def load(folder: Path, stack: str = "size: 3", **config: Any) -> dict[str, str]:
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "Pulumi.dev.yaml").write_text(f"config:\n  {stack}\n")
    request = Request(kind="deploy", project_dir=folder, stack="dev", config=config)
    return dict(project.load(request).config)


def test_defaults_fill_in_and_bare_keys_belong_to_the_project(tmp_path: Path) -> None:
    assert load(tmp_path) == {
        "aws:region": "eu-west-1",
        "shop:deep": '{"x": 1}',
        "shop:names": '["a", "b"]',
        "shop:open": "false",
        "shop:short": "plain",
        "shop:size": "3",
        "shop:zone": "example.test",
    }


def test_the_stack_file_and_then_the_request_decide(tmp_path: Path) -> None:
    config = load(
        tmp_path, "shop:size: 4\n  zone: of.stack", zone="of.request", **{"aws:region": "x"}
    )
    assert config["shop:zone"] == "of.request"
    assert config["shop:size"] == "4"
    assert config["aws:region"] == "x"


def test_all_type_errors_are_reported_together_by_key(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as caught:
        load(tmp_path, "size: many\n  open: perhaps\n  names: x\n  deep: [1]\n  zone: 5")
    message = str(caught.value)
    for key, expected in (
        ("size is 'many'", "an integer"),
        ("open is 'perhaps'", "a boolean"),
        ("names is 'x'", "an array"),
        ("deep is [1]", "an object"),
        ("zone is 5", "a string"),
    ):
        assert f"shop:{key}; expected {expected}" in message


def test_a_declared_key_without_value_or_default_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="shop:size has no value and no default"):
        load(tmp_path, "zone: a")


def test_a_secure_value_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"shop:zone is a secure value.*override it"):
        load(tmp_path, "size: 1\n  zone: {secure: AAAB}")
    assert load(tmp_path, "size: 1\n  zone: {secure: AAAB}", zone="b")["shop:zone"] == "b"


def test_text_that_encodes_a_value_counts_as_that_value(tmp_path: Path) -> None:
    config = load(tmp_path, """names: '["x"]'\n  size: "7"\n  open: "true\"""")
    assert config["shop:names"] == '["x"]'
    assert (config["shop:size"], config["shop:open"]) == ("7", "true")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("runtime: python", "`name` is None"),
        ("name: a\nruntime: go", "runtime is 'go'"),
        ("[1]", "expected a mapping"),
        ("name: [", "is not YAML"),
    ],
)
def test_an_unfit_project_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(text)
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}")
    with pytest.raises(RefusedError, match=r"Pulumi\.yaml") as caught:
        project.load(Request(kind="deploy", project_dir=tmp_path, stack="dev"))
    assert said in str(caught.value)


def test_missing_files_are_named(tmp_path: Path) -> None:
    request = Request(kind="deploy", project_dir=tmp_path, stack="dev")
    with pytest.raises(RefusedError, match=r"no Pulumi\.yaml in"):
        project.load(request)
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    with pytest.raises(RefusedError, match=r"Pulumi\.dev\.yaml does not exist"):
        project.load(request)
