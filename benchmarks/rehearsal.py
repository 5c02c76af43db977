"""A whole rehearsal at the default speed: wall time, and the memory of everything it starts."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.processes import PeakMemory
from benchmarks.table import Row

ROOT = Path(__file__).resolve().parents[1]
GIB = 1024**3


def measure() -> list[Row]:
    """Run `./run rehearse --json` once, as a user would; the set-up is already done."""
    with tempfile.TemporaryDirectory() as folder:
        started_s = time.perf_counter()
        rehearsal = subprocess.Popen(
            ["./run", "rehearse", "--json", "--out", folder],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        with PeakMemory(rehearsal.pid) as memory:
            output, _ = rehearsal.communicate()
        wall_s = time.perf_counter() - started_s
    if rehearsal.returncode != 0:
        message = f"the rehearsal ended with {rehearsal.returncode}; expected 0: {output}"
        raise RuntimeError(message)
    json.loads(output)  # --json prints the summary and nothing else
    return [
        Row(figure="rehearsal at the default speed, s", value=wall_s, at_most=240),
        Row(
            figure="peak memory of all its processes, GiB", value=memory.peak_bytes / GIB, at_most=2
        ),
    ]
