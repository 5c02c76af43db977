"""The command `drill`: shows what an experiment would do, and with `--execute` does it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from resilience import client_options as clients
from resilience.command_line import (
    BROKEN,
    EXIT_CODES,
    MET,
    USAGE,
    ConfigOption,
    ProjectOption,
    ReleaseOption,
    SeedOption,
    SpeedOption,
    StackOption,
    guarded,
    project_of,
    say,
)
from resilience.experiments import flags

if TYPE_CHECKING:
    from resilience.experiments.session import Ended, Wish
    from resilience.progress import Progress

_EXITS = {**EXIT_CODES, "refused": USAGE, "planned": MET, "recovered": MET}


def drill(  # noqa: PLR0913 - one argument an option
    *,
    stack: StackOption = "staging",
    experiment: flags.ExperimentOption = None,
    options: flags.OptionsOption = None,
    execute: flags.ExecuteOption = False,
    yes: flags.YesOption = False,
    recover: flags.RecoverOption = False,
    list_all: flags.ListOption = False,
    emulate: flags.EmulateOption = False,
    account: flags.AccountOption = None,
    windows: flags.WindowsOption = None,
    blackout_dates: flags.BlackoutOption = None,
    outputs: flags.OutputsOption = None,
    name_server: clients.NameServerOption = None,
    https_port: clients.HttpsPortOption = clients.HTTPS_PORT,
    ca_file: clients.CaFileOption = None,
    chaos_file: flags.ChaosOption = None,
    config_file: ConfigOption = None,
    project: ProjectOption = Path(),
    release: ReleaseOption = None,
    speed: SpeedOption = 1.0,
    seed: SeedOption = 0,
    rate: flags.RateOption = None,
    out: flags.OutOption = None,
    as_json: flags.JsonOption = False,
) -> None:
    """Try an experiment on a deployed stack: break something, watch, put it back, and judge.

    Shows its plan and changes nothing unless --execute is given. A drill that was killed is taken
    back by the next one, or by --recover. With --emulate it needs no AWS account.
    """
    from resilience.experiments.session import Wish

    if list_all:
        _list(as_json=as_json)
        raise typer.Exit(MET)
    if experiment is None and not recover:
        raise typer.BadParameter(
            "none was given; expected one of those that --list shows", param_hint="--experiment"
        )
    wish = Wish(
        stack=stack,
        project_dir=project_of(project, stack, config_file),
        experiment=experiment,
        options=flags.pairs(options),
        execute=execute,
        recover=recover,
        emulate=emulate,
        account=account or "",
        windows=tuple(windows or ()),
        blackout_dates=tuple(blackout_dates or ()),
        outputs=outputs,
        name_server=clients.server_named(name_server),
        https_port=https_port,
        ca_file=ca_file,
        chaos_file=chaos_file,
        config_file=config_file,
        release=release,
        speed=speed,
        seed=seed,
        rate_per_s=rate,
        out=out,
        confirm=None if yes else _confirm,
        show=lambda plan: say(plan.text()),
    )
    ended = guarded(lambda progress: _run(wish, progress))
    _show(wish, ended, as_json=as_json)
    raise typer.Exit(_EXITS.get(ended.verdict, BROKEN))


def _run(wish: Wish, progress: Progress) -> Ended:
    """Run it; end with the exit code that its errors stand for."""
    from resilience.aws import AwsError
    from resilience.experiments.attach import CredentialKindError
    from resilience.experiments.core.ground import GroundError
    from resilience.experiments.core.world import CallError
    from resilience.experiments.drive import UnfinishedError
    from resilience.experiments.session import WishError, run
    from resilience.resolver import NoNameServerError
    from resilience.simulate.source import SourceError

    try:
        return run(wish, progress)
    except (CredentialKindError, GroundError, NoNameServerError, SourceError, WishError) as error:
        say(str(error))
        raise typer.Exit(USAGE) from error
    except (AwsError, CallError, UnfinishedError) as error:
        say(str(error))
        raise typer.Exit(BROKEN) from error


def _confirm(question: str) -> bool:
    """Ask, if there is anybody to ask."""
    if not sys.stdin.isatty():
        say("refused: there is no terminal to ask on; expected --yes with --execute")
        return False
    return typer.confirm(question, err=True)


def _list(*, as_json: bool) -> None:
    from resilience.experiments.catalogue import CATALOGUE

    if as_json:
        shown = [
            {"name": e.name, "title": e.title, "blast": e.blast, "options": dict(e.choices)}
            for e in CATALOGUE.values()
        ]
        typer.echo(json.dumps(shown))
        return
    for each in CATALOGUE.values():
        typer.echo(f"{each.name}\n  {each.title}.\n  {each.description}")
        for name, values in each.choices.items():
            typer.echo(f"  --option {name}={'|'.join(values)}")


def _show(wish: Wish, ended: Ended, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(ended.to_json()))
        return
    if ended.journal is not None and ended.out is not None:
        from rich.console import Console

        from resilience.terminal import show

        show(ended.journal, Console(file=sys.stdout), ended.out)
    elif ended.verdict == "planned":
        say(f"nothing was changed: this is a dry run; add --execute to drill {wish.stack}")
    else:
        say(f"{ended.verdict}: {ended.why}")
