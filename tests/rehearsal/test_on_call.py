"""A night with the primary Region and Route 53's control plane gone, from one terminal.

It is seen, left, given its traffic back and reconciled, without a call to what is lost.
"""

from __future__ import annotations

import json
import os
import re
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from clients import Clients, promise_of
from commands import ROOT, wait_for
from jobs import SHORT_HOLD_S, stack_file
from night import Night, shape, transcript

from resilience.aws import Aws
from resilience.golden import read_release
from resilience.oncall.diary import read_entry
from resilience.progress import Progress
from resilience.rehearsal.options import Options, default_rate_per_s
from resilience.rehearsal.run import deploy
from resilience.simulate.source import save_snapshot
from resilience.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Generator

    from resilience.oncall.diary import Entry
    from resilience.topology import Topology

SPEED: Final = 2.0
PAGE: Final = ROOT / "docs" / "reference" / "a-night-transcript.md"
HEAD: Final = """\
# A night on call

Typed against the staging stack in the emulator, twice as fast as real time.
`WRITE_TRANSCRIPT=1 ./run test tests/rehearsal/test_on_call.py -m long` writes this page anew.
That test holds the commands and how each of them ended to it, not the figures.

"""
EAST, WEST = "us-east-1", "us-west-2"
FOLLOWED_WITHIN_REAL_S: Final = 90.0
UNCOPIED: Final = 3
pytestmark = pytest.mark.long


@pytest.fixture
def stack(tmp_path: Path, release_zip: Path) -> Generator[tuple[Stage, Topology]]:
    with Stage.start(tmp_path / "emulator", speed=SPEED, seed=5) as stage:
        options = Options(
            stack="staging",
            project_dir=ROOT,
            config_file=stack_file(
                tmp_path / "Pulumi.night.yaml", {"failbackHoldSeconds": SHORT_HOLD_S}
            ),
            release=release_zip,
            scenario=None,
            speed=SPEED,
            seed=5,
            rate_per_s=default_rate_per_s(SPEED),
            out=Path(),
        )
        yield stage, deploy(stage, options, release_zip, Progress())


def until_well(night: Night, serving: str, *, within_s: float = 120) -> None:
    """Wait until every side sees every Region well, and clients are sent where they should be."""
    deadline_s = time.monotonic() + within_s
    while True:
        found = night.run("status", "--json")
        night.typed.pop()
        sight = json.loads(found.output)
        well = all(
            region["verdict"]
            and region["watchers"]
            and all(watch["reading"] == "target well" for watch in region["watchers"])
            for region in sight["regions"]
        )
        if well and sight["serving"] == serving:
            return
        assert time.monotonic() < deadline_s, f"not all is well: {found.output}"


