"""The commands that give the observers a word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resilience import client_options as clients
from resilience.command_line import positive
from resilience.failover import IntentKind
from resilience.oncall import options as shared  # noqa: TC001 - typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Callable

RegionArgument = Annotated[str, typer.Argument(help="The Region that it is about.")]
WithinOption = Annotated[
    float | None,
    typer.Option(
        help="Seconds to wait for it to be done; as long as the stack's own settings may take "
        "unless given. The word stands after that, too.",
        callback=positive,
        show_default=False,
    ),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Ask no gate, and no refuge: at once, and knowingly.")
]

_EXIT_CODES = (
    "Exit codes: 0 done, 1 not done in time (the word stands), 2 bad usage or not agreed to."
)


def evacuate(  # noqa: PLR0913 - one argument an option
    region: RegionArgument,
    *,
    reason: shared.ReasonOption,
    by: shared.ByOption = None,
    force: ForceOption = False,
    directly: Annotated[
        bool,
        typer.Option(
            "--directly",
            help="Write the evacuation flag itself: for when no observer is alive to do it.",
        ),
    ] = False,
    stack: shared.StackOption = "staging",
    outputs: shared.OutputsOption = None,
    snapshot: shared.SnapshotOption = None,
    project: shared.ProjectOption = Path(),
    lost: shared.LostOption = None,
    name_server: clients.NameServerOption = None,
    https_port: clients.HttpsPortOption = clients.HTTPS_PORT,
    ca_file: clients.CaFileOption = None,
    within: WithinOption = None,
    yes: shared.YesOption = False,
    as_json: shared.JsonOption = False,
    out: shared.OutOption = None,
) -> None:
    """Lead clients away from a Region, and keep them away: the observers are told to.

    Calls data planes of other Regions only: none leaves for REGION, and none for a control plane
    if the stack was read before. Shows what the observers do with the word, until DNS and clients
    have moved.
    Exit codes: 0 done, 1 not done in time (the word stands) or refused by the observers, 2 bad
    usage or not agreed to.
    """
    from resilience.oncall.place import found, where
    from resilience.oncall.speaking import Asked, speak

    here = where(
        stack=stack,
        outputs=outputs,
        snapshot=snapshot,
        project=project,
        lost=(region, *(lost or ())),
        name_server=name_server,
        https_port=https_port,
        ca_file=ca_file,
        remembered=True,
    )
    asked = Asked(
        kind=IntentKind.EVACUATE,
        target=region,
        reason=reason,
        by=by,
        forced=force,
        directly=directly,
        yes=yes,
        within_s=within,
        as_json=as_json,
        out=out,
    )
    raise typer.Exit(speak(asked, found(here.wanted), here.outside))


def failback(  # noqa: PLR0913 - one argument an option
    region: Annotated[
        str | None,
        typer.Argument(help="The Region; the only one that is evacuated unless given."),
    ] = None,
    *,
    reason: shared.ReasonOption,
    by: shared.ByOption = None,
    force: ForceOption = False,
    stack: shared.StackOption = "staging",
    outputs: shared.OutputsOption = None,
    snapshot: shared.SnapshotOption = None,
    project: shared.ProjectOption = Path(),
    lost: shared.LostOption = None,
    name_server: clients.NameServerOption = None,
    https_port: clients.HttpsPortOption = clients.HTTPS_PORT,
    ca_file: clients.CaFileOption = None,
    within: WithinOption = None,
    yes: shared.YesOption = False,
    as_json: shared.JsonOption = False,
    out: shared.OutOption = None,
) -> None:
    """Give a Region its traffic back, through the gates: the observers are told to.

    Shows each gate, open or shut, as each watcher sees it, and what is waited for. With --force no
    gate is asked.
    Exit codes: 0 done, 1 a gate is shut or it is not done in time (the word stands), 2 bad usage
    or not agreed to.
    """
    from resilience.oncall.place import found, where
    from resilience.oncall.speaking import Asked, speak

    here = where(
        stack=stack,
        outputs=outputs,
        snapshot=snapshot,
        project=project,
        lost=tuple(lost or ()),
        name_server=name_server,
        https_port=https_port,
        ca_file=ca_file,
        remembered=True,
    )
    asked = Asked(
        kind=IntentKind.FAILBACK,
        target=region or "",
        reason=reason,
        by=by,
        forced=force,
        yes=yes,
        within_s=within,
        as_json=as_json,
        out=out,
    )
    raise typer.Exit(speak(asked, found(here.wanted), here.outside))


def _plain(kind: IntentKind, text: str) -> Callable[..., None]:
    """Make the command of a word that has no options of its own."""

    def command(  # noqa: PLR0913 - one argument an option
        region: RegionArgument,
        *,
        reason: shared.ReasonOption,
        by: shared.ByOption = None,
        stack: shared.StackOption = "staging",
        outputs: shared.OutputsOption = None,
        snapshot: shared.SnapshotOption = None,
        project: shared.ProjectOption = Path(),
        lost: shared.LostOption = None,
        name_server: clients.NameServerOption = None,
        https_port: clients.HttpsPortOption = clients.HTTPS_PORT,
        ca_file: clients.CaFileOption = None,
        within: WithinOption = None,
        yes: shared.YesOption = False,
        as_json: shared.JsonOption = False,
        out: shared.OutOption = None,
    ) -> None:
        from resilience.oncall.place import found, where
        from resilience.oncall.speaking import Asked, speak

        here = where(
            stack=stack,
            outputs=outputs,
            snapshot=snapshot,
            project=project,
            lost=tuple(lost or ()),
            name_server=name_server,
            https_port=https_port,
            ca_file=ca_file,
            remembered=True,
        )
        asked = Asked(
            kind=kind,
            target=region,
            reason=reason,
            by=by,
            yes=yes,
            within_s=within,
            as_json=as_json,
            out=out,
        )
        raise typer.Exit(speak(asked, found(here.wanted), here.outside))

    command.__name__ = kind.value
    command.__doc__ = f"{text}\n\n{_EXIT_CODES}"
    return command


withdraw = _plain(IntentKind.WITHDRAW, "Give up a failback that waits for its gates.")
hold = _plain(
    IntentKind.HOLD, "Keep automation off a Region: it moves no traffic to it or away from it."
)
resume = _plain(IntentKind.RESUME, "Let automation move a Region's traffic again, after a hold.")
promote = _plain(
    IntentKind.PROMOTE,
    "Make a Region hold the epoch, whoever held it before: work that must run once runs there.",
)

COMMANDS: tuple[Callable[..., None], ...] = (evacuate, failback, withdraw, hold, resume, promote)
