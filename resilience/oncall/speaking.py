"""An operator's word, from the command line to the clients: shown, agreed to, given, followed.

A word that stands already is not given again but followed, so a command that was interrupted is
resumed by typing it again.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import typer

from resilience import intents
from resilience.aws import AwsError
from resilience.command_line import MET, MISSED, USAGE, say
from resilience.failover import FLAGGED, IntentKind
from resilience.oncall import outside as clients
from resilience.oncall.consent import agreed, who
from resilience.oncall.diary import Diary, Entry
from resilience.oncall.directly import BYPASSED, alive, set_flag
from resilience.oncall.following import Followed, default_within_s, follow, give, standing
from resilience.oncall.looking import limits_of
from resilience.oncall.moment import Moment, Moments
from resilience.oncall.table_view import OpenWord
from resilience.resolver import ResolutionError
from resilience.topology import TopologyError
from resilience.topology_cache import TopologyCache

if TYPE_CHECKING:
    from pathlib import Path

    from resilience.deployed_stack import DeployedStack
    from resilience.failover import Intent
    from resilience.oncall.outside import Outside

_REFUGE_TRIES: Final = 3  # one lost answer does not make a Region that serves none

_UNDO: Final = {
    IntentKind.EVACUATE: "./run failback {target}",
    IntentKind.FAILBACK: "./run withdraw {target} while it waits, ./run evacuate {target} after",
    IntentKind.WITHDRAW: "./run failback {target}",
    IntentKind.HOLD: "./run resume {target}",
    IntentKind.RESUME: "./run hold {target}",
    IntentKind.PROMOTE: "./run promote another Region",
}
_MEANS: Final = {
    IntentKind.EVACUATE: "clients leave {target}, and stay away until a failback",
    IntentKind.FAILBACK: "{target} gets its traffic back once every gate is open",
    IntentKind.WITHDRAW: "a failback of {target} that waits is given up",
    IntentKind.HOLD: "automation moves no traffic to or from {target}",
    IntentKind.RESUME: "automation may move traffic to and from {target} again",
    IntentKind.PROMOTE: "{target} holds the epoch, whoever held it before",
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked on the command line. `target` "" is for the command to find out."""

    kind: IntentKind
    target: str
    reason: str
    by: str | None = None
    forced: bool = False
    directly: bool = False
    yes: bool = False
    within_s: float | None = None
    as_json: bool = False
    out: Path | None = None


def speak(asked: Asked, stack: DeployedStack, outside: Outside) -> int:
    """Do what is asked, and return the exit code. Changes AWS state, and journals who and why."""
    try:
        target = asked.target or only_flagged(stack, outside)
        stack.topology.region(target)
        intent = intents.word(
            asked.kind,
            target,
            by=who(asked.by, stack.caller),
            reason=asked.reason,
            forced=asked.forced,
        )
    except (TopologyError, ValueError) as error:
        say(str(error))
        return USAGE
    return _Speech(asked, intent, stack, outside).run()


def only_flagged(stack: DeployedStack, outside: Outside) -> str:
    """Name the one Region that traffic is kept away from.

    Raises:
        TopologyError: there is none, or more than one.
    """
    first = stack.topology.regions[0].region
    moment = Moments(stack, first, outside, release_path(stack)).now()
    flagged = sorted(
        {
            target
            for observed in moment.merged.observers.values()
            for target, watch in observed.memory.brain.watches.items()
            if watch.phase in FLAGGED
        }
    )
    if len(flagged) != 1:
        names = ", ".join(flagged) or "none"
        raise TopologyError(
            f"traffic is kept away from {names}: expected one Region; name it, for example "
            f"./run failback {first}"
        )
    return flagged[0]


def release_path(stack: DeployedStack) -> Path:
    """Name where the stack's release is kept on this machine."""
    return TopologyCache(os.environ).release(stack.topology.regions[0].function.code_sha256)


