"""Where data lies, how it moves, and who may touch it."""

import json
from collections.abc import Iterator
from itertools import permutations

from tests.infra.graph import ACCOUNT_ID, Graph, regions_of


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
