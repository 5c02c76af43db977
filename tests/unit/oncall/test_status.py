"""What needs a person is said, once and by name; all else is not; and nothing unseen is well."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any, cast

import pytest
from rich.console import Console
from sights import AT, EAST, WEST, probed, region, sight

from resilience.command_line import BROKEN, MET, MISSED
from resilience.oncall import status
from resilience.oncall.changes import changes
from resilience.oncall.concerns import Concern, Limits, concerns
from resilience.oncall.copies import Copying
from resilience.oncall.room import Carries
from resilience.oncall.screen import screen
from resilience.oncall.sight import (
    EpochSight,
    Firing,
    RestoreTest,
    Sight,
    TableLag,
    Unseen,
    WatcherSight,
    WordSight,
    to_json,
)

LIMITS = Limits(observer_silent_s=30.0, behind_s=300.0)
WORD = WordSight(
    kind="failback",
    target=EAST,
    by="me",
    reason="INC-1 is over",
    forced=False,
    written_at=AT.isoformat(),
    expires_at=AT + timedelta(hours=6),
    done=False,
)

DRILL = {
    "id": "d-1",
    "began_at": AT.isoformat(),
    "experiment": "region-loss",
    "verdict": "missed",
    "why": "",
}


def watcher(**changed: Any) -> WatcherSight:
    well = WatcherSight(watcher=EAST, phase="serving", reading="target well", held=False, told="")
    return replace(well, **changed)


def test_where_all_is_well_nothing_needs_a_person() -> None:
    assert concerns(sight(), LIMITS) == ()
    assert status.exit_code(sight(), ()) == MET


TROUBLES: tuple[tuple[Sight, str, str], ...] = (
    (sight(region(EAST, probe=probed(well=False, detail="status 503")), region(WEST)), EAST, "503"),
    (sight(region(EAST), region(WEST, probe=probed(well=False))), WEST, "does not serve"),
    (sight(region(EAST), region(WEST, verdict=False)), WEST, "unhealthy"),
    (sight(region(EAST, flagged_by=(WEST,)), region(WEST)), EAST, f"flag in {WEST}"),
    (
        sight(region(EAST), region(WEST, watchers=(watcher(phase="latched"),))),
        WEST,
        "keep traffic away",
    ),
    (
        sight(region(EAST), region(WEST, watchers=(watcher(told="it lacks capacity"),))),
        WEST,
        "refuses: it lacks capacity",
    ),
    (sight(region(EAST), region(WEST, watchers=(watcher(held=True),))), WEST, "automation is off"),
    (sight(region(EAST, observer_age_s=31.0), region(WEST)), EAST, "silent for 31 s"),
    (
        sight(
            region(EAST),
            region(WEST, carries=Carries(region=WEST, carries=False, why="it is stopped")),
        ),
        WEST,
        "it is stopped",
    ),
    (
        sight(region(EAST, firing=(Firing(name="understudy-x", since=AT),)), region(WEST)),
        EAST,
        "alarm understudy-x",
    ),
    (sight(epoch=EpochSight(number=3, holder=EAST, holds=False)), "the epoch", "nobody holds"),
    (sight(region(EAST), region(WEST, code_sha256="d" * 64)), "the model", "same code"),
    (
        sight(table_lags=(TableLag(source=EAST, destination=WEST, lag_s=301.0),)),
        "the table",
        "301 s behind",
    ),
    (
        sight(
            copying=(
                Copying(what="releases", source=EAST, destination=WEST, lag_s=400.0, pending=2),
            )
        ),
        "releases",
        "400 s behind",
    ),
    (sight(words=(WORD,)), EAST, "failback was asked by me"),
    (
        sight(
            last_restore_test=RestoreTest(region=WEST, source="x", verdict="FAILED", ended_at=AT)
        ),
        "backups",
        "failed",
    ),
    (sight(last_drill=DRILL), "drills", "missed: d-1"),
    (sight(garbled=("the item of x",)), "the table", "the item of x"),
    (sight(unseen=(Unseen(what="who serves", why="no answer"),)), "who serves", "no answer"),
)


@pytest.mark.parametrize(("seen", "about", "what"), TROUBLES, ids=lambda each: str(each)[:24])
def test_each_trouble_is_named_alone(seen: Sight, about: str, what: str) -> None:
    found = concerns(seen, LIMITS)
    assert [(each.about, what in each.what) for each in found] == [(about, True)], found
    assert status.exit_code(seen, found) == MISSED


def test_what_was_not_seen_of_a_region_is_one_line_with_its_reason() -> None:
    unseen = tuple(Unseen(what=f"{what} of {EAST}", why="gone") for what in ("table", "code"))
    found = concerns(sight(unseen=unseen), LIMITS)
    assert [(each.about, each.what) for each in found] == [(EAST, "not seen: table, code (gone)")]


def test_a_word_that_is_done_needs_nobody() -> None:
    assert concerns(sight(words=(replace(WORD, done=True),)), LIMITS) == ()


def test_a_look_that_saw_nothing_is_broken_and_not_a_miss() -> None:
    blind = sight(unseen=tuple(Unseen(what=str(n), why="gone") for n in range(19)))
    assert status.exit_code(blind, concerns(blind, LIMITS)) == BROKEN
    nearly = replace(blind, unseen=blind.unseen[1:])
    assert status.exit_code(nearly, concerns(nearly, LIMITS)) == MISSED


def test_the_json_is_plain_and_its_schema_is_the_one_that_is_documented() -> None:
    seen = sight(words=(WORD,))
    content = json.loads(json.dumps(to_json(seen, concerns(seen, LIMITS))))
    assert content["version"] == 1
    assert set(content) == {
        *("version", "stack", "account", "at", "topology_seen_at", "topology_source", "missing"),
        *("serving", "regions", "table_lags", "copying", "demand", "epoch", "words"),
        *("last_drill", "last_restore_test", "garbled", "unseen", "asked", "concerns"),
    }, "a field that goes, or another name, needs a new version"
    assert set(content["regions"][0]) == {
        *("region", "serves", "probe", "verdict", "flagged_by", "watchers", "observer_age_s"),
        *("code_sha256", "room", "carries", "firing"),
    }
    assert content["words"][0]["expires_at"] == "2027-01-15T14:00:00+00:00"


def drawn(seen: Sight, changed: tuple[str, ...] = ()) -> str:
    console = Console(width=140, record=True, file=StringIO())
    console.print(screen(seen, concerns(seen, LIMITS), changed))
    return console.export_text()


def test_the_screen_says_who_serves_and_that_all_is_well() -> None:
    text = drawn(sight())
    assert "clients are sent to us-east-1" in text
    assert "all is well" in text
    assert "not seen" not in text
    assert "last drill         none known" in text


def test_the_screen_says_what_it_could_not_see_and_from_when_the_topology_is() -> None:
    blind = region(
        EAST, probe=None, verdict=None, code_sha256=None, room=None, carries=None, firing=None
    )
    text = drawn(
        sight(
            blind,
            region(WEST),
            serving=None,
            missing=("the records (route53 is gone)",),
            unseen=(Unseen(what=f"table of {EAST}", why="gone"),),
        )
    )
    assert "clients are sent to nobody knows" in text
    assert "from before  the records (route53 is gone)" in text
    assert text.count("not seen") == 5 + 1, "one a cell that is blind, and the reason below"


def test_what_changed_is_said_and_a_figure_that_moves_is_no_change() -> None:
    before = sight(region(EAST, observer_age_s=40.0), region(WEST))
    after = sight(region(EAST, observer_age_s=45.0), region(WEST), serving=WEST)
    found = changes(before, after, concerns(before, LIMITS), concerns(after, LIMITS))
    assert found == ("clients are sent to us-west-2, before to us-east-1",)
    latched = region(EAST, watchers=(replace(watcher(phase="latched"), watcher=WEST),))
    later = sight(latched, region(WEST), epoch=EpochSight(number=4, holder=WEST, holds=True))
    found = changes(after, later, concerns(after, LIMITS), concerns(later, LIMITS))
    assert f"{WEST} on {EAST}: serving -> latched" in found
    assert f"{WEST} holds epoch 4" in found
    assert any(each.startswith("no more: us-east-1: its observer") for each in found)
    assert any(each.startswith(f"new: {EAST}: {WEST} means to keep") for each in found)


def test_watching_shows_what_changed_and_ends_as_the_last_look_did(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = [sight(), sight(serving=WEST, epoch=EpochSight(number=3, holder=EAST, holds=False))]

    def look_at(*_: object) -> tuple[Sight, tuple[Concern, ...]]:
        seen = looks.pop(0)
        return seen, concerns(seen, LIMITS)

    def sleep(_: float) -> None:
        if not looks:
            raise KeyboardInterrupt

    monkeypatch.setattr(status, "look_at", look_at)
    monkeypatch.setattr(status.time, "sleep", sleep)
    code = status.look_and_show(cast("Any", None), cast("Any", None), every_s=5, as_json=False)
    shown = capsys.readouterr().out
    assert code == MISSED
    assert shown.count("clients are sent to us-west-2, before to us-east-1") == 1
    assert "new: the epoch: nobody holds it" in shown
