"""Route 53: alarm checks keep their alarm, status comes from the checkers, deletes are exact.

Stock moto drops `AlarmIdentifier` and `InsufficientDataHealthStatus`, answers
GetHealthCheckStatus with one canned line, lets an update that leaves the children out remove
them, and deletes every record of a name and type (or of a
set identifier, whatever its name) where AWS deletes the one that matches.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from emulator.patches.mending import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.patches.hooks import Hooks


def apply(hooks: Callable[[], Hooks]) -> None:
    """Mend health checks, their status, and record changes."""
    _mend_alarm_checks()
    _mend_updates()
    _mend_status(hooks)
    _mend_deletes()


def _mend_alarm_checks() -> None:
    from moto.route53.models import HealthCheck
    from moto.route53.responses import Route53

    stock_create, stock_update = Route53.create_health_check, Route53.update_health_check
    stock_config: Any = HealthCheck.health_check_config

    def remember(check: Any, get: Callable[[str], Any]) -> None:
        if get("AlarmIdentifier"):
            check.alarm_identifier = get("AlarmIdentifier")
        if get("InsufficientDataHealthStatus"):
            check.insufficient_data_health_status = get("InsufficientDataHealthStatus")

    def create(self: Any) -> Any:
        answer: Any = stock_create(self)
        config = self._get_param("HealthCheckConfig")
        remember(answer.result["HealthCheck"], config.get)
        return answer

    def update(self: Any) -> Any:
        answer: Any = stock_update(self)
        check = answer.result["HealthCheck"]
        remember(check, self._get_param)
        check.health_check_version += 1
        return answer

    def config(self: Any) -> dict[str, Any]:
        shown: dict[str, Any] = stock_config.fget(self)
        shown["AlarmIdentifier"] = getattr(self, "alarm_identifier", None)
        shown["InsufficientDataHealthStatus"] = getattr(
            self, "insufficient_data_health_status", None
        )
        return shown

    replace(Route53, "create_health_check", create)
    replace(Route53, "update_health_check", update)
    replace(HealthCheck, "health_check_config", property(config))


def _mend_updates() -> None:
    from moto.route53.models import Route53Backend

    stock = Route53Backend.update_health_check

    def update(self: Any, health_check_id: str, health_check_args: dict[str, Any]) -> Any:
        lists = ("children", "regions")  # moto makes [] of what the call leaves out
        given = {
            name: value for name, value in health_check_args.items() if value or name not in lists
        }
        return stock(self, health_check_id, given)

    replace(Route53Backend, "update_health_check", update)


def _mend_status(hooks: Callable[[], Hooks]) -> None:
    from moto.core.responses import ActionResult
    from moto.route53.responses import Route53

    def get_health_check_status(self: Any) -> Any:
        check_id = self._get_param("HealthCheckId")
        self.backend.get_health_check(check_id)
        observations = [
            {
                "Region": report.region,
                "IPAddress": report.ip,
                "StatusReport": {"Status": report.reason, "CheckedTime": report.checked_at},
            }
            for report in hooks().health_status(check_id)
        ]
        return ActionResult({"HealthCheckObservations": observations})

    replace(Route53, "get_health_check_status", get_health_check_status)


def _mend_deletes() -> None:
    from moto.route53.models import Route53Backend

    stock = Route53Backend.change_resource_record_sets

    def change(self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> None:
        zone = self.get_hosted_zone(zoneid)
        deletes = [each for each in change_list if each["Action"] == "DELETE"]
        others = [each for each in change_list if each["Action"] != "DELETE"]
        for each in deletes:
            wanted = record_key(each["ResourceRecordSet"])
            zone.rrsets = [record for record in zone.rrsets if key_of(record) != wanted]
        # moto compares a create with every change ever made, not with what is there.
        zone.rr_changes.clear()
        stock(self, zoneid, copy.deepcopy(others))

    replace(Route53Backend, "change_resource_record_sets", change)


def record_key(record: Mapping[str, Any]) -> tuple[str, str, str]:
    """What names a record set in the API's form: name, type, set identifier."""
    name = str(record["Name"]).rstrip(".").lower()
    return name, str(record["Type"]), str(record.get("SetIdentifier") or "")


def key_of(record: Any) -> tuple[str, str, str]:
    """What names a record set that moto holds."""
    return (
        str(record.name).rstrip(".").lower(),
        str(record.type),
        str(record.set_identifier or ""),
    )
