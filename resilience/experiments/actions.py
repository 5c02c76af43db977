"""Chaos Toolkit's actions: each does steps of a drill on a deployed stack.

They reach the stack as `./run drill` does: by the environment's credentials and the Pulumi CLI's
outputs. Experiments that are written with `--chaos` name them, so that `chaos run` plays a drill
too; the stack is reached once and kept until the rollback.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.attach import Reach, deployed
from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.core.guards import Asked
from resilience.experiments.core.stepper import Stepper
from resilience.experiments.drive import UnfinishedError, alive, new_id, owner
from resilience.experiments.laptop_world import LaptopWorld
from resilience.experiments.stopping import stopping

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEPS: Final = {
    "begin": ("begin", "steady-before"),
    "inject": ("inject",),
    "watch": ("watch",),
    "rollback": ("rollback", "steady-after", "report"),
}
_open: dict[str, tuple[ExitStack, Stepper]] = {}


def begin(experiment: str, stack: str, options: Mapping[str, str]) -> dict[str, Any]:
    """Ask every guard, take the lock, and wait for the steady state. Changes the table alone."""
    stepper, unread = stopping(stepper_of(stack))
    if unread:
        raise UnfinishedError("; ".join(unread))
    _open[stack] = (_open[stack][0], stepper)
    return _walked("begin", stack, new_id(experiment), experiment, options)


def inject(experiment: str, stack: str, options: Mapping[str, str]) -> dict[str, Any]:
    """Write down how to take it back, and change what the experiment changes. Idempotent."""
    return _walked("inject", stack, _running(stack), experiment, options)


def watch(experiment: str, stack: str, options: Mapping[str, str]) -> dict[str, Any]:
    """Watch until enough was seen, or a stop condition is met."""
    return _walked("watch", stack, _running(stack), experiment, options)


def rollback(experiment: str, stack: str) -> dict[str, Any]:
    """Take back what the running drill changed, wait for the steady state, report. Idempotent."""
    try:
        return _walked("rollback", stack, _running(stack), experiment, {})
    finally:
        _open.pop(stack)[0].close()


def _walked(
    which: str, stack: str, name: str, experiment: str, options: Mapping[str, str]
) -> dict[str, Any]:
    stepper, steps = stepper_of(stack), _STEPS[which]
    answer = stepper.step(steps[0], name, experiment, options)
    while answer.next is not None and answer.next in steps:
        answer = stepper.step(answer.next, name, experiment, options)
    if answer.verdict == "refused":
        raise UnfinishedError(answer.why)
    return answer.to_json()


def _running(stack: str) -> str:
    lock = stepper_of(stack).ledger.lock()
    if lock is None:
        raise UnfinishedError(f"no drill of stack {stack} runs: begin one")
    return lock.holder


def stepper_of(stack: str) -> Stepper:
    """Reach a stack, once a process. Reads only."""
    if stack not in _open:
        kept = ExitStack()
        attached = kept.enter_context(deployed(Path(), stack, Reach()))
        world = kept.enter_context(LaptopWorld(attached.seat))
        stepper = Stepper(
            world=world,
            ground=attached.ground,
            catalogue=CATALOGUE,
            asked=Asked(account=attached.ground.account, stack=stack),
            owner=owner(),
            alive=alive,
        )
        _open[stack] = (kept, stepper)
    return _open[stack][1]
