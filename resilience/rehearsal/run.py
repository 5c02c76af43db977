"""One rehearsal from beginning to end: set the stage, play, measure, write it down."""

from __future__ import annotations

import asyncio
import ssl
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from resilience.aws import Aws, AwsError
from resilience.canaries import fill_secrets
from resilience.client import Target
from resilience.clock import Clock
from resilience.findings import find
from resilience.golden import read_release
from resilience.journal import Journal, Run, commit_of
from resilience.measurement import Steady
from resilience.objectives import rto_warning
from resilience.observer import Observer
from resilience.outputs import OutputsError, parse_outputs
from resilience.policy_findings import findings_of
from resilience.prober import CLIENTS, Load, Prober
from resilience.rehearsal.options import ScenarioName, fitting
from resilience.rehearsal.plan import BUSY_MACHINE_REAL_S, make_plan, speed_warning
from resilience.rehearsal.scenarios import SCENARIOS, Played
from resilience.rehearsal.scene import POLL_REAL_S, Scene
from resilience.rehearsal.verdict import broken, conclude
from resilience.release_build import build_release
from resilience.resolver import NameServer, ResolutionError
from resilience.stage import RefusedError, Stage, StageGoneError
from resilience.topology import Topology, TopologyError
from resilience.topology_reader import read_topology
from resilience.writer import Writer, period_s

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from resilience.golden import Release
    from resilience.progress import Progress
    from resilience.rehearsal.options import Options

DNS_TIMEOUT_S = 2.0
ALIVE_EVERY_REAL_S = 0.5
FINAL_LOOK_S = 30.0


