"""The container image: what can be known of it without building one."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

from inference.container_lock import NEEDED, select

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
MADE = "build/release/release.zip"  # by `./run release`


def steps(text: str = DOCKERFILE) -> list[str]:
    """The instructions of the Dockerfile, one a line."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [re.sub(r"\s+", " ", line).strip() for line in joined.splitlines() if line.strip()]


def sources() -> list[str]:
    copies = [step.split()[1:-1] for step in steps() if step.startswith("COPY ")]
    return [source for copy in copies if not copy[0].startswith("--from") for source in copy]


def runtime_needs(package: str) -> set[str]:
    """Names a package needs at run time, extras left out."""
    found = [each for each in requires(package) or [] if "extra ==" not in each]
    return {re.split(r"[^A-Za-z0-9_-]", each)[0] for each in found}


def test_everything_that_is_copied_is_there_or_made_by_the_release() -> None:
    assert MADE in sources()
    for source in sources():
        assert source == MADE or (ROOT / source).is_file(), f"COPY {source}"


def test_the_build_sees_what_is_copied_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert sorted(rule.removeprefix("!") for rule in rules[1:]) == sorted(sources())


def test_what_is_installed_is_what_scikit_learn_needs_and_no_more() -> None:
    needed = {"scikit-learn"}
    while more := {name for each in needed for name in runtime_needs(each)} - needed:
        needed |= more
    assert needed == set(NEEDED)


def test_what_is_installed_is_pinned_by_the_locks_own_hashes() -> None:
    script = str(ROOT / "inference" / "container_lock.py")
    lock = str(ROOT / "requirements.txt")
    # As the image's build runs it: by path, by an interpreter without packages.
    done = subprocess.run(
        [sys.executable, "-I", "-S", script, lock], capture_output=True, text=True, check=True
    )
    pins = [line for line in done.stdout.splitlines() if line[:1].isalpha()]
    assert {pin.partition("==")[0] for pin in pins} == set(NEEDED)
    assert done.stdout.count("--hash=sha256:") > len(pins)
    assert all(line in LOCK for line in done.stdout.splitlines())


def test_a_lock_without_a_pin_or_without_hashes_is_refused() -> None:
    with pytest.raises(ValueError, match="no scipy pinned by hashes"):
        select(LOCK.replace("scipy==", "scipy-gone=="))
    with pytest.raises(ValueError, match="no numpy pinned by hashes"):
        select("numpy==2.0\njoblib==1\n", ("numpy",))


def test_the_image_is_pinned_compiled_and_answers_as_the_zip_does() -> None:
    [install] = [step for step in steps() if "pip install" in step]
    for option in ("--require-hashes", "--only-binary :all:", "--no-deps"):
        assert option in install
    [compiled] = [step for step in steps() if "compileall" in step]
    assert "--invalidation-mode unchecked-hash" in compiled, "the disk is read-only"
    assert steps()[-1] == 'CMD ["handler.handle"]', "the handler that the zip has"


def test_the_image_has_the_python_that_the_zip_runs_on() -> None:
    [version] = re.findall(r"lambda/python:(\d+\.\d+)$", DOCKERFILE, flags=re.MULTILINE)
    program = (ROOT / "infra" / "function.py").read_text(encoding="utf-8")
    assert f'"python{version}"' in program
