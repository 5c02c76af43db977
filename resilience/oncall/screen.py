"""A sight on the terminal: one screen, what needs a person first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from resilience.oncall.concerns import Concern
    from resilience.oncall.copies import Copying
    from resilience.oncall.sight import RegionSight, Sight

NOT_SEEN = "[yellow]not seen[/yellow]"
SHORT = 12


def screen(
    sight: Sight, concerns: tuple[Concern, ...], changes: tuple[str, ...] = ()
) -> RenderableType:
    """Draw a sight."""
    parts: list[RenderableType] = [
        _head(sight),
        _regions(sight),
        Text(""),
        *(Text.from_markup(line) for line in _facts(sight)),
        Text(""),
        *(Text.from_markup(line) for line in _verdict(concerns)),
        *(Text.from_markup(f"[cyan]changed[/cyan]  {escape(change)}") for change in changes),
    ]
    return Group(*parts)


def _head(sight: Sight) -> Text:
    serving = "nobody knows" if sight.serving is None else sight.serving
    seen = f"{sight.topology_seen_at:%Y-%m-%d %H:%M:%S} UTC"
    at = f"{sight.at:%Y-%m-%d %H:%M:%S} UTC"
    lines = [
        f"[bold]{escape(sight.stack)}[/bold] in account {sight.account}, {at}",
        f"clients are sent to [bold]{escape(serving)}[/bold]",
        f"[dim]topology {escape(sight.topology_source)}, {seen}[/dim]",
        *(f"[yellow]from before[/yellow]  {escape(each)}" for each in sight.missing),
    ]
    return Text.from_markup("\n".join(lines))


def _regions(sight: Sight) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("")
    for region in sight.regions:
        title = f"{region.region} (serves)" if region.serves else region.region
        table.add_column(title, overflow="fold")
    rows: tuple[tuple[str, list[str]], ...] = (
        ("own probe", [_probe(each) for each in sight.regions]),
        ("Route 53", [_verdict_of(each) for each in sight.regions]),
        ("evacuation flag", [_flag(each, sight) for each in sight.regions]),
        ("seen by", [_watchers(each) for each in sight.regions]),
        ("its observer", [_observer(each) for each in sight.regions]),
        (
            "code",
            [
                (each.code_sha256 or NOT_SEEN)[: SHORT if each.code_sha256 else None]
                for each in sight.regions
            ],
        ),
        ("capacity", [_capacity(each) for each in sight.regions]),
        ("alarms", [_alarms(each) for each in sight.regions]),
    )
    for name, cells in rows:
        table.add_row(f"[dim]{name}[/dim]", *cells)
    return table


def _probe(region: RegionSight) -> str:
    if region.probe is None:
        return NOT_SEEN
    if region.probe.well:
        return f"[green]well[/green] {region.probe.latency_ms:.0f} ms"
    return f"[red]{escape(region.probe.detail)}[/red]"


def _verdict_of(region: RegionSight) -> str:
    return {True: "[green]healthy[/green]", False: "[red]unhealthy[/red]", None: NOT_SEEN}[
        region.verdict
    ]


def _flag(region: RegionSight, sight: Sight) -> str:
    if region.flagged_by:
        return f"[red]set in {', '.join(region.flagged_by)}[/red]"
    blind = [each.what for each in sight.unseen if each.what.startswith("flags of ")]
    others = [what for what in blind if not what.endswith(f" {region.region}")]
    return NOT_SEEN if len(others) >= len(sight.regions) - 1 else "none"


def _watchers(region: RegionSight) -> str:
    if not region.watchers:
        return NOT_SEEN
    return "\n".join(
        f"{watch.watcher}: {watch.phase}, {watch.reading}" + (", held" if watch.held else "")
        for watch in region.watchers
    )


def _observer(region: RegionSight) -> str:
    age_s = region.observer_age_s
    return NOT_SEEN if age_s is None else f"wrote {age_s:.0f} s ago"


def _capacity(region: RegionSight) -> str:
    if region.room is None or region.carries is None:
        return NOT_SEEN
    reserved = "nothing" if region.room.reserved is None else str(region.room.reserved)
    colour = "green" if region.carries.carries else "red"
    word = "carries all" if region.carries.carries else "does not carry all"
    return f"{reserved} reserved, {region.room.provisioned} started: [{colour}]{word}[/{colour}]"


def _alarms(region: RegionSight) -> str:
    if region.firing is None:
        return NOT_SEEN
    if not region.firing:
        return "none"
    return "\n".join(f"[red]{escape(each.name)}[/red]" for each in region.firing)


def _facts(sight: Sight) -> Iterator[str]:
    lags = [f"{lag.source} to {lag.destination} {lag.lag_s:.0f} s" for lag in sight.table_lags]
    yield _fact("table copies", ", ".join(lags) or "no two copies could be compared")
    for what in dict.fromkeys(way.what for way in sight.copying):
        ways = [_way(way) for way in sight.copying if way.what == what]
        yield _fact(f"{what} copies", ", ".join(ways))
    if sight.epoch is None:
        yield _fact("epoch", "nobody is known to have claimed it")
    else:
        word = "holds" if sight.epoch.holds else "claimed, and no longer holds,"
        yield _fact("epoch", f"{sight.epoch.holder} {word} {sight.epoch.number}")
    for word in sight.words:
        done = "done" if word.done else "open"
        forced = ", forced" if word.forced else ""
        yield _fact(
            f"word: {done}",
            f"{word.kind} {word.target}{forced}, by {word.by}: {word.reason} (until "
            f"{word.expires_at:%H:%M} UTC)",
        )
    if not sight.words:
        yield _fact("words", "none")
    yield _fact("last drill", _drill(sight))
    test = sight.last_restore_test
    yield _fact(
        "last restore test",
        "none known"
        if test is None
        else f"{test.verdict.lower()} in {test.region}, {test.ended_at:%Y-%m-%d %H:%M} UTC",
    )


def _way(way: Copying) -> str:
    if way.lag_s is None:
        return f"{way.source} to {way.destination}: no figure yet"
    pending = "" if way.pending is None else f", {way.pending} pending"
    return f"{way.source} to {way.destination} {way.lag_s:.0f} s{pending}"


def _drill(sight: Sight) -> str:
    drill = sight.last_drill
    if drill is None:
        return "none known"
    verdict = drill["verdict"] or "under way"
    return f"{drill['experiment']}: {verdict} (began {drill['began_at'][:19]} UTC)"


def _fact(name: str, text: str) -> str:
    return f"[dim]{name:<18}[/dim] {escape(text)}"


def _verdict(concerns: tuple[Concern, ...]) -> Iterator[str]:
    if not concerns:
        yield "[green bold]all is well[/green bold]"
        return
    yield f"[red bold]{len(concerns)} for a person to look at[/red bold]"
    for concern in concerns:
        yield f"  [red]{escape(concern.about)}[/red]: {escape(concern.what)}"
