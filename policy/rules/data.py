"""Where data lies, how it moves, and what becomes of it."""

from __future__ import annotations

import json
from itertools import permutations
from typing import TYPE_CHECKING, Final

from policy.rule import Said, alone, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource

_REPLICATED: Final = ("releases", "predictions")
_FLAGS: Final = "evacuation"
_ACCESS_LOGS: Final = "accesslogs"
_JOURNALS: Final = "journals"
_AGING: Final = frozenset({"predictions", _ACCESS_LOGS, _JOURNALS})


def _belonging(graph: Graph, bucket: Resource, kind: str) -> Resource:
    """The one resource of a kind that says something about a bucket."""
    found = [each for each in graph.all(kind) if bucket in graph.behind(each, "bucket", "Bucket")]
    if len(found) != 1:
        # The same words as for anything else that is missing.
        return graph.one(kind, bucket=bucket.get("bucket"))
    return found[0]


def _holds(bucket: Resource) -> str:
    return str(bucket.get("bucket")).rpartition("-")[2]


@each("Bucket")
def buckets_keep_versions(bucket: Resource, graph: Graph) -> Iterator[str]:
    """A bucket keeps versions.

    Without them nothing is replicated, and what is overwritten by mistake is gone in every Region.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
    """
    versioning = _belonging(graph, bucket, "BucketVersioning")
    if versioning.object("versioningConfiguration").get("status") != "Enabled":
        yield "forgets what is overwritten"


@each("Bucket")
def buckets_are_private(bucket: Resource, graph: Graph) -> Iterator[str]:
    """A bucket cannot be made public, by policy or by access list.

    What a client asked for may be told from its predictions.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    block = _belonging(graph, bucket, "BucketPublicAccessBlock")
    for key in (
        *("blockPublicAcls", "blockPublicPolicy"),
        *("ignorePublicAcls", "restrictPublicBuckets"),
    ):
        if not block.get(key):
            yield f"can be made public ({key} is off)"
    owner = _belonging(graph, bucket, "BucketOwnershipControls")
    if owner.object("rule").get("objectOwnership") != "BucketOwnerEnforced":
        yield "still knows access lists"


@each("Bucket")
def buckets_are_encrypted(bucket: Resource, graph: Graph) -> Iterator[str]:
    """A bucket says how it encrypts what is put into it.

    Replicas and backups lie in places that fewer people look at than the original.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
    """
    encryption = _belonging(graph, bucket, "BucketServerSideEncryptionConfiguration")
    algorithms = [
        rule.get("applyServerSideEncryptionByDefault", {}).get("sseAlgorithm")
        for rule in encryption.asked("rules") or []
    ]
    if not algorithms or not set(algorithms) <= {"AES256", "aws:kms", "aws:kms:dsse"}:
        yield f"is encrypted by {algorithms}"


@each("Bucket")
def buckets_answer_over_tls_only(bucket: Resource, graph: Graph) -> Iterator[str]:
    """A bucket refuses plain HTTP to everybody.

    A tool that is pointed at the wrong endpoint in a hurry must fail, not leak.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    policy = _belonging(graph, bucket, "BucketPolicy")
    if not any(_refuses_http(statement) for statement in policy.document("policy")):
        yield "answers over plain HTTP"


def _refuses_http(statement: dict[str, object]) -> bool:
    condition = json.dumps(statement.get("Condition", {}))
    return (
        statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and '"aws:SecureTransport": "false"' in condition
    )


@each("Bucket")
def only_predictions_age(bucket: Resource, graph: Graph) -> Iterator[str]:
    """Of current objects only records, logs and journals age; old versions of all but releases.

    A release that is evicted, even an old version of one, is the way back, gone: which of them a
    Region serves, S3 cannot know. A flag that expires ends an evacuation by itself.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
    """
    holds = _holds(bucket)
    rules = _belonging(graph, bucket, "BucketLifecycleConfiguration").items("rules")
    tidied = [rule.get("id") for rule in rules if rule.get("noncurrentVersionExpiration")]
    if holds == "releases" and tidied:
        yield f"evicts old versions of releases by its rule {tidied[0]}"
    if holds != "releases" and not tidied:
        yield "keeps old versions for ever"
    for rule in rules:
        expiration = rule.get("expiration") or {}
        if holds not in _AGING and (expiration.get("days") or expiration.get("date")):
            yield f"deletes current objects by its rule {rule.get('id')}: {expiration}"


@whole
def replication_goes_both_ways(graph: Graph) -> Iterator[Said]:
    """Releases and predictions are copied from every Region into every other; flags never are.

    Roles move: what is copied one way only is lost after the first failover. A flag that is copied
    evacuates the Region that set it.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-walkthrough-2.html
    """
    pairs = set(_replicated(graph))
    for what in _REPLICATED:
        for one, other in permutations(graph.regions, 2):
            if (one, other, what) not in pairs:
                yield f"{what} are not copied from {one} to {other}"
    for one, other, what in sorted(pairs):
        if what == _FLAGS:
            yield f"a flag set in {one} appears in {other}"


