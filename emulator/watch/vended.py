"""What metrics exist: those that somebody has put, and those that a part here can put.

An alarm or a dashboard on a metric that is neither watches nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from emulator.watch.metrics import Metrics

_BALANCER: Final = (("LoadBalancer",), ("LoadBalancer", "TargetGroup"))
_FUNCTION: Final = ((), ("FunctionName",), ("FunctionName", "Resource"))
_VAULT: Final = ((), ("BackupVaultName",), ("BackupVaultName", "ResourceType"), ("ResourceType",))
_RULE: Final = (("DestinationBucket", "RuleId", "SourceBucket"),)

EMITTABLE: Final[dict[str, tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]]] = {
    "AWS/ApplicationELB": (
        ("RequestCount", _BALANCER),
        ("TargetResponseTime", _BALANCER),
        *((f"HTTPCode_Target_{n}XX_Count", _BALANCER) for n in range(2, 6)),
        *((f"HTTPCode_ELB_{n}XX_Count", (("LoadBalancer",),)) for n in range(3, 6)),
        *((f"HTTPCode_ELB_{code}_Count", (("LoadBalancer",),)) for code in (500, 502, 503, 504)),
        ("HTTP_Fixed_Response_Count", (("LoadBalancer",),)),
        ("HTTP_Redirect_Count", (("LoadBalancer",),)),
        ("LambdaUserError", (("TargetGroup",), *_BALANCER[1:])),
        ("LambdaInternalError", (("TargetGroup",), *_BALANCER[1:])),
    ),
    "AWS/Lambda": (
        *(
            (name, _FUNCTION)
            for name in ("Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions")
        ),
        *(
            (name, (("FunctionName",),))
            for name in (
                "AsyncEventsReceived",
                "AsyncEventAge",
                "AsyncEventsDropped",
                "DeadLetterErrors",
            )
        ),
    ),
    "AWS/Backup": tuple(
        (f"NumberOf{kind}Jobs{state}", _VAULT)
        for kind in ("Backup", "Copy", "Restore")
        for state in ("Created", "Running", "Completed", "Failed", "Expired", "Aborted")
    ),
    "AWS/States": tuple(
        (name, (("StateMachineArn",),))
        for name in (
            "ExecutionsStarted",
            "ExecutionsSucceeded",
            "ExecutionsFailed",
            "ExecutionsTimedOut",
            "ExecutionsAborted",
            "ExecutionTime",
        )
    ),
    "AWS/Route53": tuple(
        (name, (("HealthCheckId",),))
        for name in (
            "HealthCheckStatus",
            "HealthCheckPercentageHealthy",
            "ChildHealthCheckHealthyCount",
        )
    ),
    "AWS/S3": tuple(
        (name, _RULE)
        for name in (
            "ReplicationLatency",
            "BytesPendingReplication",
            "OperationsPendingReplication",
            "OperationsFailedReplication",
        )
    ),
    "AWS/Firehose": tuple(
        (name, (("DeliveryStreamName",),))
        for name in (
            "IncomingRecords",
            "IncomingBytes",
            "DeliveryToS3.Records",
            "DeliveryToS3.Bytes",
            "DeliveryToS3.Success",
            "DeliveryToS3.DataFreshness",
        )
    ),
    "AWS/SQS": tuple(
        (name, (("QueueName",),))
        for name in (
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateAgeOfOldestMessage",
        )
    ),
    "AWS/SNS": tuple(
        (name, (("TopicName",),))
        for name in (
            "NumberOfMessagesPublished",
            "PublishSize",
            "NumberOfNotificationsDelivered",
            "NumberOfNotificationsFailed",
            "NumberOfNotificationsRedrivenToDlq",
            "NumberOfNotificationsFailedToRedriveToDlq",
        )
    ),
    "AWS/Events": tuple(
        (name, (("RuleName",),))
        for name in (
            "MatchedEvents",
            "TriggeredRules",
            "Invocations",
            "FailedInvocations",
            "InvocationsSentToDlq",
            "InvocationsFailedToBeSentToDlq",
        )
    ),
    "AWS/Scheduler": tuple(
        (name, (("ScheduleGroup",),))
        for name in (
            "InvocationAttemptCount",
            "TargetErrorCount",
            "InvocationDroppedCount",
            "InvocationsSentToDeadLetterCount",
            "InvocationsFailedToBeSentToDeadLetterCount",
        )
    ),
}
"""Namespace to (name, sets of dimension names) that a part of the emulator puts when it happens."""


def known(metrics: Metrics) -> dict[str, list[dict[str, Any]]]:
    """What `GET /metrics/known` answers; `dimensions` are names, ordered.

    `emitted` has been put, in the Region named (with its dimensions' values); `emittable` would be.
    """
    emitted = [
        {
            "region": region,
            "namespace": metric.namespace,
            "name": metric.name,
            "dimensions": [name for name, _ in metric.dimensions],
            "values": dict(metric.dimensions),
        }
        for region in sorted(metrics.regions())
        for metric in sorted(metrics.ids(region))
    ]
    emittable = [
        {"namespace": namespace, "name": name, "dimensions": list(dimensions)}
        for namespace, named in EMITTABLE.items()
        for name, sets in named
        for dimensions in sets
    ]
    return {"emitted": emitted, "emittable": emittable}
