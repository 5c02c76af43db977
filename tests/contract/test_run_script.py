"""The entry script: set up once, set up again when the lock changes, say clearly what is wrong."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("ruff", "lint-imports", "basedpyright")


def new_project(folder: Path) -> Path:
    shutil.copy(ROOT / "run", folder / "run")
    (folder / "requirements.txt").write_text("# nothing to install\n")
    package = folder / "resilience"
    package.mkdir()
    (package / "__main__.py").write_text("import sys; print('resilience got', sys.argv[1:])\n")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the real entry script, an empty lock and a command that echoes its words."""
    return new_project(tmp_path)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter as some systems ship it: its venv has no pip to give, only it itself has one.

    A set-up with it takes a second less, and another way.
    """
    own = sys.executable if importlib.util.find_spec("pip") else sys._base_executable
    path = tmp_path_factory.mktemp("bare") / "python3"
    path.write_text(
        f'#!/bin/sh\n[ "$*" != "-m venv --clear .venv" ] || exit 1\nexec \'{own}\' "$@"\n'
    )
    path.chmod(0o755)
    return str(path)


@dataclass(frozen=True)
class SetUp:
    """A project after its first command, and what that said."""

    project: Path
    first: subprocess.CompletedProcess[str]

    def copied(self, target: Path) -> Path:
        """The project once more, set up as it is."""
        shutil.copytree(self.project, target, symlinks=True)
        return target


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> SetUp:
    """Set up once: it takes seconds."""
    made = new_project(tmp_path_factory.mktemp("project"))
    return SetUp(made, run(made, "status", "--json"))


def run(project: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the entry script, never reaching for a package index."""
    return subprocess.run(
        ["/bin/sh", str(project / "run"), *words],
        env={**os.environ, "PIP_NO_INDEX": "1", "PYTHON": "", **environment},
        cwd=project.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_names_the_commands_without_setting_anything_up(project: Path) -> None:
    shown = run(project, "--help")
    assert shown.returncode == 0
    for command in ("rehearse", "emulate", "test", "bench", "lock"):
        assert f"\n  {command}" in shown.stdout, f"{command} must be in the help"
    assert not (project / ".venv").exists(), "help must not set up"


def test_sets_up_once_and_again_only_when_the_lock_changes(
    set_up: SetUp, bare: str, tmp_path: Path
) -> None:
    first, project = set_up.first, set_up.copied(tmp_path / "project")
    assert first.stdout.strip() == "resilience got ['status', '--json']", first.stderr
    assert "setting up .venv" in first.stderr, "the first run sets up, and says so"
    second = run(project, "status")
    assert "setting up" not in second.stderr, "nothing changed, so nothing is set up"
    (project / "requirements.txt").write_text("# still nothing, but another lock\n")
    third = run(project, "status", PYTHON=bare)
    assert "setting up .venv" in third.stderr, "a changed lock is set up again"


def test_a_failed_set_up_breaks_the_run_and_is_tried_again(project: Path, bare: str) -> None:
    (project / "requirements.txt").write_text(
        "no-such-package-anywhere==1.0 --hash=sha256:" + "0" * 64 + "\n"
    )
    broken = run(project, "status", PYTHON=bare)
    assert broken.returncode == 3, "the run itself broke: neither a pass nor a miss"
    assert "no-such-package-anywhere" in broken.stderr, "the error shows what pip said"
    assert not (project / ".venv" / "understudy-lock").exists(), "half a set-up never counts"
    (project / "requirements.txt").write_text("# mended\n")
    assert run(project, "status", PYTHON=bare).returncode == 0


def test_a_linked_environment_of_another_lock_is_left_alone(project: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    (theirs / "bin").mkdir(parents=True)
    (project / ".venv").symlink_to(theirs)
    refused = run(project, "status")
    assert refused.returncode == 2, refused.stderr
    assert f".venv is a link to {theirs}" in refused.stderr, "it is named, and the way out with it"
    assert (theirs / "bin").is_dir(), "what others use is not emptied"


def test_an_interpreter_that_does_not_run_is_named(project: Path) -> None:
    refused = run(project, "status", PYTHON="/no/such/python")
    assert refused.returncode == 2
    assert "PYTHON=/no/such/python" in refused.stderr


def test_an_unknown_option_is_refused_with_the_way_out(project: Path) -> None:
    refused = run(project, "--rehearse")
    assert refused.returncode == 2
    assert "'--rehearse'" in refused.stderr
    assert "--help" in refused.stderr


@pytest.fixture
def tools(set_up: SetUp, tmp_path: Path) -> Path:
    """A project that is set up, with tools that say nothing and a pytest that echoes its words."""
    project = set_up.copied(tmp_path / "project")
    for tool in TOOLS:
        has(project, tool, "")
    package = project / "pytest"
    package.mkdir()
    (package / "__main__.py").write_text("import sys; print(sys.argv[1:])\n")
    return project


def has(project: Path, tool: str, script: str) -> None:
    stub = project / ".venv" / "bin" / tool
    stub.write_text(f"#!/bin/sh\n{script}\n")
    stub.chmod(0o755)


@pytest.mark.parametrize(("words", "chosen"), [((), "not long"), (("--all",), "")])
def test_the_long_matrix_is_tested_only_when_all_is_asked_for(
    tools: Path, words: tuple[str, ...], chosen: str
) -> None:
    told = run(tools, "test", *words).stdout.splitlines()
    assert len(told) == 2, "first the tests, then the rehearsals by themselves"
    assert all(f"'-m', '{chosen}'" in each for each in told), told
    (alone,) = run(tools, "test", *words, "tests/unit").stdout.splitlines()
    assert alone == f"['-m', '{chosen}', 'tests/unit']"


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("command", ["check", "test"])
def test_what_a_tool_finds_is_shown_and_fails_the_command(
    tools: Path, command: str, tool: str
) -> None:
    assert run(tools, command).returncode == 0
    has(tools, tool, "echo found something >&2; exit 1")
    failed = run(tools, command)
    assert failed.returncode == 1
    assert "found something" in failed.stderr


def test_tests_that_fail_fail_the_command_though_the_types_are_right(tools: Path) -> None:
    (tools / "pytest" / "__main__.py").write_text(
        "raise SystemExit('-n' in __import__('sys').argv)"
    )
    assert run(tools, "test").returncode == 1


def test_a_dead_set_up_does_not_block_the_next_one(project: Path, bare: str) -> None:
    lock = project / ".setup" / "lock"
    lock.mkdir(parents=True)
    (lock / "pid").write_text("4194305\n")  # above any pid Linux gives out
    assert run(project, "status", PYTHON=bare).returncode == 0
