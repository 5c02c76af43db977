"""Functions of pulumi-aws that programs call: data sources, answered here."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, cast

from emulator.engine.request import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.engine.aws import Aws
    from emulator.engine.regions import Defaults
    from emulator.engine.wire import Values

_GLOBAL_REGION: Final = "us-east-1"
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
_DESCRIPTIONS: Final = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "eu-west-1": "Europe (Ireland)",
    "eu-central-1": "Europe (Frankfurt)",
}


class Invokes:
    """Answers function calls by their token."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._known: Mapping[str, Callable[[Values, Defaults], Values]] = {
            "aws:index/getCallerIdentity:getCallerIdentity": self._caller_identity,
            "aws:index/getAvailabilityZones:getAvailabilityZones": self._zones,
            "aws:index/getRegion:getRegion": self._region,
            "aws:index/getPartition:getPartition": self._partition,
            "aws:iam/getPolicyDocument:getPolicyDocument": self._policy_document,
            "aws:servicequotas/getServiceQuota:getServiceQuota": self._service_quota,
            "aws:ec2/getManagedPrefixList:getManagedPrefixList": self._managed_prefix_list,
        }

    def answer(self, token: str, arguments: Values, defaults: Defaults) -> Values:
        """The function's result.

        Raises:
            RefusedError: The function, or one of its arguments, is not known here.
        """
        if token not in self._known:
            raise RefusedError(
                f"function {token!r} is not in the emulator's catalogue; it knows "
                f"{', '.join(sorted(self._known))}"
            )
        return self._known[token](arguments, defaults)

    def _caller_identity(self, arguments: Values, defaults: Defaults) -> Values:
        del arguments, defaults
        found = self._aws.call("sts", _GLOBAL_REGION, "GetCallerIdentity", {})
        return {
            "accountId": found["Account"],
            "arn": found["Arn"],
            "userId": found["UserId"],
            "id": found["Account"],
        }

    def _zones(self, arguments: Values, defaults: Defaults) -> Values:
        _only(arguments, {"excludeNames", "excludeZoneIds", "filters", "region", "state"})
        region = defaults.region_of(arguments)
        wanted = [
            {"Name": each["name"], "Values": each["values"]}
            for each in arguments.get("filters", [])
        ]
        if "state" in arguments:
            wanted.append({"Name": "state", "Values": [arguments["state"]]})
        params: Values = {"Filters": wanted} if wanted else {}
        found = self._aws.call("ec2", region, "DescribeAvailabilityZones", params)
        excluded = {*arguments.get("excludeNames", []), *arguments.get("excludeZoneIds", [])}
        found = {
            "AvailabilityZones": [
                zone
                for zone in found["AvailabilityZones"]
                if not excluded & {zone["ZoneName"], zone["ZoneId"]}
            ]
        }
        zones = sorted(found["AvailabilityZones"], key=lambda zone: str(zone["ZoneName"]))
        return {
            "id": region,
            "region": region,
            "names": [zone["ZoneName"] for zone in zones],
            "zoneIds": [zone["ZoneId"] for zone in zones],
            "groupNames": [region],
        }

    def _region(self, arguments: Values, defaults: Defaults) -> Values:
        _only(arguments, {"region"})
        region = defaults.region_of(arguments)
        return {
            "id": region,
            "region": region,
            "name": region,
            "description": _DESCRIPTIONS.get(region, region),
            "endpoint": f"ec2.{region}.amazonaws.com",
        }

    def _partition(self, arguments: Values, defaults: Defaults) -> Values:
        del arguments, defaults
        return {
            "id": "aws",
            "partition": "aws",
            "dnsSuffix": "amazonaws.com",
            "reverseDnsPrefix": "com.amazonaws",
        }

    def _managed_prefix_list(self, arguments: Values, defaults: Defaults) -> Values:
        _only(arguments, {"id", "name", "region"})
        region = defaults.region_of(arguments)
        params: Values = {}
        if arguments.get("id"):
            params["PrefixListIds"] = [arguments["id"]]
        if arguments.get("name"):
            params["Filters"] = [{"Name": "prefix-list-name", "Values": [arguments["name"]]}]
        found = self._aws.call("ec2", region, "DescribeManagedPrefixLists", params)["PrefixLists"]
        if len(found) != 1:
            raise RefusedError(
                f"{len(found)} managed prefix lists match {params} in {region}; expected just one"
            )
        (one,) = found
        entries = self._aws.call(
            "ec2", region, "GetManagedPrefixListEntries", {"PrefixListId": one["PrefixListId"]}
        )["Entries"]
        return {
            "id": one["PrefixListId"],
            "name": one["PrefixListName"],
            "arn": one["PrefixListArn"],
            "addressFamily": one["AddressFamily"],
            "ownerId": one["OwnerId"],
            "maxEntries": one.get("MaxEntries", 0),
            "version": one.get("Version", 0),
            "entries": [
                {"cidr": each["Cidr"], "description": each.get("Description", "")}
                for each in entries
            ],
            "region": region,
            "tags": {},
        }

    def _policy_document(self, arguments: Values, defaults: Defaults) -> Values:
        del defaults
        _only(arguments, {"statements", "version", "policyId"})
        document: Values = {"Version": arguments.get("version", "2012-10-17")}
        if "policyId" in arguments:
            document["Id"] = arguments["policyId"]
        document["Statement"] = [_statement(each) for each in arguments.get("statements", [])]
        return {
            **arguments,
            "id": hashlib.sha256(json.dumps(document).encode()).hexdigest()[:10],
            "json": json.dumps(document, indent=2),
            "minifiedJson": json.dumps(document, separators=(",", ":")),
        }

    def _service_quota(self, arguments: Values, defaults: Defaults) -> Values:
        _only(arguments, {"quotaCode", "region", "serviceCode"})
        region = defaults.region_of(arguments)
        asked = {
            "ServiceCode": arguments.get("serviceCode"),
            "QuotaCode": arguments.get("quotaCode"),
        }
        found = self._aws.call("service-quotas", region, "GetServiceQuota", asked)["Quota"]
        default = self._aws.call("service-quotas", region, "GetAWSDefaultServiceQuota", asked)
        return {
            "id": found["QuotaArn"],
            "arn": found["QuotaArn"],
            "region": region,
            "serviceCode": found["ServiceCode"],
            "serviceName": found["ServiceName"],
            "quotaCode": found["QuotaCode"],
            "quotaName": found["QuotaName"],
            "value": found["Value"],
            "defaultValue": default["Quota"]["Value"],
            "adjustable": found["Adjustable"],
            "globalQuota": found["GlobalQuota"],
            "usageMetrics": [],
        }


