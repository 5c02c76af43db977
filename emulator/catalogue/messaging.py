"""SQS queues, SNS topics and subscriptions: moto delivers between them."""

from __future__ import annotations

from typing import Any, Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Caller,
    Input,
    Name,
    Read,
    ResourceType,
    Subject,
    Values,
    emulated,
    own_id,
    recorded,
)

# Attribute of SQS and SNS for each input that is one.
_QUEUE_ATTRIBUTES: Final = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redrivePolicy": "RedrivePolicy",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}


def _in_attributes(name: str, **fields: Any) -> Input:
    return emulated(read=f"Attributes.{_QUEUE_ATTRIBUTES[name]}", **fields)


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
        "receiveWaitTimeSeconds": _in_attributes("receiveWaitTimeSeconds", unset=0),
        "redrivePolicy": _in_attributes("redrivePolicy", json=True, unset=""),
        "visibilityTimeoutSeconds": _in_attributes("visibilityTimeoutSeconds", unset=30),
    },
    absent="deduplicationScope fifoThroughputLimit kmsDataKeyReusePeriodSeconds kmsMasterKeyId "
    "policy redriveAllowPolicy sqsManagedSseEnabled",
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

TOPIC: Final = ResourceType(
    type="aws:sns/topic:Topic",
    service="sns",
    inputs={
        "name": emulated(force_new=True, unread="part of the ARN"),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "displayName": recorded("a remark", read="Attributes.DisplayName", unset=""),
    },
    absent="applicationFailureFeedbackRoleArn applicationSuccessFeedbackRoleArn "
    "applicationSuccessFeedbackSampleRate archivePolicy contentBasedDeduplication deliveryPolicy "
    "fifoThroughputScope fifoTopic firehoseFailureFeedbackRoleArn firehoseSuccessFeedbackRoleArn "
    "firehoseSuccessFeedbackSampleRate httpFailureFeedbackRoleArn httpSuccessFeedbackRoleArn "
    "httpSuccessFeedbackSampleRate kmsMasterKeyId lambdaFailureFeedbackRoleArn "
    "lambdaSuccessFeedbackRoleArn lambdaSuccessFeedbackSampleRate maximumMessageSize policy "
    "signatureVersion sqsFailureFeedbackRoleArn sqsSuccessFeedbackRoleArn "
    "sqsSuccessFeedbackSampleRate tracingConfig",
    create=(
        Call(operation="CreateTopic", only="name"),
        Call(
            operation="SetTopicAttributes",
            only="",
            when="displayName",
            extra={
                "TopicArn": own_id,
                "AttributeName": "DisplayName",
                "AttributeValue": lambda subject: subject.get("displayName"),
            },
        ),
    ),
    id="TopicArn",
    reads=(
        Read(operation="GetTopicAttributes", params={"TopicArn": own_id}),
        Read(
            operation="ListTagsForResource",
            params={"ResourceArn": own_id},
            at="Tags",
            into="Tags",
            when="tags",
        ),
    ),
    update=(
        Call(
            operation="SetTopicAttributes",
            only="",
            when="displayName",
            extra={
                "TopicArn": own_id,
                "AttributeName": "DisplayName",
                "AttributeValue": lambda subject: subject.get("displayName"),
            },
        ),
    ),
    delete=(Call(operation="DeleteTopic", only="", extra={"TopicArn": own_id}),),
    outputs={"arn": own_id, "owner": "Attributes.Owner"},
    not_computed="beginningArchiveTime",
    tags=tags.listed(put="TagResource", drop="UntagResource", target="ResourceArn"),
    name=Name(max_length=256),
    identity="name",
)


def _set_attributes(subject: Subject, call: Caller) -> None:
    for name, member in (
        ("rawMessageDelivery", "RawMessageDelivery"),
        ("filterPolicy", "FilterPolicy"),
    ):
        if subject.get(name) is not None:
            call(
                "sns",
                "SetSubscriptionAttributes",
                SubscriptionArn=subject.id,
                AttributeName=member,
                AttributeValue=_text(subject.get(name)),
            )


SUBSCRIPTION: Final = ResourceType(
    type="aws:sns/topicSubscription:TopicSubscription",
    service="sns",
    inputs={
        "topic": emulated(
            aws="TopicArn", read="Attributes.TopicArn", required=True, force_new=True
        ),
        "protocol": emulated(
            required=True,
            force_new=True,
            read="Attributes.Protocol",
            values=("sqs", "lambda"),
        ),
        "endpoint": emulated(required=True, force_new=True, read="Attributes.Endpoint"),
        "rawMessageDelivery": emulated(
            force_new=True, read="Attributes.RawMessageDelivery", unread="set after creation"
        ),
        "filterPolicy": emulated(
            force_new=True, json=True, read="Attributes.FilterPolicy", unread="set after creation"
        ),
    },
    absent="confirmationTimeoutInMinutes deliveryPolicy endpointAutoConfirms filterPolicyScope "
    "redrivePolicy replayPolicy subscriptionRoleArn",
    create=(Call(operation="Subscribe"),),
    id="SubscriptionArn",
    reads=(Read(operation="GetSubscriptionAttributes", params={"SubscriptionArn": own_id}),),
    delete=(Call(operation="Unsubscribe", only="", extra={"SubscriptionArn": own_id}),),
    outputs={"arn": own_id, "ownerId": "Attributes.Owner"},
    not_computed="confirmationWasAuthenticated pendingConfirmation",
    settle=_set_attributes,
)

TYPES: Final = (QUEUE, TOPIC, SUBSCRIPTION)
