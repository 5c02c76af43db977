"""Finds a deployed stack as it can be found right now: read, remembered, or from a saved file.

| where from | when |
| --- | --- |
| a snapshot (`--snapshot`) | it was given: nothing is read |
| the last reading that was kept | it is wanted so, or what it holds does not answer now |
| AWS's own APIs, by the stack's outputs | else; what was read is kept for the next time |

The outputs are those of a file (`--outputs`), else those that were kept, else the Pulumi CLI is
asked. Records and health checks can only be read while Route 53's control plane in us-east-1
answers, and a Region's own things only while that does; `missing` names what is not of now. Reads
only, besides the user's cache folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resilience.aws import IMPATIENT, Aws
from resilience.outputs import OutputsError, parse_outputs
from resilience.partial_reader import read_what_answers
from resilience.side_by_side import ask
from resilience.simulate.source import SourceError, from_snapshot, outputs_in, outputs_of
from resilience.topology import TopologyError
from resilience.topology_cache import Kept, TopologyCache

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resilience.topology import Topology

READ_WITHIN_S = 8.0
READ_AGAIN_WITHIN_S = 6.0
"""A whole stack is read in some thirty calls a Region, Regions side by side: who waits for more
waits for what is lost, and has it from before if it was read before.
"""

_ACCOUNT_WITHIN_S = 3.0
_UNKNOWN_ACCOUNT = "unknown"


class StackNotFoundError(Exception):
    """There is no such stack to be found; says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which stack, and how it may be found.

    Attributes:
        stack: Its name.
        outputs: A file with what `pulumi stack output --json` printed.
        snapshot: A file that `--save-snapshot` wrote: then nothing is read.
        project_dir: Where the Pulumi CLI is asked, if it must be.
        lost: Regions that no call may leave for.
        remembered: Take what was kept, if anything was, and ask no control plane.
        refresh: Ask the Pulumi CLI for outputs even if some are kept.
    """

    stack: str
    outputs: Path | None = None
    snapshot: Path | None = None
    project_dir: Path = Path()
    lost: frozenset[str] = frozenset()
    remembered: bool = False
    refresh: bool = False


@dataclass(frozen=True, kw_only=True)
class DeployedStack:
    """A stack as it was found.

    Attributes:
        topology: What is deployed.
        aws: The account, with short timeouts; Regions said to be lost are left alone.
        seen_at: When the topology was read; with something `missing`, when the rest of it was.
        missing: What could not be read now, and is as it was known before, each with the reason.
        source: Where the topology comes from, in words.
        account: The AWS account's number, or "unknown".
        caller: Who asks, as AWS knows them (an ARN); "" if it could not be asked.
    """

    topology: Topology
    aws: Aws
    seen_at: datetime
    missing: tuple[str, ...]
    source: str
    account: str
    caller: str


def find(wanted: Wanted, *, environment: Mapping[str, str] = os.environ) -> DeployedStack:
    """Find a stack.

    Raises:
        StackNotFoundError: nothing answers and nothing is kept, or there are no outputs.
    """
    aws = Aws(environment, patience=IMPATIENT, lost=wanted.lost)
    cache = TopologyCache(environment)
    if wanted.snapshot is not None:
        return _from_file(wanted, aws, environment)
    kept = cache.all_of(wanted.stack)
    account, caller = _caller(aws, _places(kept, environment))
    known = _choose(kept, account, wanted.stack)
    if wanted.remembered and known is not None and _same_stack(wanted, known):
        return DeployedStack(
            topology=known.topology,
            aws=aws,
            seen_at=known.seen_at,
            missing=(),
            source="as it was read last",
            account=known.account,
            caller=caller,
        )
    try:
        return _read(wanted, aws, cache, known, account=account, caller=caller)
    except (SourceError, OutputsError, TopologyError) as error:
        raise StackNotFoundError(
            f"stack {wanted.stack} cannot be found: {error}. Ways out: --outputs FILE with what "
            "`pulumi stack output --json` printed, or --snapshot FILE that `./run simulate "
            "--save-snapshot` wrote"
        ) from error


def outputs_without_reading(
    wanted: Wanted, *, environment: Mapping[str, str] = os.environ
) -> Mapping[str, Any]:
    """Give a stack's outputs where names are enough: the file's, the kept ones, or Pulumi's.

    Raises:
        StackNotFoundError: it is kept of several accounts, and none of them answers.
        SourceError: there are none; says how to give them.
    """
    kept = () if wanted.outputs is not None else TopologyCache(environment).all_of(wanted.stack)
    if not kept:
        return _outputs(wanted, None)
    aws = Aws(environment, patience=IMPATIENT, lost=wanted.lost)
    account, _ = _caller(aws, _places(kept, environment))
    return _outputs(wanted, _choose(kept, account, wanted.stack))


def _same_stack(wanted: Wanted, known: Kept) -> bool:
    """Tell whether what was kept is what the outputs name; without any given, it is."""
    try:
        return wanted.outputs is None or outputs_in(wanted.outputs) == known.outputs
    except SourceError:
        return False  # the reading that follows says what is wrong with them


def _from_file(wanted: Wanted, aws: Aws, environment: Mapping[str, str]) -> DeployedStack:
    path = wanted.snapshot or Path()
    try:
        topology = from_snapshot(path)
    except SourceError as error:
        raise StackNotFoundError(str(error)) from error
    if topology.stack != wanted.stack:
        raise StackNotFoundError(
            f"{path} is a topology of stack {topology.stack}: expected one of {wanted.stack}"
        )
    account, caller = _caller(aws, (*(r.region for r in topology.regions), *_named(environment)))
    return DeployedStack(
        topology=topology,
        aws=aws,
        seen_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        missing=(),
        source=f"from {path.name}",
        account=account or _UNKNOWN_ACCOUNT,
        caller=caller,
    )


def _read(
    wanted: Wanted,
    aws: Aws,
    cache: TopologyCache,
    known: Kept | None,
    *,
    account: str | None,
    caller: str,
) -> DeployedStack:
    """Read what answers, and keep it if all of it does."""
    found = _outputs(wanted, known)
    outputs = parse_outputs(found)
    if outputs.stack != wanted.stack:
        raise SourceError(
            f"these are the outputs of stack {outputs.stack}: expected those of {wanted.stack}"
        )
    if account is None:
        account, caller = _caller(aws, [region.region for region in outputs.regions])
    before = None if known is None else known.topology
    within_s = READ_WITHIN_S if before is None else READ_AGAIN_WITHIN_S
    topology, missing = read_what_answers(aws, outputs, before, within_s=within_s)
    now = datetime.now(UTC)
    if not missing and account is not None:
        cache.keep(Kept(account=account, seen_at=now, outputs=found, topology=topology))
    rest_seen_at = now if known is None else known.seen_at
    return DeployedStack(
        topology=topology,
        aws=aws,
        seen_at=rest_seen_at if missing else now,
        missing=missing,
        source="read now" if not missing else "read now as far as it answers",
        account=account or _UNKNOWN_ACCOUNT,
        caller=caller,
    )


def _outputs(wanted: Wanted, known: Kept | None) -> Mapping[str, Any]:
    if wanted.outputs is not None:
        return outputs_in(wanted.outputs)
    if known is not None and not wanted.refresh:
        return known.outputs
    return outputs_of(wanted.project_dir, wanted.stack, None)


def _choose(kept: tuple[Kept, ...], account: str | None, stack: str) -> Kept | None:
    """Choose whose stack is meant: the account's; without an answer the only one there is."""
    if account is not None:
        return next((each for each in kept if each.account == account), None)
    if len(kept) > 1:
        accounts = ", ".join(each.account for each in kept)
        raise StackNotFoundError(
            f"stack {stack} is known in accounts {accounts}, and whose credentials these are "
            "cannot be asked: expected an answer of STS in some Region, or --snapshot FILE"
        )
    return kept[0] if kept else None


def _places(kept: tuple[Kept, ...], environment: Mapping[str, str]) -> list[str]:
    """List the Regions that STS can be asked in: it is regional, and any one will do."""
    regions = [region.region for each in kept for region in each.topology.regions]
    return list(dict.fromkeys([*regions, *_named(environment)]))


def _named(environment: Mapping[str, str]) -> Iterable[str]:
    return (
        environment[name] for name in ("AWS_REGION", "AWS_DEFAULT_REGION") if environment.get(name)
    )


def _caller(aws: Aws, places: Iterable[str]) -> tuple[str | None, str]:
    """Ask who we are, in all places at once; the first that answers will do."""
    regions = [region for region in dict.fromkeys(places) if region not in aws.lost]

    def identity(region: str) -> Any:
        return aws.call("sts", "get_caller_identity", region=region)

    answers = ask(
        {region: lambda region=region: identity(region) for region in regions},
        within_s=_ACCOUNT_WITHIN_S,
    )
    for answer in answers.values():
        if answer.value is not None:
            return str(answer.value["Account"]), str(answer.value["Arn"])
    return None, ""
