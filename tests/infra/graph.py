"""The graph of what the program asks AWS for, recorded without any AWS.

`program_server.py` runs each in a process of its own: Pulumi's runtime is global to one.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from policy.graph import Graph, Resource

__all__ = ["Graph", "ProgramError", "Recorded", "Resource", "run_program", "stack_config"]

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT_ID = "123456789012"


class ProgramError(Exception):
    """The program ended with an error; the text is what it said.

    Attributes:
        registered: URNs of what it had asked for until then; the stack itself is left out.
    """

    def __init__(self, said: str, registered: list[str]) -> None:
        super().__init__(said)
        self.registered = registered


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


def run_program(
    stack: str,
    config: Mapping[str, str],
    release: Path,
    *,
    root: Path = ROOT,
    preview: bool = False,
) -> Recorded:
    """Run `__main__.py` as Pulumi would, and return what it asked for.

    In a preview, of a stack that is not there yet, what AWS makes up is `policy.graph.UNKNOWN`.

    Raises:
        ProgramError: If the program refuses to go on.
    """
    full = {f"understudy:{key}": value for key, value in config.items()}
    full["understudy:release"] = str(release)
    found = _server().ask({"root": str(root), "stack": stack, "config": full, "preview": preview})
    graph = Graph.from_json(found)
    return Recorded(graph.resources, graph.outputs, found["warnings"])


@cache
def _server() -> "_Server":
    return _Server()


class _Server:
    """A process that has all that a program imports loaded already, and forks for each run.

    A run so costs its own time and not that of loading Pulumi, which is ten times as much. It ends
    with this process, whose end of its standard input it reads.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.infra.program_server"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, run: Mapping[str, object]) -> dict[str, Any]:
        """Run a program; what it asked for, or what it ended with."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(run) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process that runs programs has ended; what it said is above"
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ProgramError(answer["error"], answer["registered"])
        return answer
