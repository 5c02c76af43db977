"""Memory of a whole process tree, sampled from outside it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Self

PERIOD_S = 0.5


def tree_rss_bytes(root_pid: int) -> int:
    """Resident memory of a process and all its descendants now, in bytes (Linux's /proc)."""
    parents: dict[int, int] = {}
    resident: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = status.read_text().splitlines()
        except OSError:  # it ended while we looked
            continue
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
        pid = int(fields["Pid"])
        parents[pid] = int(fields["PPid"])
        resident[pid] = int(fields.get("VmRSS", "0 kB").split()[0]) * 1024
    tree = {root_pid}
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in tree} - tree
        tree |= more
        grown = bool(more)
    return sum(resident.get(pid, 0) for pid in tree)


class PeakMemory:
    """Samples a process tree's resident memory until left; shared pages count once a process."""

    def __init__(self, root_pid: int) -> None:
        self.peak_bytes = 0
        self._root_pid = root_pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def _sample(self) -> None:
        while not self._stop.wait(PERIOD_S):
            self.peak_bytes = max(self.peak_bytes, tree_rss_bytes(self._root_pid))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
