"""Scenarios: faults with times and a seed, as one line of text, and the grammar they are drawn by.

A text is `seed=7 for=3600 region-gone(us-east-1)@600+900 partition(us-east-1,us-west-2)@700+60`:
each fault with its place, target and level (`=0.3`) in brackets, when it begins and how long it
lasts. `from_text` reads what `to_text` wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from resilience.simulator.faults import GLOBAL, LEVELLED, PAIRED, Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resilience.simulator.stack import SimulatedStack

HOUR_S: Final = 3600.0
TWO: Final = "two-faults"
MANY: Final = "many-faults"

FAULT_CLASSES: Final[tuple[str, ...]] = (*(kind.value for kind in FaultKind), TWO, MANY)
"""What scenarios are drawn from: each kind of fault alone, two together, and three to six."""

_MOST: Final = 6
_OVERLAPS: Final = 10
_EARLIEST_S: Final = 60.0
_LATEST_S: Final = 1200.0
_SHORTEST_S: Final = 5.0
_LONGEST_S: Final = 1500.0

DEPENDENCIES: Final = ("flags", "predictions")
"""Buckets of a Region that can be out of reach: the flags', which the observer needs; the log's."""

MISTAKES: Final = (
    "evacuate",
    "forced-evacuate",
    "failback",
    "forced-failback",
    "withdraw",
    "hold",
    "promote",
)
"""What an operator can ask for at the wrong time, about the wrong Region."""

_ITEM: Final = re.compile(
    r"(?P<kind>[a-z-]+)(?:\((?P<args>[^)]*)\))?@(?P<at>[0-9.]+)\+(?P<for>[0-9.]+)"
)


class ScenarioError(Exception):
    """A text that is no scenario."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Faults, how long the run is measured, and the seed of everything that is left to chance."""

    faults: tuple[Fault, ...]
    duration_s: float
    seed: int


def fault_class(scenario: Scenario) -> str:
    """Say what class a scenario is of: one of `FAULT_CLASSES`, or `none`."""
    if len(scenario.faults) == 1:
        return scenario.faults[0].kind.value
    return ("none", "", TWO)[len(scenario.faults)] if len(scenario.faults) <= 2 else MANY  # noqa: PLR2004


def to_text(scenario: Scenario) -> str:
    """Write a scenario as one line."""
    return " ".join(
        [
            f"seed={scenario.seed}",
            f"for={scenario.duration_s:g}",
            *map(_fault_text, scenario.faults),
        ]
    )


def from_text(text: str) -> Scenario:
    """Read what `to_text` wrote.

    Raises:
        ScenarioError: a word of it is not understood.
    """
    seed, duration_s = 0, HOUR_S
    faults: list[Fault] = []
    for word in text.split():
        try:
            if word.startswith("seed="):
                seed = int(word.removeprefix("seed="))
            elif word.startswith("for="):
                duration_s = float(word.removeprefix("for="))
            else:
                faults.append(_fault(word))
        except ValueError as error:
            raise ScenarioError(
                f"{word!r} is no part of a scenario ({error}): expected seed=N, for=SECONDS or "
                "KIND(REGION[,TARGET][,=LEVEL])@AT+FOR, as `simulate` prints them"
            ) from error
    return Scenario(tuple(faults), duration_s, seed)


def draw(stack: SimulatedStack, seed: int, classes: Sequence[str] = FAULT_CLASSES) -> Scenario:
    """Draw a scenario of an hour: its class from `classes`, the rest at random.

    Two faults and many are each as likely as ten kinds of one: what breaks is what overlaps.
    """
    random = Random(seed)  # noqa: S311 - picks faults, guards nothing
    weights = [_OVERLAPS if each in {TWO, MANY} else 1 for each in classes]
    (chosen,) = random.choices(classes, weights)
    if chosen == TWO:
        return double(stack, random, seed)
    if chosen == MANY:
        count = random.randint(3, _MOST)
        kinds = [_any_kind(random) for _ in range(count)]
        return _scenario([_draw_fault(stack, random, kind) for kind in kinds], seed)
    return single(stack, FaultKind(chosen), random, seed)


def single(stack: SimulatedStack, kind: FaultKind, random: Random, seed: int) -> Scenario:
    """Draw one fault of a kind."""
    return _scenario([_draw_fault(stack, random, kind)], seed)


