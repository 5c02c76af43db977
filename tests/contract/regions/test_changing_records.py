"""The records that lead clients change their kind in a second deploy; clients are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from tests.contract.regions.changes import NOBODY, Deployed

if TYPE_CHECKING:
    from tests.contract.regions.conftest import Stacks

pytestmark = pytest.mark.long

EAST, IRELAND = "us-east-1", "eu-west-1"

SETTINGS: Final = {
    "alias": {"recordType": "alias", "recordTtlSeconds": "60"},
    "latency": {"routing": "latency"},
}


@dataclass
class Resettled:
    """One stack of two Regions under each of the settings, then turned round."""

    deploys: dict[str, Deployed]
    nearest: dict[tuple[str, str], str]
    turned: Deployed
    after_turning: dict[str, str]


@pytest.fixture(scope="module")
def resettled(stacks: Stacks) -> Resettled:
    stack = stacks()
    stack.deploy(EAST, IRELAND)
    deploys = {name: stack.deploy(EAST, IRELAND, **each) for name, each in SETTINGS.items()}
    asked = (("us-east-2", ""), ("eu-west-2", ""), ("eu-west-2", IRELAND), ("us-east-2", EAST))
    nearest = {(place, lost): stack.serving(lost, place=place) for place, lost in asked}
    nearest["eu-west-2", "all"] = stack.serving(EAST, IRELAND, place="eu-west-2")
    turned = stack.deploy(IRELAND, EAST)
    after = {lost: stack.serving(lost) for lost in ("", EAST, IRELAND)}
    return Resettled(deploys, nearest, turned, after | {"all": stack.serving(EAST, IRELAND)})


@pytest.mark.parametrize("settings", SETTINGS)
def test_record_type_and_routing_change_while_clients_are_answered(
    resettled: Resettled, settings: str
) -> None:
    after = resettled.deploys[settings]
    for lost, serving in after.answers:
        assert serving == (IRELAND if lost == EAST else EAST), f"with {lost or 'none'} lost"
    changed = {(change.type, change.name) for change in after.changes}
    others = {each for each in changed if not each[0].startswith("aws:route53/")}
    told = {("aws:ssm/parameter:Parameter", "drills-calendar-parameter")}
    assert others <= told, "drills are told how clients are led; nothing else changes"
    kinds = {kind for kind, _ in changed - others}
    assert kinds <= {"aws:route53/record:Record", "aws:route53/healthCheck:HealthCheck"}
    clients = [c.op for c in after.changes if c.name == "traffic-clients"]
    assert clients == ["update"], "the clients' name is never without a record"


def test_turning_the_regions_round_is_a_switchover_without_a_gap(resettled: Resettled) -> None:
    for lost, serving in resettled.turned.answers:
        assert serving not in (NOBODY, lost)
    assert resettled.after_turning == {"": IRELAND, EAST: IRELAND, IRELAND: EAST, "all": IRELAND}


def test_with_latency_records_each_client_is_led_to_the_nearest_that_is_left(
    resettled: Resettled,
) -> None:
    assert resettled.nearest == {
        ("us-east-2", ""): EAST,
        ("eu-west-2", ""): IRELAND,
        ("eu-west-2", IRELAND): EAST,
        ("us-east-2", EAST): IRELAND,
        ("eu-west-2", "all"): IRELAND,
    }, "when all are unhealthy, Route 53 answers as if all were healthy"
