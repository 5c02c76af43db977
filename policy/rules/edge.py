"""Where clients come in: load balancers, listeners, certificates, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.rule import Said, alone, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource

# What Route 53's slowest answer lives; a connection that outlives it defeats the failover.
_LONGEST_KEEP_ALIVE_S: Final = 60
_ANYWHERE: Final = frozenset({"0.0.0.0/0", "::/0"})
_HTTPS: Final = 443


@each("LoadBalancer")
def load_balancers_span_three_zones(balancer: Resource, graph: Graph) -> Iterator[str]:
    """A load balancer stands in three different subnets, and can be reached once it is made.

    With a zone gone, two are left; without the route, clients are led to it and find nobody.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#availability-zones
    """
    subnets = balancer.asked("subnets") or []
    if len(graph.behind(balancer, "subnets", "Subnet")) != 3 or len(subnets) != 3:  # noqa: PLR2004 - three zones, as said above
        yield "is not in three availability zones"
    for route in graph.per_region("Route").get(str(balancer.region), []):
        if not graph.waits_for(balancer, route):
            yield f"may be made before it can be reached by {route}"


@alone("LoadBalancer")
def load_balancers_let_clients_go(balancer: Resource) -> Iterator[str]:
    """A load balancer closes a client's connection after 60 s at most, and drops invalid headers.

    DNS moves new connections only. By default a connection is kept for an hour: an evacuated
    Region would go on serving.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
    """
    keep_alive_s = balancer.get("clientKeepAlive") or 3600
    if keep_alive_s > _LONGEST_KEEP_ALIVE_S:
        yield f"keeps clients that DNS has moved for {keep_alive_s} s"
    if not balancer.get("dropInvalidHeaderFields"):
        yield "passes invalid headers on"


@alone("Listener")
def listeners_speak_modern_tls(listener: Resource) -> Iterator[str]:
    """A listener speaks HTTPS, TLS 1.2 or newer, with a certificate.

    What is sent here may be personal, and Route 53 checks do not validate certificates: nobody
    else would notice.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
    """
    if listener.get("protocol") != "HTTPS":
        yield f"speaks {listener.get('protocol')}, not HTTPS"
    if "TLS13" not in str(listener.get("sslPolicy")):
        yield f"has an old TLS policy, {listener.get('sslPolicy')}"


@each("Listener")
def listeners_wait_for_their_certificate(listener: Resource, graph: Graph) -> Iterator[str]:
    """A listener is made once its Region's certificate is issued.

    A listener with a certificate that is still pending is refused, in the middle of a deploy.

    Source: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
    """
    validation = graph.one("CertificateValidation", region=listener.region)
    if not graph.waits_for(listener, validation):
        yield "may be made before its certificate is issued"


@each("Certificate")
def certificates_cover_both_names(certificate: Resource, graph: Graph) -> Iterator[str]:
    """A Region's certificate is for the clients' name and for the Region's own.

    After a failover clients ask the standby by the same name as before; drills and health checks
    ask it by its own.

    Source: https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
    """
    zone = _zone_name(graph)
    names = {certificate.get("domainName"), *certificate.inputs.get("subjectAlternativeNames", [])}
    if names != {f"predict.{zone}", f"predict.{certificate.region}.{zone}"}:
        yield f"is for {', '.join(sorted(map(str, names)))}"


@whole
def every_name_is_proven_once(graph: Graph) -> Iterator[Said]:
    """Each name on a certificate has one record that proves it, and keeps proving it.

    Without the record the renewal fails, months later, in every Region at once.

    Source: https://docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html
    """
    proofs = [each for each in graph.of("Record") if each.name.endswith("-proof")]
    needed = 1 + len(graph.regions)
    names = {str(each.inputs.get("name")) for each in proofs}
    known = [each for each in proofs if "\0" not in str(each.inputs.get("name"))]
    if len(proofs) != needed or (len(known) == needed and len(names) != needed):
        yield f"{needed} names need a record that proves them, there are {len(names)}"


@whole
def only_load_balancers_are_public(graph: Graph) -> Iterator[Said]:
    """The internet reaches load balancers by HTTPS, and nothing else.

    Every other way in goes round the checks, the limits and the failover.

    Source: https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_network_protection_create_layers.html
    """
    fronts = [
        group
        for balancer in graph.of("LoadBalancer")
        for group in graph.behind(balancer, "securityGroups", "SecurityGroup")
    ]
    for rule in graph.all("SecurityGroupIngressRule"):
        if not _ANYWHERE & {rule.get("cidrIpv4"), rule.get("cidrIpv6")}:
            continue
        ports = (rule.get("ipProtocol"), rule.get("fromPort"), rule.get("toPort"))
        if ports != ("tcp", _HTTPS, _HTTPS):
            yield rule, f"lets the internet in by {ports[0]} on {ports[1]} to {ports[2]}"
        if not any(
            group in fronts for group in graph.behind(rule, "securityGroupId", "SecurityGroup")
        ):
            yield rule, "lets the internet in to something that is no load balancer"
    for group in graph.all("SecurityGroup"):
        if group.asked("ingress"):
            yield group, "has rules of its own, which its rule resources do not show"
    for url in graph.all("FunctionUrl"):
        yield url, "makes a function public beside its load balancer"
    for permission in graph.all("Permission"):
        if permission.get("principal") == "*":
            yield permission, "lets anybody invoke the function"


@each("WebAclLoggingConfiguration", optional=True)
def firewall_logs_hold_no_credentials(logging: Resource, graph: Graph) -> Iterator[str]:
    """What a web ACL writes down goes to a log group of the stack, without clients' tokens.

    A bearer token in a log is a way in for everybody who may read logs, for as long as it lives.

    Source: https://docs.aws.amazon.com/waf/latest/developerguide/logging-management-configure.html
    """
    redacted = {
        str((field.get("singleHeader") or {}).get("name")).lower()
        for field in logging.items("redactedFields")
    }
    for header in sorted({"authorization", "cookie"} - redacted):
        yield f"writes down clients' {header} headers"
    if not graph.behind(logging, "logDestinationConfigs", "LogGroup"):
        yield "writes to something that this stack neither encrypts nor empties"


@each("WebAcl", optional=True)
def web_firewalls_turn_away(acl: Resource, graph: Graph) -> Iterator[str]:
    """A web ACL blocks what its rules find, and stands in front of its Region's load balancer.

    Rules that only count, from the days when they were tried, look like a firewall and are none.

    Source: https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-testing.html
    """
    for rule in acl.items("rules"):
        acts = rule.get("action") or rule.get("overrideAction") or {}
        if "count" in acts:
            yield f"only counts what its rule {rule.get('name')} finds"
    guarded = graph.matching("WebAclAssociation", region=acl.region)
    if not any(acl in graph.behind(one, "webAclArn", "WebAcl") for one in guarded):
        yield "stands in front of nothing"


@whole
def every_region_has_a_firewall_or_none_has(graph: Graph) -> Iterator[Said]:
    """Where one Region has a web ACL, every Region has.

    Whoever is turned away in one asks the other by its own name.

    Source: https://docs.aws.amazon.com/waf/latest/developerguide/web-acl.html
    """
    found = graph.per_region("WebAcl")
    if any(found.values()):
        for region in sorted(each for each, acls in found.items() if not acls):
            yield f"{region} has no web ACL, and others have"


@whole
def production_says_whom_it_turned_away(graph: Graph) -> Iterator[Said]:
    """In production every web ACL has a log.

    Without it a client that gets 403 cannot be told why, and an attack leaves no trace.

    Source: https://docs.aws.amazon.com/waf/latest/developerguide/logging.html
    """
    if not graph.production:
        return
    logged = graph.all("WebAclLoggingConfiguration")
    for acl in graph.all("WebAcl"):
        if not any(acl in graph.behind(one, "resourceArn", "WebAcl") for one in logged):
            yield acl, "writes down nothing of what it turns away"


def _zone_name(graph: Graph) -> str:
    return str(graph.one("Zone").get("name")).rstrip(".")
