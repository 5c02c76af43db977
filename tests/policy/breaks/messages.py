"""What is said between parts: how to break these rules, and what they then say."""

from __future__ import annotations

from tests.policy.breaking import Broken, case, change

BREAKS: tuple[Broken, ...] = (
    case(
        "messages-are-under-their-regions-key",
        "but alias/aws/sqs",
        change("Queue", kmsMasterKeyId="alias/aws/sqs"),
    ),
    case(
        "what-events-call-keeps-dead-letters",
        "which drops what it could not handle",
        change("Function", "validation", deadLetterConfig=None),
    ),
    case(
        "schedules-keep-dead-letters",
        "drops",
        change("Schedule", target={"deadLetterConfig": None}),
    ),
)
