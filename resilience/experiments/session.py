"""One `./run drill`: reach the stack, finish what a dead drill left, plan, ask, drill."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from resilience.experiments import chaos
from resilience.experiments.attach import Reach, deployed, emulated
from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.core.experiment import Experiment, OptionError
from resilience.experiments.core.guards import Asked, Calendar, refusals
from resilience.experiments.core.memory import Drill
from resilience.experiments.core.stepper import Stepper
from resilience.experiments.core.world import CallError
from resilience.experiments.drive import alive, drive, finish, new_id, owner
from resilience.experiments.journaling import journal_of, journal_of_recovered, write
from resilience.experiments.laptop_world import LaptopWorld
from resilience.experiments.new_stack import back_up, settle
from resilience.experiments.plan_text import PlanText
from resilience.experiments.stopping import stopping
from resilience.journal import default_out, write_atomically
from resilience.rehearsal.options import Options, default_rate_per_s

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from resilience.experiments.attach import Attached
    from resilience.journal import Journal
    from resilience.progress import Progress

STALE_LOOK_S: Final = 30.0
"""A drill that runs writes more often than this: one that does not is dead."""


class WishError(Exception):
    """What was asked for cannot be."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What was asked for on the command line. `confirm` None asks nobody."""

    stack: str
    project_dir: Path
    experiment: str | None
    options: dict[str, str]
    execute: bool
    recover: bool
    emulate: bool
    account: str = ""
    windows: tuple[str, ...] = ()
    blackout_dates: tuple[str, ...] = ()
    outputs: Path | None = None
    name_server: tuple[str, int] | None = None
    https_port: int = 443
    ca_file: Path | None = None
    chaos_file: Path | None = None
    config_file: Path | None = None
    release: Path | None = None
    speed: float = 1.0
    seed: int = 0
    rate_per_s: float | None = None
    out: Path | None = None
    confirm: Callable[[str], bool] | None = None
    show: Callable[[PlanText], None] = field(default=lambda _: None)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What became of it: `planned`, `refused`, `recovered`, `met`, `missed` or `broken`."""

    verdict: str
    why: str = ""
    plan: PlanText | None = None
    drill: str | None = None
    recovered: str | None = None
    journal: Journal | None = None
    out: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it for a machine: with the journal's summary, as a rehearsal prints it."""
        summary = {} if self.journal is None else self.journal.summary()
        return {
            **summary,
            "verdict": self.verdict,
            "why": self.why,
            "drill": self.drill,
            "recovered": self.recovered,
            "missed": [] if self.journal is None else self.journal.missed(),
            "plan": None if self.plan is None else self.plan.to_json(),
            "out": None if self.out is None else str(self.out),
        }


def run(wish: Wish, progress: Progress) -> Ended:
    """Do what was asked for.

    Raises:
        WishError: there is no such experiment or option.
        UnfinishedError: what was changed could not be taken back.
        SourceError, AwsError, RefusedError, ReleaseError, StageGoneError: nothing to drill on.
    """
    experiment, options = _experiment(wish)
    with _reached(wish, progress) as attached, LaptopWorld(attached.seat) as world:
        ground = attached.ground
        calendar = Calendar(windows=wish.windows, blackout_dates=wish.blackout_dates)
        stepper = Stepper(
            world=world,
            ground=ground,
            catalogue=CATALOGUE,
            asked=Asked(account=wish.account, stack=wish.stack, calendar=calendar),
            owner=owner(),
            alive=alive,
        )
        out = wish.out or default_out("drill")
        recovered = _finished_first(wish, stepper, world, progress)
        kept = None if recovered is None else _kept(attached, recovered, out, experiment, progress)
        if experiment is None:
            why = "no drill is unfinished" if recovered is None else f"{recovered.id} is taken back"
            name = None if recovered is None else recovered.id
            return Ended(verdict="recovered", why=why, recovered=name, out=kept)
        if wish.emulate:
            if experiment.needs_backup:
                back_up(world, ground, progress)
            settle(stepper, experiment, options, progress)
        stepper, unread = stopping(stepper)
        experiment = stepper.catalogue[experiment.name]
        name = new_id(experiment.name)
        plan = _planned(stepper, experiment, options, name, attached.seat.rate_per_s)
        plan = replace(plan, refusals=tuple(dict.fromkeys((*unread, *plan.refusals))))
        wish.show(plan)
        if wish.chaos_file is not None:
            written = chaos.experiment(ground, experiment, options)
            write_atomically(wish.chaos_file, json.dumps(written, indent=2) + "\n")
        ended = Ended(verdict="planned", plan=plan, recovered=recovered and recovered.id)
        if plan.refusals:
            return replace(ended, verdict="refused", why="; ".join(plan.refusals))
        if not wish.execute:
            return ended
        if wish.confirm is not None and not wish.confirm(f"Drill {ground.stack} now?"):
            return replace(ended, verdict="refused", why="nobody said yes")
        drill = drive(stepper, world, name, experiment.name, options, progress)
        if drill.verdict == "refused":
            return replace(ended, verdict="refused", why=drill.why, drill=name)
        journal = journal_of(attached, world, drill, experiment, wish.project_dir)
        write(journal, out)
        return replace(
            ended, verdict=journal.verdict, why=drill.why, drill=name, journal=journal, out=out
        )


