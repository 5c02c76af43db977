"""Route 53: record sets and health checks that AWS refuses.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html and
https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from emulator.patches.elbv2 import ZONE_IDS
from emulator.patches.mending import replace
from emulator.patches.route53 import key_of, record_key

_ROUTING: Final = ("Failover", "Weight", "Region", "MultiValueAnswer", "GeoLocation")
_BALANCERS: Final = ".elb.amazonaws.com"
_SEARCH_LIMIT: Final = 255
_INTERVALS: Final = (10, 30)
_THRESHOLDS: Final = range(1, 11)
_CHILDREN_LIMIT: Final = 256

Record = Mapping[str, Any]


def apply() -> None:
    """Guard changes of records and health checks."""
    _guard_records()
    _guard_health_checks()


def _guard_records() -> None:
    from moto.route53.exceptions import Route53ClientError
    from moto.route53.models import Route53Backend

    stock = Route53Backend.change_resource_record_sets

    def change(self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> None:
        zone = self.get_hosted_zone(zoneid)
        found = list(problems(zone, change_list, self.health_checks))
        if found:
            raise Route53ClientError("InvalidChangeBatch", f"[{', '.join(found)}]")
        stock(self, zoneid, change_list)

    replace(Route53Backend, "change_resource_record_sets", change)


def problems(
    zone: Any, changes: list[dict[str, Any]], health_checks: Mapping[str, Any]
) -> Iterator[str]:
    """Everything that AWS would refuse about a batch of changes to a zone."""
    records: dict[tuple[str, str, str], Record] = {
        key_of(each): _held(each) for each in zone.rrsets
    }
    for change in changes:
        record: Record = change["ResourceRecordSet"]
        key = record_key(record)
        if change["Action"] == "DELETE":
            if key not in records:
                yield (f"Tried to delete resource record set {_shown(record)} but it was not found")
            records.pop(key, None)
            continue
        if change["Action"] == "CREATE" and key in records:
            yield f"Tried to create resource record set {_shown(record)} but it already exists"
        yield from _misfits(record, zone.name, health_checks)
        yield from _unreached(record, zone, records)
        records[key] = record
        yield from _conflicts(key, record, records)


def _held(record: Any) -> Record:
    held = {
        "Name": record.name,
        "Type": record.type,
        "SetIdentifier": record.set_identifier,
        "Failover": record.failover,
        "Weight": record.weight,
        "Region": record.region,
        "MultiValueAnswer": record.multi_value_answer,
        "GeoLocation": record.geo_location,
    }
    return {name: value for name, value in held.items() if value is not None}


def _misfits(record: Record, zone_name: str, health_checks: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with one record set by itself."""
    shown = _shown(record)
    routed = [name for name in _ROUTING if record.get(name) is not None]
    if routed and not record.get("SetIdentifier"):
        yield f"{shown} has {routed[0]} and no SetIdentifier, which every routed record needs"
    if record.get("SetIdentifier") and not routed:
        yield f"{shown} has a SetIdentifier and no routing policy"
    check = record.get("HealthCheckId")
    if check and check not in health_checks:
        yield f"{shown} refers to the health check {check}, which does not exist"
    apex = str(record["Name"]).rstrip(".").lower() == zone_name.rstrip(".").lower()
    if record["Type"] == "CNAME" and apex:
        yield f"{shown}: a CNAME is not permitted at the apex of zone {zone_name}"
    alias = record.get("AliasTarget")
    if bool(alias) == bool(record.get("ResourceRecords")):
        yield f"{shown}: expected exactly one of AliasTarget and ResourceRecords"
    if alias and record.get("TTL") is not None:
        yield f"{shown}: an alias takes its TTL from its target, so it has none of its own"
    if alias:
        yield from _astray(shown, alias)
    primary = record.get("Failover") == "PRIMARY"
    judged = check or (alias and alias.get("EvaluateTargetHealth") in (True, "true"))
    if primary and not judged:
        yield (
            f"{shown} is the PRIMARY failover record and nothing judges its health: it needs a "
            "HealthCheckId, or an alias that evaluates its target"
        )


def _astray(shown: str, alias: Mapping[str, Any]) -> Iterator[str]:
    """An alias to a load balancer names the hosted zone of the load balancer's Region."""
    name = str(alias["DNSName"]).rstrip(".").lower()
    if not name.endswith(_BALANCERS):
        return
    region = name.removesuffix(_BALANCERS).rpartition(".")[2]
    expected = ZONE_IDS.get(region)
    if expected and alias["HostedZoneId"] != expected:
        yield (
            f"Tried to create an alias {shown} that targets {name} in zone "
            f"{alias['HostedZoneId']}, but the alias target name does not lie within the target "
            f"zone (load balancers of {region} are in {expected})"
        )


def _unreached(
    record: Record, zone: Any, records: Mapping[tuple[str, str, str], Record]
) -> Iterator[str]:
    """An alias to a name of its own zone needs a record of its type there already.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
    """
    alias = record.get("AliasTarget")
    if not alias or str(alias["HostedZoneId"]).rpartition("/")[2] != zone.id.rpartition("/")[2]:
        return
    target = str(alias["DNSName"]).rstrip(".").lower()
    if target == str(record["Name"]).rstrip(".").lower():
        yield f"{_shown(record)} is an alias of itself"
    elif not any(key[:2] == (target, record["Type"]) for key in records):
        yield (
            f"Tried to create an alias {_shown(record)} that targets {target}., type "
            f"{record['Type']} in zone {alias['HostedZoneId']}, but that target was not found"
        )


def _conflicts(
    key: tuple[str, str, str], record: Record, records: Mapping[tuple[str, str, str], Record]
) -> Iterator[str]:
    """What is wrong between a record set and the others of its name."""
    shown = _shown(record)
    for other_key, other in records.items():
        if other_key == key or other_key[0] != key[0]:
            continue
        if other_key[1] != key[1]:
            if "CNAME" in (key[1], other_key[1]):
                yield (
                    f"{shown} conflicts with the {other_key[1]} record of that name: a CNAME "
                    "stands alone"
                )
            continue
        if _policy(other) != _policy(record):
            yield (
                f"{shown} ({_policy(record)}) cannot be mixed with the {_policy(other)} record "
                f"{other_key[2] or 'without set identifier'} of the same name and type"
            )
        elif record.get("Failover") and record.get("Failover") == other.get("Failover"):
            yield (
                f"{shown}: there is a {record['Failover']} failover record of that name and type "
                f"already ({other_key[2]})"
            )


def _policy(record: Record) -> str:
    names = {"Weight": "weighted", "Region": "latency", "Failover": "failover"}
    found = next((name for name in _ROUTING if record.get(name) is not None), "")
    return names.get(found, found) or "simple"


def _shown(record: Record) -> str:
    suffix = f", set identifier '{record['SetIdentifier']}'" if record.get("SetIdentifier") else ""
    return f"[name='{record['Name']}', type='{record['Type']}'{suffix}]"


def _guard_health_checks() -> None:
    from moto.route53.exceptions import Route53ClientError
    from moto.route53.models import Route53Backend

    stock_create = Route53Backend.create_health_check
    stock_update = Route53Backend.update_health_check
    stock_delete = Route53Backend.delete_health_check

    def refuse(found: list[str]) -> None:
        if found:
            raise Route53ClientError("InvalidInput", "; ".join(found))

    def create(self: Any, caller_reference: str, health_check_args: dict[str, Any]) -> Any:
        refuse(list(check_problems(health_check_args, self.health_checks)))
        return stock_create(self, caller_reference, health_check_args)

    def update(self: Any, health_check_id: str, health_check_args: dict[str, Any]) -> Any:
        held = self.get_health_check(health_check_id)
        given = {
            name: value for name, value in health_check_args.items() if value not in (None, [])
        }
        refuse(list(check_problems(_held_check(held) | given, self.health_checks)))
        return stock_update(self, health_check_id, health_check_args)

    def delete(self: Any, health_check_id: str) -> None:
        self.get_health_check(health_check_id)
        users = [
            check.id
            for check in self.health_checks.values()
            if health_check_id in (check.children or [])
        ]
        if users:
            raise Route53ClientError(
                "HealthCheckInUse", f"health check {health_check_id} is a child of {users}"
            )
        stock_delete(self, health_check_id)

    replace(Route53Backend, "create_health_check", create)
    replace(Route53Backend, "update_health_check", update)
    replace(Route53Backend, "delete_health_check", delete)


def _held_check(check: Any) -> dict[str, Any]:
    return {
        "type": check.type_,
        "fqdn": check.fqdn,
        "ip_address": check.ip_address,
        "search_string": check.search_string,
        "request_interval": check.request_interval,
        "failure_threshold": check.failure_threshold,
        "health_threshold": check.health_threshold,
        "children": check.children or [],
        "regions": check.regions or [],
    }


def check_problems(given: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    """Everything that AWS would refuse about a health check's configuration."""
    if given["type"] == "CALCULATED":
        yield from _calculated_problems(given, known)
        return
    if given["type"] == "CLOUDWATCH_METRIC":
        return
    if not given.get("fqdn") and not given.get("ip_address"):
        yield "a health check needs a FullyQualifiedDomainName or an IPAddress"
    search = given.get("search_string")
    if given["type"].endswith("_STR_MATCH"):
        if not search:
            yield f"a {given['type']} health check needs a SearchString"
        elif len(search) > _SEARCH_LIMIT:
            yield f"SearchString has {len(search)} characters; at most {_SEARCH_LIMIT} are allowed"
    elif search:
        yield f"a {given['type']} health check takes no SearchString"
    interval = given.get("request_interval")
    if interval is not None and int(interval) not in _INTERVALS:
        yield f"RequestInterval is {interval}; expected 10 or 30 seconds"
    threshold = given.get("failure_threshold")
    if threshold is not None and int(threshold) not in _THRESHOLDS:
        yield f"FailureThreshold is {threshold}; expected 1 to 10"


def _calculated_problems(given: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    children: list[str] = list(given.get("children") or [])
    missing = sorted(set(children) - known.keys())
    if missing:
        yield f"child health checks {', '.join(missing)} do not exist"
    if len(children) > _CHILDREN_LIMIT:
        yield f"{len(children)} child health checks; at most {_CHILDREN_LIMIT} are allowed"
    nested = [each for each in children if each in known and known[each].type_ == "CALCULATED"]
    if nested:
        yield f"child health checks {', '.join(nested)} are calculated; they cannot be nested"
    threshold = int(given.get("health_threshold") or 0)
    if threshold > len(children):
        yield (
            f"HealthThreshold is {threshold} with {len(children)} children: it could never be "
            "healthy; expected at most the number of children"
        )
