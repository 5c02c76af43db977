"""A function that is stopped by reserved concurrency 0, as any operator with the right can.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html: a function whose
reserved concurrency is 0 is throttled at every invocation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.experiments.core.change import Act, Change, call

if TYPE_CHECKING:
    from resilience.experiments.core.world import World


def stopped(world: World, region: str, function: str) -> Change:
    """Plan to stop a function, and to put back what was reserved for it. Raises `CallError`."""
    return limited(world, region, function, 0)


def limited(world: World, region: str, function: str, reserved: int) -> Change:
    """Plan another reserved concurrency. Raises `CallError`."""
    reply = world.call("lambda", "get_function_concurrency", region=region, FunctionName=function)
    before = reply.get("ReservedConcurrentExecutions")
    undo = (
        call("lambda", "delete_function_concurrency", region=region, FunctionName=function)
        if before is None
        else _put(region, function, int(before))
    )
    what = f"reserved concurrency {reserved} for {function} in {region}"
    return Change(what=what, do=_put(region, function, reserved), undo=undo)


def _put(region: str, function: str, reserved: int) -> Act:
    return call(
        "lambda",
        "put_function_concurrency",
        region=region,
        FunctionName=function,
        ReservedConcurrentExecutions=reserved,
    )
