"""Steady state: what must hold before anything is broken, and again at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from resilience.aws import AwsError
from resilience.objectives import HEALTHY_SHARE_RATIO
from resilience.topology_reader import GLOBAL_REGION

if TYPE_CHECKING:
    from resilience.rehearsal.scene import Scene

SETTLE_POLL_S = 2.0
SHORTEST_REAL_SETTLE_POLL_S = 0.5


async def settle(scene: Scene, *, within_s: float = 0.0) -> None:
    """Wait until Route 53 has settled on every endpoint check and DNS leads to the primary.

    The API shows each checker's last look, but a checker changes its mind only after `threshold`
    looks in a row: so what is seen must last for the other `threshold - 1` looks and one look's
    timeouts. A new inverted check begins unhealthy and needs just this long.

    Says nothing when it does not come: the steady state that follows does, with its reasons.
    What else has to happen first may take `within_s` besides.
    """
    deadline_s = scene.clock.now_s() + scene.plan.settle_deadline_s + within_s
    with scene.phase("health checks settle") as began_s:
        right_since_s = began_s
        while (now_s := scene.clock.now_s()) < deadline_s:
            unsettled = await asyncio.to_thread(unsettled_checks, scene)
            if unsettled or scene.observer.serving != scene.topology.primary.region:
                right_since_s = scene.clock.now_s()
            elif now_s - right_since_s >= scene.plan.settled_hold_s:
                return
            scene.progress.update("; ".join(unsettled) or scene.recent())
            await scene.clock.sleep(
                max(SETTLE_POLL_S, SHORTEST_REAL_SETTLE_POLL_S * scene.clock.speed)
            )


def unsettled_checks(scene: Scene) -> tuple[str, ...]:
    """Name each endpoint check whose checkers do not see what they should, with a reason of one.

    An inverted check should see failures: its endpoint says "not evacuated".
    """
    unsettled: list[str] = []
    for region in scene.topology.regions:
        watches = (("evacuation", watch.check) for watch in region.watches)
        for what, check in (("deep", region.deep_check), *watches):
            try:
                words = _checker_words(scene, check.id)
            except AwsError as error:
                unsettled.append(f"{what} check of {region.region} cannot be read: {error}")
                continue
            passing = sum(word.startswith("Success") for word in words)
            seen_well = passing > HEALTHY_SHARE_RATIO * len(words)
            if not words or seen_well is (what == "evacuation"):
                word = Counter(words).most_common(1)[0][0] if words else "no checker reported yet"
                unsettled.append(f"{what} check {check.id} of {region.region}: {word}")
    return tuple(unsettled)


def _checker_words(scene: Scene, check_id: str) -> list[str]:
    reply = scene.aws.call(
        "route53", "get_health_check_status", region=GLOBAL_REGION, HealthCheckId=check_id
    )
    return [each["StatusReport"]["Status"] for each in reply["HealthCheckObservations"]]


async def steady_state(scene: Scene, name: str, *, kept_too: bool) -> float | None:
    """Wait until replies are good and from each client's home for the steady time.

    Writes the expectation down, with what was seen instead if it does not hold.

    Returns:
        Where the steady state began, or None if it did not hold within its deadline.
    """
    with scene.phase(name) as began_s:
        deadline_s = scene.plan.steady_s + scene.plan.failback_deadline_s
        held = await scene.until(lambda: scene.holds(began_s, kept_too=kept_too), deadline_s)
        homes = " and ".join(scene.homes)
        detail = f"replies were good and from {homes} for {scene.plan.steady_s:g} s"
        if not held:
            reasons = await asyncio.to_thread(unsettled_checks, scene)
            detail = "; ".join((scene.recent(), *reasons))
        scene.expect(name, detail, held=held)
        return scene.prober.settled_until_s() - scene.plan.steady_s if held else None
