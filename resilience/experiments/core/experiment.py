"""What an experiment is: whom it hits, what it changes, what it waits for, what it promises."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from resilience.experiments.core.memory import Expected
from resilience.measurement import Marks, Steady, recovery_time_s

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from resilience.experiments.core.change import Change
    from resilience.experiments.core.ground import Ground, Place
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World
    from resilience.records import Probe

STEADY: Final = Steady()


class OptionError(Exception):
    """An option that an experiment does not have, or a value that it does not know."""


@dataclass(frozen=True, kw_only=True)
class View:
    """What an experiment sees of its drill while it runs. `probes` are all so far."""

    world: World
    ground: Ground
    drill: Drill
    probes: tuple[Probe, ...]

    @property
    def target(self) -> Place:
        """The Region that is hit."""
        return self.ground.place(self.drill.options.get("region", self.ground.primary.region))

    @property
    def onset_s(self) -> float:
        """When the first change was made."""
        return self.drill.began_s if self.drill.onset_s is None else self.drill.onset_s

    @property
    def lasted_s(self) -> float:
        """How long the changes have stood."""
        return self.world.now_s() - self.onset_s

    @property
    def recovery_s(self) -> float | None:
        """The recovery time as clients saw it, None while no window held again."""
        until_s = self.drill.until_s or self.world.now_s()
        marks = Marks(onset_s=self.onset_s, until_s=until_s)
        since = [each for each in self.probes if each.scheduled_s >= self.onset_s]
        return recovery_time_s(since, marks, STEADY)

    @property
    def during(self) -> tuple[Probe, ...]:
        """The probes between the first change and its end (or now)."""
        until_s = self.drill.until_s or self.world.now_s()
        return tuple(p for p in self.probes if self.onset_s <= p.scheduled_s < until_s)

    @property
    def latest(self) -> tuple[Probe, ...]:
        """The probes of the newest window that the changes stand."""
        newest_s = max((each.scheduled_s for each in self.during), default=0.0)
        return tuple(p for p in self.during if p.scheduled_s > newest_s - STEADY.window_s)

    def led_away(self) -> bool:
        """Tell whether the name servers lead clients to another Region than the one hit."""
        led, own = self.world.leads_to(), self.world.addresses(self.target.region)
        return led is not None and bool(led) and bool(own) and not led & own


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One experiment. Everything it does to AWS is in `plan`'s changes.

    Attributes:
        name: As the command line has it.
        title: What is claimed, in one sentence.
        description: How it is tried.
        blast: What users may notice at worst.
        choices: Options by name, each with its values; the first is the default.
        plan: Reads what is there and plans the changes. Changes nothing.
        done: Whether enough was seen.
        deadline_s: The longest that the changes stand.
        judge: What is held at the end of the watch, while the changes stand.
        judge_after: What is held once all is taken back.
        recovers: Whether the recovery time is held against the RTO.
        leaves: Whether the Region that is hit is lost or left: numbered writes are made in it, and
            the data loss window is held against the RPO.
        outage_s: The longest outage that clients may have before the drill is stopped; 0 is none.
        spares: Whether a standby without capacity may be drilled on: it is what is looked for.
        needs_backup: Whether it needs a backup that was copied to the standby's Region.
        hurts: Whether it breaks something: a stack must be tagged for that.
        contributions: What it says something about, as Chaos Toolkit has it.
    """

    name: str
    title: str
    description: str
    blast: str
    plan: Callable[[World, Ground, Drill], tuple[Change, ...]]
    done: Callable[[View], bool]
    deadline_s: Callable[[Ground], float]
    judge: Callable[[View], tuple[Expected, ...]] = lambda _: ()
    judge_after: Callable[[View], tuple[Expected, ...]] = lambda _: ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    recovers: bool = False
    leaves: bool = False
    outage_s: Callable[[Ground], float] = lambda ground: ground.rto_s * 2
    spares: bool = False
    needs_backup: bool = False
    hurts: bool = True
    contributions: Mapping[str, str] = field(default_factory=dict[str, str])

    def options(self, given: Mapping[str, str]) -> dict[str, str]:
        """Check options and fill in defaults. `region` may be any; the stack is asked later.

        Raises:
            OptionError: names what is not known, and what is.
        """
        known = {name: values[0] for name, values in self.choices.items()}
        for name, value in given.items():
            if name != "region" and value not in self.choices.get(name, ()):
                wanted = "; ".join(f"{n}: {', '.join(v)}" for n, v in self.choices.items())
                raise OptionError(
                    f"{self.name} has no option {name}={value}: expected {wanted or 'none'}"
                )
        return known | dict(given)

    def stopped_after(self, longest_s: float) -> Experiment:
        """Give the same experiment, stopped after so long an outage if that is sooner."""

        def outage_s(ground: Ground) -> float:
            return min(self.outage_s(ground) or longest_s, longest_s)

        return replace(self, outage_s=outage_s)


def kept_answering(view: View, ratio: float = STEADY.success_ratio) -> Expected:
    """Hold that clients got right answers all along."""
    bad = sum(not each.good for each in view.during)
    held = bool(view.during) and bad <= (1 - ratio) * len(view.during)
    detail = f"{bad} of {len(view.during)} replies were bad"
    return Expected(name="clients do not notice", held=held, detail=detail)


Catalogue: TypeAlias = "Mapping[str, Experiment]"
