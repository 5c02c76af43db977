"""Lambda functions, their versions, aliases and resource policies, as frozen views."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from moto.awslambda.models import lambda_backends

from emulator.store.backends import backend_of, items_of, regional, values_of

LATEST = "$LATEST"

SNAP_START = "understudy_snap_start"
DEAD_LETTER = "understudy_dead_letter"
"""Where `emulator.patches` keeps what moto drops; a published version is a copy with its own."""

_PROVISIONED = "understudy_provisioned"


@dataclass(frozen=True, kw_only=True)
class FunctionVersion:
    """What one environment runs.

    Two equal values may share environments; any change of code or configuration gives another
    value. `package_digest` is the lower-case hex sha256 of the zip, or the digest of the image.
    """

    arn: str
    name: str
    region: str
    version: str
    handler: str
    runtime: str
    role: str
    timeout_s: float
    memory_mb: int
    environment: tuple[tuple[str, str], ...]
    package_type: str
    package_digest: str
    log_group: str
    snap_start: bool = False
    dead_letter: str = ""

    @property
    def qualified_arn(self) -> str:
        """The ARN with the version."""
        return f"{self.arn}:{self.version}"


@dataclass(frozen=True, kw_only=True)
class Alias:
    """A name for a version; `weights` are the shares of additional versions (0 to 1)."""

    name: str
    version: str
    weights: tuple[tuple[str, float], ...]


@dataclass(frozen=True, kw_only=True)
class Provisioned:
    """Environments to keep ready for a version or alias. `last_modified` as AWS shows it."""

    qualifier: str
    requested: int
    last_modified: str = ""


@dataclass(frozen=True, kw_only=True)
class Permission:
    """A statement of a function's resource policy. `resource` carries the qualifier, if any."""

    effect: str
    services: tuple[str, ...]
    actions: tuple[str, ...]
    resource: str
    source_arn: str | None
    source_account: str | None


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function with everything that can be invoked of it."""

    arn: str
    name: str
    region: str
    reserved_concurrency: int | None
    versions: tuple[FunctionVersion, ...]
    aliases: tuple[Alias, ...]
    permissions: tuple[Permission, ...]
    provisioned: tuple[Provisioned, ...] = ()
    event_retries: int | None = None
    """Tries after the first that an asynchronous invocation has; None: AWS's own default."""
    event_max_age_s: float | None = None

    @property
    def claimed_concurrency(self) -> int:
        """What no other function of the account may use: reserved, else what is provisioned."""
        if self.reserved_concurrency is not None:
            return self.reserved_concurrency
        return sum(each.requested for each in self.provisioned)

    def shares(self, qualifier: str) -> tuple[tuple[FunctionVersion, float], ...]:
        """The versions behind a qualifier, each with its share of the invocations."""
        alias = next((each for each in self.aliases if each.name == qualifier), None)
        weights = dict(alias.weights) if alias else {}
        if alias:
            weights[alias.version] = 1.0 - sum(weights.values())
        else:
            weights[qualifier] = 1.0
        return tuple(
            (each, weights[each.version]) for each in self.versions if each.version in weights
        )

    def version(self, qualifier: str, *, draw: float) -> FunctionVersion | None:
        """The version that one invocation of `qualifier` runs; None when there is none.

        Args:
            qualifier: `$LATEST`, a version number or an alias.
            draw: a number in [0, 1) that picks among an alias's weighted versions.
        """
        wanted = qualifier or LATEST
        for alias in self.aliases:
            if alias.name == wanted:
                wanted = _drawn(alias, draw)
                break
        return next((found for found in self.versions if found.version == wanted), None)


def _drawn(alias: Alias, draw: float) -> str:
    edge = 0.0
    for version, weight in alias.weights:
        edge += weight
        if draw < edge:
            return version
    return alias.version


def read_functions() -> list[Function]:
    """Every function in every Region."""
    return [each for region, _ in regional(lambda_backends) for each in read_functions_in(region)]


def read_functions_in(region: str) -> list[Function]:
    """Every function in one Region."""
    backend = backend_of(lambda_backends, region)
    names = list(_storage(backend)._functions) if backend else []  # noqa: SLF001  # no public read
    return [found for name in names if (found := read_function(region, name)) is not None]


def read_provisioned_functions() -> list[Function]:
    """Every function that has something provisioned; looked for several times a second."""
    return [
        found
        for region, backend in regional(lambda_backends)
        for name in {owner for (owner, _), _ in items_of(provisioned_configs(backend))}
        if (found := read_function(region, name)) is not None
    ]


