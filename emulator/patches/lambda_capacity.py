"""Lambda: concurrency as the account's quota allows it, and provisioned concurrency.

Stock moto compares reservations with nothing, and has no provisioned concurrency at all.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from emulator import quotas
from emulator.patches.mending import add, add_path, replace
from emulator.store import functions
from emulator.store.functions import LATEST, Provisioned

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.patches.hooks import Hooks, ProvisionedStatus

LEAST_UNRESERVED: Final = 100
"""Concurrency that must stay unreserved, for functions without a reservation of their own."""

_PROVISIONED_PATH: Final = (
    r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/provisioned-concurrency/?$"
)
_ACCOUNT_PATH: Final = r"{0}/(?P<api_version>[^/]+)/account-settings/?$"
_MINIMUM: Final = (
    f"decreases account's UnreservedConcurrentExecution below its minimum value of "
    f"[{LEAST_UNRESERVED}]."
)
Answer = tuple[int, dict[str, str], str]


def apply(hooks: Callable[[], Hooks]) -> None:
    """Hold reservations to the quota; add provisioned concurrency and account settings."""
    from moto.awslambda.responses import LambdaResponse
    from moto.awslambda.urls import url_paths

    _hold_reservations_to_the_quota()
    _forget_with_the_function()
    for path in (_PROVISIONED_PATH, _ACCOUNT_PATH):
        add_path(url_paths, path, LambdaResponse.dispatch)

    def put(self: Any) -> Answer:
        name, qualifier = _asked(self)
        count = int(self.json_body["ProvisionedConcurrentExecutions"])
        _check(self.backend, name, qualifier, count)
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "+0000")
        config = Provisioned(qualifier=qualifier, requested=count, last_modified=now)
        functions.provisioned_configs(self.backend)[name, qualifier] = config
        return 202, {}, json.dumps(_shown(config, ProvisioningNow()))

    def get(self: Any) -> Answer:
        name, qualifier = _asked(self)
        config = _config(self.backend, name, qualifier)
        status = hooks().provisioned(name, qualifier, region=str(self.region))
        return 200, {}, json.dumps(_shown(config, status))

    def delete(self: Any) -> Answer:
        name, qualifier = _asked(self)
        _config(self.backend, name, qualifier)
        del functions.provisioned_configs(self.backend)[name, qualifier]
        return 204, {"status": "204"}, ""

    def several(self: Any) -> Answer:
        name, _ = _asked(self)
        region = str(self.region)
        shown = [
            _shown(each, hooks().provisioned(name, each.qualifier, region=region))
            | {"FunctionArn": f"{self.backend.get_function(name).function_arn}:{each.qualifier}"}
            for (owner, _), each in functions.provisioned_configs(self.backend).items()
            if owner == name
        ]
        return 200, {}, json.dumps({"ProvisionedConcurrencyConfigs": shown})

    add(LambdaResponse, "put_provisioned_concurrency_config", put)
    add(LambdaResponse, "get_provisioned_concurrency_config", get)
    add(LambdaResponse, "delete_provisioned_concurrency_config", delete)
    add(LambdaResponse, "list_provisioned_concurrency_configs", several)
    add(LambdaResponse, "get_account_settings", _account_settings)


class ProvisioningNow:
    """The status of a configuration that was put this moment."""

    available = 0
    failure: str | None = None


def _asked(response: Any) -> tuple[str, str]:
    """Function name and qualifier of a request; the function (and qualifier) must exist."""
    name = unquote(str(response.path).rstrip("/").rsplit("/", 2)[-2])
    qualifier = str(response.querystring.get("Qualifier", [""])[0])
    found = response.backend.get_function(name, qualifier or None)
    return str(found.function_name), qualifier


def _config(backend: Any, name: str, qualifier: str) -> Provisioned:
    from moto.awslambda.exceptions import LambdaClientError

    found = functions.provisioned_configs(backend).get((name, qualifier))
    if found is None:
        error = LambdaClientError(
            "ProvisionedConcurrencyConfigNotFoundException",
            f"No Provisioned Concurrency Config found for this function ({name}:{qualifier})",
        )
        error.code = 404
        raise error
    return found


def _shown(config: Provisioned, status: ProvisionedStatus | ProvisioningNow) -> dict[str, Any]:
    ready = status.available >= config.requested
    shown: dict[str, Any] = {
        "RequestedProvisionedConcurrentExecutions": config.requested,
        "AvailableProvisionedConcurrentExecutions": status.available,
        "AllocatedProvisionedConcurrentExecutions": status.available,
        "Status": "READY" if ready else "FAILED" if status.failure else "IN_PROGRESS",
        "LastModified": config.last_modified,
    }
    return shown | ({"StatusReason": status.failure} if status.failure and not ready else {})


def _refuse(message: str | None) -> None:
    from moto.awslambda.exceptions import InvalidParameterValueException

    if message:
        raise InvalidParameterValueException(message)


def _hold_reservations_to_the_quota() -> None:
    from moto.awslambda.models import LambdaBackend

    def put(self: Any, function_name: str, reserved_concurrency: str) -> str:
        found = self.get_function(function_name)
        wanted = int(reserved_concurrency)
        left = unclaimed(self, besides=str(found.function_name)) - wanted
        if wanted and left < LEAST_UNRESERVED:
            _refuse(f"Specified ReservedConcurrentExecutions for function {_MINIMUM}")
        found.reserved_concurrency = reserved_concurrency
        return reserved_concurrency

    replace(LambdaBackend, "put_function_concurrency", put)


def unclaimed(backend: Any, *, besides: str = "") -> int:
    """What of the Region's quota nothing is reserved or provisioned of."""
    left = int(quotas.applied(quotas.CONCURRENT_EXECUTIONS, backend.region_name))
    held = functions.read_functions_in(backend.region_name)
    return left - sum(each.claimed_concurrency for each in held if each.name != besides)


