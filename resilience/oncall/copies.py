"""How far behind the buckets' copies are, as S3 itself says.

S3 publishes latency and pending operations in the Region that copies arrive in, some minutes late,
and nothing while nothing is copied: no figure is not a figure of 0.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from resilience.aws import answered_at

if TYPE_CHECKING:
    from resilience.aws import Aws
    from resilience.topology import Region, Topology

_LOOKS_BACK: Final = timedelta(minutes=30)
_METRICS: Final = {"latency": "ReplicationLatency", "pending": "OperationsPendingReplication"}


@dataclass(frozen=True, kw_only=True)
class Copying:
    """One way that copies go. Figures are None where S3 has published none lately."""

    what: str
    source: str
    destination: str
    lag_s: float | None
    pending: int | None


def read_copying(aws: Aws, topology: Topology, destination: Region) -> tuple[Copying, ...]:
    """Read how far behind one Region's buckets are. Reads only.

    Raises:
        AwsError: the Region does not answer, or refuses.
    """
    here = destination.region
    now = answered_at(aws.call("sts", "get_caller_identity", region=here))
    ways = [
        (what, source.region, bucket_of(source, what), bucket_of(destination, what))
        for source in topology.regions
        if source.region != here
        for what in ("predictions", "releases")
    ]
    queries = [
        _query(f"{kind}{number}", metric, source=source, destination=to, rule=f"to-{here}")
        for number, (_, _, source, to) in enumerate(ways)
        for kind, metric in _METRICS.items()
    ]
    reply = aws.call(
        "cloudwatch",
        "get_metric_data",
        region=here,
        MetricDataQueries=queries,
        StartTime=now - _LOOKS_BACK,
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    newest = {
        each["Id"]: each["Values"][0] for each in reply["MetricDataResults"] if each["Values"]
    }
    return tuple(
        Copying(
            what=what,
            source=source,
            destination=here,
            lag_s=_number(newest.get(f"latency{number}")),
            pending=None if (found := newest.get(f"pending{number}")) is None else int(found),
        )
        for number, (what, source, _, _) in enumerate(ways)
    )


def bucket_of(region: Region, what: str) -> str:
    """Name a Region's bucket of one kind."""
    bucket = region.prediction_bucket if what == "predictions" else region.release_bucket
    return bucket.name


def _number(value: float | None) -> float | None:
    return None if value is None else round(float(value), 1)


def _query(name: str, metric: str, *, source: str, destination: str, rule: str) -> dict[str, Any]:
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/S3",
                "MetricName": metric,
                "Dimensions": [
                    {"Name": "SourceBucket", "Value": source},
                    {"Name": "DestinationBucket", "Value": destination},
                    {"Name": "RuleId", "Value": rule},
                ],
            },
            "Period": 60,
            "Stat": "Maximum",
        },
    }
