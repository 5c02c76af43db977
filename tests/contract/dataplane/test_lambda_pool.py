"""How many environments are started for how many invocations, and who gets which."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from emulator.clock import Clock
from emulator.dataplane.lambda_pool import Pool
from emulator.dataplane.world import World

if TYPE_CHECKING:
    from collections.abc import Coroutine


class FakeEnvironment:
    """Stands in for a worker process."""

    def __init__(self, *, fresh: bool = True, provisioned: bool = False) -> None:
        self.initialization = "provisioned-concurrency" if provisioned else "on-demand"
        self.credentials = SimpleNamespace(fresh=lambda: fresh)
        self.worker = SimpleNamespace(kill=lambda: None)
        self.last_used_s = 0.0
        self.closed = False

    async def close(self) -> None:
        self.closed = True


class Starts:
    """Counts starts; each waits for `go`, then gives an environment or raises."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def launch(self, _: Any, *, provisioned: bool) -> Any:
        self.begun += 1
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return FakeEnvironment(provisioned=provisioned)


def run(work: Coroutine[Any, Any, None]) -> None:
    async def within() -> None:
        async with asyncio.timeout(5):
            await work

    asyncio.run(within())


def pool(starts: Starts, *, speed: float = 1.0, slots: int = 100) -> Pool:
    version: Any = "a version"
    return Pool(version, starts.launch, asyncio.Semaphore(slots), speed=speed)


async def waiting(pool: Pool, count: int) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(pool.acquire()) for _ in range(count)]
    await asyncio.sleep(0.01)
    return tasks


@pytest.mark.parametrize(("speed", "begun"), [(1.0, 20), (10.0, 2), (20.0, 1), (0.5, 20)])
def test_at_n_times_the_speed_one_start_serves_n_invocations(speed: float, begun: int) -> None:
    async def work() -> None:
        starts = Starts()
        under_test = pool(starts, speed=speed)
        tasks = await waiting(under_test, 20)
        assert starts.begun == begun
        starts.go.set()
        for task in tasks:  # each gives its environment back for the next
            under_test.release(await task, 0.0)
        await under_test.close()

    run(work())


def test_a_returned_environment_serves_who_waits_before_a_new_one_is_ready() -> None:
    async def work() -> None:
        starts = Starts()
        under_test = pool(starts)
        starts.go.set()
        first = await under_test.acquire()
        starts.go.clear()
        [second] = await waiting(under_test, 1)
        under_test.release(first, 0.0)
        assert await second is first
        starts.go.set()
        await asyncio.sleep(0.01)
        assert under_test.environments == 2, "the start under way is kept, idle"
        await under_test.close()

    run(work())


def test_a_start_that_nobody_waits_for_any_more_is_not_begun() -> None:
    async def work() -> None:
        starts = Starts()
        under_test = pool(starts, slots=1)
        starts.go.set()
        first = await under_test.acquire()
        starts.go.clear()
        tasks = await waiting(under_test, 2)
        assert starts.begun == 2, "one slot: of the two starts wanted, one has begun"
        under_test.release(first, 0.0)
        assert await tasks[0] is first
        starts.go.set()
        await tasks[1]
        await asyncio.sleep(0.01)
        assert starts.begun == 2
        await under_test.close()

    run(work())


def test_a_failed_start_fails_one_invocation_and_the_others_get_another_start() -> None:
    async def work() -> None:
        starts = Starts()
        starts.error = OSError("no memory")
        under_test = pool(starts, speed=10)
        tasks = await waiting(under_test, 3)
        assert starts.begun == 1
        starts.go.set()
        failed = await asyncio.gather(*tasks, return_exceptions=True)
        assert [str(each) for each in failed] == ["no memory"] * 3
        assert starts.begun == 3
        await under_test.close()

    run(work())


def test_an_environment_with_old_credentials_is_not_used_again() -> None:
    async def work() -> None:
        starts = Starts()
        starts.go.set()
        under_test = pool(starts)
        stale: Any = FakeEnvironment(fresh=False)
        under_test._busy.add(stale)
        under_test.release(stale, 0.0)
        assert await under_test.acquire() is not stale
        assert stale.closed
        await under_test.close()

    run(work())


def test_closing_ends_who_waits() -> None:
    async def work() -> None:
        under_test = pool(Starts())
        tasks = await waiting(under_test, 2)
        await under_test.close()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended)
        assert not under_test.in_use

    run(work())


def test_closing_ends_what_was_about_to_be_ended() -> None:
    """A service that stops while idle environments are being ended leaves none half ended."""

    async def work() -> None:
        starts = Starts()
        starts.go.set()
        under_test = pool(starts)
        environment: Any = await under_test.acquire()
        under_test.release(environment, 0.0)
        ended, stuck = environment.close, asyncio.Event()
        environment.close = stuck.wait
        expiring = asyncio.create_task(under_test.expire(used_before_s=1.0))
        await asyncio.sleep(0.01)
        expiring.cancel()
        environment.close = ended
        await under_test.close()
        assert environment.closed

    run(work())


@pytest.mark.parametrize(
    ("speed", "emulated_s", "real_s"),
    [(1, 10, 10), (10, 10, 1), (20, 10, 1), (20, 60, 3), (10, 2, 1), (1, 0.5, 0.5), (9, 0.5, 0.5)],
)
def test_real_work_has_a_real_second_at_any_speed(
    speed: float, emulated_s: float, real_s: float
) -> None:
    parts: Any = {"store": None, "faults": None, "events": None}
    world = World(clock=Clock(speed), **parts)
    assert world.work_limit_s(emulated_s) == real_s
