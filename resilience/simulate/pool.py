"""Spreads numbered work over processes and gives the results in order, whoever did them.

Chunks are the same for any number of workers, and come back in order, so nothing that is made of
them depends on the machine. A few chunks a worker are under way at a time: memory is bounded
whatever the length of the run.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Task = TypeVar("Task")
Result = TypeVar("Result")

AHEAD: Final = 3
"""Chunks under way for each worker: enough that none waits, few enough to hold."""


class WorkerGoneError(Exception):
    """A worker process ended by itself (killed, out of memory): the run is broken."""


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(
    do: Callable[[Task], Result], tasks: Sequence[Task], *, workers: int
) -> Iterator[Result]:
    """Do every task and give the results in the tasks' order.

    With one worker, in this process. Otherwise `do` and the tasks are pickled: `do` is a function
    of a module. Processes are spawned, so that nothing of this one leaks into them.

    Raises:
        WorkerGoneError: a worker ended by itself.
    """
    if workers == 1 or len(tasks) == 1:
        for task in tasks:
            yield do(task)
        return
    executor = ProcessPoolExecutor(
        min(workers, len(tasks)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_leave_signals_to_the_parent,
    )
    under_way: deque[Future[Result]] = deque()
    ahead = iter(tasks)
    try:
        for task in ahead:
            under_way.append(executor.submit(do, task))
            if len(under_way) >= AHEAD * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerGoneError(
            f"a worker process ended by itself: {error}. Is the machine short of memory? Fewer "
            "workers (--workers) need less"
        ) from error
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _leave_signals_to_the_parent() -> None:
    """Ctrl-C reaches every process of the group; the parent alone answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