def _check(backend: Any, name: str, qualifier: str, count: int) -> None:
    found = functions.read_function(backend.region_name, name)
    if qualifier in ("", LATEST) or found is None:
        _refuse(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
        return
    others = sum(each.requested for each in found.provisioned if each.qualifier != qualifier)
    reserved = found.reserved_concurrency
    if reserved is not None and others + count > reserved:
        _refuse(
            "Requested Provisioned Concurrency should not be greater than the "
            f"reservedConcurrentExecution for function ({others + count} of {reserved})"
        )
    if reserved is None and unclaimed(backend, besides=name) - others - count < LEAST_UNRESERVED:
        _refuse(f"Specified ConcurrentExecutions for function {_MINIMUM}")
    if any(version.snap_start for version, _ in found.shares(qualifier)):
        _refuse("Provisioned Concurrency is not supported for functions enabled with SnapStart.")


def _forget_with_the_function() -> None:
    """What was provisioned goes with the function, or with the alias it was provisioned on."""
    from moto.awslambda.models import LambdaBackend

    stock_function, stock_alias = LambdaBackend.delete_function, LambdaBackend.delete_alias

    def delete_function(self: Any, function_name: str, qualifier: str | None = None) -> None:
        name = str(self.get_function(function_name, qualifier).function_name)
        stock_function(self, function_name, qualifier)
        configs = functions.provisioned_configs(self)
        for owner, which in list(configs):
            if owner == name and qualifier in (None, which):
                del configs[owner, which]

    def delete_alias(self: Any, name: str, function_name: str) -> None:
        stock_alias(self, name, function_name)
        functions.provisioned_configs(self).pop((function_name, name), None)

    replace(LambdaBackend, "delete_function", delete_function)
    replace(LambdaBackend, "delete_alias", delete_alias)


def _account_settings(self: Any) -> Answer:
    quota = int(quotas.applied(quotas.CONCURRENT_EXECUTIONS, str(self.region)))
    held = functions.read_functions_in(str(self.region))
    shown = {
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": quota,
            "UnreservedConcurrentExecutions": unclaimed(self.backend),
        },
        "AccountUsage": {"TotalCodeSize": 0, "FunctionCount": len(held)},
    }
    return 200, {}, json.dumps(shown)
