"""What is different between two looks, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.oncall.concerns import Concern
    from resilience.oncall.sight import Sight


def changes(
    before: Sight,
    after: Sight,
    concerns_before: tuple[Concern, ...],
    concerns_after: tuple[Concern, ...],
) -> tuple[str, ...]:
    """List what changed, who serves first.

    Of concerns, what they are about counts: figures in them change at every look.
    """
    return (
        *_serving(before, after),
        *_phases(before, after),
        *_epoch(before, after),
        *(f"no more: {each}" for each in _abouts(concerns_before, concerns_after)),
        *(f"new: {each}" for each in _abouts(concerns_after, concerns_before)),
    )


def _serving(before: Sight, after: Sight) -> Iterator[str]:
    if before.serving != after.serving:
        yield f"clients are sent to {after.serving or 'nobody knows'}, before to {before.serving}"


def _phases(before: Sight, after: Sight) -> Iterator[str]:
    def phases(sight: Sight) -> dict[tuple[str, str], str]:
        return {
            (region.region, watch.watcher): watch.phase
            for region in sight.regions
            for watch in region.watchers
        }

    known = phases(before)
    for (region, watcher), phase in phases(after).items():
        if known.get((region, watcher), phase) != phase:
            yield f"{watcher} on {region}: {known[region, watcher]} -> {phase}"


def _epoch(before: Sight, after: Sight) -> Iterator[str]:
    if before.epoch is not None and after.epoch is not None and before.epoch != after.epoch:
        word = "holds" if after.epoch.holds else "does not hold"
        yield f"{after.epoch.holder} {word} epoch {after.epoch.number}"


def _abouts(these: tuple[Concern, ...], those: tuple[Concern, ...]) -> list[str]:
    known = {_key(concern) for concern in those}
    return [f"{concern.about}: {concern.what}" for concern in these if _key(concern) not in known]


def _key(concern: Concern) -> tuple[str, str]:
    figureless = "".join(each for each in concern.what if not each.isdigit())
    return concern.about, figureless
