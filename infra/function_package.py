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


def package(
    modules: Sequence[str], texts: Mapping[str, str], *, brain: bool = False
) -> pulumi.AssetArchive:
    """Pack modules under their own names, so that they import each other as they do here.

    Args:
        modules: Names of modules of `resilience.functions`.
        texts: Files that lie beside them, by name.
        brain: Whether `resilience.failover` comes along.

    Raises:
        FileNotFoundError: The brain is not there: the program runs outside its project.
    """
    files = [f"{FUNCTIONS}/{each}.py" for each in modules]
    if brain:
        if not (_BRAIN / "__init__.py").exists():
            raise FileNotFoundError(
                f"{_BRAIN} has no __init__.py: expected the failover brain, which observers decide "
                f"by; run the program from its project's own folder, not from {Path.cwd()}"
            )
        files += sorted(each.as_posix() for each in _BRAIN.glob("*.py"))
    assets: dict[str, pulumi.Asset | pulumi.Archive] = {
        each: pulumi.FileAsset(each) for each in files
    }
    assets |= {f"{FUNCTIONS}/{name}": pulumi.StringAsset(text) for name, text in texts.items()}
    return pulumi.AssetArchive(assets)
