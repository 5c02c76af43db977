"""What a value in a deployed graph names."""

from __future__ import annotations

from policy.graph import Graph

ZONE, SHARED = "Z-HOSTED", "Z-OF-ALL-BALANCERS"


def balancer(region: str) -> dict[str, object]:
    address = f"balancer.{region}.elb.amazonaws.com"
    return {
        "type": "aws:lb/loadBalancer:LoadBalancer",
        "name": region,
        "urn": f"urn:{region}",
        "id": f"arn:{region}",
        "outputs": {"dnsName": address, "zoneId": SHARED},
    }


def test_load_balancers_that_share_a_zone_are_told_apart() -> None:
    """AWS gives all of a Region one; a Region that the emulator does not know has another's."""
    alias = {"name": "balancer.west.elb.amazonaws.com", "zoneId": SHARED}
    record = {
        "type": "aws:route53/record:Record",
        "name": "west-regional",
        "urn": "urn:record",
        "id": "record",
        "inputs": {"zoneId": ZONE, "aliases": [alias]},
    }
    zone = {"type": "aws:route53/zone:Zone", "name": "zone", "urn": "urn:zone", "id": ZONE}
    graph = Graph.from_json(
        {"resources": [balancer("east"), balancer("west"), record, {**zone, "outputs": {}}]}
    )
    (found,) = graph.of("Record")
    assert [each.name for each in graph.behind(found, "aliases", "LoadBalancer")] == ["west"]
    assert [each.name for each in graph.behind(found, "zoneId", "Zone")] == ["zone"]
