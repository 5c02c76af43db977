"""Regions join, leave and change places with a second deploy, while clients are answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from tests.contract.regions.changes import NOBODY, Change, Deployed

if TYPE_CHECKING:
    from tests.contract.regions.changes import Stack

EAST, WEST, IRELAND, MUMBAI, PAULO = (
    *("us-east-1", "us-west-2", "eu-west-1"),
    *("ap-south-1", "sa-east-1"),
)


@dataclass(frozen=True)
class Step:
    """A deploy of a sequence: the Regions after it, and the one that joined or left."""

    what: str
    regions: tuple[str, ...]
    region: str
    joins: bool


TO_THREE: Final = (
    Step("the last joins", (EAST, WEST, IRELAND), IRELAND, joins=True),
    Step("the first leaves", (WEST, IRELAND), EAST, joins=False),
    Step("the middle joins", (WEST, EAST, IRELAND), EAST, joins=True),
    Step("the last leaves", (WEST, EAST), IRELAND, joins=False),
    Step("the first joins", (IRELAND, WEST, EAST), IRELAND, joins=True),
    Step("the middle leaves", (IRELAND, EAST), WEST, joins=False),
)
TO_FIVE: Final = (
    Step("a third joins last", (EAST, WEST, IRELAND), IRELAND, joins=True),
    Step("a fourth joins first", (MUMBAI, EAST, WEST, IRELAND), MUMBAI, joins=True),
    Step("a fifth joins amidst", (MUMBAI, EAST, PAULO, WEST, IRELAND), PAULO, joins=True),
    Step("the first of five leaves", (EAST, PAULO, WEST, IRELAND), MUMBAI, joins=False),
    Step("one of four leaves", (EAST, WEST, IRELAND), PAULO, joins=False),
    Step("the last of three leaves", (EAST, WEST), IRELAND, joins=False),
)
Played = dict[str, tuple[Step, Deployed, Deployed]]


def play(stack: Stack, steps: tuple[Step, ...]) -> Played:
    """Deploy step by step; gives each with the deploy before it and its own."""
    before = stack.deploy(EAST, WEST)
    found: Played = {}
    for step in steps:
        after = stack.deploy(*step.regions)
        found[step.what] = (step, before, after)
        before = after
    return found


@pytest.fixture(scope="module")
def to_three(stack: Stack) -> Played:
    return play(stack, TO_THREE)


@pytest.fixture(scope="module")
def to_five(stack: Stack) -> Played:
    return play(stack, TO_FIVE)


@pytest.fixture(
    params=[
        *(pytest.param(("to_three", step.what), id=step.what) for step in TO_THREE),
        *(pytest.param(("to_five", s.what), id=s.what, marks=pytest.mark.long) for s in TO_FIVE),
    ]
)
def step(request: pytest.FixtureRequest) -> tuple[Step, Deployed, Deployed]:
    sequence, what = request.param
    played: Played = request.getfixturevalue(sequence)
    return played[what]


def belongs_to(region: str, change: Change) -> bool:
    """Whether a resource is that Region's own, or the part of another's that is about it."""
    known = change.after or change.before
    assert known is not None
    return known.region == region or region in known.name


def is_of_the_ring(change: Change) -> bool:
    """Evacuation checks, and the switches they ask: who watches whom moves on by one."""
    return "-evacuation" in change.name


def test_only_that_regions_resources_come_and_go(step: tuple[Step, Deployed, Deployed]) -> None:
    changed, _, after = step
    op, other = ("create", "delete") if changed.joins else ("delete", "create")
    foreign = [
        change
        for change in after.changes
        if change.op == op and not belongs_to(changed.region, change) and not is_of_the_ring(change)
    ]
    assert foreign == [], f"{changed.what}: only {changed.region}'s resources"
    assert [c.name for c in after.changes if c.op == other and not is_of_the_ring(c)] == []
    assert after.ops("replace") == [], "nothing that serves is made anew"


def test_what_is_updated_names_that_region(step: tuple[Step, Deployed, Deployed]) -> None:
    changed, before, after = step
    known = [each for each in (*before.resources, *after.resources) if each.custom]
    own = {
        text
        for each in known
        if each.region == changed.region or changed.region in json.dumps(each.inputs, default=str)
        for text in (each.id, str(each.outputs.get("arn")), str(each.outputs.get("dnsName")))
    }
    for change in after.changes:
        if change.op != "update" or is_of_the_ring(change):
            continue
        differences = change.differences()
        about = changed.region in differences or any(text in differences for text in own if text)
        assert about, f"{change.name} changed for no reason of {changed.region}'s: {differences}"


def test_at_each_moment_clients_are_led_to_a_region_that_is_there_and_well(
    step: tuple[Step, Deployed, Deployed],
) -> None:
    changed, _, after = step
    assert len(after.answers) > 10, "each step that Route 53 sees is looked at"
    for lost, serving in after.answers:
        assert serving not in (NOBODY, lost), f"{changed.what}: with {lost or 'none'} lost"


def test_the_first_choice_goes_on_serving_while_others_join_and_leave(
    step: tuple[Step, Deployed, Deployed],
) -> None:
    changed, before, after = step
    first_choices = {before.regions[0], after.regions[0]}
    served = {serving for lost, serving in after.answers if not lost}
    assert served <= first_choices, f"{changed.what}: clients went to {served}"


def test_each_watched_region_keeps_a_watcher_through_the_change(
    step: tuple[Step, Deployed, Deployed],
) -> None:
    """So a latch that both watchers hold outlives the change."""
    _, before, after = step
    for region in set(before.regions) & set(after.regions):
        kept = watchers(before, region) & watchers(after, region)
        assert kept, f"{region} was watched by others before"


def watchers(deployed: Deployed, region: str) -> set[str]:
    return {
        str(each.inputs["fqdn"])
        for each in deployed.resources
        if each.type.endswith(":HealthCheck")
        and each.inputs.get("resourcePath") == f"/evacuation/{region}"
    }


SETTINGS: Final = (
    {"recordType": "alias", "recordTtlSeconds": "60"},
    {"routing": "latency"},
    {},
)


@pytest.fixture(scope="module")
def resettled(stack: Stack) -> list[Deployed]:
    """The same Regions, each time with other settings of their records."""
    stack.deploy(EAST, WEST)
    return [stack.deploy(EAST, WEST, **settings) for settings in SETTINGS]


@pytest.mark.parametrize("number", range(len(SETTINGS)), ids=[json.dumps(s) for s in SETTINGS])
def test_record_type_and_routing_change_while_clients_are_answered(
    resettled: list[Deployed], number: int
) -> None:
    after = resettled[number]
    for lost, serving in after.answers:
        assert serving == (WEST if lost == EAST else EAST), f"with {lost or 'none'} lost"
    foreign = {change.type for change in after.changes} - {
        "aws:route53/record:Record",
        "aws:route53/healthCheck:HealthCheck",
    }
    assert foreign == set(), "nothing but Route 53's own changes"
    clients = [c.op for c in after.changes if c.name == "traffic-clients"]
    assert clients == ["update"], "the clients' name is never without a record"


@pytest.mark.usefixtures("resettled")
def test_turning_the_regions_round_is_a_switchover_without_a_gap(stack: Stack) -> None:
    after = stack.deploy(WEST, EAST)
    assert {change.op for change in after.changes} == {"update"}, "roles move, resources stay"
    for lost, serving in after.answers:
        assert serving not in (NOBODY, lost)
    assert stack.serving() == WEST
    assert stack.serving(WEST) == EAST
    assert stack.serving(EAST, WEST) == WEST, "when all are unhealthy, as if all were healthy"


@pytest.mark.usefixtures("resettled")
def test_with_latency_records_each_client_is_led_to_the_nearest_that_is_left(stack: Stack) -> None:
    stack.deploy(EAST, WEST, routing="latency")
    assert stack.serving(place="us-east-2") == EAST
    assert stack.serving(place="us-west-1") == WEST
    assert stack.serving(WEST, place="us-west-1") == EAST
    assert stack.serving(EAST, WEST, place="us-west-1") == WEST, "as if all were healthy"
