"""A restore that is rehearsed: the newest copy, into an empty place in another Region, and away.

What a drill or a schedule calls. It leaves nothing behind, not even when it was killed: the next
one deletes what it finds of the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.aws import AwsRefusedError
from resilience.restore import bucket_place, sources, table_place
from resilience.restore.engine import Asked, Engine
from resilience.restore.errors import RestoreRefusedError
from resilience.restore.kinds import Purpose, What
from resilience.restore.order import places

if TYPE_CHECKING:
    from resilience.restore.order import Order
    from resilience.restore.record import Restore

# Somebody else was quicker; or a table is still being restored, and the next one deletes it.
_NOT_NOW: Final = frozenset({"NoSuchBucket", "ResourceInUseException", "ResourceNotFoundException"})


def rehearse(
    engine: Engine, what: What, *, by: str, reason: str, region: str | None = None
) -> Restore:
    """Restore the newest copy of a bucket or table, verify it, measure, and tidy up.

    Changes AWS state, and leaves it as it was. Idempotent; what an interrupted rehearsal has left
    in the Region is deleted first, or finished if it is of the same copy.

    Args:
        engine: The stack's.
        what: What is restored.
        by: Who rehearses.
        reason: Why.
        region: Where; the Region with the newest copy unless given.

    Raises:
        RestoreRefusedError: there is no copy.
        RestoreFailedError: AWS could not restore it, or not in time.
        AwsError: AWS cannot be asked, or refuses.
    """
    known = sources.look(engine.aws, engine.stock, what, now=engine.now())
    order = sources.from_backup(known, region=region, purpose=Purpose.REHEARSAL)
    sweep(engine, order)
    try:
        return engine.restore(order, Asked(by=by, reason=reason))
    finally:
        sweep(engine, order, itself=True)


def sweep(engine: Engine, order: Order, *, itself: bool = False) -> list[str]:
    """Delete what rehearsals left in the order's Region, and name it. Changes AWS state.

    What belongs to this very order is kept, to go on with, unless `itself` is to go too.
    """
    beginning = places(engine.stock.prefix, Purpose.REHEARSAL)
    kind = table_place if order.what is What.TABLE else bucket_place
    deleted: list[str] = []
    for place in kind.found(engine.aws, order.region, beginning):
        if not itself and place.name == order.place(engine.stock.prefix):
            continue
        try:
            place.discard()
        except RestoreRefusedError:
            continue  # it is no rehearsal's
        except AwsRefusedError as error:
            if error.code not in _NOT_NOW:
                raise
            continue
        deleted.append(place.name)
    return deleted
