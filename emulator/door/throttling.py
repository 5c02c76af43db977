"""How each service says that it is asked too often, so that every SDK comes later by itself.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

from typing import Final

from emulator.door.refusals import Refusal

_QUERY: Final = Refusal(code="Throttling", message="Rate exceeded", status=400)
_JSON: Final = Refusal(code="ThrottlingException", message="Rate exceeded", status=400)
_REFUSALS: Final = {
    "s3": Refusal(code="SlowDown", message="Please reduce your request rate.", status=503),
    "ec2": Refusal(code="RequestLimitExceeded", message="Request limit exceeded.", status=503),
    "lambda": Refusal(code="TooManyRequestsException", message="Rate Exceeded.", status=429),
    "arc-zonal-shift": Refusal(code="ThrottlingException", message="Rate exceeded", status=429),
    "fis": Refusal(code="ThrottlingException", message="Rate exceeded", status=429),
    **dict.fromkeys(("elasticloadbalancing", "iam", "monitoring", "route53", "sts"), _QUERY),
    **dict.fromkeys(
        ("backup", "dynamodb", "kms", "secretsmanager", "ssm", "states", "tagging"), _JSON
    ),
}

SERVICES: Final = frozenset(_REFUSALS)
"""The services that can be throttled, by the names that calls are signed for."""


def refusal(service: str) -> Refusal:
    """What a throttled service answers."""
    return _REFUSALS[service]