class _Speech:
    """One word on its way."""

    def __init__(
        self, asked: Asked, intent: Intent, stack: DeployedStack, outside: Outside
    ) -> None:
        self._asked, self._intent, self._stack, self._outside = asked, intent, stack, outside
        self._topology = stack.topology
        watchers = [each.region for each in self._topology.watchers(intent.target)]
        self._watchers = tuple(each for each in watchers if each not in stack.aws.lost)
        self._moments = Moments(stack, intent.target, outside, release_path(stack))

    def run(self) -> int:
        moment = self._moments.now()
        refused = self._refused(moment)
        if refused is not None:
            say(refused)
            return USAGE if self._asked.directly else MISSED
        known = None if self._asked.directly else standing(moment, self._intent)
        agreed(self._plan(moment, known), yes=self._asked.yes)
        diary = self._diary()
        try:
            word = self._give(moment, known, diary)
            followed = follow(
                word,
                self._moments,
                self._topology,
                self._watchers,
                within_s=self._asked.within_s or default_within_s(self._topology, self._intent),
                tell=lambda text: self._tell(diary, text),
                by_hand=self._asked.directly,
            )
        except AwsError as error:
            diary.line(str(error))
            diary.end("broken")
            say(f"the word could not be given: {error}")
            return MISSED
        except BaseException:
            diary.end("broken")
            raise
        self._close(diary, word, followed)
        return MET if followed.done else MISSED

    def _refused(self, moment: Moment) -> str | None:
        """Say why it is not done at all; None if it may be."""
        if self._intent.kind is not IntentKind.EVACUATE:
            return None
        silent_s = limits_of(self._topology).observer_silent_s
        living = alive(moment.merged, self._watchers, silent_s)
        if not self._asked.directly:
            if living or not self._watchers:
                return None
            return (
                f"no observer that watches {self._intent.target} has looked in the last "
                f"{silent_s:.0f} s, so nobody would carry the word out: write the flag yourself "
                f"with ./run evacuate {self._intent.target} --directly"
            )
        if living and not self._asked.forced:
            return (
                f"the observers in {', '.join(living)} are alive: a word to them does the same and "
                "goes round nothing; leave --directly out, or add --force"
            )
        if not self._asked.forced and not self._refuge():
            return (
                "no other Region answers a golden request right now: the clients would be led "
                "nowhere; --force does it all the same"
            )
        return None

    def _refuge(self) -> bool:
        """Tell whether another Region serves, as a client sees it."""
        release = clients.release_of(self._stack, release_path(self._stack))
        credential = clients.credential_for(self._stack)
        others = [e for e in self._topology.regions if e.region != self._intent.target]
        for region in others * _REFUGE_TRIES:
            try:
                if clients.probe(region.regional_name, release, credential, self._outside).well:
                    return True
            except ResolutionError:
                continue
        return False

    def _plan(self, moment: Moment, known: OpenWord | None) -> tuple[str, ...]:
        intent, stack = self._intent, self._stack
        forced = ", forced: no gate is asked" if intent.forced else ""
        lost = ", ".join(sorted(stack.aws.lost))
        missing = [f"as it was before: {each}" for each in stack.missing]
        seen = f"topology {stack.source}, {stack.seen_at:%Y-%m-%d %H:%M:%S} UTC"
        how: tuple[str, ...] = (
            f"the observers in {', '.join(self._watchers) or 'no Region'} carry it out",
        )
        if self._asked.directly:
            how = ("the flag itself is written, in the first Region that takes it", *BYPASSED)
        if known is not None:
            by, at = known.intent.by, known.written_at
            how = (f"asked already, by {by} at {at}: it is not asked again but followed",)
        where = f"stack {self._topology.stack} in account {stack.account}"
        return (
            f"{intent.kind} {intent.target} of {where}{forced}",
            _MEANS[intent.kind].format(target=intent.target),
            f"clients are sent to {moment.serving or 'nobody knows'} now",
            *how,
            f"asked by {intent.by}, because: {intent.reason}",
            f"undo: {_UNDO[intent.kind].format(target=intent.target)}",
            *((f"no call leaves for {lost}",) if lost else ()),
            seen,
            *missing,
        )

    def _diary(self) -> Diary:
        intent = self._intent
        return Diary(
            Entry(
                kind=intent.kind.value,
                stack=self._topology.stack,
                account=self._stack.account,
                target=intent.target,
                by=intent.by,
                reason=intent.reason,
                forced=intent.forced,
                began_at=datetime.now(UTC),
            ),
            self._asked.out,
        )

    def _give(self, moment: Moment, known: OpenWord | None, diary: Diary) -> OpenWord:
        if known is not None:
            self._tell(diary, f"the word of {known.written_at} stands: following it")
            return known
        if self._asked.directly:
            at = moment.merged.at or datetime.now(UTC)
            intent = self._intent
            took = set_flag(self._stack, intent.target, by=intent.by, reason=intent.reason, at=at)
            self._tell(diary, f"the flag is written in {took}")
            return OpenWord(intent=intent, written_at=at.isoformat(), expires_at=at)
        word, took = give(self._stack, moment, self._intent)
        self._tell(diary, f"the word is written in {took}")
        return word

    def _tell(self, diary: Diary, text: str) -> None:
        diary.line(text)
        line = f"{datetime.now(UTC):%H:%M:%S}  {text}"
        if self._asked.as_json:
            say(line)
        else:
            typer.echo(line)

    def _close(self, diary: Diary, word: OpenWord, followed: Followed) -> None:
        intent = word.intent
        figures: dict[str, Any] = {
            "word": intent.id,
            "took_s": round(followed.took_s, 1),
            "steps": [asdict(step) for step in followed.steps],
            "shut_gates": [
                {"watcher": each.watcher, "gate": gate.name, "detail": gate.detail}
                for each in followed.waiting
                for gate in each.shut
            ],
        }
        diary.end("done" if followed.done else "not done", figures)
        if self._asked.as_json:
            typer.echo(diary.entry.model_dump_json())
            return
        if followed.done:
            typer.echo(f"done: {intent.kind} {intent.target}, in {followed.took_s:.0f} s")
        else:
            open_steps = "; ".join(step.name for step in followed.steps if not step.done)
            typer.echo(
                f"not done after {followed.took_s:.0f} s, the word stands: {open_steps}. Type the "
                "same command again to go on watching"
            )
        typer.echo(f"journal  {diary.path}")
