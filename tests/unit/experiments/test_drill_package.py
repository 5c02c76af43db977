"""What the drill's function is packed with is enough for it, and no more than that is read."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hand_world import ground

from resilience.experiments.core.ground import GroundError, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
FOLDERS = ("resilience/experiments/core", "resilience/experiments/catalogue", "resilience/failover")
FILES = (
    *("resilience/experiments/chaos.py", "resilience/experiments/__init__.py"),
    *("resilience/measurement.py", "resilience/objectives.py", "resilience/records.py"),
    *("resilience/functions/drill.py", "resilience/functions/drill_world.py"),
    *("resilience/functions/client_credential.py", "resilience/functions/golden_request.py"),
    *("resilience/functions/metric_line.py", "resilience/functions/observer_memory.py"),
)
LOADED = """
import json, sys
import resilience.functions.drill
names = [n for n in sys.modules if n.startswith("resilience.")]
print(json.dumps(sorted(n for n in names if getattr(sys.modules[n], "__file__", None))))
print(json.dumps(sorted(n for n in ("pydantic", "typer", "rich", "dns") if n in sys.modules)))
"""


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """The modules that the function's docstring names, in a folder of their own."""
    for file in _files():
        target = tmp_path / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    (tmp_path / "resilience/functions/golden.json").write_text('{"golden": []}')
    return tmp_path


def _files() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).glob("*.py"))
    yield from (ROOT / file for file in FILES)


def loaded(packed: Path) -> list[list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=packed,
        env={"PYTHONPATH": str(packed), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_package_is_whole_and_reads_nothing_but_boto3(packed: Path) -> None:
    modules, foreign = loaded(packed)
    assert foreign == []
    own = {
        str(file.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__")
        for file in _files()
    }
    assert set(modules) == own, "each module that is packed is read, and no other"


def test_a_package_without_one_of_them_does_not_start(packed: Path) -> None:
    (packed / "resilience/measurement.py").unlink()
    with pytest.raises(AssertionError, match=r"resilience\.measurement"):
        loaded(packed)


def test_the_ground_comes_back_as_it_went() -> None:
    assert from_json(to_json(ground())) == ground()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"places": []}', '{"places": [{}]}'])
def test_what_is_no_ground_is_refused(text: str) -> None:
    with pytest.raises(GroundError, match="no ground to drill on"):
        from_json(text)
