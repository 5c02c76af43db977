"""Who watches whom: every Region is judged by the next one in the settings' order."""

from collections.abc import Sequence


def watcher_of(region: str, regions: Sequence[str]) -> str:
    """Return the Region whose evacuation switch can take this one out."""
    return regions[(regions.index(region) + 1) % len(regions)]


def watched_by(region: str, regions: Sequence[str]) -> tuple[str, ...]:
    """Return the Regions that this one's evacuation switch can take out."""
    return tuple(other for other in regions if watcher_of(other, regions) == region)
