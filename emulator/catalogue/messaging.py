"""SQS: queues and their policies."""

from __future__ import annotations

from typing import Any, Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Input,
    Name,
    Read,
    ResourceType,
    Subject,
    Values,
    emulated,
    given,
    own_id,
    recorded,
)

# Attribute of SQS for each input that is one.
_QUEUE_ATTRIBUTES: Final = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "delaySeconds": "DelaySeconds",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "fifoQueue": "FifoQueue",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redrivePolicy": "RedrivePolicy",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}


def _in_attributes(name: str, **fields: Any) -> Input:
    return emulated(read=f"Attributes.{_QUEUE_ATTRIBUTES[name]}", **fields)


def _recorded_attribute(name: str, reason: str, **fields: Any) -> Input:
    return recorded(reason, read=f"Attributes.{_QUEUE_ATTRIBUTES[name]}", **fields)


def _queue_attributes(subject: Subject) -> Values | None:
    attributes = {
        member: _text(subject.get(name))
        for name, member in _QUEUE_ATTRIBUTES.items()
        if subject.get(name) is not None
    }
    return attributes or None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _queue_arn(subject: Subject) -> str:
    return subject.arn("sqs", subject.id.rpartition("/")[2])


def _put_policy() -> Call:
    return Call(
        operation="SetQueueAttributes",
        only="",
        when="queueUrl policy",
        extra={"QueueUrl": given("queueUrl"), "Attributes": {"Policy": given("policy")}},
    )


_QUEUE_INPUTS: Final = " ".join(_QUEUE_ATTRIBUTES)

QUEUE: Final = ResourceType(
    type="aws:sqs/queue:Queue",
    service="sqs",
    inputs={
        "name": emulated(aws="QueueName", force_new=True, unread="part of the URL"),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "contentBasedDeduplication": _in_attributes("contentBasedDeduplication", unset=False),
        "delaySeconds": _in_attributes("delaySeconds", unset=0),
        "fifoQueue": _in_attributes("fifoQueue", force_new=True),
        "maxMessageSize": _in_attributes("maxMessageSize", unset=1048576),
        "messageRetentionSeconds": _in_attributes("messageRetentionSeconds", unset=345600),
        "policy": _in_attributes("policy", json=True, unset=""),
        "receiveWaitTimeSeconds": _in_attributes("receiveWaitTimeSeconds", unset=0),
        "redrivePolicy": _in_attributes("redrivePolicy", json=True, unset=""),
        "kmsMasterKeyId": _in_attributes("kmsMasterKeyId", unset=""),
        "kmsDataKeyReusePeriodSeconds": _recorded_attribute(
            "kmsDataKeyReusePeriodSeconds", "data keys are not cached", unset=300
        ),
        "sqsManagedSseEnabled": _recorded_attribute(
            "sqsManagedSseEnabled", "nothing is written to disk"
        ),
        "visibilityTimeoutSeconds": _in_attributes("visibilityTimeoutSeconds", unset=30),
    },
    absent="deduplicationScope fifoThroughputLimit redriveAllowPolicy",
    create=(
        Call(
            operation="CreateQueue",
            only="name",
            when=f"name {_QUEUE_INPUTS}",
            extra={"Attributes": _queue_attributes},
        ),
    ),
    id="QueueUrl",
    reads=(
        Read(
            operation="GetQueueAttributes",
            params={"QueueUrl": own_id, "AttributeNames": ["All"]},
        ),
        Read(
            operation="ListQueueTags",
            params={"QueueUrl": own_id},
            at="Tags",
            into="Tags",
            when="tags",
        ),
    ),
    update=(
        Call(
            operation="SetQueueAttributes",
            only="",
            when=_QUEUE_INPUTS,
            extra={"QueueUrl": own_id, "Attributes": _queue_attributes},
        ),
    ),
    delete=(Call(operation="DeleteQueue", only="", extra={"QueueUrl": own_id}),),
    outputs={"arn": _queue_arn, "url": own_id},
    tags=tags.Tags(
        with_create=lambda given: {"tags": dict(given)},
        put=lambda subject, given: ("TagQueue", {"QueueUrl": subject.id, "Tags": dict(given)}),
        drop=lambda subject, keys: ("UntagQueue", {"QueueUrl": subject.id, "TagKeys": keys}),
    ),
    name=Name(max_length=80),
    identity="name",
)

QUEUE_POLICY: Final = ResourceType(
    type="aws:sqs/queuePolicy:QueuePolicy",
    service="sqs",
    inputs={
        "queueUrl": emulated(required=True, force_new=True, unread="the policy is read by it"),
        "policy": emulated(required=True, json=True, read="Attributes.Policy"),
    },
    create=(_put_policy(),),
    id=lambda subject: subject.get("queueUrl"),
    reads=(
        Read(
            operation="GetQueueAttributes",
            params={"QueueUrl": given("queueUrl"), "AttributeNames": ["Policy"]},
            at=lambda _subject, answer: answer if answer.get("Attributes") else None,
        ),
    ),
    update=(_put_policy(),),
    delete=(
        Call(
            operation="SetQueueAttributes",
            only="",
            extra={"QueueUrl": given("queueUrl"), "Attributes": {"Policy": ""}},
        ),
    ),
    identity="queueUrl",
)

TYPES: Final = (QUEUE, QUEUE_POLICY)
