"""Replication between the buckets of one kind, from every Region into every other."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.bucket import Bucket
from infra.service_role import ServiceRole, ServiceRoleArgs

# The only threshold S3 offers, and what its agreement covers:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html
_PROMISED_MINUTES: Final = 15


@dataclass(frozen=True, kw_only=True)
class ReplicationArgs:
    """What replication needs to know.

    Attributes:
        buckets: The buckets of one kind, one a Region.
    """

    buckets: tuple[Bucket, ...]


class Replication(pulumi.ComponentResource):
    """Keeps the buckets of one kind alike: new objects under a promise of 15 minutes, and changes.

    A deletion is copied as the delete marker it is, so it hides an object everywhere and takes
    nothing: the versions stay. Deleting a version for good is never copied. Tags changed on a
    replica travel back to where it came from. Replicas are not copied again, so buckets may
    replicate into each other; what was there before a Region was added is not copied at all.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
    """

    def __init__(
        self, name: str, args: ReplicationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Replication", name, None, opts)
        for source in args.buckets:
            others = [bucket for bucket in args.buckets if bucket is not source]
            # By name, not by place: re-ordering the Regions leaves the rules as they are.
            others.sort(key=lambda bucket: bucket.names.region)
            self._replicate(f"{name}-from-{source.names.region}", source, others)
        self.register_outputs({})

    def _replicate(self, name: str, source: Bucket, destinations: list[Bucket]) -> None:
        aws.s3.BucketReplicationConfig(
            f"{name}-config",
            region=source.names.region,
            bucket=source.name,
            role=self._role(name, source, destinations).arn,
            rules=[
                {
                    "id": f"to-{destination.names.region}",
                    "status": "Enabled",
                    "priority": priority,
                    "filter": {"prefix": ""},
                    "delete_marker_replication": {"status": "Enabled"},
                    "source_selection_criteria": {
                        "replica_modifications": {"status": "Enabled"},
                        # Or S3 copies nothing that is encrypted under a KMS key: nothing at all.
                        "sse_kms_encrypted_objects": {"status": "Enabled"},
                    },
                    "destination": {
                        "bucket": destination.arn,
                        "storage_class": "STANDARD",
                        "encryption_configuration": {"replica_kms_key_id": destination.key_arn},
                        # Time control needs the metrics, and without them nobody sees it kept.
                        "replication_time": {
                            "status": "Enabled",
                            "time": {"minutes": _PROMISED_MINUTES},
                        },
                        "metrics": {
                            "status": "Enabled",
                            "event_threshold": {"minutes": _PROMISED_MINUTES},
                        },
                    },
                }
                for priority, destination in enumerate(destinations, start=1)
            ],
            # Replication is refused unless both ends keep versions.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[source, *destinations]),
        )

    def _role(self, name: str, source: Bucket, destinations: list[Bucket]) -> ServiceRole:
        ends = pulumi.Output.all(*(bucket.encrypted for bucket in (source, *destinations)))
        return ServiceRole(
            f"{name}-copies",
            ServiceRoleArgs(
                names=source.names,
                what=f"replicate-{source.kind}",
                service=policies.S3,
                policy=ends.apply(lambda found: policies.replicate(found[0], found[1:])),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
