"""Regions join, leave and change places with a second deploy, while clients are answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from tests.contract.regions.changes import NOBODY, Change, Deployed

if TYPE_CHECKING:
    from tests.contract.regions.conftest import Stacks

WEST, IRELAND, MUMBAI, PAULO, SYDNEY = (
    *("us-west-2", "eu-west-1", "ap-south-1"),
    *("sa-east-1", "ap-southeast-2"),
)


@dataclass(frozen=True)
class Step:
    """A deploy of a sequence: the Regions after it, and the one that joined or left."""

    what: str
    regions: tuple[str, ...]
    region: str
    joins: bool


# Ireland is home (HOME_REGION): the one Region that none of these takes away. None comes back: KMS
# keeps the key of a Region that left for its waiting period, and replicates nothing over it.
TO_THREE: Final = (
    Step("the first joins", (SYDNEY, WEST, IRELAND), SYDNEY, joins=True),
    Step("the middle leaves", (SYDNEY, IRELAND), WEST, joins=False),
    Step("the last joins", (SYDNEY, IRELAND, MUMBAI), MUMBAI, joins=True),
)
BACK_TO_TWO: Final = (
    *TO_THREE,
    Step("the first leaves", (IRELAND, MUMBAI), SYDNEY, joins=False),
    Step("the middle joins", (IRELAND, PAULO, MUMBAI), PAULO, joins=True),
    Step("the last leaves", (IRELAND, PAULO), MUMBAI, joins=False),
)
TO_FIVE: Final = (
    Step("a third joins amidst", (WEST, SYDNEY, IRELAND), SYDNEY, joins=True),
    Step("a fourth joins first", (MUMBAI, WEST, SYDNEY, IRELAND), MUMBAI, joins=True),
    Step("a fifth joins amidst", (MUMBAI, WEST, PAULO, SYDNEY, IRELAND), PAULO, joins=True),
    Step("the first of five leaves", (WEST, PAULO, SYDNEY, IRELAND), MUMBAI, joins=False),
    Step("one of four leaves", (WEST, SYDNEY, IRELAND), PAULO, joins=False),
    Step("the first of three leaves", (SYDNEY, IRELAND), WEST, joins=False),
)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(TO_THREE, id="up to three"),
        pytest.param(BACK_TO_TWO, id="and back to two", marks=pytest.mark.long),
        pytest.param(TO_FIVE, id="up to five", marks=pytest.mark.long),
    ],
)
def steps(request: pytest.FixtureRequest, stacks: Stacks) -> list[tuple[Step, Deployed, Deployed]]:
    """Each step with the deploy before it and its own, on a stack of two Regions to begin with."""
    stack = stacks()
    before = stack.deploy(WEST, IRELAND)
    found: list[tuple[Step, Deployed, Deployed]] = []
    for step in request.param:
        after = stack.deploy(*step.regions)
        found.append((step, before, after))
        before = after
    return found


Steps = list[tuple[Step, Deployed, Deployed]]


def belongs_to(region: str, change: Change) -> bool:
    """Whether a resource is that Region's own, or the part of another's that is about it."""
    known = change.after or change.before
    assert known is not None
    return known.region == region or region in known.name


def is_of_the_ring(change: Change) -> bool:
    """Evacuation checks, and the switches they ask: who watches whom moves on by one."""
    return "-evacuation" in change.name


def follows_its_function(change: Change) -> bool:
    """An alias moves to the version that other settings of its function made."""
    return change.type == "aws:lambda/alias:Alias"


def drills(change: Change) -> bool:
    """What drills the stack stands in the second Region, and moves when another one is that."""
    alarms = ("-drill-missing", "-recovery-unproven")
    return change.name.startswith("drills-") or change.name.endswith(alarms)


def test_only_that_regions_resources_come_and_go(steps: Steps) -> None:
    for changed, _, after in steps:
        op, other = ("create", "delete") if changed.joins else ("delete", "create")
        rest = [c for c in after.changes if not is_of_the_ring(c) and not drills(c)]
        foreign = [c.name for c in rest if c.op == op and not belongs_to(changed.region, c)]
        assert foreign == [], f"{changed.what}: only {changed.region}'s resources"
        assert [c.name for c in rest if c.op == other] == [], changed.what
        anew = [change.name for change in rest if change.op == "replace"]
        assert anew == [], f"{changed.what}: nothing that serves is made anew"


def test_what_is_updated_names_that_region(steps: Steps) -> None:
    for changed, before, after in steps:
        own = ids_of(changed.region, before, after)
        for change in after.changes:
            if change.op != "update" or is_of_the_ring(change) or follows_its_function(change):
                continue
            if drills(change):
                continue
            differences = change.differences()
            about = changed.region in differences or any(text in differences for text in own)
            assert about, f"{changed.what}: {change.name} changed: {differences}"


def ids_of(region: str, *deploys: Deployed) -> set[str]:
    """Identifiers of everything that is in a Region or names it."""
    known = [each for deploy in deploys for each in deploy.resources if each.custom]
    own = [e for e in known if e.region == region or region in json.dumps(e.inputs, default=str)]
    texts = {str(each.outputs.get(key)) for each in own for key in ("arn", "dnsName")}
    return {text for text in texts | {each.id for each in own} if text and text != "None"}


def test_at_each_moment_clients_are_led_to_a_region_that_is_there_and_well(steps: Steps) -> None:
    for changed, _, after in steps:
        assert len(after.answers) > 10, "each step that Route 53 sees is looked at"
        for lost, serving in after.answers:
            assert serving not in (NOBODY, lost), f"{changed.what}: with {lost or 'none'} lost"


def test_the_first_choice_goes_on_serving_while_others_join_and_leave(steps: Steps) -> None:
    for changed, before, after in steps:
        first_choices = {before.regions[0], after.regions[0]}
        served = {serving for lost, serving in after.answers if not lost}
        assert served <= first_choices, f"{changed.what}: clients went to {served}"


def test_each_watched_region_keeps_a_watcher_through_the_change(steps: Steps) -> None:
    """So a latch that both watchers hold outlives the change."""
    for changed, before, after in steps:
        for region in set(before.regions) & set(after.regions):
            kept = watchers(before, region) & watchers(after, region)
            assert kept, f"{changed.what}: {region} was watched by others before"


def watchers(deployed: Deployed, region: str) -> set[str]:
    return {
        str(each.inputs["fqdn"])
        for each in deployed.resources
        if each.type.endswith(":HealthCheck")
        and each.inputs.get("resourcePath") == f"/evacuation/{region}"
    }
