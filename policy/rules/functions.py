"""What serves: its code, its permissions, its checks, its logs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.rule import Said, alone, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource

_DIGEST: Final = 64
_LONGEST_NAME: Final = 32
_ALIAS: Final = "live"
_SHORTEST_UNTAGGED_DAYS: Final = 14
# All that the prediction function may be told: nothing in it leads to an endpoint.
_PREDICT_ENVIRONMENT: Final = ("UNDERSTUDY_",)


def _predicts(function: Resource) -> bool:
    return str(function.get("name")).endswith("-predict")


@alone("TargetGroup")
def lambda_targets_are_checked(group: Resource) -> Iterator[str]:
    """The health check of a target group is on, and shorter than its interval.

    It is off by default for Lambda targets, and then every function is called healthy.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    """
    check = group.object("healthCheck")
    if not check.get("enabled"):
        yield "calls every function healthy: its health check is off"
    elif check.get("timeout", 0) >= check.get("interval", 0):
        yield f"waits {check.get('timeout')} s for a check every {check.get('interval')} s"
    if not group.get("lambdaMultiValueHeadersEnabled"):
        yield "drops repeated headers"
    if len(str(group.get("name"))) > _LONGEST_NAME:
        yield f"has a name of more than {_LONGEST_NAME} characters"


@each("TargetGroupAttachment")
def permissions_precede_registrations(attachment: Resource, graph: Graph) -> Iterator[str]:
    """A function is registered behind a load balancer once that may invoke its live alias.

    Otherwise the registration is refused, or the Region answers every request with 502.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    """
    groups = graph.behind(attachment, "targetGroupArn", "TargetGroup")
    permissions = [
        each_permission
        for each_permission in graph.of("Permission")
        if any(
            group in groups for group in graph.behind(each_permission, "sourceArn", "TargetGroup")
        )
    ]
    if not any(graph.waits_for(attachment, permission) for permission in permissions):
        yield "may be registered before it may be invoked"
    for permission in permissions:
        if permission.get("principal") != "elasticloadbalancing.amazonaws.com":
            yield f"lets in {permission.get('principal')} by {permission.name}"
        if permission.get("qualifier") != _ALIAS:
            yield f"is invoked by its alias {_ALIAS}, but {permission.name} is not for that"


@each("Function")
def functions_run_their_own_regions_release(function: Resource, graph: Graph) -> Iterator[str]:
    """A prediction function is deployed from its own Region's bucket, once the package is there.

    A Region that needs another's bucket cannot be deployed, or scaled out, while that is lost.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/API_FunctionCode.html
    """
    if not function.get("publish"):
        yield "publishes no version for its alias"
    if function.asked("vpcConfig"):
        yield "is in a network it does not need"
    if not _predicts(function) or function.get("imageUri"):
        return
    buckets = graph.behind(function, "s3Bucket", "Bucket")
    if [bucket.region for bucket in buckets] != [function.region]:
        yield f"is deployed from {function.inputs.get('s3Bucket')}, not from its Region's bucket"
    for stored in graph.matching("BucketObjectv2", region=function.region):
        if stored.get("key") == function.get("s3Key") and not graph.waits_for(function, stored):
            yield "may be made before its package is there"


@each("Function")
def model_keys_are_immutable(function: Resource, graph: Graph) -> Iterator[str]:
    """A release's key carries its digest, and the function is told which release it is.

    A key that is written twice makes two Regions serve two models under one name, and leaves no
    way back.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html
    """
    if not _predicts(function):
        return
    variables: dict[str, Any] = function.object("environment").get("variables", {})
    if len(str(variables.get("UNDERSTUDY_RELEASE_DIGEST", ""))) != _DIGEST:
        yield "is not told which release it is"
    if function.get("imageUri"):
        if "@sha256:" not in str(function.get("imageUri")):
            yield f"runs {function.get('imageUri')}, which is not named by its digest"
        return
    key = str(function.get("s3Key"))
    if len(key.removeprefix("releases/").removesuffix(".zip")) != _DIGEST:
        yield f"is deployed from {key}, which carries no digest"
    if not graph.matching("BucketObjectv2", region=function.region, key=key):
        yield f"is deployed from {key}, which the stack does not put there"


@whole
def every_region_serves_the_same_release(graph: Graph) -> Iterator[Said]:
    """The Regions serve one release.

    After a failover clients would get another model's answers.

    Source: https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_planning_for_recovery_config_drift.html
    """
    found = {
        (str(each.get("s3Key")), str(each.get("imageUri")).rpartition("@")[2])
        for each in graph.of("Function")
        if _predicts(each)
    }
    if len(found) != 1:
        yield f"the Regions serve {len(found)} releases: {sorted(found)}"


@alone("BucketObjectv2")
def releases_stay_where_they_are(stored: Resource) -> Iterator[str]:
    """A release is not deleted when another follows.

    The release before is the way back, and a function that is still being replaced reads it.

    Source: https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_tracking_change_management_immutable_infrastructure.html
    """
    if "releases/" in str(stored.get("key")) and stored.retain_on_delete is False:
        yield "is deleted when another release follows"


@alone("Function")
def the_request_path_calls_no_aws(function: Resource) -> Iterator[str]:
    """The prediction function is told of no endpoint, and stands in no network or file system.

    What it cannot call cannot be down when a standby must take the whole load.

    Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/static-stability.html
    """
    if not _predicts(function):
        return
    variables: dict[str, Any] = function.object("environment").get("variables", {})
    for key, value in variables.items():
        reaches = any(part in str(value) for part in ("://", "arn:", ".amazonaws.com"))
        if reaches or not key.startswith(_PREDICT_ENVIRONMENT):
            yield f"is told of something to call: {key}={value}"
    for key in ("fileSystemConfig", "vpcConfig", "layers", "deadLetterConfig"):
        if function.asked(key):
            yield f"needs {key} to answer"


@each("Function")
def the_request_path_may_only_log(function: Resource, graph: Graph) -> Iterator[str]:
    """The prediction function's role allows it to write its own logs, and nothing else.

    A permission is the first half of a dependency: the second is one line of code away.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    """
    if not _predicts(function):
        return
    roles = graph.behind(function, "role", "Role")
    for policy in graph.all("RolePolicy"):
        if not any(role in roles for role in graph.behind(policy, "role", "Role")):
            continue
        for statement in policy.document("policy"):
            actions = statement.get("Action", [])
            for action in [actions] if isinstance(actions, str) else actions:
                if action not in {"logs:CreateLogStream", "logs:PutLogEvents"}:
                    yield f"may {action} by {policy.name}"
    for attachment in graph.all("RolePolicyAttachment"):
        if any(role in roles for role in graph.behind(attachment, "role", "Role")):
            yield f"has a policy attached that is not the stack's own: {attachment.name}"


@each("Function")
def functions_log_where_they_are_expected_to(function: Resource, graph: Graph) -> Iterator[str]:
    """A function's log group is made before it, and forgets.

    Lambda makes one by itself that is kept for ever, is not encrypted with our key, and that no
    subscription reads.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    """
    name = f"/aws/lambda/{function.get('name')}"
    group = graph.one("LogGroup", name=name, region=function.region)
    if not graph.waits_for(function, group):
        yield "may make a log group of its own"


@alone("LogGroup")
def log_groups_forget(group: Resource) -> Iterator[str]:
    """A log group keeps what it is given for a stated time.

    What is kept for ever is paid for, and must be searched, for ever.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html
    """
    if not group.get("retentionInDays"):
        yield "is kept for ever"


@alone("LifecyclePolicy", optional=True)
def images_that_may_be_served_never_expire(lifecycle: Resource) -> Iterator[str]:
    """A repository's lifecycle takes only images that no tag names, and not at once.

    Lambda runs an image by its digest, and a tag that cannot move is what keeps it: a rule by age
    or by number takes the one that a quiet Region still serves, or would be rolled back to.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
    """
    rules: list[Any] = json.loads(str(lifecycle.get("policy") or "{}")).get("rules", [])
    for rule in rules:
        selection = rule.get("selection", {})
        status = selection.get("tagStatus")
        if status != "untagged":
            yield f"expires images whose tag status is {status}: a Region may serve one of them"
        by_age = selection.get("countType") == "sinceImagePushed"
        if not by_age or selection.get("countNumber", 0) < _SHORTEST_UNTAGGED_DAYS:
            yield (
                f"expires untagged images before {_SHORTEST_UNTAGGED_DAYS} days: a tag that was"
                " taken away by a slip cannot be given back"
            )
