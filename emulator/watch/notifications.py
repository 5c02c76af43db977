"""SNS: what is published on a topic goes to its subscriptions.

Stock moto delivers within the publishing call, asks no queue's or function's policy, runs
functions with an invented subscription, and posts to addresses outside. Here each notification is
delivered by itself, under AWS's checks and retries; those for people and for addresses outside are
recorded (`sns.recorded`).
https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emulator.patches.mending import replace
from emulator.store.backends import region_of
from emulator.watch.delivery import Parcel, Retry
from emulator.watch.permissions import Sender

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.patches.hooks import Hooks
    from emulator.watch.delivery import Delivery
    from emulator.watch.metrics import Metrics

SERVICE: Final = "sns.amazonaws.com"
RETRY: Final = Retry(attempts=100_015, max_age_s=23 * 86_400.0)
"""Of deliveries to queues and functions."""

_DELIVERED_HERE: Final = ("sqs", "lambda")
_SHOWN: Final = 4_000


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One message for one subscription."""

    subscription_arn: str
    topic_arn: str
    protocol: str
    endpoint: str
    raw: bool
    dead_letter_arn: str | None
    message_id: str
    subject: str | None
    message: str
    attributes: dict[str, Any]


class Notifier:
    """Delivers notifications and counts them, as AWS/SNS does."""

    def __init__(
        self, clock: Clock, events: EventLog, metrics: Metrics, delivery: Delivery
    ) -> None:
        self._clock = clock
        self._events = events
        self._metrics = metrics
        self._delivery = delivery

    def published(self, topic_arn: str, message: str) -> None:
        """Count a message on a topic."""
        self._count(topic_arn, "NumberOfMessagesPublished")
        size = len(message.encode())
        self._count(topic_arn, "PublishSize", size, unit="Bytes")
        self._events.record("sns.published", topic=topic_arn, message=message[:_SHOWN])

    def notify(self, notification: Notification) -> None:
        """Deliver a notification, in time."""
        if notification.protocol not in _DELIVERED_HERE:
            self._events.record(
                "sns.recorded",
                topic=notification.topic_arn,
                protocol=notification.protocol,
                endpoint=notification.endpoint,
                subject=notification.subject or "",
                message=notification.message[:_SHOWN],
            )
            self._count(notification.topic_arn, "NumberOfNotificationsDelivered")
            return
        self._delivery.soon(lambda: self._deliver(notification))

    async def _deliver(self, notification: Notification) -> None:
        outcome = await self._delivery.deliver(
            Parcel(
                arn=notification.endpoint,
                body=self._body(notification),
                more=_raw_attributes(notification) if notification.raw else None,
                sender=Sender(service=SERVICE, source_arn=notification.topic_arn),
                retry=RETRY,
                dead_letter_arn=notification.dead_letter_arn,
            )
        )
        topic = notification.topic_arn
        if outcome.failure is None:
            self._count(topic, "NumberOfNotificationsDelivered")
            self._events.record("sns.delivered", topic=topic, endpoint=notification.endpoint)
            return
        self._count(topic, "NumberOfNotificationsFailed")
        if outcome.dead_letter is True:
            self._count(topic, "NumberOfNotificationsRedrivenToDlq")
        elif outcome.dead_letter:
            self._count(topic, "NumberOfNotificationsFailedToRedriveToDlq")

    def _body(self, notification: Notification) -> str:
        if notification.raw and notification.protocol == "sqs":
            return notification.message
        now = self._clock.now()
        message: dict[str, Any] = {
            "Type": "Notification",
            "MessageId": notification.message_id,
            "TopicArn": notification.topic_arn,
            "Message": notification.message,
            "Timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z",
            "SignatureVersion": "1",
            "Signature": "not-signed-in-the-emulator",
            "UnsubscribeURL": "",
        }
        if notification.subject:
            message["Subject"] = notification.subject
        if notification.attributes:
            message["MessageAttributes"] = {
                name: {"Type": each["Type"], "Value": each["Value"]}
                for name, each in notification.attributes.items()
            }
        if notification.protocol == "sqs":
            return json.dumps(message | {"SigningCertURL": ""})
        # https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
        told: dict[str, Any] = {"Subject": None, "MessageAttributes": {}, "SigningCertUrl": ""}
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": notification.subscription_arn,
            "Sns": told | message,
        }
        return json.dumps({"Records": [record]})

    def _count(self, topic_arn: str, name: str, value: float = 1, *, unit: str = "Count") -> None:
        dimensions = {"TopicName": topic_arn.rpartition(":")[2]}
        self._metrics.put(region_of(topic_arn), "AWS/SNS", name, dimensions, value, unit=unit)


def _raw_attributes(notification: Notification) -> dict[str, Any]:
    return {
        "message_attributes": {
            name: {"DataType": each["Type"], "StringValue": str(each["Value"])}
            for name, each in notification.attributes.items()
        }
    }


def apply(hooks: Callable[[], Hooks]) -> None:
    """Deliver in moto's place."""
    from moto.sns.models import Subscription, Topic

    stock_publish = Topic.publish

    def publish(self: Any, message: str, *args: Any, **named: Any) -> str:
        hooks().watch.notifier.published(str(self.arn), message)
        return stock_publish(self, message, *args, **named)

    def notify(  # moto's own signature
        self: Any,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        **named: Any,
    ) -> None:
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        if named.get("message_structure") == "json":
            message = self._parse_message_structure(message, self.protocol)
        raw = str(self.attributes.get("RawMessageDelivery", "")).lower() == "true"
        redrive = json.loads(self.attributes.get("RedrivePolicy") or "{}")
        hooks().watch.notifier.notify(
            Notification(
                subscription_arn=str(self.arn),
                topic_arn=str(self.topic_arn),
                protocol=str(self.protocol),
                endpoint=str(self.endpoint),
                raw=raw,
                dead_letter_arn=redrive.get("deadLetterTargetArn"),
                message_id=message_id or str(uuid.uuid4()),
                subject=subject,
                message=message,
                attributes=message_attributes or {},
            )
        )

    replace(Topic, "publish", publish)
    replace(Subscription, "publish", notify)
