"""Which stack, in which account: from outputs or a saved topology, which no lost Region takes away.

Names are all that is needed, so a restore asks neither Route 53 nor, if it is given outputs or a
snapshot or the stack was read here before, Pulumi.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.deployed_stack import StackNotFoundError, Wanted, outputs_without_reading
from resilience.outputs import OutputsError, parse_outputs
from resilience.restore.errors import RestoreRefusedError
from resilience.restore.stock import caller, stock_in, stock_of
from resilience.simulate.source import SourceError, from_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from resilience.aws import Aws
    from resilience.restore.stock import Caller, Stock


def find(
    aws: Aws, project_dir: Path, stack: str, *, outputs: Path | None, snapshot: Path | None
) -> tuple[Stock, Caller]:
    """Find what a stack keeps, and who asks. Reads only.

    Args:
        aws: The account.
        project_dir: The project, where the Pulumi CLI is asked if neither file is given and
            nothing is kept.
        stack: The stack's name.
        outputs: A file with what `pulumi stack output --json` printed.
        snapshot: A topology that `./run simulate --save-snapshot` wrote.

    Raises:
        RestoreRefusedError: the stack is not to be found, or is another.
        AwsError: no Region says who asks.
    """
    try:
        if snapshot is not None:
            topology = from_snapshot(snapshot)
            regions = tuple(each.region for each in topology.regions)
            who = caller(aws, regions)
            found = stock_in(topology, who.account_id)
        else:
            wanted = Wanted(stack=stack, outputs=outputs, project_dir=project_dir)
            read = parse_outputs(outputs_without_reading(wanted))
            who = caller(aws, tuple(each.region for each in read.regions))
            found = stock_of(read, who.account_id)
    except (OutputsError, SourceError, StackNotFoundError) as error:
        raise RestoreRefusedError(str(error)) from error
    if found.stack != stack:
        raise RestoreRefusedError(f"this is stack {found.stack}: expected {stack}")
    return found, who