def provisioned_configs(backend: Any) -> dict[tuple[str, str], Provisioned]:
    """What is provisioned in a Region, by function name and qualifier; kept by moto's backend."""
    kept: dict[tuple[str, str], Provisioned] = vars(backend).setdefault(_PROVISIONED, {})
    return kept


def read_function(region: str, name: str) -> Function | None:
    """One function by its plain name, or None when it does not exist."""
    backend = backend_of(lambda_backends, region)
    group = _storage(backend)._functions.get(name) if backend else None  # noqa: SLF001
    if not group or group["latest"] is None:
        return None
    storage = _storage(backend)
    latest = group["latest"]
    events = latest.event_invoke_config[-1].config if latest.event_invoke_config else {}
    aliases = storage._aliases.get(latest.function_arn) or {}  # noqa: SLF001
    return Function(
        arn=latest.function_arn,
        name=name,
        region=region,
        reserved_concurrency=_optional_int(latest.reserved_concurrency),
        versions=tuple(
            _version(raw, latest.function_arn) for raw in [latest, *list(group["versions"])]
        ),
        aliases=tuple(_alias(raw) for raw in values_of(aliases)),
        permissions=tuple(_permission(raw) for raw in list(latest.policy.statements)),
        provisioned=tuple(
            each for (owner, _), each in items_of(provisioned_configs(backend)) if owner == name
        ),
        event_retries=_optional_int(events.get("MaximumRetryAttempts")),
        event_max_age_s=_optional_int(events.get("MaximumEventAgeInSeconds")),
    )


def read_package(version: FunctionVersion) -> bytes | None:
    """The zip that `version` runs; None when the function or version has gone."""
    backend = backend_of(lambda_backends, version.region)
    group = _storage(backend)._functions.get(version.name) if backend else None  # noqa: SLF001
    if not group:
        return None
    for raw in [group["latest"], *list(group["versions"])]:
        if raw is not None and _hex_digest(raw.code_sha_256) == version.package_digest:
            return bytes(raw.code_bytes)
    return None


def _storage(backend: Any) -> Any:
    return backend._lambdas  # noqa: SLF001  # moto has no public read of versions and aliases


def _version(raw: Any, arn: str) -> FunctionVersion:
    environment: dict[str, str] = raw.environment_vars or {}
    return FunctionVersion(
        arn=arn,
        name=raw.function_name,
        region=raw.region,
        version=str(raw.version),
        handler=raw.handler or "",
        runtime=raw.run_time or "",
        role=raw.role,
        timeout_s=float(raw.timeout),
        memory_mb=int(raw.memory_size),
        environment=tuple(sorted((str(key), str(value)) for key, value in environment.items())),
        package_type=raw.package_type,
        # That of an image is hexadecimal already.
        package_digest=raw.code_sha_256
        if raw.package_type == "Image"
        else _hex_digest(raw.code_sha_256),
        log_group=raw.logs_group_name,
        snap_start=getattr(raw, SNAP_START, None) == "PublishedVersions" and raw.version != LATEST,
        dead_letter=getattr(raw, DEAD_LETTER, None) or "",
    )


def _alias(raw: Any) -> Alias:
    extra: dict[str, Any] = (raw.routing_config or {}).get("AdditionalVersionWeights") or {}
    weights = tuple((str(version), float(weight)) for version, weight in extra.items())
    return Alias(name=raw.name, version=str(raw.function_version), weights=weights)


def _permission(raw: dict[str, Any]) -> Permission:
    condition: dict[str, Any] = raw.get("Condition") or {}
    principal = raw.get("Principal")
    services = principal.get("Service", ()) if isinstance(principal, dict) else principal or ()
    return Permission(
        effect=str(raw.get("Effect", "Allow")),
        services=_strings(services),
        actions=_strings(raw.get("Action", ())),
        resource=str(raw.get("Resource", "")),
        source_arn=_condition_value(condition, "aws:sourcearn"),
        source_account=_condition_value(condition, "aws:sourceaccount"),
    )


def _condition_value(condition: dict[str, Any], key: str) -> str | None:
    for operands in condition.values():
        for name, value in operands.items():
            if name.lower() == key:
                return str(value)
    return None


def _strings(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(item) for item in value)


def _hex_digest(code_sha_256: str) -> str:
    """AWS shows the digest in base64; files are named by it, so hex it is here."""
    return base64.b64decode(code_sha_256 or "").hex()


def _optional_int(value: Any) -> int | None:
    return None if value is None else int(value)