def test_a_night_with_the_primary_and_the_control_plane_gone(
    stack: tuple[Stage, Topology],
    release_zip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage, topology = stack
    release = read_release(release_zip)
    assert release.golden, "answers are held against the release"
    night = Night(stage, tmp_path, monkeypatch)
    _look_while_all_is_well(night)
    save_snapshot(topology, tmp_path / "staging.json")
    _write_what_will_not_be_copied(Aws(stage.aws_environment), topology)
    with Clients(stage, topology, release, speed=SPEED, seed=5) as clients:
        _see_that_nobody_follows_no_word(clients, topology)
        night.note("## us-east-1 is gone, and Route 53's control plane with it")
        loss = stage.lose(EAST)
        _leave(night, clients, topology)
        night.note("## us-east-1 is back")
        stage.give_back(loss)
        _go_back(night, clients)
    _reconcile(night)
    assert night.run("capacity", "--demand", "50").code == 0
    assert night.run("capacity", "--demand", "51").code == 1
    night.typed.pop()
    night.run("status")
    _check_journals(tmp_path)

    replaced = {str(tmp_path): ".", stage.aws_environment["AWS_ENDPOINT_URL"]: "https://aws"}
    page = HEAD + transcript(night, replaced=replaced)
    if os.environ.get("WRITE_TRANSCRIPT"):
        PAGE.write_text(page, encoding="utf-8")
    kept = PAGE.read_text(encoding="utf-8")
    assert shape(kept) == shape(page), "write it anew: WRITE_TRANSCRIPT=1"


def _look_while_all_is_well(night: Night) -> None:
    """See both Regions well; what was read is kept from then on."""
    outputs = night.folder / "outputs.json"
    outputs.write_text(json.dumps(dict(night.stage.resources()["outputs"])))
    night.note("## Before anything is lost")
    until_read = night.run("status", "--outputs", str(outputs), "--json")
    night.typed.pop()
    assert json.loads(until_read.output)["missing"] == [], "it was read, and is kept from now on"
    until_well(night, EAST)
    while (seen := night.run("status")).code:  # an alarm of the deploy may come late
        night.typed.pop()
        until_well(night, EAST)
    assert seen.regions == {EAST, WEST}


def _see_that_nobody_follows_no_word(clients: Clients, topology: Topology) -> None:
    """While all is well the clients are served, and are not taken for such as have moved."""
    began_s = clients.clock.now_s()
    served = partial(clients.followed_s, began_s, away_from=WEST)
    wait_for(lambda: served() is not None, FOLLOWED_WITHIN_REAL_S, f"a window served by {EAST}")
    with pytest.raises(AssertionError, match="no client was ever served elsewhere"):
        promise_of(topology.timing, speed=SPEED).check(clients.followed_s(began_s, away_from=EAST))


def _leave(night: Night, clients: Clients, topology: Topology) -> None:
    """See what is lost and lead clients away from it, without a call to it."""
    seen = night.run("status", "--lost", EAST)
    assert seen.code == 1
    assert "read now as far as it answers" in seen.output
    assert "route53 list_resource_record_sets in us-east-1" in seen.output
    assert EAST not in seen.regions, "what is said to be lost is left alone"
    assert seen.took_s < 30, "the screen comes, whatever does not"
    left = night.run(
        "evacuate", EAST, "--reason", "INC-7: us-east-1 is gone", "--by", "ana", "--yes"
    )
    assert left.code == 0, left.output
    assert left.regions == {WEST}, "data planes of healthy Regions, and nothing else"
    night.note(_followed(clients, _journal(night, "evacuate"), topology))
    again = night.run("evacuate", EAST, "--reason", "INC-7 again", "--by", "ben", "--yes")
    night.typed.pop()
    assert again.code == 0
    assert "it is not asked again but followed" in again.output
    gone = night.run("reconcile", EAST, "--list")
    assert gone.code == 1
    assert "can be listed when it is back" in gone.output


def _journal(night: Night, kind: str) -> Entry:
    """Read the journal of the first command of a kind."""
    return read_entry(min(night.folder.glob(f"reports/*-{kind}/journal.json")))


def _followed(clients: Clients, evacuation: Entry, topology: Topology) -> str:
    """Hold what clients met against what is promised, by the time that the journal says."""
    asked_s = clients.clock.at_unix_s(evacuation.began_at.timestamp())
    followed = partial(clients.followed_s, asked_s, away_from=EAST)
    wait_for(lambda: followed() is not None, FOLLOWED_WITHIN_REAL_S, "clients served elsewhere")
    took_s, promise = followed(), promise_of(topology.timing, speed=SPEED)
    promise.check(took_s)
    return (
        f"Clients that asked all the while were served by {WEST} {took_s:.0f} emulated seconds "
        f"after the word: promised are {promise.promised_s:g} (one window of health checks and a "
        f"TTL), and a busy machine is allowed {promise.allowance_s:g} more."
    )


def _go_back(night: Night, clients: Clients) -> None:
    """Give the Region its traffic back; no client goes there before the flag is taken away."""
    back = night.run("failback", EAST, "--reason", "INC-7 is over", "--by", "ana", "--yes")
    assert back.code == 0, back.output
    for gate in ("well for the hold-down", "replication caught up", "capacity for it"):
        assert f": {gate}, says {WEST}" in back.output, "each gate is shown"
    assert "done: DNS leads clients there (us-east-1)" in back.output
    asked_s = clients.clock.at_unix_s(_journal(night, "failback").began_at.timestamp())
    cleared_s = clients.clock.at_unix_s(
        next(
            line.at.timestamp()
            for line in _journal(night, "failback").lines
            if line.what.startswith("done: no evacuation flag is set")
        )
    )
    early = [
        probe
        for probe in clients.settled()[0]
        if probe.region == EAST and asked_s <= probe.scheduled_s and probe.ended_s < cleared_s
    ]
    assert not early, "who was led away stays away until the failback"


def _reconcile(night: Night) -> None:
    """Copy what the Region held alone."""
    listed = night.run("reconcile", EAST, "--list")
    assert listed.code == 1
    # Besides them there may be what clients were told a moment ago, on its way already.
    assert _number(rf"{WEST} lacks (\d+) objects", listed.output) >= UNCOPIED
    replayed = night.run("reconcile", EAST, "--reason", "INC-7", "--by", "ana", "--yes")
    assert replayed.code == 0, replayed.output
    assert _number(r"copied and verified (\d+) \(", replayed.output) >= UNCOPIED


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found is not None, f"{pattern} is not in {text}"
    return int(found[1])


def _write_what_will_not_be_copied(aws: Aws, topology: Topology) -> None:
    """Put objects while no rule copies them: what a Region takes with it when it is lost."""
    bucket = topology.region(EAST).prediction_bucket.name
    reply = aws.call("s3", "get_bucket_replication", region=EAST, Bucket=bucket)
    rules = reply["ReplicationConfiguration"]
    off = {**rules, "Rules": [{**rule, "Status": "Disabled"} for rule in rules["Rules"]]}
    for configuration, writes in ((off, UNCOPIED), (rules, 0)):
        aws.call(
            "s3",
            "put_bucket_replication",
            region=EAST,
            Bucket=bucket,
            ReplicationConfiguration=configuration,
        )
        for number in range(writes):
            aws.call(
                "s3",
                "put_object",
                region=EAST,
                Bucket=bucket,
                Key=f"predictions/night/{number}.json",
                Body=f"prediction {number}".encode(),
            )


def _check_journals(folder: Path) -> None:
    """Who and why is kept for each command that changed something, and how it ended."""
    entries = [read_entry(path) for path in sorted(folder.glob("reports/*/journal.json"))]
    kinds = {(entry.kind, entry.by, entry.outcome) for entry in entries}
    assert {("evacuate", "ana", "done"), ("failback", "ana", "done")} <= kinds
    assert ("reconcile", "ana", "done") in kinds
    assert all(entry.reason.startswith("INC-7") for entry in entries)
