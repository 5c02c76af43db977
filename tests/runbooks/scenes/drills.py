"""A drill that was killed, and what it left; and no drills at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.journal import write_journal
from tests.killed_drill import killed_drill
from tests.runbooks.play import Staging
from tests.runbooks.world import ACCOUNT, AGREED_SPEED, PREFIX, REAL_TIME
from tests.unit.resilience.journals import journal

if TYPE_CHECKING:
    from tests.runbooks.play import Play
    from tests.runbooks.world import World


def drill_gone_wrong(world: World, play: Play) -> None:
    """A drill was killed: its lock is held, and it has stopped a function."""
    region = play.runbook.region
    client, function = world.client("lambda", region), f"{PREFIX}-predict"
    had = client.get_function_concurrency(FunctionName=function)["ReservedConcurrentExecutions"]
    before = journal()
    run = before.run.model_copy(
        update={"kind": "drill", "scenario": "region-loss", "stack": world.topology.stack}
    )
    folder = play.shell.folder / "reports" / "before"
    write_journal(before.model_copy(update={"run": run}), folder / "journal.json")
    try:
        ledger, drill = killed_drill(world.emulator, world.topology, ACCOUNT, made=True)
        play.until("It worked when")
        found = client.get_function_concurrency(FunctionName=function)
        assert found["ReservedConcurrentExecutions"] == had, "the page has undone it"
        assert ledger.lock() is None, "another drill may run"
        left = ledger.drill(drill.id)
        assert left is not None
        assert (left.undone, left.step) == (True, "over"), "it is over for good"
        play.rest()
    finally:
        client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=had)


def drill_missing(world: World, play: Play) -> None:
    """Drills were stopped before any has passed; the page starts them, and one by hand."""
    region = world.topology.regions[1].region
    with world.stopped_schedule(region, "drill"):
        world.fires(region, "drill-missing")
        world.is_well_for_long()
        play.rest()
        (history,) = (each for each in play.played if each.command.startswith("./run drills"))
        play.give(history)  # with a journal it must be true as well


def recovery_unproven(world: World, play: Play) -> None:
    """The stack is new: nobody has told how long ago a drill has passed, until the page asks."""
    world.fires(world.topology.regions[1].region, "recovery-unproven")
    play.rest()


SCENES = {
    "drill-gone-wrong": Staging(scene=drill_gone_wrong, speed=REAL_TIME),
    # In a stack that is younger than the hour after which the age of drills is first told.
    "drill-missing": Staging(scene=drill_missing, speed=AGREED_SPEED),
    "recovery-unproven": Staging(scene=recovery_unproven, speed=REAL_TIME),
}
