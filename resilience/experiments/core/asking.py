"""An operator's word to the observers, as an act of a drill: one item of the stack's table.

Written in a Region that watches the one it is about, and replicated from there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from resilience.experiments.core.change import Act, performs
from resilience.failover import Intent, IntentKind
from resilience.functions.observer_memory import intent_item

if TYPE_CHECKING:
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.world import World

LASTS_S: Final = 6 * 3600
WORD: Final = "word"


def word(ground: Ground, kind: str, region: str, *, drill: str) -> Act:
    """Plan a word, which counts from when it is given; giving it twice is giving it once."""
    watcher = ground.place(region).watchers[0]
    facts = {"table": ground.table, "kind": kind, "target": region, "drill": drill}
    return Act(kind=WORD, region=watcher, facts=facts)


@performs(WORD)
def _give(world: World, act: Act) -> None:
    """Give the word as of now."""
    kind, drill, now_s = str(act.facts["kind"]), str(act.facts["drill"]), world.now_s()
    intent = Intent(
        id=f"{drill}-{kind}",
        kind=IntentKind(kind),
        target=str(act.facts["target"]),
        by=f"drill {drill}",
        reason=f"the drill asks for {kind}",
    )
    item = intent_item(
        intent,
        written_at=datetime.fromtimestamp(now_s, UTC).isoformat(),
        expires_at_s=int(now_s + LASTS_S),
    )
    table = act.facts["table"]
    world.call("dynamodb", "put_item", region=act.region, TableName=table, Item=item)
