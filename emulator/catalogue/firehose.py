"""Firehose: delivery streams to S3."""

from __future__ import annotations

from typing import Any, Final

from emulator.botocore_model import service_model
from emulator.catalogue import convert, tags
from emulator.catalogue.model import (
    Call,
    Caller,
    Name,
    Read,
    ResourceType,
    Subject,
    Values,
    emulated,
    given,
    recorded,
)

_DESTINATION: Final = "Destinations[0].ExtendedS3DestinationDescription"


def _with_hints(value: dict[str, Any]) -> dict[str, Any]:
    """pulumi-aws shows the two buffering hints flat, Firehose as a block."""
    flat = dict(value)
    hints = {
        member: flat.pop(name)
        for name, member in (
            ("bufferingInterval", "IntervalInSeconds"),
            ("bufferingSize", "SizeInMBs"),
        )
        if flat.get(name) is not None
    }
    return flat | ({"BufferingHints": hints} if hints else {})


def _current(subject: Subject, call: Caller) -> Values:
    """What `UpdateDestination` wants to know; nothing for a stream that is not there yet."""
    if not subject.id or not subject.old:
        return {}
    found = call("firehose", "DescribeDeliveryStream", DeliveryStreamName=subject.get("name"))[
        "DeliveryStreamDescription"
    ]
    return {
        "versionId": found["VersionId"],
        "destinationId": found["Destinations"][0]["DestinationId"],
    }


def _update(subject: Subject) -> Values:
    model: Any = service_model("firehose").operation_model("UpdateDestination").input_shape
    shape = model.members["ExtendedS3DestinationUpdate"]
    value = _with_hints(subject.inputs["extendedS3Configuration"])
    converted: Values = convert.to_aws(value, shape, {})
    return converted


def _sealing(value: dict[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in value.items() if key != "enabled"}


def _sealed(subject: Subject) -> bool:
    return bool((subject.get("serverSideEncryption") or {}).get("enabled"))


_SEAL: Final = Call(
    operation="StartDeliveryStreamEncryption",
    only="serverSideEncryption",
    when="serverSideEncryption",
    only_if=_sealed,
    extra={"DeliveryStreamName": given("name")},
)

DELIVERY_STREAM: Final = ResourceType(
    type="aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
    service="firehose",
    inputs={
        "name": emulated(aws="DeliveryStreamName", read="DeliveryStreamName", force_new=True),
        "destination": emulated(
            required=True,
            force_new=True,
            values=("extended_s3",),
            unread="says which configuration counts",
        ),
        "extendedS3Configuration": emulated(
            aws="ExtendedS3DestinationConfiguration",
            read=_DESTINATION,
            required=True,
            convert=_with_hints,
        ),
        "serverSideEncryption": recorded(
            "records wait unencrypted in memory; whether the key can be used is looked at",
            aws="DeliveryStreamEncryptionConfigurationInput",
            read="DeliveryStreamEncryptionConfiguration",
            convert=_sealing,
            unset={"enabled": False},
        ),
    },
    absent="arn destinationId elasticsearchConfiguration httpEndpointConfiguration "
    "icebergConfiguration kinesisSourceConfiguration mskSourceConfiguration "
    "opensearchConfiguration opensearchserverlessConfiguration redshiftConfiguration "
    "snowflakeConfiguration splunkConfiguration versionId",
    create=(
        Call(
            operation="CreateDeliveryStream",
            only="name extendedS3Configuration",
            when="destination",
            extra={"DeliveryStreamType": "DirectPut"},
        ),
        _SEAL,
    ),
    id="DeliveryStreamARN",
    reads=(
        Read(
            operation="DescribeDeliveryStream",
            params={"DeliveryStreamName": given("name")},
            at="DeliveryStreamDescription",
        ),
        Read(
            operation="ListTagsForDeliveryStream",
            params={"DeliveryStreamName": given("name")},
            at="Tags",
            into="Tags",
            when="tags",
        ),
    ),
    update=(
        Call(
            operation="UpdateDestination",
            only="",
            when="extendedS3Configuration",
            extra={
                "DeliveryStreamName": given("name"),
                "CurrentDeliveryStreamVersionId": lambda subject: subject.facts["versionId"],
                "DestinationId": lambda subject: subject.facts["destinationId"],
                "ExtendedS3DestinationUpdate": _update,
            },
        ),
        _SEAL,
        Call(
            operation="StopDeliveryStreamEncryption",
            only="",
            when="serverSideEncryption",
            only_if=lambda subject: not _sealed(subject),
            extra={"DeliveryStreamName": given("name")},
        ),
    ),
    delete=(
        Call(
            operation="DeleteDeliveryStream",
            only="",
            extra={"DeliveryStreamName": given("name")},
        ),
    ),
    outputs={
        "arn": "DeliveryStreamARN",
        "versionId": "VersionId",
        "destinationId": "Destinations[0].DestinationId",
    },
    tags=tags.Tags(
        with_create=lambda given_tags: {"Tags": tags.as_list(given_tags)},
        put=lambda subject, given_tags: (
            "TagDeliveryStream",
            {
                "DeliveryStreamName": subject.get("name"),
                "Tags": tags.as_list(given_tags),
            },
        ),
        drop=lambda subject, keys: (
            "UntagDeliveryStream",
            {"DeliveryStreamName": subject.get("name"), "TagKeys": keys},
        ),
    ),
    name=Name(max_length=64),
    identity="name",
    facts=_current,
)


TYPES: Final = (DELIVERY_STREAM,)
