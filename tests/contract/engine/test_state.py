"""What a stack has deployed is on disk after every step, and is read back as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from emulator.engine.state import ResourceState, StackState

if TYPE_CHECKING:
    from pathlib import Path


def resource(name: str, **facts: object) -> ResourceState:
    return ResourceState(urn=f"urn:{name}", type="aws:made/up:Up", name=name, custom=True, **facts)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stacks" / "made.up.json"


@pytest.fixture
def state(file: Path) -> StackState:
    """A state with a past: it was written whole once, and has changed in every way since."""
    state = StackState.load(file)
    for name in ("kept", "gone", "renamed", "replaced", "revived"):
        state.put(resource(name, status="creating"))
        state.put(resource(name, id=name))
    state.set_outputs({"a": 1})
    state.close()
    state.remove(resource("gone", id="gone"))
    state.put(resource("new name", id="renamed"), replaces="urn:renamed")
    state.put(resource("replaced", id="other"), doom=resource("replaced", id="replaced"))
    state.put(resource("revived", status="creating"), doom=resource("revived", id="revived"))
    state.unmake(resource("revived", status="creating"))
    state.put(resource("made", status="unfinished", id="m", secrets=("s",)))
    return state


def test_a_run_that_is_killed_leaves_every_step_on_disk(state: StackState, file: Path) -> None:
    """Nothing is closed here: this is what the next run finds."""
    found = StackState.load(file)
    assert found.resources() == state.resources(), "as they were, in their order"
    assert found.doomed() == state.doomed()
    assert [each.id for each in found.doomed()] == ["replaced"]
    assert found.outputs == {"a": 1}
    names = [each.name for each in found.resources()]
    assert names == ["kept", "new name", "replaced", "revived", "made"]


def test_a_run_that_ends_leaves_one_file_that_says_the_same(state: StackState, file: Path) -> None:
    state.close()
    assert [each.name for each in file.parent.iterdir()] == [file.name], "and no journal"
    assert StackState.load(file).resources() == state.resources()
    assert StackState.load(file).doomed() == state.doomed()
    listed = [each["name"] for each in json.loads(file.read_text())["resources"]]
    assert listed == [each.name for each in state.resources()]
    assert file.stat().st_mode & 0o077 == 0, "secrets lie in it in the clear"


def test_a_run_killed_between_the_file_and_its_journal_loses_nothing(
    state: StackState, file: Path
) -> None:
    journal = file.with_name(file.name + ".journal")
    changes = journal.read_bytes()
    assert journal.stat().st_mode & 0o077 == 0, "secrets lie in it in the clear"
    state.close()
    journal.write_bytes(changes)
    assert StackState.load(file).resources() == state.resources()
    assert StackState.load(file).doomed() == state.doomed()


def test_a_line_that_was_being_written_never_counted(state: StackState, file: Path) -> None:
    journal = file.with_name(file.name + ".journal")
    journal.write_bytes(journal.read_bytes()[:-5])
    found = StackState.load(file)
    assert found.resources() == state.resources()[:-1], "all but the last step"
    found.put(resource("next", id="n"))
    assert StackState.load(file).resources() == found.resources(), "nor spoils the next line"


def test_a_preview_writes_nothing(state: StackState, file: Path) -> None:
    state.close()
    before = file.read_bytes()
    copy = StackState.load(file).read_only()
    copy.put(resource("imagined"))
    copy.close()
    assert file.read_bytes() == before
    assert [each.name for each in file.parent.iterdir()] == [file.name]
