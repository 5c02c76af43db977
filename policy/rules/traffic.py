"""How clients are led to a Region that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.rule import Said, alone, each, whole
from policy.rules.health import deep_checks, serving_check
from policy.rules.observers import is_verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource


def _clients_name(graph: Graph) -> str:
    return "predict." + str(graph.one("Zone").get("name")).rstrip(".")


def _role(record: Resource) -> str | None:
    if is_verdict(record):
        return None  # it leads nobody anywhere
    found = record.items("failoverRoutingPolicies")
    return str(found[0].get("type")) if found else None


def _balancers(graph: Graph, record: Resource) -> list[Resource]:
    """The load balancers a record leads to, also by way of a Region's own name."""
    direct = [
        each for key in ("aliases", "records") for each in graph.behind(record, key, "LoadBalancer")
    ]
    return direct or [
        balancer
        for name in _targets(record)
        for other in _at(graph, name)
        if other.inputs.get("setIdentifier") is None
        for balancer in _balancers(graph, other)
    ]


def _targets(record: Resource) -> list[str]:
    aliases: list[dict[str, Any]] = record.asked("aliases") or []
    values: list[Any] = record.asked("records") or []
    return [str(each).rstrip(".") for each in (*values, *(each.get("name") for each in aliases))]


def _at(graph: Graph, name: str) -> list[Resource]:
    return [each for each in graph.of("Record") if str(each.inputs.get("name")).rstrip(".") == name]


def _way(graph: Graph) -> str:
    """The name whose records choose a Region: the clients' own, or where it leads plainly."""
    name = _clients_name(graph)
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        found = _at(graph, name)
        plain = [each for each in found if each.get("setIdentifier") is None]
        if len(found) == 1 and plain and not _balancers(graph, plain[0]):
            name = next(iter(_targets(plain[0])), name)
    return name


@whole
def failover_records_are_complete_and_distinct(graph: Graph) -> Iterator[Said]:
    """From the clients' name a chain of failover records leads to every Region once, in order.

    At each step one PRIMARY leads to a Region, and one SECONDARY to the next step; at the end it
    may lead back to the first Region. Route 53 stores nonsense without a word: two primaries, or a
    Region that no record leads to, are noticed only on the day.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-complex-configs.html
    """
    if not any(map(_role, graph.of("Record"))):
        return
    name = _way(graph)
    reached: list[str] = []
    seen: set[str] = set()
    while name and name not in seen:
        seen.add(name)
        step = _at(graph, name)
        roles = sorted(str(_role(each)) for each in step)
        if roles not in (["PRIMARY", "SECONDARY"], ["PRIMARY"]):
            yield f"{name} has the failover records {', '.join(roles) or 'none'}"
        identifiers = [each.get("setIdentifier") for each in step]
        if len(set(identifiers)) != len(step):
            yield f"{name} has two records called {identifiers[0]}"
        name, found = _next_step(graph, step)
        reached += found
    if tuple(reached) != graph.regions:
        yield (
            f"clients are led to {', '.join(reached) or 'no Region'}, expected each Region once,"
            f" in this order: {', '.join(graph.regions)}"
        )


def _next_step(graph: Graph, step: list[Resource]) -> tuple[str, list[str]]:
    """Where a step's SECONDARY leads on to, if it does, and the Regions the step reaches."""
    reached: list[str] = []
    onward = ""
    for record in sorted(step, key=lambda each: str(_role(each))):
        balancers = _balancers(graph, record)
        reached += [str(each.region) for each in balancers if not _ends(graph, record)]
        if not balancers:
            names = [name for name in _targets(record) if any(map(_role, _at(graph, name)))]
            onward = names[0] if names else onward
    return onward, reached


def _ends(graph: Graph, record: Resource) -> bool:
    """Whether a SECONDARY leads back to the first Region, beside a PRIMARY to another one."""
    beside = [each for each in _at(graph, str(record.get("name"))) if _role(each) == "PRIMARY"]
    own = {str(balancer.region) for each in beside for balancer in _balancers(graph, each)}
    led = {str(balancer.region) for balancer in _balancers(graph, record)}
    return _role(record) == "SECONDARY" and led == set(graph.regions[:1]) and led != own


@whole
def every_routed_record_has_its_health_check(graph: Graph) -> Iterator[Said]:
    """Every record that clients may be led by follows a health check, its own Region's.

    A record without one counts as healthy for ever: it goes on attracting clients when its Region
    is gone.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-complex-configs.html
    """
    for record in graph.of("Record"):
        if record.get("setIdentifier") is None or is_verdict(record):
            continue
        checks = graph.behind(record, "healthCheckId", "HealthCheck")
        if not checks:
            yield record, "has no health check, so it always counts as healthy"
        for balancer in _balancers(graph, record) if checks and not _ends(graph, record) else ():
            expected = serving_check(graph, str(balancer.region))
            if expected is not None and expected not in checks:
                yield record, f"leads to {balancer.region} and follows {checks[0].name}"