def _only(arguments: Values, known: set[str]) -> None:
    strange = sorted(arguments.keys() - known)
    if strange:
        raise RefusedError(
            f"argument {', '.join(map(repr, strange))} is not supported; known are "
            f"{', '.join(sorted(known))}"
        )


def _statement(given: Mapping[str, Any]) -> Values:
    """One statement of a policy, as `getPolicyDocument` renders it."""
    statement: Values = {"Effect": given.get("effect", "Allow")}
    if given.get("sid"):
        statement["Sid"] = given["sid"]
    for name, element in (
        ("actions", "Action"),
        ("notActions", "NotAction"),
        ("resources", "Resource"),
        ("notResources", "NotResource"),
    ):
        if given.get(name):
            statement[element] = _one_or_many(given[name])
    for name, element in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if given.get(name):
            statement[element] = _principals(given[name])
    conditions: Values = {}
    for each in given.get("conditions", []):
        conditions.setdefault(each["test"], {})[each["variable"]] = _one_or_many(each["values"])
    if conditions:
        statement["Condition"] = conditions
    return statement


def _principals(given: list[Mapping[str, Any]]) -> Any:
    if any(each["type"] == "*" for each in given):
        return "*"
    grouped: dict[str, list[str]] = {}
    for each in given:
        grouped.setdefault(str(each["type"]), []).extend(cast("list[str]", each["identifiers"]))
    return {kind: _one_or_many(names) for kind, names in grouped.items()}


def _one_or_many(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else sorted(values)
