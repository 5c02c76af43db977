"""Lambda: functions, aliases, permissions. The workers run exactly what is deployed here."""

from __future__ import annotations

import json
from typing import Any, Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
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

_CODE: Final = "code imageUri s3Bucket s3Key s3ObjectVersion sourceCodeHash"
_CONFIGURATION: Final = (
    "deadLetterConfig description environment ephemeralStorage handler memorySize role runtime "
    "snapStart timeout tracingConfig"
)


def invoke_arn(function_arn: str, region: str) -> str:
    """The ARN that API Gateway invokes a function by."""
    return (
        f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function_arn}/invocations"
    )


def _unqualified(subject: Subject) -> str:
    arn: str = subject.document["Configuration"]["FunctionArn"]
    return ":".join(arn.split(":")[:7])


def _version(subject: Subject) -> str:
    newest = subject.document.get("newest") or "$LATEST"
    return str(newest if subject.get("publish") else "$LATEST")


def _qualified(subject: Subject) -> str:
    return f"{_unqualified(subject)}:{_version(subject)}"


def _function_arn(subject: Subject) -> str:
    return subject.arn("lambda", f"function:{subject.id}")


def _zip(subject: Subject) -> bytes | None:
    code = subject.get("code")
    return subject.content(code) if code and subject.content else None


def _published(subject: Subject) -> bool:
    return bool(subject.get("publish"))


def _limited(subject: Subject) -> bool:
    limit = subject.get("reservedConcurrentExecutions")
    return isinstance(limit, int) and limit >= 0


def _unlimited(subject: Subject) -> bool:
    return not _limited(subject)


def _source(inputs: Values) -> list[str]:
    if inputs.get("packageType") == "Image":
        unfit = sorted(
            {"code", "s3Bucket", "s3Key", "handler", "runtime", "snapStart"} & inputs.keys()
        )
        problems = [] if inputs.get("imageUri") else ["a container image needs an imageUri"]
        return problems + [f"a container image has no {name} of its own" for name in unfit]
    if inputs.get("imageUri"):
        return ["imageUri needs packageType 'Image'"]
    if bool(inputs.get("code")) == bool(inputs.get("s3Bucket")):
        return ["exactly one of code and s3Bucket is expected"]
    if inputs.get("s3Bucket") and not inputs.get("s3Key"):
        return ["s3Bucket needs an s3Key"]
    missing = [name for name in ("handler", "runtime") if not inputs.get(name)]
    return [f"a zip package needs {' and '.join(missing)}"] if missing else []


def _of(path: str) -> str:
    return f"Configuration.{path}"


FUNCTION: Final = ResourceType(
    type="aws:lambda/function:Function",
    service="lambda",
    inputs={
        "name": emulated(aws="FunctionName", read=_of("FunctionName"), force_new=True),
        "role": emulated(required=True, read=_of("Role")),
        "runtime": emulated(read=_of("Runtime")),
        "handler": emulated(read=_of("Handler")),
        "code": emulated(aws="Code.ZipFile", unread="AWS shows where the code is, not the code"),
        "s3Bucket": emulated(aws="Code.S3Bucket", unread="AWS copies the package"),
        "s3Key": emulated(aws="Code.S3Key", unread="AWS copies the package"),
        "s3ObjectVersion": emulated(aws="Code.S3ObjectVersion", unread="AWS copies the package"),
        "sourceCodeHash": emulated(unread="steers updates only"),
        "publish": emulated(unread="steers publishing only", default=False),
        "timeout": emulated(default=3, read=_of("Timeout")),
        "memorySize": recorded(
            "told to the function, not enforced", default=128, read=_of("MemorySize")
        ),
        "environment": emulated(read=_of("Environment"), unset={"variables": {}}),
        "description": recorded("a remark", read=_of("Description"), unset=""),
        "reservedConcurrentExecutions": emulated(
            read="Concurrency.ReservedConcurrentExecutions",
            unset=-1,
            convert=lambda value: value if value >= 0 else None,
        ),
        "architectures": recorded(
            "workers run on this machine's own", read=_of("Architectures"), force_new=True
        ),
        "ephemeralStorage": recorded(
            "workers write to this machine's disk", read=_of("EphemeralStorage")
        ),
        "packageType": emulated(default="Zip", read=_of("PackageType"), force_new=True),
        "imageUri": emulated(aws="Code.ImageUri", read="Code.ImageUri"),
        "snapStart": recorded(
            "environments load anew; what a snapshot would keep is not kept",
            read=_of("SnapStart"),
            unset={"applyOn": "None"},
        ),
        "deadLetterConfig": emulated(read=_of("DeadLetterConfig"), unset={"targetArn": ""}),
        "tracingConfig": recorded("no traces", aws="TracingConfig", read=_of("TracingConfig")),
    },
    absent="capacityProviderConfig codeSha256 codeSigningConfigArn durableConfig "
    "fileSystemConfig imageConfig kmsKeyArn layers loggingConfig publishTo "
    "replaceSecurityGroupsOnDestroy replacementSecurityGroupIds skipDestroy "
    "sourceKmsKeyArn tenancyConfig useResourceTimeoutForPropagation vpcConfig",
    create=(
        Call(operation="CreateFunction"),
        Call(
            operation="PutFunctionConcurrency",
            when="reservedConcurrentExecutions",
            only="reservedConcurrentExecutions",
            only_if=_limited,
            extra={"FunctionName": own_id},
        ),
    ),
    id=lambda subject: subject.get("name"),
    reads=(
        Read(operation="GetFunction", params={"FunctionName": own_id}),
        Read(
            operation="ListVersionsByFunction",
            params={"FunctionName": own_id},
            at="Versions[-1].Version",
            into="newest",
            when="publish",
        ),
    ),
    update=(
        Call(
            operation="UpdateFunctionCode",
            only="",
            when=_CODE,
            extra={
                "FunctionName": own_id,
                "S3Bucket": given("s3Bucket"),
                "S3Key": given("s3Key"),
                "S3ObjectVersion": given("s3ObjectVersion"),
                "ImageUri": given("imageUri"),
                "ZipFile": _zip,
            },
        ),
        Call(
            operation="UpdateFunctionConfiguration",
            only=_CONFIGURATION,
            extra={"FunctionName": own_id},
        ),
        Call(
            operation="PublishVersion",
            only="",
            when=f"{_CODE} {_CONFIGURATION} publish",
            only_if=_published,
            extra={"FunctionName": own_id},
        ),
        Call(
            operation="PutFunctionConcurrency",
            when="reservedConcurrentExecutions",
            only="reservedConcurrentExecutions",
            only_if=_limited,
            extra={"FunctionName": own_id},
        ),
        Call(
            operation="DeleteFunctionConcurrency",
            only="",
            when="reservedConcurrentExecutions",
            only_if=_unlimited,
            extra={"FunctionName": own_id},
        ),
    ),
    delete=(Call(operation="DeleteFunction", only="", extra={"FunctionName": own_id}),),
    outputs={
        "arn": _unqualified,
        "qualifiedArn": _qualified,
        "version": _version,
        "invokeArn": lambda subject: invoke_arn(_unqualified(subject), subject.region),
        "qualifiedInvokeArn": lambda subject: invoke_arn(_qualified(subject), subject.region),
        "codeSha256": _of("CodeSha256"),
        "lastModified": _of("LastModified"),
        "sourceCodeSize": _of("CodeSize"),
    },
    not_computed="responseStreamingInvokeArn signingJobArn signingProfileVersionArn layers",
    tags=tags.Tags(
        with_create=lambda given_tags: {"Tags": dict(given_tags)},
        put=lambda subject, given_tags: (
            "TagResource",
            {"Resource": _function_arn(subject), "Tags": dict(given_tags)},
        ),
        drop=lambda subject, keys: (
            "UntagResource",
            {"Resource": _function_arn(subject), "TagKeys": keys},
        ),
    ),
    name=Name(max_length=64),
    identity="name",
    check=_source,
)


