"""What a person reads before and after a restore, in plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.aws import AwsError
from resilience.restore import bucket_place, table_place
from resilience.restore.kinds import Purpose, What
from resilience.restore.order import places
from resilience.restore.sources import age

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from resilience.restore.engine import Asked, Engine
    from resilience.restore.order import Order
    from resilience.restore.record import Restore
    from resilience.restore.sources import Sources

SHOWN_AT_MOST: Final = 20


def listed(sources: Sources, *, now: datetime) -> list[str]:
    """List what there is to restore from: the newest first, and what could not be seen."""
    lines = [f"recovery points of {sources.what}: {len(sources.points)}"]
    lines += [
        f"  {point.taken:%Y-%m-%d %H:%M:%S} UTC  {_ago(age(point.taken, now)):>9}"
        f"  in {point.region}  of {point.source}  {point.size_bytes} bytes"
        f"{f'  until {point.ends:%Y-%m-%d}' if point.ends else ''}  {point.arn}"
        for point in sources.points[:SHOWN_AT_MOST]
    ]
    if (more := len(sources.points) - SHOWN_AT_MOST) > 0:
        lines.append(f"  and {more} more, older ones")
    how = "recovery window" if sources.what is What.TABLE else "object versions"
    lines += [
        f"{how} in {reach.region}: {reach.source}, any moment from "
        f"{reach.earliest:%Y-%m-%dT%H:%M:%SZ} to {reach.latest:%Y-%m-%dT%H:%M:%SZ}"
        f"{f', {reach.objects} objects now' if reach.objects else ''}"
        for reach in sources.reaches
    ]
    return lines + [f"not seen: {each}" for each in sources.unseen]


def left_over(engine: Engine, what: What) -> Iterator[str]:
    """Name the places that restores have left in any Region that can be reached. Reads only."""
    kind = table_place if what is What.TABLE else bucket_place
    for region in engine.stock.regions:
        try:
            for place in kind.found(engine.aws, region, places(engine.stock.prefix)):
                label = place.label()
                state = f"{label.state} {label.began:%Y-%m-%d %H:%M} UTC" if label else "not ours"
                yield f"place {place.name} in {region}: {state}"
        except AwsError as error:
            yield f"not seen: {region}: {error}"


def plan(order: Order, asked: Asked, *, prefix: str, live: str, within_s: float) -> list[str]:
    """Say what is going to be done."""
    place = asked.into or order.place(prefix)
    lines = [
        f"restore {order}",
        f"  into     {place} in {order.region}, a place of its own",
        "  verify   every byte, by digest and count",
    ]
    if order.purpose is Purpose.REHEARSAL:
        lines.append("  delete   it again, whatever comes of it")
    elif asked.switch:
        lines.append(
            f"  switch   bring what is verified back into {live}; nothing is deleted there"
        )
    else:
        lines.append("  switch   nothing: ask for it with --switch once it is verified")
    if asked.trusted:
        lines.append("  trust    the restored where nothing proves it or the live one disputes it")
    return [*lines, f"  within   {within_s:.0f} s", f"  by       {asked.by}: {asked.reason}"]


def outcome(found: Restore, *, within_s: float) -> list[str]:
    """Say what came of it."""
    verdict = "verified" if found.verified else "NOT RESTORED"
    things = "items" if found.what == What.TABLE else "objects"
    lines = [
        f"{verdict}: {found.place} in {found.region}",
        f"  {found.count} {things}, {found.size_bytes} bytes; digests verified: "
        + str(len(found.digests)),
        f"  {found.took_s:.1f} s of {within_s:.0f} s",
        f"  {found.found}",
        f"  digest over all {found.digest}",
    ]
    if found.resumed:
        lines.append(f"  begun before, on {found.began:%Y-%m-%d %H:%M:%S} UTC, and gone on with")
    if found.switched is not None:
        lines.append(
            f"  brought back into {found.switched.target}: {len(found.switched.brought)}, "
            f"right already: {found.switched.right}, newer and left alone: "
            f"{len(found.switched.newer)}, of their moment: {found.switched.of_the_moment}"
        )
    return lines + _next(found)


def _next(found: Restore) -> list[str]:
    if found.purpose == Purpose.REHEARSAL:
        return []
    again = f"./run restore --what {found.what} --region {found.region}"
    if not found.verified:
        return [f"next: look at it, then {again} --discard {found.place}; try an older one by --at"]
    if found.switched is None:
        return ["next: the same command with --switch, or read it where it is"]
    return [f"next: once every Region has it, {again} --discard {found.place}"]


def _ago(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} h"  # noqa: PLR2004


def as_json(sources: Sources) -> dict[str, object]:
    """Give what there is to restore from as JSON can hold it."""
    return {
        "what": sources.what.value,
        "recovery_points": [
            {
                "arn": point.arn,
                "region": point.region,
                "source": point.source,
                "source_region": point.source_region,
                "taken": point.taken.isoformat(),
                "size_bytes": point.size_bytes,
                "ends": point.ends.isoformat() if point.ends else None,
            }
            for point in sources.points
        ],
        "reaches": [
            {
                "region": reach.region,
                "source": reach.source,
                "earliest": reach.earliest.isoformat(),
                "latest": reach.latest.isoformat(),
                "objects": reach.objects,
            }
            for reach in sources.reaches
        ],
        "unseen": list(sources.unseen),
    }
