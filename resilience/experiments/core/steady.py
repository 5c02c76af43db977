"""The steady state of a stack, as its clients and name servers see it. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.experiments.core.world import CallError
from resilience.measurement import Steady, Windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resilience.experiments.core.ground import Ground, Place
    from resilience.experiments.core.world import World
    from resilience.records import Probe


def unsteady(world: World, ground: Ground) -> tuple[str, ...]:
    """Say everything that is not as it should be; nothing for a stack in its steady state."""
    return tuple(_problems(world, ground))


def impaired(world: World, ground: Ground) -> tuple[str, ...]:
    """Say which Region does not serve, by a golden request and by Route 53's verdict."""
    return tuple(each for place in ground.places for each in _of_region(world, place))


def flags(world: World, ground: Ground) -> tuple[tuple[str, str], ...]:
    """List the evacuation flags that are there: the Region that is evacuated, and who says so."""
    return tuple(
        (place.region, watcher)
        for place in ground.places
        for watcher in place.watchers
        if flagged(world, ground, place.region, watcher)
    )


def flagged(world: World, ground: Ground, region: str, watcher: str) -> bool:
    """Tell whether a watcher's flag on a Region is there. Raises `CallError`."""
    bucket = ground.place(watcher).evacuation_bucket
    try:
        key = f"evacuation/{region}"
        world.call("s3", "head_object", region=watcher, Bucket=bucket, Key=key)
    except CallError as error:
        if error.absent:
            return False
        raise
    return True


def replies_hold(probes: Sequence[Probe], now_s: float) -> bool:
    """Tell whether the newest full window of replies met the success objective."""
    steady = Steady()
    latest_s = max((p.scheduled_s for p in probes if p.ended_s <= now_s), default=now_s)
    return Windows(probes, steady).hold(latest_s - steady.window_s)


def _problems(world: World, ground: Ground) -> Iterator[str]:
    yield from impaired(world, ground)
    try:
        for region, watcher in flags(world, ground):
            yield f"{watcher} keeps an evacuation flag on {region}"
        for place in ground.places:
            reserved = reserved_concurrency(world, place)
            if reserved == 0:
                yield f"{place.function} in {place.region} is stopped by reserved concurrency 0"
    except CallError as error:
        yield str(error)
    if ground.routing == "failover":
        led, own = world.leads_to(), world.addresses(ground.primary.region)
        if led is None or not led or not led <= own:
            where = "nowhere" if not led else ", ".join(sorted(led))
            yield f"{ground.predict_name} leads to {where}, not to {ground.primary.region}"


def _of_region(world: World, place: Place) -> Iterator[str]:
    if not world.serves(place.region):
        yield f"{place.region} does not answer a golden request"
    if world.healthy(place.region) is not True:
        yield f"Route 53 does not find {place.region} well"


def reserved_concurrency(world: World, place: Place) -> int | None:
    """Read a Region's reserved concurrency; None without one. Raises `CallError`."""
    reply = world.call(
        "lambda", "get_function_concurrency", region=place.region, FunctionName=place.function
    )
    found = reply.get("ReservedConcurrentExecutions")
    return None if found is None else int(found)