def function_name(value: object) -> str:
    """An alias may be given the function's name or ARN."""
    text = str(value)
    return text.split(":")[6] if text.startswith("arn:") else text


ALIAS: Final = ResourceType(
    type="aws:lambda/alias:Alias",
    service="lambda",
    inputs={
        "functionName": emulated(
            required=True, force_new=True, unread="part of the ARN", convert=function_name
        ),
        "name": emulated(force_new=True),
        "functionVersion": emulated(required=True),
        "description": recorded("a remark", unset=""),
        "routingConfig": emulated(unset={"additionalVersionWeights": {}}),
    },
    create=(Call(operation="CreateAlias"),),
    id="AliasArn",
    reads=(
        Read(
            operation="GetAlias",
            params={
                "FunctionName": lambda subject: function_name(subject.get("functionName")),
                "Name": given("name"),
            },
        ),
    ),
    update=(Call(operation="UpdateAlias", when="functionVersion description routingConfig"),),
    delete=(Call(operation="DeleteAlias", only="functionName name"),),
    outputs={
        "arn": "AliasArn",
        "invokeArn": lambda subject: invoke_arn(subject.document["AliasArn"], subject.region),
    },
    name=Name(max_length=128),
    identity="functionName name",
)


def _statement(subject: Subject, answer: Values) -> Values | None:
    """The permission's statement in the function's policy, flattened to what was asked for."""
    statements: list[dict[str, Any]] = json.loads(answer["Policy"])["Statement"]
    found = next((each for each in statements if each["Sid"] == subject.get("statementId")), None)
    if found is None:
        return None
    principal = found["Principal"]
    shown: Values = {
        "StatementId": found["Sid"],
        "Action": found["Action"],
        "Principal": next(iter(principal.values())) if isinstance(principal, dict) else principal,
    }
    for block in found.get("Condition", {}).values():
        for key, value in block.items():
            shown[key.rpartition(":")[2].lower()] = value
    return shown


_PERMISSION: Final = {
    "FunctionName": lambda subject: function_name(subject.get("function")),  # pyright: ignore[reportUnknownLambdaType]  # a leaf
    "Qualifier": given("qualifier"),
}

PERMISSION: Final = ResourceType(
    type="aws:lambda/permission:Permission",
    service="lambda",
    inputs={
        "action": emulated(required=True, force_new=True),
        "function": emulated(
            aws="FunctionName",
            required=True,
            force_new=True,
            unread="part of the statement's resource",
            convert=function_name,
        ),
        "principal": emulated(required=True, force_new=True),
        "qualifier": emulated(force_new=True, unread="the policy is read by it"),
        "sourceAccount": emulated(force_new=True, read="sourceaccount"),
        "sourceArn": emulated(force_new=True, read="sourcearn"),
        "statementId": emulated(force_new=True),
        "statementIdPrefix": emulated(unread="becomes part of the id", force_new=True),
    },
    absent="eventSourceToken functionUrlAuthType invokedViaFunctionUrl principalOrgId",
    create=(Call(operation="AddPermission"),),
    id=lambda subject: subject.get("statementId"),
    reads=(Read(operation="GetPolicy", params=_PERMISSION, at=_statement),),
    delete=(
        Call(operation="RemovePermission", only="", extra={**_PERMISSION, "StatementId": own_id}),
    ),
    name=Name(input="statementId", max_length=100),
    identity="function qualifier statementId",
)

TYPES: Final = (FUNCTION, ALIAS, PERMISSION)
