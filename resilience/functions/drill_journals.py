"""Journals of deployed drills, in a bucket that is locked: what each was, and what came of it.

`journals/<UTC time>_<experiment>_<verdict>_<drill>/` holds `journal.json`, which `./run drills` and
`./run verify` read, and `report.html`. Names alone say which experiment is next and when a drill
last passed, so that nobody needs to read them all.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX: Final = "journals/"
REFUSED: Final = "refused"

_TIME: Final = "%Y-%m-%dT%H%M%SZ"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a journal's name says."""

    at: datetime
    experiment: str
    verdict: str
    drill: str


def name_of(kept: Kept) -> str:
    """Name the folder of a journal."""
    at = kept.at.astimezone(UTC).strftime(_TIME)
    return f"{PREFIX}{at}_{kept.experiment}_{kept.verdict}_{kept.drill}/"


def kept_in(key: str) -> Kept | None:
    """Read a journal's name from the key of something in its folder; None if it is no journal."""
    folder = key.removeprefix(PREFIX).partition("/")[0]
    parts = folder.split("_")
    if not key.startswith(PREFIX) or len(parts) != 4:  # noqa: PLR2004 - as `name_of` writes them
        return None
    try:
        at = datetime.strptime(parts[0], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Kept(at=at, experiment=parts[1], verdict=parts[2], drill=parts[3])


def next_in_turn(experiments: Sequence[str], kept: Sequence[Kept]) -> str:
    """Return which experiment is next: the one after the last that ran.

    One that was refused did not run, and does not lose its turn.
    """
    ran = [each for each in kept if each.verdict != REFUSED and each.experiment in experiments]
    if not ran:
        return experiments[0]
    last = max(ran, key=lambda each: each.at).experiment
    return experiments[(experiments.index(last) + 1) % len(experiments)]


def report(told: dict[str, Any], kept: Kept) -> str:
    """Show a journal as a page that needs nothing else."""
    held = [
        *(
            (each["objective"], each["measured"], each["bound"], "met" if each["met"] else "missed")
            for each in told.get("verdicts", ())
        ),
        *(
            (each["name"], each["detail"], "", "held" if each["held"] else "did not hold")
            for each in told["expectations"]
        ),
    ]
    lines = [(f"{float(each['at_s']):.1f} s", each["detail"]) for each in told["timeline"]]
    title = f"Drill {kept.experiment}: {kept.verdict}"
    return (
        f"<!doctype html><meta charset=utf-8><title>{_text(title)}</title><h1>{_text(title)}</h1>"
        f"<p>{_text(kept.drill)}, {kept.at:%Y-%m-%d %H:%M} UTC</p>"
        f"<p>{_text(told['broken'] or '')}</p>"
        f"<h2>Held against</h2><table>{''.join(map(_row, held))}</table>"
        f"<h2>Timeline</h2><table>{''.join(map(_row, lines))}</table>"
    )


def _row(cells: Sequence[object]) -> str:
    return f"<tr>{''.join(f'<td>{_text(each)}</td>' for each in cells)}</tr>"


def _text(value: object) -> str:
    shown = f"{value:.4g}" if isinstance(value, float) else "never" if value is None else str(value)
    return html.escape(shown)
