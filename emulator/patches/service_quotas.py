"""Service Quotas: the quotas that something here enforces; moto knows those of VPC only.

An increase that is asked for is granted at once, where AWS takes minutes or days.
https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
"""

from __future__ import annotations

import json
from typing import Any, Final

from emulator import quotas
from emulator.patches.mending import add, replace

_BAD_REQUEST: Final = 400


def apply() -> None:
    """Answer for `emulator.quotas`, and leave everything else to moto."""
    from moto.servicequotas.models import ServiceQuotasBackend
    from moto.servicequotas.responses import ServiceQuotasResponse

    stock_get = ServiceQuotasBackend.get_service_quota
    stock_defaults = ServiceQuotasBackend.list_aws_default_service_quotas

    def get(self: Any, service_code: str, quota_code: str) -> dict[str, Any]:
        quota = quotas.find(service_code, quota_code)
        if quota is None:
            found: dict[str, Any] = stock_get(self, service_code, quota_code)
            return found
        return _shown(quota, self.region_name, quotas.applied(quota, self.region_name))

    def defaults(self: Any, service_code: str) -> list[dict[str, Any]]:
        known = [each for each in quotas.KNOWN if each.service == service_code]
        if not known:
            found: list[dict[str, Any]] = stock_defaults(self, service_code)
            return found
        return [_shown(each, self.region_name, each.value) for each in known]

    replace(ServiceQuotasBackend, "get_service_quota", get)
    replace(ServiceQuotasBackend, "list_aws_default_service_quotas", defaults)
    add(ServiceQuotasResponse, "get_aws_default_service_quota", _default)
    add(ServiceQuotasResponse, "request_service_quota_increase", _increase)


def _asked(response: Any) -> tuple[dict[str, Any], quotas.Quota]:
    from moto.servicequotas.exceptions import NoSuchResource

    asked: dict[str, Any] = json.loads(response.body)
    quota = quotas.find(str(asked.get("ServiceCode")), str(asked.get("QuotaCode")))
    if quota is None:
        raise NoSuchResource
    return asked, quota


def _default(self: Any) -> str:
    _, quota = _asked(self)
    return json.dumps({"Quota": _shown(quota, self.region, quota.value)})


def _increase(self: Any) -> str:
    from moto.core.exceptions import JsonRESTError

    asked, quota = _asked(self)
    wanted, now = float(asked["DesiredValue"]), quotas.applied(quota, self.region)
    if wanted <= now:
        message = f"You must provide a quota value greater than or equal to the current one, {now}"
        error = JsonRESTError("IllegalArgumentException", message)
        error.code = _BAD_REQUEST
        raise error
    quotas.apply(quota, self.region, wanted)
    request = {
        "Status": "APPROVED",
        "ServiceCode": quota.service,
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "DesiredValue": wanted,
    }
    return json.dumps({"RequestedQuota": request})


def _shown(quota: quotas.Quota, region: str, value: float) -> dict[str, Any]:
    return {
        "ServiceCode": quota.service,
        "ServiceName": quota.service_name,
        "QuotaArn": f"arn:aws:servicequotas:{region}:{quotas.ACCOUNT}:{quota.service}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": value,
        "Unit": "None",
        "Adjustable": quota.adjustable,
        "GlobalQuota": False,
    }
