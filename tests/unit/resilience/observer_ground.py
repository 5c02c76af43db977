"""A whole stack's data planes for observers under test: one table, buckets, names, a clock."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from resilience.failover import Place, Settings
from resilience.functions.observer_look import Run, WorldError
from resilience.functions.observer_senses import Config, Probe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resilience.functions.observer_memory import Item

EAST, WEST = "us-east-1", "us-west-2"
REGIONS = (EAST, WEST)
RELEASE = "a" * 64
LOOK_S = 10.0
SETTINGS = Settings(agreement_s=20, hold_down_s=30, stale_after_s=30, lease_s=60)


def config(region: str, *, regions: tuple[str, ...] = REGIONS) -> Config:
    """What an observer in a Region of two is deployed with."""
    others = tuple(each for each in regions if each != region)
    return Config(
        place=Place(region=region, order=regions, deputy=others[0]),
        watched=others,
        names={each: f"predict.{each}.example" for each in others},
        verdicts={each: f"verdict.{each}.example" for each in regions},
        release=RELEASE,
        settings=SETTINGS,
        look_s=LOOK_S,
        caught_up_s=300,
    )


@dataclass
class Ground:
    """What all Regions share: who is well, and what time it is. Replication is at once."""

    at_s: float = 1_800_000_000.0
    lost: set[str] = field(default_factory=set[str])
    releases: dict[str, str] = field(default_factory=dict[str, str])
    observers: dict[str, Item] = field(default_factory=dict[str, "Item"])
    intents: dict[str, Item] = field(default_factory=dict[str, "Item"])
    flags: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    markers: dict[tuple[str, str], list[tuple[int, int]]] = field(
        default_factory=dict[tuple[str, str], list[tuple[int, int]]]
    )


class HandWorld:
    """One Region's `World`, over a ground that a test moves by hand.

    `failing` names methods that are refused; `told` and `steps` are what was done, in order.
    """

    def __init__(self, ground: Ground, region: str) -> None:
        self.ground = ground
        self.region = region
        self.failing: set[str] = set()
        self.told: list[tuple[str, Mapping[str, Any]]] = []
        self.steps: list[str] = []
        ground.flags.setdefault(region, set())

    def now_s(self) -> float:
        return self.ground.at_s

    def items(self) -> tuple[dict[str, Item], dict[str, Item]]:
        self._try("items")
        return copy.deepcopy(self.ground.observers), copy.deepcopy(self.ground.intents)

    def write(self, item: Item, *, over_version: int | None) -> bool:
        self._try("write")
        held = self.ground.observers.get(self.region, {}).get("version", {}).get("N")
        if held != (None if over_version is None else str(over_version)):
            return False
        self.ground.observers[self.region] = copy.deepcopy(item)
        return True

    def probe(self, target: str) -> Probe:
        self._try("probe")
        well = target not in self.ground.lost
        return Probe(well=well, release=self.ground.releases.get(target, RELEASE) if well else "")

    def many(self, target: str) -> bool:
        self._try("many")
        return target not in self.ground.lost

    def verdict(self, region: str) -> bool:
        self._try("verdict")
        return region not in self.ground.lost

    def flag(self, target: str) -> bool:
        self._try("flag")
        return target in self.ground.flags[self.region]

    def set_flag(self, target: str, body: str) -> None:  # noqa: ARG002 - the protocol's
        self._try("set_flag")
        self.steps.append(f"set {target}")
        self.ground.flags[self.region].add(target)

    def clear_flag(self, target: str) -> None:
        self._try("clear_flag")
        self.steps.append(f"clear {target}")
        self.ground.flags[self.region].discard(target)

    def marker(self, peer: str, after: int) -> tuple[int, int] | None:
        self._try("marker")
        sent = [
            each for each in self.ground.markers.get((peer, self.region), []) if each[0] > after
        ]
        return max(sent) if sent else None

    def put_marker(self, peer: str, number: int, ack: int) -> None:
        self._try("put_marker")
        self.ground.markers.setdefault((self.region, peer), []).append((number, ack))

    def tell(self, subject: str, facts: Mapping[str, Any]) -> None:
        self._try("tell")
        self.told.append((subject, facts))

    def _try(self, what: str) -> None:
        if what in self.failing:
            raise WorldError(f"{what} is refused")


def run(number: int = 1, since_s: float = 0.0) -> Run:
    return Run(id=f"run-{number}", since_s=since_s)
