"""Every command of every runbook, typed in the state that the runbook is for.

One emulator holds the staging stack. Each scene brings its state about (a function stopped, a
Region lost, a role without its policy), waits until the runbook's own alarm says so where it has
one, types the page's blocks into a shell, and leaves the stack as it was.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from resilience.runbooks.book import FOLDER, read, slugs
from resilience.runbooks.page import Block
from resilience.runbooks.rendering import PROCEDURES, Wish, rendered
from tests.runbooks.play import Play
from tests.runbooks.scenes import SCENES
from tests.runbooks.world import PREFIX, SPEED, STACK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from resilience.runbooks.render import Runbook
    from tests.runbooks.conftest import Ground
    from tests.runbooks.play import Staging

ARN = re.compile(r"\barn:aws:[a-z0-9]+:[a-z0-9-]*:[0-9]{12}:[^\s'\"`,;<]+")
CHECK = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
HOW_TO = FOLDER.parent / "render-and-write-runbooks.md"
# What a page makes, and what it tells AWS by an ARN of its own making.
MADE = re.compile(r"-restored$|:schedule/default/|:role/$")
# By speed: stacks of two speeds are not there at once.
TRIED = [
    pytest.param(slug, marks=[] if staging.short else [pytest.mark.long])
    for slug, staging in sorted(SCENES.items(), key=lambda each: (each[1].speed, each[0]))
]


def rendered_for(ground: Ground, slug: str, region: str) -> Runbook:
    """A runbook with the names of the deployed stack."""
    wish = Wish(
        topology=ground.world.topology,
        region=region,
        about=None,
        options=f"--stack {STACK} --outputs {ground.outputs}",
    )
    (found,) = rendered(ground.aws, [read(slug)], wish.place(region)).runbooks
    return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("slug", TRIED)
def test_every_command_prints_what_its_runbook_says(
    ground_at: Callable[[float], Ground], slug: str
) -> None:
    staging = SCENES[slug]
    ground = ground_at(staging.speed)
    topology = ground.world.topology
    region = topology.primary.region if staging.primary else topology.standby.region
    play = Play(rendered_for(ground, slug, region), ground.shell(slug), staging.speed)
    ground.world.fired.clear()
    try:
        staging.scene(ground.world, play)
    finally:
        ground.world.lead_back()
    assert not unawaited(slug, staging, ground.world.fired), f"{slug} is typed after its alarm"
    play.end()


def unawaited(slug: str, staging: Staging, fired: Collection[str]) -> bool:
    """Tell whether a runbook was typed without waiting for its alarm, and does not say why."""
    return not (
        slug in PROCEDURES or staging.unawaited or any(alarm.startswith(slug) for alarm in fired)
    )


def test_a_runbook_that_is_typed_before_its_alarm_is_noticed() -> None:
    staging = SCENES["canary-failure"]
    assert unawaited("canary-failure", staging, ())
    assert unawaited("canary-failure", staging, {"canary-silent"})
    assert not unawaited("canary-failure", staging, {"canary-failure-us-east-1"})
    assert not unawaited("failback", SCENES["failback"], ()), "no alarm leads to it"


def test_the_runbooks_that_do_not_wait_for_their_alarms_stand_in_the_docs() -> None:
    text = HOW_TO.read_text(encoding="utf-8")
    (line,) = (each for each in text.splitlines() if "do not wait for theirs" in each)
    told = set(re.findall(r"`([a-z-]+)`", line))
    assert told == {slug for slug, staging in SCENES.items() if staging.unawaited}


def undeployed(text: str, deployed: str) -> set[str]:
    """Names of the stack, ARNs and health checks in a text that nothing deployed has."""
    found = {*re.findall(rf"\b{PREFIX}[a-z0-9-]*[a-z0-9]", text), *ARN.findall(text)}
    found |= set(CHECK.findall(text))
    return {name for name in found if f'"{name}"' not in deployed and not MADE.search(name)}


def test_every_name_in_every_rendered_runbook_is_deployed(ground: Ground) -> None:
    world = ground.world
    deployed = json.dumps(world.emulator.resources("understudy", STACK)["resources"])
    text = "".join(
        rendered_for(ground, slug, region.region).text
        for slug in slugs()
        for region in world.topology.regions
    )
    checks = [region.deep_check.id for region in world.topology.regions]
    assert all(check in text for check in checks), "what is looked for is there to be found"
    assert undeployed(text, deployed) == set()
    wrong = f"{PREFIX}-oracle, {PREFIX}-canary and arn:aws:sns:us-east-1:123456789012:nobody"
    assert undeployed(wrong, deployed) == {
        f"{PREFIX}-oracle",
        "arn:aws:sns:us-east-1:123456789012:nobody",
    }


def test_a_block_that_prints_something_else_fails_its_runbook(ground: Ground) -> None:
    found = rendered_for(ground, "dead-letters", ground.world.topology.primary.region)
    wrong = Block(section="Do", line=1, command="echo three letters", expected="no <letters>")
    play = Play(replace(found, blocks=(wrong,)), ground.shell("wrong"), SPEED)
    with pytest.raises(AssertionError, match="and printed\nthree letters"):
        play.rest()


def test_a_block_that_nobody_types_fails_its_runbook(ground: Ground) -> None:
    found = rendered_for(ground, "dead-letters", ground.world.topology.primary.region)
    play = Play(found, ground.shell("untyped"), SPEED)
    with pytest.raises(AssertionError, match="nobody has typed"):
        play.end()


def test_what_one_block_sets_the_next_one_has(ground: Ground) -> None:
    shell = ground.shell("lasting")
    assert shell.give("QUEUE='two words'\nfalse", within_s=30) == ""
    assert shell.give('echo "$QUEUE"', within_s=30) == "two words\n"
