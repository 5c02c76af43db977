"""The command: lists, asks, refuses, restores, and writes down who, why and every figure."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from emulator.administrator import ACCESS_KEY, SECRET_KEY
from resilience.cli import app
from resilience.journal import read_journal
from resilience.restore.errors import RestoreFailedError
from resilience.restore.waiting import Wait
from resilience.topology_cache import Kept, TopologyCache
from tests.contract.backup.region_pair import ACCOUNT, EAST, WEST
from tests.contract.restore.ground import PREDICTIONS, PREFIX, RELEASES, Ground
from tests.unit.resilience import topologies

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

DATED = ("--from", "point-in-time", "--at", "2027-01-14T00:00:00Z", "--region", WEST)
WHY = ("--reason", "p/2 was overwritten", "--by", "me")
RESTORE = ("--what", "predictions", *DATED, *WHY)
NEEDED = (
    *("regionalName", "loadBalancerArn", "listenerArn", "targetGroupArn", "functionName"),
    *("aliasName", "evacuationFunctionName", "evacuationBucket", "deepCheckId", "servingCheckId"),
    "objectivesParameter",
)


class Operator:
    """Somebody at a terminal that is none, with the stack's outputs in a file."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.out = folder / "out"
        self._outputs = folder / "outputs.json"
        self._outputs.write_text(json.dumps(outputs()))
        self.environment = {
            "XDG_CACHE_HOME": str(folder / "cache"),
            "AWS_ENDPOINT_URL": ground.cloud.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }

    def run(self, *arguments: str, stack: str = "test") -> Result:
        return self.run_without_outputs("--outputs", str(self._outputs), *arguments, stack=stack)

    def run_without_outputs(self, *arguments: str, stack: str = "test") -> Result:
        words = ["restore", "--stack", stack, *arguments, "--out", str(self.out)]
        return CliRunner().invoke(app, words, env=self.environment)


def outputs() -> dict[str, Any]:
    regions = [
        dict.fromkeys(NEEDED, "-")
        | {
            "region": region,
            "releaseBucket": RELEASES[region],
            "predictionBucket": PREDICTIONS[region],
            "evacuationCheckIds": {},
        }
        for region in (EAST, WEST)
    ]
    named = {"project": "understudy", "stack": "test", "tableName": PREFIX, "regions": regions}
    return named | {"zoneId": "Z", "zoneName": "z", "predictName": "predict.z"}


@pytest.fixture
def operator(ground: Ground, tmp_path: Path) -> Operator:
    ground.write(PREDICTIONS, "p/2", b"overwritten\n", days_ago=0.5)
    return Operator(ground, tmp_path)


def test_a_restore_is_written_down_with_who_why_and_every_figure(
    ground: Ground, operator: Operator
) -> None:
    done = operator.run(*RESTORE, "--switch", "--yes", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    journal = read_journal(operator.out / "journal.json")
    found = journal.restore
    assert found is not None
    assert (journal.verdict, journal.run.kind, found.by) == ("met", "restore", "me")
    assert (found.reason, found.count, found.size_bytes) == ("p/2 was overwritten", 2, 27)
    assert found.switched is not None
    assert found.switched.brought == ["p/2"]
    assert told["restore"]["digest"] == found.digest
    assert [(each.objective, each.bound, each.met) for each in journal.verdicts] == [
        ("restore_s", 3600, True)
    ]
    assert ground.body(PREDICTIONS[WEST], "p/2") == b"two, and a little more\n"
    page = (operator.out / "report.html").read_text()
    for figure in (found.digest, found.digests["p/2"], found.place, ">27<", "objective 3600 s"):
        assert figure in page, f"the report says {figure}"
    assert not re.search(r"(?:src|href)\s*=|<script", page), "it reaches out to nothing"
    HTMLParser().feed(page)


def test_a_stack_that_was_read_here_before_is_restored_without_outputs_and_pulumi(
    operator: Operator,
) -> None:
    listing = ("--what", "predictions", "--list")
    nobody = operator.run_without_outputs(*listing)
    assert nobody.exit_code == 2
    assert "--outputs outputs.json" in " ".join(nobody.output.split()), "how to give them"
    topology = replace(topologies.topology(2), stack="test")
    read = Kept(account=ACCOUNT, seen_at=datetime.now(UTC), outputs=outputs(), topology=topology)
    TopologyCache(operator.environment).keep(read)
    known = operator.run_without_outputs(*listing)
    assert known.exit_code == 0, known.output
    assert f"object versions in {WEST}: {PREDICTIONS[WEST]}" in known.output


def test_what_is_too_late_is_missed_and_what_is_wrong_is_not_restored(
    operator: Operator,
) -> None:
    late = operator.run(*RESTORE, "--yes", "--within", "0.000001")
    assert late.exit_code == 1, "an objective that is missed"
    assert "verified: understudy-test-restored-predictions-" in late.output
    assert "next: the same command with --switch" in late.output
    digests = operator.out.parent / "digests"
    digests.write_text("0" * 64 + "  p/1\n")
    wrong = operator.run(*RESTORE, "--yes", "--digests", str(digests))
    assert wrong.exit_code == 1
    assert "NOT RESTORED" in wrong.output
    assert "p/1 has the digest" in wrong.output
    journal = read_journal(operator.out / "journal.json")
    assert journal.missed() == ["restore_s", "what came back is what was there"]


def test_it_lists_what_there_is_and_what_restores_have_left(
    ground: Ground, operator: Operator
) -> None:
    ground.back_up(f"arn:aws:s3:::{PREDICTIONS[EAST]}")
    operator.run(*RESTORE, "--yes")
    listed = operator.run("--what", "predictions", "--list")
    assert listed.exit_code == 0
    assert "recovery points of predictions: 2" in listed.output
    assert f"object versions in {WEST}: {PREDICTIONS[WEST]}, any moment from 2027" in listed.output
    [place] = re.findall(rf"place (\S+) in {WEST}: verified", listed.output)
    known = json.loads(operator.run("--what", "predictions", "--list", "--json").stdout)
    assert [each["region"] for each in known["recovery_points"]] == [WEST, EAST]
    gone = ("--what", "predictions", "--discard", place, "--region", WEST, *WHY, "--yes")
    assert operator.run(*gone).exit_code == 0
    assert place not in operator.run("--what", "predictions", "--list").output
    assert operator.run(*gone).exit_code == 3, "it is not there"


def test_a_rehearsal_says_what_it_took_and_leaves_nothing(
    ground: Ground, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.back_up(f"arn:aws:s3:::{PREDICTIONS[EAST]}")
    quick = Wait(at_most_s=60, sleep=lambda _s: ground.seconds(10))
    monkeypatch.setattr("resilience.restore.engine.Wait", lambda **_: quick)
    done = operator.run("--what", "predictions", "--rehearse", *WHY, "--yes")
    assert done.exit_code == 0, done.output
    assert "2 objects, 16 bytes; digests verified: 2" in done.output
    found = read_journal(operator.out / "journal.json").restore
    assert found is not None
    assert (found.purpose, found.region) == ("rehearsal", WEST)
    assert f"place {found.place}" not in operator.run("--what", "predictions", "--list").output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (RESTORE, "nobody is there to be asked"),
        (("--what", "predictions", *DATED, "--yes"), "expected why this is done"),
        ((*RESTORE[:4], *WHY, "--yes"), "expected the moment that is wanted back"),
        ((*RESTORE[:4], "--at", "yesterday", *WHY, "--yes"), "expected a time in ISO 8601"),
        (("--what", "releases", *WHY, "--yes"), "there is no backup of releases"),
        (("--what", "releases", "--rehearse", *WHY, "--yes"), "there is no copy of releases"),
        ((*RESTORE, "--into", "mine", "--yes"), "expected a name that begins with"),
        (
            ("--what", "releases", "--discard", "x", *WHY, "--yes"),
            "the Region that the place is in",
        ),
    ],
)
def test_what_it_cannot_or_may_not_do_is_refused_with_2(
    ground: Ground, operator: Operator, arguments: tuple[str, ...], expected: str
) -> None:
    done = operator.run(*arguments)
    assert done.exit_code == 2, done.output
    assert expected in re.sub(r"[\s│]+", " ", done.output)
    buckets = ground.client("s3", WEST).list_buckets()["Buckets"]
    assert not [each for each in buckets if "restored" in each["Name"]], "nothing was made"


def test_outputs_of_another_stack_are_refused(operator: Operator) -> None:
    done = operator.run(*RESTORE, "--yes", stack="prod")
    assert (done.exit_code, "this is stack test: expected prod" in done.output) == (2, True)


def test_what_is_lost_is_named_and_not_needed(ground: Ground, operator: Operator) -> None:
    ground.cloud.faults.lose("bucket", PREDICTIONS[WEST])
    done = operator.run("--what", "predictions", *DATED[:4], "--region", EAST, *WHY, "--yes")
    assert done.exit_code == 0, "the other Region's own bucket tells as well"
    ground.cloud.faults.lose("region", EAST)
    done = operator.run("--what", "predictions", "--list")
    assert (done.exit_code, "not seen: us-east-1" in done.output) == (0, True)


def test_a_restore_that_breaks_is_written_down_as_broken(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise RestoreFailedError("restore job 1 in us-west-2 is ABORTED: by hand")

    monkeypatch.setattr("resilience.restore.filling.from_versions", gone)
    done = operator.run(*RESTORE, "--yes")
    assert (done.exit_code, "not restored: restore job 1" in done.output) == (3, True)
    journal = read_journal(operator.out / "journal.json")
    assert (journal.verdict, journal.restore) == ("broken", None)
    assert journal.notes[0] == "asked for by me: p/2 was overwritten"
    listed = operator.run("--what", "predictions", "--list").output
    assert re.search(rf"place \S+ in {WEST}: begun", listed), "and it is not called restored"
    monkeypatch.undo()
    assert operator.run(*RESTORE, "--yes").exit_code == 0, "the same again goes on"
