"""One run of the command `restore`: what there is, the plan, the question, the outcome."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import typer

from resilience.aws import Aws, AwsError
from resilience.command_line import BROKEN, EXIT_CODES, MET, USAGE, guarded, say
from resilience.journal import default_out, write_journal
from resilience.restore import judged, report, sources, told
from resilience.restore.account import find
from resilience.restore.drill import rehearse
from resilience.restore.engine import Asked, Engine
from resilience.restore.errors import RestoreFailedError, RestoreRefusedError
from resilience.restore.kinds import Origin, Purpose, What

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from resilience.progress import Progress
    from resilience.restore.order import Order
    from resilience.restore.record import Restore


def answered(command: Callable[[], int]) -> int:
    """Turn what ends a restore into its exit code."""
    try:
        return command()
    except RestoreRefusedError as error:
        say(str(error))
        return USAGE
    except (RestoreFailedError, AwsError) as error:
        say(f"not restored: {error}")
        return BROKEN


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the stack is found."""

    stack: str
    outputs: Path | None
    snapshot: Path | None


@dataclass(kw_only=True)
class Run:
    """One run of the command."""

    what: What
    origin: Origin
    at: datetime | None
    region: str | None
    asked: Asked
    within_s: float
    yes: bool
    purpose: Purpose
    project: Path
    as_json: bool

    def carry_out(
        self, source: Source, out: Path | None, discard: str | None, *, list_only: bool
    ) -> int:
        """Do what was asked for; the exit code."""
        aws = Aws(os.environ)
        files = {"outputs": source.outputs, "snapshot": source.snapshot}
        stock, who = find(aws, self.project, source.stack, **files)
        self.asked = replace(self.asked, by=self.asked.by or who.arn)
        engine = Engine(aws=aws, stock=stock)
        if list_only:
            return self.show(engine)
        if discard is not None:
            return self.discard(engine, discard)
        return self.restore(engine, out or default_out("restore"))

    def show(self, engine: Engine) -> int:
        """List what there is. Reads only."""
        known = sources.look(engine.aws, engine.stock, self.what, now=engine.now())
        lines = [*told.listed(known, now=engine.now()), *told.left_over(engine, self.what)]
        typer.echo(json.dumps(told.as_json(known)) if self.as_json else "\n".join(lines))
        return MET

    def discard(self, engine: Engine, place: str) -> int:
        """Delete a place. Changes AWS state."""
        if self.region is None:
            raise typer.BadParameter(
                "got none; expected the Region that the place is in", param_hint="--region"
            )
        self._confirm([f"delete {place} in {self.region} with everything in it"])
        deleted = engine.discard(self.what, self.region, place)
        typer.echo(f"deleted {place} in {self.region}: {deleted} versions or tables")
        return MET

    def restore(self, engine: Engine, folder: Path) -> int:
        """Restore, or rehearse it. Changes AWS state."""
        known = sources.look(engine.aws, engine.stock, self.what, now=engine.now())
        order = self._order(known)
        stock = engine.stock
        live = stock.name(order.what, order.region)
        plan = told.plan(order, self.asked, prefix=stock.prefix, live=live, within_s=self.within_s)
        self._confirm([*told.listed(known, now=engine.now()), *plan])
        run = judged.Facts(stack=stock.stack, within_s=self.within_s, project_dir=self.project)
        try:
            found = self._carried_out(engine, order)
        except (RestoreFailedError, AwsError) as error:
            broken = judged.broken(order, self.asked, str(error), run)
            write_journal(broken, folder / "journal.json")
            raise
        journal = judged.journal_of(found, run)
        write_journal(journal, folder / "journal.json")
        report.write_report(journal, folder / "report.html")
        if self.as_json:
            summary = {**journal.summary(), "missed": journal.missed(), "out": str(folder)}
            typer.echo(json.dumps(summary))
        else:
            lines = told.outcome(found, within_s=self.within_s)
            typer.echo("\n".join([*lines, f"report   {folder / 'report.html'}"]))
        return EXIT_CODES[journal.verdict]

    def _order(self, known: sources.Sources) -> Order:
        if self.origin is Origin.POINT_IN_TIME and self.at is not None:
            return sources.to_point_in_time(known, at=self.at, region=self.region)
        return sources.from_backup(known, at=self.at, region=self.region, purpose=self.purpose)

    def _carried_out(self, engine: Engine, order: Order) -> Restore:
        def carry_out(progress: Progress) -> Restore:
            engine.step = progress.step
            if self.purpose is Purpose.RESTORE:
                return engine.restore(order, self.asked)
            by, reason = self.asked.by, self.asked.reason
            return rehearse(engine, order.what, by=by, reason=reason, region=order.region)

        return guarded(carry_out)

    def _confirm(self, plan: list[str]) -> None:
        """Show what will be done, and ask."""
        say(*plan)
        if not self.asked.reason.strip():
            raise typer.BadParameter(
                "got none; expected why this is done, for the journal", param_hint="--reason"
            )
        if self.yes:
            return
        if not sys.stdin.isatty():
            raise RestoreRefusedError(
                "nobody is there to be asked, and --yes was not given: nothing was done"
            )
        if not typer.confirm("do this?", err=True):
            raise RestoreRefusedError("nothing was done")
