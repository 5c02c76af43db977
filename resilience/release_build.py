"""Builds the release a run deploys, as its user would: by the inference package's own command."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from resilience.golden import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_S = 300
LAST_LINES = 15


def build_release(project_dir: Path, out: Path) -> Path:
    """Build a release into `out` and return its zip.

    Raises:
        ReleaseError: the build failed; says how.
    """
    command = [sys.executable, "-m", "inference", "release", "--out", str(out)]
    try:
        done = subprocess.run(
            command, cwd=project_dir, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ReleaseError(f"building the release took more than {TIMEOUT_S} s") from error
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).splitlines()[-LAST_LINES:])
        raise ReleaseError(
            f"building the release failed with exit code {done.returncode}; by hand: "
            f"{' '.join(command)}\n{tail}"
        )
    return out / "release.zip"
