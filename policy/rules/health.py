"""How a Region's health is judged: by what it says of itself, and by somebody who is not it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.rule import Said, alone, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource

_ENDPOINT: Final = "HTTPS_STR_MATCH"
_READY: Final = ("/health/ready", '"ready":true')
_WATCHERS: Final = 2
_EVACUATED: Final = '"evacuated":true'


def _endpoint_checks(graph: Graph, path_prefix: str) -> list[Resource]:
    return [
        each
        for each in graph.of("HealthCheck")
        if str(each.inputs.get("resourcePath", "")).startswith(path_prefix)
    ]


def _regional(graph: Graph, host: object) -> str | None:
    """The Region whose own name this is."""
    zone = str(graph.one("Zone").get("name")).rstrip(".")
    return next((each for each in graph.regions if host == f"predict.{each}.{zone}"), None)


@whole
def deep_checks_ask_each_region_itself(graph: Graph) -> Iterator[Said]:
    """Every Region has one deep check, which reads its own readiness by its own name.

    A check that asks a shared name, or only whether the port is open, is green while the model is
    not loaded.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
    """
    path, words = _READY
    found = _endpoint_checks(graph, "/health/")
    asked = [_regional(graph, each.get("fqdn")) for each in found]
    if sorted(map(str, asked)) != sorted(graph.regions):
        yield f"the deep checks ask {', '.join(map(str, asked)) or 'nobody'}, not each Region once"
    for check in found:
        if check.get("type") != _ENDPOINT or check.get("searchString") != words:
            yield check, f"only looks at the surface (by {check.get('type')})"
        if check.get("resourcePath") != path:
            yield check, f"asks for {check.get('resourcePath')}, not {path}"
        if check.get("invertHealthcheck"):
            yield check, "is inverted: a Region that is ready reads as one that is not"


@whole
def evacuation_checks_ask_a_watcher(graph: Graph) -> Iterator[Said]:
    """Every Region can be taken out by a flag served from two others, read by inverted checks.

    With only one, losing it leaves a Region that nobody can evacuate (a stack of two Regions has
    no other). Asked of the judged Region itself, evacuation fails together with what it is needed
    against. Not inverted, losing the watcher takes a healthy Region out with it.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
    """
    found = _endpoint_checks(graph, "/evacuation/")
    judged = {str(each.get("resourcePath")).removeprefix("/evacuation/") for each in found}
    if judged != set(graph.regions):
        yield f"the evacuation checks judge {', '.join(sorted(judged)) or 'nobody'}"
    for region in graph.regions:
        asked = {
            each.get("fqdn")
            for each in found
            if str(each.get("resourcePath")).removeprefix("/evacuation/") == region
        }
        if len(asked) < min(_WATCHERS, len(graph.regions) - 1):
            yield f"{region} is watched by {len(asked)} Region(s)"
    for check in found:
        region = str(check.get("resourcePath")).removeprefix("/evacuation/")
        watcher = _regional(graph, check.get("fqdn"))
        if not check.get("invertHealthcheck"):
            yield check, f"is not inverted: losing its watcher takes {region} out of service"
        if watcher is None or watcher == region:
            yield check, f"asks {check.get('fqdn')}, which is no other Region than {region}"
        if check.get("type") != _ENDPOINT or check.get("searchString") != _EVACUATED:
            yield check, f"looks for {check.get('searchString')} by {check.get('type')}"
        if watcher is not None:
            yield from _switch_knows(graph, watcher, region)


def _switch_knows(graph: Graph, watcher: str, region: str) -> Iterator[Said]:
    for function in graph.matching("Function", region=watcher):
        if not str(function.get("name")).endswith("-evacuation"):
            continue
        variables: dict[str, Any] = function.object("environment").get("variables", {})
        if region not in str(variables.get("UNDERSTUDY_WATCHED_REGIONS")).split(","):
            yield function, f"does not know {region}, which it is to take out"
        bucket = graph.known_as("Bucket", variables.get("UNDERSTUDY_EVACUATION_BUCKET"))
        if bucket is None or bucket.region != watcher:
            yield function, "reads its flags from another Region's bucket"
        return
    yield f"{watcher} has no evacuation function"


@whole
def serving_checks_need_every_judge(graph: Graph) -> Iterator[Said]:
    """A Region serves while its deep check and all its evacuation checks are healthy, no less.

    With a lower threshold one judge outvotes the other: a Region that says it is broken, or that
    was evacuated, goes on serving.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
    """
    for region in graph.regions:
        needed = {each.urn for each in _judges(graph, region)}
        serving = [
            each
            for each in graph.matching("HealthCheck", type="CALCULATED")
            if {child.urn for child in graph.behind(each, "childHealthchecks", "HealthCheck")}
            == needed
        ]
        if len(serving) != 1:
            yield f"{region} has {len(serving)} checks that need its deep and evacuation checks"
        for check in serving:
            if check.get("childHealthThreshold") != len(needed):
                yield (
                    check,
                    f"needs {check.get('childHealthThreshold')} of {len(needed)} judges to serve",
                )
            if check.get("invertHealthcheck"):
                yield check, "is inverted: a Region serves while it is ill"


def serving_check(graph: Graph, region: str) -> Resource | None:
    """The check that says whether a Region serves: all its judges are among its children."""
    needed = {each.urn for each in _judges(graph, region)}
    for check in graph.matching("HealthCheck", type="CALCULATED"):
        children = {each.urn for each in graph.behind(check, "childHealthchecks", "HealthCheck")}
        if children == needed:
            return check
    return None


def deep_checks(graph: Graph, region: str) -> list[Resource]:
    """The checks that ask a Region itself."""
    return [
        each
        for each in _endpoint_checks(graph, "/health/")
        if _regional(graph, each.get("fqdn")) == region
    ]


def _judges(graph: Graph, region: str) -> list[Resource]:
    return deep_checks(graph, region) + _endpoint_checks(graph, f"/evacuation/{region}")


@alone("HealthCheck")
def health_checks_are_never_disabled(check: Resource) -> Iterator[str]:
    """No health check is disabled.

    A disabled check is healthy whatever happens (an inverted one is unhealthy): traffic stays
    where nobody answers.

    Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
    """
    if check.get("disabled"):
        yield "is disabled, so it says the same whatever happens"


@alone("HealthCheck")
def health_checks_look_from_everywhere(check: Resource) -> Iterator[str]:
    """No health check is confined to checkers of chosen Regions.

    Checkers in a Region that is lost stop reporting; with all of them, no single Region's loss
    decides.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
    """
    if check.get("regions"):
        yield f"looks only from {', '.join(map(str, check.get('regions')))}"
