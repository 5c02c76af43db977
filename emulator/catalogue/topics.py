"""SNS: topics, their policies and subscriptions."""

from __future__ import annotations

import json
from typing import Any, Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Input,
    Name,
    Read,
    ResourceType,
    Source,
    Subject,
    Values,
    emulated,
    given,
    own_id,
    recorded,
)

_TOPIC_ATTRIBUTES: Final = {
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
}
_SUBSCRIPTION_ATTRIBUTES: Final = {
    # The scope first: a filter policy is checked against it.
    "filterPolicyScope": "FilterPolicyScope",
    "filterPolicy": "FilterPolicy",
    "rawMessageDelivery": "RawMessageDelivery",
    "redrivePolicy": "RedrivePolicy",
}


def _text(name: str) -> Source:
    """An input as text, as attributes are."""

    def source(subject: Subject) -> str | None:
        value = subject.get(name)
        return str(value).lower() if isinstance(value, bool) else value

    return source


def _set_topic(name: str) -> Call:
    return Call(
        operation="SetTopicAttributes",
        only="",
        when=name,
        extra={
            "TopicArn": own_id,
            "AttributeName": _TOPIC_ATTRIBUTES[name],
            "AttributeValue": _text(name),
        },
    )


def _topic_attribute(name: str, **fields: Any) -> Input:
    return emulated(read=f"Attributes.{_TOPIC_ATTRIBUTES[name]}", **fields)


TOPIC: Final = ResourceType(
    type="aws:sns/topic:Topic",
    service="sns",
    inputs={
        "name": emulated(force_new=True, unread="part of the ARN"),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "displayName": recorded("a remark", read="Attributes.DisplayName", unset=""),
        "kmsMasterKeyId": _topic_attribute("kmsMasterKeyId", unset=""),
        "policy": _topic_attribute("policy", json=True),
    },
    absent="applicationFailureFeedbackRoleArn applicationSuccessFeedbackRoleArn "
    "applicationSuccessFeedbackSampleRate archivePolicy contentBasedDeduplication deliveryPolicy "
    "fifoThroughputScope fifoTopic firehoseFailureFeedbackRoleArn firehoseSuccessFeedbackRoleArn "
    "firehoseSuccessFeedbackSampleRate httpFailureFeedbackRoleArn httpSuccessFeedbackRoleArn "
    "httpSuccessFeedbackSampleRate lambdaFailureFeedbackRoleArn lambdaSuccessFeedbackRoleArn "
    "lambdaSuccessFeedbackSampleRate maximumMessageSize signatureVersion sqsFailureFeedbackRoleArn "
    "sqsSuccessFeedbackRoleArn sqsSuccessFeedbackSampleRate tracingConfig",
    create=(Call(operation="CreateTopic", only="name"), *map(_set_topic, _TOPIC_ATTRIBUTES)),
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
    update=tuple(map(_set_topic, _TOPIC_ATTRIBUTES)),
    delete=(Call(operation="DeleteTopic", only="", extra={"TopicArn": own_id}),),
    outputs={"arn": own_id, "owner": "Attributes.Owner"},
    not_computed="beginningArchiveTime",
    tags=tags.listed(put="TagResource", drop="UntagResource", target="ResourceArn"),
    name=Name(max_length=256),
    identity="name",
)


def _owner_policy(subject: Subject) -> str:
    """The policy that a topic has by itself, and again once another is deleted."""
    return json.dumps(
        {
            "Version": "2008-10-17",
            "Id": "__default_policy_ID",
            "Statement": [
                {
                    "Sid": "__default_statement_ID",
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": [
                        f"SNS:{action}"
                        for action in (
                            "GetTopicAttributes",
                            "SetTopicAttributes",
                            "AddPermission",
                            "RemovePermission",
                            "DeleteTopic",
                            "Subscribe",
                            "ListSubscriptionsByTopic",
                            "Publish",
                        )
                    ],
                    "Resource": subject.get("arn"),
                    "Condition": {"StringEquals": {"AWS:SourceOwner": subject.account}},
                }
            ],
        }
    )


def _set_policy(value: Source) -> Call:
    return Call(
        operation="SetTopicAttributes",
        only="",
        when="arn policy",
        extra={"TopicArn": given("arn"), "AttributeName": "Policy", "AttributeValue": value},
    )


TOPIC_POLICY: Final = ResourceType(
    type="aws:sns/topicPolicy:TopicPolicy",
    service="sns",
    inputs={
        "arn": emulated(required=True, force_new=True, read="Attributes.TopicArn"),
        "policy": emulated(required=True, json=True, read="Attributes.Policy"),
    },
    create=(_set_policy(given("policy")),),
    id=given("arn"),
    reads=(Read(operation="GetTopicAttributes", params={"TopicArn": given("arn")}),),
    update=(_set_policy(given("policy")),),
    delete=(_set_policy(_owner_policy),),
    outputs={"owner": "Attributes.Owner"},
    identity="arn",
)


def _attributes(subject: Subject) -> Values | None:
    return {
        member: _text(name)(subject)
        for name, member in _SUBSCRIPTION_ATTRIBUTES.items()
        if subject.get(name) is not None
    } or None


def _set_subscription(name: str) -> Call:
    return Call(
        operation="SetSubscriptionAttributes",
        only="",
        when=name,
        extra={
            "SubscriptionArn": own_id,
            "AttributeName": _SUBSCRIPTION_ATTRIBUTES[name],
            "AttributeValue": _text(name),
        },
    )


def _subscription_attribute(name: str, **fields: Any) -> Input:
    return emulated(read=f"Attributes.{_SUBSCRIPTION_ATTRIBUTES[name]}", **fields)


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
            values=("sqs", "lambda", "http", "https", "email", "email-json"),
        ),
        "endpoint": emulated(required=True, force_new=True, read="Attributes.Endpoint"),
        "endpointAutoConfirms": recorded(
            "nobody outside is asked to confirm", unread="steers creation only"
        ),
        "rawMessageDelivery": _subscription_attribute("rawMessageDelivery", unset=False),
        "filterPolicy": _subscription_attribute("filterPolicy", json=True, unset="{}"),
        "filterPolicyScope": _subscription_attribute(
            "filterPolicyScope", unset="MessageAttributes"
        ),
        "redrivePolicy": _subscription_attribute("redrivePolicy", json=True, unset="{}"),
    },
    absent="confirmationTimeoutInMinutes deliveryPolicy replayPolicy subscriptionRoleArn",
    create=(
        Call(
            operation="Subscribe",
            only="topic protocol endpoint",
            when="topic protocol endpoint " + " ".join(_SUBSCRIPTION_ATTRIBUTES),
            extra={"Attributes": _attributes},
        ),
    ),
    id="SubscriptionArn",
    reads=(Read(operation="GetSubscriptionAttributes", params={"SubscriptionArn": own_id}),),
    update=tuple(map(_set_subscription, _SUBSCRIPTION_ATTRIBUTES)),
    delete=(Call(operation="Unsubscribe", only="", extra={"SubscriptionArn": own_id}),),
    outputs={
        "arn": own_id,
        "ownerId": "Attributes.Owner",
        "pendingConfirmation": "Attributes.PendingConfirmation",
    },
    not_computed="confirmationWasAuthenticated",
)

TYPES: Final = (TOPIC, TOPIC_POLICY, SUBSCRIPTION)
