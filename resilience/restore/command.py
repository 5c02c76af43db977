"""The command `restore`: its options checked, its plan shown, its outcome written down."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import typer

from resilience.aws import Aws, AwsError
from resilience.command_line import (
    BROKEN,
    EXIT_CODES,
    MET,
    USAGE,
    ProjectOption,
    guarded,
    say,
)
from resilience.restore import (
    flags,
    sources,
    told,
)
from resilience.restore.account import find
from resilience.restore.drill import rehearse as rehearsed
from resilience.restore.engine import Asked, Engine
from resilience.restore.errors import RestoreFailedError, RestoreRefusedError
from resilience.restore.order import Order, Origin, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.progress import Progress
    from resilience.restore.record import Restore
    from resilience.restore.stock import What

WITHIN_S: Final = 3600.0
"""The objective unless another is given: an hour until everything is verified."""

_DIGEST_LENGTH: Final = 64


def restore(  # noqa: PLR0913 - one argument an option
    *,
    what: flags.WhatOption,
    stack: flags.StackOption = "staging",
    project: ProjectOption = Path(),
    outputs: flags.OutputsOption = None,
    snapshot: flags.SnapshotOption = None,
    origin: flags.FromOption = Origin.BACKUP,
    at: flags.AtOption = None,
    region: flags.RegionOption = None,
    into: flags.IntoOption = None,
    switch: flags.SwitchOption = False,
    trust_restored: flags.TrustOption = False,
    digests: flags.DigestsOption = None,
    within: flags.WithinOption = WITHIN_S,
    reason: flags.ReasonOption = "",
    by: flags.ByOption = "",
    yes: flags.YesOption = False,
    list_only: flags.ListOption = False,
    rehearse: flags.RehearseOption = False,
    discard: flags.DiscardOption = None,
    out: flags.RestoreOutOption = None,
    as_json: flags.JsonOption = False,
) -> None:
    """Restore predictions, releases or the table into an empty place, verify it, then switch.

    From the newest backup, or as it was at a moment; what was corrupted has replicated, so name
    one before. Interrupted, run the same again: it goes on. Only what is verified by digest and
    count counts as restored, and only --switch brings it back into what serves.
    """
    wanted = Asked(
        by=by,
        reason=reason,
        into=into,
        switch=switch,
        trusted=trust_restored,
        stated={} if digests is None else _stated(digests),
    )
    moment = None if at is None else _moment(at)
    if origin is Origin.POINT_IN_TIME and moment is None and not list_only:
        raise typer.BadParameter(
            "got none; expected the moment that is wanted back with --from point-in-time",
            param_hint="--at",
        )
    run = _Run(
        what=what,
        origin=origin,
        at=moment,
        region=region,
        asked=wanted,
        within_s=within,
        yes=yes,
        purpose=Purpose.REHEARSAL if rehearse else Purpose.RESTORE,
    )

    def carry_out() -> int:
        engine, run.asked = _engine(project.resolve(), stack, outputs, snapshot, wanted)
        if list_only:
            return run.show(engine, as_json=as_json)
        if discard is not None:
            return run.discard(engine, discard)
        return run.restore(engine, out, project, as_json=as_json)

    raise typer.Exit(_answered(carry_out))


def _answered(command: Callable[[], int]) -> int:
    """Turn what ends a restore into its exit code."""
    try:
        return command()
    except RestoreRefusedError as error:
        say(str(error))
        return USAGE
    except (RestoreFailedError, AwsError) as error:
        say(f"not restored: {error}")
        return BROKEN


class _Run:
    """One run of the command."""

    def __init__(  # noqa: PLR0913 - what was asked for
        self,
        *,
        what: What,
        origin: Origin,
        at: datetime | None,
        region: str | None,
        asked: Asked,
        within_s: float,
        yes: bool,
        purpose: Purpose,
    ) -> None:
        self.asked = asked
        self._what = what
        self._origin = origin
        self._at = at
        self._region = region
        self._within_s = within_s
        self._yes = yes
        self._purpose = purpose

    def show(self, engine: Engine, *, as_json: bool) -> int:
        """List what there is. Reads only."""
        known = sources.look(engine.aws, engine.stock, self._what, now=engine.now())
        lines = [*told.listed(known, now=engine.now()), *told.left_over(engine, self._what)]
        typer.echo(json.dumps(told.as_json(known)) if as_json else "\n".join(lines))
        return MET

    def discard(self, engine: Engine, place: str) -> int:
        """Delete a place. Changes AWS state."""
        if self._region is None:
            raise typer.BadParameter(
                "got none; expected the Region that the place is in", param_hint="--region"
            )
        self._confirm([f"delete {place} in {self._region} with everything in it"])
        deleted = engine.discard(self._what, self._region, place)
        typer.echo(f"deleted {place} in {self._region}: {deleted} versions or tables")
        return MET

    def restore(self, engine: Engine, out: Path | None, project: Path, *, as_json: bool) -> int:
        """Restore, or rehearse it. Changes AWS state."""
        from resilience.journal import default_out, write_journal
        from resilience.restore import judged, report

        known = sources.look(engine.aws, engine.stock, self._what, now=engine.now())
        order = self._order(known)
        stock = engine.stock
        live = stock.name(order.what, order.region)
        plan = told.plan(order, self.asked, prefix=stock.prefix, live=live, within_s=self._within_s)
        self._confirm([*told.listed(known, now=engine.now()), *plan])
        folder = out or default_out("restore")
        run = judged.Facts(stack=stock.stack, within_s=self._within_s, project_dir=project)
        try:
            found = self._carried_out(engine, order)
        except (RestoreFailedError, AwsError) as error:
            broken = judged.broken(order, self.asked, str(error), run)
            write_journal(broken, folder / "journal.json")
            raise
        journal = judged.journal_of(found, run)
        write_journal(journal, folder / "journal.json")
        report.write_report(journal, folder / "report.html")
        if as_json:
            summary = {**journal.summary(), "missed": journal.missed(), "out": str(folder)}
            typer.echo(json.dumps(summary))
        else:
            lines = told.outcome(found, within_s=self._within_s)
            typer.echo("\n".join([*lines, f"report   {folder / 'report.html'}"]))
        return EXIT_CODES[journal.verdict]

    def _order(self, known: sources.Sources) -> Order:
        if self._origin is Origin.POINT_IN_TIME and self._at is not None:
            return sources.to_point_in_time(known, at=self._at, region=self._region)
        return sources.from_backup(known, at=self._at, region=self._region, purpose=self._purpose)

    def _carried_out(self, engine: Engine, order: Order) -> Restore:
        def carry_out(progress: Progress) -> Restore:
            engine.step = progress.step
            if self._purpose is Purpose.RESTORE:
                return engine.restore(order, self.asked)
            by, reason = self.asked.by, self.asked.reason
            return rehearsed(engine, order.what, by=by, reason=reason, region=order.region)

        return guarded(carry_out)

    def _confirm(self, plan: list[str]) -> None:
        """Show what will be done, and ask."""
        say(*plan)
        if not self.asked.reason.strip():
            raise typer.BadParameter(
                "got none; expected why this is done, for the journal", param_hint="--reason"
            )
        if self._yes:
            return
        if not sys.stdin.isatty():
            raise RestoreRefusedError(
                "nobody is there to be asked, and --yes was not given: nothing was done"
            )
        if not typer.confirm("do this?", err=True):
            raise RestoreRefusedError("nothing was done")


def _engine(
    project: Path, stack: str, outputs: Path | None, snapshot: Path | None, asked: Asked
) -> tuple[Engine, Asked]:
    """Find the stack, and who asks."""
    from dataclasses import replace

    aws = Aws(os.environ)
    stock, who = find(aws, project, stack, outputs=outputs, snapshot=snapshot)
    return Engine(aws=aws, stock=stock), replace(asked, by=asked.by or who.arn)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        _wrong_moment(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _wrong_moment(text: str) -> NoReturn:
    raise typer.BadParameter(
        f"got {text!r}; expected a time in ISO 8601, for example 2026-11-28T21:00:00Z",
        param_hint="--at",
    )


def _stated(path: Path) -> dict[str, str]:
    """Read digests as `sha256sum` prints them: digest, two spaces (or ` *`), name."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        digest, key = line[:_DIGEST_LENGTH], line[_DIGEST_LENGTH + 2 :]
        if not key or set(digest) - set("0123456789abcdef"):
            raise typer.BadParameter(
                f"line {number} of {path} is {line!r}; expected what sha256sum prints: 64 digits "
                "in lower-case hex, two spaces, and the object's key",
                param_hint="--digests",
            )
        found[key] = digest
    return found
