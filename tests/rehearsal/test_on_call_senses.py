"""What the commands of the person on call see and refuse, on the stack that other tests share."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest
from clients import Clients, promise_of
from commands import SPEED, wait_for
from night import Night, Typed

from resilience.aws import Aws
from resilience.deployed_stack import Wanted, find
from resilience.failover import FLAGGED
from resilience.golden import read_release
from resilience.oncall.directly import set_flag
from resilience.records import Connection
from resilience.simulate.source import save_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from conftest import Shared

    from resilience.deployed_stack import DeployedStack

EAST, WEST = "us-east-1", "us-west-2"
SEEN_WITHIN_S: Final = 90.0
WRITES = ("Put", "Delete", "Create", "Update", "Copy")


@pytest.fixture
def night(shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    shared.topology()
    made = Night(shared.stage, tmp_path, monkeypatch)
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(dict(shared.stage.resources()["outputs"])))
    monkeypatch.setenv("UNDERSTUDY_OUTPUTS", str(outputs))
    return made


@pytest.fixture
def east_lost(shared: Shared, night: Night) -> Generator[None]:
    """Lose it, and leave it with its traffic: observers latch what is lost for long."""
    loss = shared.stage.lose(EAST)
    yield
    shared.stage.give_back(loss)
    back = night.run("failback", EAST, "--reason", "tidy", "--force", "--yes", "--within", "120")
    assert back.code == 0, back.output


def reads_only(operations: set[str]) -> bool:
    return not any(each.rpartition(".")[2].startswith(WRITES) for each in operations)


def look(
    night: Night, *arguments: str, until: Callable[[dict[str, Any]], bool]
) -> tuple[Typed, dict[str, Any]]:
    """Look until something is seen: a busy machine may be late with an answer."""
    deadline_s = time.monotonic() + SEEN_WITHIN_S
    while True:
        typed = night.run("status", "--json", *arguments)
        sight: dict[str, Any] = json.loads(typed.output)
        if until(sight):
            return typed, sight
        assert time.monotonic() < deadline_s, f"never seen: {typed.output}"


def all_seen(sight: dict[str, Any]) -> bool:
    """Tell whether every sense answered, both Regions serve, and their observers have looked."""
    return not sight["unseen"] and all(
        region["probe"]["well"] and region["watchers"] for region in sight["regions"]
    )


def others_seen(sight: dict[str, Any]) -> bool:
    """Tell whether all of the Region that is there was seen."""
    return not any(each["what"].endswith(f" of {WEST}") for each in sight["unseen"])


def test_status_sees_every_side_and_only_reads(night: Night, shared: Shared) -> None:
    seen, sight = look(night, until=all_seen)
    assert sight["unseen"] == [], "nothing is lost"
    assert [region["region"] for region in sight["regions"]] == [EAST, WEST]
    assert len({region["code_sha256"] for region in sight["regions"]}) == 1
    assert all(region["carries"]["carries"] for region in sight["regions"])
    assert seen.operations, "calls are recorded"
    assert reads_only(seen.operations), seen.operations
    assert seen.code == int(bool(sight["concerns"]))
    assert night.run("capacity", "--demand", "50").code == 0, "what staging reserves"
    short = night.run("capacity", "--demand", "51")
    assert short.code == 1
    assert short.output.count("1 short: its reservation is a ceiling") == 2

    snapshot = night.folder / "staging.json"
    save_snapshot(shared.topology(), snapshot)
    again = night.run("status", "--snapshot", str(snapshot), "--json")
    assert json.loads(again.output)["topology_source"] == "from staging.json"
    assert not any("route53" in each for each in again.operations), "a snapshot asks nobody"


def test_outputs_alone_are_enough_to_find_whom_to_ask(night: Night, tmp_path: Path) -> None:
    wanted = Wanted(
        stack="staging", outputs=tmp_path / "outputs.json", lost=frozenset({EAST}), remembered=True
    )
    found = find(wanted)
    assert [each.region for each in found.topology.watchers(EAST)] == [WEST]
    assert found.topology.table_name == "understudy-staging"
    assert any(f"what {EAST} holds" in each for each in found.missing)
    assert any("the records" in each for each in found.missing)
    assert {region for region, _ in night.calls} == {WEST}


def test_nothing_is_changed_unless_it_is_agreed_to(night: Night) -> None:
    for arguments, code, said in (
        (("evacuate", EAST, "--reason", "x"), 2, "give --yes to do it without asking"),
        (("evacuate", EAST, "--reason", " ", "--yes"), 2, "expected who and why"),
        (("evacuate", "eu-north-1", "--reason", "x", "--yes"), 2, "no Region 'eu-north-1'"),
        (("failback", "eu-north-1", "--reason", "x", "--yes"), 2, "no Region 'eu-north-1'"),
        (("evacuate", EAST, "--reason", "x", "--directly", "--yes"), 2, "are alive"),
        (("reconcile", EAST, "--into", EAST, "--list"), 2, "expected two Regions"),
    ):
        typed = night.run(*arguments)
        assert (typed.code, said in typed.output) == (code, True), typed
        assert reads_only(typed.operations), f"{arguments} wrote something"
    assert not list(night.folder.glob("reports/*")), "nor is a journal begun"


def test_the_flag_itself_is_one_write_where_a_watcher_is(night: Night, tmp_path: Path) -> None:
    wanted = Wanted(stack="staging", outputs=tmp_path / "outputs.json", lost=frozenset({EAST}))
    stack = find(wanted)
    before = len(night.calls)
    at = stack.seen_at
    try:
        assert set_flag(stack, EAST, by="ana", reason="no observer lives", at=at) == WEST
        assert night.calls[before:] == [(WEST, "s3.PutObject")]
        assert _flag(stack)["by"] == "ana"
    finally:
        bucket = stack.topology.region(WEST).evacuation_bucket
        stack.aws.call("s3", "delete_object", region=WEST, Bucket=bucket, Key=f"evacuation/{EAST}")


def _flag(stack: DeployedStack) -> dict[str, str]:
    bucket = stack.topology.region(WEST).evacuation_bucket
    reply = stack.aws.call("s3", "get_object", region=WEST, Bucket=bucket, Key=f"evacuation/{EAST}")
    return json.loads(reply["Body"].read())


@pytest.mark.usefixtures("east_lost")
def test_status_names_what_it_cannot_see_and_why_while_a_region_is_gone(night: Night) -> None:
    seen, sight = look(night, until=others_seen)
    assert seen.code == 1
    assert EAST in seen.regions, "nobody said that it is lost: it is asked, and recorded here"
    unseen = {each["what"]: each["why"] for each in sight["unseen"]}
    for sense in ("table", "code", "capacity", "alarms", "flags"):
        assert EAST in unseen[f"{sense} of {EAST}"]
    assert any("route53 list_resource_record_sets" in each for each in sight["missing"])
    said, sight = look(night, "--lost", EAST, until=others_seen)
    assert EAST not in said.regions, "no call leaves for what is said to be lost"
    assert sight["regions"][1]["probe"]["well"]


RUN_S: Final = 60.0
"""How long an observer that is running may go on looking when it is stopped, by its own clock."""


def silent_s(sight: dict[str, Any], region: str) -> float | None:
    """How long ago a Region's observer has looked; None if it never did."""
    (found,) = (each for each in sight["regions"] if each["region"] == region)
    age_s: float | None = found["observer_age_s"]
    return age_s


