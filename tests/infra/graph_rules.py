"""The rules the deployed graph keeps; each returns what breaks it, in words.

A rule is a function so that a test can also break the graph and see the rule notice.
"""

import json
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

from tests.infra.graph import ACCOUNT_ID, Graph, Resource

Rule = Callable[[Graph], Iterator[str]]

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


def kind(resource: Resource) -> str:
    return resource.type.rpartition(":")[2]


def regions_of(graph: Graph) -> list[str]:
    return [entry["region"] for entry in graph.outputs["regions"]]


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
        if mine is None or kind(resource) == "BucketReplicationConfig":
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
        if (listener.inputs["protocol"], listener.inputs["port"]) != ("HTTPS", 443):
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


def predictions_flow_into_their_own_regions_bucket(graph: Graph) -> Iterator[str]:
    for region in regions_of(graph):
        stream = graph.one("FirehoseDeliveryStream", region=region)
        target = stream.inputs["extendedS3Configuration"]
        if f"-{region}-predictions" not in target["bucketArn"]:
            yield f"{stream} writes to {target['bucketArn']}"
        if not target["prefix"].startswith(f"predictions/region={region}/date=!{{timestamp"):
            yield f"{stream} writes under {target['prefix']}"
        steps = [step["type"] for step in target["processingConfiguration"]["processors"]]
        if steps != ["Decompression", "CloudWatchLogProcessing"]:
            yield f"{stream} processes records by {steps}"
        source = graph.one("LogSubscriptionFilter", region=region)
        if source.inputs["destinationArn"] != stream.outputs["arn"]:
            yield f"{source} leads elsewhere"
        if not source.inputs["logGroup"].endswith("-predict"):
            yield f"{source} reads {source.inputs['logGroup']}"
        for later in (stream, source):
            policies = [
                each
                for each in graph.of("RolePolicy")
                if graph.waits_for(later, each) and each.urn in later.dependencies
            ]
            if not policies:
                yield f"{later} may be made before its role may do anything"


def buckets_are_private_and_keep_versions(graph: Graph) -> Iterator[str]:
    for bucket in graph.of("Bucket"):
        name = bucket.inputs["bucket"]
        if graph.one("BucketVersioning", bucket=name).inputs["versioningConfiguration"] != {
            "status": "Enabled"
        }:
            yield f"{bucket} forgets what is overwritten"
        block = graph.one("BucketPublicAccessBlock", bucket=name).inputs
        if not all(
            block.get(each)
            for each in (
                *("blockPublicAcls", "blockPublicPolicy"),
                *("ignorePublicAcls", "restrictPublicBuckets"),
            )
        ):
            yield f"{bucket} can be made public"
        encryption = graph.one("BucketServerSideEncryptionConfiguration", bucket=name)
        if "AES256" not in json.dumps(encryption.inputs["rules"]):
            yield f"{bucket} is not encrypted"
        owner = graph.one("BucketOwnershipControls", bucket=name).inputs["rule"]
        if owner != {"objectOwnership": "BucketOwnerEnforced"}:
            yield f"{bucket} still knows access lists"
        if "aws:SecureTransport" not in graph.one("BucketPolicy", bucket=name).inputs["policy"]:
            yield f"{bucket} answers over plain HTTP"
        (rule,) = graph.one("BucketLifecycleConfiguration", bucket=name).inputs["rules"]
        if "noncurrentVersionExpiration" not in rule or "expiration" in rule:
            yield f"{bucket} does not tidy old versions, or deletes current ones"


def replication_goes_both_ways(graph: Graph) -> Iterator[str]:
    pairs = set(replicated_pairs(graph))
    prefix = f"understudy-{graph.outputs['stack']}-{ACCOUNT_ID}"
    for what in ("releases", "predictions"):
        for one, other in permutations(regions_of(graph), 2):
            if (f"{prefix}-{one}-{what}", f"{prefix}-{other}-{what}") not in pairs:
                yield f"{what} are not copied from {one} to {other}"
    if any("evacuation" in source for source, _ in pairs):
        yield "a flag set in one Region appears in another"


def replication_copies_all_and_deletes_nothing(graph: Graph) -> Iterator[str]:
    for config in graph.of("BucketReplicationConfig"):
        for rule in config.inputs["rules"]:
            if rule["status"] != "Enabled" or rule["filter"].get("prefix"):
                yield f"{config} does not copy the whole bucket"
            if rule["deleteMarkerReplication"]["status"] != "Disabled":
                yield f"{config} copies deletions"
        roles = [each for each in graph.of("Role") if each.outputs["arn"] == config.inputs["role"]]
        policies = [
            each
            for each in graph.of("RolePolicy")
            if each.inputs["role"] == roles[0].inputs["name"]
        ]
        if config.inputs["bucket"] not in policies[0].inputs["policy"]:
            yield f"{config} has a role that may not read its source"


