"""Packages of the stack's own small functions: modules of `resilience`, and what they read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pulumi

FUNCTIONS: Final = "resilience/functions"

# What the stack's own clients have in common.
CLIENT: Final = ("client_credential", "golden_request", "metric_line")
# The failover brain: every module of it, whatever it is made of.
_BRAIN: Final = Path("resilience/failover")
# What runs a drill step by step, the experiments that it knows, and what both count by.
_DRILLS: Final = tuple(
    map(Path, ("resilience/experiments/core", "resilience/experiments/catalogue"))
)
_COUNTING: Final = ("experiments/chaos", "measurement", "objectives", "records")


def package(
    modules: Sequence[str],
    texts: Mapping[str, str],
    *,
    brain: bool = False,
    drills: bool = False,
) -> pulumi.AssetArchive:
    """Pack modules under their own names, so that they import each other as they do here.

    Args:
        modules: Names of modules of `resilience.functions`.
        texts: Files that lie beside them, by name.
        brain: Whether `resilience.failover` comes along.
        drills: Whether the stepper and the experiments of drills do.

    Raises:
        FileNotFoundError: One of these is not there: the program runs outside its project.
    """
    files = [f"{FUNCTIONS}/{each}.py" for each in modules]
    if brain:
        files += _whole(_BRAIN, "the failover brain, which observers decide by")
    if drills:
        for folder in _DRILLS:
            files += _whole(folder, "what the drill function runs")
        files += [f"resilience/{each}.py" for each in _COUNTING]
    assets: dict[str, pulumi.Asset | pulumi.Archive] = {
        each: pulumi.FileAsset(each) for each in files
    }
    assets |= {f"{FUNCTIONS}/{name}": pulumi.StringAsset(text) for name, text in texts.items()}
    return pulumi.AssetArchive(assets)


def _whole(folder: Path, what: str) -> list[str]:
    """Every module of a package, and none of its own packages."""
    if not (folder / "__init__.py").exists():
        raise FileNotFoundError(
            f"{folder} has no __init__.py: expected {what}; run the program from its project's own"
            f" folder, not from {Path.cwd()}"
        )
    return sorted(each.as_posix() for each in folder.glob("*.py"))