@contextmanager
def stopped_observer(shared: Shared, night: Night, region: str) -> Generator[None]:
    """Stop a Region's observer for good, once it has looked and until its last run is over.

    One that has never looked is as silent as a dead one, and may begin at any moment.
    """
    observer = shared.topology().region(region).observer
    assert observer is not None
    stopped = partial(
        Aws(shared.stage.aws_environment).call,
        "lambda",
        region=region,
        FunctionName=observer.function,
    )
    look(night, until=lambda sight: (silent_s(sight, region) or RUN_S) < RUN_S)
    stopped("put_function_concurrency", ReservedConcurrentExecutions=0)
    try:
        look(night, until=lambda sight: (silent_s(sight, region) or 0.0) > RUN_S)
        yield
    finally:
        stopped("delete_function_concurrency")


@pytest.mark.long
def test_with_no_observer_alive_a_word_is_refused_and_the_flag_can_be_written(
    night: Night, shared: Shared, release_zip: Path
) -> None:
    topology = shared.topology()
    timing = topology.timing
    clients = Clients(shared.stage, topology, read_release(release_zip), speed=SPEED, seed=7)
    look(night, until=all_seen)
    with stopped_observer(shared, night, WEST), clients:
        refused = night.run("evacuate", EAST, "--reason", "x", "--yes")
        assert refused.code == 1
        assert "nobody would carry the word out" in refused.output
        assert reads_only(refused.operations), "no word is given to nobody"
        asked_s = clients.clock.now_s()
        done = night.run("evacuate", EAST, "--reason", "x", "--by", "ana", "--directly", "--yes")
        assert done.code == 0, done.output
        assert "what this goes round:" in done.output
        assert f"waits: DNS leads clients elsewhere ({EAST})" in done.output, "nobody else did it"
        assert [each for each in done.calls if "Put" in each[1]] == [(WEST, "s3.PutObject")]
        assert f"done: DNS leads clients elsewhere ({WEST})" in done.output
        # Clients that keep connections to a Region that is well go on with these.
        followed = partial(clients.followed_s, asked_s, away_from=EAST, of=(Connection.FRESH,))
        wait_for(lambda: followed() is not None, SEEN_WITHIN_S, "clients served elsewhere")
        promise_of(timing, speed=SPEED).check(followed())
    look(night, until=partial(kept_away, region=EAST))
    back = night.run("failback", EAST, "--reason", "x", "--force", "--yes", "--within", "120")
    assert back.code == 0, back.output


def kept_away(sight: dict[str, Any], region: str) -> bool:
    """Tell whether an observer has adopted the flag: until then a failback has nothing to do."""
    (found,) = (each for each in sight["regions"] if each["region"] == region)
    return any(watch["phase"] in FLAGGED for watch in found["watchers"])
