"""The scenarios a rehearsal can play. Each leaves phases, expectations and the marks to measure by.

A scenario never judges by itself: it takes things away, gives them back, waits for what should
follow no longer than the plan says, and writes down what it saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from resilience.failover import IntentKind
from resilience.observer import quiet
from resilience.rehearsal.options import ScenarioName
from resilience.rehearsal.steady import settle, steady_state

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from resilience.rehearsal.scene import Scene
    from resilience.stage import Loss


@dataclass(frozen=True, kw_only=True)
class Played:
    """What a scenario hands to the measurements: who was lost, when, and between which instants.

    `onset_s` is where recovery is counted from and `until_s` where it had to be over;
    `takeover` is the Region that was to serve.
    """

    lost_region: str
    lost_at_s: float
    onset_s: float
    until_s: float
    from_s: float
    takeover: str
    held_at_takeover: frozenset[int] | None
    bounded_by_checks: bool


Scenario: TypeAlias = "Callable[[Scene], Awaitable[Played | None]]"
"""Plays on a scene; gives None if steady state never held, so nothing was broken."""


async def _begin(scene: Scene) -> float | None:
    """Settle and hold steady state; gives where it began, None if it did not hold."""
    await settle(scene)
    return await steady_state(scene, "steady state before the loss", kept_too=True)


async def primary_lost(scene: Scene) -> Played | None:
    """The primary goes; the next Region takes over and keeps what it took; then traffic returns.

    With latency records the primary is the Region nearest to some of the clients, and those near
    the others must not notice.
    """
    return await _lose_and_come_back(scene, ())


async def first_two_lost(scene: Scene) -> Played | None:
    """The primary goes and with it the one that was to take over, who also watches it.

    The chain leads past both, and the second watcher latches the move.
    """
    return await _lose_and_come_back(scene, (scene.topology.standby.region,))


async def _lose_and_come_back(scene: Scene, too: tuple[str, ...]) -> Played | None:
    from_s = await _begin(scene)
    if from_s is None:
        return None
    primary = scene.topology.primary.region
    with scene.phase(f"{' and '.join((primary, *too))} {'are' if too else 'is'} lost"):
        losses = [await scene.lose(region) for region in (primary, *too)]
        onset_s = scene.onset_s(losses[0])
        await scene.until(lambda: scene.recovered_since(onset_s), scene.plan.takeover_deadline_s)
    takeover = scene.takeover_from(primary, *too)
    if not too:
        _expect_the_others_unharmed(scene, onset_s)
    held = await _hold_until_latched(scene, takeover)
    until_s = await _give_back_and_fail_back(scene, tuple(reversed(losses)))
    return Played(
        lost_region=primary,
        lost_at_s=onset_s,
        onset_s=onset_s,
        until_s=until_s,
        from_s=from_s,
        takeover=takeover,
        held_at_takeover=held,
        bounded_by_checks=True,
    )


def _expect_the_others_unharmed(scene: Scene, onset_s: float) -> None:
    """With a home for each client, losing one must cost the clients of the others nothing."""
    primary = scene.topology.primary.region
    others = [p for p in scene.settled(onset_s) if scene.home_of(p.client) != primary]
    bad = [probe for probe in others if not probe.good]
    if others:
        scene.expect(
            "clients of the other Regions do not notice",
            f"{len(bad)} of {len(others)} replies to them were bad",
            held=not bad,
        )


async def standby_lost(scene: Scene) -> Played | None:
    """The standby goes; clients must not notice."""
    from_s = await _begin(scene)
    if from_s is None:
        return None
    primary, standby = scene.topology.primary.region, scene.topology.standby.region
    with scene.phase(f"{standby} is lost"):
        loss = await scene.lose(standby)
        onset_s = scene.onset_s(loss)
        await scene.clock.sleep(scene.plan.bounds.ceiling_s + scene.steady.window_s)
    held = await scene.held_by(primary)
    with scene.phase(f"{standby} is back"):
        until_s = await scene.give_back(loss)
        await settle_again(scene, standby)
    bad = [p for p in scene.settled(onset_s) if not p.good]
    scene.expect(
        "losing the standby costs no reply",
        f"{len(bad)} of {len(scene.settled(onset_s))} replies were bad",
        held=not bad,
    )
    await steady_state(scene, "steady state after the return", kept_too=True)
    return Played(
        lost_region=standby,
        lost_at_s=onset_s,
        onset_s=onset_s,
        until_s=until_s,
        from_s=from_s,
        takeover=primary,
        held_at_takeover=held,
        bounded_by_checks=False,
    )


async def all_lost(scene: Scene) -> Played | None:
    """All go; the standby comes back first and must serve alone, then the others return.

    Recovery, availability and verdicts count from the standby's return: with no Region there is
    nothing to recover to.
    """
    if await _begin(scene) is None:
        return None
    primary, standby = scene.topology.primary.region, scene.topology.standby.region
    others = [each.region for each in scene.topology.others(primary) if each.region != standby]
    with scene.phase("all Regions are lost"):
        lost_standby = await scene.lose(standby)
        lost = [await scene.lose(region) for region in (primary, *others)]
        await scene.clock.sleep(scene.plan.bounds.ceiling_s)
    with scene.phase(f"{standby} is back, no other is"):
        back_s = await scene.give_back(lost_standby)
        await scene.until(lambda: scene.recovered_since(back_s), scene.plan.takeover_deadline_s)
    held = await _hold_until_latched(scene, standby)
    until_s = await _give_back_and_fail_back(scene, tuple(reversed(lost)))
    return Played(
        lost_region=primary,
        lost_at_s=scene.onset_s(lost[0]),
        onset_s=back_s,
        until_s=until_s,
        from_s=back_s,
        takeover=standby,
        held_at_takeover=held,
        bounded_by_checks=False,
    )


async def settle_again(scene: Scene, returned: str) -> None:
    """Ask for a Region that was lost to stand by again, and wait until Route 53 sees all healthy.

    Its watchers latched whatever was lost for long enough, standbys too.
    """
    await scene.until(
        lambda: scene.observer.signal("standby").well is True, scene.plan.return_deadline_s
    )
    await scene.ask(IntentKind.FAILBACK, returned)
    await settle(scene, within_s=scene.plan.gates_deadline_s)


async def _hold_until_latched(scene: Scene, takeover: str) -> frozenset[int] | None:
    """Wait for the deployed observers' latch to count; then see what survives of the writes."""
    observer = scene.observer
    with scene.phase("hold: the evacuation flag latches the move"):
        latched = await scene.until(lambda: observer.latched, scene.plan.latch_deadline_s)
        scene.expect(
            "the move is latched by a flag in a Region that watches",
            _last(scene, "flag.set") or "no observer set an evacuation flag",
            held=latched,
        )
        if observer.latched_at_s is not None:
            await scene.clock.sleep_until(observer.latched_at_s + scene.plan.latch_hold_s)
        return await scene.held_by(takeover)


