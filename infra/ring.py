"""Who watches whom: every Region is judged by the next two in the settings' order.

Two, so that with any one Region lost every other one can still be evacuated. A stack of two
Regions has only one to spare.
"""

from collections.abc import Sequence
from typing import Final

_WATCHERS: Final = 2


def watchers_of(region: str, regions: Sequence[str]) -> tuple[str, ...]:
    """Return the Regions whose evacuation switches can take this one out, nearest first."""
    at = regions.index(region)
    others = [regions[(at + step) % len(regions)] for step in range(1, len(regions))]
    return tuple(others[:_WATCHERS])


def next_region(region: str, regions: Sequence[str]) -> str:
    """Return the Region that keeps the copies of this one's backups."""
    return regions[(regions.index(region) + 1) % len(regions)]


def watched_by(region: str, regions: Sequence[str]) -> tuple[str, ...]:
    """Return the Regions that this one's evacuation switch can take out."""
    return tuple(
        other for other in regions if other != region and region in watchers_of(other, regions)
    )
