"""The command `restore`: its options checked, its plan shown, its outcome written down."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

import typer

from resilience.command_line import ProjectOption  # noqa: TC001 - typer reads the annotations
from resilience.restore import flags  # noqa: TC001 - typer reads the annotations
from resilience.restore.kinds import Origin, Purpose

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
    from resilience.restore.run import Asked, Run, Source, answered

    moment = None if at is None else _moment(at)
    if rehearse and (origin is not Origin.BACKUP or moment or into or switch):
        raise typer.BadParameter(
            "got --from, --at, --into or --switch with it; expected none of them: the newest copy "
            "is rehearsed, in a place that goes",
            param_hint="--rehearse",
        )
    if origin is Origin.POINT_IN_TIME and moment is None and not list_only:
        raise typer.BadParameter(
            "got none; expected the moment that is wanted back with --from point-in-time",
            param_hint="--at",
        )
    asked = Asked(
        by=by,
        reason=reason,
        into=into,
        switch=switch,
        trusted=trust_restored,
        stated={} if digests is None else _stated(digests),
    )
    run = Run(
        what=what,
        origin=origin,
        at=moment,
        region=region,
        asked=asked,
        within_s=within,
        yes=yes,
        purpose=Purpose.REHEARSAL if rehearse else Purpose.RESTORE,
        project=project.resolve(),
        as_json=as_json,
    )
    source = Source(stack=stack, outputs=outputs, snapshot=snapshot)
    raise typer.Exit(answered(lambda: run.carry_out(source, out, discard, list_only=list_only)))


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
