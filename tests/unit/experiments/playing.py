"""Plays drills on a stack in memory, as a laptop or a state machine steps through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.core.guards import Asked
from resilience.experiments.core.stepper import Stepper

if TYPE_CHECKING:
    from hand_world import HandWorld

    from resilience.experiments.core.memory import Drill

NAME = "20260105T100000Z-drill"
MOST_STEPS = 2000


class Told:
    """Told how it goes; keeps what stays."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def step(self, _text: str) -> None:
        return

    def update(self, _detail: str) -> None:
        return

    def note(self, text: str) -> None:
        self.notes.append(text)


def stepper(world: HandWorld, *, owner: str = "me", lives: bool = False, **asked: str) -> Stepper:
    return Stepper(
        world=world,
        ground=world.ground,
        catalogue=CATALOGUE,
        asked=Asked(**asked),
        owner=owner,
        alive=lambda _: lives,
    )


def play(
    hand: Stepper, experiment: str, options: dict[str, str] | None = None, *, name: str = NAME
) -> Drill:
    """Step until nothing is next."""
    step: str | None = "begin"
    for _ in range(MOST_STEPS):
        assert step is not None
        step = hand.step(step, name, experiment, options or {}).next
        if step is None:
            return known(hand, name)
    raise AssertionError(f"drill {experiment} did not end within {MOST_STEPS} steps")


def finish(hand: Stepper) -> Drill | None:
    """Take back what was left, as the next invocation does."""
    left = hand.unfinished()
    if left is None:
        return None
    hand.recover(left)
    step: str | None = "steady-after"
    while step is not None:
        step = hand.step(step, left.id, left.experiment, {}).next
    return known(hand, left.id)


def known(hand: Stepper, name: str = NAME) -> Drill:
    found = hand.ledger.drill(name)
    assert found is not None
    return found