def rehearse(options: Options, progress: Progress) -> Journal:
    """Run a rehearsal and return its journal, whatever became of the run.

    Raises:
        RefusedError: the program or its deploy was refused: there is nothing to rehearse.
        ReleaseError: there is no release to deploy.
    """
    clock = Clock(options.speed)
    rehearsal = Rehearsal(options, progress, clock)
    try:
        with tempfile.TemporaryDirectory(prefix="understudy-") as work:
            return rehearsal.run(Path(work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return broken(rehearsal.record(), rehearsal.scene, "interrupted")
    except (StageGoneError, AwsError, ResolutionError, OSError) as error:
        return broken(rehearsal.record(), rehearsal.scene, f"{type(error).__name__}: {error}")
    except ExceptionGroup as errors:
        leaves = _leaves(errors)
        if not all(isinstance(leaf, StageGoneError | AwsError | OSError) for leaf in leaves):
            traceback.print_exception(errors)  # a defect of ours: whoever mends it needs the place
        reasons = "; ".join(f"{type(leaf).__name__}: {leaf}" for leaf in leaves)
        return broken(rehearsal.record(), rehearsal.scene, reasons)


class Rehearsal:
    """The run in progress: what `rehearse` needs to write a journal even if it breaks."""

    def __init__(self, options: Options, progress: Progress, clock: Clock) -> None:
        self.scene: Scene | None = None
        self._options = options
        self._progress = progress
        self._clock = clock
        self._scenario = options.scenario

    def record(self) -> Run:
        """Say what was run."""
        options = self._options
        return Run(
            kind="rehearsal",
            scenario=self._scenario or "not chosen yet",
            stack=options.stack,
            seed=options.seed,
            speed=options.speed,
            rate_per_s=options.rate_per_s,
            clients=CLIENTS if self.scene is None else self.scene.prober.clients,
            commit=commit_of(options.project_dir),
            started_at=self._clock.started_at(),
            duration_s=self._clock.now_s(),
            environment={"python": sys.version.split()[0], "aws": "emulated"},
        )

    def run(self, work: Path) -> Journal:
        """Set the stage and play on it; nothing of the stage is left when this returns."""
        options, progress = self._options, self._progress
        progress.step("build the release and start the emulator")
        with ThreadPoolExecutor(1) as pool:
            # Training takes as long as the emulator's start: side by side.
            building = pool.submit(release_zip, options, work)
            stage = Stage.start(work / "emulator", speed=options.speed, seed=options.seed)
            with stage:
                package = building.result()
                release = read_release(package)
                topology = deploy(stage, options, package, progress)
                return self.play(stage, topology, release)

    def play(self, stage: Stage, topology: Topology, release: Release) -> Journal:
        """Play on a stage that is set already, and leave it as the scenario does.

        Raises:
            ScenarioError: the stack cannot play the scenario that was asked for.
        """
        self._scenario = fitting(
            self._options.scenario, routing=topology.routing, regions=len(topology.regions)
        )
        return asyncio.run(self._play(stage, Aws(stage.aws_environment), topology, release))

    async def _play(self, stage: Stage, aws: Aws, topology: Topology, release: Release) -> Journal:
        scene = self.scene = self._set_scene(stage, aws, topology, release)
        findings = (*find(topology), *findings_of(stage.resources()))
        scene.expect(
            "nothing is wrong before anything is broken",
            "; ".join(map(str, findings)) or "no finding",
            held=not findings,
        )
        warnings = (
            rto_warning(topology.objectives, topology.timing),
            speed_warning(topology, speed=self._options.speed),
        )
        notes = tuple(each for each in warnings if each is not None)
        for note in notes:
            self._progress.note(f"note: {note}")
        await patiently(scene.observer.book.refresh, within_real_s=BUSY_MACHINE_REAL_S)
        played = await _with_background(scene, self._scenario or ScenarioName.PRIMARY_LOST)
        held_at_end = None if played is None else await _final_look(scene, played)
        self._progress.step("measure")
        return conclude(
            self.record(),
            scene,
            played,
            held_at_end=held_at_end,
            findings=findings,
            notes=notes,
        )

    def _set_scene(self, stage: Stage, aws: Aws, topology: Topology, release: Release) -> Scene:
        options, clock, steady = self._options, self._clock, Steady()
        plan = make_plan(topology, steady, speed=options.speed)
        credential = stage.credential_for(topology.primary.listener)
        name_servers = _name_servers(stage, topology, clock.timeout_s(DNS_TIMEOUT_S))
        homes = tuple(name_servers)
        target = Target(
            name=topology.predict_name,
            port=stage.https_port,
            trust=credential.present_in(ssl.create_default_context(cafile=str(stage.ca_file))),
            release=release,
            credential=credential,
        )
        observer = Observer(
            topology,
            aws,
            name_server=name_servers[homes[0]],
            target=target,
            clock=clock,
        )
        prober = Prober(
            Load(rate_per_s=options.rate_per_s, clients=max(CLIENTS, 2 * len(homes))),
            target=target,
            name_servers=tuple(name_servers.values()),
            clock=clock,
            seed=options.seed,
        )
        writer = Writer(
            aws,
            {region.region: region.prediction_bucket.name for region in topology.regions},
            prefix=f"rehearsal/{clock.started_at():%Y%m%dT%H%M%SZ}/",
            target=lambda: observer.serving or topology.primary.region,
            period_s=period_s(clock.speed),
            clock=clock,
        )
        return Scene(
            topology=topology,
            stage=stage,
            aws=aws,
            clock=clock,
            prober=prober,
            writer=writer,
            observer=observer,
            plan=plan,
            steady=steady,
            progress=self._progress,
            homes=homes,
        )


async def patiently(ask: Callable[[], Awaitable[None]], *, within_real_s: float) -> None:
    """Ask until names are answered: a machine that has just deployed may be slow at first.

    Raises:
        ResolutionError: nobody answered within that time.
    """
    give_up_s = time.monotonic() + within_real_s
    while True:
        try:
            return await ask()
        except ResolutionError:
            if time.monotonic() > give_up_s:
                raise
        await asyncio.sleep(POLL_REAL_S)


def _name_servers(stage: Stage, topology: Topology, timeout_s: float) -> dict[str, NameServer]:
    """Give each place that clients are in its name server, by the Region that serves there.

    With latency records there are clients near every Region, the observer among the first.
    """
    if topology.routing == "failover":
        return {topology.primary.region: NameServer(stage.dns_address, timeout_s=timeout_s)}
    return {
        region.region: NameServer(
            stage.dns_address,
            timeout_s=timeout_s,
            client_subnet=stage.client_subnet(region.region),
        )
        for region in topology.regions
    }


def release_zip(options: Options, work: Path) -> Path:
    """Give the release to deploy: the one asked for, or a fresh one."""
    return options.release or build_release(options.project_dir, work / "release")


def deploy(stage: Stage, options: Options, package: Path, progress: Progress) -> Topology:
    """Deploy the project into the stage and read back what is there.

    Raises:
        RefusedError: refused, or what was deployed is not a stack of this project.
    """
    progress.step(f"deploy stack {options.stack}")
    outputs = stage.deploy(
        options.project_dir,
        options.stack,
        config_file=options.config_file,
        config={"release": str(package.resolve())},
        progress=progress.update,
    )
    try:
        aws = Aws(stage.aws_environment)
        topology = read_topology(aws, parse_outputs(outputs))
        topology.require_two_roles()
    except (OutputsError, TopologyError) as error:
        raise RefusedError((str(error),)) from error
    fill_secrets(aws, topology, stage.credential_for(topology.primary.listener))
    return topology


async def _with_background(scene: Scene, scenario: ScenarioName) -> Played | None:
    """Play a scenario while clients probe, writes go on, the observer watches and the stage lives.

    Raises an `ExceptionGroup` as soon as any of them fails: a run without one of them is broken.
    """
    # Calls to a lost Region wait for their timeouts, so they need room beside the others.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=16))
    async with asyncio.TaskGroup() as group:
        probing = group.create_task(scene.prober.run())
        writing = group.create_task(scene.writer.run())
        observing = group.create_task(scene.observer.run())
        watching = group.create_task(_watch(scene.stage))
        played = await SCENARIOS[scenario](scene)
        scene.prober.stop()
        scene.writer.stop()
        await asyncio.gather(probing, writing)
        observing.cancel()
        watching.cancel()
    return played


async def _watch(stage: Stage) -> None:
    """Fail as soon as the emulator is gone."""
    while await asyncio.to_thread(stage.alive):  # noqa: ASYNC110 - a process, not an event of ours
        await asyncio.sleep(ALIVE_EVERY_REAL_S)
    raise StageGoneError("the emulator's process ended in mid-run")


async def _final_look(scene: Scene, played: Played) -> frozenset[int] | None:
    """See what the surviving Region holds once replication has had its time."""
    acknowledged = {
        write.number
        for write in scene.writer.writes
        if write.acknowledged and write.region == played.lost_region
    }
    deadline_s = scene.clock.now_s() + FINAL_LOOK_S
    while True:
        held = await scene.held_by(played.takeover)
        if (held is not None and acknowledged <= held) or scene.clock.now_s() > deadline_s:
            return held
        await scene.clock.sleep(1.0)


def _leaves(errors: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    leaves: list[BaseException] = []
    for error in errors.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves
