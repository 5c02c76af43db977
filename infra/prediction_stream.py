"""The way of a prediction record: log line, subscription, Firehose, the Region's own bucket."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws
from pulumi_aws.kinesis import (
    FirehoseDeliveryStreamExtendedS3ConfigurationProcessingConfigurationProcessorArgsDict,
)

from infra import policies
from infra.bucket import Bucket
from infra.naming import RegionNames
from infra.service_role import ServiceRole, ServiceRoleArgs

# What the handler writes for each predicted row, and nothing else it logs.
_RECORDS_ONLY: Final = '{ $.type = "prediction" }'

_Processor = FirehoseDeliveryStreamExtendedS3ConfigurationProcessingConfigurationProcessorArgsDict


@dataclass(frozen=True, kw_only=True)
class PredictionStreamArgs:
    """What a prediction stream needs to know.

    Attributes:
        names: Names in its Region.
        log_group_name: The log group it reads.
        bucket: The bucket it writes.
        buffer_s: Longest it holds records before it writes them.
    """

    names: RegionNames
    log_group_name: pulumi.Input[str]
    bucket: Bucket
    buffer_s: int


class PredictionStream(pulumi.ComponentResource):
    """Brings the prediction records of one log group into one bucket, a folder a day."""

    def __init__(
        self, name: str, args: PredictionStreamArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:PredictionStream", name, None, opts)
        names = args.names
        stream = self._stream(name, args)
        sender = ServiceRole(
            f"{name}-sends",
            ServiceRoleArgs(
                names=names,
                what="subscription",
                service=policies.LOGS,
                policy=stream.arn.apply(lambda arn: policies.policy(policies.send_to_stream(arn))),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.cloudwatch.LogSubscriptionFilter(
            f"{name}-subscription",
            region=names.region,
            name=names.name("predictions"),
            log_group=args.log_group_name,
            filter_pattern=_RECORDS_ONLY,
            destination_arn=stream.arn,
            role_arn=sender.arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    def _stream(self, name: str, args: PredictionStreamArgs) -> aws.kinesis.FirehoseDeliveryStream:
        names, region = args.names, args.names.region
        writer = ServiceRole(
            f"{name}-writes",
            ServiceRoleArgs(
                names=names,
                what="delivery",
                service=policies.FIREHOSE,
                policy=args.bucket.encrypted.apply(
                    lambda at: policies.policy(*policies.deliver_to_bucket(at))
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        stream_name = names.name("predictions")
        return aws.kinesis.FirehoseDeliveryStream(
            f"{name}-stream",
            region=region,
            name=stream_name,
            destination="extended_s3",
            # What waits in the stream's buffer; what it delivers is under the bucket's key.
            server_side_encryption={
                "enabled": True,
                "key_type": "CUSTOMER_MANAGED_CMK",
                "key_arn": args.bucket.key_arn,
            },
            extended_s3_configuration={
                "role_arn": writer.arn,
                "bucket_arn": args.bucket.arn,
                # The Region in the key keeps replicas from meeting the other Region's own records.
                "prefix": f"predictions/region={region}/date=!{{timestamp:yyyy-MM-dd}}/",
                "error_output_prefix": f"errors/region={region}/!{{firehose:error-output-type}}/",
                "buffering_interval": args.buffer_s,
                "buffering_size": 1,
                "compression_format": "UNCOMPRESSED",
                # CloudWatch Logs sends gzipped batches in an envelope; this leaves the lines alone:
                # https://docs.aws.amazon.com/firehose/latest/dev/Message_extraction.html
                "processing_configuration": {
                    "enabled": True,
                    "processors": [
                        _processor("Decompression", "CompressionFormat", "GZIP"),
                        _processor("CloudWatchLogProcessing", "DataMessageExtraction", "true"),
                    ],
                },
            },
            tags=names.tags(stream_name),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _processor(kind: str, parameter: str, value: str) -> _Processor:
    return {"type": kind, "parameters": [{"parameter_name": parameter, "parameter_value": value}]}
