"""How long the staging program takes to deploy into the emulator: two, three and five Regions.

Each number of Regions is deployed into a fresh emulator, turn by turn, and the faster of two
turns counts: the machine's other work slows a turn down, and nothing speeds one up. A deploy may
grow with its Regions and no faster, so the time per Region must not rise.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.table import Row
from emulator.handle import EmulatorHandle

ROOT = Path(__file__).resolve().parents[1]
REGIONS: Final = ("us-east-1", "us-west-2", "eu-west-1", "ap-south-1", "sa-east-1")
COUNTS: Final = (2, 3, 5)
TURNS: Final = 2
LINEAR: Final = 1.1
"""Time per Region over that of two Regions; a tenth is what this machine's turns differ by."""


@dataclass(frozen=True)
class Turn:
    """One deploy into an empty emulator, and one more with nothing changed."""

    first_s: float
    again_s: float
    resources: int


def measure() -> list[Row]:
    """Deploy staging into fresh emulators, and again with nothing changed."""
    with tempfile.TemporaryDirectory() as folder:
        release = Path(folder) / "release"
        subprocess.run(
            [sys.executable, "-m", "inference", "release", "--out", str(release)],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        turns = {count: list[Turn]() for count in COUNTS}
        for number in range(TURNS):
            for count in COUNTS:
                work = Path(folder) / f"emulator-{number}-{count}"
                turns[count].append(_deploy(work, release / "release.zip", REGIONS[:count]))
    best = {count: min(each, key=lambda turn: turn.first_s) for count, each in turns.items()}
    rows: list[Row] = []
    for count, turn in best.items():
        rows += _rows(count, turn, best[COUNTS[0]])
    return rows


def _deploy(work: Path, release: Path, regions: tuple[str, ...]) -> Turn:
    config = {"understudy:release": str(release), "understudy:regions": json.dumps(regions)}
    with EmulatorHandle.start(work) as emulator:
        started_s = time.perf_counter()
        first = emulator.deploy(ROOT, "staging", config=config)
        first_s = time.perf_counter() - started_s
        started_s = time.perf_counter()
        emulator.deploy(ROOT, "staging", config=config)
        again_s = time.perf_counter() - started_s
    return Turn(first_s, again_s, sum(first.summary.values()))


def _rows(count: int, turn: Turn, two: Turn) -> list[Row]:
    rows = [
        Row(figure=f"deploy of {count} Regions, s", value=turn.first_s),
        Row(figure=f"resources in {count} Regions", value=turn.resources),
        Row(
            figure=f"{count} Regions: deploy with nothing changed / first deploy",
            value=turn.again_s / turn.first_s,
        ),
    ]
    if turn is not two:
        per_region_s, per_region_of_two_s = turn.first_s / count, two.first_s / COUNTS[0]
        rows.append(
            Row(
                figure=f"time per Region, {count} Regions / {COUNTS[0]} Regions",
                value=per_region_s / per_region_of_two_s,
                at_most=LINEAR,
                detail=f"{per_region_s:.2f} s / {per_region_of_two_s:.2f} s",
            )
        )
    return rows
