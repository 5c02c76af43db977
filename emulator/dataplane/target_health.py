"""Health of Lambda targets: the load balancer invokes the function with its health check event.

AWS checks from every load balancer node; the emulator checks once a target group. A Lambda target
group has one target at most, so an unhealthy target still gets the traffic (fail open); its health
shows in DescribeTargetHealth and in EvaluateTargetHealth of alias records.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from emulator.dataplane import alb_lambda
from emulator.dataplane.alb_lambda import TargetError

if TYPE_CHECKING:
    from emulator.dataplane.lambda_service import LambdaService
    from emulator.dataplane.world import World
    from emulator.store import LoadBalancer, TargetGroup

LOOK_EVERY_S: Final = 0.5
"""Real seconds between looks for new and deleted targets."""


class TargetStatus(NamedTuple):
    """Health of one target, as DescribeTargetHealth shows it."""

    target: str
    state: str
    reason: str | None
    description: str | None


INITIAL: Final = ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
HEALTHY: Final = ("healthy", None, None)


@dataclass(kw_only=True)
class _Target:
    """One target's state machine: initial, then healthy and unhealthy by runs of results."""

    status: TargetStatus
    run: int = 0
    passing: bool = True

    def observe(self, group: TargetGroup, problem: tuple[str, str] | None) -> bool:
        """Take one result in (None: passed); returns whether the state changed."""
        passed = problem is None
        self.run = self.run + 1 if passed == self.passing else 1
        self.passing = passed
        state = self.status.state
        if passed:
            needed = 1 if state == "initial" else group.health_check.healthy_threshold
        else:
            needed = group.health_check.unhealthy_threshold
        wanted = HEALTHY if problem is None else ("unhealthy", *problem)
        if self.run < needed and state != wanted[0]:
            return False
        self.status = TargetStatus(self.status.target, *wanted)
        return state != wanted[0]


class TargetHealth:
    """Checks every target of every Lambda target group that has its health check on."""

    def __init__(self, world: World, functions: LambdaService) -> None:
        self._world = world
        self._store = world.store
        self._clock = world.clock
        self._functions = functions
        self._targets: dict[tuple[str, str], _Target] = {}
        self._runs: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._look: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to check."""
        self._look = asyncio.create_task(self._look_around())

    async def stop(self) -> None:
        """End every check. Idempotent."""
        tasks = list(self._runs.values())
        if self._look is not None:
            tasks.append(self._look)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._runs.clear()

    def statuses(self, target_group_arn: str) -> list[TargetStatus]:
        """Health of each target of a group; empty when the group does not exist."""
        group = self._store.target_group(target_group_arn)
        return [] if group is None else self._statuses(group)

    def balancer_healthy(self, balancer: LoadBalancer) -> bool:
        """Health of a load balancer as EvaluateTargetHealth sees it.

        Every target group that has targets needs one that is not unhealthy, and some group must
        have targets.
        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias-common.html
        """
        groups = [self._store.target_group(arn) for arn in balancer.target_group_arns()]
        filled = [group for group in groups if group is not None and group.targets]
        return bool(filled) and all(
            any(status.state != "unhealthy" for status in self._statuses(group)) for group in filled
        )

    def _statuses(self, group: TargetGroup) -> list[TargetStatus]:
        return [self._status(group, target) for target in group.targets]

    def _status(self, group: TargetGroup, target: str) -> TargetStatus:
        if not group.health_check.enabled:
            reason = "Health checks are not enabled for this target"
            return TargetStatus(target, "unavailable", "Target.HealthCheckDisabled", reason)
        known = self._targets.get((group.arn, target))
        if known is not None:
            return known.status
        reason = "Target group is not configured to receive traffic from the load balancer"
        return TargetStatus(target, "unused", "Target.NotInUse", reason)

    async def _look_around(self) -> None:
        while True:
            used = {
                arn
                for balancer in self._store.load_balancers()
                for arn in balancer.target_group_arns()
            }
            wanted = {
                (group.arn, target)
                for group in self._store.target_groups()
                if group.arn in used
                and group.target_type == "lambda"
                and group.health_check.enabled
                for target in group.targets
            }
            for key in wanted - set(self._runs):
                self._targets[key] = _Target(status=TargetStatus(key[1], *INITIAL))
                self._runs[key] = asyncio.create_task(self._run(*key))
            for key in set(self._runs) - wanted:
                self._runs.pop(key).cancel()
                del self._targets[key]
            await asyncio.sleep(LOOK_EVERY_S)

    async def _run(self, arn: str, target: str) -> None:
        """One check every interval, however long each takes."""
        while (group := self._store.target_group(arn)) is not None:
            began_s = self._clock.now_s()
            problem = await self._check(group, target)
            state = self._targets[arn, target]
            if state.observe(group, problem):
                self._world.events.record(
                    "target_health.changed",
                    target_group=arn,
                    target=target,
                    state=state.status.state,
                    reason=state.status.description,
                )
            took_s = self._clock.now_s() - began_s
            await self._clock.sleep(group.health_check.interval_s - took_s)

    async def _check(self, group: TargetGroup, target: str) -> tuple[str, str] | None:
        """One health check; what was wrong, as (reason code, description), or None."""
        if self._world.faults.region_lost(group.region):
            return "Target.Timeout", "Request timed out"
        event = alb_lambda.health_check_event(group)
        try:
            async with asyncio.timeout(self._world.work_limit_s(group.health_check.timeout_s)):
                response = await alb_lambda.call(self._store, self._functions, group, target, event)
        except TimeoutError:
            return "Target.Timeout", "Request timed out"
        except TargetError as error:
            return "Target.FailedHealthChecks", f"Health checks failed: {error}"
        if _matches(group.health_check.matcher, response.status):
            return None
        said = f"Health checks failed with these codes: [{response.status}]"
        return "Target.ResponseCodeMismatch", said


def _matches(matcher: str, status: int) -> bool:
    """Whether `status` is in a matcher such as `200`, `200,202` or `200-299`."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False
