"""The command `runbook`: its options checked, its stack found, its pages printed or written."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resilience.command_line import MET, MISSED, USAGE, say
from resilience.oncall import options as shared  # noqa: TC001 - typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resilience.deployed_stack import DeployedStack
    from resilience.runbooks.page import Page
    from resilience.runbooks.render import Runbook
    from resilience.runbooks.rendering import Rendered, Wish

NameArgument = Annotated[
    str | None,
    typer.Argument(
        help="Which runbook; --list lists them. All of them unless given, into --out.",
        show_default=False,
    ),
]
RegionOption = Annotated[
    str | None,
    typer.Option(
        help="Where the alarm fired, or the Region that is worked on. Unless given, the primary "
        "Region for one runbook, and every Region for all.",
        show_default=False,
    ),
]
AboutOption = Annotated[
    str | None,
    typer.Option(
        help="The Region that the alarm is about, or that helps out; the next one in the stack's "
        "order unless given.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        help="Write into this folder, a folder for each Region and an index.",
        file_okay=False,
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the runbooks, with their commands, as JSON.")
]
ListOption = Annotated[bool, typer.Option("--list", help="List the runbooks; read no stack.")]


def runbook(  # noqa: PLR0913 - one argument an option
    *,
    name: NameArgument = None,
    region: RegionOption = None,
    about: AboutOption = None,
    stack: shared.StackOption = "staging",
    outputs: shared.OutputsOption = None,
    snapshot: shared.SnapshotOption = None,
    project: shared.ProjectOption = Path(),
    lost: shared.LostOption = None,
    out: OutOption = None,
    list_them: ListOption = False,
    as_json: JsonOption = False,
) -> None:
    """Render a runbook with the names of a deployed stack: what to type at 3 a.m.

    Finds the stack as `status` does, and asks AWS whether every name in the page is there; a Region
    that does not answer is no obstacle, and the page says what could not be seen. Makes only reads.
    Runbooks of what the stack's settings leave out are left out too, and it is said.
    Exit codes: 0 rendered, 1 a name is not deployed, 2 bad usage or no such stack.
    """
    from resilience.deployed_stack import Wanted
    from resilience.oncall.place import found as find
    from resilience.runbooks.rendering import Wish

    pages = _pages(name)
    if list_them:
        typer.echo(_listed(pages))
        raise typer.Exit(MET)
    if name is None and out is None and not as_json:
        raise typer.BadParameter(
            "all runbooks are too many for a terminal: name one, or a folder with --out",
            param_hint="NAME",
        )
    deployed = find(
        Wanted(
            stack=stack,
            outputs=outputs,
            snapshot=snapshot,
            project_dir=project,
            lost=frozenset(lost or ()),
        )
    )
    for each in deployed.missing:
        say(f"as it was before: {each}")
    if region is None and name is not None:
        region = deployed.topology.primary.region
    options = _options(stack, outputs, snapshot)
    wish = Wish(topology=deployed.topology, region=region, about=about, options=options)
    rendered = _rendered(deployed, wish, pages)
    found = [runbook for each in rendered for runbook in each.runbooks]
    left_out = {slug: why for each in rendered for slug, why in each.left_out.items()}
    for slug, why in left_out.items():
        say(f"no runbook {slug}: {why}")
    if not found:
        raise typer.Exit(MISSED)
    if out is not None:
        _write(found, left_out, wish, out)
    if as_json:
        typer.echo(json.dumps([_shown(each) for each in found], indent=2))
    elif out is None:
        typer.echo("\n\n".join(each.text for each in found))
    else:
        say(f"{len(found)} runbooks: {out / 'index.md'}")


def _pages(name: str | None) -> Sequence[Page]:
    from resilience.runbooks.book import NoSuchRunbookError, read, read_all

    try:
        return read_all() if name is None else [read(name)]
    except NoSuchRunbookError as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from error


def _listed(pages: Sequence[Page]) -> str:
    width = max(len(page.slug) for page in pages)
    return "\n".join(f"{page.slug:{width}}  {page.title}" for page in pages)


def _options(stack: str, outputs: Path | None, snapshot: Path | None) -> str:
    """Say how the other commands find the same stack."""
    found = ["--stack", stack]
    if outputs is not None:
        found += ["--outputs", str(outputs.resolve())]
    if snapshot is not None:
        found += ["--snapshot", str(snapshot.resolve())]
    return shlex.join(found)


def _rendered(deployed: DeployedStack, wish: Wish, pages: Sequence[Page]) -> Sequence[Rendered]:
    from resilience.runbooks.rendering import NotDeployedError, rendered
    from resilience.topology import TopologyError

    try:
        return [rendered(deployed.aws, pages, place) for place in wish.places()]
    except TopologyError as error:
        say(str(error))
        raise typer.Exit(USAGE) from error
    except NotDeployedError as error:
        say(str(error))
        raise typer.Exit(MISSED) from error


def _write(runbooks: Sequence[Runbook], left_out: Mapping[str, str], wish: Wish, out: Path) -> None:
    from resilience.journal import write_atomically
    from resilience.runbooks.render import index

    for each in runbooks:
        write_atomically(out / each.region / f"{each.slug}.md", each.text)
    write_atomically(out / "index.md", index(runbooks, left_out, wish.places()[0]))


def _shown(runbook: Runbook) -> dict[str, object]:
    return {
        "name": runbook.slug,
        "title": runbook.title,
        "region": runbook.region,
        "text": runbook.text,
        "commands": [
            {
                "section": block.section,
                "command": block.command,
                "prints": block.expected,
                "within_s": block.within_s,
                "needs": block.needs,
            }
            for block in runbook.blocks
        ],
        "not_seen": list(runbook.seen.unseen),
    }
