"""A long run that was interrupted goes on, and comes to what it would have come to in one go."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import pytest
from topologies import topology

from resilience.progress import Progress
from resilience.simulate import run as running
from resilience.simulate.kept import Kept, KeptError, key_of
from resilience.simulate.options import Options
from resilience.simulate.play import Chunk, Done, Found, Plan, play
from resilience.simulate.run import simulate_stack
from resilience.simulate.tally import Row
from resilience.simulator import Violation

if TYPE_CHECKING:
    from pathlib import Path

DONE = Done(
    first=100,
    rows=(
        Row(
            place=3,
            recovery_s=inf,
            parts_s=(0.1, 0.2, 0.3, 0.4, 1 / 3),
            loss_s=2 / 3,
            availability_ratio=0.9999999,
            events=12,
            violated=True,
        ),
    ),
    broken={"a rule": 2},
    found=(Found(index=100, violation=Violation(rule="a rule", at_s=1 / 7, detail="seen")),),
)


def test_a_chunk_is_kept_to_the_last_bit(tmp_path: Path) -> None:
    Kept(tmp_path, "key").put(DONE)
    again = Kept(tmp_path, "key")
    assert (100 in again, 0 in again, len(again)) == (True, False, 1)
    assert again.get(100) == DONE


def test_a_line_that_was_cut_off_is_played_again(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "key")
    kept.put(DONE)
    kept.put(replace(DONE, first=200))
    path = tmp_path / "chunks"
    path.write_bytes(path.read_bytes()[:-7])
    again = Kept(tmp_path, "key")
    assert (100 in again, 200 in again) == (True, False)
    again.put(replace(DONE, first=200))
    assert Kept(tmp_path, "key").get(200).rows == DONE.rows


def test_another_run_is_refused(tmp_path: Path) -> None:
    Kept(tmp_path, "key")
    with pytest.raises(KeptError, match="keeps another run"):
        Kept(tmp_path, "other")


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeptError, match="cannot be used"):
        Kept(tmp_path / "file" / "x", "key")


def test_a_run_is_known_by_all_that_decides_it() -> None:
    keys = {
        key_of("commit", "topology", Plan(seed=1)),
        key_of("other", "topology", Plan(seed=1)),
        key_of("commit", "other", Plan(seed=1)),
        key_of("commit", "topology", Plan(seed=2)),
        key_of("commit", "topology", Plan(seed=1, classes=("cold",))),
        key_of("commit", "topology", Plan(seed=1, duration_s=600.0)),
    }
    assert len(keys) == 6


def test_an_interrupted_run_comes_to_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = Options(
        stack="staging",
        project_dir=tmp_path,
        scenarios=250,
        plan=Plan(seed=5, classes=("cold", "observer-dead")),
        workers=1,
        what_ifs=False,
        way="",
    )
    with Progress() as progress:
        whole = simulate_stack(topology(), options, progress)
        played: list[int] = []

        def until_interrupted(chunk: Chunk) -> Done:
            if len(played) == 1:
                raise KeyboardInterrupt
            played.append(chunk.first)
            return play(chunk)

        monkeypatch.setattr(running, "play", until_interrupted)
        kept = replace(options, resume=tmp_path / "kept")
        with pytest.raises(KeyboardInterrupt):
            simulate_stack(topology(), kept, progress)
        monkeypatch.setattr(
            running, "play", lambda chunk: (played.append(chunk.first), play(chunk))[1]
        )
        gone_on = simulate_stack(topology(), kept, progress)
    assert gone_on == whole
    assert played == [0, 100, 200], "the first chunk is not played again"
