"""Policy documents: malformed ones are refused when they are put, in each service's own words.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html#API_PutRolePolicy_Errors
(MalformedPolicyDocument),
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (MalformedPolicy),
https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html (InvalidParameter),
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
(InvalidAttributeValue),
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html
(MalformedPolicyDocumentException),
https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
(InvalidParameterValueException).

Key policies are `emulator.patches.kms_policies`', those of backup vaults `emulator.backup`'s.
A principal that is a role or user must exist, as in AWS.
"""

from __future__ import annotations

import inspect
import json
import re
from typing import TYPE_CHECKING, Any, Final

from emulator import policy_documents
from emulator.patches.mending import replace
from emulator.policy_documents import BUCKET, IDENTITY, QUEUE, SECRET, TOPIC, TRUST, Kind
from emulator.store.backends import ACCOUNT, PARTITION, values_of

if TYPE_CHECKING:
    from collections.abc import Callable

_IDENTITY_CALLS: Final = (
    ("put_role_policy", "policy_json"),
    ("put_user_policy", "policy_json"),
    ("put_group_policy", "policy_json"),
    ("create_policy", "policy_document"),
    ("create_policy_version", "policy_document"),
)
_TRUST_CALLS: Final = (
    ("create_role", "assume_role_policy_document"),
    ("update_assume_role_policy", "policy_document"),
)
_LAMBDA_PRINCIPAL: Final = re.compile(
    r"\*|\d{12}|arn:aws:(iam|sts)::\d{12}:.+|[a-z0-9.-]+\.amazonaws\.com"
)


def apply() -> None:
    """Guard every call that puts a policy document."""
    _guard_identities()
    _guard_buckets()
    _guard_topics()
    _guard_queues()
    _guard_secrets()
    _guard_functions()


def problem(document: str, kind: Kind, *, owner: str | None = None) -> str | None:
    """What is wrong with a document, a principal that does not exist included; None: nothing."""
    wrong = policy_documents.problem(document, kind, owner=owner)
    if wrong is not None:
        return wrong
    named = policy_documents.named_identities(policy_documents.statements(document))
    missing = sorted(set(named) - _identities())
    if missing:
        return f"Invalid principal in policy: {', '.join(missing)} must exist before it is named"
    return None


def _identities() -> set[str]:
    from moto.iam.models import iam_backends

    backend = iam_backends[ACCOUNT][PARTITION]
    return {each.arn for each in (*values_of(backend.roles), *values_of(backend.users))}


def _guard(owner: type, method: str, look: Callable[..., None]) -> None:
    """Call `look` with a method's arguments, by name, before the method itself."""
    stock: Any = vars(owner)[method]
    parameters = inspect.signature(stock)

    def guarded(*args: Any, **named: Any) -> Any:
        given = parameters.bind(*args, **named).arguments
        look(given["self"], given)
        return stock(*args, **named)

    replace(owner, method, guarded)


def _guard_identities() -> None:
    from moto.iam.exceptions import MalformedPolicyDocument
    from moto.iam.models import IAMBackend

    def guard(method: str, parameter: str, kind: Kind) -> None:
        def look(_backend: Any, given: dict[str, Any]) -> None:
            wrong = problem(given[parameter], kind)
            if wrong:
                raise MalformedPolicyDocument(wrong)

        _guard(IAMBackend, method, look)

    for method, parameter in _IDENTITY_CALLS:
        guard(method, parameter, IDENTITY)
    for method, parameter in _TRUST_CALLS:
        guard(method, parameter, TRUST)


def _guard_buckets() -> None:
    from moto.s3.exceptions import S3ClientError
    from moto.s3.models import S3Backend

    def look(_backend: Any, given: dict[str, Any]) -> None:
        text = given["policy"]
        document = text.decode() if isinstance(text, bytes) else str(text)
        wrong = problem(document, BUCKET, owner=f"arn:aws:s3:::{given['bucket_name']}")
        if wrong:
            raise S3ClientError("MalformedPolicy", wrong)

    _guard(S3Backend, "put_bucket_policy", look)


def _guard_topics() -> None:
    from moto.sns.exceptions import SNSInvalidParameter
    from moto.sns.models import SNSBackend

    def refuse(document: str, owner: str | None) -> None:
        wrong = problem(document, TOPIC, owner=owner)
        if wrong:
            raise SNSInvalidParameter(f"Invalid parameter: Policy Error: {wrong}")

    def look_at_change(_backend: Any, given: dict[str, Any]) -> None:
        if given["attribute_name"].lower() == "policy":
            refuse(given["attribute_value"], given["topic_arn"])

    def look_at_new(_backend: Any, given: dict[str, Any]) -> None:
        document = (given.get("attributes") or {}).get("Policy")
        if document:
            refuse(document, None)

    _guard(SNSBackend, "set_topic_attribute", look_at_change)
    _guard(SNSBackend, "create_topic", look_at_new)


def _guard_queues() -> None:
    from moto.sqs.exceptions import SQSException
    from moto.sqs.models import Queue

    def look(queue: Any, given: dict[str, Any]) -> None:
        document = given["attributes"].get("Policy")
        wrong = problem(document, QUEUE, owner=queue.queue_arn) if document else None
        if wrong:
            message = f"Invalid value for the parameter Policy. {wrong}"
            raise SQSException("InvalidAttributeValue", message)

    _guard(Queue, "_set_attributes", look)


def _guard_secrets() -> None:
    from moto.core.exceptions import JsonRESTError
    from moto.secretsmanager.models import SecretsManagerBackend

    def look(_backend: Any, given: dict[str, Any]) -> None:
        wrong = problem(given["policy"], SECRET)
        if wrong:
            raise JsonRESTError("MalformedPolicyDocumentException", wrong)

    _guard(SecretsManagerBackend, "put_resource_policy", look)


def _guard_functions() -> None:
    from moto.awslambda.exceptions import InvalidParameterValueException
    from moto.awslambda.models import LambdaBackend

    def look(_backend: Any, given: dict[str, Any]) -> None:
        wrong = permission_problem(json.loads(given["raw"]))
        if wrong:
            raise InvalidParameterValueException(wrong)

    _guard(LambdaBackend, "add_permission", look)


def permission_problem(permission: dict[str, Any]) -> str | None:
    """What is wrong with a permission to invoke a function; None: nothing."""
    action, principal = str(permission.get("Action")), str(permission.get("Principal"))
    if action != "*" and not re.fullmatch(r"lambda:([A-Za-z]+|\*)", action):
        return f"The action {action} is not valid; expected one of Lambda's"
    if not _LAMBDA_PRINCIPAL.fullmatch(principal):
        return f"The provided principal was invalid: {principal}"
    if principal.startswith("arn:") and ":role/" in principal and principal not in _identities():
        return f"The provided principal was invalid: {principal} does not exist"
    source = permission.get("SourceArn")
    if source and not str(source).startswith((f"arn:{PARTITION}:", "arn:*:")):
        return f"The source {source} is no ARN of the partition {PARTITION}"
    return None
