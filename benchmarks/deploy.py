"""How long it takes to deploy the staging program's two Regions into the emulator."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import Row
from emulator.handle import EmulatorHandle

ROOT = Path(__file__).resolve().parents[1]


def measure() -> list[Row]:
    """Deploy staging into a fresh emulator, then again with nothing changed."""
    with tempfile.TemporaryDirectory() as folder:
        release = Path(folder) / "release"
        subprocess.run(
            [sys.executable, "-m", "inference", "release", "--out", str(release)],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        config = {"understudy:release": str(release / "release.zip")}
        with EmulatorHandle.start(Path(folder) / "emulator") as emulator:
            started_s = time.perf_counter()
            first = emulator.deploy(ROOT, "staging", config=config)
            first_s = time.perf_counter() - started_s
            started_s = time.perf_counter()
            emulator.deploy(ROOT, "staging", config=config)
            again_s = time.perf_counter() - started_s
    resources = sum(first.summary.values())
    return [
        Row(figure="deploy of two Regions, s", value=first_s, at_most=15),
        Row(figure="resources in that deploy", value=resources),
        Row(figure="deploy with nothing changed / first deploy", value=again_s / first_s),
    ]
