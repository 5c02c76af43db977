"""Where a client is: from the subnet its resolver passes on, to the order of Regions."""

from __future__ import annotations

from ipaddress import ip_network

import dns.edns
import dns.message
import pytest

from emulator.dataplane.dns import respond
from emulator.dataplane.dns_answers import Answer, AnswerSet
from emulator.places import COORDINATES, DEFAULT_PLACE, client_subnet, distance, place_of
from infra.aws_regions import REGIONS


class Placed:
    """Answers every question with the place it was asked from."""

    def answer(self, name: str, kind: str, *, place: str) -> Answer:
        assert kind == "TXT"
        found = AnswerSet(name=name, type="TXT", ttl_s=1, values=(f'"{place}"',))
        return Answer(status="NOERROR", sets=(found,))


def asked_from(subnet: str | None) -> tuple[str, dns.message.Message]:
    query = dns.message.make_query("where.example.", "TXT")
    if subnet is not None:
        network = ip_network(subnet)
        option = dns.edns.ECSOption(str(network.network_address), network.prefixlen)
        query.use_edns(0, options=[option])
    wire = respond(Placed(), query.to_wire(), udp=True)  # type: ignore[arg-type]
    assert wire is not None
    response = dns.message.from_wire(wire)
    assert query.is_response(response)
    return response.answer[0][0].to_text().strip('"'), response


@pytest.mark.parametrize("region", REGIONS)
def test_a_client_near_a_region_is_answered_as_such(region: str) -> None:
    place, response = asked_from(client_subnet(region))
    assert place == region
    (scope,) = response.options
    assert isinstance(scope, dns.edns.ECSOption)
    assert scope.scopelen == 24, "the answer holds for the whole subnet (RFC 7871)"


@pytest.mark.parametrize("subnet", [None, "192.0.2.0/24", "198.19.255.0/24", "2001:db8::/56"])
def test_a_client_who_knows_where_is_taken_for_one_of_the_default_place(subnet: str | None) -> None:
    assert asked_from(subnet)[0] == DEFAULT_PLACE


def test_every_region_a_stack_may_use_has_a_place_and_a_subnet_of_its_own() -> None:
    assert set(REGIONS) <= set(COORDINATES)
    assert len({client_subnet(region) for region in REGIONS}) == len(REGIONS)
    assert {place_of(client_subnet(region).partition("/")[0]) for region in REGIONS} == {*REGIONS}


def test_a_region_that_is_nowhere_is_named() -> None:
    with pytest.raises(ValueError, match="atlantis-1"):
        client_subnet("atlantis-1")


@pytest.mark.parametrize(
    ("place", "order"),
    [
        ("eu-west-2", ["eu-west-1", "us-east-1", "us-west-2", "ap-southeast-2"]),
        ("ap-northeast-1", ["ap-northeast-2", "us-west-2", "eu-west-1", "us-east-1"]),
        ("us-east-1", ["us-east-1", "us-west-2", "eu-west-1", "ap-southeast-2"]),
    ],
)
def test_regions_are_near_or_far_as_on_the_map(place: str, order: list[str]) -> None:
    assert sorted(order, key=lambda region: distance(place, region)) == order
    assert distance(place, place) == 0
    assert distance(place, "atlantis-1") == float("inf")
