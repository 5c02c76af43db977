"""A stack that was read is kept for its account, and nothing else is ever taken for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from topologies import topology

from resilience import deployed_stack
from resilience.deployed_stack import (
    StackNotFoundError,
    Wanted,
    find,
    outputs_without_reading,
)
from resilience.simulate.source import SourceError, save_snapshot
from resilience.topology_cache import Kept, TopologyCache

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

AT = datetime(2027, 1, 15, 8, tzinfo=UTC)
STACK = topology(2)
ACCOUNT, OTHER = "123456789012", "210987654321"


def kept(account: str = ACCOUNT) -> Kept:
    return Kept(account=account, seen_at=AT, outputs={"stack": STACK.stack}, topology=STACK)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path), "AWS_REGION": "us-west-2"}


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The account that STS answers with; nothing if it is empty."""
    answers = [ACCOUNT]

    def asked(_aws: object, _places: object) -> tuple[str | None, str]:
        return (answers[0], f"arn:aws:iam::{answers[0]}:user/ana") if answers else (None, "")

    monkeypatch.setattr(deployed_stack, "_caller", asked)
    return answers


def test_what_is_kept_comes_back_as_it_was(environment: Mapping[str, str]) -> None:
    cache = TopologyCache(environment)
    cache.keep(kept())
    assert cache.all_of(STACK.stack) == (kept(),)
    assert cache.all_of("another") == ()
    elsewhere = {**environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
    assert TopologyCache(elsewhere).all_of(STACK.stack) == (), "an emulator's is its own"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1}'])
def test_a_file_that_is_none_is_not_taken_for_one(
    environment: Mapping[str, str], text: str
) -> None:
    cache = TopologyCache(environment)
    cache.keep(kept())
    (path,) = cache.folder.glob("*/*.json")
    path.write_text(text)
    assert cache.all_of(STACK.stack) == ()


def test_a_folder_that_cannot_be_written_keeps_nothing_and_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "understudy").write_text("a file where a folder was to be")
    TopologyCache({"XDG_CACHE_HOME": str(tmp_path)}).keep(kept())


def test_a_remembered_stack_is_found_without_reading_and_says_from_when_it_is(
    environment: dict[str, str], caller: list[str]
) -> None:
    TopologyCache(environment).keep(kept())
    found = find(Wanted(stack=STACK.stack, remembered=True), environment=environment)
    assert (found.topology, found.seen_at, found.missing) == (STACK, AT, ())
    assert found.caller.endswith(":user/ana")
    caller.clear()
    alone = find(Wanted(stack=STACK.stack, remembered=True), environment=environment)
    assert alone.account == ACCOUNT, "the only one there is, when nobody can be asked"


def test_another_accounts_stack_of_the_same_name_is_never_taken(
    environment: dict[str, str], caller: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    TopologyCache(environment).keep(kept(OTHER))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StackNotFoundError, match="the Pulumi CLI could not be asked"):
        find(Wanted(stack=STACK.stack, remembered=True), environment=environment)
    TopologyCache(environment).keep(kept())
    caller.clear()
    with pytest.raises(StackNotFoundError, match=f"known in accounts {ACCOUNT}, {OTHER}"):
        find(Wanted(stack=STACK.stack, remembered=True), environment=environment)


def test_a_snapshot_needs_nothing_else_and_another_stacks_is_refused(
    environment: dict[str, str], caller: list[Any], tmp_path: Path
) -> None:
    caller.clear()
    path = tmp_path / "staging.json"
    save_snapshot(STACK, path)
    found = find(Wanted(stack=STACK.stack, snapshot=path), environment=environment)
    assert (found.topology, found.source) == (STACK, "from staging.json")
    with pytest.raises(StackNotFoundError, match="expected one of prod"):
        find(Wanted(stack="prod", snapshot=path), environment=environment)
    path.write_text(json.dumps({}))
    with pytest.raises(StackNotFoundError, match="no topology"):
        find(Wanted(stack=STACK.stack, snapshot=path), environment=environment)


def test_outputs_are_the_files_else_the_kept_ones_of_the_account(
    environment: Mapping[str, str], caller: list[str], tmp_path: Path
) -> None:
    file, nowhere = tmp_path / "outputs.json", tmp_path / "no project"
    file.write_text('{"stack": "of the file"}')
    wanted = Wanted(stack=STACK.stack, project_dir=nowhere)
    for account in (ACCOUNT, OTHER):
        TopologyCache(environment).keep(kept(account))
    assert outputs_without_reading(wanted, environment=environment) == kept().outputs
    given = Wanted(stack=STACK.stack, project_dir=nowhere, outputs=file)
    assert outputs_without_reading(given, environment=environment) == {"stack": "of the file"}
    caller[0] = "000000000000"
    with pytest.raises(SourceError, match="the Pulumi CLI could not be asked"):
        outputs_without_reading(wanted, environment=environment)
    caller.clear()
    with pytest.raises(StackNotFoundError, match="is known in accounts"):
        outputs_without_reading(wanted, environment=environment)