async def _give_back_and_fail_back(scene: Scene, losses: tuple[Loss, ...]) -> float:
    """Give what is lost back, the primary last; see the latch hold, and traffic return."""
    primary = scene.topology.primary.region
    observer = scene.observer
    with scene.phase(f"{primary} is back, the latch holds"):
        returns_s = [await scene.give_back(loss) for loss in losses]
        await scene.until(lambda: _primary_well(scene), scene.plan.return_deadline_s)
        await scene.clock.sleep(scene.plan.latched_watch_s)
    with scene.phase("failback gates"):
        for loss in losses:
            await scene.ask(IntentKind.FAILBACK, loss.region)
        cleared = await scene.until(lambda: quiet(observer), scene.plan.gates_deadline_s)
        cleared_s = scene.clock.now_s()
    returned_s = returns_s[-1]
    early = [p for p in scene.settled(returned_s) if p.region == primary and p.ended_s < cleared_s]
    scene.expect(
        "the latch holds while the primary is healthy",
        f"{len(early)} replies came from {primary} before the flag was cleared",
        held=not early,
    )
    scene.expect(
        "failback passes its gates",
        observer.refusal or _last(scene, "flag.cleared") or "nothing was decided",
        held=cleared,
    )
    with scene.phase("failback"):
        returned = await scene.until(
            lambda: observer.serving == primary, scene.plan.failback_deadline_s
        )
        scene.expect(
            "traffic returns to the primary",
            f"DNS sends clients to {observer.serving}",
            held=returned,
        )
    await steady_state(scene, "steady state after failback", kept_too=False)
    return returns_s[0]


def _primary_well(scene: Scene) -> bool:
    probe, check = scene.observer.signal("primary_probe"), scene.observer.signal("check")
    return bool(probe.well and check.well)


def _last(scene: Scene, kind: str) -> str | None:
    """Give the detail of the observer's last event of a kind."""
    return next((e.detail for e in reversed(scene.observer.events) if e.kind == kind), None)


SCENARIOS: dict[ScenarioName, Scenario] = {
    ScenarioName.PRIMARY_LOST: primary_lost,
    ScenarioName.STANDBY_LOST: standby_lost,
    ScenarioName.FIRST_TWO_LOST: first_two_lost,
    ScenarioName.NEAREST_LOST: primary_lost,
    ScenarioName.ALL_LOST: all_lost,
}
