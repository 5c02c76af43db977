"""Practice runs: how a resource is practised with, and runs that somebody starts.

https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-autoshift.considerations.html: a run
keeps traffic away from a zone for 30 minutes. It does not start while an outcome or blocking alarm
is in ALARM, on a blocked date or in a blocked window, and it ends, failed, when an outcome alarm
goes off.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from emulator.store.backends import region_of
from emulator.zonal import shown, windows
from emulator.zonal.errors import conflict, invalid, not_found
from emulator.zonal.state import PRACTICE_RUN_S, Shift

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.store import LoadBalancer, Store
    from emulator.zonal.resources import Resources
    from emulator.zonal.state import Ledger, Values

_MEMBERS: Final = (
    "outcomeAlarms",
    "blockingAlarms",
    "blockedWindows",
    "allowedWindows",
    "blockedDates",
)
_ALARM: Final = "ALARM"


class PracticeRuns:
    """Operations on practice runs; each takes a Region and a call's parameters."""

    def __init__(self, store: Store, resources: Resources, ledger: Ledger) -> None:
        self._store = store
        self._resources = resources
        self._ledger = ledger

    def operations(self) -> Mapping[str, Callable[[str, Values], Values]]:
        """Every operation by its name."""
        return {
            "CreatePracticeRunConfiguration": self.create,
            "UpdatePracticeRunConfiguration": self.update,
            "DeletePracticeRunConfiguration": self.delete,
            "StartPracticeRun": self.start,
            "CancelPracticeRun": self.cancel,
        }

    def create(self, region: str, params: Values) -> Values:
        """CreatePracticeRunConfiguration."""
        balancer = self._resources.managed(region, params["resourceIdentifier"])
        configuration = self._ledger.configuration(balancer.arn)
        if configuration.practice is not None:
            raise conflict(
                "PracticeConfigurationAlreadyExists",
                f"{balancer.arn} has a practice run configuration already",
            )
        configuration.practice = self._checked(region, params)
        return self._told(balancer)

    def update(self, region: str, params: Values) -> Values:
        """UpdatePracticeRunConfiguration: what is not named stays as it is."""
        balancer = self._resources.managed(region, params["resourceIdentifier"])
        practice = self._practice(balancer)
        configuration = self._ledger.configuration(balancer.arn)
        configuration.practice = self._checked(region, practice | params)
        return self._told(balancer)

    def delete(self, region: str, params: Values) -> Values:
        """DeletePracticeRunConfiguration."""
        balancer = self._resources.managed(region, params["resourceIdentifier"])
        self._practice(balancer)
        configuration = self._ledger.configuration(balancer.arn)
        if configuration.autoshift == "ENABLED":
            raise conflict(
                "AutoShiftEnabled",
                f"zonal autoshift of {balancer.arn} is enabled; disable it before its practice "
                "run configuration is deleted",
            )
        configuration.practice = None
        return self._told(balancer)

    def start(self, region: str, params: Values) -> Values:
        """StartPracticeRun."""
        balancer = self._resources.managed(region, params["resourceIdentifier"])
        zone_id = self._resources.zone_of(balancer, params["awayFrom"])
        self._refuse_now(balancer, self._practice(balancer))
        now_s = self._ledger.now_s()
        run = Shift(
            resource_arn=balancer.arn,
            region=region,
            kind="PRACTICE_RUN",
            away_from=zone_id,
            comment=params["comment"],
            started_s=now_s,
            expires_s=now_s + PRACTICE_RUN_S,
            outcome="PENDING",
        )
        self._ledger.start(run)
        return shown.shift(run)

    def cancel(self, region: str, params: Values) -> Values:
        """CancelPracticeRun."""
        run = self._ledger.shift(region, params["zonalShiftId"])
        if run is None:
            raise not_found(f"There is no practice run {params['zonalShiftId']} in {region}")
        if run.kind != "PRACTICE_RUN":
            message = f"{run.id} is a zonal shift; cancel it by CancelZonalShift"
            raise invalid("UnsupportedPracticeCancelShiftType", message)
        if run.status != "ACTIVE":
            message = f"Practice run {run.id} is {run.status}"
            raise conflict("ZonalShiftStatusNotActive", message, shift_id=run.id)
        self._ledger.end(run, "CANCELED", outcome="INTERRUPTED")
        return shown.shift(run)

    def look(self) -> None:
        """End every practice run whose outcome alarm has gone off: it has failed."""
        for run in self._ledger.active_practice_runs():
            practice = self._ledger.configuration(run.resource_arn).practice or {}
            if self._ringing(practice.get("outcomeAlarms", [])):
                self._ledger.end(run, "CANCELED", outcome="FAILED")

    def _practice(self, balancer: LoadBalancer) -> Values:
        practice = self._ledger.configuration(balancer.arn).practice
        if practice is None:
            raise conflict(
                "PracticeConfigurationDoesNotExist",
                f"{balancer.arn} has no practice run configuration",
            )
        return practice

    def _told(self, balancer: LoadBalancer) -> Values:
        configuration = self._ledger.configuration(balancer.arn)
        practice = configuration.practice
        return {
            "arn": balancer.arn,
            "name": balancer.name,
            "zonalAutoshiftStatus": configuration.autoshift,
            **({"practiceRunConfiguration": practice} if practice is not None else {}),
        }

    def _checked(self, region: str, params: Values) -> Values:
        practice = {name: params[name] for name in _MEMBERS if params.get(name)}
        for condition in (*practice["outcomeAlarms"], *practice.get("blockingAlarms", [])):
            arn = str(condition["alarmIdentifier"])
            if region_of(arn) != region or self._state_of(arn) is None:
                raise invalid(
                    "InvalidAlarmCondition",
                    f"{arn} is no CloudWatch alarm in {region}, the resource's Region",
                )
        problem = windows.problem(practice)
        if problem is not None:
            raise invalid("InvalidPracticeWindows", problem)
        return practice

    def _refuse_now(self, balancer: LoadBalancer, practice: Values) -> None:
        """Refuse a run at this moment, for the first reason there is."""
        running = self._ledger.applied(balancer.arn)
        if running is not None:
            message = f"{balancer.arn} is shifted away from {running.away_from} already"
            raise conflict("SimultaneousZonalShiftsConflict", message, shift_id=running.id)
        for reason, alarms in (
            ("PracticeOutcomeAlarmsRed", practice["outcomeAlarms"]),
            ("PracticeBlockingAlarmsRed", practice.get("blockingAlarms", [])),
        ):
            if ringing := self._ringing(alarms):
                raise conflict(reason, f"{', '.join(ringing)} is in ALARM")
        now = datetime.fromtimestamp(self._ledger.now_s(), UTC)
        refusal = windows.refusal(practice, now)
        if refusal is not None:
            raise conflict(*refusal)

    def _ringing(self, conditions: list[Values]) -> list[str]:
        arns = [str(each["alarmIdentifier"]) for each in conditions]
        return [arn for arn in arns if self._state_of(arn) == _ALARM]

    def _state_of(self, arn: str) -> str | None:
        return self._store.alarm_state(region_of(arn), arn.partition(":alarm:")[2])
