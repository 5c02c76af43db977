"""A copy of the program with one edit in it, and what it asks AWS for."""

from __future__ import annotations

import compileall
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

import policy
from emulator.certificates import Authority
from tests.infra.graph import ROOT, ProgramError, Recorded, run_program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.mutations.mutation import Mutation

PARTS: Final = (
    "__main__.py",
    "infra",
    "resilience/functions",
    "resilience/failover",
    "resilience/experiments",
    *(f"resilience/{each}.py" for each in ("measurement", "objectives", "records")),
    "docs/how-to/runbooks",
)
"""What a program is made of, beside its settings files."""


AUTHORITIES: Final = "authorities.pem"
"""A file with a certificate authority, in the folder of each copy."""


@dataclass(frozen=True)
class Caught:
    """What caught a mistake (`rule:<id>`, or a stage), and everything it said."""

    by: str
    said: str


def copy_program(target: Path) -> Path:
    """Copy the program, compiled, so that a run of a copy compiles only what was edited."""
    for settings in ROOT.glob("Pulumi*.yaml"):
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy2(settings, target)
    for part in PARTS:
        source, copy = ROOT / part, target / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy)
        elif source.exists():
            shutil.copy2(source, copy)
    Authority(target / "authorities").ca_file.rename(target / AUTHORITIES)
    compileall.compile_dir(target / "infra", quiet=1)
    return target


def apply(mutation: Mutation, root: Path) -> None:
    """Make the edit; it must fit exactly once, or the table is out of date."""
    path = root / mutation.file
    text = path.read_text(encoding="utf-8")
    count = text.count(mutation.old)
    assert count == 1, (
        f"'{mutation.mistake}': {mutation.file} holds the old text {count} times, expected once;"
        f" bring the table up to date: {mutation.old!r}"
    )
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")


def settings_of(root: Path, stack: str) -> dict[str, str]:
    """The settings of a copy, as Pulumi hands them over."""
    project = yaml.safe_load((root / "Pulumi.yaml").read_text(encoding="utf-8"))
    file = yaml.safe_load((root / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    merged: dict[str, Any] = {key: entry["default"] for key, entry in project["config"].items()}
    for key, value in file["config"].items():
        namespace, _, name = key.partition(":")
        if namespace == project["name"]:
            merged[name] = value
    return {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in merged.items()
    }


def caught_without_aws(root: Path, stack: str, release: Path, **config: str) -> list[Caught]:
    """What stops a copy of the program, or breaks a rule, before anything is deployed."""
    try:
        graph = run_program(stack, settings_of(root, stack) | config, release, root=root)
    except ProgramError as error:
        said = str(error)
        return [Caught("settings" if "wrong setting(s)" in said else "program", said)]
    return [*_broken_rules(graph), *(Caught("doubt", warning) for warning in graph.warnings)]


def _broken_rules(graph: Recorded) -> list[Caught]:
    return [Caught(f"rule:{each.rule.id}", str(each)) for each in policy.check(graph)]
