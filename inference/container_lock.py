"""What a container image installs: the part of the lock that the joblib runtime needs.

Run while the image is built, by path and by an interpreter that has nothing else: standard library
only. Versions and hashes are the lock's, so that image and release were made with the same ones
(`inference.sklearn_runtime` refuses to load a model under another scikit-learn).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

NEEDED = (
    "cloudpickle",
    "joblib",
    "narwhals",
    "numpy",
    "scikit-learn",
    "scipy",
    "threadpoolctl",
)
"""scikit-learn, joblib, and all that they need at run time."""


def select(lock: str, names: tuple[str, ...] = NEEDED) -> str:
    """The blocks of a lock file that pin these packages.

    Args:
        lock: Requirements with hashes: a pin at the start of a line, what belongs to it indented.
        names: The packages.

    Raises:
        ValueError: The lock does not pin one of them, or not by hashes.
    """
    blocks = [each for each in re.split(r"^(?=\S)", lock, flags=re.MULTILINE) if each.strip()]
    chosen: list[str] = []
    for name in names:
        found = [each for each in blocks if re.match(rf"{re.escape(name)}==", each)]
        if not found or not all("--hash=sha256:" in each for each in found):
            raise ValueError(
                f"the lock has no {name} pinned by hashes; compile it again with ./run lock"
            )
        chosen += found
    return "".join(chosen)


if __name__ == "__main__":
    sys.stdout.write(select(Path(sys.argv[1]).read_text(encoding="utf-8")))