def double(
    stack: SimulatedStack,
    random: Random,
    seed: int,
    kinds: tuple[FaultKind, FaultKind] | None = None,
) -> Scenario:
    """Draw two faults, the second while the first lasts as often as not."""
    one, other = kinds or (_any_kind(random), _any_kind(random))
    first = _draw_fault(stack, random, one)
    overlaps = random.random() < 0.5  # noqa: PLR2004
    near = (first.at_s, first.ends_s) if overlaps else None
    return _scenario([first, _draw_fault(stack, random, other, within=near)], seed)


def _scenario(faults: list[Fault], seed: int) -> Scenario:
    ordered = sorted(faults, key=lambda fault: (fault.at_s, _fault_text(fault)))
    return Scenario(tuple(ordered), HOUR_S, seed)


def _any_kind(random: Random) -> FaultKind:
    kinds = tuple(FaultKind)
    return kinds[random.randrange(len(kinds))]


def _draw_fault(
    stack: SimulatedStack,
    random: Random,
    kind: FaultKind,
    *,
    within: tuple[float, float] | None = None,
) -> Fault:
    """Draw where, when, for how long and how much. The first Region is as likely as all others."""
    names = stack.order
    place = 0 if random.random() < 0.5 else random.randrange(len(names))  # noqa: PLR2004
    region, target = names[place], ""
    if kind in PAIRED:
        target = names[(place + random.randrange(1, len(names))) % len(names)]
    elif kind is FaultKind.ZONE_GONE:
        target = str(random.randrange(stack.region(region).zones) + 1)
    elif kind is FaultKind.DEPENDENCY_GONE:
        target = DEPENDENCIES[random.randrange(len(DEPENDENCIES))]
    elif kind is FaultKind.OPERATOR_ERRS:
        target = MISTAKES[random.randrange(len(MISTAKES))]
    from_s, until_s = within or (_EARLIEST_S, _LATEST_S)
    at_s = random.uniform(from_s, until_s)
    # As many faults of seconds as of minutes as of a quarter of an hour.
    for_s = _SHORTEST_S * (_LONGEST_S / _SHORTEST_S) ** random.random()
    return Fault(
        kind=kind,
        region="" if kind in GLOBAL else region,
        target=target,
        at_s=round(at_s, 1),
        for_s=0.0 if kind is FaultKind.OPERATOR_ERRS else round(for_s, 1),
        level=_draw_level(random, kind),
    )


def _draw_level(random: Random, kind: FaultKind) -> float:
    if kind not in LEVELLED:
        return 1.0
    share = random.random()
    if kind is FaultKind.CLOCK_SKEWED:
        return round(random.uniform(-45.0, 45.0), 1)
    if kind is FaultKind.REGION_FLAPS:
        return round(20.0 + share * 220.0, 1)
    if kind in {FaultKind.REGION_SLOW, FaultKind.COLD}:
        return round(0.1 + share * 9.9, 2)
    return round(0.02 + share * 0.98, 2)


def _fault_text(fault: Fault) -> str:
    words = [word for word in (fault.region, fault.target) if word]
    if fault.kind in LEVELLED:
        words.append(f"={fault.level:g}")
    where = f"({','.join(words)})" if words else ""
    return f"{fault.kind.value}{where}@{fault.at_s:g}+{fault.for_s:g}"


def _fault(word: str) -> Fault:
    found = _ITEM.fullmatch(word)
    if found is None:
        raise ValueError("not KIND(...)@AT+FOR")
    kind = FaultKind(found["kind"])
    words = [each for each in (found["args"] or "").split(",") if each]
    levels = [each[1:] for each in words if each.startswith("=")]
    places = [each for each in words if not each.startswith("=")]
    if len(levels) != (kind in LEVELLED):
        raise ValueError(f"{kind.value} has {'a' if kind in LEVELLED else 'no'} level")
    region = places.pop(0) if kind not in GLOBAL and places else ""
    if (not region and kind not in GLOBAL) or (kind in PAIRED and not places):
        raise ValueError(f"{kind.value} needs a {'Region' if not region else 'second Region'}")
    return Fault(
        kind=kind,
        region=region,
        target=places[0] if places else "",
        at_s=float(found["at"]),
        for_s=float(found["for"]),
        level=float(levels[0]) if levels else 1.0,
    )
