"""What is wrong with the records that lead clients. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.topology import Record, Region, Topology

CHAIN_LINK = ["PRIMARY", "SECONDARY"]


def clients_name(topology: Topology) -> Iterator[Finding]:
    """The clients' name leads to records that choose between all Regions."""
    led = {record.set_identifier for record in topology.way}
    missing = [r.region for r in topology.regions if r.region not in led]
    if missing:
        yield Finding(
            resource=f"records {topology.predict_name}",
            cause=f"never lead to {', '.join(missing)}, so no failover reaches it",
            next_step="declare a record for every Region, reached from the clients' name",
        )


def failover_chain(topology: Topology) -> Iterator[Finding]:
    """Each link is one PRIMARY and one SECONDARY; the SECONDARY goes on to the next Region."""
    names = dict.fromkeys(record.name for record in topology.way if record.failover_role)
    for name in names:
        records = topology.at(name)
        roles = sorted(str(record.failover_role) for record in records)
        if roles != CHAIN_LINK:
            yield Finding(
                resource=f"records {name}",
                cause=f"have the roles {', '.join(roles)}, so Route 53 cannot fail over",
                next_step="declare exactly one PRIMARY and one SECONDARY",
            )
        for record in records:
            if record.failover_role == "PRIMARY":
                yield from _serves_its_region(topology, record)
            else:
                yield from _leads_onward(topology, record)


def latency_records(topology: Topology) -> Iterator[Finding]:
    """Each latency record is its Region's own, under that Region's name and serving check."""
    for record in topology.way:
        if record.latency_region is None:
            continue
        yield from _serves_its_region(topology, record)
        if record.latency_region != record.set_identifier:
            yield Finding(
                resource=_named(record),
                cause=f"answers clients near {record.latency_region}, not those near its Region",
                next_step="name its own Region in the latency policy",
            )


def _serves_its_region(topology: Topology, record: Record) -> Iterator[Finding]:
    """A record to a Region follows that Region's serving check and leads to its load balancer."""
    region = topology.led_to(record)
    if record.health_check_id is None:
        yield Finding(
            resource=_named(record),
            cause="has no health check, so it always counts as healthy",
            next_step="attach the Region's serving check",
        )
    elif region is not None and record.health_check_id != region.serving_check.id:
        yield Finding(
            resource=_named(record),
            cause=f"is led by health check {record.health_check_id}, not by its Region's serving "
            f"check {region.serving_check.id}",
            next_step="attach the Region's serving check",
        )
    if region is not None and not _reaches(topology, record, region):
        yield Finding(
            resource=_named(record),
            cause=f"leads to {', '.join(record.targets)}, which is not {region.region}'s load "
            f"balancer {region.load_balancer.host}",
            next_step="point it at its own Region",
        )


def _leads_onward(topology: Topology, record: Record) -> Iterator[Finding]:
    """An onward record is healthy while any Region behind it is ready (at the end: the first)."""
    behind = _behind(topology, record.targets[0]) or [topology.primary]
    needed = {region.deep_check.id for region in behind}
    check = next((c for c in topology.joint_checks if c.id == record.health_check_id), None)
    if check is None or set(check.children) != needed or check.child_threshold != 1:
        told = "no joint check" if check is None else f"{sorted(check.children)}"
        yield Finding(
            resource=_named(record),
            cause=f"follows {told}, not whether any of the Regions behind it is ready "
            f"({sorted(needed)}, threshold 1), so clients may be led past a Region that serves",
            next_step="calculate its check from the deep checks of the Regions behind it",
        )


def _leading(topology: Topology, name: str) -> list[Region]:
    """List the Regions that the PRIMARY records of a name are for."""
    records = [record for record in topology.at(name) if record.failover_role == "PRIMARY"]
    return [region for record in records if (region := topology.led_to(record)) is not None]


def _behind(topology: Topology, name: str) -> list[Region]:
    """List the Regions of the chain from a name on."""
    found: list[Region] = []
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        found += _leading(topology, name)
        onward = [each for each in topology.at(name) if each.failover_role == "SECONDARY"]
        name = onward[0].targets[0] if onward else name
    return found


def _reaches(topology: Topology, record: Record, region: Region) -> bool:
    """Follow a record by name to its Region's load balancer, through names of the same zone."""
    seen: set[str] = set()
    names = set(record.targets)
    while names - seen:
        if region.load_balancer.host in names:
            return True
        seen |= names
        names = {t for each in topology.records if each.name in names for t in each.targets}
    return False


def _named(record: Record) -> str:
    return f"record {record.name} ({record.set_identifier})"
