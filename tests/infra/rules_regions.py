"""What stands in each Region, and how it is built."""

from collections.abc import Iterator

from tests.infra.graph import Graph, kind, regions_of

# Services whose resources belong to no Region.
GLOBAL = ("aws:iam/", "aws:route53/")
# Resource types that have no tags: settings of something else, which has them.
UNTAGGED = {
    *("Route", "RouteTableAssociation", "TargetGroupAttachment", "CertificateValidation"),
    *("Alias", "Permission", "LogSubscriptionFilter", "RolePolicy", "Record"),
    *("BucketVersioning", "BucketServerSideEncryptionConfiguration", "BucketPublicAccessBlock"),
    *("BucketOwnershipControls", "BucketPolicy", "BucketLifecycleConfiguration"),
    "BucketReplicationConfig",
}

# What ties Regions together is made of both: copies of the key, and rules between buckets.
ACROSS = {"BucketReplicationConfig", "ReplicaKey"}


def states_its_region(graph: Graph) -> Iterator[str]:
    for resource in graph.custom:
        regional = not resource.type.startswith(GLOBAL)
        if regional and resource.inputs.get("region") not in regions_of(graph):
            yield f"{resource} leaves its Region to the provider"


def is_tagged(graph: Graph) -> Iterator[str]:
    for resource in graph.custom:
        if kind(resource) in UNTAGGED:
            continue
        tags = resource.inputs.get("tags", {})
        expected = {
            "project": "understudy",
            "stack": graph.outputs["stack"],
            "region": resource.inputs.get("region", tags.get("region")),
        }
        if not tags.get("Name") or not expected.items() <= tags.items():
            yield f"{resource} is tagged {tags}"


def stays_in_its_component(graph: Graph) -> Iterator[str]:
    for resource in graph.custom:
        if not resource.parent.startswith("urn:") or ":infra:" not in resource.parent:
            yield f"{resource} has left its component for {resource.parent}"


def is_built_per_region(graph: Graph) -> Iterator[str]:
    """Each Region's own resources wait for nothing of another Region's."""
    for resource in graph.custom:
        mine = resource.inputs.get("region")
        if mine is None or kind(resource) in ACROSS:
            continue
        for urn in resource.dependencies:
            other = graph.resources[urn].inputs.get("region", mine)
            if other != mine:
                yield f"{resource} in {mine} waits for {graph.resources[urn]} in {other}"


def targets_are_checked(graph: Graph) -> Iterator[str]:
    for group in graph.of("TargetGroup"):
        check = group.inputs.get("healthCheck", {})
        if not (check.get("enabled") and check["timeout"] < check["interval"]):
            yield f"{group} calls every function healthy"
        if not group.inputs.get("lambdaMultiValueHeadersEnabled"):
            yield f"{group} drops repeated headers"
        if len(group.inputs["name"]) > 32:
            yield f"{group} has a name of more than 32 characters"


def permission_precedes_registration(graph: Graph) -> Iterator[str]:
    for attachment in graph.of("TargetGroupAttachment"):
        group_arn = attachment.inputs["targetGroupArn"]
        permissions = [
            each for each in graph.of("Permission") if each.inputs["sourceArn"] == group_arn
        ]
        if not any(graph.waits_for(attachment, each) for each in permissions):
            yield f"{attachment} may be registered before it may be invoked"
        for permission in permissions:
            if permission.inputs["principal"] != "elasticloadbalancing.amazonaws.com":
                yield f"{permission} lets in {permission.inputs['principal']}"
            if permission.inputs["qualifier"] != "live":
                yield f"{permission} is not for the alias that is registered"


def balancers_serve_https_from_three_zones(graph: Graph) -> Iterator[str]:
    for balancer in graph.of("LoadBalancer"):
        if len(set(balancer.inputs["subnets"])) != 3:
            yield f"{balancer} is not in three availability zones"
        if balancer.inputs["clientKeepAlive"] > 60:
            yield f"{balancer} keeps clients that DNS has moved"
        if len(balancer.inputs["name"]) > 32:
            yield f"{balancer} has a name of more than 32 characters"
        for route in graph.of("Route"):
            same = route.inputs["region"] == balancer.inputs["region"]
            if same and not graph.waits_for(balancer, route):
                yield f"{balancer} may be made before it can be reached"
    zones = [subnet.inputs["availabilityZone"] for subnet in graph.of("Subnet")]
    if len(set(zones)) != len(zones):
        yield f"two subnets are in one availability zone: {zones}"


def listeners_wait_for_their_certificate(graph: Graph) -> Iterator[str]:
    for listener in graph.of("Listener"):
        if listener.inputs["protocol"] != "HTTPS":
            yield f"{listener} does not speak HTTPS"
        if "TLS13" not in listener.inputs["sslPolicy"]:
            yield f"{listener} has an old TLS policy"
        region = listener.inputs["region"]
        validation = graph.one("CertificateValidation", region=region)
        if not graph.waits_for(listener, validation):
            yield f"{listener} may be made before its certificate is issued"
    for certificate in graph.of("Certificate"):
        zone = graph.outputs["zoneName"]
        names = {certificate.inputs["domainName"], *certificate.inputs["subjectAlternativeNames"]}
        if names != {f"predict.{zone}", f"predict.{certificate.inputs['region']}.{zone}"}:
            yield f"{certificate} is for {names}"


def every_name_is_proven_once(graph: Graph) -> Iterator[str]:
    proofs = [each.inputs["name"] for each in graph.of("Record") if each.name.endswith("-proof")]
    zone = graph.outputs["zoneName"]
    needed = [f"predict.{zone}", *(f"predict.{region}.{zone}" for region in regions_of(graph))]
    if sorted(proofs) != sorted(f"_proof.{name}." for name in needed):
        yield f"the records that prove names are {proofs}"


def functions_run_their_own_regions_release(graph: Graph) -> Iterator[str]:
    for function in graph.of("Function"):
        region = function.inputs["region"]
        if not function.inputs.get("publish"):
            yield f"{function} publishes no version for its alias"
        if "vpcConfig" in function.inputs:
            yield f"{function} is in a network it does not need"
        if function.name.endswith("evacuation-function"):
            continue
        stored = graph.one("BucketObjectv2", region=region)
        if function.inputs["s3Bucket"] != stored.inputs["bucket"]:
            yield f"{function} is deployed from another Region's bucket"
        if not graph.waits_for(function, stored):
            yield f"{function} may be made before its package is there"
        digest = function.inputs["s3Key"].removeprefix("releases/").removesuffix(".zip")
        if len(digest) != 64 or function.inputs["s3Key"] != stored.inputs["key"]:
            yield f"{function} is deployed from {function.inputs['s3Key']}"
        if len(function.inputs["environment"]["variables"]["UNDERSTUDY_RELEASE_DIGEST"]) != 64:
            yield f"{function} is not told which release it is"
    if len({each.inputs["key"] for each in graph.of("BucketObjectv2")}) != 1:
        yield "the Regions serve different releases"


def functions_log_where_they_are_expected_to(graph: Graph) -> Iterator[str]:
    for function in graph.of("Function"):
        name, region = function.inputs["name"], function.inputs["region"]
        group = graph.one("LogGroup", name=f"/aws/lambda/{name}", region=region)
        if not group.inputs.get("retentionInDays"):
            yield f"{group} is kept for ever"
        if not graph.waits_for(function, group):
            yield f"{function} may make a log group of its own"