def replication_waits_for_versioning(graph: Graph) -> Iterator[str]:
    for config in graph.of("BucketReplicationConfig"):
        ends = {name for pair in replicated_pairs(graph) for name in pair}
        for name in ends:
            same_kind = name.rpartition("-")[2] == config.inputs["bucket"].rpartition("-")[2]
            versioning = graph.one("BucketVersioning", bucket=name)
            if same_kind and not graph.waits_for(config, versioning):
                yield f"{config} may be made before {name} keeps versions"


def replicated_pairs(graph: Graph) -> Iterator[tuple[str, str]]:
    for config in graph.of("BucketReplicationConfig"):
        for rule in config.inputs["rules"]:
            destination = rule["destination"]["bucket"].removeprefix("arn:aws:s3:::")
            yield config.inputs["bucket"], destination


def roles_are_least(graph: Graph) -> Iterator[str]:
    for policy in graph.of("RolePolicy"):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            for action in statement["Action"]:
                if "*" in action:
                    yield f"{policy} allows {action}"
            for resource in statement["Resource"]:
                named = resource.removesuffix(":*").removesuffix("*").removesuffix("/")
                if "*" in named or not named.startswith("arn:"):
                    yield f"{policy} reaches {resource}"
    if len(graph.of("RolePolicy")) != len(graph.of("Role")):
        yield "a role has no policy, or more than one"


def deep_checks_ask_each_region_itself(graph: Graph) -> Iterator[str]:
    for entry in graph.outputs["regions"]:
        check = check_by_id(graph, entry["deepCheckId"]).inputs
        if check["type"] != "HTTPS_STR_MATCH" or check["searchString"] != '"ready":true':
            yield f"{entry['region']}: its deep check only looks at the surface"
        if (check["fqdn"], check["resourcePath"]) != (entry["regionalName"], "/health/ready"):
            yield f"{entry['region']}: its deep check asks {check['fqdn']}{check['resourcePath']}"
        if check.get("invertHealthcheck"):
            yield f"{entry['region']}: its deep check is inverted"


def evacuation_checks_are_inverted_and_ask_the_watcher(graph: Graph) -> Iterator[str]:
    entries = graph.outputs["regions"]
    for entry, watcher in zip(entries, entries[1:] + entries[:1], strict=True):
        check = check_by_id(graph, entry["evacuationCheckId"]).inputs
        if not check.get("invertHealthcheck"):
            yield f"{entry['region']}: losing its watcher takes it out of service"
        if check["fqdn"] != watcher["regionalName"] or watcher["region"] == entry["region"]:
            yield f"{entry['region']}: its evacuation check asks {check['fqdn']}"
        if check["resourcePath"] != f"/evacuation/{entry['region']}":
            yield f"{entry['region']}: its evacuation check asks for {check['resourcePath']}"
        if check["type"] != "HTTPS_STR_MATCH" or check["searchString"] != '"evacuated":true':
            yield f"{entry['region']}: its evacuation check looks for the wrong words"
        switch = graph.one(
            "Function", region=watcher["region"], name=watcher["evacuationFunctionName"]
        )
        variables = switch.inputs["environment"]["variables"]
        if entry["region"] not in variables["UNDERSTUDY_WATCHED_REGIONS"].split(","):
            yield f"{watcher['region']}: its switch does not know {entry['region']}"
        if variables["UNDERSTUDY_EVACUATION_BUCKET"] != watcher["evacuationBucket"]:
            yield f"{watcher['region']}: its switch reads another bucket"


def serving_checks_need_both(graph: Graph) -> Iterator[str]:
    for entry in graph.outputs["regions"]:
        check = check_by_id(graph, entry["servingCheckId"]).inputs
        children = set(check.get("childHealthchecks", ()))
        if check["type"] != "CALCULATED" or children != {
            entry["deepCheckId"],
            entry["evacuationCheckId"],
        }:
            yield f"{entry['region']}: its serving check is made of {children}"
        if check.get("childHealthThreshold") != 2:
            yield f"{entry['region']}: one of the two is enough to serve"


