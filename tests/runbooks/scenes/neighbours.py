"""Another Region does not answer as it should: lost, wrong, on another release, out of service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.runbooks.play import Staging

if TYPE_CHECKING:
    from tests.runbooks.play import Play
    from tests.runbooks.world import World

# Every prediction is another one than it should be, under the same release.
WRONG = """
import json
from handler import handle as sound

def bent(value):
    if isinstance(value, dict):
        return {key: bent(each) for key, each in value.items()}
    if isinstance(value, list):
        return [bent(each) for each in value]
    return value + 0.125 if isinstance(value, float) else value

def handle(event, context):
    answer = sound(event, context)
    if event.get("path") == "/v1/predict":
        answer["body"] = json.dumps(bent(json.loads(answer["body"])))
    return answer
"""
# It answers well, and says that it is another release.
RELABELLED = """
from handler import handle as sound

def handle(event, context):
    answer = sound(event, context)
    headers = answer["multiValueHeaders"]
    if "x-understudy-release" in headers:
        headers["x-understudy-release"] = ["f" * 64]
    return answer
"""


def _other(world: World, play: Play) -> str:
    """The Region that the page is about: it is tried on two."""
    (other,) = (each.region for each in world.topology.others(play.runbook.region))
    return other


def canary_failure(world: World, play: Play) -> None:
    """The other Region is lost."""
    other = _other(world, play)
    with world.lost("region", other):
        world.fires(play.runbook.region, f"canary-failure-{other}")
        play.until("It worked when")
    play.rest()


def neighbour_impaired(world: World, play: Play) -> None:
    """The other Region is lost, and the alarm over it wakes somebody."""
    with world.lost("region", _other(world, play)):
        world.fires(play.runbook.region, "neighbour-impaired")
        play.until("It worked when")
    play.rest()


def wrong_answers(world: World, play: Play) -> None:
    """The other Region's predictions are wrong."""
    with world.another_version(_other(world, play), handler=WRONG):
        world.fires(play.runbook.region, "wrong-answers")
        play.until("It worked when")
    play.rest()


def release_mismatch(world: World, play: Play) -> None:
    """The other Region says that it is another release, for longer than a deploy takes."""
    with world.another_version(_other(world, play), handler=RELABELLED):
        world.fires(play.runbook.region, "release-mismatch", minutes=40)
        play.until("It worked when")
    play.rest()


def out_of_service(world: World, play: Play) -> None:
    """The other Region's function does not answer its deep check."""
    other = _other(world, play)
    alias = world.topology.region(other).function.alias_arn
    with world.lost("function", alias.rpartition(":")[0]):
        world.fires("us-east-1", "out-of-service")
        play.until("It worked when")
    world.lead_back()
    play.rest()


def health_check(world: World, play: Play) -> None:
    """The other Region's function does not answer its deep check."""
    other = _other(world, play)
    alias = world.topology.region(other).function.alias_arn
    with world.lost("function", alias.rpartition(":")[0]):
        world.fires("us-east-1", f"health-check-{other}")
        play.until("It worked when")
    world.lead_back()
    play.rest()


SCENES = {
    "canary-failure": Staging(scene=canary_failure),
    "health-check": Staging(scene=health_check),
    "neighbour-impaired": Staging(scene=neighbour_impaired),
    "out-of-service": Staging(scene=out_of_service),
    "release-mismatch": Staging(scene=release_mismatch),
    "wrong-answers": Staging(scene=wrong_answers),
}
