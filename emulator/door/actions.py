"""Which IAM action a call needs, and on which resource, as far as the call itself tells.

The action is the operation's name with the service's IAM prefix, with the few exceptions listed
here. Where no rule below names the resource it is `None` (not known), and the policy evaluator
then asks about the action alone: the emulator rather misses a refusal than invents one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from emulator.door import key_access
from emulator.store.secrets import secret_arn
from emulator.tables.leading import leading_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator import policy
    from emulator.door.request import ApiRequest

# SigV4 service name -> IAM prefix, where they differ.
_PREFIXES: Final = {"monitoring": "cloudwatch", "email": "ses"}
# SigV4 service name -> botocore's folder, where they differ (REST services only).
_BOTOCORE_NAMES: Final = {"email": "sesv2"}
# Operation -> IAM action, where they differ.
_ACTIONS: Final = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "lambda:InvokeWithResponseStream": "lambda:InvokeFunction",
}
# Calls that every identity may make.
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_FREE: Final = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})
# IAM prefix -> (parameter, resource part of the ARN).
_RESOURCES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "backup": (("backupVaultName", "backup-vault:{}"), ("backupPlanId", "backup-plan:{}")),
    "dynamodb": (("TableName", "table/{}"),),
    "firehose": (("DeliveryStreamName", "deliverystream/{}"),),
    "lambda": (("FunctionName", "function:{}"),),
    "logs": (("logGroupName", "log-group:{}:*"),),
    "ssm": (("Name", "parameter/{}"),),
}
_ARN_PARAMETERS: Final = (
    "recoveryPointArn",
    "TopicArn",
    "RoleArn",
    "stateMachineArn",
    "executionArn",
    "SecretId",
    "TableName",
    "FunctionName",
    "KeyId",
    "resourceIdentifier",
    "ResourceArn",
)


@dataclass(frozen=True, kw_only=True)
class Need:
    """One permission that a call needs. `resource=None`: not known from the call."""

    action: str
    resource: str | None
    context: policy.Context = field(default_factory=dict[str, str])


def needs(request: ApiRequest, account: str) -> list[Need]:
    """The permissions a call outside S3 needs; empty when its operation is not recognised."""
    operation, parameters = _operation(request)
    if operation is None:
        return []
    prefix = _PREFIXES.get(request.service, request.service)
    action = f"{prefix}:{operation}"
    if action in _FREE:
        return []
    if prefix == "kms":
        return [_key_need(request, action)]
    if prefix == "fis":
        place = f"arn:aws:fis:{request.region}:{account}"
        return _experiment_needs(operation, {**request.document, **parameters}, place)
    resource = _resource(prefix, operation, parameters, request.region, account)
    context = {"dynamodb:LeadingKeys": leading_keys(request)} if prefix == "dynamodb" else {}
    return [Need(action=_ACTIONS.get(action, action), resource=resource, context=context)]


def _experiment_needs(operation: str, parameters: Mapping[str, Any], place: str) -> list[Need]:
    """A start needs leave for the template and for the experiment that is to be.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsfaultinjectionservice.html
    """
    action = f"fis:{operation}"
    if operation == "StartExperiment":
        named = (f"experiment-template/{parameters.get('experimentTemplateId')}", "experiment/*")
        return [Need(action=action, resource=f"{place}:{each}") for each in named]
    kind = "experiment-template" if "ExperimentTemplate" in operation else "experiment"
    found = parameters.get("resourceArn")
    if found is None and "id" in parameters and operation != "GetAction":
        found = f"{place}:{kind}/{parameters['id']}"
    return [Need(action=action, resource=found)]


def _key_need(request: ApiRequest, action: str) -> Need:
    """A KMS call's need; of a key that is not known the caller is told so by KMS itself."""
    return Need(
        action=action,
        resource=key_access.key_named(request),
        context=key_access.encryption_context(request),
    )


def _operation(request: ApiRequest) -> tuple[str | None, Mapping[str, Any]]:
    """The operation's name and its parameters."""
    match request.protocol:
        case "json":
            return request.headers["x-amz-target"].rpartition(".")[2], request.document
        case "cbor":
            return request.path.rpartition("/operation/")[2] or None, {}
        case "query" | "ec2":
            parameters = {**request.query, **request.form}
            return parameters.get("Action"), parameters
        case _:
            return rest_operation(request)


def _resource(
    prefix: str, operation: str, parameters: Mapping[str, Any], region: str, account: str
) -> str | None:
    for name in _ARN_PARAMETERS:
        if str(parameters.get(name, "")).startswith("arn:"):
            return str(parameters[name])
    if prefix == "logs" and operation == "PutLogEvents":
        group, stream = parameters.get("logGroupName"), parameters.get("logStreamName")
        return f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"
    if prefix == "secretsmanager" and (name := parameters.get("SecretId")):
        return secret_arn(region, str(name))
    if prefix == "sqs" and (url := parameters.get("QueueUrl")):
        return f"arn:aws:sqs:{region}:{account}:{str(url).rpartition('/')[2]}"
    for name, form in _RESOURCES.get(prefix, ()):
        if value := parameters.get(name):
            # A parameter's leading slash is the separator of its ARN; a log group's belongs to it.
            named = str(value).removeprefix("/") if prefix == "ssm" else str(value)
            return f"arn:aws:{prefix}:{region}:{account}:{form.format(named)}"
    return None


def rest_operation(request: ApiRequest) -> tuple[str | None, Mapping[str, Any]]:
    """A REST call's operation, None when no model has it, and what its path and query say."""
    for method, pattern, operation in _rest_operations(request.service):
        if method == request.method and (found := pattern.fullmatch(request.raw_path)):
            labels = {name: unquote(value) for name, value in found.groupdict().items()}
            return operation, {**request.query, **labels}
    return None, {}


@lru_cache(maxsize=64)
def _rest_operations(service: str) -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """(method, path pattern, operation) of a REST service from botocore's model, literal first."""
    from botocore.exceptions import UnknownServiceError
    from botocore.loaders import Loader

    try:
        model = Loader().load_service_model(_BOTOCORE_NAMES.get(service, service), "service-2")
    except UnknownServiceError:
        return ()
    operations: dict[str, dict[str, Any]] = model["operations"]
    known = [
        (each["http"]["method"], each["http"]["requestUri"].split("?")[0], name)
        for name, each in operations.items()
    ]
    known.sort(key=lambda entry: (entry[1].count("{"), -len(entry[1])))
    return tuple((method, _pattern(uri), name) for method, uri, name in known)


def _pattern(uri: str) -> re.Pattern[str]:
    """`/functions/{FunctionName}/aliases` as a pattern with named groups; `{Name+}` takes `/`."""
    parts = re.split(r"(\{\w+\+?\})", uri)
    spelled = [
        f"(?P<{part.strip('{}+')}>{'.+' if '+' in part else '[^/]+'})"
        if part.startswith("{")
        else re.escape(part)
        for part in parts
    ]
    return re.compile("".join(spelled).rstrip("/") + "/?")