def failover_records_are_complete_and_distinct(graph: Graph) -> Iterator[str]:
    entries = {entry["region"]: entry for entry in graph.outputs["regions"]}
    records = [each for each in graph.of("Record") if "failoverRoutingPolicies" in each.inputs]
    roles = [each.inputs["failoverRoutingPolicies"][0]["type"] for each in records]
    primaries = [
        each.inputs["setIdentifier"]
        for each in records
        if each.inputs["failoverRoutingPolicies"] == [{"type": "PRIMARY"}]
    ]
    if sorted(roles) != ["PRIMARY", "SECONDARY"] or len(records) != len(entries):
        yield f"the failover records are {roles}"
    if {each.inputs["setIdentifier"] for each in records} != set(entries):
        yield "the failover records are not one for each Region"
    if primaries != [next(iter(entries))]:
        yield "the first Region of the settings is not the primary"
    for record in records:
        region = record.inputs["setIdentifier"]
        if record.inputs["name"] != graph.outputs["predictName"]:
            yield f"{record} answers for {record.inputs['name']}"
        if record.inputs.get("healthCheckId") != entries[region]["servingCheckId"]:
            yield f"{record} does not follow the serving check of {region}"
        balancer = graph.one("LoadBalancer", region=region)
        if balancer.outputs["dnsName"] not in json.dumps(record.inputs):
            yield f"{record} does not lead to the load balancer of {region}"


def regional_names_lead_home(graph: Graph) -> Iterator[str]:
    for entry in graph.outputs["regions"]:
        record = graph.one("Record", name=entry["regionalName"])
        (alias,) = record.inputs["aliases"]
        if alias["name"] != graph.one("LoadBalancer", region=entry["region"]).outputs["dnsName"]:
            yield f"{record} leads to {alias['name']}"
        if "healthCheckId" in record.inputs or alias["evaluateTargetHealth"]:
            yield f"{record} hides a Region that is being looked at"


def outputs_are_identifiers(graph: Graph) -> Iterator[str]:
    expected = {"project", "stack", "zoneId", "zoneName", "predictName", "regions"}
    if set(graph.outputs) != expected:
        yield f"the outputs are {sorted(graph.outputs)}"
    regional = {
        *("region", "regionalName", "loadBalancerArn", "listenerArn", "targetGroupArn"),
        *("functionName", "aliasName", "evacuationFunctionName", "releaseBucket"),
        *("predictionBucket", "evacuationBucket", "deepCheckId", "evacuationCheckId"),
        *("servingCheckId", "objectivesParameter"),
    }
    for entry in graph.outputs["regions"]:
        if set(entry) != regional or not all(isinstance(each, str) for each in entry.values()):
            yield f"the outputs of a Region are {entry}"


def objectives_are_in_every_region(graph: Graph) -> Iterator[str]:
    for entry in graph.outputs["regions"]:
        parameter = graph.one("Parameter", region=entry["region"])
        if parameter.inputs["name"] != entry["objectivesParameter"]:
            yield f"{parameter} is called {parameter.inputs['name']}"
        told = json.loads(parameter.inputs["value"])
        if set(told) != {"rto_s", "rpo_s", "availability", "failback_hold_s"}:
            yield f"{parameter} tells {told}"


def check_by_id(graph: Graph, check_id: str) -> Resource:
    return graph.one_with_id("HealthCheck", check_id)


def settings_of_checks(graph: Graph) -> set[tuple[Any, Any]]:
    """Return interval and threshold of every check that asks an endpoint."""
    return {
        (each.inputs["requestInterval"], each.inputs["failureThreshold"])
        for each in graph.of("HealthCheck")
        if each.inputs["type"] != "CALCULATED"
    }


RULES: tuple[Rule, ...] = (
    states_its_region,
    is_tagged,
    stays_in_its_component,
    is_built_per_region,
    targets_are_checked,
    permission_precedes_registration,
    balancers_serve_https_from_three_zones,
    listeners_wait_for_their_certificate,
    every_name_is_proven_once,
    functions_run_their_own_regions_release,
    functions_log_where_they_are_expected_to,
    predictions_flow_into_their_own_regions_bucket,
    buckets_are_private_and_keep_versions,
    replication_goes_both_ways,
    replication_copies_all_and_deletes_nothing,
    replication_waits_for_versioning,
    roles_are_least,
    deep_checks_ask_each_region_itself,
    evacuation_checks_are_inverted_and_ask_the_watcher,
    serving_checks_need_both,
    failover_records_are_complete_and_distinct,
    regional_names_lead_home,
    outputs_are_identifiers,
    objectives_are_in_every_region,
)