@whole
def the_chain_goes_on_while_a_later_region_is_ready(graph: Graph) -> Iterator[Said]:
    """A SECONDARY that leads on is healthy while any Region behind it can predict, and only then.

    When it is healthy too seldom, clients stay with a Region that is lost; when too often, they
    are led past the first choice to nobody. Route 53 nests no calculated checks, so it is made of
    the deep checks.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
    """
    for record in graph.of("Record"):
        ends = _ends(graph, record)
        onward = ends or (_role(record) == "SECONDARY" and not _balancers(graph, record))
        checks = graph.behind(record, "healthCheckId", "HealthCheck") if onward else []
        later = list(graph.regions[:1]) if ends else _behind(graph, record)
        for check in checks:
            needed = {each.urn for region in later for each in deep_checks(graph, region)}
            children = graph.behind(check, "childHealthchecks", "HealthCheck")
            if {each.urn for each in children} != needed:
                yield record, f"goes on by {', '.join(each.name for each in children) or 'none'}"
            if check.get("childHealthThreshold") != 1 or check.get("invertHealthcheck"):
                yield record, f"goes on only while {check.get('childHealthThreshold')} are ready"


def _behind(graph: Graph, record: Resource) -> list[str]:
    """The Regions of the chain that a SECONDARY leads on to."""
    reached: list[str] = []
    seen: set[str] = set()
    name = next(iter(_targets(record)), "")
    while name and name not in seen:
        seen.add(name)
        name, found = _next_step(graph, _at(graph, name))
        reached += found
    return reached


@whole
def latency_records_are_complete_and_distinct(graph: Graph) -> Iterator[Said]:
    """With latency routing every Region has one record, which is for that Region.

    A record under another Region's name draws the clients that are nearest to somewhere else.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-latency.html
    """
    found = [each for each in graph.of("Record") if each.items("latencyRoutingPolicies")]
    regions: list[str] = []
    for record in found:
        region = str(record.items("latencyRoutingPolicies")[0].get("region"))
        regions.append(region)
        led = {each.region for each in _balancers(graph, record)}
        if led != {region}:
            yield record, f"is for {region} and leads to {', '.join(map(str, led)) or 'nothing'}"
    if found and sorted(regions) != sorted(graph.regions):
        yield f"the latency records are for {', '.join(sorted(regions))}"


@whole
def clients_have_one_way_in(graph: Graph) -> Iterator[Said]:
    """The clients' name leads to records that all route by one policy, failover or latency.

    A plain record to one Region in their place answers with it for ever: there is no failover.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html
    """
    found = _at(graph, _way(graph))
    policies = {
        key
        for each in found
        for key in ("failoverRoutingPolicies", "latencyRoutingPolicies")
        if each.items(key)
    }
    plain = [each for each in found if each.get("setIdentifier") is None]
    if len(policies) != 1:
        yield f"{_clients_name(graph)} routes by {', '.join(sorted(policies)) or 'no policy'}"
    for record in plain:
        yield record, "answers clients with one Region, whatever its health"


@whole
def regional_names_lead_home(graph: Graph) -> Iterator[Said]:
    """Each Region's own name leads to its own load balancer, whatever its health.

    An operator looks at a Region that is ill by this name; so do health checks and drills.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-to-elb-load-balancer.html
    """
    zone = str(graph.one("Zone").get("name")).rstrip(".")
    for region in graph.regions:
        found = _at(graph, f"predict.{region}.{zone}")
        if len(found) != 1:
            yield f"{region} has {len(found)} records of its own"
        for record in found:
            led = {each.region for each in _balancers(graph, record)}
            if led != {region}:
                yield record, f"leads to {', '.join(map(str, led)) or 'nothing'}"
            if record.get("healthCheckId") is not None:
                yield record, "hides a Region that is being looked at"


@alone("Record")
def one_judge_decides(record: Resource) -> Iterator[str]:
    """No alias evaluates its target's health.

    It would add a judge that neither the evacuation switch nor a drill can see.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-failover-alias.html
    """
    if any(each.get("evaluateTargetHealth") for each in record.asked("aliases") or []):
        yield "lets its target's health decide beside its health check"


@alone("Record")
def answers_live_for_a_minute(record: Resource) -> Iterator[str]:
    """A record that clients are led by lives for 60 s at most.

    Resolvers keep leading clients to a lost Region for as long as the record lives.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/best-practices-dns.html
    """
    if record.get("setIdentifier") is not None and int(record.get("ttl") or 0) > 60:  # noqa: PLR2004 - AWS's advice, as cited
        yield f"lives for {record.get('ttl')} s in resolvers"


@each("Record")
def records_wait_for_what_they_lead_to(record: Resource, graph: Graph) -> Iterator[str]:
    """A record that clients are led by is made once its Region can serve.

    Otherwise a Region that joins the stack answers its first clients with errors.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/best-practices-dns.html
    """
    if record.get("setIdentifier") is None:
        return
    for balancer in _balancers(graph, record):
        needed = [
            *graph.matching("TargetGroupAttachment", region=balancer.region),
            *graph.matching("ListenerRule", region=balancer.region),
        ]
        if not all(graph.waits_for(record, each_needed) for each_needed in needed):
            yield f"may lead clients to {balancer.region} before it can serve"
