"""The history of drills is read from their journals, with trends and a plot."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "resilience"))
from journals import broken, journal

from resilience.cli import app
from resilience.experiments.history import in_bucket, in_folder
from resilience.journal import Journal, write_journal

runner = CliRunner()


def drill(day: int, outage_s: float, *, kind: str = "drill") -> Journal:
    """A drill of that day of January, with an outage that long."""
    made = journal(outage_s=outage_s)
    run = made.run.model_copy(
        update={
            "kind": kind,
            "scenario": "region-loss",
            "started_at": datetime(2026, 1, day, tzinfo=UTC),
        }
    )
    return made.model_copy(update={"run": run})


def filled(folder: Path) -> Path:
    write_journal(drill(9, 55.0), folder / "later" / "journal.json")
    write_journal(drill(2, 35.0), folder / "first" / "journal.json")
    write_journal(drill(16, 70.0), folder / "last" / "journal.json")
    write_journal(drill(3, 35.0, kind="rehearsal"), folder / "rehearsal" / "journal.json")
    (folder / "torn").mkdir()
    (folder / "torn" / "journal.json").write_text("{")
    return folder


def test_drills_are_listed_oldest_first_and_rehearsals_are_not(tmp_path: Path) -> None:
    history = in_folder(filled(tmp_path))
    assert [each.started_at.day for each in history.entries] == [2, 9, 16]
    assert [each.recovery_time_s for each in history.entries] == [35.0, 55.0, None]
    assert [each.verdict for each in history.entries] == ["met", "met", "missed"]
    assert len(history.unread) == 1, "a file that is no journal is named, not passed over"


def test_a_trend_tells_first_median_worst_and_last(tmp_path: Path) -> None:
    (trend,) = in_folder(filled(tmp_path)).trends()
    assert (trend.drills, trend.missed, trend.broken) == (3, 1, 0)
    assert (trend.first_s, trend.median_s, trend.worst_s, trend.last_s) == (35, 45, 55, 55)


def test_a_drill_that_broke_counts_as_broken_and_has_no_figure(tmp_path: Path) -> None:
    made = broken()
    run = made.run.model_copy(update={"kind": "drill", "scenario": "region-loss"})
    write_journal(made.model_copy(update={"run": run}), tmp_path / "journal.json")
    (trend,) = in_folder(tmp_path).trends()
    assert (trend.drills, trend.missed, trend.broken, trend.last_s) == (1, 0, 1, None)


def test_the_command_prints_the_history_and_draws_it(tmp_path: Path) -> None:
    folder, plot = filled(tmp_path / "reports"), tmp_path / "drills.svg"
    ended = runner.invoke(app, ["drills", "--from", str(folder), "--json", "--plot", str(plot)])
    assert ended.exit_code == 0, ended.output
    shown = json.loads(ended.stdout)
    assert [each["verdict"] for each in shown["drills"]] == ["met", "met", "missed"]
    assert "region-loss of staging" in plot.read_text()
    told = runner.invoke(app, ["drills", "--from", str(folder)])
    assert "missed 2026-01-16" in told.stdout
    assert "recovery first 35.0 s, median 45.0 s, worst 55.0 s, last 55.0 s" in " ".join(
        told.stdout.split()
    )


class Bucket:
    """As much of `Aws` as reads a bucket."""

    def __init__(self, folder: Path) -> None:
        self._objects = {
            f"drills/{path.relative_to(folder)}": path.read_bytes()
            for path in folder.rglob("*.json")
        }

    def pages(self, _service: str, _operation: str, **given: str) -> list[dict[str, object]]:
        assert (given["Bucket"], given["Prefix"]) == ("journals", "drills")
        return [{"Contents": [{"Key": key}]} for key in self._objects] + [{}]

    def call(self, _service: str, _operation: str, **given: str) -> dict[str, object]:
        return {"Body": io.BytesIO(self._objects[given["Key"]])}


def test_a_bucket_tells_what_a_folder_does(tmp_path: Path) -> None:
    folder = filled(tmp_path / "reports")
    bucket: Any = Bucket(folder)
    found = in_bucket(bucket, "s3://journals/drills", region="us-west-2")
    assert [each.started_at.day for each in found.entries] == [2, 9, 16]
    assert found.entries[0].where == "s3://journals/drills/first/journal.json"
    assert found.trends() == in_folder(folder).trends()


def test_a_folder_that_is_not_there_is_bad_usage(tmp_path: Path) -> None:
    assert runner.invoke(app, ["drills", "--from", str(tmp_path / "none")]).exit_code == 2
