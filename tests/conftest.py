"""What every test stands on: no way out of this machine, and an emulator for who asks for one.

The guard is installed when this file is read, before any test module is: in the session's process
and in each of pytest-xdist's workers (which talk over pipes, so the guard is not in their way).
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from emulator import botocore_model, guard, moto_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.handle import EmulatorHandle

guard.only_loopback()
# Before scikit-learn is loaded: on a busy machine its threads wait for each other, and spin at it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
moto_environment.apply()  # before any test module imports moto
botocore_model.share()  # before any of them makes a session

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci",
    max_examples=100,
    deadline=None,
    derandomize=True,  # a red build is red again when it is looked at
    suppress_health_check=[HealthCheck.too_slow],  # shared machines are slow at times
)
settings.register_profile("nightly", max_examples=2000, deadline=None)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "dev")
)


# Begun first, so that nothing long is left for the end. All else is short; its order is free.
LONGEST = (
    "mutations/test_mutations.py",
    "properties/test_settings.py",
    "contract/watching/test_alarms_end_to_end.py",
    "runbooks/test_executed.py",
    "contract/test_run_script.py",
    "contract/regions/test_changing_regions.py",
    "contract/dataplane/test_load_balancers.py",
    "policy/test_pack.py",
    "contract/backup/test_the_program.py",
    "infra/test_deploy.py",
    "contract/dataplane/test_lambda.py",
    "contract/edge/test_who_may_call.py",
    "contract/dataplane/test_health_checkers.py",
    "contract/roles/test_roles.py",
    "infra/test_interrupted_deploys.py",
    "foreign/test_orders.py",
    "unit/resilience/test_observer.py",
    "unit/inference/test_estimator_parity.py",
    "unit/resilience/test_prober.py",
    "properties/test_requests.py",
    "contract/engine/test_patches.py",
)
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, each in its own order."""
    place = {HERE / name: index for index, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(LONGEST)))


def pytest_collection_finish() -> None:
    """Nothing that was imported goes any more: the garbage collector need not walk it."""
    gc.freeze()
    gc.set_threshold(25_000, 10, 10)


@pytest.fixture(scope="session")
def start_emulator(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[float], EmulatorHandle]]:
    """`start_emulator(speed)`: the session's emulator at that speed, started when first asked."""
    from emulator.handle import EmulatorHandle

    running: dict[float, EmulatorHandle] = {}

    def start(speed: float) -> EmulatorHandle:
        if speed not in running or not running[speed].alive():
            work_dir: Path = tmp_path_factory.mktemp(f"emulator-x{speed:g}")
            running[speed] = EmulatorHandle.start(work_dir, speed=speed)
        return running[speed]

    yield start
    for handle in running.values():
        handle.stop()


@pytest.fixture(scope="session")
def emulator(start_emulator: Callable[[float], EmulatorHandle]) -> EmulatorHandle:
    """The session's emulator at twenty times the speed, shared: leave no fault behind."""
    return start_emulator(20.0)
