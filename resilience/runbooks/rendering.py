"""Renders runbooks of a deployed stack: those of what it has, each name looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from resilience.runbooks.look_up import look_up
from resilience.runbooks.names import Place, names_of
from resilience.runbooks.parts import PARTS
from resilience.runbooks.render import Runbook, render, wanted
from resilience.topology import TopologyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resilience.aws import Aws
    from resilience.runbooks.page import Page
    from resilience.topology import Topology

PROCEDURES: Final = frozenset(
    {
        "deploy-while-a-region-is-down",
        "drill-gone-wrong",
        "evacuation",
        "failback",
        "region-loss",
        "restore",
        "roll-back-a-model",
    }
)
"""Runbooks that no alarm leads to; every other one is an alarm's."""


class NotDeployedError(Exception):
    """A runbook names what is not there; says what, and what to do."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            "these names would lead to what is not deployed:\n"
            + "\n".join(f"  - {each}" for each in missing)
            + "\ndeploy the stack again, or look whether it is another stack or account"
        )
        self.missing = tuple(missing)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What to render for: Regions by name, None for the stack's own order."""

    topology: Topology
    region: str | None
    about: str | None
    options: str

    def place(self, region: str) -> Place:
        """Give the place in a Region; the other one is the next in the stack's order.

        Raises:
            TopologyError: the stack has no such Region, or it is the same one twice.
        """
        order = [each.region for each in self.topology.regions]
        here = self.topology.region(region).region
        about = self.about or order[(order.index(here) + 1) % len(order)]
        if self.topology.region(about).region == here:
            raise TopologyError(
                f"{here} is given twice: expected another Region than that for --about"
            )
        return Place(topology=self.topology, region=here, about=about, options=self.options)

    def places(self) -> tuple[Place, ...]:
        """Give the place in the Region that was asked for, or those in each, the primary first."""
        if self.region is not None:
            return (self.place(self.region),)
        regions = [region.region for region in self.topology.order]
        return tuple(self.place(region) for region in regions if region != self.about)


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """Runbooks of a place, and why some are none of its stack's, by their names."""

    runbooks: tuple[Runbook, ...]
    left_out: Mapping[str, str]


def rendered(aws: Aws, pages: Sequence[Page], place: Place) -> Rendered:
    """Render pages for a place, without those of what the stack's settings leave out. Reads only.

    Raises:
        NotDeployedError: they name what is not there.
    """
    found: list[Runbook] = []
    missing: list[str] = []
    left_out = _left_out(aws, pages, place)
    for page in pages:
        if page.slug in left_out:
            continue
        of_alarm = page.slug not in PROCEDURES
        names = names_of(place, page.slug)
        seen = look_up(aws, names, wanted(page, of_alarm=of_alarm))
        missing += [f"{page.slug}: {each}" for each in seen.missing]
        found.append(render(page, place, names, seen, of_alarm=of_alarm))
    if missing:
        raise NotDeployedError(missing)
    return Rendered(runbooks=tuple(found), left_out=left_out)


def _left_out(aws: Aws, pages: Sequence[Page], place: Place) -> dict[str, str]:
    """Say why pages are left out, by their names: the part that they go with is not there."""
    found: dict[str, str] = {}
    for part in PARTS:
        here = sorted(part.pages & {page.slug for page in pages})
        names = names_of(place, here[0]) if here else {}
        if here and look_up(aws, names, [part.anchor]).missing:
            found |= dict.fromkeys(here, part.left_out(names[part.anchor].value))
    return found
