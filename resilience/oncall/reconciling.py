"""Finds what a Region acknowledged and another one lacks, shows it, and replays it if wanted."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from resilience.aws import AwsError, AwsUnreachableError
from resilience.command_line import BROKEN, MET, MISSED, USAGE, say
from resilience.oncall.consent import agreed, who
from resilience.oncall.copies import read_copying
from resilience.oncall.diary import Diary, Entry
from resilience.oncall.lacking import (
    Lacking,
    items,
    lacking_items,
    lacking_objects,
    total_bytes,
    versions,
)
from resilience.oncall.replaying import Checkpoint, Replay, Replayed, name_of
from resilience.oncall.speaking import only_flagged
from resilience.topology import TopologyError

if TYPE_CHECKING:
    from resilience.deployed_stack import DeployedStack
    from resilience.oncall.outside import Outside
    from resilience.topology import Region, Topology

SHOWN: Final = 10


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked on the command line. "" is for the command to find out."""

    source: str
    into: str
    reason: str
    by: str | None
    only_list: bool
    yes: bool
    as_json: bool
    checkpoint: Path | None
    out: Path | None


def reconcile(asked: Asked, stack: DeployedStack, outside: Outside) -> int:
    """Do what is asked, and return the exit code."""
    try:
        source, destination = _two(asked, stack, outside)
    except TopologyError as error:
        say(str(error))
        return USAGE
    try:
        lacking = find_lacking(stack, source, destination)
    except AwsUnreachableError as error:
        say(*_unreachable(stack, source, destination, error))
        return MISSED
    except AwsError as error:
        say(f"what {source.region} has cannot be compared: {error}")
        return BROKEN
    _say_what(lacking, asked)
    if asked.only_list or not lacking.count:
        if asked.as_json:
            typer.echo(json.dumps(figures_of(lacking, None)))
        return MISSED if lacking.count else MET
    return _replay(asked, stack, source, destination, lacking)


def find_lacking(stack: DeployedStack, source: Region, destination: Region) -> Lacking:
    """Compare two Regions. Reads only.

    Raises:
        AwsError: one of them does not answer, or refuses.
    """
    aws, table = stack.aws, stack.topology.table_name
    there = versions(aws, source.region, source.prediction_bucket.name)
    here = versions(aws, destination.region, destination.prediction_bucket.name)
    items_there = items(aws, source.region, table) if table else {}
    items_here = items(aws, destination.region, table) if table else {}
    return Lacking(
        source=source.region,
        destination=destination.region,
        objects=lacking_objects(there, here),
        items=lacking_items(items_there, items_here, datetime.now(UTC).timestamp()),
    )


def figures_of(lacking: Lacking, replayed: Replayed | None) -> dict[str, Any]:
    """Give how many, how much and how old, and what came of a replay, as plain JSON values."""
    oldest = lacking.oldest()
    return {
        "version": 1,
        "source": lacking.source,
        "destination": lacking.destination,
        "objects": len(lacking.objects),
        "object_bytes": total_bytes(lacking.objects),
        "items": len(lacking.items),
        "oldest_written_at": None if oldest is None else oldest.isoformat(),
        "replayed": None if replayed is None else asdict(replayed),
    }


def _two(asked: Asked, stack: DeployedStack, outside: Outside) -> tuple[Region, Region]:
    topology = stack.topology
    source = topology.region(asked.source or only_flagged(stack, outside))
    destination = topology.region(asked.into or _other(topology, source))
    if source == destination:
        raise TopologyError(f"{source.region} lacks nothing of its own: expected two Regions")
    return source, destination


def _other(topology: Topology, source: Region) -> str:
    """Choose the Region that took over: the first by preference that is not the source."""
    order = topology.order or topology.regions
    return next(region.region for region in order if region != source)


