"""One step of a drill, in Lambda: what the state machine calls again and again.

The event names the step, the experiment and the drill; the answer says which step is next, after
how long, and the verdict (`resilience.experiments.core.stepper`). All memory is in the stack's
table, so that any step may be tried again.

| variable | what |
| --- | --- |
| UNDERSTUDY_DRILL | the stack to drill, as `resilience.experiments.core.ground.to_json` writes it |
| UNDERSTUDY_RELEASE_DIGEST | the release that answers are held against |
| UNDERSTUDY_CANARY_SECRET | the secret of what clients show, if they show anything |
| UNDERSTUDY_JOURNAL_BUCKET | where the journal is written to; nowhere without one |

It is packed with `resilience.experiments.core` and `.catalogue`, `chaos`, `resilience.failover`,
`measurement`, `objectives`, `records`, the modules that it imports from beside it, and
`golden.json`: standard library, and boto3 from Lambda's runtime.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.core.ground import from_json
from resilience.experiments.core.guards import Asked
from resilience.experiments.core.record import journal_of
from resilience.experiments.core.stepper import Stepper
from resilience.functions.drill_world import RATE_PER_S, FunctionWorld
from resilience.functions.metric_line import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resilience.experiments.core.experiment import Experiment
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.steps import Answer


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Do one step. Changes AWS state as the experiment says; any step may be called again."""
    ground = from_json(os.environ["UNDERSTUDY_DRILL"])
    world = FunctionWorld(ground, os.environ)
    drill, experiment = str(event["drill"]), str(event["experiment"])
    stepper = hand_on(drill, world, ground, CATALOGUE)
    answer = stepper.step(str(event["step"]), drill, experiment, event.get("options") or {})
    if answer.step == "report":
        _write(stepper, world, answer)
    tell(answer, experiment)
    return answer.to_json()


def hand_on(
    drill: str, world: FunctionWorld, ground: Ground, catalogue: Mapping[str, Experiment]
) -> Stepper:
    """Make this function's hand on one drill."""
    return Stepper(
        world=world,
        ground=ground,
        catalogue=catalogue,
        asked=Asked(account=ground.account, stack=ground.stack),
        owner=f"{os.environ.get('AWS_LAMBDA_FUNCTION_NAME', 'function')}:{drill}",
        alive=lambda _: True,  # another execution is not seen from here: its lease decides
    )


def tell(answer: Answer, experiment: str) -> None:
    """Write what a step came to as one line; the last one's is a metric too."""
    facts: dict[str, Any] = {"level": "INFO", **answer.to_json()}
    if answer.next is None:
        facts |= {"DrillMet": int(answer.verdict == "met"), "Experiment": experiment}
        say("drill", facts, ["DrillMet"], [["Experiment"]])
    else:
        say("drill", facts, [], [])


def _write(stepper: Stepper, world: FunctionWorld, answer: Answer) -> None:
    """Write the journal, once a drill that began has ended; writing it again is the same."""
    bucket, found = os.environ.get("UNDERSTUDY_JOURNAL_BUCKET"), stepper.ledger.drill(answer.drill)
    if bucket and found is not None:
        made = journal_of(world, stepper.ground, found, CATALOGUE[found.experiment], RATE_PER_S)
        world.call(
            "s3",
            "put_object",
            region=stepper.ground.standby.region,
            Bucket=bucket,
            Key=f"drills/{found.id}/journal.json",
            Body=json.dumps(made).encode(),
            ContentType="application/json",
        )