def _replicated(graph: Graph) -> Iterator[tuple[str, str, str]]:
    """Each rule of replication as: from which Region, to which, and what."""
    for config in graph.all("BucketReplicationConfig"):
        sources = graph.behind(config, "bucket", "Bucket")
        destinations = graph.behind(config, "rules", "Bucket")
        for source in sources:
            for destination in destinations:
                if _holds(source) == _holds(destination):
                    yield str(source.region), str(destination.region), _holds(source)


@alone("BucketReplicationConfig")
def replication_copies_all_on_time(config: Resource) -> Iterator[str]:
    """Replication copies the whole bucket under time control, and tells how far it is.

    Without time control there is no promise, and without metrics nobody sees it broken: the data
    loss window is then found out after the loss.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html
    """
    for rule in config.asked("rules") or []:
        name = rule.get("id")
        if rule.get("status") != "Enabled" or (rule.get("filter") or {}).get("prefix"):
            yield f"does not copy the whole bucket by its rule {name}"
        destination = rule.get("destination") or {}
        for key in ("replicationTime", "metrics"):
            if (destination.get(key) or {}).get("status") != "Enabled":
                yield f"has no {key} in its rule {name}"


@each("BucketReplicationConfig")
def replication_may_read_its_source(config: Resource, graph: Graph) -> Iterator[str]:
    """A replication's role is allowed to read its own source.

    S3 accepts the configuration either way, and then copies nothing.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
    """
    roles = graph.behind(config, "role", "Role")
    sources = [str(each.get("arn")) for each in graph.behind(config, "bucket", "Bucket")]
    policies = [
        policy
        for policy in graph.all("RolePolicy")
        if any(role in roles for role in graph.behind(policy, "role", "Role"))
    ]
    text = json.dumps([policy.document("policy") for policy in policies])
    if not sources or f'"{sources[0]}"' not in text:
        yield "has a role that may not read its source"


@each("BucketReplicationConfig")
def replication_waits_for_versioning(config: Resource, graph: Graph) -> Iterator[str]:
    """Replication is set up once both ends keep versions.

    Before that it is refused, in the middle of a deploy.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html
    """
    ends = graph.behind(config, "bucket", "Bucket") + graph.behind(config, "rules", "Bucket")
    for bucket in ends:
        versioning = _belonging(graph, bucket, "BucketVersioning")
        if not graph.waits_for(config, versioning):
            yield f"may be made before {bucket.name} keeps versions"


@each("FirehoseDeliveryStream")
def predictions_flow_into_their_own_regions_bucket(stream: Resource, graph: Graph) -> Iterator[str]:
    """Prediction records go from a Region's log group to the Region's own bucket, a folder a day.

    A record on its way through another Region is lost with it; replication, not the stream,
    crosses Regions.

    Source: https://docs.aws.amazon.com/firehose/latest/dev/writing-with-cloudwatch-logs.html
    """
    target = stream.asked("extendedS3Configuration") or {}
    buckets = [each for each in graph.all("Bucket") if each.known_as(target.get("bucketArn"))]
    if any((each.region, _holds(each)) != (stream.region, "predictions") for each in buckets):
        yield f"writes to {target.get('bucketArn')}"
    expected = f"predictions/region={stream.region}/date=!{{timestamp"
    if not str(target.get("prefix")).startswith(expected):
        yield f"writes under {target.get('prefix')}"
    processing = target.get("processingConfiguration") or {}
    steps = [step.get("type") for step in processing.get("processors") or []]
    if steps[:2] != ["Decompression", "CloudWatchLogProcessing"]:
        yield f"processes records by {steps}"
    sources = [
        source
        for source in graph.matching("LogSubscriptionFilter", region=stream.region)
        if stream in graph.behind(source, "destinationArn", "FirehoseDeliveryStream")
    ]
    groups = [str(source.inputs.get("logGroup")) for source in sources]
    if not any(name.endswith("-predict") for name in groups):
        yield f"is sent the logs of {', '.join(groups) or 'nobody'}"
    for later in (stream, *sources):
        if not any(each.urn in later.dependencies for each in graph.all("RolePolicy")):
            yield f"{later.name} may be made before its role may do anything"


@whole
def objectives_are_in_every_region(graph: Graph) -> Iterator[Said]:
    """Each Region holds what a drill is held against, in a parameter of its own.

    The surviving Region must know its objectives while the other is gone.

    Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html
    """
    for region in graph.regions:
        found = [
            each
            for each in graph.matching("Parameter", region=region)
            if str(each.get("name")).endswith("/objectives")
        ]
        if len(found) != 1:
            yield f"{region} has {len(found)} parameters with objectives"
        for parameter in found:
            told = json.loads(str(parameter.get("value")))
            missing = {"rto_s", "rpo_s", "availability", "failback_hold_s"} - set(told)
            if missing:
                yield parameter, f"does not tell {', '.join(sorted(missing))}"
