"""Every metric the stack is watched by, in one place: AWS's own and the stack's.

Sources, in the order below:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
https://docs.aws.amazon.com/firehose/latest/dev/cloudwatch-metrics.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
"""

from dataclasses import dataclass

import pulumi

from infra.naming import BucketKind, RegionNames
from infra.watching.alarm import Metric


@dataclass(frozen=True, kw_only=True)
class Balancer:
    """A load balancer and one target group of it, as CloudWatch names them."""

    load_balancer_arn: pulumi.Input[str]
    target_group_arn: pulumi.Input[str]

    def of_balancer(self, name: str, stat: str) -> Metric:
        """A metric of the load balancer itself."""
        return Metric(
            namespace="AWS/ApplicationELB",
            name=name,
            stat=stat,
            dimensions={"LoadBalancer": self._balancer()},
        )

    def of_targets(self, name: str, stat: str) -> Metric:
        """A metric of the target group behind it."""
        group = pulumi.Output.from_input(self.target_group_arn)
        return Metric(
            namespace="AWS/ApplicationELB",
            name=name,
            stat=stat,
            dimensions={
                "LoadBalancer": self._balancer(),
                "TargetGroup": group.apply(lambda arn: arn.rpartition(":")[2]),
            },
        )

    def _balancer(self) -> pulumi.Output[str]:
        arn = pulumi.Output.from_input(self.load_balancer_arn)
        return arn.apply(lambda text: text.partition(":loadbalancer/")[2])


def of_function(name: str, stat: str, function_name: pulumi.Input[str]) -> Metric:
    """A metric of a function, all its versions together."""
    return Metric(
        namespace="AWS/Lambda", name=name, stat=stat, dimensions={"FunctionName": function_name}
    )


@dataclass(frozen=True, kw_only=True)
class ReplicationRule:
    """One rule by which a bucket is copied, as CloudWatch names it."""

    source_region: str
    source_bucket: pulumi.Input[str]
    destination_region: str
    destination_bucket: pulumi.Input[str]
    rule_id: str

    def metric(self, name: str, stat: str) -> Metric:
        """A metric of the rule."""
        return Metric(
            namespace="AWS/S3",
            name=name,
            stat=stat,
            dimensions={
                "SourceBucket": self.source_bucket,
                "DestinationBucket": self.destination_bucket,
                "RuleId": self.rule_id,
            },
        )


def replication_rule(
    source: RegionNames, destination: RegionNames, kind: BucketKind
) -> ReplicationRule:
    """The rule that copies one Region's bucket of a kind into another's (`infra.replication`)."""
    return ReplicationRule(
        source_region=source.region,
        source_bucket=source.bucket(kind),
        destination_region=destination.region,
        destination_bucket=destination.bucket(kind),
        rule_id=f"to-{destination.region}",
    )


def of_stream(name: str, stat: str, stream_name: pulumi.Input[str]) -> Metric:
    """A metric of a delivery stream."""
    return Metric(
        namespace="AWS/Firehose",
        name=name,
        stat=stat,
        dimensions={"DeliveryStreamName": stream_name},
    )


def of_queue(name: str, stat: str, queue_name: pulumi.Input[str]) -> Metric:
    """A metric of a queue."""
    return Metric(namespace="AWS/SQS", name=name, stat=stat, dimensions={"QueueName": queue_name})


def of_health_check(check_id: pulumi.Input[str]) -> Metric:
    """1 while a health check is healthy, 0 while it is not."""
    return Metric(
        namespace="AWS/Route53",
        name="HealthCheckStatus",
        stat="Minimum",
        dimensions={"HealthCheckId": check_id},
    )


@dataclass(frozen=True, kw_only=True)
class OwnMetrics:
    """What the stack says of itself, from one Region: log lines that are metrics.

    Attributes:
        namespace: The stack's own.
        region: Who says it.
    """

    namespace: str
    region: str

    def of_handler(self, name: str, stat: str) -> Metric:
        """A metric of the prediction handler (`inference/serving/telemetry.py`)."""
        return self._metric(name, stat)

    def of_switch(self, name: str, stat: str) -> Metric:
        """A metric of the evacuation switch (`resilience/functions/evacuation.py`)."""
        return self._metric(name, stat)

    def of_canary(self, name: str, stat: str, *, target: str | None = None) -> Metric:
        """A metric of the canary (`resilience/functions/canary.py`), of one target if given."""
        return self._metric(name, stat, **({} if target is None else {"Target": target}))

    def of_observer(self, name: str, stat: str) -> Metric:
        """A metric of the observer (`resilience/functions/observer.py`)."""
        return self._metric(name, stat)

    def of_restore_tests(self, name: str, stat: str) -> Metric:
        """A metric of restore tests (`resilience/functions/restore_validation.py`)."""
        return self._metric(name, stat)

    def of_drills(self, name: str, stat: str) -> Metric:
        """A metric of scheduled drills (`resilience/functions/drill_age.py`)."""
        return self._metric(name, stat)

    def _metric(self, name: str, stat: str, **dimensions: str) -> Metric:
        return Metric(
            namespace=self.namespace,
            name=name,
            stat=stat,
            dimensions={"Region": self.region, **dimensions},
        )
