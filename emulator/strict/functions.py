"""Lambda: functions and aliases that AWS refuses.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

from __future__ import annotations

import re
from typing import Any, Final

from emulator import policy
from emulator.patches.mending import replace
from emulator.strict import backends

_LAMBDA: Final = "lambda.amazonaws.com"
_IMAGE_URI: Final = re.compile(
    r"\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[^@:]+)"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>[\w.-]+))"
)
_PYTHON: Final = re.compile(r"python3\.(\d+)")
_SNAP_START_PYTHON: Final = 12


def apply() -> None:
    """Guard where packages come from, which roles are taken, and what aliases point to."""
    _guard_functions()
    _guard_aliases()


def _guard_functions() -> None:
    from moto.awslambda.exceptions import InvalidParameterValueException
    from moto.awslambda.models import LambdaBackend

    stock_create = LambdaBackend.create_function
    stock_code = LambdaBackend.update_function_code
    stock_configuration = LambdaBackend.update_function_configuration

    def refuse(message: str | None) -> None:
        if message:
            raise InvalidParameterValueException(message)

    def create(self: Any, spec: dict[str, Any]) -> Any:
        refuse(package_problem(spec.get("Code") or {}, self.region_name))
        refuse(image_problem(spec.get("Code") or {}, self.region_name))
        refuse(snap_start_problem(spec))
        refuse(role_problem(str(spec.get("Role"))))
        return stock_create(self, spec)

    def update_code(self: Any, function_name: str, qualifier: str, body: dict[str, Any]) -> Any:
        refuse(package_problem(body, self.region_name))
        refuse(image_problem(body, self.region_name))
        return stock_code(self, function_name, qualifier, body)

    def configure(self: Any, function_name: str, qualifier: str, body: dict[str, Any]) -> Any:
        if body.get("Role"):
            refuse(role_problem(str(body["Role"])))
        return stock_configuration(self, function_name, qualifier, body)

    replace(LambdaBackend, "create_function", create)
    replace(LambdaBackend, "update_function_code", update_code)
    replace(LambdaBackend, "update_function_configuration", configure)


def package_problem(code: dict[str, Any], region: str) -> str | None:
    """Why Lambda cannot take a package from S3; None when it can, or when it comes inline."""
    bucket, key = code.get("S3Bucket"), code.get("S3Key")
    if not bucket:
        return None
    home = backends.bucket_region(bucket)
    error = "Error occurred while GetObject. S3 Error Code:"
    if home is None:
        missing = f"The specified bucket does not exist ({bucket})"
        return f"{error} NoSuchBucket. S3 Error Message: {missing}"
    if home != region:
        return (
            f"{error} PermanentRedirect. S3 Error Message: The bucket is in this region: {home}. "
            f"Please use this region to retry the request (the function is in {region})"
        )
    version = code.get("S3ObjectVersion")
    found = backends.s3().buckets[bucket].keys.getlist(key)
    if not any(
        version in (None, each.version_id) and hasattr(each, "value") for each in found or []
    ):
        return (
            f"{error} NoSuchKey. S3 Error Message: The specified key does not exist "
            f"(s3://{bucket}/{key}{f' version {version}' if version else ''})"
        )
    return None


def image_problem(code: dict[str, Any], region: str) -> str | None:
    """Why Lambda cannot run an image; None when it can, or when there is none.

    https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
    """
    uri = code.get("ImageUri")
    if not uri:
        return None
    found = _IMAGE_URI.fullmatch(str(uri))
    if found is None or found["region"] != region:
        return (
            f"Source image {uri} is not valid. Provide a valid source image. (It must be in a "
            f"repository of the function's own Region, {region})"
        )
    from moto.ecr.models import ecr_backends

    repository = ecr_backends[backends.ACCOUNT][region].repositories.get(found["name"])
    images = repository.images if repository else []
    if any(
        found["digest"] == each.get_image_digest() or found["tag"] in each.image_tags
        for each in images
    ):
        return None
    return f"Source image {uri} does not exist. Provide a valid source image."


def snap_start_problem(spec: dict[str, Any]) -> str | None:
    """Why Lambda cannot take snapshots of a function; None when it can, or is not asked to.

    https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html#snapstart-runtimes
    """
    if (spec.get("SnapStart") or {}).get("ApplyOn") != "PublishedVersions":
        return None
    if spec.get("PackageType") == "Image":
        return "SnapStart is not supported for functions with the package type Image."
    runtime = str(spec.get("Runtime"))
    python = _PYTHON.fullmatch(runtime)
    if python is not None and int(python[1]) < _SNAP_START_PYTHON:
        return f"{runtime} is not supported for SnapStart enabled functions."
    return None


def role_problem(role_arn: str) -> str | None:
    """Why Lambda cannot run under a role; None when it can, or when moto itself refuses it."""
    from moto.iam.models import iam_backends

    roles = iam_backends[backends.ACCOUNT]["aws"].roles.values()
    role = next((each for each in roles if each.arn == role_arn), None)
    if role is None:
        return None
    trust = str(role.assume_role_policy_document)
    if policy.allows((trust,), "sts:AssumeRole", role_arn, {policy.PRINCIPAL_SERVICE: _LAMBDA}):
        return None
    return (
        "The role defined for the function cannot be assumed by Lambda. "
        f"(the trust policy of {role_arn} does not name {_LAMBDA})"
    )


def _guard_aliases() -> None:
    from moto.awslambda.models import LambdaBackend
    from moto.core.exceptions import JsonRESTError

    stock_create, stock_update = LambdaBackend.create_alias, LambdaBackend.update_alias

    def check(self: Any, function_name: str, version: str | None, routing: Any) -> None:
        wanted = [version, *((routing or {}).get("AdditionalVersionWeights") or {})]
        known = {str(each.version) for each in self.list_versions_by_function(function_name)}
        for each in wanted:
            if each is not None and str(each) not in known:
                arn = f"arn:aws:lambda:{self.region_name}:{backends.ACCOUNT}:function"
                error = JsonRESTError(
                    "ResourceNotFoundException",
                    f"Function not found: {arn}:{function_name}:{each} (its versions are "
                    f"{', '.join(sorted(known))})",
                )
                error.code = 404
                raise error

    def create(  # moto's own signature
        self: Any,
        name: str,
        function_name: str,
        function_version: str,
        description: str,
        routing_config: Any,
    ) -> Any:
        check(self, function_name, function_version, routing_config)
        return stock_create(
            self, name, function_name, function_version, description, routing_config
        )

    def update(  # moto's own signature
        self: Any,
        name: str,
        function_name: str,
        function_version: str,
        description: str,
        routing_config: Any,
    ) -> Any:
        check(self, function_name, function_version, routing_config)
        return stock_update(
            self, name, function_name, function_version, description, routing_config
        )

    replace(LambdaBackend, "create_alias", create)
    replace(LambdaBackend, "update_alias", update)
