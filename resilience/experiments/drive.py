"""Drives a drill on a laptop: step after step, and to its rollback whatever happens.

What cannot be finished here is written down in the stack's table; the next `./run drill` does.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from resilience.experiments.core.memory import RacedError
from resilience.experiments.core.steps import RolledBackInPartError
from resilience.experiments.core.world import CallError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resilience.experiments.core.memory import Drill, Lock
    from resilience.experiments.core.stepper import Stepper
    from resilience.experiments.core.steps import Answer
    from resilience.experiments.laptop_world import LaptopWorld

Result = TypeVar("Result")

TRIES: Final = 4
PAUSE_REAL_S: Final = 1.0
ROLLBACK_TRIES: Final = 12
_LAST_STEPS: Final = frozenset({"rollback", "steady-after", "report"})


class Teller(Protocol):
    """Who is told how it goes."""

    def step(self, text: str) -> None:
        """Begin a step."""
        ...

    def update(self, detail: str) -> None:
        """Say how it goes."""
        ...

    def note(self, text: str) -> None:
        """Say something that stays."""
        ...


class UnfinishedError(Exception):
    """The drill could not be ended here; what it changed stays written down."""


def owner() -> str:
    """Name this process as an owner of drills."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def new_id(experiment: str) -> str:
    """Name a new drill: when it began, and of what."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{experiment}-{uuid.uuid4().hex[:4]}"


def alive(lock: Lock) -> bool:
    """Tell whether the process that holds a lock may live: only one of this machine is known."""
    host, _, rest = lock.owner.partition(":")
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(rest.partition(":")[0]), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def drive(
    stepper: Stepper,
    world: LaptopWorld,
    name: str,
    experiment: str,
    options: Mapping[str, str],
    teller: Teller,
) -> Drill:
    """Run a drill from its begin to its report, and give its memory.

    Raises:
        UnfinishedError: the rollback did not come through; says what to do.
    """
    step: str | None = "begin"
    why = ""
    while step is not None:
        current = step
        try:
            answer = _tried(lambda s=current: stepper.step(s, name, experiment, options), current)
        except KeyboardInterrupt:
            why, step = why or "interrupted", _after_failure(current, "interrupted")
            world.stop("")
            teller.note("interrupted: taking back what was changed")
            continue
        except CallError as error:
            why, step = why or str(error), _after_failure(current, str(error))
            teller.note(f"stopped: {error}")
            continue
        _tell(teller, answer)
        step = answer.next
        if current == "rollback":
            why = why or world.stopped()
            if why:
                stepper.give_up(name, why)
        time.sleep(answer.wait_s / world.seat.clock.speed)
    return _ended(stepper, name, why)


def finish(stepper: Stepper, world: LaptopWorld, left: Drill, teller: Teller) -> Drill:
    """Take back what a dead drill left, wait for its steady state, and give its memory.

    Raises:
        UnfinishedError: the rollback did not come through.
    """
    teller.step(f"drill {left.id} ({left.experiment}) was left in step {left.step}: take it back")
    # Read anew at each try: one that came half through has written in it.
    _tried(lambda: stepper.recover(stepper.ledger.drill(left.id) or left), "rollback")
    step: str | None = "steady-after"
    while step is not None:
        current = step
        answer = _tried(lambda s=current: stepper.step(s, left.id, left.experiment, {}), current)
        _tell(teller, answer)
        step = answer.next
        time.sleep(answer.wait_s / world.seat.clock.speed)
    return _ended(stepper, left.id, "")


def _ended(stepper: Stepper, name: str, why: str) -> Drill:
    try:
        found = _tried(lambda: stepper.ledger.drill(name), "report")
    except CallError as error:
        raise UnfinishedError(f"what became of drill {name} cannot be read: {error}") from error
    if found is None:
        raise UnfinishedError(f"drill {name} never began, and changed nothing: {why}")
    return found


def _after_failure(step: str, why: str) -> str:
    """Say where to go on: to the rollback, unless that is what failed."""
    if step in _LAST_STEPS:
        raise UnfinishedError(
            f"step {step} did not come through: {why}. What the drill changed is written down: "
            "mend what is in the way (credentials?), then run: ./run drill --recover"
        )
    return "rollback"


def _tried(do: Callable[[], Result], step: str) -> Result:
    """Try a step several times; the rollback for longer, as nobody else will do it.

    Raises:
        CallError: it never came through; at once if the credentials are at fault.
        UnfinishedError: another hand has the drill, or the rollback failed in part.
    """
    tries = ROLLBACK_TRIES if step in _LAST_STEPS else TRIES
    for left in range(tries - 1, -1, -1):
        try:
            return do()
        except RacedError as error:
            raise UnfinishedError(f"{error}: this run leaves it to the other") from error
        except RolledBackInPartError as error:
            if not left:
                raise UnfinishedError(str(error)) from error
        except CallError as error:
            if not left or error.expired:
                raise
        time.sleep(PAUSE_REAL_S)
    raise AssertionError("unreachable")


def _tell(teller: Teller, answer: Answer) -> None:
    if answer.next != answer.step and answer.next is not None:
        teller.step(answer.next)
    if answer.verdict == "refused" and answer.step != "report":
        teller.note(f"refused: {answer.why}")