def _experiment(wish: Wish) -> tuple[Experiment | None, dict[str, str]]:
    if wish.experiment is None or wish.recover:
        return None, {}
    if wish.experiment not in CATALOGUE:
        known = ", ".join(CATALOGUE)
        raise WishError(f"there is no experiment {wish.experiment!r}: expected one of {known}")
    try:
        return CATALOGUE[wish.experiment], CATALOGUE[wish.experiment].options(wish.options)
    except OptionError as error:
        raise WishError(str(error)) from error


@contextmanager
def _reached(wish: Wish, progress: Progress) -> Generator[Attached]:
    rate_per_s = wish.rate_per_s or default_rate_per_s(wish.speed)
    if wish.emulate:
        options = Options(
            stack=wish.stack,
            project_dir=wish.project_dir,
            config_file=wish.config_file,
            release=wish.release,
            scenario=None,
            speed=wish.speed,
            seed=wish.seed,
            rate_per_s=rate_per_s,
            out=wish.project_dir,
        )
        with emulated(options, progress) as attached:
            yield attached
        return
    progress.step(f"read stack {wish.stack}")
    reach = Reach(
        outputs=wish.outputs,
        name_server=wish.name_server,
        https_port=wish.https_port,
        ca_file=wish.ca_file,
        speed=wish.speed,
        rate_per_s=rate_per_s,
        seed=wish.seed,
    )
    with deployed(wish.project_dir, wish.stack, reach) as attached:
        yield attached


def _finished_first(
    wish: Wish, stepper: Stepper, world: LaptopWorld, progress: Progress
) -> Drill | None:
    """Finish what a dead drill left. Looks and says so, and changes nothing, in a dry run."""
    left = stepper.unfinished()
    if left is None and wish.recover:
        left = _silent(stepper, world, progress)
    if left is None:
        return None
    if not (wish.execute or wish.recover):
        progress.note(
            f"drill {left.id} was left in step {left.step}: --execute or --recover takes it back"
        )
        return None
    return finish(stepper, world, left, progress)


def _kept(
    attached: Attached, recovered: Drill, out: Path, next_one: Experiment | None, progress: Progress
) -> Path | None:
    """Keep the journal of a drill that was taken back, beside that of the next one if there is one.

    One that was refused has changed nothing, and leaves none.
    """
    if recovered.verdict == "refused":
        return None
    folder = out if next_one is None else out / recovered.id
    write(journal_of_recovered(attached, recovered, CATALOGUE[recovered.experiment]), folder)
    progress.note(f"what became of drill {recovered.id} is in {folder / 'journal.json'}")
    return folder


def _silent(stepper: Stepper, world: LaptopWorld, progress: Progress) -> Drill | None:
    """Give the drill that holds the lock, if it writes nothing while it is looked at."""
    lock = stepper.ledger.lock()
    if lock is None:
        return None
    progress.step(f"see whether drill {lock.holder} of {lock.owner} still runs")
    world.watch(STALE_LOOK_S)
    now = stepper.ledger.lock()
    if now is None:
        return None
    if now.version != lock.version:
        raise WishError(f"drill {now.holder} of {now.owner} runs: end it there first")
    return stepper.ledger.drill(now.holder)


def _planned(
    stepper: Stepper, experiment: Experiment, options: dict[str, str], name: str, rate: float
) -> PlanText:
    world, ground = stepper.world, stepper.ground
    hit = options.get("region", ground.primary.region)
    ground.place(hit)
    reasons = list(refusals(world, ground, experiment, stepper.asked, hit))
    lock = stepper.ledger.lock()
    if lock is not None and stepper.lives(lock):
        reasons.append(f"drill {lock.holder} of {lock.owner} is running")
    drill = Drill(id=name, experiment=experiment.name, options=options, began_s=world.now_s())
    try:
        changes = tuple(change.what for change in experiment.plan(world, ground, drill))
    except CallError as error:
        reasons, changes = [*reasons, f"the changes cannot be planned: {error}"], ()
    return PlanText(
        drill=name,
        experiment=experiment,
        ground=ground,
        options=options,
        changes=changes,
        refusals=tuple(reasons),
        rate_per_s=rate,
    )
