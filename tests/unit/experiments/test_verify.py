"""A journal is recomputed from its own evidence, and whoever changed it is found out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "resilience"))
from journals import broken, journal

from resilience.cli import app
from resilience.experiments.verify import differences
from resilience.journal import digest_of, read_journal, write_journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.journal import Journal

runner = CliRunner()


def written(tmp_path: Path, change: Callable[[dict[str, Any]], None] | None = None) -> Path:
    """A whole journal on disk, perhaps tampered with there."""
    path = tmp_path / "journal.json"
    whole: Journal = journal()
    # The fixture's topology and marks are made up: what is checked against them is left out.
    events = [
        *whole.timeline,
        {"at_s": 49.5, "kind": "check.unhealthy", "detail": "", "region": "us-east-1"},
        {"at_s": 50.0, "kind": "dns.answer", "detail": "", "region": "us-west-2"},
    ]
    write_journal(whole, path)
    content = json.loads(path.read_text())
    content["timeline"] = [e if isinstance(e, dict) else vars_of(e) for e in events]
    if change is not None:
        change(content)
    path.write_text(json.dumps(content))
    return path


def vars_of(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in ("at_s", "kind", "detail", "region")}


def better_recovery(content: dict[str, Any]) -> None:
    content["measurements"]["recovery"]["recovery_time_s"] = 1.0


def fewer_bad_probes(content: dict[str, Any]) -> None:
    probes = content["raw"]["probes"]
    good = probes["outcome"][0]
    probes["outcome"] = [good] * len(probes["outcome"])


def looser_objective(content: dict[str, Any]) -> None:
    content["verdicts"][0]["bound"] = 900


def passed_after_all(content: dict[str, Any]) -> None:
    content["verdict"] = "missed"


def later_onset(content: dict[str, Any]) -> None:
    content["raw"]["marks"]["onset_s"] = 45.0


def verdict_left_out(content: dict[str, Any]) -> None:
    content["verdicts"] = [v for v in content["verdicts"] if v["objective"] != "rpo_s"]


def evidence_left_out(content: dict[str, Any]) -> None:
    content["raw"] = None


TAMPERED = [
    (better_recovery, "measurements.recovery.recovery_time_s"),
    (fewer_bad_probes, "digest of the evidence"),
    (fewer_bad_probes, "measurements.bad_probes"),
    (looser_objective, "verdict on rto_s"),
    (passed_after_all, "verdict"),
    (later_onset, "onset in seconds"),
    (verdict_left_out, "verdict on rpo_s"),
    (evidence_left_out, "evidence"),
]


def test_a_journal_as_it_was_written_verifies(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert differences(read_journal(path)) == ()
    ended = runner.invoke(app, ["verify", str(path)])
    assert ended.exit_code == 0, ended.output


@pytest.mark.parametrize(("tamper", "named"), TAMPERED)
def test_a_tampered_journal_is_found_and_what_differs_is_named(
    tmp_path: Path, tamper: Callable[[dict[str, Any]], None], named: str
) -> None:
    path = written(tmp_path, tamper)
    assert named in {each.what for each in differences(read_journal(path))}
    ended = runner.invoke(app, ["verify", str(path)])
    assert ended.exit_code == 1, "a journal that does not follow from its evidence is a failure"
    assert named in ended.output


def test_the_digest_does_not_depend_on_the_order_of_sets(tmp_path: Path) -> None:
    path = tmp_path / "journal.json"
    write_journal(journal(), path)
    for _ in range(3):
        read = read_journal(path)
        assert read.raw is not None
        assert digest_of(read.raw) == read.raw_digest
        content = json.loads(path.read_text())
        content["raw"]["marks"]["takeover_addresses"].reverse()
        path.write_text(json.dumps(content))


def test_a_broken_run_has_nothing_to_verify(tmp_path: Path) -> None:
    path = tmp_path / "journal.json"
    write_journal(broken(), path)
    ended = runner.invoke(app, ["verify", str(path), "--json"])
    assert ended.exit_code == 0
    assert json.loads(ended.stdout) == {
        "journal": str(path),
        "verifiable": False,
        "differences": [],
    }


def test_a_run_of_another_kind_is_said_to_hold_no_evidence(tmp_path: Path) -> None:
    def simulated(content: dict[str, Any]) -> None:
        content["run"]["kind"], content["raw"] = "simulation", None

    ended = runner.invoke(app, ["verify", str(written(tmp_path, simulated))])
    assert ended.exit_code == 0
    assert "holds no evidence to recompute" in " ".join(ended.output.split())


def test_what_is_no_journal_is_bad_usage(tmp_path: Path) -> None:
    path = tmp_path / "journal.json"
    path.write_text("{}")
    assert runner.invoke(app, ["verify", str(path)]).exit_code == 2
