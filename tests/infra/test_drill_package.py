"""What the program packs for the drill's function starts, and it reads all of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.infra.graph import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.infra.graph import Graph

GOLDEN = "resilience/functions/golden.json"
LOADED = """
import json, sys
import resilience.functions.scheduled_drill
own = [m for name, m in sys.modules.items() if name.startswith("resilience.")]
files = [getattr(module, "__file__", None) for module in own]
print(json.dumps([file for file in files if file]))
print(json.dumps([n for n in ("pydantic", "typer", "rich", "dns") if n in sys.modules]))
"""


@pytest.fixture
def unpacked(staging: Graph, tmp_path: Path) -> Path:
    """The modules of the package as the program has it, in a folder of their own."""
    packed = set(staging.one("Function", name="understudy-staging-drill").inputs["code"])
    assert GOLDEN in packed
    for name in packed - {GOLDEN}:
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    return tmp_path


def loaded(unpacked: Path) -> list[list[str]]:
    """Start it: its own files that were read, and what of the laptop's packages was."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=unpacked,
        env={
            "PYTHONPATH": str(unpacked),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_DEFAULT_REGION": "us-west-2",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_package_is_whole_and_no_larger(unpacked: Path) -> None:
    packed = {str(path) for path in unpacked.rglob("*.py")}
    own, foreign = loaded(unpacked)
    assert set(own) == packed, "each module that is packed is read, and no other"
    assert foreign == [], "Lambda's runtime has boto3 and nothing else"


def test_a_package_without_one_of_them_does_not_start(unpacked: Path) -> None:
    (unpacked / "resilience/measurement.py").unlink()
    with pytest.raises(AssertionError, match=r"resilience\.measurement"):
        loaded(unpacked)
