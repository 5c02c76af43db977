"""A Region that serves its clients badly: stopped, failing, slow, unready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.runbooks.play import Staging
from tests.runbooks.world import PREFIX, REAL_TIME

if TYPE_CHECKING:
    from tests.runbooks.play import Play
    from tests.runbooks.world import World

FUNCTION = f"{PREFIX}-predict"
# Slower than `alarmLatencyMs`, and quick enough for health checks; in real time, as a balancer
# tells how long work took, and work that is cut short tells nothing.
SLOW = """
import time
from handler import handle as sound

def handle(event, context):
    time.sleep(1.3)
    return sound(event, context)
"""


def throttles(world: World, play: Play) -> None:
    """Somebody has stopped the function; the page gives it back what it had."""
    region = play.runbook.region
    client = world.client("lambda", region)
    had = client.get_function_concurrency(FunctionName=FUNCTION)["ReservedConcurrentExecutions"]
    client.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=0)
    try:
        world.fires(region, "throttles")
        play.rest()
        found = client.get_function_concurrency(FunctionName=FUNCTION)
        assert found["ReservedConcurrentExecutions"] == had, "the page has repaired it"
    finally:
        client.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=had)


def region_impaired(world: World, play: Play) -> None:
    """The function is stopped, and the alarm over it wakes somebody."""
    region = play.runbook.region
    client = world.client("lambda", region)
    had = client.get_function_concurrency(FunctionName=FUNCTION)["ReservedConcurrentExecutions"]
    client.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=0)
    try:
        world.fires(region, "region-impaired")
        play.until("It worked when")
    finally:
        client.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=had)
    play.rest()


def availability(world: World, play: Play) -> None:
    """The function does not answer, and its load balancer says so to clients."""
    region = play.runbook.region
    alias = world.topology.region(region).function.alias_arn
    with world.lost("function", alias.rpartition(":")[0]):
        world.fires(region, "availability")
        play.until("It worked when")
    play.rest()


def latency(world: World, play: Play) -> None:
    """A version is slow, and its clients are few: the canaries of the other Region."""
    region = play.runbook.region
    with world.another_version(region, handler=SLOW):
        world.fires(region, "latency", minutes=12)
        play.until("It worked when")
    play.rest()


def not_ready(world: World, play: Play) -> None:
    """The function is told that another release was deployed."""
    region = play.runbook.region
    with world.another_version(region, digest="0" * 64):
        world.fires(region, "not-ready")
        play.until("It worked when")
    play.rest()


def rolled_back(world: World, play: Play) -> None:
    """A version is unready; the page leads clients to the one before, and forward again."""
    region = play.runbook.region
    with world.another_version(region, digest="0" * 64):
        play.until("Undo")
        client = world.client("lambda", region)
        found = client.get_alias(FunctionName=FUNCTION, Name="live")["FunctionVersion"]
        assert found == world.topology.region(region).function.version, "the one before serves"
        play.rest()


SCENES = {
    "availability": Staging(scene=availability),
    "latency": Staging(scene=latency, speed=REAL_TIME),
    "not-ready": Staging(scene=not_ready),
    "region-impaired": Staging(scene=region_impaired),
    "roll-back-a-model": Staging(scene=rolled_back),
    "throttles": Staging(scene=throttles),
}
