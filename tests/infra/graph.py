"""The graph of what the program asks AWS for, recorded without any AWS.

`record_program.py` runs the program in a process of its own: Pulumi's runtime is global to one.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT_ID = "123456789012"
_DEADLINE_S = 60


class ProgramError(Exception):
    """The program ended with an error; the text is what it said."""


def stack_config(stack: str, **overrides: str) -> dict[str, str]:
    """Return a stack's settings as Pulumi hands them over: defaults, then the file, as texts."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    file = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
    merged: dict[str, Any] = {key: entry["default"] for key, entry in project["config"].items()}
    merged |= {
        key.removeprefix("understudy:"): value
        for key, value in file["config"].items()
        if key.startswith("understudy:")
    }
    return {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in merged.items()
    } | overrides


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One registered resource, with its inputs as they are on the wire."""

    urn: str
    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    dependencies: frozenset[str]
    options: dict[str, bool]
    id: str

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


@dataclass(frozen=True)
class Graph:
    """Everything one run registered, and the stack's outputs."""

    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def custom(self) -> list[Resource]:
        return [each for each in self.resources.values() if each.type.startswith("aws:")]

    @property
    def components(self) -> list[Resource]:
        return [each for each in self.resources.values() if each.type.startswith("understudy:")]

    def of(self, kind: str) -> list[Resource]:
        """Return resources by the last part of their type, of which there must be some."""
        found = [each for each in self.custom if each.type.rpartition(":")[2] == kind]
        assert found, f"the program makes no {kind}"
        return found

    def one(self, kind: str, **inputs: object) -> Resource:
        """Return the only resource of a kind that has these inputs."""
        found = [
            each
            for each in self.of(kind)
            if all(each.inputs.get(key) == value for key, value in inputs.items())
        ]
        assert len(found) == 1, f"expected one {kind} with {inputs}, found {len(found)}"
        return found[0]

    def one_with_id(self, kind: str, id_: str) -> Resource:
        """Return the resource of a kind with this identifier."""
        found = [each for each in self.of(kind) if each.id == id_]
        assert len(found) == 1, f"expected one {kind} {id_}, found {len(found)}"
        return found[0]

    def waits_for(self, later: Resource, earlier: Resource) -> bool:
        """Say whether one resource is made only after another."""
        seen: set[str] = set()
        ahead = [later.urn]
        while ahead:
            urn = ahead.pop()
            if urn in seen:
                continue
            seen.add(urn)
            ahead.extend(self.resources[urn].dependencies)
        return earlier.urn in seen and earlier.urn != later.urn


def kind(resource: Resource) -> str:
    return resource.type.rpartition(":")[2]


def regions_of(graph: Graph) -> list[str]:
    return [entry["region"] for entry in graph.outputs["regions"]]


def run_program(stack: str, config: Mapping[str, str], release: Path) -> Graph:
    """Run `__main__.py` as Pulumi would, and return what it asked for.

    Raises:
        ProgramError: If the program refuses to go on.
    """
    full = {f"understudy:{key}": value for key, value in config.items()}
    full["understudy:release"] = str(release)
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("record_program.py")), stack],
        cwd=ROOT,
        env=os.environ | {"PULUMI_CONFIG": json.dumps(full), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=_DEADLINE_S,
        check=False,
    )
    if done.returncode != 0:
        raise ProgramError(done.stderr)
    record = json.loads(done.stdout)
    resources = [
        Resource(**each | {"dependencies": frozenset(each["dependencies"])})
        for each in record["resources"]
    ]
    return Graph(
        resources={each.urn: each for each in resources},
        outputs=record["outputs"],
        warnings=record["warnings"],
    )
