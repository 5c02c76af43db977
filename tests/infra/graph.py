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

from policy.graph import Graph, Resource

__all__ = ["Graph", "ProgramError", "Recorded", "Resource", "run_program", "stack_config"]

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


@dataclass(frozen=True)
class Recorded(Graph):
    """Everything one run registered, the stack's outputs, and what the program warned of."""

    warnings: list[str] = field(default_factory=list)


def regions_of(graph: Graph) -> list[str]:
    return list(graph.regions)


def run_program(stack: str, config: Mapping[str, str], release: Path) -> Recorded:
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
    graph = Graph.from_json(record)
    return Recorded(graph.resources, graph.outputs, record["warnings"])
