"""The brain reads no clock, network, file or chance: it runs with all of them poisoned."""

from __future__ import annotations

import ast
import builtins
import os
import random
import socket
import sys
import time
import tomllib
from pathlib import Path
from typing import Final

import pytest
from brain_world import World

import resilience.failover
from resilience.failover import IntentKind
from resilience.failover.brain import decide

ROOT: Final = Path(__file__).resolve().parents[3]
SOURCES: Final = sorted(Path(resilience.failover.__file__).parent.glob("*.py"))
HARMLESS: Final = {
    "__future__",
    "collections",
    "dataclasses",
    "enum",
    "itertools",
    "math",
    "typing",
}
POISONED: Final = {
    time: ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep"),
    random: ("random", "randint", "choice", "uniform", "getrandbits", "Random"),
    socket: ("socket", "create_connection", "getaddrinfo", "gethostbyname"),
    os: ("urandom", "getenv", "stat", "listdir", "getpid", "open", "system"),
    builtins: ("open", "input", "print", "id", "hash"),
}


def poison(patch: pytest.MonkeyPatch) -> None:
    """Make every way to the world outside raise when the brain's own code takes it."""
    folder = str(SOURCES[0].parent)

    def guarded(name: str, real: object) -> object:
        def touched(*args: object, **kwargs: object) -> object:
            if sys._getframe(1).f_code.co_filename.startswith(folder):
                raise AssertionError(f"the brain touched {name}")
            assert callable(real)
            return real(*args, **kwargs)

        return touched

    for module, names in POISONED.items():
        for name in names:
            patch.setattr(module, name, guarded(f"{module.__name__}.{name}", getattr(module, name)))


def live() -> World:
    """A loss, an evacuation and the way back, over three Regions."""
    world = World(3)
    world.run(40)
    world.lost = {"us-east-1"}
    world.run(100)
    world.lost = set()
    world.ask(IntentKind.EVACUATE, "eu-west-1")
    world.run(40)
    world.assert_all_is_well_again()
    return world


def test_the_brain_runs_with_the_world_outside_poisoned() -> None:
    with pytest.MonkeyPatch.context() as patch:
        poison(patch)
        world = live()
    assert world.said == live().said, "and says the same as without"


def test_a_brain_that_reads_a_clock_is_caught() -> None:
    """Break what the test above guards: one call from a file of the package."""
    code = compile(
        "def late(*args):\n    time.time()\n    return decide(*args)",
        str(SOURCES[0].parent / "brain.py"),
        "exec",
    )
    space = {"time": time, "decide": decide}
    exec(code, space)  # noqa: S102 - the two lines above
    with pytest.MonkeyPatch.context() as patch:
        poison(patch)
        patch.setattr("resilience.failover.brain.decide", space["late"])
        with pytest.raises(AssertionError, match=r"the brain touched time\.time"):
            live()


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_the_package_imports_what_cannot_touch_anything(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    froms = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not imports
    foreign = {name for name in froms if not name.startswith("resilience.failover")}
    assert {name.split(".")[0] for name in foreign} <= HARMLESS


def test_the_import_rule_covers_the_package() -> None:
    """What import-linter holds of a package, it holds of all its modules."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rules = {each["id"]: each for each in settings["tool"]["importlinter"]["contracts"]}
    assert "resilience.failover" in rules["pure"]["source_modules"]
    assert {"time", "random", "socket", "os"} <= set(rules["pure"]["forbidden_modules"])