def _unreachable(
    stack: DeployedStack, source: Region, destination: Region, error: AwsUnreachableError
) -> list[str]:
    """Say what is known while the Region is gone: what S3 said of it last."""
    lines = [
        f"{error.call.region} does not answer ({error})",
        "what it holds alone can be listed when it is back: type the same command again then",
    ]
    try:
        ways = read_copying(stack.aws, stack.topology, destination)
    except AwsError as unread:
        return [*lines, f"what S3 said of it last cannot be read: {unread}"]
    for way in ways:
        if way.source == source.region and way.what == "predictions":
            pending = "no figure of what was" if way.pending is None else str(way.pending)
            lag = "" if way.lag_s is None else f", {way.lag_s:.0f} s behind"
            lines.append(f"what S3 said last: {pending} pending towards {way.destination}{lag}")
    return lines


def _say_what(lacking: Lacking, asked: Asked) -> None:
    tell = say if asked.as_json else typer.echo
    count = f"{len(lacking.objects)} objects ({total_bytes(lacking.objects)} bytes)"
    tell(
        f"{lacking.destination} lacks {count} and {len(lacking.items)} items that "
        f"{lacking.source} acknowledged"
    )
    oldest = lacking.oldest()
    if oldest is not None:
        tell(f"the oldest was written at {oldest:%Y-%m-%d %H:%M:%S} UTC")
    named = [name_of(each) for each in (*lacking.objects, *lacking.items)]
    for name in named[:SHOWN]:
        tell(f"  {name}")
    if len(named) > SHOWN:
        tell(f"  and {len(named) - SHOWN} more")


def _replay(
    asked: Asked, stack: DeployedStack, source: Region, destination: Region, lacking: Lacking
) -> int:
    if not asked.reason.strip():
        say("to replay it, say why with --reason; to list it only, --list")
        return USAGE
    by = who(asked.by, stack.caller)
    checkpoint = Checkpoint(asked.checkpoint or _checkpoint(stack, source, destination))
    way = f"from {source.region} into {destination.region}"
    plan = (
        f"copy {lacking.count} things {way}, each only where nothing newer is",
        "and verify each by its digest",
        f"asked by {by}, because: {asked.reason}",
        f"what is copied is kept in {checkpoint.path}: typed again, this goes on from there",
    )
    agreed(plan, yes=asked.yes)
    diary = Diary(
        Entry(
            kind="reconcile",
            stack=stack.topology.stack,
            account=stack.account,
            target=source.region,
            by=by,
            reason=asked.reason,
            began_at=datetime.now(UTC),
        ),
        asked.out,
    )
    replay = Replay(
        stack.aws,
        source,
        destination,
        table=stack.topology.table_name,
        checkpoint=checkpoint,
        tell=lambda _: None,
    )
    try:
        replayed = replay.run(lacking)
        left = find_lacking(stack, source, destination)
    except AwsError as error:
        diary.line(str(error))
        diary.end("broken", {"checkpoint": str(checkpoint.path)})
        say(f"interrupted: {error}; type the same command again to go on")
        return BROKEN
    done = not left.count and not replayed.unverified
    diary.end("done" if done else "not done", figures_of(lacking, replayed))
    _report(asked, replayed, left, diary)
    return MET if done else MISSED


def _report(asked: Asked, replayed: Replayed, left: Lacking, diary: Diary) -> None:
    if asked.as_json:
        typer.echo(json.dumps(diary.entry.figures))
        return
    typer.echo(
        f"copied and verified {replayed.copied} ({replayed.copied_bytes} bytes), "
        f"{replayed.before} by an earlier run, {len(replayed.there)} were there in another form"
    )
    for name in replayed.unverified:
        typer.echo(f"  does not read back as it was written: {name}")
    typer.echo(f"still lacking: {left.count}")
    typer.echo(f"journal  {diary.path}")


def _checkpoint(stack: DeployedStack, source: Region, destination: Region) -> Path:
    name = f"reconcile-{stack.topology.stack}-{source.region}-{destination.region}.jsonl"
    return Path("reports") / name
